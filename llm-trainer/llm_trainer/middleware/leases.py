"""Who teaches which learner: one session each, whoever runs it.

A lease is a row per learner: session, owner, when it expires, and a token that rises each time it is taken. The
session's row carries the token under which it was last taken (``fence``), and every write of a session names it. So a
worker that was away for too long can write nothing more, whatever its own clock says, once another has taken the
session over; expiry only says when others may try. Which machine goes on is decided by whoever takes the lease.

All of it runs inside ``Record.read``: one transaction each.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from llm_trainer.errors import NotFound, SessionActive
from llm_trainer.middleware import queries
from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.tables import leases, numbers, sessions

_HELD = select(leases).where(leases.c.learner == bindparam("the_learner")).with_for_update()
_TAKEN = update(leases).where(leases.c.learner == bindparam("the_learner"))
_FENCED = update(sessions).where(sessions.c.id == bindparam("the_session")).values(fence=bindparam("token"))

LEASE_SECONDS = 30.0
RENEW_SECONDS = 10.0


@dataclass(frozen=True)
class Claim:
    """Who wants to teach whom, and when."""

    learner: str
    session_id: str
    owner: str
    now: float


def owner_name(port: int) -> str:
    """This middleware's name in leases: two that live at once never share it, one started again has it still."""
    return f"{socket.gethostname()[:100]}:{port}"


def held_by(connection: Connection, learner: str) -> Row | None:
    """The lease of a learner, live or not; on a server, nobody else changes it before this transaction ends."""
    found = connection.execute(_HELD, {"the_learner": learner}).mappings().first()
    return None if found is None else dict(found)


def take(connection: Connection, claim: Claim) -> int:
    """Take the lease and fence the session; returns the token. SessionActive says who has it."""
    held = held_by(connection, claim.learner)
    if held is not None and held["session_id"] is not None and held["expires_at"] > claim.now:
        remedy = "stop that session, or teach another learner"
        raise SessionActive(
            f"session {held['session_id']} teaches this learner already, run by {held['owner']}",
            remedy=remedy,
            session_id=held["session_id"],
            owner=held["owner"],
            expires_at=iso(held["expires_at"]),
        )
    token = 1 if held is None else int(held["token"]) + 1
    row = {
        "session_id": claim.session_id,
        "owner": claim.owner,
        "token": token,
        "acquired_at": claim.now,
        "expires_at": claim.now + LEASE_SECONDS,
    }
    if held is None:
        connection.execute(insert(leases), {"learner": claim.learner, **row})
    else:
        connection.execute(_TAKEN, {"the_learner": claim.learner, **row})
    connection.execute(_FENCED, {"the_session": claim.session_id, "token": token})
    return token


def take_over(connection: Connection, claim: Claim) -> Row:
    """Take the lease for a recorded session; returns its row as it is from then on, when nobody else can write it."""
    take(connection, claim)
    row = queries.session_row(connection, claim.session_id)
    if row is None or row["ended_at"] is not None:
        raise NotFound(f"no unfinished session {claim.session_id}", remedy="GET /api/sessions lists all")
    return row


def free(connection: Connection, owner: str | None) -> None:
    """Let go of the leases of an owner whose process has died, or of all (None) where nobody else can be alive."""
    mine = leases.c.session_id.is_not(None) if owner is None else leases.c.owner == owner
    connection.execute(update(leases).where(mine), {"session_id": None, "expires_at": 0.0})


def live(connection: Connection, now: float) -> dict[str, Row]:
    """Leases that hold, by session."""
    query = select(leases).where(leases.c.session_id.is_not(None), leases.c.expires_at > now)
    return {row["session_id"]: dict(row) for row in connection.execute(query).mappings()}


def reserve(connection: Connection, name: str, count: int, at_least: int = 1) -> int:
    """The first of ``count`` numbers that are given to nobody else, none below ``at_least``."""
    query = select(numbers.c.next).where(numbers.c.name == name).with_for_update()
    following = connection.execute(query).scalar()
    first = max(at_least, following or 1)
    if following is None:
        connection.execute(insert(numbers), {"name": name, "next": first + count})
    else:
        connection.execute(update(numbers).where(numbers.c.name == name), {"next": first + count})
    return first
