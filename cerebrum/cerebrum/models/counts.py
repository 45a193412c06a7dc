"""Which symbol followed which context, how often: the memory under every n-gram model here.

Laws:

1. Lower orders count *types*: (context, symbol) counts how many different symbols stood before that context when the
   symbol followed, as Kneser and Ney (1995) ask. Such counts do not depend on the order in which they were made, so an
   event can be taken back exactly.
2. A context met once costs one entry: it points at the place where it was met, and everything longer that it implies
   is read there. It is written out only when it is met again.
3. Keys are packed integers ``node << 24 | symbol``, in tables of 24 bytes an entry.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cerebrum.models.state import State, integers
from cerebrum.models.table import Table

SYMBOL_BITS = 24
"""More than sixteen million different symbols do not fit the packed keys."""

_SYMBOLS = (1 << SYMBOL_BITS) - 1
_ROOT = 0
_LOW_COUNTS = 5
_SELDOM = 2
_OFTEN = 64


class ContextCounts:
    """Counts of symbols after contexts of 0 to ``order - 1`` symbols, over one growing stream of symbols.

    Symbols are integers from 0 to 2**24 - 1. ``limit`` bounds the entries kept, at about 30 bytes each: beyond it the
    oldest and least used contexts are dropped.
    """

    def __init__(self, order: int, limit: int = 1_000_000) -> None:
        self.order = order
        self.limit = limit
        self.full_at = limit
        self.stream = array("I", [0] * (order - 1))
        self.counts = Table()
        self.nodes = Table()
        self.totals = array("I", [0])
        self.ones = array("I", [0])
        self.twos = array("I", [0])
        self.more = array("I", [0])
        self.count_of_counts = [[1] * _LOW_COUNTS for _ in range(order)]
        self._tail: tuple[int, ...] = (0,) * (order - 1)
        self.settle()

    def __len__(self) -> int:
        return len(self.nodes) + len(self.counts)

    def observe(self, history: tuple[int, ...], symbol: int) -> None:
        """Count ``symbol`` after ``history``, which must be as long as the longest context."""
        if history != self._tail:
            self.pad(history)
        self.add(symbol)
        self._tail = (*history[1:], symbol)

    def add(self, symbol: int) -> None:
        """Append ``symbol`` to the stream and count it after everything that stood before it."""
        self.stream.append(symbol)
        self._count(len(self.stream) - 1)
        if len(self) > self.full_at:
            self._make_room()

    def pad(self, symbols: Sequence[int]) -> None:
        """Append symbols that only serve as context: nothing is counted."""
        self.stream.extend(symbols)

    def _count(self, place: int) -> None:
        stream, nodes = self.stream, self.nodes
        node, path, depth = _ROOT, [_ROOT], 1
        while depth < self.order:
            key = node << SYMBOL_BITS | stream[place - depth]
            child = nodes.get(key)
            if not child:
                nodes.put(key, ~place)
                for implied in range(depth, self.order):
                    self._moved(implied, 0)
                break
            node = self._split(key, ~child, depth) if child < 0 else child
            path.append(node)
            depth += 1
        symbol = stream[place]
        for at in range(len(path) - 1, -1, -1):
            if self._increment(path[at], at, symbol):
                break

    def _increment(self, node: int, depth: int, symbol: int) -> int:
        """Count one more ``symbol`` at ``node``; the count before."""
        key = node << SYMBOL_BITS | symbol
        count = self.counts.get(key)
        self.counts.put(key, count + 1)
        self.totals[node] += 1
        if count == 0:
            self.ones[node] += 1
        elif count == 1:
            self.ones[node] -= 1
            self.twos[node] += 1
        elif count == 2:
            self.twos[node] -= 1
            self.more[node] += 1
        if count < _LOW_COUNTS:
            self._moved(depth, count)
        return count

    def _moved(self, depth: int, count: int) -> None:
        """One event's count at ``depth`` went from ``count`` to ``count + 1``."""
        kinds = self.count_of_counts[depth]
        if count + 1 < _LOW_COUNTS:
            kinds[count + 1] += 1
        if count:
            kinds[count] -= 1

    def _split(self, key: int, place: int, depth: int) -> int:
        """Write out the context that was met once, at ``place``; its longer form now points there."""
        node = len(self.totals)
        self.nodes.put(key, node)
        self.totals.append(1)
        self.ones.append(1)
        self.twos.append(0)
        self.more.append(0)
        self.counts.put(node << SYMBOL_BITS | self.stream[place], 1)
        if depth + 1 < self.order:
            self.nodes.put(node << SYMBOL_BITS | self.stream[place - depth - 1], ~place)
        return node

    def settle(self) -> None:
        """Bring the discounts up to date with the counts of counts; to be called after each turn or word.

        Chen and Goodman (1999), equation 26, kept within sane bounds. ``discounts[depth]`` is what is taken from counts
        of 0, 1, 2, and 3 or more after contexts of ``depth`` symbols.
        """
        self.discounts = [_discounts(*kinds[1:]) for kinds in self.count_of_counts]

    def probability(self, history: Sequence[int], symbol: int, base: float) -> float:
        """Interpolated modified Kneser-Ney probability of ``symbol`` after ``history``, which ends with the latest.

        ``base`` is its probability by a proper fallback. Takes microseconds; nothing changes.
        """
        totals, ones, twos, more, counts, nodes = self.totals, self.ones, self.twos, self.more, self.counts, self.nodes
        discounts = self.discounts
        deepest = min(self.order - 1, len(history))
        node, depth, p = _ROOT, 0, base
        total = totals[_ROOT]
        while total:
            d = discounts[depth]
            p *= d[1] * ones[node] + d[2] * twos[node] + d[3] * more[node]
            count = counts.get(node << SYMBOL_BITS | symbol)
            if count:
                p += count - d[count if count < 3 else 3]
            p /= total
            if depth == deepest:
                break
            depth += 1
            child = nodes.get(node << SYMBOL_BITS | history[-depth])
            if not child:
                break
            if child < 0:
                return self._follow(history, symbol, ~child, depth, p)
            node, total = child, totals[child]
        return p

    def _follow(self, history: Sequence[int], symbol: int, place: int, depth: int, p: float) -> float:
        """Go on along the one place where the context was met, as far as the history agrees with it."""
        stream, deepest = self.stream, min(self.order - 1, len(history))
        hit = stream[place] == symbol
        while True:
            d = self.discounts[depth][1]
            p = d * p + (1 - d if hit else 0.0)
            depth += 1
            if depth > deepest or stream[place - depth] != history[-depth]:
                return p

    def count(self, symbol: int) -> int:
        """In how many different contexts the symbol was met; 0 when it is unheard or wholly forgotten."""
        return self.counts.get(symbol)

    def types(self) -> int:
        """How many different symbols are known."""
        return self.ones[_ROOT] + self.twos[_ROOT] + self.more[_ROOT]

    def remove(self, history: Sequence[int], symbol: int) -> None:
        """Take back one event that was counted: ``symbol`` after ``history`` (as long as the longest context).

        Events that are alike to this length are one and the same to every count; which of them goes does not matter.
        """
        node, path, depth = _ROOT, [_ROOT], 1
        while depth < self.order:
            key = node << SYMBOL_BITS | history[-depth]
            child = self.nodes.get(key)
            if not child:
                break
            if child < 0:
                if self._is_at(~child, history, symbol, depth):
                    self.nodes.remove(key)
                    for implied in range(depth, self.order):
                        self._moved_back(implied, 1)
                break
            path.append(child)
            node = child
            depth += 1
        for at in range(len(path) - 1, -1, -1):
            if self._decrement(path[at], at, symbol):
                break

    def remove_at(self, place: int) -> None:
        """``remove`` the event that was counted at ``place`` of the stream."""
        self.remove(self.stream[place - self.order + 1 : place], self.stream[place])

    def admit(self, symbol: int) -> None:
        """Make sure that a symbol counts as met: what was pruned cannot be taken back exactly, and may be too often."""
        if not self.counts.get(symbol):
            self._increment(_ROOT, 0, symbol)

    def _is_at(self, place: int, history: Sequence[int], symbol: int, depth: int) -> bool:
        longer = range(depth, self.order)
        return self.stream[place] == symbol and all(self.stream[place - k] == history[-k] for k in longer)

    def _decrement(self, node: int, depth: int, symbol: int) -> int:
        """Count one less; what is left. An event that was pruned away here counts as gone."""
        key = node << SYMBOL_BITS | symbol
        count = self.counts.get(key)
        if not count:
            return 0
        if count > 1:
            self.counts.put(key, count - 1)
        else:
            self.counts.remove(key)
        self.totals[node] -= 1
        if count == 1:
            self.ones[node] -= 1
        elif count == 2:
            self.ones[node] += 1
            self.twos[node] -= 1
        elif count == 3:
            self.twos[node] += 1
            self.more[node] -= 1
        if count <= _LOW_COUNTS:
            self._moved_back(depth, count)
        return count - 1

    def _moved_back(self, depth: int, count: int) -> None:
        kinds = self.count_of_counts[depth]
        if count < _LOW_COUNTS:
            kinds[count] -= 1
        if count > 1:
            kinds[count - 1] += 1

    def _make_room(self) -> None:
        """Drop what was met seldom, ever less seldom, until a quarter is free or only the frequent is left."""
        seldom = _SELDOM
        while len(self) > self.limit * 3 // 4 and seldom <= _OFTEN:
            self._prune(seldom)
            seldom *= 2
        self.full_at = max(self.limit, len(self) + self.limit // 8)

    def _prune(self, seldom: int) -> None:
        """Drop the older half of the contexts met once, and of the older half those met at most ``seldom`` times.

        Counts of counts keep them: discounts are estimates anyway. What hangs below a dropped context goes with it;
        what is left is numbered anew, in the same order.
        """
        (keys, children), (counted, counts) = self.nodes.items(), self.counts.items()
        kinds = np.array([self.totals, self.ones, self.twos, self.more], np.uint32)
        parents, at = keys >> SYMBOL_BITS, counted >> SYMBOL_BITS
        once = children < 0
        oldest = int(np.median(~children[once])) if once.any() else -1
        gone = np.zeros(kinds.shape[1], np.bool_)
        gone[1 : len(gone) // 2] = kinds[0, 1 : len(gone) // 2] <= seldom
        for _ in range(self.order):
            gone[children[~once]] |= gone[parents[~once]]
        kept = ~gone[parents] & np.where(once, ~children > oldest, ~gone[np.maximum(children, 0)])
        numbers = np.cumsum(~gone, dtype=np.int64) - 1
        self.totals, self.ones, self.twos, self.more = (_array("I", column) for column in kinds[:, ~gone])
        keys = numbers[parents] << SYMBOL_BITS | keys & _SYMBOLS
        children = np.where(once, children, numbers[np.maximum(children, 0)].astype(np.int32))
        self.nodes.replace(keys[kept], children[kept])
        counted, left = numbers[at] << SYMBOL_BITS | counted & _SYMBOLS, ~gone[at]
        self.counts.replace(counted[left], counts[left])

    def state(self) -> State:
        """Everything that can influence later behaviour; equal after equal histories of calls."""
        (keys, children), (counted, counts) = self.nodes.items(), self.counts.items()
        return {
            "stream": np.array(self.stream, dtype=np.uint32),
            "count_keys": counted,
            "count_values": counts,
            "node_keys": keys,
            "node_values": children,
            "kinds": np.array([self.totals, self.ones, self.twos, self.more], dtype=np.uint32),
            "full_at": integers([self.full_at]),
            "count_of_counts": np.array(self.count_of_counts, dtype=np.int64),
        }

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        self.stream = _array("I", state["stream"])
        self.full_at = int(state["full_at"][0])
        self._tail = tuple(self.stream[len(self.stream) - self.order + 1 :])
        self.counts.replace(state["count_keys"], state["count_values"])
        self.nodes.replace(state["node_keys"], state["node_values"])
        self.totals, self.ones, self.twos, self.more = (_array("I", column) for column in state["kinds"])
        self.count_of_counts = [list(kinds) for kinds in state["count_of_counts"].tolist()]
        self.settle()


def _array(kind: str, values: NDArray[Any]) -> array[int]:
    found: array[int] = array(kind)
    found.frombytes(np.ascontiguousarray(values, np.dtype(kind)).tobytes())
    return found


def _discounts(n1: int, n2: int, n3: int, n4: int) -> tuple[float, float, float, float]:
    n1, n2, n3, n4 = max(n1, 1), max(n2, 1), max(n3, 1), max(n4, 1)
    y = n1 / (n1 + 2 * n2)
    return (
        0.0,
        min(1.0, max(0.1, 1 - 2 * y * n2 / n1)),
        min(2.0, max(0.2, 2 - 3 * y * n3 / n2)),
        min(3.0, max(0.3, 3 - 4 * y * n4 / n3)),
    )
