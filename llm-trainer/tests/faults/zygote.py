"""Starts a service in milliseconds: a process that has imported everything forks one that runs it. POSIX only.

    python zygote.py MODULE:FUNCTION [MODULE …]        then, a JSON line each on standard input:
    {"start": [arguments], "log": path, "environment": {…}}   →   {"pid": 123}
    {"wait": 123, "seconds": 5}                                →   {"code": 0}, -9 after a kill, null if it still runs

With ``CRASH_AT=module:Class.method:before:3`` in its environment the service kills itself, as ``kill -9`` would, just
before (or after) the third call of that method: nothing in the programs themselves knows of it.
``SET=module:NAME:number …`` gives constants of modules other values. Standard library only, to run in any environment.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import os
import signal
import sys
import time
from typing import Any


def crash_at(where: str) -> None:
    """Let a method end the process before or after its n-th call."""
    module, path, when, times = where.split(":")
    *owners, name = path.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    honest, left = getattr(owner, name), [int(times)]

    def die(now: str) -> None:
        if now == when:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def armed(*given: Any, **named: Any) -> Any:
        die("before")
        result = honest(*given, **named)
        die("after")
        return result

    async def armed_later(*given: Any, **named: Any) -> Any:
        die("before")
        result = await honest(*given, **named)
        die("after")
        return result

    setattr(owner, name, armed_later if inspect.iscoroutinefunction(honest) else armed)


def set_constants(wishes: str) -> None:
    for wish in wishes.split():
        module, name, value = wish.split(":")
        setattr(importlib.import_module(module), name, float(value))


def run(main: str, request: dict[str, Any]) -> None:
    """Become the service; never returns."""
    code = 70
    try:
        sink = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (sink, 1), (sink, 2)):
            os.dup2(source, target)
        os.environ.update(request.get("environment", {}))
        sys.argv = [main, *request["start"]]
        set_constants(os.environ.get("SET", ""))
        if "CRASH_AT" in os.environ:
            crash_at(os.environ["CRASH_AT"])
        module, _, function = main.partition(":")
        code = getattr(importlib.import_module(module), function)() or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def wait(pid: int, seconds: float) -> int | None:
    """The exit code of a child, its signal with a minus; None if it still runs."""
    until = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(0.002)


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    service, *modules = sys.argv[1:]
    for module in (*modules, service.partition(":")[0]):
        importlib.import_module(module)
    say({})
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer: dict[str, Any] = {"code": wait(request["wait"], request["seconds"])}
        else:
            pid = os.fork()
            if pid == 0:
                run(service, request)
            answer = {"pid": pid}
        say(answer)


if __name__ == "__main__":
    main()
