"""The first record: sessions, exchanges, journal, events, wire, measurements, learners."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.String(40)
ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sessions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("end_reason", sa.String(80)),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
        sa.Column("teacher", sa.JSON, nullable=False),
        sa.Column("learner", sa.JSON, nullable=False),
        sa.Column("journal_seq", sa.Integer, nullable=False),
        sa.Column("event_seq", sa.Integer, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
    )
    op.create_table(
        "exchanges",
        sa.Column("row", ROW, primary_key=True, autoincrement=True),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("key", sa.String(80), nullable=False, unique=True),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("topic", sa.Text),
        sa.Column("conversation", sa.Integer, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("drafted_at", sa.Float, nullable=False),
        sa.Column("sent_at", sa.Float),
        sa.Column("closed_at", sa.Float),
        sa.Column("reply", sa.Text),
        sa.Column("stage", sa.String(40)),
        sa.Column("learner_seq", sa.BigInteger),
        sa.Column("learner_ms", sa.Float),
        sa.Column("odd", sa.Text),
        sa.Column("extra", sa.JSON),
        sa.Column("teacher", sa.JSON, nullable=False),
        sa.Column("previous", sa.String(64)),
        sa.Column("hash", sa.String(64)),
        sa.Index("exchange_place", "session_id", "number", unique=True),
    )
    op.create_table(
        "journal",
        sa.Column("session_id", ID, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("session_id", ID, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_table(
        "wire",
        sa.Column("id", ROW, primary_key=True, autoincrement=False),
        sa.Column("session_id", ID),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("peer", sa.String(12), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("bytes_sent", sa.Integer, nullable=False),
        sa.Column("digest_sent", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("milliseconds", sa.Float),
        sa.Column("bytes_received", sa.Integer),
        sa.Column("digest_received", sa.String(64)),
        sa.Column("error", sa.Text),
        sa.Index("wire_session", "session_id", "id"),
    )
    op.create_table(
        "measurements",
        sa.Column("row", ROW, primary_key=True, autoincrement=True),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Index("measurement_place", "session_id", "row"),
    )
    op.create_table(
        "learners",
        sa.Column("url", sa.String(400), primary_key=True),
        sa.Column("first_row", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """A record is never thrown away by a downgrade."""
    raise NotImplementedError("put back a copy of the record made before the upgrade")
