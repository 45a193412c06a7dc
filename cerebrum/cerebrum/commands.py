"""What the commands do that talk and tell. Entry points: they take settings, open what is needed, and print."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn

from cerebrum import wiring
from cerebrum.api import answers
from cerebrum.api.app import create_app
from cerebrum.api.patience import Patient
from cerebrum.errors import SettingsError, StoreError
from cerebrum.settings import Settings
from cerebrum.worker import Worker

Arguments = argparse.Namespace
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))
"""What asks a process to end; the last one on Windows only."""


# serve


def serve(settings: Settings, _: Arguments) -> int:
    """Answer over HTTP until a signal comes."""
    with _listen(settings.port) as door:
        worker = Worker(partial(wiring.open_learner, settings))
        worker.start()
        config = uvicorn.Config(
            create_app(worker, settings.port, settings.data_dir / "copies"),
            http=Patient,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=15,
        )
        for number in ENDING:
            signal.signal(number, lambda *_: None)  # uvicorn ends the server on it, then raises it once more
        where = f"http://localhost:{settings.port}"
        print(f"CEREBRUM answers at {where} (mind in {settings.data_dir})", file=sys.stderr, flush=True)
        uvicorn.Server(config).run(sockets=[door])
    return 0


def _listen(port: int) -> socket.socket:
    door = socket.socket()
    try:
        if os.name != "nt":  # there it would let two programs share the port
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", port))
    except OSError as error:
        door.close()
        remedy = "stop the program that uses it, or set CEREBRUM_PORT (--port) to another"
        raise SettingsError(f"port {port} is taken or not allowed ({error.strerror})", remedy=remedy) from error
    return door


# chat and stats


def chat(settings: Settings, given: Arguments) -> int:
    """Talk line by line; an empty line or the end of input ends it."""
    if _ask(settings, "/healthz") is not None:
        print(f"Talking with the service on port {settings.port}. An empty line ends it.", file=sys.stderr)
        return _converse(partial(_say_over_http, settings, given.frozen))
    learner = wiring.open_learner(settings)
    try:
        learner.wake()
        print(f"Talking with the mind in {settings.data_dir}. An empty line ends it.", file=sys.stderr)
        say = partial(learner.exchange, conversation="terminal", frozen=given.frozen)
        return _converse(lambda text: say(text).said)
    finally:
        learner.close()


def _converse(say: Callable[[str], str]) -> int:
    prompt = "> " if sys.stdin.isatty() else ""
    while True:
        try:
            text = input(prompt).strip()
        except EOFError:
            return 0
        if not text:
            return 0
        print(say(text) or "…", flush=True)


def _say_over_http(settings: Settings, frozen: bool, text: str) -> str:
    answer = _ask(settings, "/api/chat", {"message": text, "conversation_id": "terminal", "learn": not frozen})
    if answer is None:
        raise StoreError(f"the service on port {settings.port} has gone", remedy="start it again")
    return str(answer.get("response") or answer.get("detail") or "")


def stats(settings: Settings, given: Arguments) -> int:
    """Print the status: of the running service if there is one, else of the record; nothing is made."""
    found = _ask(settings, "/api/status")
    if found is None:
        wiring.present_record(settings)
        learner = wiring.open_learner(settings)
        try:
            learner.wake()
            found = answers.status(learner.status())
        finally:
            learner.close()
    print(json.dumps(found, indent=2) if given.json else _for_people(found))
    return 0


def _for_people(status: dict[str, Any]) -> str:
    """The status as lines of name and value, each name once."""
    shown = {name: status[name] for name in ("status", "stage", "exchanges", "observations", "forgotten", "vocabulary")}
    shown |= {name: f"{v:.4g}" if isinstance(v, float) else v for name, v in status["measurements"].items()}
    cursor = status["cursor"]
    shown["cursor"] = f"{cursor['seq']} {cursor['head'][:16]}… in {cursor['epoch']}"
    width = max(map(len, shown))
    return "\n".join(f"{name:{width}}  {value}" for name, value in shown.items())


def _ask(settings: Settings, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """The service's answer, a problem document included; None if nobody answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{settings.port}{path}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            return dict(json.load(error))
    except (OSError, ValueError):
        return None
