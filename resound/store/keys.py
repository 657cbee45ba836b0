"""API keys, of which only the SHA-256 is stored. A key is never removed: it is revoked, and stays in the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from resound.errors import NotFoundError
from resound.people.roles import Scope, read_scopes
from resound.store.tables import api_key, person
from resound.texts import N_
from resound.told import Told

_TOUCHED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it may be shown. Nobody can be shown the key itself again."""

    id: int
    person: int
    login: str
    name: str
    scopes: tuple[Scope, ...]
    at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def insert_key(
    connection: Connection, sha256: str, *, number: int, name: str, scopes: Sequence[Scope], now: datetime
) -> int:
    """Store a new key of a person; its number."""
    made: int = connection.execute(
        api_key.insert()
        .values(person=number, name=name, sha256=sha256, scopes=list(scopes), at=now)
        .returning(api_key.c.id)
    ).scalar_one()
    return made


def find_key(connection: Connection, sha256: str) -> Key | None:
    """A key that holds. Whether its owner is let in is asked of the person."""
    row = connection.execute(
        _keys().where(api_key.c.sha256 == sha256, api_key.c.revoked_at.is_(None))
    ).first()
    return None if row is None else _key(row)


def list_keys(connection: Connection, *, login: str | None = None) -> list[Key]:
    """Keys, the newest first, those that were revoked too."""
    statement = _keys().order_by(api_key.c.id.desc())
    if login is not None:
        statement = statement.where(person.c.login == login)
    return [_key(row) for row in connection.execute(statement)]


def load_key(connection: Connection, key: int) -> Key:
    """A key by its number. Raises NotFoundError where there is none."""
    row = connection.execute(_keys().where(api_key.c.id == key)).first()
    if row is None:
        raise NotFoundError(
            Told(N_("There is no API key %(number)s."), number=key),
            hint="`resound key list` shows what there is.",
        )
    return _key(row)


def is_use_due(key: Key, *, now: datetime) -> bool:
    """Whether it is time to write down that a key is in use."""
    return key.used_at is None or now - key.used_at >= _TOUCHED_EVERY


def touch_key(connection: Connection, key: int, *, now: datetime) -> None:
    """A key is in use."""
    connection.execute(update(api_key).where(api_key.c.id == key).values(used_at=now))


def revoke_key(connection: Connection, key: int, *, now: datetime) -> bool:
    """Make a key worthless from now on; False where it was already."""
    statement = update(api_key).where(api_key.c.id == key, api_key.c.revoked_at.is_(None))
    return connection.execute(statement.values(revoked_at=now)).rowcount == 1


def _keys() -> Any:
    return select(api_key, person.c.login).join(person, person.c.id == api_key.c.person)


def _key(row: Any) -> Key:
    return Key(
        row.id, row.person, row.login, row.name, read_scopes(row.scopes), row.at, row.used_at, row.revoked_at
    )
