"""How far each search index is, and why it is behind: known also while it does not answer."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "index_state",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("level_at", sa.String(length=27), nullable=True),
        sa.Column("failed_at", sa.String(length=27), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_index_state")),
    )
