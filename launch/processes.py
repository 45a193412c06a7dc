"""Which process is which, and who listens where. Standard library only.

Written twice, like ``environment.py``; a test at the root compares the copies.

Law: a process is ours when we hold its handle, or when a record we wrote names its pid *and* the moment it was born;
nothing is ever ended by name or by port.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    KILL = signal.SIGTERM
else:
    KILL = signal.SIGKILL
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def born(pid: int) -> str:
    """When the process ``pid`` started, in the system's own words; empty where there is none."""
    if sys.platform == "win32":
        return _born_on_windows(pid)
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()
        except OSError:
            return ""
        is_over = fields[0] == "Z" and int(fields[17]) <= 1  # with threads left it still holds its ports and files
        return "" if is_over else fields[19]
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return ran.stdout.strip()


def _born_on_windows(pid: int) -> str:
    if sys.platform != "win32":
        return ""
    import ctypes  # noqa: PLC0415 - half of it exists on Windows only
    from ctypes import wintypes  # noqa: PLC0415

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = wintypes.HANDLE
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return ""
    times = [wintypes.FILETIME() for _ in range(4)]
    code = wintypes.DWORD()
    kernel.GetExitCodeProcess(wintypes.HANDLE(handle), ctypes.byref(code))
    known = kernel.GetProcessTimes(wintypes.HANDLE(handle), *(ctypes.byref(each) for each in times))
    kernel.CloseHandle(wintypes.HANDLE(handle))
    alive = code.value == 259  # STILL_ACTIVE
    return f"{times[0].dwHighDateTime}.{times[0].dwLowDateTime}" if known and alive else ""


def port_taken(port: int) -> bool:
    """Whether somebody on this machine listens on ``port``, or it may not be used."""
    with socket.socket() as probe:
        if sys.platform == "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    with socket.socket() as probe:
        probe.settimeout(0.3)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str, timeout: float = 1.0) -> bool:
    """Whether a GET of ``url`` succeeds."""
    try:
        with _DIRECT.open(url, timeout=timeout) as answer:
            return 200 <= int(answer.status) < 300
    except (OSError, ValueError, urllib.error.URLError):
        return False


def remember(record: Path, services: Iterable[Mapping[str, object]]) -> None:
    """Write down whom we started, so that a later start can end them should we die without doing so.

    Each of ``services`` is a ``{"name", "pid", "born"}``.
    """
    record.parent.mkdir(parents=True, exist_ok=True)
    us = {"pid": os.getpid(), "born": born(os.getpid())}
    whole = {"launcher": us, "services": list(services)}
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps(whole), "utf-8")
    fresh.replace(record)


def end_leftovers(record: Path, say: Callable[[str], None], patience: float = 10.0) -> None:
    """End what an earlier start left behind when it was killed: only processes with the recorded pid *and* birth.

    They are killed, not asked: an orderly end would end the session under way, which is to go on after this.
    """
    try:
        whole = json.loads(record.read_text("utf-8"))
        launcher, services = whole["launcher"], whole["services"]
        if launcher["born"] and born(int(launcher["pid"])) == launcher["born"]:
            return  # that start still runs and looks after its own
        left = [each for each in services if each["born"] and born(int(each["pid"])) == each["born"]]
    except (OSError, ValueError, TypeError, KeyError):
        return
    for each in left:
        say(f"Ending the {each['name']} that an earlier start left running (process {each['pid']})")
        with suppress(ProcessLookupError):
            os.kill(int(each["pid"]), KILL)
    until = time.monotonic() + patience
    while left and time.monotonic() < until:
        left = [each for each in left if born(int(each["pid"])) == each["born"]]
        time.sleep(0.02)
    record.unlink(missing_ok=True)
