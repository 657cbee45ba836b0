"""Frozen counts; who approves a list's digest, what an issue says; what the comparators of a campaign match."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.String(length=27)


def upgrade() -> None:
    """Create the tables and columns."""
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("as_of", MOMENT, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("campaign", "number", name=op.f("uq_snapshot_campaign_number")),
    )
    op.add_column(
        "mailing_list", sa.Column("approvers", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("issue", sa.Column("edits", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("issue", sa.Column("body", sa.LargeBinary(), nullable=True))
    op.create_table(
        "compared",
        sa.Column("campaign", sa.String(length=80), nullable=False),
        sa.Column("asked", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_compared")),
    )
    op.create_table(
        "comparator_match",
        sa.Column("campaign", sa.String(length=80), nullable=False),
        sa.Column("article", sa.String(length=16), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "article", name=op.f("pk_comparator_match")),
    )
