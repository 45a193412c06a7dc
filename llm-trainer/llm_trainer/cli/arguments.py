"""What ``start_training.py`` is told on the command line. Standard library only: no environment need exist yet."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from llm_trainer.session.strategies import NAMES

from .numbers import DELAY, EXCHANGES, SEED
from .teachers import teacher_settings

_Number = TypeVar("_Number", int, float)

EXAMPLES = """\
examples:
  python start_training.py --exchanges 500 --delay 0
  python start_training.py --teacher tutor --topics animals,weather --seed 7
  python start_training.py --teacher recorded:dialogues.jsonl.gz
  python start_training.py --teacher ollama:gemma3:1b,tutor

Settings that are not given here come from the environment (TRAINER_…) and config.json; nothing writes that file.
Exit codes: 0 the session is done, 1 it failed, 2 it cannot start as asked, 3 a service cannot be reached,
4 another session is in the way, 130 interrupted.
"""


@dataclass(frozen=True)
class Wish:
    """What the user wants of this start. ``environment`` holds settings for the services, ``plan`` the session."""

    train: bool = True
    stay: bool = False
    check: bool = False
    teacher: str = ""
    plan: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def read(arguments: Sequence[str], *, program: str = "start_training.py") -> Wish:
    """Understand ``arguments``; argparse ends the program with exit code 2 and a sentence where they make no sense."""
    parser = _parser(program)
    given = parser.parse_args(list(arguments))
    plan: dict[str, object] = {"max_exchanges": given.exchanges}
    for key in ("delay", "topics", "strategy", "seed"):
        if getattr(given, key) is not None:
            plan[key] = getattr(given, key)
    try:
        environment = teacher_settings(given.teacher)
    except ValueError as why:
        parser.error(str(why))
    return Wish(not given.no_train, given.stay, given.check, given.teacher or "", plan, environment)


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Start the LLM server and the middleware, teach the learner in one session, show it live, and end.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--exchanges", type=_typed(EXCHANGES.whole), default=100, metavar="N", help="exchanges to teach (default: 100)")
    add(
        "--delay",
        type=_typed(DELAY.seconds),
        metavar="S",
        help="seconds from one exchange's start to the next (0: no pause)",
    )
    who = "auto, tutor, ollama[:MODEL], openai[:MODEL], recorded:FILE or gguf:FILE; of several with commas between, "
    add("--teacher", metavar="WHO", help=f"{who}the first that can speaks, and the next when it fails")
    add("--topics", type=_names, metavar="A,B,…", help="topics to talk about, in this order")
    add("--strategy", choices=NAMES, metavar="NAME", help=f"how to teach: {', '.join(NAMES)}")
    add("--seed", type=_typed(SEED.whole), metavar="N", help="makes the session's choices the same each time")
    add("--no-train", action="store_true", help="start the services and leave the rest to you; Ctrl+C ends them")
    add("--stay", action="store_true", help="keep the services up after the session; Ctrl+C ends them")
    add("--check", action="store_true", help=argparse.SUPPRESS)
    return parser


def _typed(read_number: Callable[[object], _Number]) -> Callable[[str], _Number]:
    """In argparse's words: only of its own errors does it show the sentence."""

    def convert(text: str) -> _Number:
        try:
            return read_number(text)
        except ValueError as why:
            raise argparse.ArgumentTypeError(str(why)) from why

    return convert


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("name at least one topic")
    return names
