"""The statements by which sessions are written, each made once so that it is compiled once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, bindparam, insert, literal_column, update

from llm_trainer.middleware.tables import events, exchanges, journal, leases, measurements, sessions, wire

_OPEN = exchanges.c.status.in_((literal_column("'drafted'"), literal_column("'sending'")))
"""Written out: parameters in a list are put together anew with every execution."""

NEW_SESSION = insert(sessions)
JOURNAL = insert(journal)
EVENT = insert(events)
MEASUREMENT = insert(measurements)
DRAFT = insert(exchanges)
SEND = (
    update(exchanges)
    .where(
        exchanges.c.key == bindparam("the_key"),
        exchanges.c.sha256 == bindparam("the_sha256"),
        _OPEN,
    )
    .values(status="sending", sent_at=bindparam("now"), attempts=bindparam("attempt"))
)
_OUTCOME = ("status", "closed_at", "reply", "stage", "learner_seq", "learner_ms", "odd", "extra", "previous", "hash")
CLOSE = (
    update(exchanges)
    .where(exchanges.c.key == bindparam("the_key"), _OPEN)
    .values({name: bindparam(f"new_{name}") for name in _OUTCOME})
)
RETOLD = (
    update(exchanges).where(exchanges.c.key == bindparam("the_key")).values(learner_seq=bindparam("new_learner_seq"))
)

CALL_BEGUN = insert(wire)
_ANSWERED = ("status", "milliseconds", "bytes_received", "digest_received", "error")
CALL_FINISHED = (
    update(wire).where(wire.c.id == bindparam("the_id")).values({name: bindparam(f"new_{name}") for name in _ANSWERED})
)

KEPT = ("state", "journal_seq", "event_seq", "head", "spent")
"""The columns of a session's row that move on with it."""
_MINE = (sessions.c.id == bindparam("the_id"), sessions.c.fence == bindparam("the_fence"))
SESSION = update(sessions).where(*_MINE).values({name: bindparam(f"new_{name}") for name in KEPT})
HOLD = update(sessions).where(*_MINE).values(fence=bindparam("the_fence"))
"""Changes nothing but proves that the session is still ours; whoever takes it over changes the same row."""
TEACHER = update(sessions).where(*_MINE).values(teacher=bindparam("new_teacher"))
"""Who spoke: known for sure only once somebody has."""
END = update(sessions).where(*_MINE).values(ended_at=bindparam("new_ended_at"), end_reason=bindparam("new_end_reason"))

_MY_LEASE = (leases.c.learner == bindparam("the_learner"), leases.c.token == bindparam("the_token"))
RENEW = update(leases).where(*_MY_LEASE).values(expires_at=bindparam("new_expires_at"))
RELEASE = update(leases).where(*_MY_LEASE).values(session_id=None, expires_at=0.0)

FENCED: tuple[Executable, ...] = (SESSION, HOLD, TEACHER, END, RENEW)
"""Those that change nothing when somebody else has taken the session over."""
ONE_ROW: tuple[Executable, ...] = (SEND, CLOSE, RETOLD, *FENCED)
"""Those that must change exactly one row."""


def closing(key: str, outcome: dict[str, Any]) -> dict[str, Any]:
    """The parameters of CLOSE."""
    return {"the_key": key, **{f"new_{name}": value for name, value in outcome.items()}}
