"""How records are chained, so that a changed, lost or swapped one is found.

Each record has a *digest* of what may be deleted (texts and whatever quotes them, under a random salt) and a *head*:
the hash of the head before it, of what stays for ever, and of the digest. Deleting erases the texts and the salt and
keeps the digest; so the chain still holds, and nobody can guess the text from what is left.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from cerebrum.errors import MENDING, StoreCorrupt

Kind = Literal["exchange", "overheard", "forgotten"]


@dataclass(frozen=True, slots=True)
class Content:
    """What a record holds until it is deleted. ``notes`` is JSON about the answer, ``body`` what the caller asked."""

    conversation: str
    heard: str
    said: str | None = None
    voice: str = ""
    notes: str = "{}"
    body: str = ""

    def digest(self, salt: bytes) -> bytes:
        """32 bytes that stand for the content once it is gone."""
        fields = [self.conversation, self.heard, self.said, self.voice, self.notes, self.body]
        return hashlib.sha256(salt + json.dumps(fields).encode()).digest()


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the store. ``content`` and ``salt`` are None in a deletion's own row and in a row that was deleted.

    ``target`` is, in a deletion, the seq of what was deleted.
    """

    seq: int
    kind: Kind
    at: str
    key: str | None
    target: int | None
    digest: bytes
    head: bytes
    salt: bytes | None
    content: Content | None

    @property
    def is_forgotten(self) -> bool:
        """True of an observation whose text was deleted."""
        return self.kind != "forgotten" and self.content is None


def link(before: bytes, record: Record) -> bytes:
    """The head of a record: 32 bytes that commit to it and to all before it."""
    lasting = json.dumps([record.seq, record.kind, record.at, record.key, record.target])
    return hashlib.sha256(before + lasting.encode() + record.digest).digest()


def chained(before: bytes, record: Record) -> Record:
    """The same record with its head."""
    return replace(record, head=link(before, record))


class Verifier:
    """Checks records one after another; raises StoreCorrupt naming the first place that does not hold.

    Start it at the genesis of a store, or at any ``seq`` whose ``head`` is known to be right.
    """

    def __init__(self, head: bytes, seq: int = 0) -> None:
        self.head, self.seq = head, seq
        self._emptied: set[int] = set()

    def check(self, record: Record) -> None:
        """Take the next record; StoreCorrupt if it is not what was written after the one before."""
        if record.seq != self.seq + 1:
            raise self._broken(self.seq + 1, f"is missing; the next one is {record.seq}")
        if record.head != link(self.head, record):
            raise self._broken(record.seq, "does not follow from the records before it")
        if record.content is not None and record.content.digest(record.salt or b"") != record.digest:
            raise self._broken(record.seq, "has another text than was written")
        if record.is_forgotten:
            self._emptied.add(record.seq)
        elif record.kind == "forgotten" and record.target is not None:
            self._emptied.discard(record.target)
        self.head, self.seq = record.head, record.seq

    def check_all(self, records: Iterable[Record]) -> Verifier:
        """Check every one of ``records``."""
        for record in records:
            self.check(record)
        return self

    def finish(self, seq: int, head: bytes) -> None:
        """The record ends here: at ``seq`` with ``head``, and every emptied row has its deletion on record."""
        if (self.seq, self.head) != (seq, head):
            raise self._broken(self.seq + 1, f"is missing; the record should end at {seq}")
        if self._emptied:
            raise self._broken(min(self._emptied), "has lost its text without a deletion on record")

    @staticmethod
    def _broken(seq: int, what: str) -> StoreCorrupt:
        return StoreCorrupt(f"record {seq} {what}", remedy=MENDING, seq=seq)
