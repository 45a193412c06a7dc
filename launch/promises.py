"""The figures that the tests told of the promises: gathered from a file that the tests append to, shown as a table."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE, FULL = "PROMISES_FILE", "PROMISES_FULL"
TITLES = {
    "P1": "killed at random instants: nothing lost, nothing twice, order kept",
    "P2": "power lost: no acknowledged exchange lost, every store opens",
    "P3": "disk full or failing: nothing acknowledged lost, goes on by itself",
    "P4": "a network that lies: nothing twice, nothing silently lost",
    "P5": "a learner restored from an old copy is told what it lost first",
    "P6": "one engine only, whatever is asked for at once",
    "P7": "ended by a signal: in time, with nothing left in doubt",
    "P8": "the learner's mind is what its record says, bit by bit",
    "P9": "the session's file holds what the record holds, at every instant",
    "P10": "few calls to a language model that fails",
    "P11": "nothing waits without a deadline; goes on by itself after an outage",
    "P12": "health is told at once and asks nobody",
    "P13": "a model that takes long to load is waited for",
    "P14": "overload is refused at once and harms nobody",
    "P15": "days of work: memory, files and tasks stay bounded",
    "P16": "no debris of a language model reaches a learner",
    "P17": "a talk that goes wrong is seen and led out of it",
    "P18": "no words of a learner or a model become orders",
    "P19": "hostile requests of a browser are refused on each route",
    "P22": "no text becomes part of the page",
    "P23": "isolation is proved from outside",
    "P26": "the tests bite: each deliberate fault is caught",
}


@dataclass(frozen=True)
class Figure:
    """What one test told of one promise."""

    promise: str
    test: str
    figures: dict[str, Any]

    @property
    def told(self) -> str:
        """The figures in one line."""
        return ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in self.figures.items())


def _short(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


@contextmanager
def telling(full: bool) -> Iterator[Path]:
    """A file for the figures of the tests that run meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "figures.jsonl"
        told = {FILE: str(place), FULL: "1" if full else "0"}
        before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        try:
            yield place
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def figures(place: Path) -> list[Figure]:
    """What was told, by promise and in the order told."""
    lines = place.read_text("utf-8").splitlines() if place.exists() else []
    told = [Figure(body["promise"], body["test"], body["figures"]) for body in map(json.loads, lines)]
    return sorted(told, key=lambda each: int(each.promise[1:]))


def table(told: list[Figure], *, missing: bool) -> str:
    """One row a figure; with ``missing`` the promises of which nothing was told have a row that says so."""
    rows = [f"{each.promise:4} {each.told}  ({_named(each.test)})" for each in told]
    found = {each.promise for each in told}
    unsaid = [f"{name:4} NO FIGURE: {title}" for name, title in TITLES.items() if name not in found]
    return "\n".join(rows + (unsaid if missing else []))


def _named(test: str) -> str:
    return test.rsplit("/", maxsplit=1)[-1].removeprefix("test_").replace(".py::test_", ": ").replace("_", " ")
