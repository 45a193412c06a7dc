"""The record's tables.

``sessions.state`` is the fold of ``journal``: kept beside it so that going on needs no replay, checked against it by
``verify``; ``sessions.fence`` is the token of the lease under which it was last written. ``exchanges`` are
hash-chained per session in the order in which they were closed. ``events`` are what the world was told. ``wire`` has a
row for every call that was made, begun before the call.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

HEAD = "0002"
"""The migration that makes these tables; see migrations/versions."""

metadata = MetaData()
_ID = String(40)
_ROW = BigInteger().with_variant(Integer, "sqlite")

sessions = Table(
    "sessions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("end_reason", String(80)),
    Column("plan", JSON, nullable=False),
    Column("state", JSON, nullable=False),
    Column("teacher", JSON, nullable=False),
    Column("learner", JSON, nullable=False),
    Column("journal_seq", Integer, nullable=False),
    Column("event_seq", Integer, nullable=False),
    Column("head", String(64), nullable=False),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Column("limits", JSON),
    Column("spent", JSON),
)
exchanges = Table(
    "exchanges",
    metadata,
    Column("row", _ROW, primary_key=True, autoincrement=True),
    Column("session_id", _ID, nullable=False),
    Column("number", Integer, nullable=False),
    Column("key", String(80), nullable=False, unique=True),
    Column("status", String(12), nullable=False),
    Column("topic", Text),
    Column("conversation", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("drafted_at", Float, nullable=False),
    Column("sent_at", Float),
    Column("closed_at", Float),
    Column("reply", Text),
    Column("stage", String(40)),
    Column("learner_seq", BigInteger),
    Column("learner_ms", Float),
    Column("odd", Text),
    Column("extra", JSON),
    Column("teacher", JSON, nullable=False),
    Column("previous", String(64)),
    Column("hash", String(64)),
    Index("exchange_place", "session_id", "number", unique=True),
)
journal = Table(
    "journal",
    metadata,
    Column("session_id", _ID, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("body", JSON, nullable=False),
)
events = Table(
    "events",
    metadata,
    Column("session_id", _ID, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    Column("type", String(20), nullable=False),
    Column("body", JSON, nullable=False),
)
wire = Table(
    "wire",
    metadata,
    Column("id", _ROW, primary_key=True, autoincrement=False),
    Column("session_id", _ID),
    Column("at", Float, nullable=False),
    Column("peer", String(12), nullable=False),
    Column("method", String(8), nullable=False),
    Column("path", Text, nullable=False),
    Column("bytes_sent", Integer, nullable=False),
    Column("digest_sent", String(64), nullable=False),
    Column("status", Integer),
    Column("milliseconds", Float),
    Column("bytes_received", Integer),
    Column("digest_received", String(64)),
    Column("error", Text),
    Index("wire_session", "session_id", "id"),
)
measurements = Table(
    "measurements",
    metadata,
    Column("row", _ROW, primary_key=True, autoincrement=True),
    Column("session_id", _ID, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("body", JSON, nullable=False),
    Index("measurement_place", "session_id", "row"),
)
learners = Table(
    "learners",
    metadata,
    Column("url", String(400), primary_key=True),
    Column("first_row", BigInteger, nullable=False),
)
leases = Table(
    "leases",
    metadata,
    Column("learner", String(400), primary_key=True),
    Column("session_id", _ID),
    Column("owner", String(120), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("acquired_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
)
"""Who teaches which learner, by its URL. Rows stay, so that ``token`` rises for ever."""
numbers = Table(
    "numbers",
    metadata,
    Column("name", _ID, primary_key=True),
    Column("next", BigInteger, nullable=False),
)
"""Numbers given out in blocks, so that several middlewares never give the same."""
