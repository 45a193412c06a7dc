"""Does the learner still know what the record says it was taught? Asked before a session and after every outage.

A learner forgets from the end: an older backup knows a beginning of what was taught, in order. So the newest key
answers "nothing lost", and halving finds the first that is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert

from llm_trainer.middleware import queries
from llm_trainer.middleware.learner import Learner, Standing
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.tables import learners
from llm_trainer.session.transitions import LEARNER_FORGOT

FORGET_LEARNER = delete(learners)
NEW_LEARNER = insert(learners)


@dataclass(frozen=True)
class Finding:
    """What the learner says of itself, and how much of the record it has forgotten."""

    standing: Standing
    lost: int = 0
    lost_key: str | None = None
    is_new: bool = False


async def examine(record: Record, learner: Learner, *, begun: bool) -> Finding:
    """Compare; raises PeerError. A learner that knows nothing before the session has ``begun`` is a new one.

    One that takes keys is asked for them; any other is believed in how many entries its record has.
    """
    standing = await learner.standing()
    if not standing.is_idempotent and standing.seq is None:
        return Finding(standing)

    async def is_known(row: Row) -> bool:
        if standing.is_idempotent:
            return await learner.knows(row["key"]) is not None
        if standing.seq is None:
            return True
        told = row["learner_seq"]  # none where its answer could not be understood
        least = await record.read(queries.least_seq, url, first_row, row["row"]) if told is None else told
        return least <= standing.seq

    url = learner.url
    first_row = await record.read(queries.first_row_of, url)
    last = await record.read(queries.taught_last, url, first_row)
    if last is None or await is_known(last):
        return Finding(standing)
    if not begun and (standing.seq == 0 or await _is_said_to_have_forgotten(record, url)):
        await _begin_anew(record, url)
        return Finding(standing, is_new=True)
    return await _halved(record, url, first_row, standing, is_known)


async def _halved(
    record: Record, url: str, first_row: int, standing: Standing, is_known: Callable[[Row], Awaitable[bool]]
) -> Finding:
    """Find the first of what was taught that is not known, the last being known to be so."""
    count = await record.read(queries.taught_count, url, first_row)
    known, unknown = 0, count - 1
    while known < unknown:
        middle = (known + unknown) // 2
        row = await record.read(queries.taught_at, url, first_row, middle)
        assert row is not None
        if await is_known(row):
            known = middle + 1
        else:
            unknown = middle
    first_lost = await record.read(queries.taught_at, url, first_row, unknown)
    assert first_lost is not None
    return Finding(standing, lost=count - unknown, lost_key=first_lost["key"])


async def _is_said_to_have_forgotten(record: Record, url: str) -> bool:
    """Whether this learner's last session ended because it forgot, so that somebody who starts another knows it."""
    rows = await record.read(queries.session_rows)
    ended = (row["end_reason"] for row in rows if row["learner"].get("url") == url and row["ended_at"] is not None)
    return next(ended, None) == LEARNER_FORGOT


async def _begin_anew(record: Record, url: str) -> None:
    """What was taught at this address so far was taught to another learner."""
    last_row = await record.read(queries.last_row)
    record.write(FORGET_LEARNER.where(learners.c.url == url), {})
    record.write(NEW_LEARNER, {"url": url, "first_row": last_row + 1})
    await record.commit()


async def next_taught(record: Record, url: str, key: str) -> str | None:
    """The key of the exchange that the learner was taught after ``key``."""
    row = await record.read(queries.exchange_row, key)
    assert row is not None
    following = await record.read(queries.taught_after, url, 0, row["row"])
    return None if following is None else str(following["key"])
