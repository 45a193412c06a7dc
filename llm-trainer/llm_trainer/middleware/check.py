"""Does the learner still know what the record says it was taught? Asked before a session and after every outage.

A learner forgets from the end: an older backup knows a beginning of what was taught, in order. So the newest key
answers "nothing lost", and halving finds the first that is.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert

from llm_trainer.middleware import queries
from llm_trainer.middleware.learner import Learner, Standing
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.tables import learners

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
    """Compare; raises PeerError. A learner that knows nothing before the session has ``begun`` is a new one."""
    standing = await learner.standing()
    if not standing.is_idempotent:
        return Finding(standing)
    url = learner.url
    first_row = await record.read(queries.first_row_of, url)
    last = await record.read(queries.taught_last, url, first_row)
    if last is None or await learner.knows(last["key"]) is not None:
        return Finding(standing)
    if standing.seq == 0 and not begun:
        await _begin_anew(record, url)
        return Finding(standing, is_new=True)
    count = await record.read(queries.taught_count, url, first_row)
    known, unknown = 0, count - 1
    while known < unknown:
        middle = (known + unknown) // 2
        row = await record.read(queries.taught_at, url, first_row, middle)
        assert row is not None
        if await learner.knows(row["key"]) is None:
            unknown = middle
        else:
            known = middle + 1
    first_lost = await record.read(queries.taught_at, url, first_row, unknown)
    assert first_lost is not None
    return Finding(standing, lost=count - unknown, lost_key=first_lost["key"])


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
