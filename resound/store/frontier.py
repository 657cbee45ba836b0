"""What is to be read: channels (feeds, sitemaps, listings) with their polling state, and pages.

A page is fetched once; again only when its feed or sitemap shows a newer date, and, where it matched a campaign,
after 24 hours and after 7 days. Its id is the article id of its canonical URL, so twins (AMP, mobile, tracking
parameters) are one page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from resound.article import Entry, FoundDate, entry_from_json, entry_to_json
from resound.outcome import Outcome
from resound.store import work as queue
from resound.store.database import insert_new, upsert
from resound.store.leads import LEAD_REASONS, add_leads
from resound.store.tables import article, channel, match, page, reading, version
from resound.store.work import Claim
from resound.urls import article_id, canonical_url

RECHECKS = (timedelta(hours=24), timedelta(days=7))
"""When a matched page is read again, counted from its first reading."""


@dataclass(frozen=True, slots=True)
class Channel:
    """`state` is the crawler's own (validators, failures, interval …): plain JSON. `next_due` is epoch seconds."""

    source: str
    url: str
    state: Mapping[str, Any]
    next_due: float
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Days (of the outlet's calendar) that one channel showed us when it was really read."""

    source: str
    url: str
    first_day: date
    last_day: date
    read_at: datetime


@dataclass(frozen=True, slots=True)
class FetchJob:
    """A page to fetch, leased."""

    page: str
    url: str
    source: str
    entry: Entry
    claim: Claim
    is_first: bool
    """False: it was read before, and is read again because it may have changed."""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page that a channel listed. `article` is set once it was read as one; `status` is that of its last fetch."""

    url: str
    title: str
    language: str | None
    first_seen: datetime
    fetched_at: datetime | None
    status: int | None
    article: str | None


@dataclass(frozen=True, slots=True)
class Added:
    """What a reading of a channel brought: pages never seen, pages shown with a newer date, the rest."""

    new: int
    updated: int
    known: int


def set_channels(connection: Connection, source: str, urls: Sequence[str]) -> None:
    """Make the source's channels these; new ones are due at once, ones that are gone are forgotten (readings stay)."""
    insert_new(
        connection, channel, [{"url": u, "source": source, "state": {}, "next_due": 0.0} for u in urls]
    )
    connection.execute(delete(channel).where(channel.c.source == source, channel.c.url.not_in(list(urls))))


def list_channels(
    connection: Connection, *, due: datetime | None = None, sources: Sequence[str] | None = None
) -> list[Channel]:
    """Channels in the order in which they are due; with `due`, those that are due then and not stopped."""
    statement = select(channel).order_by(channel.c.next_due, channel.c.source, channel.c.url)
    if due is not None:
        statement = statement.where(channel.c.next_due <= due.timestamp(), channel.c.stopped.is_(None))
    if sources is not None:
        statement = statement.where(channel.c.source.in_(list(sources)))
    return [
        Channel(row.source, row.url, row.state, row.next_due, row.stopped)
        for row in connection.execute(statement)
    ]


def make_due(connection: Connection, *, sources: Sequence[str] | None = None) -> None:
    """Have channels polled at the next crawl, whatever their interval; those that were stopped stay so."""
    statement = update(channel).values(next_due=0.0)
    if sources is not None:
        statement = statement.where(channel.c.source.in_(list(sources)))
    connection.execute(statement)


def record_poll(
    connection: Connection,
    *,
    source: str,
    url: str,
    state: Mapping[str, Any],
    next_due: float,
    stopped: str | None = None,
) -> None:
    """Store a channel's state after a poll."""
    row = {"url": url, "source": source, "state": dict(state), "next_due": next_due, "stopped": stopped}
    upsert(connection, channel, [row])


def record_reading(
    connection: Connection, *, source: str, url: str, first_day: date, last_day: date, read_at: datetime
) -> None:
    """Store that a channel was read and showed the days `first_day` … `last_day` (inclusive)."""
    key = (reading.c.source == source, reading.c.url == url, reading.c.last_day == last_day.isoformat())
    known = connection.execute(select(reading.c.first_day).where(*key)).scalar()
    first = min(first_day.isoformat(), known or first_day.isoformat())
    row = {
        "source": source,
        "url": url,
        "last_day": last_day.isoformat(),
        "first_day": first,
        "read_at": read_at,
    }
    upsert(connection, reading, [row])


def list_readings(
    connection: Connection, *, source: str | None = None, first: date | None = None, last: date | None = None
) -> list[Reading]:
    """Every reading, by source, channel and day; of one source, or those that showed any of the days `first` … `last`."""
    statement = select(reading).order_by(reading.c.source, reading.c.url, reading.c.last_day)
    if source is not None:
        statement = statement.where(reading.c.source == source)
    if first is not None:
        statement = statement.where(reading.c.last_day >= first.isoformat())
    if last is not None:
        statement = statement.where(reading.c.first_day <= last.isoformat())
    return [
        Reading(
            row.source,
            row.url,
            date.fromisoformat(row.first_day),
            date.fromisoformat(row.last_day),
            row.read_at,
        )
        for row in connection.execute(statement)
    ]


def last_pages(connection: Connection, source: str, *, limit: int) -> list[FoundPage]:
    """The pages that a source's channels listed last, newest first."""
    statement = (
        select(page, version.c.title, version.c.tag)
        .outerjoin(article, article.c.id == page.c.article)
        .outerjoin(version, version.c.id == article.c.current)
        .where(page.c.source == source)
        .order_by(page.c.first_seen.desc(), page.c.id)
        .limit(limit)
    )
    return [
        FoundPage(
            url=row.url,
            title=row.title or entry_from_json(row.entry).title,
            language=row.tag,
            first_seen=row.first_seen,
            fetched_at=row.fetched_at,
            status=row.status,
            article=row.article if row.title is not None else None,
        )
        for row in connection.execute(statement)
    ]


def add_entries(connection: Connection, *, source: str, entries: Iterable[Entry], now: datetime) -> Added:
    """Put what a channel lists on the frontier. `url` of every entry must be http or https."""
    new = updated = known = 0
    for entry in entries:
        page_id = article_id(canonical_url(entry.url))
        shown = _newest_shown(entry)
        row = connection.execute(select(page).where(page.c.id == page_id)).first()
        if row is None:
            connection.execute(
                page.insert().values(
                    id=page_id,
                    url=entry.url,
                    source=source,
                    entry=entry_to_json(entry),
                    first_seen=now,
                    shown_updated=shown,
                )
            )
            queue.enqueue(connection, "fetch", [page_id])
            new += 1
        elif _is_newer(shown, row.shown_updated, row.fetched_at):
            connection.execute(
                update(page)
                .where(page.c.id == page_id)
                .values(shown_updated=shown, entry=entry_to_json(entry))
            )
            queue.reopen(connection, "fetch", [page_id])
            updated += 1
        else:
            known += 1
    return Added(new, updated, known)


def claim_pages(
    connection: Connection, *, limit: int, now: datetime, lease: float = queue.LEASE_SECONDS
) -> list[FetchJob]:
    """Lease up to `limit` pages that are ready to be fetched."""
    claims = {one.subject: one for one in queue.claim(connection, "fetch", limit=limit, now=now, lease=lease)}
    rows = connection.execute(select(page).where(page.c.id.in_(list(claims)))).all()
    jobs = [
        FetchJob(
            row.id, row.url, row.source, entry_from_json(row.entry), claims[row.id], row.fetched_at is None
        )
        for row in rows
    ]
    return sorted(jobs, key=lambda job: job.claim.id)


def record_fetch(
    connection: Connection, job: FetchJob, outcome: Outcome, *, status: int | None, now: datetime
) -> None:
    """End a fetch that brought no article page: refused, gone, not readable. What may not be read becomes a lead.

    404 and 410 are recorded on the page; an item that was read earlier stays.
    """
    values: dict[str, Any] = {"status": status, "fetched_at": now}
    if status in (404, 410):
        values["gone_at"] = now
    connection.execute(update(page).where(page.c.id == job.page).values(**values))
    if outcome.reason in LEAD_REASONS and job.is_first:
        entry = job.entry if job.entry.url else Entry(url=job.url)
        add_leads(connection, source=job.source, entries=[entry], reason=outcome.reason, now=now)
    queue.finish(connection, job.claim, outcome, now=now)
    plan_recheck(connection, job.page, now=now)


def plan_recheck(connection: Connection, page_id: str, *, now: datetime) -> None:
    """Have a page that matches a campaign read again 24 hours, then 7 days after it was first seen.

    Nothing happens where it matches none, both were done, or it waits to be read anyway.
    """
    row = connection.execute(
        select(page.c.first_seen, page.c.fetched_at)
        .join(match, match.c.article == page.c.article)
        .where(page.c.id == page_id, match.c.matched)
        .limit(1)
    ).first()
    if row is None or row.fetched_at is None or not queue.is_finished(connection, "fetch", page_id):
        return
    planned = [row.first_seen + after for after in RECHECKS if row.fetched_at < row.first_seen + after]
    if planned:
        queue.reopen(connection, "fetch", [page_id], due=max(planned[0], now).timestamp())


def _newest_shown(entry: Entry) -> datetime | None:
    moments = [_moment(found) for found in (entry.updated, entry.published) if found is not None]
    return max((moment for moment in moments if moment is not None), default=None)


def _moment(found: FoundDate) -> datetime | None:
    if found.suspect is not None:
        return None
    if found.at is not None:
        return found.at
    return datetime.combine(found.day, time(), UTC) if found.day is not None else None


def _is_newer(shown: datetime | None, known: datetime | None, fetched_at: datetime | None) -> bool:
    """Whether a channel's date is reason enough to read a known page again."""
    if shown is None or fetched_at is None:
        return False  # nothing is said, or the page waits to be read anyway
    if known is not None:
        return shown > known
    return shown > fetched_at
