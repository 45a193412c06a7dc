"""The command line: ``cerebrum serve | chat | stats | replay | verify | repair | restore`` (``python -m cerebrum``)."""

from __future__ import annotations

import argparse
import io
import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

try:
    from cerebrum import __version__, commands, keeping
    from cerebrum.errors import CerebrumError
    from cerebrum.settings import Settings, load, misspelt
except ModuleNotFoundError as error:
    remedy = "use .venv/bin/python, or install requirements.txt (README.md, Start)"
    sys.stderr.write(f"cerebrum: this Python lacks {error.name}; {remedy}\n")
    sys.exit(2)

COMMANDS: dict[str, tuple[Callable[[Settings, argparse.Namespace], int], str]] = {
    "serve": (commands.serve, "answer over HTTP until a signal comes"),
    "chat": (commands.chat, "talk with CEREBRUM here (with the running service if there is one)"),
    "stats": (commands.stats, "say how it is and what it measured of itself"),
    "replay": (keeping.replay, "rebuild the mind from the record; check the chain and the saved minds"),
    "verify": (keeping.verify, "check pages, log and chain of the record, and the saved minds; name all faults"),
    "repair": (keeping.repair, "make a damaged record anew from what is provably good of it"),
    "restore": (keeping.restore, "put a copy made by POST /api/snapshot in the place of the record"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cerebrum",
        description="A learner that starts empty, hears conversation, and says only what it made from what it heard.",
        epilog="Settings also come from the environment (CEREBRUM_PORT, CEREBRUM_DATA_DIR, …). Exit codes: 0 done, "
        "1 it failed, 2 the settings cannot be used or the port is taken, 65 the record is damaged, "
        "74 the disk did not confirm a write, 75 another process has the record open.",
    )
    parser.add_argument("--version", action="version", version=f"cerebrum {__version__}")
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (_, summary) in COMMANDS.items():
        verb = verbs.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        for setting, field in Settings.model_fields.items():
            flag = "--" + setting.replace("_", "-")
            hint = f"{field.description} (default: {field.default})"
            verb.add_argument(flag, dest=setting, metavar="VALUE", help=hint)
        if name == "stats":
            verb.add_argument("--json", action="store_true", help="print JSON for programs")
        if name == "chat":
            verb.add_argument("--frozen", action="store_true", help="answer only; learn nothing, store nothing")
        if name == "restore":
            verb.add_argument("file", type=Path, help="the copy; the present record is kept under another name")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    _make_streams_safe()
    given = _parser().parse_args(arguments)
    try:
        settings = load(**{name: getattr(given, name) for name in Settings.model_fields})
        _configure_logging(settings.log_level if given.command == "serve" else "WARNING")
        for hint in misspelt():
            logging.getLogger("cerebrum").warning("unknown setting ignored %s", hint)
        return COMMANDS[given.command][0](settings, given)
    except CerebrumError as error:
        remedy = f"; {error.remedy}" if error.remedy else ""
        print(f"cerebrum: {error.detail}{remedy}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _make_streams_safe() -> None:
    """Let no character that a terminal or a file cannot hold end the program that reads or prints it."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            with suppress(io.UnsupportedOperation):  # somebody has read from it already
                stream.reconfigure(errors="replace")


def _configure_logging(level: str) -> None:
    form = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s"
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(level=level, format=form, datefmt="%Y-%m-%dT%H:%M:%S", stream=sys.stderr, force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
