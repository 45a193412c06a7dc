"""Many sessions at once: leases on learners, fenced sessions, numbers given out in blocks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.String(40)


def upgrade() -> None:
    """Add the tables and columns."""
    op.add_column("sessions", sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("limits", sa.JSON))
    op.add_column("sessions", sa.Column("spent", sa.JSON))
    op.create_table(
        "leases",
        sa.Column("learner", sa.String(400), primary_key=True),
        sa.Column("session_id", ID),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("acquired_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
    )
    op.create_table(
        "numbers",
        sa.Column("name", ID, primary_key=True),
        sa.Column("next", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """A record is never thrown away by a downgrade."""
    raise NotImplementedError("put back a copy of the record made before the upgrade")
