"""Opening the store: pragmas, transactions, migrations.

SQLite writes begin with BEGIN IMMEDIATE (the driver's own deferred begin claims work twice and ends in lock errors);
a transaction is durable when `write()` returns (`synchronous=FULL`, WAL).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, OperationalError

from resound.errors import SchemaTooNewError, StoreError

WAIT_SECONDS = 30


class Store:
    """One database. Safe to share between threads; each `write` or `read` takes a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; committed and durable when the block ends, undone when it raises."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view that waits for nobody."""
        with self.engine.connect() as connection:
            connection = connection.execution_options(resound_read_only=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def open_store(address: str) -> Store:
    """Open (and create or migrate) the store at a SQLAlchemy URL, such as `sqlite:///resound-data/resound.sqlite`.

    Raises:
        SchemaTooNewError: a newer Resound wrote it; nothing was changed.
        StoreError: it cannot be opened.
    """
    url = make_url(address)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise StoreError(
                f"The folder of the store {url.database} cannot be made: {err.strerror}."
            ) from err
    engine = create_engine(url, **_engine_options(url.get_backend_name()))
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    store = Store(engine)
    try:
        _migrate(store)
    except (OperationalError, DatabaseError) as err:
        store.close()
        raise StoreError(
            f"The store at {url.render_as_string(hide_password=True)} cannot be opened: {err.orig}."
        ) from err
    except BaseException:
        store.close()
        raise
    return store


def _engine_options(backend: str) -> dict[str, Any]:
    options: dict[str, Any] = {"json_serializer": _to_json}
    if backend == "sqlite":
        options |= {"connect_args": {"timeout": WAIT_SECONDS, "check_same_thread": False}, "pool_size": 8}
    else:
        options |= {"pool_pre_ping": True}
    return options


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _prepare_sqlite(engine: Engine) -> None:
    def on_connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("resound_read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _migrate(store: Store) -> None:
    """Bring the schema to this version in one transaction, or refuse it."""
    with store.read() as connection:
        found = _revision(connection)
    newest = _newest_shipped()
    if found == newest:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if found is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(found)
        except CommandError as err:
            raise SchemaTooNewError(
                f"This store was written by a newer Resound (its schema is {found}; this one knows up to {newest}). "
                "Nothing was changed. Install the newer version to open it."
            ) from err
    with store.write() as connection:
        if _revision(connection) != newest:  # another process may have been first
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _newest_shipped() -> str:
    """The revision of the newest migration: files are named `NNNN_what.py` and their revision is `NNNN`."""
    versions = Path(__file__).parent / "migrations" / "versions"
    return max(path.name.split("_")[0] for path in versions.glob("[0-9]*_*.py"))


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    update: Sequence[str] | None = None,
) -> None:
    """Insert rows; where the primary key is there already, set the columns `update` (default: all others)."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    columns = [name for name in rows[0] if name not in keys] if update is None else list(update)
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    statement = (
        insert.on_conflict_do_update(
            index_elements=keys, set_={name: insert.excluded[name] for name in columns}
        )
        if columns
        else insert.on_conflict_do_nothing(index_elements=keys)
    )
    connection.execute(statement, list(rows))


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that collide with none, by primary key or any other unique key; leave the others as they are."""
    if not rows:
        return
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    connection.execute(insert.on_conflict_do_nothing(), list(rows))
