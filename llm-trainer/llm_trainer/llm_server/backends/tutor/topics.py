"""What the tutor knows: topics with things, chats, stories; and how to read them from plain text files.

The format is described for people in ``docs/tutor.md``. A file holds topics one after the other::

    topic: cats                       # the rest of a line after ' #' is a comment
    thing: cat
      is: quiet; soft
      have: a long tail; whiskers
    chat: Do you like cats? = Yes, I do. I like cats.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from llm_trainer.errors import SettingsError

from .words import plural, with_article

HERE = Path(__file__).parent
NUMBERS = ("count", "mass", "plural", "the", "person", "he", "she")
RELATIONS = (
    "kind", "is", "does", "can", "cannot", "say", "color", "made", "from", "taste", "feel", "smell",
    "sound", "look", "for", "young", "where", "when", "how", "why",
)  # fmt: skip
VERBS = (
    "have", "eat", "drink", "need", "like", "give", "make", "wear", "use", "help", "carry", "sell", "fix", "teach",
    "grow", "bring", "keep", "love", "build", "catch", "clean", "cook", "play", "write", "paint", "bake", "plant",
    "protect", "chase", "hide", "hear", "cover", "hold", "pull", "show", "contain", "become", "follow",
)  # fmt: skip
TOPIC_KEYS = ("topic", "also", "open", "thing", "ask", "chat", "line", "tell", "story", "quiz")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer; ``follow`` is the question that may come after it in a chat."""

    question: str
    answer: str
    follow: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something true of a thing: ``Fact("where", "in a nest", "sleep")`` is *sleeps in a nest*."""

    relation: str
    value: str
    act: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be talked about. ``number`` is one of ``NUMBERS``; ``many`` its plural, if it has one."""

    noun: str
    number: str = "count"
    many: str = ""
    facts: tuple[Fact, ...] = ()

    @property
    def one(self) -> str:
        """How it is named in general: *a dog, milk, the sun, scissors*."""
        if self.number not in {"mass", "plural", "the"}:
            return with_article(self.noun)
        return f"the {self.noun}" if self.number == "the" else self.noun

    @property
    def is_plural(self) -> bool:
        """Whether ``one`` takes a plural verb."""
        return self.number == "plural"


@dataclass(frozen=True, slots=True)
class Story:
    """A few sentences in a row, and questions about them."""

    text: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """Everything the tutor can say about one topic."""

    name: str
    also: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    things: tuple[Thing, ...] = ()
    asks: tuple[Pair, ...] = ()
    chats: tuple[Pair, ...] = ()
    lines: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    stories: tuple[Story, ...] = ()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All written questions with their answers."""
        return (*self.asks, *self.chats, *(pair for story in self.stories for pair in story.pairs))


@dataclass(frozen=True, slots=True)
class TutorData:
    """All topics in the order in which they are best taught, and the phrases used with all of them."""

    topics: tuple[Topic, ...]
    phrases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    replies: tuple[Pair, ...] = ()

    @classmethod
    def load(cls, folder: Path = HERE / "topics") -> TutorData:
        """Read every ``*.txt`` of ``folder`` in the order of their names; ``phrases.txt`` and ``replies.txt`` apart.

        Raises SettingsError naming file and line where a file cannot be understood.
        """
        own = {"phrases.txt", "replies.txt"}
        topics = [topic for path in sorted(folder.glob("*.txt")) if path.name not in own for topic in read_topics(path)]
        twice = {topic.name for topic in topics if [other.name for other in topics].count(topic.name) > 1}
        if not topics or twice:
            problem = f"topic {min(twice)!r} is there twice" if twice else "there is no topic"
            raise SettingsError(f"{folder}: {problem}", remedy="give every topic a name of its own")
        return cls(tuple(topics), _phrases(folder / "phrases.txt"), tuple(_replies(folder / "replies.txt")))


@dataclass(frozen=True, slots=True)
class _Line:
    path: Path
    number: int
    key: str
    value: str

    def wrong(self, problem: str, remedy: str) -> SettingsError:
        return SettingsError(f"{self.path.name}, line {self.number}: {problem}", remedy=remedy)

    @property
    def values(self) -> list[str]:
        return [part.strip() for part in self.value.split(";") if part.strip()]

    def halves(self) -> tuple[str, str]:
        left, sign, right = self.value.partition(" = ")
        if not (sign and left.strip() and right.strip()):
            raise self.wrong(f"{self.value!r} has no ' = '", "write: left side = right side")
        return left.strip(), right.strip()

    def pair(self) -> Pair:
        question, answer = self.halves()
        if not question.endswith("?") or answer[-1:] not in ".!?":
            raise self.wrong(f"{self.value!r} is no question with its answer", "write: Question? = Answer.")
        return Pair(question, answer)


def _lines(path: Path) -> Iterator[_Line]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", remedy="save it as plain text in UTF-8") from error
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        key, colon, value = line.partition(":")
        if not colon or not value.strip():
            raise SettingsError(f"{path.name}, line {number}: {line!r} is no 'key: value'", remedy="write key: value")
        yield _Line(path, number, key.strip(), value.strip())


def read_topics(path: Path) -> list[Topic]:
    """The topics of one file."""
    topics: list[_Draft] = []
    for line in _lines(path):
        if line.key == "topic":
            topics.append(_Draft(line.value))
        elif not topics:
            raise line.wrong("nothing may stand before the first topic", "begin the file with topic: NAME")
        else:
            topics[-1].add(line)
    return [draft.topic() for draft in topics]


@dataclass
class _Draft:
    """A topic while its lines are read."""

    name: str
    lists: dict[str, list[str]] = field(default_factory=dict)
    things: list[tuple[Thing, list[Fact]]] = field(default_factory=list)
    pairs: dict[str, list[Pair]] = field(default_factory=dict)
    stories: list[tuple[str, list[Pair]]] = field(default_factory=list)

    def add(self, line: _Line) -> None:
        if line.key in {"also", "open", "line", "tell"}:
            if line.key != "also" and line.value[-1] not in ".!?":
                raise line.wrong(f"{line.value!r} is no whole sentence", "end it with a full stop")
            values = line.values if line.key == "also" else [line.value]
            self.lists.setdefault(line.key, []).extend(values)
        elif line.key in {"ask", "chat"}:
            self.pairs.setdefault(line.key, []).append(line.pair())
        elif line.key == "story":
            self.stories.append((line.value, []))
        elif line.key == "quiz":
            if not self.stories:
                raise line.wrong("a quiz needs its story", "put a story: line before it")
            self.stories[-1][1].append(line.pair())
        elif line.key == "thing":
            self.things.append((_thing(line), []))
        else:
            self._add_fact(line)

    def _add_fact(self, line: _Line) -> None:
        if line.key not in RELATIONS + VERBS:
            near = difflib.get_close_matches(line.key, TOPIC_KEYS + RELATIONS + VERBS, 1)
            raise line.wrong(f"{line.key!r} is unknown", f"did you mean {near[0]!r}?" if near else "see docs/tutor.md")
        if not self.things:
            raise line.wrong(f"{line.key!r} says something of no thing", "put a thing: line before it")
        facts = self.things[-1][1]
        if line.key in {"where", "when", "how", "why"}:
            act, value = line.halves()
            facts.append(Fact(line.key, value, act))
        else:
            facts.extend(Fact(line.key, value) for value in line.values)
        self._check(line, facts)

    @staticmethod
    def _check(line: _Line, facts: list[Fact]) -> None:
        for fact in facts:
            if re.match(r"\w+ and \w+", fact.act or (fact.value if fact.relation == "does" else "")):
                raise line.wrong(f"{line.value!r} has two verbs", "give each verb a value of its own, with ';' between")
            if fact.relation == "is" and " or " in fact.value:
                raise line.wrong(f"{fact.value!r} leaves open how it is", f"write can: be {fact.value}")

    def topic(self) -> Topic:
        things = tuple(Thing(t.noun, t.number, t.many, tuple(facts)) for t, facts in self.things)
        strings = {key: tuple(found) for key, found in self.lists.items()}
        return Topic(
            self.name, strings.get("also", ()), strings.get("open", ()), things, tuple(self.pairs.get("ask", ())),
            _chained(self.pairs.get("chat", [])), strings.get("line", ()), strings.get("tell", ()),
            tuple(Story(text, tuple(pairs)) for text, pairs in self.stories),
        )  # fmt: skip


def _thing(line: _Line) -> Thing:
    """``dog`` · ``mouse / mice`` · ``milk (mass)`` · ``sun (the)`` · ``scissors (plural)`` · ``doctor (person)``."""
    text, _, number = line.value.rstrip(")").partition(" (")
    noun, _, many = (part.strip() for part in text.partition("/"))
    number = number.strip() or "count"
    if number not in NUMBERS:
        raise line.wrong(f"({number}) is unknown", f"use one of {', '.join(NUMBERS)}, or nothing")
    return Thing(noun, number, "" if number in {"mass", "plural", "the"} else many or plural(noun))


def _chained(pairs: list[Pair]) -> tuple[Pair, ...]:
    """Each chat with the question of the one below it."""
    following = [pair.question for pair in pairs[1:]] + [""]
    return tuple(Pair(p.question, p.answer, after) for p, after in zip(pairs, following, strict=True))


def _phrases(path: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in _lines(path):
        found.setdefault(line.key, []).append(line.value)
    return {key: tuple(values) for key, values in found.items()}


def _replies(path: Path) -> Iterator[Pair]:
    for line in _lines(path):
        if line.key != "reply":
            raise line.wrong(f"{line.key!r} is unknown", "write reply: Question? = Answer.")
        yield line.pair()
