"""What the tutor makes of a learner's words: which question was asked, what is being talked about, was it right."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from .asking import indirect_questions, questions, riddles
from .topics import Fact, Pair, Thing, Topic, TutorData
from .words import stem, words

NEAR = 0.7
LONGEST = 200
BROKEN = 4
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
_EMPTY = frozenset(
    {"a", "an", "the", "do", "does", "did", "is", "are", "am", "be", "was", "were", "please", "now", "so", "and", "but"}
    | {"well", "oh", "to", "of", "in", "it", "that"}
)
_AUXILIARY = frozenset({"do", "does", "did", "is", "are", "was", "were", "can", "could", "would", "will", "color"})
_ASKING = _AUXILIARY - {"color"} | {"what", "where", "when", "why", "who", "whose", "how", "which"}
_NEGATIVE = frozenset(
    {"not", "no", "never", "can't", "cannot", "don't", "doesn't", "isn't", "aren't", "won't", "didn't"}
)

_VAGUE = frozenset(
    {"like", "have", "need", "can", "not", "no", "yes", "i", "you", "one", "our", "their", "his", "her", "its"}
)


def sentences(text: str) -> list[str]:
    """The sentences of a text, with their ends."""
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip(" .!?…")]


@lru_cache(maxsize=32768)
def content(text: str) -> tuple[str, ...]:
    """Stems of the words that carry the meaning, in order, each once."""
    return tuple(dict.fromkeys(stem(word) for word in words(text) if word not in _EMPTY))


def question_in(text: str) -> str:
    """The last question of a text, with or without its mark; empty if there is none."""
    for part in reversed(sentences(text)):
        said = words(part)
        if part.endswith("?") or (len(said) > 1 and said[0] in _ASKING and _is_inverted(said)):
            return part
    return ""


def _is_inverted(said: list[str]) -> bool:
    """*What does a cow say*, *what cow say*, but not *When I am cold, I put on a coat*."""
    return len(said) <= BROKEN or said[0] in _AUXILIARY or said[1] in _AUXILIARY


def is_negative(text: str) -> bool:
    """Whether something is denied."""
    return not _NEGATIVE.isdisjoint(words(text))


class Library:
    """Every question that has an answer, and every thing by the words that name it.

    Questions about things are made when their topic is first needed. What is found never depends on what was made
    before: a search goes through all that is written and the questions of the topics that matter to it.
    """

    def __init__(self, data: TutorData) -> None:
        self._data = data
        self._topics = {topic.name: topic for topic in data.topics}
        self._written: dict[str, dict[str, Pair]] = defaultdict(dict)
        for pair in data.replies:
            self._written[pair.question].setdefault("", pair)
        for topic in data.topics:
            for pair in topic.pairs:
                self._written[pair.question].setdefault(topic.name, pair)
        self._made: dict[str, dict[str, Pair]] = {}
        self._said: dict[str, frozenset[str]] = {}
        self._riddles: dict[str, dict[str, list[Pair]]] = {}

    def asked(self, text: str, topic: str = "") -> Pair | None:
        """The last question in the tutor's own words that it knows the answer to, as answered in ``topic`` if there."""
        for part in reversed(sentences(text)):
            if not part.endswith("?"):
                continue
            written = self._written.get(part, {})
            made = (self._questions(name).get(part) for name in [topic, *self._topics_near(part)])
            if found := written.get(topic) or next((pair for pair in made if pair), None):
                return found
            if written:
                return next(iter(written.values()))
        return None

    def is_of(self, topic: str, text: str, pending: Pair | None) -> bool:
        """Whether the text holds a question or sentence of the topic."""
        if pending is not None and (pending in self._topics[topic].pairs or pending in self._questions(topic).values()):
            return True
        return not self._sentences(topic).isdisjoint(sentences(text))

    def riddles(self, topic: str, noun: str) -> list[Pair]:
        """*What says moo and has two horns?*, as far as only this thing of the topic fits."""
        self._questions(topic)
        return self._riddles[topic][noun]

    def answers(self, question: str, topic: str = "") -> list[Pair]:
        """What is known about a question, nearest wording first; empty when nothing is near enough."""
        key = content(question)
        known = {part for part in key if part in self.vocabulary}
        if not known:
            return []
        own = dict.fromkeys(self._questions(topic).values()) | dict.fromkeys(
            pair for named in self._written.values() if (pair := named.get(topic))
        )
        others = dict.fromkeys(pair for name in self._topics_near(question) for pair in self._questions(name).values())
        others |= dict.fromkeys(pair for named in self._written.values() for pair in named.values())
        for candidates in (own, others):
            if found := [pair for pair in candidates if content(pair.question) == key]:
                return found
        total = sum(self._weight(part) for part in key)
        near = [pair for pair in own | others if known & set(content(pair.question))]
        scored = [(self._nearness(key, total, pair), pair) for pair in near]
        best = max((score for score, _ in scored), default=0.0)
        return [pair for score, pair in scored if score == best] if best >= NEAR else []

    def things_in(self, text: str, topic: str = "") -> list[Thing]:
        """The things a text names, longest names first, each as ``topic`` knows it if it does."""
        found = []
        for known in self._named_in(text):
            found += [thing for name, thing in known if name == topic] or [thing for _, thing in known]
        return found

    def fact_in(self, text: str, things: Sequence[Thing]) -> tuple[Thing, Fact] | None:
        """The fact that a few words mean: *dog run fast* finds that a dog runs fast."""
        said = set(content(text)) - _VAGUE
        best: tuple[int, Thing, Fact] | None = None
        for thing in things:
            rest = said - {stem(word) for word in words(f"{thing.noun} {thing.many}")}
            for fact in thing.facts:
                shared = len(rest & set(content(f"{fact.act} {fact.value}")))
                if shared and (best is None or shared > best[0]):
                    best = (shared, thing, fact)
        return (best[1], best[2]) if best else None

    def known_share(self, text: str) -> float:
        """Share of a text's words that the tutor itself uses; 1.0 for no words."""
        said = words(text)
        known = sum(word in _EMPTY or stem(word) in self.vocabulary for word in said)
        return known / len(said) if said else 1.0

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """In how many of the tutor's sentences and facts a word's stem stands."""
        texts = [f"{p.question} {p.answer}" for named in self._written.values() for p in named.values()]
        for thing in (thing for topic in self._data.topics for thing in topic.things):
            texts.append(f"{thing.noun} {thing.many}")
            texts += [f"{fact.relation} {fact.act} {fact.value}" for fact in thing.facts]
        return Counter(stem(word) for text in texts for word in set(words(text)))

    @cached_property
    def _things(self) -> dict[str, list[tuple[str, Thing]]]:
        found: dict[str, list[tuple[str, Thing]]] = defaultdict(list)
        for topic in self._data.topics:
            for thing in topic.things:
                for name in sorted({thing.noun, thing.many} - {""}):
                    found[" ".join(stem(word) for word in words(name))].append((topic.name, thing))
        return found

    def _named_in(self, text: str) -> Iterator[list[tuple[str, Thing]]]:
        said = [stem(word) for word in words(text)][:LONGEST]
        spans = dict.fromkeys(" ".join(said[i : i + n]) for n in (3, 2, 1) for i in range(len(said) - n + 1))
        return (self._things[span] for span in spans if span in self._things)

    def _topics_near(self, text: str) -> list[str]:
        return list(dict.fromkeys(name for known in self._named_in(text) for name, _ in known))

    def _sentences(self, name: str) -> frozenset[str]:
        """Everything written for a topic."""
        if name not in self._said:
            topic = self._topics[name]
            texts = (
                *topic.lines,
                *topic.tells,
                *(each.answer for each in topic.pairs),
                *(s.text for s in topic.stories),
            )
            self._said[name] = frozenset(part for text in texts for part in sentences(text))
        return self._said[name]

    def _questions(self, name: str) -> dict[str, Pair]:
        """The questions made about the things of a topic, by their wording."""
        if name not in self._topics:
            return {}
        if name not in self._made:
            topic = self._topics[name]
            self._riddles[name] = {thing.noun: _fair_riddles(thing, topic) for thing in topic.things}
            self._made[name] = {
                pair.question: pair
                for thing in reversed(topic.things)
                for pair in [
                    *self._riddles[name][thing.noun],
                    *indirect_questions(thing, self._data.phrases.get("indirect", ())),
                    *questions(thing, tuple(other for other in topic.things if other is not thing)),
                ]
            }
        return self._made[name]

    def _weight(self, part: str) -> float:
        return 9.0 - math.log(1 + self.vocabulary[part])

    def _nearness(self, key: tuple[str, ...], total: float, pair: Pair) -> float:
        other = content(pair.question)
        shared = sum(self._weight(part) for part in key if part in other)
        return shared / (total + sum(self._weight(part) for part in other) - shared)


def _fair_riddles(thing: Thing, topic: Topic) -> list[Pair]:
    others = [_known_of(other) for other in topic.things if other is not thing]
    asked = [(pair, set(content(pair.question)) - {"what", "who"}) for pair in riddles(thing)]
    return [pair for pair, key in asked if not any(key <= known for known in others)]


@lru_cache(maxsize=1024)
def _known_of(thing: Thing) -> frozenset[str]:
    return frozenset(part for fact in thing.facts for part in content(f"{fact.relation} {fact.act} {fact.value}"))


def is_right(heard: str, pair: Pair) -> bool:
    """Whether the learner's words hold what is new in the answer, or the same yes or no."""
    said, answer = words(heard), words(pair.answer)
    if answer[0] in {"yes", "no"} and said:
        return said[0] == answer[0]
    new = set(content(pair.answer)) - set(content(pair.question)) - {"yes", "no", "i", "my", "they", "we", "use"}
    return bool(new & set(content(heard))) and not is_negative(heard)
