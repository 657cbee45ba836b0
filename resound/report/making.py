"""From a frozen snapshot to reports that can be written: opened, checked, set beside the one before, laid out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from resound.report.content import build_report
from resound.report.tables import Report, ReportTable, Row
from resound.settings import UiLanguage
from resound.snapshots.freezing import load_written
from resound.snapshots.model import Snapshot
from resound.snapshots.opened import check_recount
from resound.snapshots.written import read_snapshot
from resound.store.registry import load_campaign
from resound.store.snapshots import SnapshotRow, list_snapshots
from resound.words import words


@dataclass(frozen=True, slots=True)
class Opened:
    """A snapshot and its reports, one for each language that was asked for, in that order. `written`: as it was frozen."""

    row: SnapshotRow
    snapshot: Snapshot
    reports: tuple[Report, ...]
    written: bytes


def open_reports(
    connection: Connection, campaign: str, number: int | None, languages: Sequence[UiLanguage]
) -> Opened:
    """The reports of one of a campaign's snapshots; without a number of the newest.

    It is reconciled with the one before it. That one is read as it was frozen, and not counted again: what this version
    counts otherwise must not keep a later report from being made.

    Raises:
        NotFoundError: there is no such campaign, or it has no such snapshot; the sentence says how to make one.
        StoreError: the snapshot is not what was frozen.
        ResoundError: this version counts it otherwise, or cannot read it.
    """
    known = list_snapshots(connection, campaign)
    if not known:
        load_campaign(connection, campaign)  # a campaign that is not there is told first
    row, written = load_written(connection, campaign, number)
    snapshot = read_snapshot(written)
    check_recount(snapshot)
    before = [one.number for one in known if one.number < row.number]
    earlier = None
    if before:
        frozen, then = load_written(connection, campaign, max(before))
        earlier = frozen, read_snapshot(then)
    reports = tuple(build_report(row, snapshot, earlier, words(language)) for language in languages)
    return Opened(row, snapshot, reports, written)


def hash_report(report: Report) -> str:
    """SHA-256 of what a report says, whatever it is written as: the same snapshot gives the same one."""
    plain: dict[str, Any] = {
        "snapshot": report.snapshot.sha256,
        "language": report.language,
        "title": report.title,
        "facts": report.facts,
        "sections": [
            [
                section.key,
                section.title,
                section.sentences,
                [_plain(table) for table in section.tables],
                [
                    [head, [[one.clip, one.outlet, one.tag, one.parts, one.is_confirmed] for one in quotes]]
                    for head, quotes in section.quotes
                ],
            ]
            for section in report.sections
        ],
    }
    written = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(written.encode(errors="surrogatepass")).hexdigest()


def _plain(table: ReportTable) -> list[Any]:
    rows = [*table.rows, *([table.total] if table.total is not None else [])]
    return [
        table.key,
        table.title,
        [[one.key, one.heading, one.kind, one.do_not_add] for one in table.columns],
        [_plain_row(row) for row in rows],
        table.notes,
    ]


def _plain_row(row: Row) -> list[Any]:
    return [row.cells, row.members, row.at_least, sorted(row.exact)]


def file_stem(row: SnapshotRow) -> str:
    """How the files of a snapshot's report are called, without language and ending: `apo-2014.snapshot-3`."""
    return f"{row.campaign}.snapshot-{row.number}"
