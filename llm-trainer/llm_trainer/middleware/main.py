"""The command ``python middleware.py``: read the settings, take the port, open the record, serve on port 8002.

``python middleware.py verify`` and ``repair`` look after the record instead.

Everything that can be wrong is found before the port is opened, and the quick checks come before the slow imports.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_trainer.errors import StoreCorrupt, StoreError, StoreLocked, StoreUnsafe, TrainerError
from llm_trainer.ports import check_port_free

SETTINGS_EXIT_CODE, RECORD_EXIT_CODE, DAMAGED_EXIT_CODE, UNSAFE_EXIT_CODE, LOCKED_EXIT_CODE = 2, 1, 65, 74, 75
_EXITS = {StoreLocked: LOCKED_EXIT_CODE, StoreCorrupt: DAMAGED_EXIT_CODE, StoreUnsafe: UNSAFE_EXIT_CODE}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it, or look after the record.

    Returns 2 when the settings cannot be used; 75 when another program has the record open, 65 when it is damaged, 74
    when the disk did not confirm a write, 1 when it cannot be read or written otherwise.
    """
    given = vars(_parser().parse_args(arguments))
    command = given.pop("command")
    try:
        return _serve(given) if command == "serve" else _look_after(command, given)
    except TrainerError as error:
        sys.stderr.write(f"middleware: {error.detail}; {error.remedy}\n")
        if isinstance(error, StoreError):
            return _EXITS.get(type(error), RECORD_EXIT_CODE)
        return SETTINGS_EXIT_CODE


_COMMANDS = """serve (the default); verify: check the record, and whether the learner knows the same; repair: make a
damaged record anew from what is provably good of it"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="middleware.py", description="Runs and records teaching sessions.")
    parser.add_argument("command", nargs="?", default="serve", choices=("serve", "verify", "repair"), help=_COMMANDS)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (config.json beside middleware.py)")
    parser.add_argument("--port", type=int, dest="middleware_port", help="port to listen on (8002)")
    parser.add_argument("--data-dir", type=Path, help="folder of the record and the exported sessions")
    return parser


def _look_after(command: str, given: dict[str, Any]) -> int:
    from llm_trainer.middleware import upkeep  # noqa: PLC0415
    from llm_trainer.settings import load  # noqa: PLC0415

    settings = load(given.pop("config"), **given)
    (upkeep.verify if command == "verify" else upkeep.repair)(settings)
    return 0


def _serve(given: dict[str, Any]) -> int:
    from llm_trainer.settings import load  # noqa: PLC0415  (--help answers without it)

    settings = load(given.pop("config"), **given)
    check_port_free(settings.middleware_port, "middleware_port")

    from llm_trainer import log, web  # noqa: PLC0415
    from llm_trainer.middleware.app import create_app  # noqa: PLC0415
    from llm_trainer.middleware.wiring import wire_up  # noqa: PLC0415

    log.configure(settings.log_level)
    wired = asyncio.run(wire_up(settings))
    web.serve(create_app(settings, wired), settings.middleware_port, setting="middleware_port")
    return 0
