"""What may be taught: the last look at a teacher's text before a learner hears it.

Good text passes unchanged. What is mendable is mended (thinking aloud, template marks, control characters, length);
what is not is rejected with the name of its class.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

UTTERANCE_CHARACTERS = 1_000


@dataclass(frozen=True)
class Verdict:
    """``text`` may be taught, or ``rejected`` names why nothing may."""

    text: str = ""
    rejected: str | None = None


_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_TEMPLATE = re.compile(r"<\|[^|<>]{1,40}\|>|</?(?:start_of_turn|end_of_turn|s|bos|eos)>|\[/?INST\]", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…。!?][\"'”’)]*(?=\s)")
_KEPT_CONTROLS = "\n\t"


def judge(text: str) -> Verdict:
    """Mend or reject one text.

    >>> judge("<think>what now?</think> Hello!").text
    'Hello!'
    """
    text = _TEMPLATE.sub(" ", _THOUGHT.sub(" ", text)) if "<" in text or "[" in text else text
    text = "".join(_printable(text)).strip()
    if not text:
        return Verdict(rejected="empty")
    if text[0] in "{[" and text[-1] in "}]":
        return Verdict(rejected="structured")
    if not any(character.isalnum() for character in text):
        return Verdict(rejected="wordless")
    shortened = _shortened(text)
    return Verdict(shortened) if shortened else Verdict(rejected="endless")


def _printable(text: str) -> list[str]:
    return [c for c in text if c in _KEPT_CONTROLS or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn")]


def _shortened(text: str) -> str:
    """At most UTTERANCE_CHARACTERS, cut where a sentence ends; "" if no sentence ends in time."""
    if len(text) <= UTTERANCE_CHARACTERS:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, UTTERANCE_CHARACTERS)]
    return text[: ends[-1]] if ends else ""
