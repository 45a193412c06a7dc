"""The tutor: reacts to the learner, answers its own last question, teaches something, asks something.

Laws. A turn depends on nothing but the arguments of ``speak``: a tutor that was killed says the same again.
Whatever is taught and asked is drawn from a numbered space of combinations; each turn of a session owns one number
(``_draw`` is a permutation), so no whole utterance comes back before a topic's space is used up.
A question is answered by the tutor itself in its next turn, whatever the learner said: whoever learns
*what was said next* learns answers.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

from ..base import Message
from .grammar import indirect_questions, questions, statements
from .listening import Library, content, sentences
from .reactions import Reactions
from .topics import Pair, Thing, Topic, TutorData

BLOCK = 5
ROTATION = 10
LEVEL_STARTS = (0, 15, 40, 100, 250)
_PLANS = (
    ("teach", "teach", "short", "chat", "chat"),
    ("teach", "short", "riddle", "story", "review"),
    ("teach", "chat", "teach", "riddle", "story"),
)


class Tutor:
    """A caregiver who converses about its topics. The same seed and arguments give the same words."""

    def __init__(self, seed: int, data: TutorData) -> None:
        self._seed = seed
        self._data = data
        self._phrases = data.phrases
        self._library = Library(data)
        self._reactions = Reactions(self._library, data)
        self._names = {topic.name: _names(topic) for topic in data.topics}
        self._statement_lists: dict[tuple[str, str, int], list[str]] = {}
        self._question_lists: dict[tuple[str, str, int], list[Pair]] = {}

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
        self, history: Sequence[Message], topic: str | None = None, level: int | None = None, turn: int | None = None
    ) -> str:
        """The tutor's next turn.

        ``history``: the last turns, oldest first, the tutor's own as ``assistant``; two of each suffice.
        ``topic``: one of ``topics()`` or words near one; None lets the tutor go through its own.
        ``level``: 0 (a few words) to 4 (conversation); None grows with ``turn``.
        ``turn``: how many turns the tutor has had in this session; None counts those in ``history``.
        """
        mine = [message.text for message in history if message.role == "assistant"]
        heard = history[-1].text if history and history[-1].role != "assistant" else None
        earlier = [message.text for message in history[:-1] if message.role != "assistant"]
        turn = len(mine) if turn is None else max(0, turn)
        level = level_at(turn) if level is None else min(max(level, 0), 4)
        about = self._topic(topic, turn)
        pending = self._library.asked(mine[-1]) if mine else None
        reaction = self._reactions.to(heard, pending, mine[-1:], earlier[-1:], level, self._chance(turn, "reaction"))
        answer = self._answer(pending, level) if pending and not reaction.settles else ""
        opening = self._opening(about, mine, pending, turn, level)
        told = " ".join(part for part in (reaction.text, answer, opening) if part)
        lesson = self._lesson(about, turn, level, pending, told)
        return " ".join(part for part in (told, lesson) if part)

    # ── what it is about ──

    def _topic(self, wish: str | None, turn: int) -> Topic:
        topics = self._data.topics
        if wish:
            lowered = wish.lower().strip()
            for topic in topics:
                if lowered == topic.name.lower():
                    return topic
            asked = set(content(wish))
            near = [(len(asked & self._names[topic.name]), -number) for number, topic in enumerate(topics)]
            if max(near)[0]:
                return topics[-max(near)[1]]
        lap, place = divmod(turn // ROTATION, len(topics))
        order = range(len(topics)) if lap == 0 else self._shuffled(len(topics), f"lap {lap}")
        return topics[order[place]]

    def _opening(self, topic: Topic, mine: list[str], pending: Pair | None, turn: int, level: int) -> str:
        begun = bool(mine) and (
            bool(self._names[topic.name] & set(content(mine[-1])))
            or (pending is not None and self._library.topic_of(pending) == topic.name)
        )
        if begun:
            return ""
        greeting = "" if mine else self._phrase("hello", turn)
        written = topic.openings
        key = "topic" if level < 3 else "topic rich"
        lead = self._phrase(key, turn).format(topic=topic.name)
        if written and (not mine or self._chance(turn, "open") % 2):
            lead = written[self._chance(turn, "opening") % len(written)]
        return f"{greeting} {lead}".strip()

    # ── what it teaches ──

    def _lesson(self, topic: Topic, turn: int, level: int, pending: Pair | None, told: str) -> str:
        block, slot = divmod(turn, BLOCK)
        lap, place = divmod(block, max(1, len(topic.things)))
        order = self._shuffled(len(topic.things), f"{topic.name} {lap}") if topic.things else [0]
        thing = topic.things[order[place]] if topic.things else None
        plan = _PLANS[self._chance(block, topic.name) % len(_PLANS)]
        move = plan[slot]
        number = lap * BLOCK + slot
        if level == 0 and pending is not None and move not in {"chat", "review"}:
            move = "short"
        if move == "story" and not (topic.stories or topic.tells):
            move = "teach"
        if move == "story" and level > 0:
            return self._story(topic, turn, level)
        if move == "chat" and topic.chats:
            return self._chat(topic, thing, number, level, pending, told)
        pool = self._pool(topic, thing, level, move, turn)
        if move in {"short", "review", "riddle"}:
            return self._short(topic, thing, pool, number, level, move, told)
        return self._teach(topic, thing, pool, number, level, told)

    def _pool(self, topic: Topic, thing: Thing | None, level: int, move: str, turn: int) -> list[Pair]:
        own = self._questions(topic, thing, level)
        if move == "riddle" and level > 0 and thing is not None:
            return self._library.riddles.get((topic.name, thing.noun)) or own
        if move == "review":
            return self._reviewed(topic, turn, level)
        return own + list(topic.asks) if move == "short" else own

    def _reviewed(self, topic: Topic, turn: int, level: int) -> list[Pair]:
        """Questions on what came one, two, four … blocks ago, in this topic or in those before it."""
        topics = self._data.topics
        here = topics.index(topic)
        back = 1 << self._chance(turn, "back") % 5
        other = topics[here - back] if turn >= back * ROTATION else topic
        things = other.things or (None,)
        thing = things[self._chance(turn, "review") % len(things)]
        return self._questions(other, thing, min(level, 2))

    def _teach(self, topic: Topic, thing: Thing | None, pool: list[Pair], number: int, level: int, told: str) -> str:
        known = self._statements(topic, thing, level)
        name = f"teach {topic.name} {thing.noun if thing else ''}"
        text, asked, lead = self._said_and_asked(name, known, pool, number, level, told)
        if text in told:
            return asked
        return f"{lead} {text} {asked}".strip()

    def _short(
        self, topic: Topic, thing: Thing | None, pool: list[Pair], number: int, level: int, move: str, told: str
    ) -> str:
        leads = ("", *self._phrases.get("ask", ()))
        if move == "review":
            leads = self._phrases.get("review", ("",))
        ends = ("", *self._phrases.get("cheer", ()))
        name = f"{move} {topic.name} {thing.noun if thing else ''}"
        if move == "review":
            asked, lead, end = self._draw(name, number, (len(pool), len(leads)), (len(ends),))
        else:
            asked, lead, end = self._draw(name, number, (len(pool),), (len(leads), len(ends)))
        question = self._other_than(pool, asked, told)
        return " ".join(part for part in (ends[end] if told else "", leads[lead], question) if part)

    def _chat(
        self, topic: Topic, thing: Thing | None, number: int, level: int, pending: Pair | None, told: str
    ) -> str:
        known = [*self._statements(topic, thing, min(level, 2)), *topic.lines]
        if level > 2:
            known += topic.tells
        follow = [pair for pair in topic.chats if pending and pair.question == pending.follow]
        pool = follow or list(topic.chats)
        name = f"chat {topic.name} {thing.noun if thing else ''} {follow[0].question if follow else ''}"
        text, asked, lead = self._said_and_asked(name, known, pool, number, level, told)
        if text in told or (follow and len(sentences(told)) > 1 and self._chance(number, name) % 2):
            return asked
        return f"{lead} {text} {asked}".strip()

    def _said_and_asked(
        self, name: str, known: list[str], pool: list[Pair], number: int, level: int, told: str
    ) -> tuple[str, str, str]:
        leads = ("", *self._phrases.get(f"lead {min(level, 3)}", ("",)))
        statement, asked, lead = self._draw(name, number, (len(known), len(pool)), (len(leads),))
        text = known[statement]
        return text, self._other_than(pool, asked, told + text), leads[lead]

    def _story(self, topic: Topic, turn: int, level: int) -> str:
        items: list[tuple[str, str]] = []
        for story in topic.stories:
            items += [(story.text, pair.question) for pair in story.pairs] + [(story.text, "")]
        told = [*topic.lines, *topic.tells] if level > 2 else topic.lines
        later = [pair.question for pair in topic.chats]
        items += [(text, question) for text in told for question in [*later, ""]]
        leads = self._phrases.get("story", ("",))
        tails = self._phrases.get("tail", ("",))
        item, lead, tail = self._draw(f"story {topic.name}", turn // BLOCK, (len(items), len(leads), len(tails)))
        text, question = items[item]
        is_story = any(text == story.text for story in topic.stories)
        parts = (
            (leads[lead], text, "" if question else tails[tail], question)
            if is_story
            else (self._phrases.get("aside", ("",))[lead % len(self._phrases.get("aside", ("",)))], text, question)
        )
        return " ".join(part for part in parts if part)

    # ── how it is drawn ──

    def _draw(self, name: str, number: int, mixed: Sequence[int], then: Sequence[int] = ()) -> list[int]:
        """One digit for each size; no two numbers below the product of all sizes get the same digits.

        The ``mixed`` sizes are gone through in a seeded order. The digits of ``then`` stay 0 (no lead-in) until that
        is done, and change with every further lap: plain speech first, variation where it is needed.
        """
        total = math.prod(mixed)
        lap, place = divmod(number, total)
        step = int(total * 0.618) or 1
        while math.gcd(step, total) != 1:
            step += 1
        left = (place * step + self._chance(lap, name)) % total
        digits = []
        for size in mixed:
            left, digit = divmod(left, size)
            digits.append(digit)
        for size in then:
            lap, digit = divmod(lap, size)
            digits.append(1 + (digit - 1 + self._chance(0, name)) % (size - 1) if digit else 0)
        return digits

    def _chance(self, turn: int, name: str) -> int:
        return zlib.crc32(f"{self._seed}|{turn}|{name}".encode())

    def _shuffled(self, size: int, name: str) -> list[int]:
        return sorted(range(size), key=lambda number: self._chance(number, name))

    def _phrase(self, key: str, turn: int) -> str:
        found = self._phrases.get(key, ("",))
        return found[self._chance(turn, key) % len(found)]

    def _other_than(self, pool: list[Pair], digit: int, told: str) -> str:
        """The question drawn, or the next one whose answer has not just been given."""
        for step in range(len(pool)):
            pair = pool[(digit + step) % len(pool)]
            if pair.question not in told and pair.answer not in told:
                return pair.question
        return pool[digit].question

    def _statements(self, topic: Topic, thing: Thing | None, level: int) -> list[str]:
        key = (topic.name, thing.noun if thing else "", level)
        if key not in self._statement_lists:
            self._statement_lists[key] = self._statements_of(topic, thing, level)
        return self._statement_lists[key]

    def _questions(self, topic: Topic, thing: Thing | None, level: int) -> list[Pair]:
        key = (topic.name, thing.noun if thing else "", level)
        if key not in self._question_lists:
            self._question_lists[key] = self._questions_of(topic, thing, level)
        return self._question_lists[key]

    def _statements_of(self, topic: Topic, thing: Thing | None, level: int) -> list[str]:
        if thing is None:
            return list(topic.lines if level < 3 else topic.lines + topic.tells)
        return statements(thing, level, self._phrases.get(f"frame {level}", ()))

    def _questions_of(self, topic: Topic, thing: Thing | None, level: int) -> list[Pair]:
        if thing is None:
            return list(topic.asks + topic.chats)
        rivals = tuple(other for other in topic.things if other is not thing)
        direct = questions(thing, rivals)
        return direct + (indirect_questions(thing, self._phrases.get("indirect", ())) if level > 2 else [])

    def _answer(self, pair: Pair, level: int) -> str:
        parts = sentences(pair.answer)
        return " ".join(parts[: max(1, level + 1)]) if level < 2 else pair.answer


def level_at(turn: int) -> int:
    """The level at which a session of ``turn`` turns has arrived."""
    return sum(turn >= start for start in LEVEL_STARTS) - 1


def _names(topic: Topic) -> frozenset[str]:
    nouns = [f"{thing.noun} {thing.many}" for thing in topic.things]
    return frozenset(content(" ".join([topic.name, *topic.also, *nouns])))
