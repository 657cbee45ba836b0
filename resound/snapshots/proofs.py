"""The evidence of many clips at once, and whether each piece of it is still what was kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from crawlers.evidence import EvidenceRef, read_record
from resound.clips.files import kept_path, kind_of, written_row
from resound.errors import EvidenceError
from resound.showing.proving import is_row
from resound.snapshots.model import Evidence, EvidenceState
from resound.store.database import in_parts
from resound.store.tables import capture, clip, page, version


def gather_evidence(
    connection: Connection, item_of: Mapping[str, str], *, folder: Path
) -> dict[str, tuple[Evidence, ...]]:
    """item → what shows that it was there, in the order in which it came. Every piece is read and hashed again.

    Args:
        item_of: article → the item that it belongs to.
    """
    found: dict[str, dict[tuple[str, str], Evidence]] = {}
    for article, row in _captures(connection, item_of):
        one = _record(article, row, folder)
        found.setdefault(item_of[article], {}).setdefault(("record", f"{row.file}:{row.offset}"), one)
    for part in in_parts(item_of):
        for row in connection.execute(select(clip).where(clip.c.article.in_(part))):
            one = _brought(row, folder)
            found.setdefault(item_of[row.article], {}).setdefault((one.kind, one.sha256), one)
    return {
        item: tuple(sorted(some.values(), key=lambda one: (one.at, one.kind, one.sha256, one.offset or 0)))
        for item, some in found.items()
    }


def first_records(connection: Connection, item_of: Mapping[str, str]) -> dict[str, str]:
    """item → the SHA-256 of the first record that was fetched of it, as it was written down then; nothing is read again."""
    found: dict[str, tuple[int, str]] = {}
    for article, row in _captures(connection, item_of):
        known = found.get(item_of[article])
        if known is None or row.id < known[0]:
            found[item_of[article]] = (row.id, row.sha256)
    return {item: sha256 for item, (_, sha256) in found.items()}


def _captures(connection: Connection, item_of: Mapping[str, str]) -> Iterator[tuple[str, Row[Any]]]:
    """Responses that were fetched under an address of an article, and those that its wordings were read out of."""
    for part in in_parts(item_of):
        ways = (
            (page.c.article, select(capture, page.c.article).join(page, page.c.id == capture.c.page)),
            (
                version.c.article,
                select(capture, version.c.article).join(version, version.c.id == capture.c.version),
            ),
        )
        for column, statement in ways:
            for row in connection.execute(statement.where(column.in_(part)).order_by(capture.c.id)):
                yield row.article, row


def _record(article: str, row: Row[Any], folder: Path) -> Evidence:
    return Evidence(
        kind="record",
        sha256=row.sha256,
        name=f"{article}-{row.fetched_at:%Y%m%dT%H%M%SZ}.warc.gz",
        at=row.fetched_at,
        who="",
        state=_record_state(row, folder),
        size=row.length,
        media_type="application/warc",
        url=row.final_url,
        status=row.status,
        file=row.file,
        offset=row.offset,
        payload_sha256=row.payload_sha256,
    )


def _record_state(row: Row[Any], folder: Path) -> EvidenceState:
    if row.expired_at is not None:
        return "expired"
    try:
        read_record(folder, EvidenceRef(row.file, row.offset, row.length, row.sha256, row.payload_sha256))
    except EvidenceError:
        return "missing"  # a report says so beside the clip; `resound evidence verify` tells what is wrong with it
    return "kept"


def _brought(row: Row[Any], folder: Path) -> Evidence:
    path = kept_path(folder, row.sha256)
    is_cells = is_row(row.row, row.sha256)
    try:
        with path.open("rb") as file:
            is_kept = file_digest(file, "sha256").hexdigest() == row.sha256
        size = path.stat().st_size if is_kept else None
    except OSError:
        is_kept, size = False, None
    kind = kind_of(path) if is_kept and not is_cells else None
    media_type = "application/json" if is_cells else kind.media_type if kind is not None else ""
    return Evidence(
        kind="row" if is_cells else "file",
        sha256=row.sha256,
        name="clip-row.json" if is_cells else row.name,
        at=row.at,
        who=row.who,
        state="kept" if is_kept else "missing",
        size=len(written_row(row.row)) if is_cells else size,
        media_type=media_type,
    )
