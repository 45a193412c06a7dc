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

from cerebrum.features import EMPTY, Bag, Feature, Features, Floats, Ints, Packed, checksum
from cerebrum.places import UNIT, kept
from cerebrum.state import State

CONTEXT, REPLY, BEFORE = 0, 1, 2
"""Tables: a context, a reply, and a sentence seen as the one before another."""

_FIRST_SQUARE = np.float32(0.01)
_SAME = np.float32(-30.0)
_PIECE = 32
_BAGS, _ROWS = 128, 256
_MULTIPLICATIONS = 262144
"""OpenBLAS gives a vector's product threads from 9216 numbers on, a matrix's above 262144 multiplications."""


class Example(NamedTuple):
    """One pair to learn: a text with what came before it, and its answer; answers of one identity never compete."""

    said: Bag
    earlier: Bag | None
    answer: Bag
    identity: int


class Towers:
    """Embeddings of features in three tables, shape (3, rows, width), kept as whole multiples of ``UNIT``."""

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
        self._read, self._room = np.zeros((0, width), np.int16), np.zeros((0, width), np.float32)
        self.tables = np.zeros((3, 1024, width), np.int16)
        self.squares: Floats = np.full((3, 1024), _FIRST_SQUARE, np.float32)

    def grow(self, new: Sequence[Feature]) -> None:
        """Give rows to features just met, in the order in which they got theirs."""
        needed = self.known + len(new)
        if needed > self.tables.shape[1]:
            size = max(needed, 2 * self.tables.shape[1])
            tables = np.zeros((3, size, self.width), np.int16)
            squares = np.full((3, size), _FIRST_SQUARE, np.float32)
            tables[:, : self.known], squares[:, : self.known] = (
                self.tables[:, : self.known],
                self.squares[:, : self.known],
            )
            self.tables, self.squares = tables, squares
        for feature in new:
            row = np.random.default_rng(checksum(feature)).standard_normal(self.width, dtype=np.float32)
            self.tables[:, self.known] = kept(row / np.float32(self.width**0.5))
            self.known += 1

    def state(self) -> State:
        """Return everything that can influence later behaviour."""
        return {"tables": self.tables[:, : self.known], "squares": self.squares[:, : self.known]}

    def restore(self, state: State) -> None:
        """Become as the towers that gave this state."""
        tables = state["tables"]
        self.tables = tables if tables.flags.owndata else tables.copy()  # 50 MB read from a file are not copied again
        self.squares = np.array(state["squares"], np.float32)
        self.known = self.tables.shape[1]

    def rows(self, numbers: Ints | NDArray[np.int64]) -> Floats:
        """Return copies of rows in which nothing was learned yet, (len(numbers), width): equal in all tables."""
        found: Floats = self.tables[REPLY, numbers] * UNIT
        return found

    def set_rows(self, numbers: NDArray[np.int64], rows: Floats) -> None:
        """Set these rows in all tables."""
        self.tables[:, numbers] = kept(rows)

    def sums(self, table: int, bags: Sequence[Bag]) -> Floats:
        """Return the weighted sums of the bags' rows, not brought to length one; shape (len(bags), width)."""
        pieces = [bags[at : at + _BAGS] for at in range(0, len(bags), _BAGS)]
        found = [self._sums(table, self.features.pack(piece)) for piece in pieces]
        return found[0] if len(found) == 1 else np.concatenate([np.zeros((0, self.width), np.float32), *found])

    def embed(self, table: int, bags: Sequence[Bag]) -> Floats:
        """Return the bags' places, each of length one (zero for an empty bag)."""
        return unit(self.sums(table, bags))[0]

    def context(self, said: Bag, earlier: Bag | None) -> Floats:
        """Return the place of a context of up to two turns; shape (width,)."""
        place: Floats = unit(self._mixed_sum(said, earlier)[None])[0][0]
        return place

    def _mixed_sum(self, said: Bag, earlier: Bag | None) -> Floats:
        now = self._sum(CONTEXT, said.rows, self.features.weigh(said))
        if earlier is None or not len(earlier.rows):
            return now
        return now + np.float32(self.earlier_share) * self._sum(CONTEXT, earlier.rows, self.features.weigh(earlier))

    def become(self, other: Towers) -> None:
        """Take over what other towers over the same features have learned; they must not learn on."""
        self.known, self.tables, self.squares = other.known, other.tables, other.squares

    def learn(
        self, table: int, examples: Sequence[Example], chance: np.random.Generator, *, answers_move: bool = True
    ) -> None:
        """Take one step: bring each text nearer to its answer than to the other answers in the batch.

        With ``answers_move`` off only the text's side learns, and what is a good reply stays what it was.
        """
        examples = [x for x in examples if len(x.said.rows) and len(x.answer.rows)]
        if len(examples) < 2:
            return
        left = self._dropped(self._mix([(x.said, x.earlier) for x in examples]), chance)
        right = self._dropped(self.features.pack([x.answer for x in examples]), chance)
        said, said_length = unit(self._sums(table, left))
        answer, answer_length = unit(self._sums(REPLY, right))
        identity = np.array([x.identity for x in examples])
        pull = self._pull(said, answer, identity)
        toward_answer, toward_said = product(pull, answer), product(np.ascontiguousarray(pull.T), said)
        self._step(table, left, tangent(toward_answer, said) / said_length)
        if answers_move:
            self._step(REPLY, right, tangent(toward_said, answer) / answer_length)

    def _pull(self, said: Floats, answer: Floats, identity: NDArray[np.int64]) -> Floats:
        """Gradient of the loss by the logits, (n, n): softmax over rows and over columns, averaged."""
        own = np.eye(len(said), dtype=np.float32)
        logits = np.float32(self.sharpness) * product(said, answer.T)
        same = identity[:, None] == identity[None]
        np.fill_diagonal(same, False)
        logits[same] = _SAME
        rows = np.exp(logits - logits.max(1, keepdims=True))
        columns = np.exp(logits - logits.max(0, keepdims=True))
        rows = rows / rows.sum(1, keepdims=True) - own
        columns = columns / columns.sum(0, keepdims=True) - own
        pull: Floats = (rows + columns) * np.float32(self.sharpness / 2 / len(said))
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
        """Leave features out by chance."""
        kept = chance.random(len(packed.weights), dtype=np.float32) > self.dropout
        upto = np.zeros(len(kept) + 1, np.int64)
        np.cumsum(kept, out=upto[1:])
        return Packed(packed.rows[kept], packed.weights[kept], upto[packed.starts])

    def _sums(self, table: int, packed: Packed) -> Floats:
        """Return the weighted sum of each bag's rows, which are read a few bags at a time to stay in the cache."""
        weights, starts = packed.weights, packed.starts.tolist()
        sums = np.zeros((len(starts) - 1, self.width), np.float32)
        first, gathered = 0, self._gathered(table, packed.rows[:0])
        for k, (start, end) in enumerate(pairwise(starts)):
            if end > first + len(gathered):
                first = start
                gathered = self._gathered(table, packed.rows[start : max(end, start + _ROWS)])
            for at in range(start, end, _PIECE):
                upto = min(end, at + _PIECE)
                sums[k] += np.dot(weights[at:upto], gathered[at - first : upto - first])
        return sums

    def _gathered(self, table: int, rows: Ints) -> Floats:
        """Return copies of rows, (len(rows), width), in memory that the next call uses again."""
        if len(rows) > len(self._room):
            self._read = np.empty((len(rows), self.width), np.int16)
            self._room = np.empty((len(rows), self.width), np.float32)
        read = self.tables[table].take(rows, 0, self._read[: len(rows)], "clip")
        found: Floats = np.multiply(read, UNIT, out=self._room[: len(rows)])
        return found

    def _sum(self, table: int, rows: Ints, weights: Floats) -> Floats:
        """Return the weighted sum of one bag's rows, to the bit as ``_sums`` does."""
        gathered = self._gathered(table, rows)
        whole = np.zeros(self.width, np.float32)
        for at in range(0, len(rows), _PIECE):
            whole += np.dot(weights[at : at + _PIECE], gathered[at : at + _PIECE])
        return whole

    def _step(self, table: int, packed: Packed, gradient: Floats) -> None:
        """Move the rows of one side against the gradient (n, width) of its sums.

        Most features stand in one text of a batch alone: their change is the gradient of that text times their weight.
        """
        rows, place, times = np.unique(packed.rows, return_inverse=True, return_counts=True)
        owner = np.repeat(np.arange(len(gradient)), np.diff(packed.starts))
        alone, shared = times[place] == 1, times > 1
        lonely, owners, weights = packed.rows[alone], owner[alone], packed.weights[alone]
        common = rows[shared]
        share = np.zeros((len(common), len(gradient)), np.float32)
        np.add.at(
            share.reshape(-1),
            (np.cumsum(shared) - 1)[place[~alone]] * len(gradient) + owner[~alone],
            packed.weights[~alone],
        )
        lengths = np.einsum("ij,ij->i", gradient, gradient)
        pace = weights * self._pace(table, lonely, weights * weights * lengths[owners])
        for at in range(0, len(lonely), _ROWS):
            piece = slice(at, at + _ROWS)
            change = gradient.take(owners[piece], 0)
            change *= pace[piece, None]
            self._move(table, lonely[piece], change)
        rest = product(share, gradient)
        rest *= self._pace(table, common, np.einsum("ij,ij->i", rest, rest))[:, None]
        for at in range(0, len(common), _ROWS):
            self._move(table, common[at : at + _ROWS], rest[at : at + _ROWS])

    def _move(self, table: int, rows: Ints, change: Floats) -> None:
        """Add to rows, each of which is named once."""
        change += self._gathered(table, rows)
        self.tables[table][rows] = kept(change)

    def _pace(self, table: int, rows: Ints, squares: Floats) -> Floats:
        """Note the squared lengths of the changes of rows, and return how far each goes (AdaGrad)."""
        own = self.squares[table]
        own[rows] += squares / np.float32(self.width)
        pace: Floats = np.float32(-self.rate) / np.sqrt(own[rows])
        return pace


def unit(sums: Floats) -> tuple[Floats, Floats]:
    """Return the rows at length one, and their lengths as a column."""
    lengths = np.sqrt(np.einsum("ij,ij->i", sums, sums))[:, None] + np.float32(1e-6)
    return sums / lengths, lengths


def tangent(gradient: Floats, place: Floats) -> Floats:
    """Remove from each gradient what points along its place: lengths are not learned."""
    left: Floats = gradient - np.einsum("ij,ij->i", gradient, place)[:, None] * place
    return left


def product(left: Floats, right: Floats, out: Floats | None = None) -> Floats:
    """Return the matrix product, (n, k) by (k, m), taken in pieces that stay on one thread."""
    rows = max(1, _MULTIPLICATIONS // max(1, right.size))
    whole = np.empty((len(left), right.shape[1]), np.float32) if out is None else out
    for at in range(0, len(left), rows):
        np.dot(left[at : at + rows], right, out=whole[at : at + rows])
    return whole
