"""``pull``: have a model fetched through the middleware, and show how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from llm_trainer.cli.client import Json
from llm_trainer.cli.show import say
from llm_trainer.errors import PeerError, PeerRefused

LOOK_SECONDS = 0.3
PLAIN_EVERY_PERCENT = 10


class Source(Protocol):
    """As much of the middleware as is needed here."""

    def pull(self, model: str) -> Json:
        """Begin."""

    def pulling(self) -> Json:
        """How far it is."""


def pull(source: Source, model: str, *, silent: bool = False, look_seconds: float = LOOK_SECONDS) -> Json:
    """Fetch ``model`` (empty: the one the settings ask for) and return how it went; PeerRefused when it failed."""
    began = _pull_of(source.pull(model))
    if silent:
        ended = _followed(source, began, lambda _: None, look_seconds)
    elif sys.stdout.isatty():
        with _bar() as bar:
            ended = _followed(source, began, _drawn(bar, str(began["model"])), look_seconds)
    else:
        ended = _followed(source, began, _plain(), look_seconds)
    if ended["state"] != "done":
        detail = str(ended.get("detail") or f"the pull of {ended['model']} was {ended['state']}")
        raise PeerRefused(detail, peer="llm", remedy=str(ended.get("remedy") or "try again"))
    return ended


def _followed(source: Source, pull_: Json, show: Callable[[Json], None], look_seconds: float) -> Json:
    show(pull_)
    while pull_["state"] == "pulling":
        time.sleep(look_seconds)
        pull_ = _pull_of(source.pulling())
        show(pull_)
    return pull_


def _pull_of(answer: Json) -> Json:
    found = answer.get("pull")
    if not isinstance(found, dict) or not {"model", "state"} <= {*found}:
        raise PeerError("the LLM server no longer knows of the pull", peer="llm", remedy="was it started again?")
    return found


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=Console(file=sys.stdout), transient=False)


def _drawn(bar: Progress, model: str) -> Callable[[Json], None]:
    task = bar.add_task(model, total=None)

    def show(pull_: Json) -> None:
        text = f"{model}: {pull_.get('status', '')}"
        bar.update(task, description=text, completed=pull_.get("completed", 0), total=pull_.get("total") or None)

    return show


def _plain() -> Callable[[Json], None]:
    """A line when the part being fetched changes, and at every tenth of it."""
    said = ("", -1)

    def show(pull_: Json) -> None:
        nonlocal said
        completed, total = int(pull_.get("completed", 0)), int(pull_.get("total", 0))
        percent = 100 * completed // total if total else 0
        now = (str(pull_.get("status", "")), percent // PLAIN_EVERY_PERCENT)
        if now != said:
            said = now
            say(f"{pull_['model']}: {now[0]}" + (f" {percent} % of {total} bytes" if total else ""))

    return show
