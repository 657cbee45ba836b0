"""What was said of articles, by machines and by people, and the counts that were frozen."""

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
    UniqueConstraint,
)

from resound.store.tables.base import Moment, made_by, metadata

match = Table(
    "match",
    metadata,
    Column("article", String(16), primary_key=True),
    Column("campaign", String(80), primary_key=True),
    Column("matched", Boolean, nullable=False),  # False: it matched once and no longer does
    Column("fingerprint", String(64), nullable=False),
    Column("version", String(16), nullable=False),
    Column("prominence", String(8)),
    Column("detail", JSON, nullable=False),  # because, named, spans, messages, people
    Column("at", Moment, nullable=False),
    Index(None, "campaign", "matched"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("article", String(16)),
    Column("campaign", String(80)),
    Column("value", Text),
    Column("why", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("undoes", Integer, ForeignKey("decision.id")),
    Column("basis", String(12)),  # original | translation: what the coder read, where it matters
    Column(
        "round", Integer, nullable=False, server_default="1"
    ),  # 2: a second coder's, for the agreement; figures use the first
    Index(None, "article"),
    Index(None, "undoes"),
)

translation = Table(
    "translation",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("target", String(10), primary_key=True),  # en | zh-Hant
    Column("part", String(8), nullable=False),  # headline: title and lead only | whole
    Column("title", JSON, nullable=False),  # a paragraph: [{source, text, flags}]
    Column("lead", JSON, nullable=False),  # paragraphs
    Column("paragraphs", JSON, nullable=False),  # paragraphs, empty where part is headline
    Column("flags", JSON, nullable=False),
    Column("made_by", JSON, nullable=False),  # [{model, revision, engine, label}], one for each step
    Column("at", Moment, nullable=False),
)

sentence = Table(
    "sentence",
    metadata,
    Column(
        "key", String(64), primary_key=True
    ),  # of the sentence, the models, the target and what was protected
    Column("text", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("flags", JSON, nullable=False),
)

tone = Table(
    "tone",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("campaign", String(80), primary_key=True),
    Column("tone", String(8)),  # positive | neutral | negative; NULL: no passage names it
    Column("scores", JSON, nullable=False),
    Column("spread", Float, nullable=False),
    Column("is_uncertain", Boolean, nullable=False),
    Column("passages", JSON, nullable=False),
    *made_by(),
)

topics = Table(
    "topics",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("found", JSON, nullable=False),  # [{topic, score}], best first; empty: none of them
    *made_by(),
)

vector = Table(
    "vector",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("article", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("day", String(10), nullable=False),  # of publication, in the outlet's zone; else of finding
    Column("vector", LargeBinary, nullable=False),  # float16, little endian, of length 1
    *made_by(),
    Index(None, "day"),
)

compared = Table(
    "compared",
    metadata,
    Column("campaign", String(80), primary_key=True),
    Column(
        "asked", String(64), nullable=False
    ),  # fingerprint of the comparators, the window and the analysis
    Column("cursor", Integer, nullable=False),  # every change up to here was looked at
)

comparator_match = Table(
    "comparator_match",
    metadata,
    Column("campaign", String(80), primary_key=True),
    Column("article", String(16), primary_key=True),
    Column("found", JSON, nullable=False),  # ids of the comparators that it matches
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("campaign", String(80), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, … of its campaign
    Column("as_of", Moment, nullable=False),
    Column("sha256", String(64), nullable=False),  # of the body before it was packed
    Column("counts", JSON, nullable=False),  # the four counts, for lists of snapshots
    Column("body", LargeBinary, nullable=False),  # packed: values, not references
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    UniqueConstraint("campaign", "number"),
)
