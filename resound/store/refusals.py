"""Pages that were known of and could not be read, by source: what a report says beside its counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from resound.article import FoundDate, date_from_json
from resound.store.database import in_parts
from resound.store.leads import open_leads
from resound.store.tables import channel, page, reading, work

_ABSENT = "gone"
"""The server says that there is no such page: nothing was kept from us."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page that a source told of and that was not read. `reason` is that of the fetch, or the lead's."""

    page: str
    source: str
    reason: str
    published: FoundDate | None


def list_refusals(connection: Connection, sources: Iterable[str]) -> list[Refusal]:
    """Every refused page of these sources once, by source and page."""
    wanted = set(sources)
    found = {
        one.id: Refusal(one.id, one.source, one.reason, one.published)
        for one in open_leads(connection)
        if one.source in wanted
    }
    for part in in_parts(wanted):
        rows = connection.execute(
            select(page.c.id, page.c.source, page.c.entry, work.c.reason)
            .join(work, work.c.subject == page.c.id)
            .where(
                work.c.stage == "fetch",
                work.c.due.is_(None),
                work.c.outcome.in_(("rejected", "quarantined")),
                work.c.reason != _ABSENT,
                page.c.article.is_(None),  # one that was read once is not kept from us
                page.c.source.in_(part),
            )
        )
        for row in rows:
            published = date_from_json(row.entry.get("published"))
            found.setdefault(row.id, Refusal(row.id, row.source, row.reason, published))
    return sorted(found.values(), key=lambda one: (one.source, one.page))


def list_stopped(connection: Connection, sources: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """source → why channels of it are not read any more, each reason once; of those that have such a channel."""
    found: dict[str, set[str]] = {}
    for part in in_parts(sources):
        rows = connection.execute(
            select(channel.c.source, channel.c.stopped).where(
                channel.c.source.in_(part), channel.c.stopped.is_not(None)
            )
        )
        for row in rows:
            found.setdefault(row.source, set()).add(row.stopped)
    return {key: tuple(sorted(reasons)) for key, reasons in found.items()}


def first_days(connection: Connection, sources: Iterable[str]) -> dict[str, str]:
    """source → the earliest day (ISO) that a channel of it ever showed in full."""
    return {
        row[0]: row[1]
        for part in in_parts(sources)
        for row in connection.execute(
            select(reading.c.source, func.min(reading.c.first_day))
            .where(reading.c.source.in_(part))
            .group_by(reading.c.source)
        )
    }
