"""What the tutor tells and asks in a turn, once it has reacted to the learner.

Ten turns are a visit to a topic, by one of the plans below, a letter for each turn:

    t  states something of a thing         q  asks about it
    o  tells of the tutor's own life       c  asks something personal
    1 2 3  a story in three parts          z  asks about the story
    a  only answers its own last question

A round is one visit to every topic. Each letter takes the next item of its kind from round to round, so nothing comes
back before all of its kind was said; when it does, a lead-in that was not used with it before makes it new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .asking import indirect_questions, questions
from .chance import Chance
from .grammar import Statement, generic, statements
from .listening import Library, content, sentences
from .topics import Pair, Story, Thing, Topic, TutorData

ROTATION = 10
HALF = ROTATION // 2
PLANS = {
    0: ("tqaqacaqat", "tqatqaqaqa", "tqaqaqacat"),
    1: ("tqaqatqaco", "tq123zaqct", "tqtqaqaqco"),
    2: ("tqtqqococt", "tqt123zcqt", "oqctqtqcqo"),
    3: ("tqcqt123zo", "tqtqqcoqco", "oqtcqoqtqo"),
    4: ("oqtcqotqco", "tqq123zcqo", "tcqo123zqo"),
}
PER_VISIT = 3
MOST = {"c": 2, "o": 3}
"""How often the letter stands in one plan, at most; ``PER_VISIT`` is the same of things, for half a plan."""
LONGEST = (5, 6)
"""Words in a sentence at the first two levels."""
FEW = 3
_VAGUE = frozenset({"yes", "no", "have", "can"})


@dataclass(frozen=True, slots=True)
class Moment:
    """A turn that is being made up: ``said`` is what it says already, ``before`` the tutor's turn before it."""

    topic: Topic
    turn: int
    level: int
    before: str = ""
    said: str = ""
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class _Course:
    """What there is to say and ask about one thing at one level, in the order in which it comes."""

    told: tuple[Statement, ...]
    asked: tuple[Pair, ...]


class Lessons:
    """The second half of every turn."""

    def __init__(self, chance: Chance, data: TutorData, library: Library) -> None:
        self._chance = chance
        self._data = data
        self._library = library
        self._indirect = tuple(frame.partition("{")[0] for frame in data.phrases.get("indirect", ()))
        self._courses: dict[tuple[str, str, int], _Course] = {}

    def give(self, now: Moment) -> str:
        """What is told or asked; empty where the answer to the last question is enough."""
        letter = self._letter(now)
        if letter == "a":
            if now.is_answered:
                again = self._again(replace(now, turn=max(0, now.turn - 1)))
                return self._phrase("cheer", now.said, again)
            letter = "t"
        if letter in {"1", "2", "3", "z"}:
            return self._of_story(now, letter)
        if letter in {"c", "o"}:
            return self._of_life(now, letter)
        return self._of_thing(now, letter)

    def goes_on(self, now: Moment) -> bool:
        """Whether the turn is in the middle of a story, where nothing should come between."""
        return self._letter(now) in {"2", "3"} and self._part(now) is not None

    # ── which item comes ──

    def _plan(self, now: Moment) -> str:
        """The plan of this visit; what the topic has not got gives way to its things."""
        plans = PLANS[now.level]
        plan = plans[(self._round(now) + self._chance.number(now.topic.name)) % len(plans)]
        plan = plan if self._chats(now) else plan.replace("c", "q")
        plan = plan if self._own(now) else plan.replace("o", "t")
        return plan if now.topic.stories else plan.translate(_WITHOUT_STORY)

    def _letter(self, now: Moment) -> str:
        return self._plan(now)[now.turn % ROTATION]

    def _round(self, now: Moment) -> int:
        return now.turn // (ROTATION * len(self._data.topics))

    def _number(self, now: Moment, letter: str) -> int:
        """The number of such a turn in this topic: it grows from visit to visit, whatever the level."""
        return self._round(now) * MOST[letter] + self._plan(now)[: now.turn % ROTATION].count(letter)

    # ── things ──

    def _of_thing(self, now: Moment, letter: str) -> str:
        """A statement on the thing of this half of the visit, or a question on it."""
        thing, number = self._thing_and_number(now, letter)
        course = self._course(now.topic, thing, now.level)
        lap, place = divmod(number, len(course.asked if letter == "q" else course.told))
        again = self._times(now.topic, thing, lap)
        if letter == "q":
            question = course.asked[place].question
            is_led = now.level > 2 and not (now.level == 4 and question.startswith(self._indirect))
            return self._lead("ask" if now.level > 1 else "ask 0", question, again + is_led * (now.level - 2))
        said = course.told[place]
        is_named = thing is not None and _names(now.said, generic(thing).text.lower())
        told = said.going_on if is_named and not again else said.text
        told = self._lead(f"lead {min(now.level, 3)}", told, again)
        return f"{told} {self._phrase('remark', told, 1)}" if now.level == 4 and number % 2 else told

    def _thing_and_number(self, now: Moment, letter: str) -> tuple[Thing | None, int]:
        """The thing of this half of the visit, and how many such turns it has had in all rounds."""
        things = now.topic.things
        half, slot = divmod(now.turn % ROTATION, HALF)
        lap, which = divmod(2 * self._round(now) + half, max(1, len(things)))
        earlier = self._plan(now)[half * HALF : half * HALF + slot]
        number = lap * PER_VISIT + sum((each == "q") == (letter == "q") for each in earlier if each in "tqa")
        return (self._chance.shuffled(things, now.topic.name)[which] if things else None), number

    def _again(self, now: Moment) -> int:
        """How often the question of this turn was asked before."""
        if self._letter(now) == "c":
            return self._number(now, "c") // len(self._chats(now))
        if self._letter(now) == "z":
            return self._round(now) // len(now.topic.stories)
        thing, number = self._thing_and_number(now, "q")
        return self._times(now.topic, thing, number // len(self._course(now.topic, thing, now.level).asked))

    def _times(self, topic: Topic, thing: Thing | None, lap: int) -> int:
        """How often something of a thing was said before, where other topics know the thing, too."""
        if thing is None:
            return lap
        knowing = [each.name for each in self._data.topics if any(other.noun == thing.noun for other in each.things)]
        return lap * len(knowing) + knowing.index(topic.name)

    def _course(self, topic: Topic, thing: Thing | None, level: int) -> _Course:
        key = (topic.name, thing.noun if thing else "", level)
        if key not in self._courses:
            self._courses[key] = self._made_course(topic, thing, level)
        return self._courses[key]

    def _made_course(self, topic: Topic, thing: Thing | None, level: int) -> _Course:
        name = f"course {topic.name} {thing.noun if thing else ''}"
        if thing is None:
            told = [Statement(text, text) for text in (*topic.lines, *topic.tells)]
            return _Course(tuple(told) or (_FALLBACK,), (*topic.asks, *topic.chats) or (_ASK_BACK,))
        rivals = tuple(other for other in topic.things if other is not thing)
        asked = questions(thing, rivals)
        share = topic.asks[topic.things.index(thing) :: len(topic.things)]
        if level < 2:
            asked = _short(asked, level)
        if level > 1:
            asked = [*asked, *self._library.riddles(topic.name, thing.noun)[:3]]
        if level > 2:
            asked = [*indirect_questions(thing, self._data.phrases.get("indirect", ())), *asked]
        asked = [
            *self._chance.shuffled(asked, name),
            *(each for each in share if level > 1 or _length(each) <= LONGEST[level]),
        ]
        told = statements(thing, level)
        if level < 2:
            answers = {each.answer for each in asked}
            told = [each for each in told if each.text not in answers] or told
        first = 1 if level == 0 else 0
        told = told[:first] + self._chance.shuffled(told[first:], name)
        return _Course(tuple(told) or (_FALLBACK,), tuple(_apart(asked, told)) or (_ASK_BACK,))

    # ── the tutor's own life ──

    def _of_life(self, now: Moment, letter: str) -> str:
        number = self._number(now, letter)
        if letter == "c":
            again, place = divmod(number, len(chats := self._chats(now)))
            return self._lead("ask" if now.level > 1 else "ask 0", chats[place].question, again)
        again, place = divmod(number, len(own := self._own(now)))
        return self._lead("aside" if now.level > 1 else "lead 1", own[place], again)

    @staticmethod
    def _chats(now: Moment) -> Sequence[Pair]:
        if now.level > 1:
            return now.topic.chats
        return [each for each in now.topic.chats if _length(each) <= LONGEST[1] and _is_telling(each)]

    @staticmethod
    def _own(now: Moment) -> Sequence[str]:
        lines, tells = now.topic.lines, now.topic.tells
        if now.level < 2:
            return [each for each in lines if len(each.split()) <= LONGEST[1]]
        return (lines, (*lines, *tells), (*tells, *lines))[now.level - 2]

    # ── stories ──

    def _of_story(self, now: Moment, letter: str) -> str:
        part = self._part(now)
        if part is None:
            return self._of_thing(now, "q" if letter == "z" else "t")
        story, again = part
        if letter == "z":
            more, place = divmod(again, len(story.pairs))
            return self._lead("ask" if now.level > 1 else "ask 0", story.pairs[place].question, more + now.level // 4)
        text = _parts(story)[int(letter) - 1]
        if letter == "1":
            return self._lead("story" if now.level > 1 else "story 1", text, again + now.level // 2)
        if letter == "2":
            return self._lead("story on", text, again)
        tail = self._phrase("tail", text, again + now.level // 2)
        return f"{text} {tail}" if tail else text

    def _part(self, now: Moment) -> tuple[Story, int] | None:
        """The story that is being told, and how often it was told before; None where its last part was not said."""
        stories = now.topic.stories
        letter = self._letter(now)
        again, place = divmod(self._round(now), len(stories))
        story = stories[place]
        if letter == "z" and not story.pairs:
            return None
        at = {"1": 0, "2": 1, "3": 2, "z": 3}[letter]
        return (story, again) if at == 0 or _parts(story)[at - 1] in now.before else None

    def _lead(self, key: str, text: str, again: int) -> str:
        """``text`` with the lead-in for saying it for the ``again``-th time; alone for the first."""
        lead = self._phrase(key, text, again)
        return f"{lead} {text}" if lead else text

    def _phrase(self, key: str, text: str, again: int) -> str:
        found = self._data.phrases.get(key, ())
        if not again or not found:
            return ""
        return found[(again - 1 + self._chance.number(f"{key} {text}")) % len(found)]


_WITHOUT_STORY = str.maketrans("123z", "tqtq")
_FALLBACK = Statement("I like to talk with you.", "I like to talk with you.")
_ASK_BACK = Pair("How are you?", "I'm fine, thank you.")


def _names(said: str, name: str) -> bool:
    """Whether the last sentence has the name as its subject."""
    last = (sentences(said) or [""])[-1].lower()
    return last.removeprefix("yes, ").removeprefix("no, ").startswith(f"{name} ")


def _short(pairs: Sequence[Pair], level: int) -> list[Pair]:
    """The pairs that suit a beginner, or else the three shortest, each answer once."""
    once = {pair.answer: pair for pair in sorted(pairs, key=_length, reverse=True)}
    ordered = sorted(once.values(), key=_length)
    return [pair for number, pair in enumerate(ordered) if number < FEW or _length(pair) <= LONGEST[level]]


def _is_telling(pair: Pair) -> bool:
    """Whether the answer's first sentence is more than *Yes, I do.*"""
    return len(sentences(pair.answer)[0].split()) > 3


def _length(pair: Pair) -> int:
    """Words in the question, or in the answer's first sentence, whichever are more."""
    return max(len(pair.question.split()), len(sentences(pair.answer)[0].split()))


def _apart(asked: Sequence[Pair], told: Sequence[Statement]) -> list[Pair]:
    """The questions, ordered so that none asks for what has just been said."""
    left, found = list(asked), list[Pair]()
    while left:
        told_now = told[max(0, len(found) - 1) : len(found) + 2]
        said = set(content(" ".join(each.text for each in told_now))) | _VAGUE
        lately = [_core(pair) for pair in found[-2:]]
        left.sort(key=lambda each: (_core(each) in lately, _core(each) <= said))
        found.append(left.pop(0))
    return found


def _core(pair: Pair) -> frozenset[str]:
    """What the answer says, apart from yes and no."""
    return frozenset(content(pair.answer)) - {"yes", "no"}


def _parts(story: Story) -> tuple[str, str, str]:
    """The story in three parts, the first ones longer."""
    told = sentences(story.text)
    first = -(-len(told) // 3)
    second = first + -(-(len(told) - first) // 2)
    return " ".join(told[:first]), " ".join(told[first:second]), " ".join(told[second:])
