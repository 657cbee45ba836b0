"""What is kept. Machine results and people's decisions are rows of their own; neither erases the other.

Ids of articles and versions are made from what they name (`resound.urls.article_id`, `version_id`), so a second run,
a second machine or a replay from the evidence gives the same ids.
Moments are UTC text (`2014-10-02T03:15:00.000000Z`), which sorts as time does; `work.due` is epoch seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC text of fixed width."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 (SQLAlchemy's signature)
        """Write; a naive datetime is a defect of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read."""
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _made_by() -> tuple[Column[Any], ...]:
    """Every machine result names who made it, and when."""
    return (
        Column("model", Text, nullable=False),
        Column("revision", String(64), nullable=False),
        Column("engine", String(32), nullable=False),
        Column("label", Text, nullable=False),
        Column("at", Moment, nullable=False),
    )


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
    *_made_by(),
)

topics = Table(
    "topics",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("found", JSON, nullable=False),  # [{topic, score}], best first; empty: none of them
    *_made_by(),
)

vector = Table(
    "vector",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("article", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("day", String(10), nullable=False),  # of publication, in the outlet's zone; else of finding
    Column("vector", LargeBinary, nullable=False),  # float16, little endian, of length 1
    *_made_by(),
    Index(None, "day"),
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
    *_made_by(),
    Index(None, "b"),
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

change = Table(
    "change",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("article", String(16), nullable=False),
    sqlite_autoincrement=True,
)
