"""What the tutor makes of a learner's words: which question was asked, what is being talked about, was it right."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from .grammar import indirect_questions, questions, riddles
from .topics import Fact, Pair, Thing, Topic, TutorData
from .words import stem, words

_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
_EMPTY = frozenset(
    {"a", "an", "the", "do", "does", "did", "is", "are", "am", "be", "was", "were", "please", "now", "so", "and", "but"}
    | {"well", "oh", "to", "of", "in", "it", "that"}
)
_ASKING = frozenset(
    {"what", "where", "when", "why", "who", "whose", "how", "which", "do", "does", "did", "is", "are", "can", "could"}
    | {"would", "will"}
)
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
        if part.endswith("?") or (len(said) > 1 and said[0] in _ASKING):
            return part
    return ""


def is_negative(text: str) -> bool:
    """Whether something is denied."""
    return not _NEGATIVE.isdisjoint(words(text))


class Library:
    """Every question that has an answer, and every thing by the words that name it."""

    def __init__(self, data: TutorData) -> None:
        self._asked: dict[str, dict[str, Pair]] = defaultdict(dict)
        self._by_content: dict[tuple[str, ...], list[Pair]] = defaultdict(list)
        self._by_stem: dict[str, list[Pair]] = defaultdict(list)
        self._things: dict[str, list[tuple[str, Thing]]] = defaultdict(list)
        self.riddles: dict[tuple[str, str], list[Pair]] = defaultdict(list)
        frames = data.phrases.get("indirect", ())
        for pair in data.replies:
            self._add(pair, "")
        for topic in data.topics:
            for pair in _topic_pairs(topic, frames):
                self._add(pair, topic.name)
            for thing in topic.things:
                for name in {thing.noun, thing.many} - {""}:
                    self._things[" ".join(stem(word) for word in words(name))].append((topic.name, thing))
        self._add_riddles(data)
        self._weights = {key: math.log(2 + len(self._asked) / len(found)) for key, found in self._by_stem.items()}
        self.vocabulary = frozenset(self._by_stem) | {
            stem(word)
            for pairs in self._asked.values()
            for pair in pairs.values()
            for word in words(pair.question + " " + pair.answer)
        }

    def _add(self, pair: Pair, topic: str) -> None:
        known = self._asked[pair.question]
        if topic in known:
            return
        is_new = pair not in known.values()
        known[topic] = pair
        if is_new:
            key = content(pair.question)
            self._by_content[key].append(pair)
            for part in key:
                self._by_stem[part].append(pair)

    def _add_riddles(self, data: TutorData) -> None:
        made = [(topic, thing, pair) for topic in data.topics for thing in topic.things for pair in riddles(thing)]
        answers: dict[str, set[str]] = defaultdict(set)
        for _, _, pair in made:
            answers[pair.question].add(pair.answer)
        for topic, thing, pair in made:
            if len(answers[pair.question]) == 1 and not _fits_another(pair, thing, topic):
                self._add(pair, topic.name)
                self.riddles[topic.name, thing.noun].append(pair)

    def asked(self, text: str, topic: str = "") -> Pair | None:
        """The last question in the tutor's own words that it knows the answer to, as answered in ``topic`` if there."""
        for part in reversed(sentences(text)):
            if known := self._asked.get(part):
                return known.get(topic) or next(iter(known.values()))
        return None

    def topics_of(self, pair: Pair) -> set[str]:
        """The topics in which the question is asked; the empty name stands for small talk."""
        return set(self._asked.get(pair.question, ()))

    def answers(self, question: str, topic: str = "") -> list[Pair]:
        """What is known about a question, nearest wording first; empty when nothing is near enough."""
        key = content(question)
        if found := self._by_content.get(key):
            return [pair for pair in found if topic in self.topics_of(pair)] or found
        known = [part for part in key if part in self._by_stem]
        if not known:
            return []
        total = sum(self._weights.get(part, 6.0) for part in key)
        rarest = sorted(known, key=lambda part: len(self._by_stem[part]))[:2]
        candidates = dict.fromkeys(pair for part in rarest for pair in self._by_stem[part])
        scored = [(self._nearness(key, total, pair), pair) for pair in candidates]
        best = max(score for score, _ in scored)
        return [pair for score, pair in scored if score == best] if best >= 0.6 else []

    def _nearness(self, key: tuple[str, ...], total: float, pair: Pair) -> float:
        other = content(pair.question)
        shared = sum(self._weights.get(part, 6.0) for part in key if part in other)
        return shared / (total + sum(self._weights.get(part, 6.0) for part in other) - shared)

    def things_in(self, text: str, topic: str = "") -> list[Thing]:
        """The things a text names, longest names first, each as ``topic`` knows it if it does."""
        said = [stem(word) for word in words(text)]
        spans = [" ".join(said[i : i + n]) for n in (3, 2, 1) for i in range(len(said) - n + 1)]
        found = []
        for span in spans:
            known = self._things.get(span, ())
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


def _topic_pairs(topic: Topic, frames: tuple[str, ...]) -> Iterator[Pair]:
    yield from topic.chats
    yield from topic.asks
    for story in topic.stories:
        yield from story.pairs
    for thing in topic.things:
        yield from questions(thing, tuple(other for other in topic.things if other is not thing))
        yield from indirect_questions(thing, frames)


def _fits_another(riddle: Pair, thing: Thing, topic: Topic) -> bool:
    asked = set(content(riddle.question)) - {"what", "who"}
    return any(asked <= _known_of(other) for other in topic.things if other is not thing)


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
