"""What tells a store from every other: random, made when it is first asked for, and the same ever after.

It goes along where a store is moved. A backup does not hold it: what is restored may live beside its original, and is another store.
"""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import Connection, delete, select

from resound.store.database import Store, insert_new
from resound.store.tables import installation

_IDENTITY = "identity"


def identify_store(store: Store) -> str:
    """The store's identity, made where it has none yet: 32 hexadecimal digits."""
    with store.read() as connection:
        found = _load(connection)
    if found is not None:
        return found
    with store.write() as connection:
        insert_new(connection, installation, [{"name": _IDENTITY, "value": uuid4().hex}])
        made = _load(connection)  # another process may have been quicker
    assert made is not None
    return made


def forget_identity(connection: Connection) -> None:
    """Let the store have another one, or the one of the store that is carried into it."""
    connection.execute(delete(installation).where(installation.c.name == _IDENTITY))


def _load(connection: Connection) -> str | None:
    return connection.execute(
        select(installation.c.value).where(installation.c.name == _IDENTITY)
    ).scalar_one_or_none()
