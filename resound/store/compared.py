"""Which articles the comparators of campaigns match, and up to which change of the store that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from resound.store.database import in_parts, upsert
from resound.store.tables import change, comparator_match, compared


@dataclass(frozen=True, slots=True)
class Compared:
    """`asked`: fingerprint of what was looked for. `cursor`: the number of the last change that was looked at."""

    campaign: str
    asked: str
    cursor: int


def load_compared(connection: Connection, campaign: str) -> Compared | None:
    """How far a campaign's comparators have looked; None where they never did."""
    row = connection.execute(select(compared).where(compared.c.campaign == campaign)).first()
    return None if row is None else Compared(**row._mapping)


def load_found(connection: Connection, campaign: str) -> dict[str, tuple[str, ...]]:
    """article → the ids of the comparators that it matches."""
    statement = select(comparator_match.c.article, comparator_match.c.found).where(
        comparator_match.c.campaign == campaign
    )
    return {row[0]: tuple(row[1]) for row in connection.execute(statement)}


def record_found(
    connection: Connection, state: Compared, looked_at: Iterable[str], found: Mapping[str, tuple[str, ...]]
) -> None:
    """Store what was found in some articles, and that everything up to the cursor was looked at."""
    for part in in_parts(looked_at):
        connection.execute(
            delete(comparator_match).where(
                comparator_match.c.campaign == state.campaign, comparator_match.c.article.in_(part)
            )
        )
    rows = [{"campaign": state.campaign, "article": key, "found": list(ids)} for key, ids in found.items()]
    upsert(connection, comparator_match, rows)
    _set(connection, state)


def begin_anew(connection: Connection, state: Compared) -> None:
    """Something else is looked for: what was found before is gone."""
    forget_found(connection, state.campaign)
    _set(connection, state)


def forget_found(connection: Connection, campaign: str) -> None:
    """The campaign has no comparators (any more)."""
    connection.execute(delete(comparator_match).where(comparator_match.c.campaign == campaign))
    connection.execute(delete(compared).where(compared.c.campaign == campaign))


def list_last_changes(connection: Connection, *, after: int, until: int) -> list[tuple[str, int]]:
    """(article, number of its last change) of the changes `after` < number ≤ `until`, in the order of the numbers."""
    last = func.max(change.c.seq).label("last")
    statement = (
        select(change.c.article, last)
        .where(change.c.seq > after, change.c.seq <= until)
        .group_by(change.c.article)
        .order_by(last)
    )
    return [(row[0], int(row[1])) for row in connection.execute(statement)]


def _set(connection: Connection, state: Compared) -> None:
    upsert(
        connection,
        compared,
        [{"campaign": state.campaign, "asked": state.asked, "cursor": state.cursor}],
    )
