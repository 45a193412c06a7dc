"""Text seen as words and sentences, as far as the gate and the watch over a talk need it. All of it is linear."""

from __future__ import annotations

import re
from itertools import pairwise

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NO_WORD = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"[.!?…。！？]+[\"'”’)\]]*(?=\s|$)")


def listed(text: str) -> frozenset[str]:
    """The set of the words of a list, parted by spaces."""
    return frozenset(text.split())


_SHORTENED = listed("mr mrs ms dr st vs prof jr sr e.g i.e")


def words(text: str) -> list[str]:
    """The words of a text, folded for comparison.

    >>> words("It's MY cat’s 2nd bowl!")
    ["it's", 'my', "cat's", '2nd', 'bowl']
    """
    if text.isascii():
        return _WORD.findall(text.lower())
    return [found.replace("’", "'").casefold() for found in _WORD.findall(text)]


def sentence_ends(text: str, limit: int | None = None) -> list[int]:
    """Where sentences of ``text[:limit]`` end; the full stop of "Mr." ends none.

    >>> sentence_ends("Hi. I know Mr. Fox. He is")
    [3, 19]
    """
    ends = []
    for match in _SENTENCE_END.finditer(text, 0, len(text) if limit is None else min(limit + 1, len(text))):
        before = text[max(0, match.start() - 6) : match.start()].split()
        if match.end() <= (limit or match.end()) and not (before and before[-1].casefold() in _SHORTENED):
            ends.append(match.end())
    return ends


def sentences(text: str) -> list[str]:
    """The sentences of a text, an unfinished last one included; blank ones left out."""
    bounds = [0, *sentence_ends(text), len(text)]
    parts = (text[begin:end].strip() for begin, end in pairwise(bounds))
    return [part for part in parts if part]


def squeezed(text: str) -> str:
    """Only letters and digits, folded: what is left of a text when somebody spells it out with spaces or dashes."""
    return _NO_WORD.sub("", text.casefold())
