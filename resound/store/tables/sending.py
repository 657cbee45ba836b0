"""Mailing lists, who reads them, their issues, and the mail that goes out."""

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

from resound.store.tables.base import Moment, metadata

mailing_list = Table(
    "mailing_list",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("campaign", String(80), nullable=False),
    Column("name", Text, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("weekday", Integer, nullable=False),  # of the cut-off, in the zone: 1 is Monday
    Column("time", String(5), nullable=False),  # of the cut-off: 08:00
    Column("is_automatic", Boolean, nullable=False),  # sent without a person's approval
    Column("is_active", Boolean, nullable=False),
    Column(
        "since", Moment
    ),  # weeks with a later cut-off have issues; NULL: from the scheduler's next look on
    Column("at", Moment, nullable=False),
    Column("approvers", JSON, nullable=False, server_default="[]"),  # addresses that are told of a draft
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list", String(80), ForeignKey("mailing_list.id"), nullable=False),
    Column("address", Text, nullable=False),  # small letters
    Column("name", Text, nullable=False),
    Column("language", String(10), nullable=False),
    Column("key", String(64), nullable=False),  # signs the links of this subscription, and no other's
    Column("asked_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("ended_at", Moment),
    Column("ended_by", String(12)),  # unsubscribed | bounced | complained | removed
    Column("who", Text, nullable=False),  # who wrote the last change down; empty: the recipient
    Column("why", Text, nullable=False),
    UniqueConstraint("list", "address"),
)

issue = Table(
    "issue",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list", String(80), ForeignKey("mailing_list.id"), nullable=False),
    Column("week", String(8), nullable=False),  # of the cut-off's day in the zone: 2026-W03
    Column("zone", String(64), nullable=False),
    Column("cut_off", Moment, nullable=False),
    Column("state", String(10), nullable=False),  # draft | approved | skipped
    Column("at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("edits", JSON, nullable=False, server_default="{}"),  # what a person changed of a draft
    Column("body", LargeBinary),  # packed; what was approved, as it was sent; NULL: not decided yet
    Column("first_day", String(10)),  # what it is about; NULL: the seven days before the cut-off's
    Column("last_day", String(10)),
    UniqueConstraint("list", "week"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("occasion", String(200), nullable=False),  # issue/12: one mail a recipient, for ever
    Column("address", Text, nullable=False),
    Column("subscription", Integer, ForeignKey("subscription.id")),
    Column("message_id", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),  # of the message as it is sent
    Column("message", LargeBinary),  # packed; gone once it was sent or dropped
    Column("state", String(8), nullable=False),  # queued | sending | sent | failed | unknown | dropped
    Column("due", Float),  # 0 ready · future: leased, or put off · NULL: finished
    Column("holder", String(255)),
    Column("attempts", Integer, nullable=False),
    Column("data_at", Moment),  # written before the first byte of DATA: from here on it may have arrived
    Column("reason", Text, nullable=False),  # what the server said last, or why a person decided
    Column("who", Text, nullable=False),  # who had it sent again or dropped
    Column("at", Moment, nullable=False),
    Column("ended_at", Moment),
    UniqueConstraint("occasion", "address"),
    UniqueConstraint("message_id"),
    Index(None, "state", "due"),
)
