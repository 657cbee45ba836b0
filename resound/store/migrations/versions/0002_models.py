"""What language models say: translations, tone, topics, vectors, and links between languages."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _made_by() -> list[sa.Column[Any]]:
    return [
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
    ]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "translation",
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=10), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("lead", sa.JSON(), nullable=False),
        sa.Column("paragraphs", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("version", "target", name=op.f("pk_translation")),
    )
    op.create_table(
        "sentence",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sentence")),
    )
    op.create_table(
        "tone",
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("campaign", sa.String(length=80), nullable=False),
        sa.Column("tone", sa.String(length=8), nullable=True),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("spread", sa.Float(), nullable=False),
        sa.Column("is_uncertain", sa.Boolean(), nullable=False),
        sa.Column("passages", sa.JSON(), nullable=False),
        *_made_by(),
        sa.PrimaryKeyConstraint("version", "campaign", name=op.f("pk_tone")),
    )
    op.create_table(
        "topics",
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        *_made_by(),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_topics")),
    )
    op.create_table(
        "vector",
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("article", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        *_made_by(),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_vector")),
    )
    op.create_index(op.f("ix_vector_day"), "vector", ["day"], unique=False)
    op.create_table(
        "link",
        sa.Column("a", sa.String(length=16), nullable=False),
        sa.Column("b", sa.String(length=16), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("is_joined", sa.Boolean(), nullable=False),
        *_made_by(),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_b"), "link", ["b"], unique=False)
