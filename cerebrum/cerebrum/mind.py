"""The mind: everything learned from what was heard, as a fold over observations.

Laws: nothing is said but what was heard or made of it; what is measured is measured before it is learned; a reply
changes nothing; the same seed and the same history give the same mind, whatever the process, its hash seed or threads.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from cerebrum.choice import Judge
from cerebrum.dialogue import Observation, Reply, Source
from cerebrum.features import Bag, Features
from cerebrum.fluency import END, START, Fluency
from cerebrum.growth import PERMITTED, Growth
from cerebrum.ranking import BEFORE, CONTEXT, REPLY, Example, Towers
from cerebrum.retrieval import Shelf
from cerebrum.state import State, digest, read, write
from cerebrum.synthesis import Candidate, Composer, Query
from cerebrum.synthesis import Part as Piece
from cerebrum.tokenizer import SentenceEnds, encode, fold, join

_BATCH = 64
_RENEWED = 64
_REMEMBERED_TURNS = 8
_SAID = 50


@dataclass(frozen=True, slots=True)
class TokenBits:
    """One token and how many bits of surprise it held."""

    text: str
    bits: float


@dataclass(frozen=True, slots=True)
class Surprise:
    """How surprising a turn was before it was learned."""

    bits: float
    characters: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word heard: how many turns held it, and the first observation that did."""

    text: str
    count: int
    first_seq: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words often heard together."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Heard:
    """One turn as it was heard: the ordinal of its observation, its number on the shelf, its features."""

    ordinal: int
    turn: int
    bag: Bag


@dataclass(frozen=True, slots=True)
class Pair:
    """A turn and up to two turns before it, each with its observation, so that all can be forgotten."""

    said: Heard
    earlier: Heard | None
    answer: Heard

    @property
    def example(self) -> Example:
        """What the towers learn of it."""
        return Example(self.said.bag, self.earlier.bag if self.earlier else None, self.answer.bag, self.answer.turn)

    @property
    def all(self) -> tuple[Heard, ...]:
        """The turns in it."""
        return (self.said, self.answer) if self.earlier is None else (self.said, self.earlier, self.answer)


@dataclass(slots=True)
class Remembered:
    """The last turns heard in one conversation and the last replies given in it, newest last."""

    turns: list[Heard] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


class Part(Protocol):
    """A part of the mind that writes down all that can influence later behaviour, and becomes as it was written."""

    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...


class Mind:
    """What was learned, and the reply it gives."""

    def __init__(self, seed: int = 0, active_limit: int = 20_000) -> None:
        self.seed, self.active_limit = seed, active_limit
        self.features = Features()
        self.towers = Towers(self.features)
        self.turns, self.sentences = Shelf(self.towers), Shelf(self.towers)
        self.ends, self.fluency, self.growth = SentenceEnds(), Fluency(), Growth()
        self.composer = Composer(self.towers, self.turns, self.sentences, self.ends)
        self.judge = Judge(self.towers, self.turns, self.composer, self.fluency)
        self.seqs: list[int] = []
        self.pairs: list[Pair] = []
        self.following: list[tuple[int, int]] = []
        self.conversations: dict[str, Remembered] = {}

    @property
    def stage(self) -> str:
        return self.growth.stage

    # -- answering

    def respond(self, heard: str, conversation: str = "") -> Reply:
        """Answer what was heard, after the turns of this conversation. Changes nothing."""
        kinds = PERMITTED[self.stage]
        if not kinds or not len(self.turns):
            return Reply("", kind="silence")
        query = self._query(heard, conversation)
        if kinds == ("word",):
            return self._reply(self._words(query), query, conversation)
        return self._reply(self.composer.compose(query, kinds), query, conversation)

    def _query(self, heard: str, conversation: str) -> Query:
        tokens = tuple(encode(heard.strip()))
        folded = tuple(w for t in tokens if (w := fold(t)))
        before = self.conversations.get(conversation)
        earlier = before.turns[-1].bag if before and before.turns else None
        return Query(tokens, folded, self.towers.context(self.features.bag(folded), earlier))

    def _words(self, query: Query) -> list[Candidate]:
        """Single words heard, those of the nearest turns."""
        near = self.turns.nearness(query.place)
        found: dict[str, Candidate] = {}
        for number in np.argsort(-near, kind="stable")[:10].tolist():
            for at, token in enumerate(self.turns.passages[number].tokens):
                if fold(token)[:1].isalnum():
                    text = token.strip()
                    found.setdefault(text, Candidate(text, (text,), "word", (Piece(0, 1, number, at),)))
        return list(found.values())

    def _reply(self, candidates: list[Candidate], query: Query, conversation: str) -> Reply:
        if not candidates:
            return Reply("", kind="silence")
        before = self.conversations.get(conversation)
        self.judge.weigh(query, candidates, Counter(before.said if before else ()))
        chosen, score = self.judge.choose(candidates)
        sources = tuple(
            Source(part.start, part.end, self._seq(part.turn), self.turns.passages[part.turn].text)
            for part in chosen.parts
        )
        return Reply(chosen.text, chosen.kind, score, sources, dict(chosen.features))

    def _seq(self, turn: int) -> int:
        return self.seqs[self.turns.passages[turn].origins[0][0]]

    # -- learning

    def learn(self, observation: Observation) -> Surprise:
        """Measure one observation, then learn it."""
        text = observation.heard.strip()
        tokens = encode(text)
        folded = [w for t in tokens if (w := fold(t))]
        ordinal = len(self.seqs)
        self.seqs.append(observation.seq)
        memory = self.conversations.setdefault(observation.conversation, Remembered())
        surprise = self._measure(text, folded, memory)
        if folded:
            self._hear(text, tokens, folded, ordinal, memory)
        if observation.said:
            memory.said = [*memory.said, observation.said][-_SAID:]
        self._train(np.random.default_rng([self.seed, ordinal]), ordinal)
        return surprise

    def _measure(self, text: str, folded: Sequence[str], memory: Remembered) -> Surprise:
        logs = self.fluency.logs(folded)
        alone = [math.log(self.fluency.probability((), w)) for w in folded]
        bits = -sum(logs) / math.log(2)
        self.growth.note(text not in self.turns.by_text, -sum(logs[:-1]), -sum(alone), self._found(folded, memory))
        return Surprise(bits, len(text))

    def _found(self, folded: Sequence[str], memory: Remembered) -> float | None:
        """Return whether this turn is nearer to what came before it than nineteen others heard (ties share)."""
        if not memory.turns or len(self.turns) < 20:
            return None
        chance = np.random.default_rng([self.seed, len(self.seqs), 1])
        others = chance.integers(0, len(self.turns), 19)
        place = self.towers.context(memory.turns[-1].bag, memory.turns[-2].bag if len(memory.turns) > 1 else None)
        own = float((self.towers.embed(REPLY, [self.features.bag(folded)])[0] * place).sum())
        return float(own > float(self.turns.nearness(place)[others].max()))

    def _hear(self, text: str, tokens: list[str], folded: list[str], ordinal: int, memory: Remembered) -> None:
        found_end = self.ends.learn(folded)
        bag = self._bag(folded)
        self.features.count(bag)
        number = self.turns.put(text, tokens, folded, bag)
        self.turns.passages[number].origins.append((ordinal, 0))
        self.fluency.learn(folded)
        if found_end:
            self._recut()
        else:
            self._cut(number)
        heard = Heard(ordinal, number, bag)
        if memory.turns:
            self.pairs.append(Pair(memory.turns[-1], memory.turns[-2] if len(memory.turns) > 1 else None, heard))
        memory.turns = [*memory.turns, heard][-_REMEMBERED_TURNS:]

    def _bag(self, folded: Sequence[str]) -> Bag:
        known = len(self.features.rows)
        bag = self.features.bag(folded, grow=True)
        self.towers.grow(list(self.features.rows)[known:] if len(self.features.rows) > known else [])
        return bag

    def _recut(self) -> None:
        self.sentences.clear()
        self.following.clear()
        for number in range(len(self.turns)):
            self._cut(number)

    def _cut(self, number: int) -> None:
        tokens = self.turns.passages[number].tokens
        numbers = []
        for place, (start, end) in enumerate(self.ends.spans(tokens)):
            own = tokens[start:end]
            folded = [w for t in own if (w := fold(t))]
            sentence = self.sentences.put(join(own), own, folded, self.features.bag(folded))
            passage = self.sentences.passages[sentence]
            passage.origins.append((number, start))
            passage.opened += place == 0
            passage.followed += place > 0
            numbers.append(sentence)
        self.following.extend(pairwise(numbers))

    def _train(self, chance: np.random.Generator, ordinal: int) -> None:
        if ordinal % 2 and len(self.pairs) > 3:
            picks = [self.pairs[k] for k in chance.integers(0, len(self.pairs), _BATCH)]
            examples = [p.example for p in picks]
            self.towers.learn(CONTEXT, examples, chance)
        elif not ordinal % 2 and len(self.following) > 3:
            couples = [self.following[k] for k in chance.integers(0, len(self.following), _BATCH // 2)]
            passages = self.sentences.passages
            self.towers.learn(BEFORE, [Example(passages[a].bag, None, passages[b].bag, b) for a, b in couples], chance)
        self.turns.renew_next(_RENEWED)
        self.sentences.renew_next(_RENEWED)

    def forget(self, seq: int) -> None:
        """Let nothing said, explained or scored stem from an observation any more.

        What the towers were bent by it stays until the observations are replayed without it.
        """
        for ordinal in [k for k, known in enumerate(self.seqs) if known == seq]:
            self.pairs = [p for p in self.pairs if all(h.ordinal != ordinal for h in p.all)]
            for memory in self.conversations.values():
                memory.turns = [h for h in memory.turns if h.ordinal != ordinal]
            for number, passage in enumerate(self.turns.passages):
                if (ordinal, 0) in passage.origins:
                    self._forget(number, ordinal)

    def _forget(self, number: int, ordinal: int) -> None:
        passage = self.turns.passages[number]
        passage.origins.remove((ordinal, 0))
        self.ends.forget(passage.words)
        self.features.uncount(passage.bag)
        self.fluency.forget(passage.words)
        if passage.origins:
            return
        self.turns.drop(number)
        for sentence, own in enumerate(self.sentences.passages):
            if sentence not in self.sentences.gone and any(turn == number for turn, _ in own.origins):
                own.origins = [(turn, at) for turn, at in own.origins if turn != number]
                if not own.origins:
                    self.sentences.drop(sentence)
        self.following = [(a, b) for a, b in self.following if not {a, b} & self.sentences.gone.keys()]

    # -- for people

    def score(self, text: str, context: Sequence[str] = ()) -> list[TokenBits]:
        """Return how surprising each token of a text is, in bits."""
        tokens = encode(text)
        kept = [t for t in tokens if fold(t)]
        logs = self.fluency.logs([fold(t) for t in kept])
        return [TokenBits(t, -log / math.log(2)) for t, log in zip(kept, logs, strict=False)]

    def vocabulary(self, query: str = "", limit: int = 100) -> list[Word]:
        """Return words heard that contain ``query``, the most frequent first."""
        part = fold(query)
        known = [(w, n) for w, n in self.ends.total.items() if n > 0 and part in w and self.turns.holding(w)]
        known.sort(key=lambda wn: (-wn[1], wn[0]))
        return [Word(w, n, self._seq(self.turns.holding(w)[0])) for w, n in known[:limit]]

    def patterns(self, limit: int = 100) -> list[Pattern]:
        """Return pairs of words often heard together, the most frequent first."""
        pairs = [
            (" ".join((*history, word)), count)
            for history, after in self.fluency.after.items()
            if len(history) == self.fluency.order - 1 and history[0] != START
            for word, count in after.items()
            if word != END and count > 1
        ]
        pairs.sort(key=lambda p: (-p[1], p[0]))
        return [Pattern(text, count) for text, count in pairs[:limit]]

    # -- on disk

    def state_hash(self) -> str:
        """Return the sha256 of all that can influence what this mind will say; seqs are only names, left out."""
        return digest(self._state())

    def save(self, path: Path) -> None:
        """Write the mind to one file."""
        write(self._state() | {"seqs": np.array(self.seqs, np.int64)}, path)

    @classmethod
    def load(cls, path: Path) -> Mind:
        """Read a mind that ``save`` wrote: the same in everything it will say.

        Raises ``OSError`` or ``ValueError`` when the file cannot be read as one.
        """
        saved = read(path)
        mind = cls(saved["seed"], saved["active_limit"])
        mind.seqs = saved["seqs"].tolist()
        for name, part in mind._parts().items():
            part.restore(saved[name])
        numbered = [Heard(o, t, mind.turns.passages[t].bag) for o, t in saved["heard"]]
        mind.pairs = [Pair(numbered[a], None if b < 0 else numbered[b], numbered[c]) for a, b, c in saved["pairs"]]
        mind.following = [(a, b) for a, b in saved["following"]]
        for name, (turns, said) in saved["conversations"].items():
            mind.conversations[name] = Remembered([numbered[k] for k in turns], list(said))
        return mind

    def _parts(self) -> dict[str, Part]:
        """Return the parts that keep a state of their own, in the order in which they must be restored."""
        return {
            "features": self.features,
            "towers": self.towers,
            "turns": self.turns,
            "sentences": self.sentences,
            "ends": self.ends,
            "fluency": self.fluency,
            "growth": self.growth,
        }

    def _state(self) -> State:
        heard: dict[tuple[int, int], int] = {}

        def number(h: Heard) -> int:
            return heard.setdefault((h.ordinal, h.turn), len(heard))

        pairs = [[number(p.said), number(p.earlier) if p.earlier else -1, number(p.answer)] for p in self.pairs]
        talks = {name: [[number(h) for h in memory.turns], memory.said] for name, memory in self.conversations.items()}
        return {
            "seed": self.seed,
            "active_limit": self.active_limit,
            "observations": len(self.seqs),
            **{name: part.state() for name, part in self._parts().items()},
            "pairs": pairs,
            "following": [list(f) for f in self.following],
            "conversations": talks,
            "heard": [list(h) for h in heard],
        }

    # -- what it knows of itself

    def measurements(self) -> dict[str, float | int]:
        """Return what is known of how well this mind does."""
        gain, gain_low = self.growth.order_gain()
        recall, recall_low = self.growth.recall()
        return {
            "observations": len(self.seqs),
            "unheard": self.growth.unheard,
            "vocabulary": len(self.ends.total),
            "order_gain": gain,
            "order_gain_lower": gain_low,
            "recall_at_1": recall,
            "recall_at_1_lower": recall_low,
        }
