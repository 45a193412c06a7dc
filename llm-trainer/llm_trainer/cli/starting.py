"""``start_training.py``: makes the trainer's environment and hands over to the launcher inside it.

Standard library only: this runs in whatever Python the user typed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .arguments import read
from .environment import Project, ensure
from .handing import HOME, hand_over
from .installer import EnvironmentUnavailable
from .processes import end_leftovers, port_taken
from .streams import make_streams_safe

TRAINER = Project(HOME, "llm_trainer", "llm_trainer.cli", "llm-trainer")


def main(arguments: Sequence[str]) -> int:
    """Check what was asked, make the environment, hand over; return the exit code."""
    make_streams_safe()
    wish = read(arguments)
    try:
        settings = {**_config(), **os.environ, **wish.environment}
        end_leftovers(record(_data_dir(settings)), _say)
        _check_ports(settings)
        if wish.check:
            return 0
        _make(settings)
    except EnvironmentUnavailable as why:
        print(why, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return hand_over([str(TRAINER.python), "-m", "llm_trainer.cli.launcher", *arguments])


def record(data_dir: Path) -> Path:
    """Where the launcher writes down whom it started."""
    return data_dir / "services" / "started.json"


def _make(settings: Mapping[str, str]) -> None:
    tools = Path(os.environ.get("TRAINER_TOOLS") or HOME / ".tools")
    ensure(TRAINER, "requirements.lock", tools, _say)
    if "gguf" in settings.get("TRAINER_LLM_BACKEND", ""):
        ensure(TRAINER, "requirements-gguf.lock", tools, _say)


def _config() -> dict[str, str]:
    """``config.json`` in the words of the environment. What is wrong in it is said, better, by the services."""
    try:
        found = json.loads((HOME / "config.json").read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return {f"TRAINER_{key.upper()}": str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _data_dir(settings: Mapping[str, str]) -> Path:
    return HOME / (settings.get("TRAINER_DATA_DIR") or "training_logs")


def _check_ports(settings: Mapping[str, str]) -> None:
    for key, usual, whose in (("llm_server_port", 8001, "the LLM server"), ("middleware_port", 8002, "the middleware")):
        given = settings.get(f"TRAINER_{key.upper()}") or str(usual)
        if given.isdigit() and 0 < int(given) <= 65535 and port_taken(int(given)):
            raise EnvironmentUnavailable(
                f"Port {given}, meant for {whose}, is taken by another program; end that program, or set {key} in "
                f"config.json (or TRAINER_{key.upper()}) to another port"
            )


def _say(text: str) -> None:
    print(text, flush=True)
