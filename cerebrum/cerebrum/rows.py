"""A record as a row of the store, and back."""

from __future__ import annotations

import json
from typing import Any

from cerebrum.chain import Content, Record

_LASTING = ("seq", "kind", "at", "key", "target", "digest", "head")
_KINDS = ("exchange", "overheard", "forgotten")


def packed(record: Record) -> tuple[object, ...]:
    """The row: what stays for ever, then what may be emptied (salt, content, heard)."""
    content, heard = record.content, None
    text = None
    if content is not None:
        heard = content.heard
        text = json.dumps([content.conversation, content.said, content.voice, content.notes, content.body])
    return (*(getattr(record, name) for name in _LASTING), record.salt, text, heard)


def unpacked(row: tuple[Any, ...]) -> Record:
    """The record that ``packed`` made the row of; ValueError if it is none."""
    seq, kind, at, key, target, digest, head, salt, text, heard = row
    lasting = isinstance(seq, int) and kind in _KINDS and isinstance(at, str) and isinstance(key, (str, type(None)))
    if not (lasting and isinstance(target, (int, type(None))) and _are_bytes(digest, head)):
        raise ValueError("a field is of another type")
    if text is None:
        if heard is not None or salt is not None:
            raise ValueError("its content is gone, its text or salt is not")
        return Record(seq, kind, at, key, target, digest, head, None, None)
    if not (isinstance(text, str) and isinstance(heard, str) and _are_bytes(salt)):
        raise ValueError("its text or salt is gone, its content is not")
    try:
        conversation, said, voice, notes, body = json.loads(text)
    except (ValueError, TypeError) as error:
        raise ValueError(f"its content cannot be read: {error}") from error
    return Record(
        seq, kind, at, key, target, digest, head, salt, Content(conversation, heard, said, voice, notes, body)
    )


def emptied(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row without what may be emptied."""
    return (*row[:7], None, None, None)


def _are_bytes(*values: object) -> bool:
    return all(isinstance(value, bytes) for value in values)
