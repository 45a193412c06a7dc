"""What cannot be mended: each class of unusable text has a name and one small test."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

from llm_trainer.session import wrongs
from llm_trainer.session.language import is_foreign, is_gibberish
from llm_trainer.session.wording import words

LOOKED_AT = 2_000
"""Characters in which loops are looked for; nothing behind them can reach a learner."""
LONGEST_PERIOD = 40
_LONG_RUN = re.compile(r"([^\W\d_])\1{11}|([^\w\s])\2{19}|(\d)\3{14}")
_SYLLABLES = re.compile(r"(\w{2,6})\1{5}")
_SHAPES = (
    ("failure", wrongs.FAILURE),
    ("code", wrongs.CODE),
    ("json", wrongs.JSON),
    ("html", wrongs.HTML),
    ("table", wrongs.TABLE),
)


def shape(text: str) -> str | None:
    """The class of a text that is data rather than speech, judged before mending would blur it."""
    bare = text.strip()
    if not bare:
        return "empty"
    if bare.strip("\"'<>[]").casefold() in wrongs.NOTHING:
        return "empty"
    return next((name for name, pattern in _SHAPES if pattern.search(bare)), None)


def saying(text: str) -> str | None:
    """The class of a mended text that must not be taught; None if it may."""
    folded = text.casefold().replace("’", "'")
    if not text:
        return "empty"
    return next((name for name, found in _SAYINGS if found(text, folded)), None)


def is_loop(text: str) -> bool:
    """The same again and again: characters, syllables, a phrase three times on end, many words all alike."""
    if _LONG_RUN.search(text) or _SYLLABLES.search(text.casefold()):
        return True
    found = words(text[:LOOKED_AT])
    first = found[:100]
    if len(first) >= 24 and len(set(first)) < 0.25 * len(first):
        return True
    return any(_repeats(found, period) for period in range(1, min(LONGEST_PERIOD, len(found) // 3) + 1))


def _repeats(found: list[str], period: int) -> bool:
    """Whether a phrase of ``period`` words comes three times on end; one word six times, two words four times."""
    wanted = {1: 5, 2: 6}.get(period, 2 * period)
    run = 0
    for earlier, later in zip(found, islice(found, period, None), strict=False):
        run = run + 1 if earlier == later else 0
        if run >= wanted:
            return True
    return False


def _is_nothing(text: str) -> bool:
    """A program's word for nothing, or several; "None." is an answer."""
    found = set(words(text[:LOOKED_AT]))
    return bool(found) and found <= wrongs.NOTHING and not (found == {"none"} and text[-1] in ".!")


def _is_wordless(text: str) -> bool:
    return not any(character.isalpha() for character in text) and not text[0].isdigit()


_SAYINGS: tuple[tuple[str, Callable[[str, str], object]], ...] = (
    ("empty", lambda text, folded: _is_nothing(text)),
    ("wordless", lambda text, folded: _is_wordless(text)),
    ("placeholder", lambda text, folded: wrongs.PLACEHOLDER.search(text)),
    ("address", lambda text, folded: wrongs.ADDRESS.search(folded)),
    ("machine", lambda text, folded: wrongs.MACHINE.search(folded)),
    ("refusal", lambda text, folded: wrongs.REFUSAL.search(folded)),
    ("thinking", lambda text, folded: wrongs.THINKING.search(folded)),
    ("loop", lambda text, folded: is_loop(text)),
    ("language", lambda text, folded: is_foreign(text)),
    ("gibberish", lambda text, folded: is_gibberish(text)),
)
CLASSES: tuple[str, ...] = (
    "empty",
    *(name for name, _ in _SHAPES),
    *(name for name, _ in _SAYINGS[1:]),
    *("role", "canary", "prompt", "endless", "unfinished"),
)
"""All classes of rejection, for manuals and tests."""
