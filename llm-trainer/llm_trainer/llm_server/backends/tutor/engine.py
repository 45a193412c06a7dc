"""The tutor: reacts to the learner, answers its own last question, teaches something, asks something.

Laws. A turn depends on nothing but the arguments of ``speak``: a tutor that was killed says the same again.
A question is answered by the tutor itself in its next turn, whatever the learner said: whoever learns *what was said
next* learns answers. It is not a language model, and says so when asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..base import Message
from .chance import Chance
from .lessons import ROTATION, Lessons, Moment
from .listening import Library, content, sentences
from .reactions import Heard, Reactions
from .topics import Pair, Topic, TutorData

SEED_STEP = 10
FAR = 7_919
LEVEL_STARTS = (0, 15, 40, 100, 250)


class Tutor:
    """A caregiver who converses about its topics. The same seed and arguments give the same words."""

    def __init__(self, seed: int, data: TutorData) -> None:
        self._data = data
        self._chance = Chance(seed)
        self._library = Library(data)
        self._reactions = Reactions(self._library, data.phrases)
        self._lessons = Lessons(self._chance, data, self._library)
        self._names = {topic.name: _names(topic) for topic in data.topics}

    def topics(self) -> list[str]:
        """Names of the topics in the order in which they are best taught."""
        return [topic.name for topic in self._data.topics]

    def describe(self) -> str:
        """What speaks here, said plainly."""
        return (
            f"A built-in tutor with {len(self._data.topics)} topics: written sentences and a small grammar, chosen by "
            "rules and a seed. It is not a language model."
        )

    def speak(
        self,
        history: Sequence[Message],
        topic: str | None = None,
        level: int | None = None,
        seed: int | None = None,
        *,
        turn: int | None = None,
    ) -> str:
        """The tutor's next turn.

        ``history``: the last turns, oldest first, the tutor's own as ``assistant``; two of each suffice.
        ``topic``: one of ``topics()`` or words near one; None lets the tutor go through its own, ten turns each.
        ``level``: 0 (a few words) to 4 (conversation); None grows with ``turn``.
        ``turn``: how many turns the tutor has had in this session. What is said is numbered by it, so that nothing
        comes back too soon; where it is unknown, ``seed`` stands in for it, or else the turns in ``history``.
        ``seed``: a number of the caller's that grows by ten with every turn, and by one when a turn is asked for anew.
        """
        mine = [message.text for message in history if message.role == "assistant"]
        turn = _numbered(len(mine), seed) if turn is None else max(0, turn)
        level = level_at(turn) if level is None else min(max(level, 0), 4)
        about = self._topic(topic, turn)
        pending = self._library.asked(mine[-1], about.name) if mine else None
        reaction = self._reactions.to(_heard(history, about, pending, level, self._chance.number("reaction", turn)))
        answer = _answer(pending, level) if pending and not reaction.settles else ""
        opening = self._opening(about, mine, pending, turn, level)
        told = _joined(reaction.text, answer, opening)
        return _joined(told, self._lessons.give(Moment(about, turn, level, pending, told)))

    def _topic(self, wish: str | None, turn: int) -> Topic:
        topics = self._data.topics
        if wish:
            lowered = wish.lower().strip()
            for topic in topics:
                if lowered == topic.name.lower():
                    return topic
            asked = set(content(wish))
            shared = [len(asked & self._names[topic.name]) for topic in topics]
            if max(shared):
                return topics[shared.index(max(shared))]
        lap, place = divmod(turn // ROTATION, len(topics))
        order = self._chance.shuffled(len(topics), f"lap {lap}") if lap else range(len(topics))
        return topics[order[place]]

    def _opening(self, topic: Topic, mine: list[str], pending: Pair | None, turn: int, level: int) -> str:
        """Leads over to a new topic, and says hello before the first; empty while the topic stays."""
        if mine and (
            (pending is not None and topic.name in self._library.topics_of(pending))
            or self._names[topic.name] & set(content(mine[-1]))
        ):
            return ""
        greeting = "" if mine else self._phrase("hello", turn)
        if topic.openings and (not mine or self._chance.number("open", turn) % 2):
            lead = topic.openings[self._chance.number("opening", turn) % len(topic.openings)]
        else:
            lead = self._phrase("topic" if level < 3 else "topic rich", turn).format(topic=topic.name)
        return _joined(greeting, lead)

    def _phrase(self, key: str, turn: int) -> str:
        found = self._data.phrases.get(key, ("",))
        return found[self._chance.number(key, turn) % len(found)]


def level_at(turn: int) -> int:
    """The level at which a session of ``turn`` turns has arrived."""
    return sum(turn >= start for start in LEVEL_STARTS) - 1


def _numbered(count: int, seed: int | None) -> int:
    """A number of the turn that differs between turns: consecutive for consecutive turns, far away for another try."""
    if seed is None:
        return count
    number, attempt = divmod(abs(seed), SEED_STEP)
    return number + attempt * FAR


def _heard(history: Sequence[Message], topic: Topic, pending: Pair | None, level: int, chance: int) -> Heard | None:
    """What the learner said last; None before its first turn."""
    if not history or history[-1].role == "assistant":
        return None
    before = history[:-1]
    mine = [message.text for message in before if message.role == "assistant"]
    theirs = [message.text for message in before if message.role != "assistant"]
    return Heard(
        history[-1].text,
        asked=mine[-1] if mine else "",
        before=theirs[-1] if theirs else "",
        topic=topic.name,
        pending=pending,
        level=level,
        chance=chance,
    )


def _answer(pair: Pair, level: int) -> str:
    """The answer, in one sentence at level 0, in two at level 1."""
    parts = sentences(pair.answer)
    return " ".join(parts[: level + 1]) if level < 2 else pair.answer


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _names(topic: Topic) -> frozenset[str]:
    nouns = [f"{thing.noun} {thing.many}" for thing in topic.things]
    return frozenset(content(" ".join([topic.name, *topic.also, *nouns])))
