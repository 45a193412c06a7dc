"""``--teacher``: who speaks, alone or one after the other, as settings for the services. Standard library only."""

from __future__ import annotations

import json
import re
from pathlib import Path

TEACHERS = ("auto", "ollama", "openai", "gguf", "tutor", "recorded")
_NEXT = re.compile(rf",(?=(?:{'|'.join(TEACHERS)})(?::|,|$))")
"""A comma parts teachers only where a teacher's name follows: file names may have commas too."""


def teacher_settings(teacher: str | None) -> dict[str, str]:
    """The settings that make ``teacher`` speak; paths are taken from the current folder. Raises ValueError.

    Of several, with commas between, the first that can speaks, and the next when it fails.

    >>> teacher_settings("ollama:gemma3:1b,tutor")
    {'TRAINER_LLM_BACKEND': '["ollama", "tutor"]', 'TRAINER_OLLAMA_MODEL': 'gemma3:1b'}
    """
    if not teacher:
        return {}
    names: list[str] = []
    told: dict[str, str] = {}
    for one in _NEXT.split(teacher):
        name, _, detail = one.partition(":")
        told |= _detail(one, name, detail)
        names.append(name)
    if len(names) > len({*names}):
        raise ValueError(f"--teacher {teacher}: name each teacher once")
    if "auto" in names and len(names) > 1:
        raise ValueError(f"--teacher {teacher}: auto chooses by itself; name it alone, or name whom you want")
    return {"TRAINER_LLM_BACKEND": names[0] if len(names) == 1 else json.dumps(names), **told}


def _detail(one: str, name: str, detail: str) -> dict[str, str]:
    """What follows the colon."""
    if name not in TEACHERS:
        raise ValueError(f"--teacher {one}: there is no such teacher; choose {', '.join(TEACHERS)}")
    if not detail:
        return {}
    if name in ("recorded", "gguf"):
        path = Path(detail).expanduser()
        if not path.is_file():
            raise ValueError(f"--teacher {one}: there is no file {detail}")
        return {f"TRAINER_{name.upper()}_PATH": str(path.resolve())}
    if name in ("ollama", "openai"):
        return {f"TRAINER_{name.upper()}_MODEL": detail}
    raise ValueError(f"--teacher {one}: {name} takes nothing after the colon")
