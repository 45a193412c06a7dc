"""The tutor: reacts to the learner, answers its own last question, teaches something, asks something.

Laws. A turn depends on nothing but the arguments of ``speak``: a tutor that was killed says the same again.
A question is answered by the tutor itself in its next turn, unless the learner's words call for another reaction:
whoever learns *what was said next* learns answers. One reaction a turn.
It is not a language model, and says so when asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..base import Message
from .chance import Chance
from .lessons import ROTATION, Lessons, Moment
from .listening import Library, content, sentences
from .reactions import Heard, Reaction, Reactions
from .topics import Pair, Topic, TutorData

SEED_STEP = 10
FAR = 7_919
ATTEMPTS = 20
"""Other texts that are kept apart for one turn; beyond that they come again."""
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
        attempt: int = 0,
    ) -> str:
        """The tutor's next turn.

        ``history``: the last turns, oldest first, the tutor's own as ``assistant``; two of each suffice.
        ``topic``: one of ``topics()`` or words near one; None lets the tutor go through its own, ten turns each.
        ``level``: 0 (a few words) to 4 (conversation); None grows with ``turn``.
        ``turn``: how many turns the tutor has had in this session. What is said is numbered by it, so that nothing
        comes back too soon; where it is unknown, ``seed`` stands in for it, or else the turns in ``history``.
        ``seed``: a number of the caller's that grows by ten with every turn, and by one when a turn is asked for anew.
        ``attempt``: how often this turn was asked for before; each attempt says something that none before it said.
        """
        mine = [message.text for message in history if message.role == "assistant"]
        turn = _numbered(len(mine), seed) if turn is None else max(0, turn)
        level = level_at(turn) if level is None else min(max(level, 0), 4)
        about = self._topic(topic, turn)
        said: dict[str, None] = {}
        for far in range(3 * ATTEMPTS):
            said[self._turn(history, about, level, turn + far * FAR, is_plain=far > 1)] = None
            if len(said) > attempt % ATTEMPTS:
                break
        return [*said][-1]

    def _turn(self, history: Sequence[Message], about: Topic, level: int, turn: int, *, is_plain: bool) -> str:
        """What is said; ``is_plain``: without a reaction to what was heard, where it was the reaction that failed."""
        mine = [message.text for message in history if message.role == "assistant"]
        before = mine[-1] if mine else ""
        pending = self._library.asked(before, about.name)
        now = Moment(about, turn, level, before=before)
        heard = _heard(history, about, pending, level, self._chance.number("reaction", turn))
        reaction = Reaction() if is_plain else self._reaction(heard, now)
        answer = _answer(pending, level) if pending and reaction.kind in {"praise", "filler"} else ""
        told = _joined(reaction.text, answer, self._opening(about, before, pending, turn, level))
        return _joined(told, self._lessons.give(replace(now, said=told, is_answered=bool(answer))))

    def _reaction(self, heard: Heard | None, now: Moment) -> Reaction:
        """One reaction, and none that would only get in the way."""
        found = self._reactions.to(heard)
        is_idle = found.kind == "filler" and now.level == 0
        return Reaction() if is_idle or (found.kind != "reply" and self._lessons.goes_on(now)) else found

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
        return (self._chance.shuffled(topics, f"lap {lap}") if lap else topics)[place]

    def _opening(self, topic: Topic, before: str, pending: Pair | None, turn: int, level: int) -> str:
        """Leads over to a new topic, and says hello before the first; empty while the topic stays."""
        if before and (
            self._names[topic.name] & set(content(before)) or self._library.is_of(topic.name, before, pending)
        ):
            return ""
        greeting = self._phrase("hello", turn) if not before and (turn == 0 or turn % 40 == 20) else ""
        if level < 2:
            return greeting or self._phrase("topic 0" if level == 0 else "topic", turn).format(topic=topic.name)
        if topic.openings and self._chance.number("open", turn) % 3:
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
    before = history[:-1]
    mine = [message.text for message in before if message.role == "assistant"]
    if not mine or history[-1].role == "assistant":
        return None
    theirs = [message.text for message in before if message.role != "assistant"]
    return Heard(
        history[-1].text,
        asked=mine[-1],
        before=theirs[-1] if theirs else "",
        topic=topic.name,
        pending=pending,
        level=level,
        chance=chance,
    )


def _answer(pair: Pair, level: int) -> str:
    """The answer; at the first levels one sentence of it, not counting a mere *No*."""
    parts = sentences(pair.answer)
    enough = 1 + (len(parts[0].split()) == 1)
    return " ".join(parts[:enough]) if level < 2 else pair.answer


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _names(topic: Topic) -> frozenset[str]:
    nouns = [f"{thing.noun} {thing.many}" for thing in topic.things]
    return frozenset(content(" ".join([topic.name, *topic.also, *nouns])))
