"""Snapshots in the store: made in one write, opened with their hash and their counts checked."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from resound.coverage.comparators import Comparators
from resound.snapshots.model import Snapshot
from resound.snapshots.opened import check_recount
from resound.snapshots.taking import take_snapshot
from resound.snapshots.written import content_hash, pack, read_snapshot, unpack, write_snapshot
from resound.store import Store
from resound.store.snapshots import SnapshotRow, add_snapshot, load_body


def freeze_campaign(
    store: Store,
    campaign: str,
    *,
    evidence: Path,
    comparators: Comparators,
    who: str,
    why: str,
    now: datetime,
) -> SnapshotRow:
    """Freeze a campaign's counts as of now, under its next number. Everything is read in one view of the store.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with store.read() as connection:
        taken = take_snapshot(connection, campaign, evidence=evidence, comparators=comparators, now=now)
    written = write_snapshot(taken)
    figures = check_recount(read_snapshot(written)).figures  # what is kept is what will be read
    counts = {**asdict(figures.counts), "at_least": int(figures.at_least)}
    packed, digest = pack(written), content_hash(written)
    with store.write() as connection:
        return add_snapshot(
            connection,
            campaign,
            as_of=taken.as_of,
            sha256=digest,
            counts=counts,
            body=packed,
            who=who,
            why=why.strip(),
        )


def load_written(
    connection: Connection, campaign: str, number: int | None = None
) -> tuple[SnapshotRow, bytes]:
    """One of a campaign's snapshots as it was frozen, hashed again; without a number the newest.

    Raises:
        NotFoundError: the campaign has no such snapshot.
        StoreError: it is not what was frozen.
    """
    row, body = load_body(connection, campaign, number)
    return row, unpack(body, row.sha256)


def open_snapshot(
    connection: Connection, campaign: str, number: int | None = None
) -> tuple[SnapshotRow, Snapshot]:
    """One of a campaign's snapshots, hashed and counted again; without a number the newest.

    Raises:
        NotFoundError: the campaign has no such snapshot.
        StoreError: it is not what was frozen.
        ResoundError: this version counts it otherwise, or cannot read it.
    """
    row, written = load_written(connection, campaign, number)
    snapshot = read_snapshot(written)
    check_recount(snapshot)
    return row, snapshot
