"""What stands in quarantine and what waits, with the titles and addresses that people know it by.

A piece of work names its subject by an id whose meaning is the stage's: a page (fetch), a response (extract), else an article.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from resound.outcome import STAGES, Stage
from resound.store.database import in_parts
from resound.store.tables import article, capture, page, version, work


@dataclass(frozen=True, slots=True)
class Subject:
    """What a piece of work is about. `title` is empty where nobody has read one yet; `since`: when it was first known.

    `tag`: the title's language (BCP-47), empty where unknown. `article` is None where nothing was read of it.
    """

    title: str
    tag: str
    url: str
    since: datetime
    article: str | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One piece of work that failed. `subject` is None where what it was about is no longer stored."""

    id: int
    stage: Stage
    reason: str
    detail: str
    at: datetime | None
    subject: Subject | None


@dataclass(frozen=True, slots=True)
class Reason:
    """So many pieces of one stage failed for one reason; `example`: what one of them said."""

    stage: Stage
    reason: str
    count: int
    example: str


def list_reasons(connection: Connection) -> list[Reason]:
    """Why things stand in quarantine: in the order of the stages, most first."""
    standing = (work.c.stage.in_(STAGES), work.c.outcome == "quarantined", work.c.due.is_(None))
    rows = connection.execute(
        select(work.c.stage, work.c.reason, func.count(), func.max(work.c.id))
        .where(*standing)
        .group_by(work.c.stage, work.c.reason)
    ).all()
    newest = select(work.c.id, work.c.detail).where(work.c.id.in_([row[3] for row in rows]))
    said = {row.id: row.detail or "" for row in connection.execute(newest)}
    found = [Reason(row[0], row[1] or "", row[2], said[row[3]]) for row in rows]
    return sorted(found, key=lambda one: (STAGES.index(one.stage), -one.count, one.reason))


def read_quarantine(
    connection: Connection,
    *,
    stage: Stage | None = None,
    reason: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[list[Quarantined], int | None]:
    """What stands in quarantine, the latest first, and what `before` takes for the next page (None on the last one)."""
    statement = (
        select(work)
        .where(work.c.outcome == "quarantined", work.c.due.is_(None))
        .where(work.c.stage == stage if stage is not None else work.c.stage.in_(STAGES))
        .order_by(work.c.id.desc())
        .limit(limit + 1)
    )
    if reason is not None:
        statement = statement.where(work.c.reason == reason)
    if before is not None:
        statement = statement.where(work.c.id < before)
    rows = connection.execute(statement).all()
    shown = rows[:limit]
    named = name_subjects(connection, [(row.stage, row.subject) for row in shown])
    found = [
        Quarantined(
            row.id,
            row.stage,
            row.reason or "",
            row.detail or "",
            row.finished_at,
            named.get((row.stage, row.subject)),
        )
        for row in shown
    ]
    return found, shown[-1].id if len(rows) > limit else None


def oldest_ready(connection: Connection, *, now: datetime) -> dict[Stage, Subject]:
    """stage → what is next in its queue; stages with nothing ready are left out."""
    first: dict[Stage, str] = {}
    for stage in STAGES:
        found = connection.execute(
            select(work.c.subject)
            .where(work.c.stage == stage, work.c.due <= now.timestamp())
            .order_by(work.c.due, work.c.id)
            .limit(1)
        ).scalar()
        if found is not None:
            first[stage] = found
    named = name_subjects(connection, first.items())
    return {stage: named[stage, subject] for stage, subject in first.items() if (stage, subject) in named}


def next_planned(connection: Connection, *, now: datetime) -> dict[Stage, float]:
    """stage → when the first piece that was put off is due (epoch seconds)."""
    rows = connection.execute(
        select(work.c.stage, func.min(work.c.due))
        .where(work.c.stage.in_(STAGES), work.c.due > now.timestamp(), work.c.holder.is_(None))
        .group_by(work.c.stage)
    )
    return {row[0]: row[1] for row in rows}


def name_subjects(
    connection: Connection, wanted: Iterable[tuple[Stage, str]]
) -> dict[tuple[Stage, str], Subject]:
    """(stage, subject) → what it is about; those that are not stored are left out."""
    load = {"fetch": _pages, "extract": _captures, "article": _articles}
    by_kind: dict[str, list[tuple[Stage, str]]] = {}
    for stage, subject in wanted:
        by_kind.setdefault(stage if stage in load else "article", []).append((stage, subject))
    found: dict[tuple[Stage, str], Subject] = {}
    for kind, keys in by_kind.items():
        named = load[kind](connection, [subject for _, subject in keys])
        found |= {key: named[key[1]] for key in keys if key[1] in named}
    return found


def _pages(connection: Connection, keys: Sequence[str]) -> dict[str, Subject]:
    statement = (
        select(
            page.c.id,
            page.c.url,
            page.c.first_seen,
            page.c.entry,
            page.c.article,
            version.c.title,
            version.c.tag,
        )
        .join(article, article.c.id == page.c.article, isouter=True)
        .join(version, version.c.id == article.c.current, isouter=True)
    )
    return {
        row.id: _of_page(row, row.url, row.first_seen)
        for part in in_parts(keys)
        for row in connection.execute(statement.where(page.c.id.in_(part)))
    }


def _captures(connection: Connection, keys: Sequence[str]) -> dict[str, Subject]:
    found = {}
    statement = (
        select(
            capture.c.id,
            capture.c.final_url,
            capture.c.fetched_at,
            page.c.entry,
            page.c.article,
            version.c.title,
            version.c.tag,
        )
        .join(page, page.c.id == capture.c.page, isouter=True)
        .join(article, article.c.id == page.c.article, isouter=True)
        .join(version, version.c.id == article.c.current, isouter=True)
    )
    for part in in_parts(keys):
        numbers = [int(key) for key in part if key.isdecimal()]
        for row in connection.execute(statement.where(capture.c.id.in_(numbers))):
            found[str(row.id)] = _of_page(row, row.final_url, row.fetched_at)
    return found


def _of_page(row: Any, url: str, since: datetime) -> Subject:
    """As it was read, else as the feed called it."""
    if row.title is not None:
        return Subject(row.title, row.tag, url, since, row.article)
    entry = row.entry or {}  # the page of a response that was taken in from a WARC may be unknown
    return Subject(entry.get("title", ""), entry.get("language") or "", url, since, row.article)


def _articles(connection: Connection, keys: Sequence[str]) -> dict[str, Subject]:
    return {
        row.id: Subject(row.title, row.tag, row.url, row.first_seen, row.id)
        for part in in_parts(keys)
        for row in connection.execute(
            select(article.c.id, article.c.url, article.c.first_seen, version.c.title, version.c.tag)
            .join(version, version.c.id == article.c.current)
            .where(article.c.id.in_(part))
        )
    }
