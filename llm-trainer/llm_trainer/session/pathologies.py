"""How talk between two machines goes wrong, and what is done about it.

Everything is judged from the last few turns. What the learner does alone (a beginner echoes and repeats) calls for a
nudge at most; only where the teacher takes part does the ladder go on: nudge, new topic, fresh context, pause.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from itertools import pairwise

from llm_trainer.session.dialogue import Speaker, Turn
from llm_trainer.session.function_words import ENGLISH
from llm_trainer.session.language import is_foreign
from llm_trainer.session.wording import listed, words

WATCHED_TURNS = 12
"""Turns that the detectors look back on, across conversations."""
WELL_EXCHANGES = 3
"""Exchanges without a symptom after which the ladder starts from below again."""
TALKER = 4
"""The level of a learner that talks."""
LEARNER_NUDGE_EXCHANGES = 8
"""Exchanges between two nudges for what the learner does alone."""


@dataclass(frozen=True)
class Symptom:
    """One way in which the newest exchange is part of something that goes wrong."""

    kind: str
    learner_only: bool = False


@dataclass(frozen=True)
class _Talk:
    """The words of the last turns, oldest first."""

    teacher: tuple[tuple[str, ...], ...]
    learner: tuple[tuple[str, ...], ...]
    turns: tuple[Turn, ...]

    @property
    def newest(self) -> tuple[str, ...]:
        return self.teacher[-1]


def symptom(turns: Sequence[Turn], level: int = TALKER) -> Symptom | None:
    """What the newest exchange suffers from, the gravest first; None if nothing. ``turns``: oldest first.

    A learner of the lowest ``level`` says little, and that again and again: it is meant to.
    """
    talk = _talk(turns[-WATCHED_TURNS:])
    if not talk.teacher:
        return None
    for kind, found in _SHARED:
        if found(talk):
            return Symptom(kind)
    if level == 0:
        return None
    return next((Symptom(kind, learner_only=True) for kind, found in _LEARNERS if found(talk)), None)


def _talk(turns: Sequence[Turn]) -> _Talk:
    said = [(turn.speaker, _words_of(turn.text)) for turn in turns]
    teacher = tuple(found for speaker, found in said if speaker is Speaker.TEACHER)
    return _Talk(teacher, tuple(found for speaker, found in said if speaker is Speaker.LEARNER), tuple(turns))


@lru_cache(maxsize=256)
def _words_of(text: str) -> tuple[str, ...]:
    """Kept, as each turn is looked at again while it is among the last ones."""
    return tuple(words(text))


# ---------------------------------------------------------------- the same again


def _alike(one: Sequence[str], other: Sequence[str]) -> float:
    """Shared words over all words (Jaccard 1901), 1.0 for the same words."""
    first, second = set(one), set(other)
    return len(first & second) / len(first | second) if first or second else 1.0


def _is_repeated(talk: _Talk) -> bool:
    """Word for word on end: twice if it is a sentence, three times if it is a word or two; or most of the time.

    A phrase that comes now and then between other things ("That is right! Another one?") is none.
    """
    on_end = 2 if len(talk.newest) >= 5 else 3
    if len(talk.teacher) >= on_end and set(talk.teacher[-on_end:]) == {talk.newest}:
        return True
    return talk.teacher[:-1].count(talk.newest) >= 3


def _is_nearly_repeated(talk: _Talk) -> bool:
    if len(talk.newest) < 4:
        return False
    return sum(_alike(talk.newest, earlier) >= 0.7 for earlier in talk.teacher[:-1]) >= 2


def _is_two_cycle(talk: _Talk) -> bool:
    """A, B, A, B."""
    last = talk.teacher[-4:]
    return len(last) == 4 and last[0] == last[2] != last[1] == last[3]


def _is_echoed(talk: _Talk) -> bool:
    """The teacher says what the learner just said, twice within three exchanges."""
    answers = list(zip(talk.learner, talk.teacher[1:], strict=False))[-3:]
    echoes = [len(said) >= 2 and _alike(heard, said) >= 0.8 for heard, said in answers]
    return bool(echoes) and echoes[-1] and sum(echoes) >= 2


# ---------------------------------------------------------------- nothing but manners

_MANNERS = listed(
    """
    thank thanks thankyou welcome bye goodbye farewell cheers pleasure appreciate grateful kind kindly nice
    great lovely wonderful care later soon day evening night afternoon weekend week tomorrow chat chatting
    talking talk meeting meet again ahead hope good best wishes likewise same enjoyed enjoy fun safe travels
    luck well ok okay sure problem worries time see next take always never mention anytime much lot really
    everything until then conversation friend glad happy
    """
)
_PARTING = listed("thank thanks thankyou welcome bye goodbye farewell cheers appreciate likewise pleasure grateful")
_PARTINGS = (("see", "you"), ("take", "care"), ("good", "night"), ("nice", "day"), ("great", "day"), ("same", "to"),
             ("you", "too"), ("talk", "soon"), ("lovely", "talking"), ("nice", "talking"), ("have", "a"))  # fmt: skip


def _is_manners(found: Sequence[str]) -> bool:
    """Thanks or a good-bye and hardly anything else."""
    if not found or len(found) > 25:
        return False
    parting = any(word in _PARTING for word in found) or any(pair in _PARTINGS for pair in pairwise(found))
    said = [word for word in found if word not in ENGLISH]
    return parting and sum(word in _MANNERS for word in said) >= 0.75 * len(said)


def _is_spiral(talk: _Talk) -> bool:
    """Two exchanges and more of manners, the teacher's part of them all."""
    teacher = [_is_manners(found) for found in talk.teacher[-3:]]
    learner = [_is_manners(found) for found in talk.learner[-2:]]
    return teacher[-2:] == [True, True] and (any(learner) or teacher == [True] * 3)


# ---------------------------------------------------------------- a shrinking world, another language


def _content(found: Sequence[str]) -> list[str]:
    return [word for word in found if word not in ENGLISH]


def _is_collapsed(talk: _Talk) -> bool:
    """Five turns of the teacher, or three of both sides, over the same few words; the newest adds none.

    A learner that only echoes says nothing of its own, so its echoes do not count.
    """
    pairs = list(zip(talk.teacher, talk.learner, strict=False))[-3:]
    own = [said for heard, said in pairs if _alike(heard, said) < 0.6]
    return any(_is_small_world(turns) for turns in (talk.teacher[-5:], (*own, *talk.teacher[-3:])))


def _is_small_world(turns: Sequence[Sequence[str]]) -> bool:
    last = [_content(found) for found in turns]
    said = [word for found in last for word in found]
    if len(last) < 4 or len(said) < 7 or not last[-1]:
        return False
    earlier = {word for found in last[:-1] for word in found}
    known = sum(word in earlier for word in last[-1])
    return len(set(said)) <= min(8, 0.45 * len(said)) and known >= 0.8 * len(last[-1])


def _has_drifted(talk: _Talk) -> bool:
    """The newest turn and one more of the teacher's last three are not English."""
    spoken = [turn.text for turn in talk.turns if turn.speaker is Speaker.TEACHER][-3:]
    foreign = [is_foreign(text) for text in spoken]
    return foreign[-1] and sum(foreign) >= 2


# ---------------------------------------------------------------- the learner's part


def _learner_repeats(talk: _Talk) -> bool:
    return len(talk.learner) >= 4 and len(set(talk.learner[-4:])) == 1 and talk.learner[-1] != ()


def _learner_echoes(talk: _Talk) -> bool:
    pairs = list(zip(talk.teacher, talk.learner, strict=False))[-4:]
    return len(pairs) == 4 and sum(len(said) >= 2 and _alike(heard, said) >= 0.8 for heard, said in pairs) >= 3


def _learner_drifts(talk: _Talk) -> bool:
    spoken = [turn.text for turn in talk.turns if turn.speaker is Speaker.LEARNER][-4:]
    return sum(is_foreign(text) for text in spoken) >= 3


_SHARED: tuple[tuple[str, Callable[[_Talk], bool]], ...] = (
    ("drift of language", _has_drifted),
    ("echo", _is_echoed),
    ("two-cycle", _is_two_cycle),
    ("politeness spiral", _is_spiral),
    ("repetition", _is_repeated),
    ("near repetition", _is_nearly_repeated),
    ("topic collapse", _is_collapsed),
)
_LEARNERS: tuple[tuple[str, Callable[[_Talk], bool]], ...] = (
    ("learner repeats", _learner_repeats),
    ("learner echoes", _learner_echoes),
    ("learner drifts", _learner_drifts),
)
KINDS: tuple[str, ...] = tuple(name for name, _ in _SHARED)
LEARNER_KINDS: tuple[str, ...] = tuple(name for name, _ in _LEARNERS)


# ---------------------------------------------------------------- the ladder


class Remedy(str, Enum):
    """What is done, the mildest first."""

    NUDGE = "nudge"
    NEW_TOPIC = "new-topic"
    FRESH_CONTEXT = "fresh-context"
    PAUSE = "pause"


_RUNGS = tuple(Remedy)


@dataclass(frozen=True)
class Ladder:
    """How far the remedies have gone: ``rung`` of them since the talk was last well for a while.

    >>> ladder, remedy = Ladder().climb(Symptom("echo"))
    >>> ladder.rung, remedy.value, ladder.climb(Symptom("echo"))[1].value
    (1, 'nudge', 'new-topic')
    """

    rung: int = 0
    well: int = 0
    since_nudge: int = LEARNER_NUDGE_EXCHANGES

    def climb(self, found: Symptom | None) -> tuple[Ladder, Remedy | None]:
        """One exchange is over: the ladder after it, and what to do now. After a pause it begins from below."""
        after = replace(self, since_nudge=self.since_nudge + 1)
        if found is not None and not found.learner_only:
            return Ladder((self.rung + 1) % len(_RUNGS), 0, 0), _RUNGS[self.rung]
        well = self.well + 1
        after = replace(after, well=well, rung=0 if well >= WELL_EXCHANGES else self.rung)
        if found is not None and self.since_nudge >= LEARNER_NUDGE_EXCHANGES:
            return replace(after, since_nudge=0), Remedy.NUDGE
        return after, None
