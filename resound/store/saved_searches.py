"""Searches that people kept. Person 0 is the one of a machine of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from resound.store.tables import saved_search


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """`options` is what belongs to the search besides its query, as it stands in the page's address."""

    id: int
    person: int
    name: str
    query: str
    options: Mapping[str, Any]
    at: datetime


def list_searches(connection: Connection, person: int) -> list[SavedSearch]:
    """One person's, by name."""
    statement = (
        select(saved_search)
        .where(saved_search.c.person == person)
        .order_by(saved_search.c.name, saved_search.c.id)
    )
    return [SavedSearch(**row._mapping) for row in connection.execute(statement)]


def find_search(connection: Connection, person: int, key: int) -> SavedSearch | None:
    """One of a person's by its number."""
    statement = select(saved_search).where(saved_search.c.person == person, saved_search.c.id == key)
    row = connection.execute(statement).first()
    return None if row is None else SavedSearch(**row._mapping)


def insert_search(
    connection: Connection, person: int, *, name: str, query: str, options: Mapping[str, Any], now: datetime
) -> int:
    """A new one; its number. The caller has seen that the name is free."""
    statement = (
        saved_search.insert()
        .values(person=person, name=name, query=query, options=dict(options), at=now)
        .returning(saved_search.c.id)
    )
    return int(connection.execute(statement).scalar_one())


def change_search(connection: Connection, key: int, **values: Any) -> None:
    """Give one another name, query, options or moment."""
    connection.execute(update(saved_search).where(saved_search.c.id == key).values(**values))


def delete_search(connection: Connection, person: int, key: int) -> bool:
    """Whether there was one."""
    gone = connection.execute(
        delete(saved_search).where(saved_search.c.person == person, saved_search.c.id == key)
    )
    return gone.rowcount > 0
