"""Bringing a mind up to date with the record, a slice at a time, checking the chain on the way."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

from cerebrum.chain import Record, Verifier
from cerebrum.dialogue import Observation
from cerebrum.mind import Mind
from cerebrum.store import Store

LEAST = 2  # records a slice takes at any rate: under load one is added per slice, so a fold always catches up
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fold has come: records taken, of all there are."""

    learned: int
    of: int


class Fold:
    """``mind`` plus the records behind ``verifier``'s place; done when it has reached the end of the record."""

    def __init__(self, store: Store, mind: Mind, verifier: Verifier) -> None:
        self.store, self.mind, self.verifier = store, mind, verifier
        self.started_at, self.failed = verifier.seq, 0
        self._records = store.records(verifier.seq)

    @property
    def seq(self) -> int:
        """The last record taken."""
        return self.verifier.seq

    @property
    def progress(self) -> Progress:
        return Progress(self.seq, self.store.seq)

    def advance(self, seconds: float, until: int | None = None) -> bool:
        """Take records for about ``seconds`` (up to ``until``); whether the end is reached.

        StoreCorrupt names a bad record.
        """
        deadline, taken = time.monotonic() + seconds, 0
        while self.seq < self.store.seq:
            if self.seq == until:
                return False
            if taken >= LEAST and time.monotonic() > deadline:
                return False
            self._take(next(self._records))
            taken += 1
        self.verifier.finish(self.store.seq, self.store.head)
        return True

    def begin_again_from_here(self) -> None:
        """Read the records to come anew: one of them has changed."""
        self._records = self.store.records(self.seq)

    def _take(self, record: Record) -> None:
        self.verifier.check(record)
        observation = observation_of(record)
        if observation is not None and not learn(self.mind, observation):
            self.failed += 1


class Audit:
    """The check of a whole chain, in slices."""

    def __init__(self, store: Store) -> None:
        self.store, self.verifier = store, Verifier(store.genesis)
        self._records: Iterator[Record] = store.records()

    @property
    def progress(self) -> Progress:
        return Progress(self.verifier.seq, self.store.seq)

    def advance(self, seconds: float) -> bool:
        """Check records for about ``seconds``; whether all are checked. StoreCorrupt names a bad record."""
        deadline = time.monotonic() + seconds
        while self.verifier.seq < self.store.seq:
            if time.monotonic() > deadline:
                return False
            for record in self._some():
                self.verifier.check(record)
        self.verifier.finish(self.store.seq, self.store.head)
        return True

    def begin_again(self) -> None:
        """Start over: a record that was read may have changed since."""
        self.__init__(self.store)  # type: ignore[misc]

    def _some(self) -> Iterator[Record]:
        for _ in range(min(50, self.store.seq - self.verifier.seq)):
            yield next(self._records)


def observation_of(record: Record) -> Observation | None:
    """What there is to learn from a record: nothing in a deletion or in what was deleted."""
    content = record.content
    if content is None:
        return None
    voice = content.voice if record.kind == "overheard" else ""
    return Observation(record.seq, content.conversation, content.heard, content.said, voice)


def learn(mind: Mind, observation: Observation) -> bool:
    """Let ``mind`` learn; whether it could. What it fails on is passed over, now and in every replay alike."""
    try:
        mind.learn(observation)
    except Exception:
        log.exception("not learned seq=%d", observation.seq)
        return False
    return True
