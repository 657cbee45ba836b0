"""What was collected: definitions, what is read when, pages, their evidence, and the work that each stage has left."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from resound.store.tables.base import Moment, metadata

definition = Table(
    "definition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),  # source | campaign | account (who changed what of whose)
    Column("key", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("came_from", Text, nullable=False),  # the file, or "edited"
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("kind", "key", "version"),
)

channel = Table(
    "channel",
    metadata,
    Column("url", Text, primary_key=True),
    Column("source", String(80), primary_key=True),
    Column("state", JSON, nullable=False),
    Column("next_due", Float, nullable=False),
    Column("stopped", Text),
    Index(None, "next_due"),
)

reading = Table(
    "reading",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("url", Text, primary_key=True),
    Column("last_day", String(10), primary_key=True),
    Column("first_day", String(10), nullable=False),
    Column("read_at", Moment, nullable=False),
)

page = Table(
    "page",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("url", Text, nullable=False),
    Column("source", String(80), nullable=False),
    Column("entry", JSON, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("shown_updated", Moment),  # the newest date that a feed or sitemap has shown for it
    Column("fetched_at", Moment),
    Column("status", Integer),
    Column("gone_at", Moment),
    Column("article", String(16)),
    Index(None, "article"),
)

work = Table(
    "work",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("stage", String(10), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("due", Float),  # 0 ready · future: leased, or planned for later · NULL: finished
    Column("holder", String(255)),  # who leases it: host, process id and its start
    Column("attempts", Integer, nullable=False, default=0),
    Column("outcome", String(12)),
    Column("reason", Text),
    Column("detail", Text),
    Column("finished_at", Moment),
    UniqueConstraint("stage", "subject"),
    Index(None, "stage", "due"),
    Index(None, "stage", "outcome", "reason"),
)

capture = Table(
    "capture",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("page", String(16), nullable=False),
    Column("source", String(80), nullable=False),
    Column("url", Text, nullable=False),
    Column("final_url", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    Column("file", Text, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("payload_sha256", String(64), nullable=False),
    Column("version", String(16)),
    Column(
        "expired_at", Moment
    ),  # since then the record's place holds nothing: its article matched no campaign
    UniqueConstraint("file", "offset"),
    Index(None, "page"),
    Index(None, "version"),
)

lead = Table(
    "lead",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("url", Text, nullable=False),
    Column("source", String(80), nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("published", JSON),
    Column("first_seen", Moment, nullable=False),
    Column("tried", String(64)),  # the matchers that have looked at it
)

lead_match = Table(
    "lead_match",
    metadata,
    Column("lead", String(16), ForeignKey("lead.id"), primary_key=True),
    Column("campaign", String(80), primary_key=True),
)

clip = Table(
    "clip",
    metadata,
    Column("article", String(16), ForeignKey("article.id"), primary_key=True),
    Column("sha256", String(64), primary_key=True),  # of the evidence file, under evidence/clips/
    Column("name", Text, nullable=False),
    Column("row", JSON, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
