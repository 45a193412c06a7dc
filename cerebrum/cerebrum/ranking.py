"""Two towers: what was said, and what was said next, in one space where near means "this answers that".

A feature's row starts out the same in every table, random but drawn by its name: before any learning, nearness is
overlap of words, and words heard once match themselves. Learning only bends this. One step is a symmetric in-batch
softmax (as in CLIP, Radford et al. 2021) over pairs replayed uniformly, with AdaGrad by rows (Duchi et al. 2011).

Law: any number of threads gives the same bits. Products of matrices are taken in pieces too small for BLAS to share out
among threads, or by ``einsum``, which has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cerebrum.features import EMPTY, Bag, Feature, Features, Floats, Packed, checksum
from cerebrum.state import State

NOWHERE = np.float32(-9.0)
"""The nearness of what cannot be said."""

_FEW_ENOUGH, _SCANNED, _KEPT = 8192, 64, 2048

CONTEXT, REPLY, BEFORE = 0, 1, 2
"""Tables: a context, a reply, and a sentence seen as the one before another."""

_FIRST_SQUARE = np.float32(0.01)
_SAME = np.float32(-30.0)
_PIECE = 32
_MULTIPLICATIONS = 262144
"""OpenBLAS gives a vector's product threads from 9216 numbers on, a matrix's above 262144 multiplications."""


class Example(NamedTuple):
    """One pair to learn: a text with what came before it, and its answer; answers of one identity never compete."""

    said: Bag
    earlier: Bag | None
    answer: Bag
    identity: int
    weight: float = 1.0


class Towers:
    """Embeddings of features in three tables, shape (3, rows, width)."""

    def __init__(
        self,
        features: Features,
        width: int = 256,
        *,
        rate: float = 0.035,
        sharpness: float = 10.0,
        dropout: float = 0.3,
        earlier_share: float = 0.2,
    ) -> None:
        self.features = features
        self.width = width
        self.rate, self.sharpness, self.dropout, self.earlier_share = rate, sharpness, dropout, earlier_share
        self.known = 0
        self.tables: Floats = np.zeros((3, 1024, width), np.float32)
        self.squares: Floats = np.full((3, 1024), _FIRST_SQUARE, np.float32)

    def grow(self, new: Sequence[Feature]) -> None:
        """Give rows to features just met, in the order in which they got theirs."""
        needed = self.known + len(new)
        if needed > self.tables.shape[1]:
            size = max(needed, 2 * self.tables.shape[1])
            tables = np.zeros((3, size, self.width), np.float32)
            squares = np.full((3, size), _FIRST_SQUARE, np.float32)
            tables[:, : self.known], squares[:, : self.known] = (
                self.tables[:, : self.known],
                self.squares[:, : self.known],
            )
            self.tables, self.squares = tables, squares
        for feature in new:
            row = np.random.default_rng(checksum(feature)).standard_normal(self.width, dtype=np.float32)
            self.tables[:, self.known] = row / np.float32(self.width**0.5)
            self.known += 1

    def state(self) -> State:
        """Return everything that can influence later behaviour."""
        return {"tables": self.tables[:, : self.known], "squares": self.squares[:, : self.known]}

    def restore(self, state: State) -> None:
        """Become as the towers that gave this state."""
        self.tables, self.squares = np.array(state["tables"], np.float32), np.array(state["squares"], np.float32)
        self.known = self.tables.shape[1]

    def sums(self, table: int, bags: Sequence[Bag]) -> Floats:
        """Return the weighted sums of the bags' rows, not brought to length one; shape (len(bags), width)."""
        return self._sums(table, self.features.pack(bags))

    def embed(self, table: int, bags: Sequence[Bag]) -> Floats:
        """Return the bags' places, each of length one (zero for an empty bag)."""
        return unit(self.sums(table, bags))[0]

    def context(self, said: Bag, earlier: Bag | None) -> Floats:
        """Return the place of a context of up to two turns; shape (width,)."""
        place: Floats = unit(self._sums(CONTEXT, self._mix([(said, earlier)])))[0][0]
        return place

    def learn(self, table: int, examples: Sequence[Example], chance: np.random.Generator) -> None:
        """Take one step: bring each text nearer to its answer than to the other answers in the batch."""
        examples = [x for x in examples if len(x.said.rows) and len(x.answer.rows)]
        if len(examples) < 2:
            return
        left = self._dropped(self._mix([(x.said, x.earlier) for x in examples]), chance)
        right = self._dropped(self.features.pack([x.answer for x in examples]), chance)
        said, said_length = unit(self._sums(table, left))
        answer, answer_length = unit(self._sums(REPLY, right))
        identity = np.array([x.identity for x in examples])
        share = np.array([x.weight for x in examples], np.float32)
        pull = self._pull(said, answer, identity, share / share.sum())
        toward_answer, toward_said = product(pull, answer), product(np.ascontiguousarray(pull.T), said)
        self._step(table, left, tangent(toward_answer, said) / said_length)
        self._step(REPLY, right, tangent(toward_said, answer) / answer_length)

    def _pull(self, said: Floats, answer: Floats, identity: NDArray[np.int64], share: Floats) -> Floats:
        """Gradient of the loss by the logits, (n, n): softmax over rows and over columns, averaged."""
        logits = np.float32(self.sharpness) * product(said, answer.T)
        same = identity[:, None] == identity[None]
        np.fill_diagonal(same, False)
        logits[same] = _SAME
        rows = np.exp(logits - logits.max(1, keepdims=True))
        columns = np.exp(logits - logits.max(0, keepdims=True))
        rows = (rows / rows.sum(1, keepdims=True) - np.eye(len(share), dtype=np.float32)) * share[:, None]
        columns = (columns / columns.sum(0, keepdims=True) - np.eye(len(share), dtype=np.float32)) * share[None]
        pull: Floats = (rows + columns) * np.float32(self.sharpness / 2)
        return pull

    def _mix(self, contexts: Sequence[tuple[Bag, Bag | None]]) -> Packed:
        """Weigh contexts, the earlier turn by its share."""
        now = self.features.pack([said for said, _ in contexts])
        if all(earlier is None for _, earlier in contexts):
            return now
        then = self.features.pack([earlier if earlier is not None else EMPTY for _, earlier in contexts])
        sizes = np.diff(now.starts) + np.diff(then.starts)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        rows = np.zeros(starts[-1], np.int32)
        weights = np.zeros(starts[-1], np.float32)
        for part, share, offset in (
            (now, 1.0, starts[:-1]),
            (then, self.earlier_share, starts[:-1] + np.diff(now.starts)),
        ):
            places = np.arange(len(part.rows)) + np.repeat(offset - part.starts[:-1], np.diff(part.starts))
            rows[places], weights[places] = part.rows, part.weights * np.float32(share)
        return Packed(rows, weights, starts)

    def _dropped(self, packed: Packed, chance: np.random.Generator) -> Packed:
        kept = chance.random(len(packed.weights), dtype=np.float32) > self.dropout
        return Packed(packed.rows, packed.weights * kept, packed.starts)

    def _sums(self, table: int, packed: Packed) -> Floats:
        rows, weights = self.tables[table], packed.weights
        sums = np.zeros((len(packed.starts) - 1, self.width), np.float32)
        for k, (start, end) in enumerate(pairwise(packed.starts.tolist())):
            own, shares = rows.take(packed.rows[start:end], 0), weights[start:end]
            for at in range(0, end - start, _PIECE):
                sums[k] += np.dot(shares[at : at + _PIECE], own[at : at + _PIECE])
        return sums

    def _step(self, table: int, packed: Packed, gradient: Floats) -> None:
        """Move the rows of one side against the gradient (n, width) of its sums."""
        rows, place = np.unique(packed.rows, return_inverse=True)
        owner = np.repeat(np.arange(len(gradient)), np.diff(packed.starts))
        shape = (len(rows), len(gradient))
        counted = np.bincount(place * shape[1] + owner, packed.weights, shape[0] * shape[1])
        share = counted.astype(np.float32).reshape(shape)
        change = product(share, gradient)
        squares = self.squares[table, rows] + np.einsum("ij,ij->i", change, change) / np.float32(self.width)
        self.squares[table, rows] = squares
        change *= (np.float32(self.rate) / np.sqrt(squares))[:, None]
        self.tables[table, rows] -= change


def unit(sums: Floats) -> tuple[Floats, Floats]:
    """Return the rows at length one, and their lengths as a column."""
    lengths = np.sqrt(np.einsum("ij,ij->i", sums, sums))[:, None] + np.float32(1e-6)
    return sums / lengths, lengths


def tangent(gradient: Floats, place: Floats) -> Floats:
    """Remove from each gradient what points along its place: lengths are not learned."""
    left: Floats = gradient - np.einsum("ij,ij->i", gradient, place)[:, None] * place
    return left


def product(left: Floats, right: Floats) -> Floats:
    """Return the matrix product, (n, k) by (k, m), taken in pieces that stay on one thread."""
    rows = max(1, _MULTIPLICATIONS // max(1, right.size))
    whole = np.empty((len(left), right.shape[1]), np.float32)
    for at in range(0, len(left), rows):
        np.dot(left[at : at + rows], right, out=whole[at : at + rows])
    return whole


def nearness(places: Floats, context: Floats) -> Floats:
    """Return ``places @ context``, one number for each of n places (n, width) of at most 288 numbers, on one thread."""
    whole = len(places) // _PIECE * _PIECE
    head = np.matmul(places[:whole].reshape(-1, _PIECE, places.shape[1]), context).reshape(-1)
    return np.concatenate([head, np.einsum("ij,j->i", places[whole:], context)])


def nearest_few(places: Floats, context: Floats) -> Floats:
    """Return ``nearness``, exact for those that may be among the nearest few hundred and ``NOWHERE`` for the rest.

    A scan of the first 64 numbers finds 2,048 that may be; up to 8,192 places all are exact.
    """
    if len(places) <= _FEW_ENOUGH:
        return nearness(places, context)
    rough = nearness(places[:, :_SCANNED], context[:_SCANNED])
    kept = np.sort(best(rough, _KEPT))
    found = np.full(len(places), NOWHERE, np.float32)
    found[kept] = nearness(places[kept], context)
    return found


def best(scores: Floats, count: int) -> NDArray[np.int64]:
    """Return the places of the largest scores, best first, ties by place."""
    if len(scores) > 4 * count:
        edge = np.partition(scores, len(scores) - count)[len(scores) - count]
        places = np.flatnonzero(scores >= edge)
        return places[np.argsort(-scores[places], kind="stable")][:count]
    return np.argsort(-scores, kind="stable")[:count]
