"""The mind: everything learned from what was heard, as a fold over observations.

Laws: nothing is said but what was heard or made of it; what is measured is measured before it is learned; a reply
changes nothing; the same seed and the same history give the same mind, whatever the process, its hash seed or threads.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from cerebrum.bridging import bridge
from cerebrum.choice import ONE_SIDED, WEIGHTS, Judge
from cerebrum.dialogue import Observation, Reply, Source
from cerebrum.evaluation import Prequential
from cerebrum.growth import PERMITTED, Growth
from cerebrum.models import Fluency, Meter
from cerebrum.ranking import REPLY
from cerebrum.situations import Heard, Pair
from cerebrum.state import State, digest, read, write
from cerebrum.synthesis import Composer, Query
from cerebrum.tokenizer import encode, fold, words
from cerebrum.working_set import Remembered, WorkingSet

_REMEMBERED_TURNS = 8
_SAID = 200
_CONVERSATIONS = 500
_OTHERS = 19


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


class Part(Protocol):
    """A part of the mind that writes down all that can influence later behaviour, and becomes as it was written."""

    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...


class Mind:
    """What was learned, and the reply it gives."""

    def __init__(self, seed: int = 0, active_limit: int = 20_000) -> None:
        self.seed, self.active_limit = seed, active_limit
        self.known = known = WorkingSet()
        self.features, self.towers, self.ends, self.contexts = known.features, known.towers, known.ends, known.contexts
        self.turns, self.sentences = known.turns, known.sentences
        self.fluency, self.meter = Fluency(), Meter()
        self.prequential, self.growth = Prequential(), Growth()
        self.composer = Composer(self.towers, self.turns, self.sentences, self.ends)
        self.judge = Judge(self.turns, self.composer, self.fluency, self.contexts)
        self.seqs: list[int] = []
        self.said: list[str] = []
        self.conversations = known.conversations

    @property
    def stage(self) -> str:
        return self.growth.stage(self.prequential.order_gain())

    # -- answering

    def respond(self, heard: str, conversation: str = "") -> Reply:
        """Answer what was heard, after the turns of this conversation. Changes nothing."""
        kinds = PERMITTED[self.stage]
        query = self._query(heard, self.conversations.get(conversation, Remembered()))
        candidates = self.composer.compose(query, kinds) if kinds and len(self.turns) else []
        if not candidates:
            return Reply("", kind="silence")
        here = dict.fromkeys(self.conversations[conversation].said, 1) if conversation in self.conversations else {}
        self.judge.weights = self._weights
        chosen, score = self.judge.choose(query, candidates, here, dict.fromkeys(self.said, 1))
        sources = tuple(
            Source(p.start, p.end, self._seq(p.turn), self.turns.passages[p.turn].text) for p in chosen.parts
        )
        return Reply(chosen.text, chosen.kind, score, sources, dict(chosen.features))

    @property
    def _weights(self) -> Mapping[str, float]:
        return ONE_SIDED if self.growth.is_answered_unheard() else WEIGHTS

    def _query(self, heard: str, before: Remembered) -> Query:
        tokens = tuple(encode(heard.strip()))
        folded = tuple(w for t in tokens if (w := fold(t)))
        earlier = before.turns[-1].bag if before.turns else None
        place = self.towers.context(self.features.bag(folded), earlier)
        spans = self.ends.spans(tokens)
        first = [w for t in tokens[slice(*spans[0])] if (w := fold(t))] if spans else []
        opening = self.towers.context(self.features.bag(first), None)
        expected = self.contexts.expected(place, self.turns)
        aim = place + np.float32(self._weights["expected"]) * expected
        return Query(tokens, folded, place, opening, expected, aim)

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
        memory = self.conversations.pop(observation.conversation, None) or Remembered()
        self.conversations[observation.conversation] = memory
        surprise = self._measure(text, tokens, folded, memory)
        if folded:
            self._hear(text, tokens, folded, ordinal, memory)
        if observation.said:
            memory.said = [*memory.said, observation.said][-_SAID:]
            memory.own = Heard(ordinal, -1, self.known.bag(words(observation.said)), observation.said)
            self.said = [*self.said, observation.said][-_SAID:]
        self.known.leave(self.active_limit, len(self.seqs))
        while len(self.conversations) > _CONVERSATIONS:
            del self.conversations[next(iter(self.conversations))]
        chance = np.random.default_rng([self.seed, ordinal])
        self.known.train(chance, ordinal, one_sided=self.growth.is_answered_unheard())
        return surprise

    def _measure(self, text: str, tokens: Sequence[str], folded: Sequence[str], memory: Remembered) -> Surprise:
        found = self._found(folded, memory)
        unheard = text not in self.turns.by_text
        measured = self.meter.learn(tokens)
        self.prequential.note(measured, len(text), heard_before=not unheard)
        self.growth.note(unheard=unheard, found=found)
        return Surprise(sum(measured.bits), len(text) + 1)

    def _found(self, folded: Sequence[str], memory: Remembered) -> bool | None:
        """Return whether this turn is nearer to what came before it than nineteen others heard."""
        if not memory.turns or len(self.turns) < _OTHERS:
            return None
        others = np.random.default_rng([self.seed, len(self.seqs), 1]).integers(0, len(self.turns), _OTHERS)
        place = self.towers.context(memory.turns[-1].bag, memory.turns[-2].bag if len(memory.turns) > 1 else None)
        own = self.towers.embed(REPLY, [self.features.bag(folded)])
        near = np.einsum("ij,j->i", np.concatenate([own, self.turns.places[others]]), place)
        return bool(near[0] > near[1:].max())

    def _hear(self, text: str, tokens: list[str], folded: list[str], ordinal: int, memory: Remembered) -> None:
        number = self.known.put(text, tokens, folded, ordinal)
        self.fluency.learn(folded)
        heard = Heard(ordinal, number, self.turns.passages[number].bag)
        if memory.turns:
            self.contexts.put(Pair(memory.turns[-1], memory.turns[-2] if len(memory.turns) > 1 else None, heard))
            if self.growth.is_answered_unheard():
                for pair in bridge(self.towers, self.turns, memory.turns[-1], memory.own, heard):
                    self.contexts.put(pair)
        memory.turns = [*memory.turns, heard][-_REMEMBERED_TURNS:]

    def forget(self, seq: int) -> None:
        """Let nothing said, explained or scored stem from an observation any more.

        What the towers were bent by it stays until the observations are replayed without it.
        """
        for ordinal in [k for k, known in enumerate(self.seqs) if known == seq]:
            self.meter.forget(ordinal)
            if folded := self.known.forget(ordinal):
                self.fluency.forget(folded)

    # -- for people

    def score(self, text: str, context: Sequence[str] = ()) -> list[TokenBits]:
        """Return how surprising each token of a text is, in bits."""
        tokens = encode(text)
        bits = self.meter.measure(tokens, [encode(turn) for turn in context])
        return [TokenBits(token, cost) for token, cost in zip((*tokens, ""), bits, strict=True)]

    def vocabulary(self, query: str = "", limit: int = 100) -> list[Word]:
        """Return words heard that contain ``query``, the most frequent first."""
        part = fold(query)
        known = [(w, n) for w, n in self.ends.total.items() if n > 0 and part in w and self.turns.holding(w)]
        known.sort(key=lambda wn: (-wn[1], wn[0]))
        return [Word(w, n, self._seq(self.turns.holding(w)[0])) for w, n in known[:limit]]

    def patterns(self, limit: int = 100) -> list[Pattern]:
        """Return runs of three words often heard, the most frequent first."""
        counts: Counter[str] = Counter()
        for passage in self.sentences.passages:
            counts.update(
                {
                    " ".join(run): len(passage.origins)
                    for run in zip(*(passage.words[k:] for k in range(3)), strict=False)
                }
            )
        pairs = [(text, count) for text, count in counts.items() if count > 1]
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
        collects = gc.isenabled()
        gc.disable()  # a million new objects would be looked through again and again
        try:
            return cls._restored(read(path))
        finally:
            if collects:
                gc.enable()

    @classmethod
    def _restored(cls, saved: State) -> Mind:
        mind = cls(saved["seed"], saved["active_limit"])
        mind.seqs = saved["seqs"].tolist()
        for name, part in mind._parts().items():
            part.restore(saved[name])
        numbered = [
            Heard(o, t, mind.features.bag(words(own)) if own else mind.turns.passages[t].bag, own)
            for (o, t), own in zip(saved["heard"].tolist(), saved["own"], strict=True)
        ]
        pairs = [
            Pair(numbered[a], None if b < 0 else numbered[b], numbered[c], bool(imagined))
            for a, b, c, imagined in saved["pairs"].tolist()
        ]
        here = len(saved["places"]["first"])
        mind.known.relearning.imagined = pairs[here:]
        mind.contexts.replace_all(pairs[:here], saved["places"], saved["renewed"])
        mind.said = list(saved["said"])
        mind.known.lessons.following = [*map(tuple, saved["following"].tolist())]
        for name, (turns, said, own) in saved["conversations"].items():
            mind.conversations[name] = Remembered(
                [numbered[k] for k in turns], list(said), None if own < 0 else numbered[own]
            )
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
            "meter": self.meter,
            "prequential": self.prequential,
            "growth": self.growth,
            "relearning": self.known.relearning,
        }

    def _state(self) -> State:
        heard: dict[tuple[int, int, str], int] = {}

        def number(h: Heard | None) -> int:
            return -1 if h is None else heard.setdefault((h.ordinal, h.turn, h.own), len(heard))

        kept = (*self.contexts.pairs, *self.known.relearning.imagined)
        pairs = [[number(p.said), number(p.earlier), number(p.answer), p.imagined] for p in kept]
        talks = {n: [[number(h) for h in m.turns], m.said, number(m.own)] for n, m in self.conversations.items()}
        return {
            "seed": self.seed,
            "active_limit": self.active_limit,
            "observations": len(self.seqs),
            **{name: part.state() for name, part in self._parts().items()},
            "pairs": np.array(pairs, np.int64).reshape(-1, 4),
            "places": self.contexts.places.state(len(self.contexts)),
            "renewed": self.contexts.renewed,
            "said": self.said,
            "following": np.array(self.known.lessons.following, np.int64).reshape(-1, 2),
            "conversations": talks,
            "heard": np.array([h[:2] for h in heard], np.int64).reshape(-1, 2),
            "own": [own for _, _, own in heard],
        }

    # -- what it knows of itself

    def measurements(self) -> dict[str, float | int]:
        """Return what is known of how well this mind does."""
        gain, recall = self.prequential.order_gain(), self.growth.recall()
        return {
            "observations": len(self.seqs),
            "unheard": self.growth.unheard,
            "vocabulary": len(self.turns.by_word),
            "bits_per_character": self.prequential.bits_per_character(),
            "bits_per_character_recently": self.prequential.bits_per_character_recently(),
            "order_gain": gain.value,
            "order_gain_lower": gain.lower,
            "recall_at_1": recall.value,
            "recall_at_1_lower": recall.lower,
        }
