"""Where the store is and how much room it takes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import text

from resound.store.database import Store

_BESIDE = ("", "-wal", "-shm")


def store_bytes(store: Store) -> int:
    """Bytes on the disk: the file and what SQLite keeps beside it, or the database as PostgreSQL measures it."""
    if store.is_postgres:
        with store.read() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    path = store.engine.url.database
    if not path or path == ":memory:":
        return 0
    return sum(one.stat().st_size for part in _BESIDE if (one := Path(f"{path}{part}")).exists())


def store_engine(store: Store) -> str:
    """Database and version: `SQLite 3.45.1`, `PostgreSQL 17.6`."""
    if not store.is_postgres:
        return f"SQLite {sqlite3.sqlite_version}"
    with store.read() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
    return f"PostgreSQL {str(version).split()[0]}"
