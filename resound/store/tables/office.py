"""People, what they may do, and how the installation itself is doing."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from resound.store.tables.base import Moment, metadata

person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", String(80), nullable=False),  # small letters; also the name beside decisions
    Column("name", String(200), nullable=False),
    Column("password", Text),  # argon2; NULL: signs in elsewhere, or has not chosen one yet
    Column("subject", Text),  # of OpenID Connect: issuer and subject
    Column("role", String(10), nullable=False),  # for every campaign: none | reader | coder | editor | admin
    Column("language", String(10)),
    Column("is_active", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("login"),
    UniqueConstraint("subject"),
)

campaign_role = Table(
    "campaign_role",
    metadata,
    Column("person", Integer, ForeignKey("person.id"), primary_key=True),
    Column("campaign", String(80), primary_key=True),
    Column("role", String(10), nullable=False),  # reader | coder | editor; more than the person's own role
)

session = Table(
    "session",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of what the cookie holds
    Column("person", Integer, ForeignKey("person.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Index(None, "person"),
)

invitation = Table(
    "invitation",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the link's token
    Column("person", Integer, ForeignKey("person.id")),  # NULL: the first administrator's
    Column("at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("used_at", Moment),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", Integer, ForeignKey("person.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),  # read | code | edit, never more than the person may
    Column("at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    UniqueConstraint("sha256"),
)

sign_in = Table(
    "sign_in",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", String(80), nullable=False),
    Column("address", String(64), nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "login", "at"),
    Index(None, "address", "at"),
)

saved_search = Table(
    "saved_search",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", Integer, nullable=False),  # 0: the one person of single-user mode
    Column("name", String(200), nullable=False),
    Column("query", Text, nullable=False),
    Column("options", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("person", "name"),
)

index_state = Table(
    "index_state",
    metadata,
    Column("name", String(200), primary_key=True),  # which index, as it calls itself
    Column("cursor", Integer, nullable=False),  # how far it was when it was last seen
    Column("level_at", Moment),  # when it was last brought up to the store's newest change
    Column("failed_at", Moment),
    Column("trouble", Text, nullable=False),  # why it could not be brought up; empty where it could
)

installation = Table(
    "installation",
    metadata,
    Column("name", String(40), primary_key=True),  # "identity": what tells this store from every other
    Column("value", Text, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("holder", String(255)),  # who runs it now
    Column("until", Float, nullable=False),  # epoch seconds: the lease's end; 0: nobody runs it
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("trouble", Text, nullable=False),  # why its last run failed; empty where it did not
)

alert = Table(
    "alert",
    metadata,
    Column("subject", String(255), primary_key=True),  # source/vnexpress
    Column("sentence", Text, nullable=False),
    Column("said_at", Moment, nullable=False),
)
