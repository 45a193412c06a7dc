"""What may be taught: the last look at a teacher's text before a learner hears it.

Good text passes unchanged. What is mendable is mended, and the verdict says how; what is not is rejected with the
name of its class. Laws, held by the tests: pure; never fails, whatever the text; time in proportion to the text's
length and, beyond ``HEARD`` characters, none; a text that passed passes again unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import lru_cache

from llm_trainer.session import mending, own_words, rejection
from llm_trainer.session.wording import listed, sentence_ends, sentences, squeezed, words

HEARD = 65_536
"""Characters of a raw answer that are looked at; thoughts are taken out of these."""
KEPT = 4_096
"""Characters of what was not thought that are looked at."""
UTTERANCE_CHARACTERS = 1_000
LEVEL_CHARACTERS = (240, 320, 400, 600, 800)
"""What a learner of level 0 to 4 can use of one turn, cut at a sentence's end."""
LEAST_WORDS = 2
"""What must be left beside a piece of the prompt: "Sure!" only announces it."""
SHINGLE = 6
"""Words in a row shared with the prompt that make a sentence a piece of the prompt."""

MENDINGS = (
    ("stage", mending.without_stage),
    ("markdown", mending.without_markdown),
    ("emoji", mending.without_emoji),
    ("spaces", mending.on_one_line),
    ("cover", mending.uncovered),
)


@dataclass(frozen=True)
class Verdict:
    """``text`` may be taught, or ``rejected`` names why nothing may; ``mended`` names what was taken off."""

    text: str = ""
    rejected: str | None = None
    mended: tuple[str, ...] = ()


def judge(text: str, *, prompt: str = "", canary: str = "", level: int | None = None, cut: bool = False) -> Verdict:
    """Mend or reject one text.

    ``prompt`` is what the speaker was told, which must not be taught; ``canary`` a secret word in it. ``level`` caps
    the length to what the learner can use (None: ``UTTERANCE_CHARACTERS``). ``cut``: the engine stopped the speaker
    in mid-sentence.

    >>> judge("<think>what now?</think> *waves* Hello, **friend**!")
    Verdict(text='Hello, friend!', rejected=None, mended=('thoughts', 'stage', 'markdown'))
    """
    bench = _Bench(text[:HEARD])
    bench.mend("thoughts", own_words.without_thoughts)
    bench.text = bench.text[:KEPT]
    bench.mend("characters", mending.plain_characters)
    if why := "canary" if bench.holds(canary) else rejection.shape(bench.text):
        return Verdict(rejected="thinking" if why == "empty" and "thoughts" in bench.mended else why)
    bench.mend("roles", own_words.own_turn)
    bench.mend("marks", own_words.unmarked)
    if not bench.text:
        return Verdict(rejected="role")
    for name, mending_of in MENDINGS:
        bench.mend(name, mending_of)
    if prompt:
        bench.mend("prompt", lambda said: _unprompted(said, prompt))
        if "prompt" in bench.mended and len(words(bench.text)) < LEAST_WORDS:
            return Verdict(rejected="prompt")
    if why := "canary" if bench.holds(canary) else rejection.saying(bench.text):
        return Verdict(rejected="prompt" if why == "empty" and "prompt" in bench.mended else why)
    return _fitted(bench.text, tuple(bench.mended), level, cut)


class _Bench:
    """The text while it is mended, and what has been done to it."""

    def __init__(self, text: str) -> None:
        self.text, self.mended = text, list[str]()

    def mend(self, name: str, mending_of: Callable[[str], str]) -> None:
        before, self.text = self.text.strip(), mending_of(self.text)
        if self.text.strip() != before:
            self.mended.append(name)

    def holds(self, secret: str) -> bool:
        """Whether the secret is in it, however it is spelled out."""
        return bool(secret) and squeezed(secret) in squeezed(self.text)


def _unprompted(text: str, prompt: str) -> str:
    """Without the sentences that are pieces of the prompt, and without the piece that it broke off in."""
    shingles, whole = _pieces(prompt)
    said = sentences(text)
    kept = [sentence for sentence in said if not _is_piece(words(sentence), shingles, whole)]
    if len(kept) == len(said):
        return text
    if kept and kept[-1] == said[-1] and kept[-1][-1].isalnum() and squeezed(kept[-1]) in squeezed(prompt):
        kept.pop()
    return " ".join(kept)


@lru_cache(maxsize=16)
def _pieces(prompt: str) -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    """Every ``SHINGLE`` words in a row of a prompt, and its sentences; most turns are told what the last one was."""
    told = words(prompt)
    shingles = frozenset(tuple(told[i : i + SHINGLE]) for i in range(len(told) - SHINGLE + 1))
    return shingles, frozenset(tuple(words(sentence)) for sentence in sentences(prompt))


def _is_piece(found: list[str], shingles: Set[tuple[str, ...]], whole: Set[tuple[str, ...]]) -> bool:
    if len(found) >= 4 and tuple(found) in whole:
        return True
    return any(tuple(found[i : i + SHINGLE]) in shingles for i in range(len(found) - SHINGLE + 1))


_DANGLING = listed("the a an and or but because my your our their very into than")
"""Words that nobody stops at; many others end a question fairly ("What is it for?")."""


def _fitted(text: str, mended: tuple[str, ...], level: int | None, cut: bool) -> Verdict:
    """Finished, and no longer than the learner can use."""
    if text[-1] in ":-–—" or (cut and text[-1] not in '.!?…"”’)') or _dangles(text):
        ends = sentence_ends(text)
        if not ends:
            return Verdict(rejected="unfinished")
        text, mended = text[: ends[-1]], (*mended, "unfinished")
    most = UTTERANCE_CHARACTERS if level is None else LEVEL_CHARACTERS[level]
    if len(text) <= most:
        return Verdict(text, mended=mended)
    ends = sentence_ends(text, most) or sentence_ends(text, UTTERANCE_CHARACTERS)[:1]
    return Verdict(text[: ends[-1]], mended=(*mended, "length")) if ends else Verdict(rejected="endless")


def _dangles(text: str) -> bool:
    return text[-1].isalnum() and words(text[-40:])[-1:] != [] and words(text[-40:])[-1] in _DANGLING
