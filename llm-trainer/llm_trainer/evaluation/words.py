"""Tokenisation, version 1: NFKC, lower case, letters and digits with inner apostrophes; punctuation counts for nothing.

The dashboard counts by the same rules, so that a report and a page say the same of one record.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_END = re.compile(r"[.?!…]+")
IMITATION = 0.8

Kind = Literal["silent", "ambiguous", "imitation", "spontaneous"]


def words(text: str | None) -> list[str]:
    """The words of a text.

    >>> words("It’s 3 o'clock!")
    ['it’s', '3', "o'clock"]
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text or "").lower())


def sentences(text: str | None) -> list[list[str]]:
    """The words of each sentence that has any."""
    return [found for part in _END.split(text or "") if (found := words(part))]


def echo(reply: Sequence[str], line: Sequence[str]) -> float:
    """The share of a reply's words that are the teacher's, in the teacher's order (longest common subsequence)."""
    return _common(reply, line) / len(reply) if reply else 0.0


def kind_of_reply(reply: Sequence[str], echoed: float) -> Kind:
    """How a reply stands to the line it answers: of one word that is the teacher's, nobody knows whose it is."""
    if not reply:
        return "silent"
    if len(reply) == 1:
        return "ambiguous" if echoed else "spontaneous"
    return "imitation" if echoed >= IMITATION else "spontaneous"


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    row = [0] * (len(b) + 1)
    for word in a:
        before = 0
        for j, other in enumerate(b, start=1):
            above = row[j]
            row[j] = before + 1 if word == other else max(above, row[j - 1])
            before = above
    return row[-1]
