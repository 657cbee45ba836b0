"""Articles, their wordings, and which of them are one publication or one story."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from resound.store.tables.base import Moment, made_by, metadata

article = Table(
    "article",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("url", Text, nullable=False),
    Column("kind", String(10), nullable=False),  # item | copy (on an aggregator)
    Column(
        "outlet", String(255), nullable=False
    ),  # source id, or `host:` and the host of a provisional outlet
    Column("edition", String(80), nullable=False),
    Column("medium", String(10), nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("current", String(16), nullable=False),
    Column("signature", LargeBinary),
    Column("gone_at", Moment),
    Index(None, "outlet"),
)

version = Table(
    "version",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("article", String(16), ForeignKey("article.id"), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("own", Boolean, nullable=False),  # seen at the canonical URL itself, not only at another address
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("lead", Text, nullable=False),
    Column("paragraphs", JSON, nullable=False),
    Column("captions", JSON, nullable=False),
    Column("byline", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("language", String(5), nullable=False),
    Column("script", String(4)),
    Column("tag", String(35), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("published", JSON),
    Column("updated", JSON),
    Column("extractor", Text, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Index(None, "article"),
)

alias = Table(
    "alias",
    metadata,
    Column("id", String(16), primary_key=True),  # article id of the other URL
    Column("url", Text, nullable=False),
    Column("article", String(16), nullable=False),
    Index(None, "article"),
)

band = Table(
    "band",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("article", String(16), primary_key=True),
    Index(None, "article"),
)

edge = Table(
    "edge",
    metadata,
    Column("a", String(16), primary_key=True),
    Column("b", String(16), primary_key=True),
    Column("method", String(40), nullable=False),
    Column("score", Float, nullable=False),
    Index(None, "b"),
)

grouping = Table(
    "grouping",
    metadata,
    Column("article", String(16), primary_key=True),
    Column(
        "item", String(16), nullable=False
    ),  # the article that stands for the item: itself, or the first of its twins
    Column("story", String(16), nullable=False),
    Column("re_run_of", String(16)),
    Index(None, "item"),
    Index(None, "story"),
)

link = Table(
    "link",
    metadata,
    Column("a", String(16), primary_key=True),  # a < b
    Column("b", String(16), primary_key=True),
    Column("method", String(40), nullable=False),
    Column("score", Float, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("is_joined", Boolean, nullable=False),  # False: a proposal for a person
    *made_by(),
    Index(None, "b"),
)

change = Table(
    "change",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("article", String(16), nullable=False),
    sqlite_autoincrement=True,
)
