"""The stream of events: first what a reader missed, from the record, then what happens, without a gap between.

What happens is sent at once after a quiet moment, and then together with all that came during a rest (``pace``): those
who look on must not cost the session its rate. A hundred events a second are sixteen parcels to a single reader; many
readers share some twenty parcels a second between them, and each hears of everything at least once a second.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from llm_trainer.middleware import queries
from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.export import entry
from llm_trainer.middleware.hub import Told
from llm_trainer.middleware.parts import Parts

STATUS_SECONDS = 1.0
PACE_SECONDS = 0.06
SHARE_SECONDS = 0.05
LONGEST_SECONDS = 1.0
PAGE = 200


def pace(readers: int) -> float:
    """Seconds between two parcels to one of so many readers."""
    return min(LONGEST_SECONDS, max(PACE_SECONDS, SHARE_SECONDS * (readers - 1)))


async def follow(parts: Parts, last_event_id: str | None, only: str | None = None) -> AsyncIterator[str]:
    """Server-sent events from after ``last_event_id`` on, with a status at the start and every second.

    Those of the session ``only``; else of the latest one, and of the next when that begins.
    """
    yield "retry: 1000\n\n"
    yield await _status(parts, only)
    session_id, seq = _place(last_event_id)
    if only is not None and session_id != only:
        session_id, seq = "", 0
    while session_id and len(missed := await _missed(parts, session_id, seq)) == PAGE:
        for told in missed:
            yield told.written
        seq = missed[-1].seq
    listener = parts.hub.join(lambda told: told.session_id == (only or parts.trainer.latest_id))
    try:
        if session_id:  # what came between the last page and joining
            for told in await _missed(parts, session_id, seq):
                yield told.written
                seq = told.seq
        clock = asyncio.get_running_loop().time
        due = clock() + STATUS_SECONDS
        while (taken := await listener.take(due - clock())) is not None:
            news = [told for told in taken if not (told.session_id == session_id and told.seq <= seq)]
            parcel = "".join(told.written for told in news)
            if clock() >= due or any(told.type in ("phase", "end") for told in news):
                due = clock() + STATUS_SECONDS
                parcel += await _status(parts, only)
            if parcel:
                yield parcel
            await listener.rest(pace(len(parts.hub)))
    finally:
        parts.hub.leave(listener)


def _place(last_event_id: str | None) -> tuple[str, int]:
    session_id, _, seq = (last_event_id or "").partition(":")
    return (session_id, int(seq)) if session_id and seq.isdecimal() and len(seq) < 10 else ("", 0)


async def _missed(parts: Parts, session_id: str, after: int) -> list[Told]:
    rows = await parts.record.read(queries.event_rows, session_id, after, PAGE)
    numbers = [row["body"]["number"] for row in rows if row["type"] == "exchange"]
    said = await parts.record.read(queries.exchanges_numbered, session_id, numbers) if numbers else {}
    return [_told(row, said) for row in rows]


def _told(row: dict[str, Any], said: dict[int, dict[str, Any]]) -> Told:
    exchange = row["type"] == "exchange"
    body = entry(said[row["body"]["number"]]) if exchange else {**row["body"], "at": iso(row["at"])}
    return Told(row["session_id"], row["seq"], row["type"], body)


async def _status(parts: Parts, only: str | None) -> str:
    return f"event: status\ndata: {json.dumps(await parts.trainer.status_of(only))}\n\n"
