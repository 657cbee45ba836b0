"""When a record's evidence expired."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("capture", sa.Column("expired_at", sa.String(length=27), nullable=True))
