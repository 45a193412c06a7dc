"""Serving an application until a signal ends it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from llm_trainer.errors import SettingsError
from llm_trainer.ports import LOOPBACK, bind

GRACE_SECONDS = 3  # what a request in flight gets when the service is told to end


def check_url(name: str, url: str) -> str:
    """Return ``url`` without a trailing slash if it is one we may call; raise SettingsError naming the setting."""
    remedy = f"write {name} as http://host:port"
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise SettingsError(f"{name} = {url!r} is not an http address", remedy=remedy)
    if parts.username or parts.password:
        raise SettingsError(f"{name} holds a user name or password", remedy=f"{remedy}; keys come by environment")
    return url.rstrip("/")


def serve(app: FastAPI, port: int, *, setting: str, host: str = LOOPBACK, **options: Any) -> None:
    """Run ``app`` until a signal ends it; ``setting`` is the key that moves the port.

    Raises SettingsError when the port cannot be had. The socket is bound here and handed on: no gap in which
    another program could take it.
    """
    listening = bind(port, setting, host)
    defaults: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "ws": "none",
        "timeout_keep_alive": 15,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }
    try:
        uvicorn.Server(uvicorn.Config(app, host=host, port=port, **(defaults | options))).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # Ctrl+C is how a person ends a service: uvicorn has shut down in order by now
    finally:
        listening.close()
