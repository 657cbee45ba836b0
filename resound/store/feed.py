"""The change feed that search indexes follow, and how far each of them was when it was last seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from resound.store.database import upsert
from resound.store.tables import (
    alias,
    change,
    decision,
    definition,
    grouping,
    index_state,
    lead,
    lead_match,
    reading,
)


@dataclass(frozen=True, slots=True)
class IndexState:
    """`cursor`: the change number up to which it was complete. `level_at`: when it last had everything.

    `trouble`: why it could not be brought up at `failed_at`; empty once it could again.
    """

    name: str
    cursor: int = 0
    level_at: datetime | None = None
    failed_at: datetime | None = None
    trouble: str = ""


def newest_change(connection: Connection) -> int:
    """The number of the store's last change; 0 where nothing has happened."""
    return int(connection.execute(select(func.max(change.c.seq))).scalar() or 0)


def store_mark(connection: Connection) -> tuple[str, ...]:
    """Another one as soon as anything is different that figures and lists of items are made of: articles, matches,
    groupings, models' results and decisions (by the change feed), definitions, leads, and what was read of the sources.
    """
    newest = select(
        select(func.max(change.c.seq)).scalar_subquery(),
        select(func.max(decision.c.id)).scalar_subquery(),
        select(func.max(definition.c.id)).scalar_subquery(),
        select(func.max(reading.c.read_at)).scalar_subquery(),
        select(func.count()).select_from(alias).scalar_subquery(),  # a lead may be one of them by now
        select(func.count()).select_from(lead_match).scalar_subquery(),
    )
    leads = select(lead.c.tried, func.count()).group_by(lead.c.tried).order_by(lead.c.tried)
    return tuple(
        str(one) for row in (connection.execute(newest).one(), *connection.execute(leads)) for one in row
    )


def list_changed(connection: Connection, *, after: int) -> list[str]:
    """The articles that have changed since a cursor, each once, in the order of their ids."""
    statement = select(change.c.article).where(change.c.seq > after).distinct().order_by(change.c.article)
    return list(connection.execute(statement).scalars())


def count_changed(connection: Connection, *, after: int) -> int:
    """How many articles have changed since a cursor."""
    statement = select(func.count(func.distinct(change.c.article))).where(change.c.seq > after)
    return int(connection.execute(statement).scalar_one())


def list_item_ids(connection: Connection, *, after: str, limit: int) -> list[str]:
    """The next items behind an id, in the order of their ids; `after` is empty at the beginning."""
    statement = (
        select(grouping.c.item)
        .where(grouping.c.item > after)
        .distinct()
        .order_by(grouping.c.item)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def count_items(connection: Connection) -> int:
    """How many items there are, copies on aggregators included."""
    return int(connection.execute(select(func.count(func.distinct(grouping.c.item)))).scalar_one())


def load_state(connection: Connection, name: str) -> IndexState:
    """How far an index was when it was last seen; one that was never seen is at 0."""
    row = connection.execute(select(index_state).where(index_state.c.name == name)).first()
    return IndexState(name) if row is None else IndexState(**row._mapping)


def set_state(connection: Connection, state: IndexState) -> None:
    """Remember it."""
    upsert(connection, index_state, [{name: getattr(state, name) for name in IndexState.__slots__}])
