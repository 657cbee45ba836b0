"""Frozen counts as they are kept. Nothing here is ever changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from resound.errors import NotFoundError
from resound.store.tables import snapshot
from resound.texts import N_
from resound.told import Told


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """`counts`: items, stories, outlets, groups; `at_least` is 1 where a source was not read every day. `why`: what it was frozen for. `body` is read by `load_body`."""

    campaign: str
    number: int
    as_of: datetime
    sha256: str
    counts: Mapping[str, int]
    who: str
    why: str


_SHOWN = (
    snapshot.c.campaign,
    snapshot.c.number,
    snapshot.c.as_of,
    snapshot.c.sha256,
    snapshot.c.counts,
    snapshot.c.who,
    snapshot.c.why,
)


def add_snapshot(
    connection: Connection,
    campaign: str,
    *,
    as_of: datetime,
    sha256: str,
    counts: Mapping[str, int],
    body: bytes,
    who: str,
    why: str,
) -> SnapshotRow:
    """Keep one, under the next number of its campaign; in a write, which nobody else is in."""
    newest = connection.execute(
        select(func.max(snapshot.c.number)).where(snapshot.c.campaign == campaign)
    ).scalar()
    values: dict[str, Any] = {
        "campaign": campaign,
        "number": (newest or 0) + 1,
        "as_of": as_of,
        "sha256": sha256,
        "counts": dict(counts),
        "who": who,
        "why": why,
    }
    connection.execute(snapshot.insert().values(**values, body=body))
    return SnapshotRow(**values)


def list_snapshots(connection: Connection, campaign: str | None = None) -> list[SnapshotRow]:
    """Those of a campaign, or all; the newest first."""
    statement = select(*_SHOWN).order_by(snapshot.c.campaign, snapshot.c.number.desc())
    if campaign is not None:
        statement = statement.where(snapshot.c.campaign == campaign)
    return [SnapshotRow(**row._mapping) for row in connection.execute(statement)]


def load_body(connection: Connection, campaign: str, number: int | None = None) -> tuple[SnapshotRow, bytes]:
    """One snapshot, packed; without a number the newest.

    Raises:
        NotFoundError: the campaign has no such snapshot.
    """
    statement = select(*_SHOWN, snapshot.c.body).where(snapshot.c.campaign == campaign)
    if number is not None:
        statement = statement.where(snapshot.c.number == number)
    row = connection.execute(statement.order_by(snapshot.c.number.desc()).limit(1)).first()
    if row is None:
        raise _absent(campaign, number, list_snapshots(connection, campaign))
    values = dict(row._mapping)
    body: bytes = values.pop("body")
    return SnapshotRow(**values), body


def _absent(campaign: str, number: int | None, there: Sequence[SnapshotRow]) -> NotFoundError:
    """A sentence for people, and beside it what to type."""
    sentence = Told(N_("The campaign %(id)s has no snapshot yet."), id=repr(campaign))
    hint = f"`resound freeze {campaign}` makes one."
    if number is not None:
        sentence = Told(
            N_("The campaign %(id)s has no snapshot %(number)s."), id=repr(campaign), number=number
        )
    if there:
        newest = there[0].number  # numbers have no holes: nothing is ever deleted
        known = "The only one is 1" if newest == 1 else f"There are 1 to {newest}"
        hint = f"{known}: `resound snapshots {campaign}` tells of each."
    return NotFoundError(sentence, hint=hint)
