"""A copy of a SQLite store beside it, made before an upgrade changes anything."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, MetaData, inspect, select

from resound.errors import StoreError

KEPT = 3
"""Copies of earlier upgrades that stay; older ones are removed."""


def holds_rows(connection: Connection) -> bool:
    """Whether any table of the store (whatever its schema) has a row."""
    found = MetaData()
    found.reflect(
        connection, only=[one for one in inspect(connection).get_table_names() if one != "alembic_version"]
    )
    return any(connection.execute(select(1).select_from(one).limit(1)).first() for one in found.sorted_tables)


def copy_beside(path: Path, *, revision: str, now: datetime) -> Path:
    """Copy a SQLite file, as it was last committed, to `NAME.schema-REVISION.MOMENT.backup`, durably. Returns its path.

    Raises:
        StoreError: it could not be copied; nothing was upgraded.
    """
    made = path.with_name(f"{path.name}.schema-{revision}.{now:%Y%m%dT%H%M%SZ}.backup")
    part = made.with_name(f".{made.name}.part")
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, whole without a -wal beside it
        for handle in (os.open(part, os.O_RDONLY), os.open(path.parent, os.O_RDONLY)):
            os.fsync(handle)
            os.close(handle)
        part.replace(made)
    except (OSError, sqlite3.Error) as err:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"The store was not upgraded, because it could not be copied to {made} first: {err}. Make room there "
            "and start again."
        ) from err
    _remove_oldest(path)
    return made


def _remove_oldest(path: Path) -> None:
    copies = sorted(path.parent.glob(f"{path.name}.schema-*.backup"), key=lambda one: one.name.split(".")[-2])
    for one in copies[:-KEPT]:
        one.unlink()
