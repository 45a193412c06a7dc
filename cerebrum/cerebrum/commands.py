"""What each command does. Entry points: they take settings, open what is needed, and print."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from cerebrum.api import answers
from cerebrum.api.app import create_app
from cerebrum.api.patience import Patient
from cerebrum.chain import Verifier
from cerebrum.errors import SettingsError, StoreCorrupt, StoreError
from cerebrum.fold import Fold
from cerebrum.learner import Learner
from cerebrum.mind import Mind
from cerebrum.saved import SavedMinds, maker_of
from cerebrum.settings import Settings
from cerebrum.store import Store
from cerebrum.worker import Worker

Arguments = argparse.Namespace


def record_path(settings: Settings) -> Path:
    """Where the record lies."""
    return settings.data_dir / "mind.sqlite3"


def open_learner(settings: Settings) -> Learner:
    """The learner as configured, not yet awake."""
    return Learner(Store(record_path(settings)), _saved_minds(settings), _new_mind(settings))


def _new_mind(settings: Settings) -> Callable[[], Mind]:
    return partial(Mind, seed=settings.seed, active_limit=settings.active_limit)


def _saved_minds(settings: Settings) -> SavedMinds:
    maker = maker_of(seed=settings.seed, active_limit=settings.active_limit)
    return SavedMinds(settings.data_dir / "saved", maker)


# serve


def serve(settings: Settings, _: Arguments) -> int:
    """Answer over HTTP until a signal comes."""
    with _listen(settings.port) as door:
        worker = Worker(partial(open_learner, settings))
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
        for number in (signal.SIGINT, signal.SIGTERM):
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
    learner = open_learner(settings)
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
    """Print the status, of the running service if there is one."""
    found = _ask(settings, "/api/status")
    if found is None:
        learner = open_learner(settings)
        try:
            learner.wake()
            found = answers.status(learner.status())
        finally:
            learner.close()
    if given.json:
        print(json.dumps(found, indent=2))
        return 0
    for name in ("status", "stage", "exchanges", "observations", "forgotten", "vocabulary"):
        print(f"{name:24} {found[name]}")
    for name, value in found["measurements"].items():
        print(f"{name:24} {value:.4g}" if isinstance(value, float) else f"{name:24} {value}")
    print(f"{'cursor':24} {found['cursor']['seq']} {found['cursor']['head'][:16]}… in {found['cursor']['epoch']}")
    return 0


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


# replay and restore


def replay(settings: Settings, _: Arguments) -> int:
    """Rebuild the mind from the record alone, and compare every saved mind with what came out at its place."""
    store = Store(record_path(settings))
    try:
        started = time.perf_counter()
        fold = Fold(store, _new_mind(settings)(), Verifier(store.genesis))
        wrong = 0
        for about, _path in sorted(_saved_minds(settings).find(), key=lambda found: found[0].seq):
            if store.forgot_since(about.seq) or about.seq > store.seq:
                continue
            fold.advance(seconds=float("inf"), until=about.seq)
            same = fold.mind.state_hash() == about.state_hash
            wrong += not same
            print(f"saved mind at {about.seq}: {'equal' if same else 'DIFFERENT (delete it)'}")
        fold.advance(seconds=float("inf"))
        seconds = time.perf_counter() - started
        print(f"{store.seq} records in {seconds:.2f} s, {store.seq / max(seconds, 1e-9):.0f} a second; the chain holds")
        print(f"head  {store.head.hex()}\nstate {fold.mind.state_hash()}")
        return 1 if wrong else 0
    finally:
        store.close()


def restore(settings: Settings, given: Arguments) -> int:
    """Check the copy whole, keep the present record under another name, put the copy in its place."""
    target, source = record_path(settings), Path(given.file)
    if not source.is_file():
        raise SettingsError(f"{source} is not there", remedy="name a file made by POST /api/snapshot")
    if source.resolve() == target.resolve():
        raise SettingsError(f"{source} is the record itself", remedy="name a copy")
    if target.exists():
        _close_properly(target)
    draft = target.with_name(f"restoring-{os.getpid()}.sqlite3")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        shutil.copyfile(source, draft)
        store = Store(draft)
        try:
            seq = store.verify()
            store.begin_epoch()
        finally:
            store.close()
        if target.exists():
            stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
            kept = target.with_name(f"mind-before-{stamp}.sqlite3")
            target.rename(kept)
            print(f"the record so far is kept in {kept}")
        draft.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{source} could not be restored: {error}", remedy="check the disk and the file") from error
    finally:
        for leftover in target.parent.glob(f"{draft.name}*"):
            leftover.unlink()
    shutil.rmtree(settings.data_dir / "saved", ignore_errors=True)
    print(f"restored {seq} records from {source}; the mind is rebuilt at the next start")
    return 0


def _close_properly(path: Path) -> None:
    """Have the record's write-ahead log emptied, so that renaming the file takes all of it. Locked: StoreLocked."""
    try:
        Store(path).close()
    except StoreCorrupt:
        for part in (path, path.with_name(path.name + "-wal")):
            if part.exists():
                part.rename(part.with_name(part.name.replace("mind.", "mind-damaged.")))
