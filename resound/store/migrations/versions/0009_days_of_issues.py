"""Which days an issue is about: no longer the seven before its cut-off where the list's weekday was changed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the columns."""
    op.add_column("issue", sa.Column("first_day", sa.String(length=10), nullable=True))
    op.add_column("issue", sa.Column("last_day", sa.String(length=10), nullable=True))
