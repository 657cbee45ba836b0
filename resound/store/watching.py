"""What the rules of alerts look at, and which alerts were said when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Text, case, delete, func, select, type_coerce

from resound.article import date_from_json
from resound.store.database import upsert
from resound.store.feed import IndexState, count_changed, load_state, newest_change, set_state
from resound.store.tables import alert, article, grouping, index_state, match, page, reading, version, work

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_FRESH = timedelta(days=2)
"""What was found within so long of its publication is news; the rest comes from an archive."""


@dataclass(frozen=True, slots=True)
class Flow:
    """When a source brought pages: `hours` of the last 28 days in which it did (UTC, in order), and its first page ever."""

    hours: tuple[datetime, ...]
    first: datetime


@dataclass(frozen=True, slots=True)
class AilingIndex:
    """An index that is in trouble, or lacks what was there at `since`. `waiting`: changed articles that it lacks now.

    `trouble` is empty where none is known: nobody brings it up.
    """

    since: datetime
    trouble: str
    waiting: int


@dataclass(frozen=True, slots=True)
class SaidAlert:
    """An alert that was sent."""

    subject: str
    sentence: str
    said_at: datetime


def load_flows(connection: Connection, *, since: datetime) -> dict[str, Flow]:
    """source → when it brought pages since then. Sources that never brought any are not in it."""
    first = dict(
        connection.execute(select(page.c.source, func.min(page.c.first_seen)).group_by(page.c.source)).all()
    )
    # "2026-01-15T08": of 28 days at most 672 a source, however many pages there were
    hour = func.substr(type_coerce(page.c.first_seen, Text), 1, 13)
    rows = connection.execute(
        select(page.c.source, hour).where(page.c.first_seen >= since).distinct().order_by(page.c.source, hour)
    )
    hours: dict[str, list[datetime]] = {}
    for source, text in rows:
        hours.setdefault(source, []).append(datetime.strptime(text, "%Y-%m-%dT%H").replace(tzinfo=UTC))
    return {source: Flow(tuple(hours.get(source, ())), began) for source, began in first.items()}


def last_reading(connection: Connection) -> datetime | None:
    """When any source was really read last."""
    return connection.execute(select(func.max(reading.c.read_at))).scalar()


def load_findings(connection: Connection, *, since: datetime) -> dict[str, list[datetime]]:
    """campaign → when each of its items was found since then (matched, news, each item once), in order."""
    rows = connection.execute(
        select(match.c.campaign, grouping.c.item, article.c.first_seen, version.c.published)
        .join(article, article.c.id == match.c.article)
        .join(version, version.c.id == article.c.current)
        .join(grouping, grouping.c.article == article.c.id)
        .where(match.c.matched, article.c.first_seen >= since, article.c.kind == "item")
        .order_by(article.c.first_seen)
    )
    found: dict[tuple[str, str], datetime] = {}
    for campaign, item, seen, published in rows:
        date = date_from_json(published)
        day = None if date is None else (date.at.date() if date.at is not None else date.day)
        if day is None or day >= (seen - _FRESH).date():
            found.setdefault((campaign, item), seen)
    moments: dict[str, list[datetime]] = {}
    for (campaign, _), seen in found.items():
        moments.setdefault(campaign, []).append(seen)
    return moments


def count_quarantined(
    connection: Connection, *, since: datetime, before: datetime
) -> dict[str, tuple[int, int]]:
    """stage → (how many came into quarantine from `before` on, how many from `since` to `before`) and are still there."""
    is_new = work.c.finished_at >= before
    rows = connection.execute(
        select(
            work.c.stage,
            func.sum(case((is_new, 1), else_=0)),
            func.sum(case((is_new, 0), else_=1)),
        )
        .where(work.c.due.is_(None), work.c.outcome == "quarantined", work.c.finished_at >= since)
        .group_by(work.c.stage)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def watch_index(connection: Connection, name: str, *, now: datetime) -> AilingIndex | None:
    """How an index ails, and since which look; None where it does not. Made in `Store.write()`.

    The change feed knows no times. So the look that first finds an index in trouble or behind writes down the moment and the
    newest change, and those after it see whether it has had everything since, or at least what was there then.
    """
    known, newest = load_state(connection, name), newest_change(connection)
    # who tries fails again and again; a trouble that is old was met by a process that does not run any more
    is_in_trouble = bool(known.trouble) and known.failed_at is not None and now - known.failed_at <= HOUR
    mark = load_state(connection, f"{name} ails")
    since = mark.failed_at
    if since is not None:
        was_level = known.level_at is not None and known.level_at > since
        if was_level or (not is_in_trouble and known.cursor >= mark.cursor):
            since = None
    if since is None:
        if not is_in_trouble and known.cursor >= newest:
            connection.execute(delete(index_state).where(index_state.c.name == mark.name))
            return None
        since = now
        set_state(connection, IndexState(mark.name, newest, failed_at=now))
    return AilingIndex(
        since, known.trouble if is_in_trouble else "", count_changed(connection, after=known.cursor)
    )


def load_said(connection: Connection) -> dict[str, SaidAlert]:
    """subject → when it was said last."""
    rows = connection.execute(select(alert))
    return {row.subject: SaidAlert(row.subject, row.sentence, row.said_at) for row in rows}


def set_said(connection: Connection, sentences: Mapping[str, str], *, now: datetime) -> None:
    """Remember that these were said."""
    upsert(
        connection,
        alert,
        [{"subject": key, "sentence": text, "said_at": now} for key, text in sentences.items()],
    )
