"""Server-sent events, as the middleware writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something that happened. ``id`` is empty for what is only told and not recorded, such as a status."""

    type: str
    body: dict[str, Any]
    id: str = ""

    @property
    def session_id(self) -> str:
        """The session it belongs to; empty for a status, whose body says it."""
        return self.id.partition(":")[0] or str(self.body.get("session_id") or "")


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """The events in a stream of lines. One that is cut off or cannot be read is passed over.

    >>> list(read_events(["id: s:1", "event: topic", 'data: {"topic": "tea"}', ""]))
    [Event(type='topic', body={'topic': 'tea'}, id='s:1')]
    """
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields['data']}\n{value}" if name == "data" and "data" in fields else value
            continue
        event = _event(fields)
        fields = {}
        if event is not None:
            yield event


def _event(fields: dict[str, str]) -> Event | None:
    try:
        body = json.loads(fields.get("data", ""))
    except ValueError:
        return None
    return Event(fields.get("event", "message"), body, fields.get("id", "")) if isinstance(body, dict) else None
