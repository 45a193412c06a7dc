"""The command ``python middleware.py``: read the settings, take the port, open the record, serve on port 8002.

Everything that can be wrong is found before the port is opened, and the quick checks come before the slow imports.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_trainer.errors import StoreError, StoreLocked, TrainerError
from llm_trainer.ports import check_port_free

SETTINGS_EXIT_CODE, RECORD_EXIT_CODE, LOCKED_EXIT_CODE = 2, 1, 75


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it.

    Returns 2 when the settings cannot be used, 75 when another program has the record open, 1 when it cannot be read.
    """
    given = vars(_parser().parse_args(arguments))
    try:
        return _serve(given)
    except TrainerError as error:
        sys.stderr.write(f"middleware: {error.detail}; {error.remedy}\n")
        if isinstance(error, StoreError):
            return LOCKED_EXIT_CODE if isinstance(error, StoreLocked) else RECORD_EXIT_CODE
        return SETTINGS_EXIT_CODE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="middleware.py", description="Runs and records teaching sessions.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (config.json beside middleware.py)")
    parser.add_argument("--port", type=int, dest="middleware_port", help="port to listen on (8002)")
    parser.add_argument("--data-dir", type=Path, help="folder of the record and the exported sessions")
    return parser


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
