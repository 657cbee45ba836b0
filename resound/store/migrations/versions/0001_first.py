"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "alias",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("article", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alias")),
    )
    op.create_index(op.f("ix_alias_article"), "alias", ["article"], unique=False)
    op.create_table(
        "article",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("outlet", sa.String(length=255), nullable=False),
        sa.Column("edition", sa.String(length=80), nullable=False),
        sa.Column("medium", sa.String(length=10), nullable=False),
        sa.Column("first_seen", sa.String(length=27), nullable=False),
        sa.Column("current", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("gone_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
    )
    op.create_index(op.f("ix_article_outlet"), "article", ["outlet"], unique=False)
    op.create_table(
        "band",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("article", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("key", "article", name=op.f("pk_band")),
    )
    op.create_index(op.f("ix_band_article"), "band", ["article"], unique=False)
    op.create_table(
        "capture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("final_url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.String(length=27), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture")),
        sa.UniqueConstraint("file", "offset", name=op.f("uq_capture_file_offset")),
    )
    op.create_index(op.f("ix_capture_page"), "capture", ["page"], unique=False)
    op.create_index(op.f("ix_capture_version"), "capture", ["version"], unique=False)
    op.create_table(
        "change",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_change")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "channel",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("next_due", sa.Float(), nullable=False),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("url", "source", name=op.f("pk_channel")),
    )
    op.create_index(op.f("ix_channel_next_due"), "channel", ["next_due"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("article", sa.String(length=16), nullable=True),
        sa.Column("campaign", sa.String(length=80), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["undoes"], ["decision.id"], name=op.f("fk_decision_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_article"), "decision", ["article"], unique=False)
    op.create_index(op.f("ix_decision_undoes"), "decision", ["undoes"], unique=False)
    op.create_table(
        "definition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("came_from", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition")),
        sa.UniqueConstraint("kind", "key", "version", name=op.f("uq_definition_kind_key_version")),
    )
    op.create_table(
        "edge",
        sa.Column("a", sa.String(length=16), nullable=False),
        sa.Column("b", sa.String(length=16), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_edge")),
    )
    op.create_index(op.f("ix_edge_b"), "edge", ["b"], unique=False)
    op.create_table(
        "grouping",
        sa.Column("article", sa.String(length=16), nullable=False),
        sa.Column("item", sa.String(length=16), nullable=False),
        sa.Column("story", sa.String(length=16), nullable=False),
        sa.Column("re_run_of", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("article", name=op.f("pk_grouping")),
    )
    op.create_index(op.f("ix_grouping_item"), "grouping", ["item"], unique=False)
    op.create_index(op.f("ix_grouping_story"), "grouping", ["story"], unique=False)
    op.create_table(
        "lead",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("published", sa.JSON(), nullable=True),
        sa.Column("first_seen", sa.String(length=27), nullable=False),
        sa.Column("tried", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
    )
    op.create_table(
        "match",
        sa.Column("article", sa.String(length=16), nullable=False),
        sa.Column("campaign", sa.String(length=80), nullable=False),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("prominence", sa.String(length=8), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("article", "campaign", name=op.f("pk_match")),
    )
    op.create_index(op.f("ix_match_campaign_matched"), "match", ["campaign", "matched"], unique=False)
    op.create_table(
        "page",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("first_seen", sa.String(length=27), nullable=False),
        sa.Column("shown_updated", sa.String(length=27), nullable=True),
        sa.Column("fetched_at", sa.String(length=27), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("gone_at", sa.String(length=27), nullable=True),
        sa.Column("article", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
    )
    op.create_index(op.f("ix_page_article"), "page", ["article"], unique=False)
    op.create_table(
        "reading",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("read_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("source", "url", "last_day", name=op.f("pk_reading")),
    )
    op.create_table(
        "work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("due", sa.Float(), nullable=True),
        sa.Column("holder", sa.String(length=255), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        sa.UniqueConstraint("stage", "subject", name=op.f("uq_work_stage_subject")),
    )
    op.create_index(op.f("ix_work_stage_due"), "work", ["stage", "due"], unique=False)
    op.create_index(
        op.f("ix_work_stage_outcome_reason"), "work", ["stage", "outcome", "reason"], unique=False
    )
    op.create_table(
        "clip",
        sa.Column("article", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["article.id"], name=op.f("fk_clip_article")),
        sa.PrimaryKeyConstraint("article", "sha256", name=op.f("pk_clip")),
    )
    op.create_table(
        "lead_match",
        sa.Column("lead", sa.String(length=16), nullable=False),
        sa.Column("campaign", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_lead_match_lead")),
        sa.PrimaryKeyConstraint("lead", "campaign", name=op.f("pk_lead_match")),
    )
    op.create_table(
        "version",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("article", sa.String(length=16), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("paragraphs", sa.JSON(), nullable=False),
        sa.Column("captions", sa.JSON(), nullable=False),
        sa.Column("byline", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("script", sa.String(length=4), nullable=True),
        sa.Column("tag", sa.String(length=35), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("published", sa.JSON(), nullable=True),
        sa.Column("updated", sa.JSON(), nullable=True),
        sa.Column("extractor", sa.Text(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("first_seen", sa.String(length=27), nullable=False),
        sa.Column("last_seen", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["article.id"], name=op.f("fk_version_article")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
    )
    op.create_index(op.f("ix_version_article"), "version", ["article"], unique=False)
    # ### end Alembic commands ###
