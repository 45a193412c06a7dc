"""Reading recorded dialogues: one JSON object a line, ``{"id": …, "turns": [{"speaker": …, "text": …}, …]}``."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from llm_trainer.errors import SettingsError

Sides = Literal["both", "first"]
SHAPE = 'write each line as {"id": "d1", "turns": [{"speaker": "A", "text": "Hello."}, …]}'


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The turns to be spoken, in order; never empty."""

    id: str
    turns: tuple[str, ...]


def read(path: Path, sides: Sides = "both") -> list[Dialogue]:
    """Read every dialogue of ``path`` (gzip if it ends in ``.gz``); ``first`` keeps the first speaker's turns only.

    Raises SettingsError naming the line at fault. A dialogue without a turn to be spoken is left out.
    """
    found: dict[str, Dialogue] = {}
    for number, line in _numbered_lines(path):
        try:
            dialogue = _dialogue(json.loads(line), str(number), sides)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SettingsError(f"{path}, line {number} is not a dialogue: {error!r}", remedy=SHAPE) from error
        if dialogue.id in found:
            remedy = "give each dialogue an id of its own"
            raise SettingsError(f"{path}, line {number}: a second dialogue {dialogue.id!r}", remedy=remedy)
        if dialogue.turns:
            found[dialogue.id] = dialogue
    if not found:
        raise SettingsError(f"{path} holds no dialogue", remedy=SHAPE)
    return list(found.values())


def _numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise SettingsError(
            f"the recording {path} cannot be read: {error}", remedy="set recorded_path (--recorded) to a readable file"
        ) from error


def _dialogue(row: dict[str, Any], number: str, sides: Sides) -> Dialogue:
    turns = [(str(turn["speaker"]), " ".join(str(turn["text"]).split())) for turn in row["turns"]]
    first = turns[0][0] if turns else ""
    spoken = tuple(text for speaker, text in turns if text and (sides == "both" or speaker == first))
    return Dialogue(str(row.get("id", number)), spoken)
