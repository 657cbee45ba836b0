"""What we know of but cannot or may not read: listed and numbered, never counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, update

from resound.article import Entry, FoundDate, date_from_json, date_to_json
from resound.store.database import insert_new
from resound.store.tables import alias, article, lead, lead_match
from resound.urls import article_id, canonical_url

LEAD_REASONS = ("robots-denied", "paywall", "script-only", "search-link")
"""Why something is a lead. Other failures wait in quarantine or are rejected: they may yet be read, or are no articles."""

_UNREAD = (
    ~exists().where(article.c.id == lead.c.id),
    ~exists().where(alias.c.id == lead.c.id),
)


@dataclass(frozen=True, slots=True)
class Lead:
    """`id` is the article id that the URL would have; a lead that is read after all is one no longer."""

    id: str
    url: str
    source: str
    title: str
    summary: str
    reason: str
    published: FoundDate | None
    first_seen: datetime


def add_leads(
    connection: Connection, *, source: str, entries: Iterable[Entry], reason: str, now: datetime
) -> None:
    """Remember entries as leads; one that is known stays as it was."""
    rows = []
    for entry in entries:
        url = canonical_url(entry.url)
        rows.append(
            {
                "id": article_id(url),
                "url": url,
                "source": source,
                "title": entry.title,
                "summary": entry.summary,
                "reason": reason,
                "published": date_to_json(entry.published),
                "first_seen": now,
            }
        )
    insert_new(connection, lead, rows)


def count_open_leads(connection: Connection) -> int:
    """How many leads have not been read in another way."""
    statement = select(func.count()).select_from(lead).where(*_UNREAD)
    return int(connection.execute(statement).scalar_one())


def open_leads(connection: Connection, *, campaign: str | None = None) -> list[Lead]:
    """Leads that have not been read in another way, oldest first; with `campaign`, those that its matcher found."""
    statement = select(lead).where(*_UNREAD).order_by(lead.c.first_seen, lead.c.id)
    if campaign is not None:
        statement = statement.join(lead_match, lead_match.c.lead == lead.c.id).where(
            lead_match.c.campaign == campaign
        )
    return [_lead(row) for row in connection.execute(statement)]


def untried_leads(connection: Connection, *, tried: str) -> list[Lead]:
    """Leads that these matchers (`tried`: one fingerprint of them all) have not looked at."""
    statement = select(lead).where(lead.c.tried.is_(None) | (lead.c.tried != tried)).order_by(lead.c.id)
    return [_lead(row) for row in connection.execute(statement)]


def set_matches(connection: Connection, lead_id: str, campaigns: Sequence[str], *, tried: str) -> None:
    """Store to which campaigns a lead's title and summary belong, as these matchers say."""
    connection.execute(update(lead).where(lead.c.id == lead_id).values(tried=tried))
    connection.execute(delete(lead_match).where(lead_match.c.lead == lead_id))
    insert_new(connection, lead_match, [{"lead": lead_id, "campaign": one} for one in campaigns])


def _lead(row: Any) -> Lead:
    return Lead(
        row.id,
        row.url,
        row.source,
        row.title,
        row.summary,
        row.reason,
        date_from_json(row.published),
        row.first_seen,
    )
