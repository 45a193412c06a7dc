"""Taking the port a service listens on; light to import, so that a start that cannot succeed fails at once."""

from __future__ import annotations

import errno
import socket
import sys

from llm_trainer.errors import SettingsError

LOOPBACK = "127.0.0.1"


def bind(port: int, setting: str, host: str = LOOPBACK) -> socket.socket:
    """Return a bound socket, not yet listening; raise SettingsError naming ``setting`` when the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform == "win32":  # there SO_REUSEADDR would let two programs share one port
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        why = "in use by another program" if error.errno == errno.EADDRINUSE else f"not to be had ({error.strerror})"
        remedy = f"stop the program that uses it, or set {setting} to another port"
        raise SettingsError(f"port {port} ({setting}) is {why}", remedy=remedy, port=port, setting=setting) from error
    return taken


def check_port_free(port: int, setting: str, host: str = LOOPBACK) -> None:
    """Raise SettingsError at once when ``port`` cannot be had."""
    bind(port, setting, host).close()
