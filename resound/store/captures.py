"""Responses whose evidence is on disk. A capture is named only after its record was written and synced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from resound.article import RawPage
from resound.outcome import Outcome
from resound.store import work as queue
from resound.store.frontier import FetchJob
from resound.store.tables import capture, page, version, work


class Located(Protocol):
    """Where a record lies (`crawlers.evidence.EvidenceRef`)."""

    @property
    def file(self) -> str:
        """WARC file name, inside the evidence folder."""

    @property
    def offset(self) -> int:
        """First byte of the record."""

    @property
    def length(self) -> int:
        """Bytes of the record as stored."""

    @property
    def sha256(self) -> str:
        """Of the record as stored."""

    @property
    def payload_sha256(self) -> str:
        """Of the body as it was read."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One response, and where its evidence lies; or lay, until `expired_at`. The hashes stay."""

    id: int
    page: str
    source: str
    url: str
    final_url: str
    status: int
    fetched_at: datetime
    file: str
    offset: int
    length: int
    sha256: str
    payload_sha256: str
    version: str | None
    expired_at: datetime | None = None


def add_capture(
    connection: Connection, *, page_id: str, source: str, raw: RawPage, where: Located
) -> int | None:
    """Name a record and queue its reading. None where this record is named already."""
    known = select(capture.c.id).where(capture.c.file == where.file, capture.c.offset == where.offset)
    if connection.execute(known).first() is not None:
        return None
    key = connection.execute(
        capture.insert()
        .values(
            page=page_id,
            source=source,
            url=raw.url,
            final_url=raw.final_url,
            status=raw.status,
            fetched_at=raw.fetched_at,
            file=where.file,
            offset=where.offset,
            length=where.length,
            sha256=where.sha256,
            payload_sha256=where.payload_sha256,
        )
        .returning(capture.c.id)
    ).scalar_one()
    queue.enqueue(connection, "extract", [str(key)])
    return int(key)


def record_pages(
    connection: Connection, group: Sequence[tuple[RawPage, Located, FetchJob]], *, now: datetime
) -> None:
    """End fetches that brought pages: captures, the pages' state and outcomes, in four statements for a whole group.

    The places must be new, as those of a writer always are. A lease that was lost meanwhile is not ended.
    """
    rows = [
        {
            "page": job.page,
            "source": job.source,
            "url": raw.url,
            "final_url": raw.final_url,
            "status": raw.status,
            "fetched_at": raw.fetched_at,
            "file": where.file,
            "offset": where.offset,
            "length": where.length,
            "sha256": where.sha256,
            "payload_sha256": where.payload_sha256,
        }
        for raw, where, job in group
    ]
    keys = connection.execute(insert(capture).returning(capture.c.id), rows).scalars().all()
    queue.enqueue(connection, "extract", [str(key) for key in keys])
    connection.execute(
        update(page)
        .where(page.c.id == bindparam("of"))
        .values(status=bindparam("seen"), fetched_at=bindparam("at")),
        [{"of": job.page, "seen": raw.status, "at": raw.fetched_at} for raw, _, job in group],
    )
    done = Outcome.done()
    connection.execute(
        update(work)
        .where(work.c.id == bindparam("of"), work.c.due == bindparam("until"))
        .values(
            due=None,
            holder=None,
            outcome=done.kind,
            reason=done.reason,
            detail=done.detail,
            finished_at=now,
        ),
        [{"of": job.claim.id, "until": job.claim.due} for _, _, job in group],
    )


def load_captures(connection: Connection, ids: list[int]) -> dict[int, Capture]:
    """Captures by id."""
    return {
        row.id: Capture(**row._mapping)
        for row in connection.execute(select(capture).where(capture.c.id.in_(ids)))
    }


def captures_of(connection: Connection, article: str) -> list[Capture]:
    """Every response that was fetched for an article, under any of its addresses, in the order of fetching."""
    pages = select(page.c.id).where(page.c.article == article)
    versions = select(version.c.id).where(version.c.article == article)
    statement = (
        select(capture)
        .where(or_(capture.c.page.in_(pages), capture.c.version.in_(versions)))
        .order_by(capture.c.fetched_at, capture.c.id)
    )
    return [Capture(**row._mapping) for row in connection.execute(statement)]


def list_captures(connection: Connection, *, page_id: str | None = None) -> list[Capture]:
    """Every capture, or those of one page, in the order of fetching."""
    statement = select(capture).order_by(capture.c.fetched_at, capture.c.id)
    if page_id is not None:
        statement = statement.where(capture.c.page == page_id)
    return [Capture(**row._mapping) for row in connection.execute(statement)]
