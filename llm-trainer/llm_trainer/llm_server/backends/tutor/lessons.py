"""What the tutor teaches and asks in a turn, once it has reacted to the learner.

Five turns are a block about one thing, by one of the plans below. Every turn of a session owns a number, and what is
taught and asked is drawn from a numbered space of combinations, so no lesson comes back before its space is used up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from .chance import ATTEMPTS, Chance
from .grammar import indirect_questions, questions, statements
from .listening import Library, content
from .topics import Pair, Thing, Topic, TutorData

_Item = TypeVar("_Item")
BLOCK = 5
ROTATION = 10
PLANS = (
    ("teach", "teach", "short", "chat", "chat"),
    ("teach", "short", "riddle", "story", "review"),
    ("teach", "chat", "teach", "riddle", "story"),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A turn that is being made up: ``told`` is what it says already, ``pending`` the question it has answered."""

    topic: Topic
    turn: int
    level: int
    pending: Pair | None
    told: str


@dataclass(frozen=True, slots=True)
class _Place:
    """The thing a turn is about, its move, and its number among the turns about that thing."""

    thing: Thing | None
    move: str
    number: int

    def name(self, topic: Topic, move: str) -> str:
        return f"{move} {topic.name} {self.thing.noun if self.thing else ''}"


class Lessons:
    """The second half of every turn."""

    def __init__(self, chance: Chance, data: TutorData, library: Library) -> None:
        self._chance = chance
        self._topics = data.topics
        self._phrases = data.phrases
        self._library = library
        self._statement_lists: dict[tuple[str, str, int], list[str]] = {}
        self._question_lists: dict[tuple[str, str, int], list[Pair]] = {}

    def give(self, now: Moment) -> str:
        """What is taught and asked."""
        place = self._place(now)
        move = place.move
        if move == "story":
            return self._story(now)
        if move == "chat" and now.topic.chats:
            return self._chat(now, place)
        if move in {"short", "review", "riddle"}:
            return self._short(now, place)
        return self._teach(now, place)

    def _place(self, now: Moment) -> _Place:
        block, slot = divmod(now.turn, BLOCK)
        things = now.topic.things
        lap, which = divmod(block, max(1, len(things)))
        order = self._chance.shuffled(len(things), f"{now.topic.name} {lap}")
        move = PLANS[self._chance.number(now.topic.name, block) % len(PLANS)][slot]
        if now.level == 0 and move in {"teach", "riddle", "story"}:
            move = "short" if now.pending else "teach"
        elif move == "story" and not (now.topic.stories or now.topic.lines):
            move = "teach"
        return _Place(things[order[which]] if things else None, move, lap * BLOCK + slot)

    # ── moves ──

    def _teach(self, now: Moment, place: _Place) -> str:
        known = self._statements(now.topic, place.thing, now.level)
        return self._said_and_asked(
            place.name(now.topic, "teach"), place.number, known, self._questions(now.topic, place.thing, now.level), now
        )

    def _chat(self, now: Moment, place: _Place) -> str:
        """Goes on with the chat that is under way, else begins one anywhere."""
        follow = [pair for pair in now.topic.chats if now.pending and pair.question == now.pending.follow]
        if follow and now.level > 0 and now.turn < ROTATION * len(self._topics):
            return follow[0].question
        name = place.name(now.topic, "chat") + (follow[0].question if follow else "")
        own = now.topic.lines + (now.topic.tells if now.level > 2 else ())
        known = [*self._statements(now.topic, place.thing, min(now.level, 2)), *_share(own, now.topic, place.thing)]
        half = known[::2] if follow else known[1::2] or known
        return self._said_and_asked(name, place.number, half, follow or list(now.topic.chats), now)

    def _said_and_asked(self, name: str, number: int, known: list[str], pool: list[Pair], now: Moment) -> str:
        leads = ("", *self._phrases.get(f"lead {min(now.level, 3)}", ()))
        ends = ("", *self._phrases.get("cheer", ()))
        sizes, then = (len(known), len(pool)), (len(leads), len(ends))
        for attempt in range(ATTEMPTS):
            said, asked, lead, end = self._chance.digits(name, number, sizes, then, attempt)
            text, pair = known[said], pool[asked]
            if not _is_told(text, now.told) and not _is_known(pair, f"{now.told} {text}"):
                break
        return " ".join(part for part in (ends[end], leads[lead], text, pair.question) if part)

    def _short(self, now: Moment, place: _Place) -> str:
        """A question alone: on the thing, as a riddle, or on something taught before."""
        pool = self._pool(now, place)
        name = place.name(now.topic, place.move)
        is_review = place.move == "review"
        leads = self._phrases.get("review", ("",)) if is_review else ("", *self._phrases.get("ask", ()))
        ends = ("", *self._phrases.get("cheer", ()))
        mixed, then = ((len(pool), len(leads)), (len(ends),)) if is_review else ((len(pool),), (len(leads), len(ends)))
        for attempt in range(ATTEMPTS):
            asked, lead, end = self._chance.digits(name, place.number, mixed, then, attempt)
            if not _is_known(pool[asked], now.told):
                break
        return " ".join(part for part in (ends[end] if now.told else "", leads[lead], pool[asked].question) if part)

    def _story(self, now: Moment) -> str:
        """A story with or without a question on it, or something of the tutor's own life."""
        topic = now.topic
        own = topic.lines + (topic.tells if now.level > 2 else ())
        items = [(story.text, pair.question) for story in topic.stories for pair in story.pairs]
        items += [(story.text, "") for story in topic.stories]
        stories = len(items)
        items += [(text, question) for text in own for question in [*(pair.question for pair in topic.chats), ""]]
        leads, asides = self._phrases.get("story", ("",)), self._phrases.get("aside", ("",))
        tails, ends = self._phrases.get("tail", ("",)), ("", *self._phrases.get("cheer", ()))
        number = now.turn // BLOCK
        item, lead, more = self._chance.digits(
            f"story {topic.name}", number, (len(items), len(leads)), (len(ends),), attempts=1
        )
        text, question = items[item]
        if item >= stories:
            return " ".join(part for part in (ends[more], asides[lead % len(asides)], text, question) if part)
        tail = tails[self._chance.number("tail", now.turn) % len(tails)]
        return " ".join(part for part in (ends[more], leads[lead], text, question or tail) if part)

    # ── what there is to say ──

    def _pool(self, now: Moment, place: _Place) -> list[Pair]:
        own = self._questions(now.topic, place.thing, now.level)
        if place.move == "riddle" and place.thing is not None:
            return self._library.riddles.get((now.topic.name, place.thing.noun)) or own
        if place.move == "review":
            return self._reviewed(now)
        return own + _share(now.topic.asks, now.topic, place.thing)

    def _reviewed(self, now: Moment) -> list[Pair]:
        """Questions on a topic that may have come one, two, four, eight or sixteen topics ago, else on this one."""
        back = 1 << self._chance.number("back", now.turn) % 5
        here = next(place for place, topic in enumerate(self._topics) if topic.name == now.topic.name)
        other = self._topics[here - back] if now.turn >= back * ROTATION and here >= back else now.topic
        things: tuple[Thing | None, ...] = other.things or (None,)
        thing = things[self._chance.number("review", now.turn) % len(things)]
        return self._questions(other, thing, min(now.level, 2))

    def _statements(self, topic: Topic, thing: Thing | None, level: int) -> list[str]:
        key = (topic.name, thing.noun if thing else "", level)
        if key not in self._statement_lists:
            own = list(topic.lines + topic.tells) if level > 2 else list(topic.lines)
            found = statements(thing, level, self._phrases.get(f"frame {level}", ())) if thing else own
            self._statement_lists[key] = found or ["I like to talk with you."]
        return self._statement_lists[key]

    def _questions(self, topic: Topic, thing: Thing | None, level: int) -> list[Pair]:
        key = (topic.name, thing.noun if thing else "", level)
        if key not in self._question_lists:
            self._question_lists[key] = self._asked_of(topic, thing, level)
        return self._question_lists[key]

    def _asked_of(self, topic: Topic, thing: Thing | None, level: int) -> list[Pair]:
        if thing is None:
            return list(topic.asks + topic.chats)
        found = questions(thing, tuple(other for other in topic.things if other is not thing))
        return found + indirect_questions(thing, self._phrases.get("indirect", ())) if level > 2 else found


def _share(items: tuple[_Item, ...], topic: Topic, thing: Thing | None) -> list[_Item]:
    """The items of a topic that fall to one of its things, so that no two things bring the same."""
    if thing is None:
        return list(items)
    return list(items[topic.things.index(thing) :: len(topic.things)])


def _is_told(text: str, told: str) -> bool:
    """Whether a statement would only repeat what the turn says already."""
    return set(content(text)) <= set(content(told))


def _is_known(pair: Pair, told: str) -> bool:
    """Whether the question has just been asked or answered."""
    return pair.question in told or set(content(pair.answer)) - {"yes", "no"} <= set(content(told))
