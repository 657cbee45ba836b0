"""The demo's frozen counts, and what else tests of reports make of them: pure values, nothing is written to the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from resound.coverage.comparators import Comparators
from resound.report.content import build_report
from resound.report.tables import Report, ReportTable, Row, Section
from resound.settings import UiLanguage
from resound.snapshots.model import Clip, Snapshot
from resound.snapshots.opened import coverage_of
from resound.snapshots.taking import take_snapshot
from resound.snapshots.written import content_hash, write_snapshot
from resound.store.database import open_unchanged
from resound.store.snapshots import SnapshotRow
from resound.words import words

DEMO = "apo-coe-gp-vietnam-2014"
AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


def freeze_demo(folder: Path) -> Snapshot:
    """Out of the demo's store as it is, which is left unchanged."""
    store = open_unchanged(f"sqlite:///{folder / 'resound.sqlite'}")
    try:
        with store.read() as connection:
            return take_snapshot(
                connection, DEMO, evidence=folder / "evidence", comparators=Comparators(), now=AT
            )
    finally:
        store.close()


def row_of(snapshot: Snapshot, number: int = 1) -> SnapshotRow:
    """As the store would keep it."""
    counts = coverage_of(snapshot).figures.counts
    named = {name: getattr(counts, name) for name in ("items", "stories", "outlets", "groups")}
    digest = content_hash(write_snapshot(snapshot))
    return SnapshotRow(snapshot.campaign.id, number, snapshot.as_of, digest, named, "lin", "for the APO")


def report_of(snapshot: Snapshot, language: UiLanguage = "en", earlier: Snapshot | None = None) -> Report:
    """Laid out in a language."""
    before = None if earlier is None else (row_of(earlier, 1), earlier)
    row = row_of(snapshot, 1 if earlier is None else 2)
    return build_report(row, snapshot, before, words(language))


def with_clips(snapshot: Snapshot, change: Callable[[Clip], Clip]) -> Snapshot:
    """Each clip as `change` gives it back."""
    return replace(snapshot, clips=tuple(map(change, snapshot.clips)))


def section(report: Report, key: str) -> Section:
    return next(one for one in report.sections if one.key == key)


def tables(report: Report) -> dict[str, ReportTable]:
    """key → table; each key once."""
    found = [table for part in report.sections for table in part.tables]
    assert len({one.key for one in found}) == len(found)
    return {one.key: one for one in found}


def column(table: ReportTable, key: str) -> list[object]:
    """What stands in a column, row for row, without the total."""
    at = [one.key for one in table.columns].index(key)
    return [row.cells[at] for row in table.rows]


def every_row(table: ReportTable) -> Iterator[Row]:
    yield from table.rows
    if table.total is not None:
        yield table.total
