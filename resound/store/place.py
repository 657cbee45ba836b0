"""Where the store is, which one it is, and how much room it takes."""

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


def which_database(store: Store) -> tuple[str, ...]:
    """Another one for each database, and the same however its address is spelt: the database itself is asked who it is.

    A file by device and number; a database of a server by its own number and by when the server started, to the
    microsecond, which any role may ask and which is the same through a socket, a name, an address or a pooler.
    """
    with store.read() as connection:
        if store.is_postgres:
            row = connection.execute(
                text(
                    "SELECT extract(epoch FROM pg_postmaster_start_time())::text, oid::text FROM pg_database "
                    "WHERE datname = current_database()"
                )
            ).one()
            return ("postgresql", *row)
        path = connection.execute(text("SELECT file FROM pragma_database_list WHERE name = 'main'")).scalar()
    if not path:
        return ("sqlite", str(id(store.engine)))  # in memory: nobody else's
    there = Path(path).stat()
    return ("sqlite", str(there.st_dev), str(there.st_ino))


def store_engine(store: Store) -> str:
    """Database and version: `SQLite 3.45.1`, `PostgreSQL 17.6`."""
    if not store.is_postgres:
        return f"SQLite {sqlite3.sqlite_version}"
    with store.read() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
    return f"PostgreSQL {str(version).split()[0]}"
