"""Opening the store: transactions, migrations.

On both databases one transaction writes at a time, and any number read. SQLite writes begin with BEGIN IMMEDIATE (the
driver's own deferred begin claims work twice and ends in lock errors); on PostgreSQL writers queue for one advisory
lock (`resound.store.postgres`). A transaction is durable when `write()` returns (`synchronous=FULL`, WAL).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from resound.errors import SchemaTooNewError, StoreError
from resound.store import postgres, safety
from resound.store.cleaning import clean_parameters, clean_text

WAIT_SECONDS = 30
"""How long a writer waits for the one before it."""
CONNECTIONS = 8
"""Kept open; more are opened where they are needed, and closed again."""

log = logging.getLogger(__name__)

_UNREADABLE = (
    "The address of the store cannot be read. It looks like sqlite:///folder/resound.sqlite or "
    "postgresql://user:password@host/database (a password's @ : / % are written %40 %3A %2F %25)."
)
_SHOWN = frozenset({"host", "port", "dbname", "service"})
"""What may be shown of the part behind `?`: libpq takes passwords and keys there, too, under names that grow in number."""
# "postgresql://resound:gehe@im@db.example/resound": what stands behind the @ at which a password ends
_BEHIND_PASSWORD = re.compile(r"[^:/]+://[^:/]*:[^@]*@(?P<rest>.*)", re.DOTALL)


class Store:
    """One database. Safe to share between threads; each block takes a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_postgres = engine.dialect.name == "postgresql"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; committed and durable when the block ends, undone when it raises.

        It is the only one that writes until then, so what it reads holds while it decides. Keep it short.
        """
        with self.engine.begin() as connection:
            if self.is_postgres:
                postgres.wait_for_turn(connection)
            yield connection

    @contextmanager
    def lease(self) -> Iterator[Connection]:
        """A transaction for `work.claim` and for reading what was claimed: on PostgreSQL it waits for no writer.

        It must change nothing but the rows that it claimed, which `SKIP LOCKED` has locked without waiting; so it can
        never be part of a deadlock, and writers that meet its rows wait only for its end.
        """
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view that waits for nobody."""
        with self.engine.connect() as connection:
            options: dict[str, Any] = {"resound_read_only": True}
            if self.is_postgres:
                options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            connection = connection.execution_options(**options)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def store_url(address: str) -> URL:
    """A store's address, read. `postgresql://` means psycopg 3.

    Raises:
        StoreError: it is no address of a store. The sentence holds no password.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as err:
        raise StoreError(_UNREADABLE) from err
    behind = _BEHIND_PASSWORD.match(address)
    if url.password is not None and behind is not None and "@" in behind["rest"]:
        raise StoreError(
            _UNREADABLE
        )  # a password with a bare @: its end would be taken for the host, and be told
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise StoreError(f"The store lives in SQLite or PostgreSQL (psycopg 3), not in {url.drivername!r}.")
    return url


def name_store(address: str) -> str:
    """A store's address as it may be shown: without its password, wherever in it that stands."""
    return _show(store_url(address))


def _show(url: URL) -> str:
    shown = url.set(query={name: value for name, value in url.query.items() if name in _SHOWN})
    return shown.render_as_string(hide_password=True)


def open_store(address: str, *, revision: str | None = None, is_new: bool = False) -> Store:
    """Open (and create or migrate) the store at a SQLAlchemy URL, such as `sqlite:///resound-data/resound.sqlite`.

    Args:
        revision: stop at this schema (a backup of an older Resound is loaded into it); default: the newest.
        is_new: it was just filled from a backup, so an upgrade needs no other copy of it.

    Raises:
        SchemaTooNewError: a newer Resound wrote it; nothing was changed.
        StoreError: it cannot be opened.
    """
    url = store_url(address)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise StoreError(
                f"The folder of the store {url.database} cannot be made: {err.strerror}."
            ) from err
    return _open(url, lambda store: _migrate(store, revision, is_new=is_new))


def open_unchanged(address: str) -> Store:
    """Open the store as it is: nothing is created or migrated.

    Raises:
        SchemaTooNewError: a newer Resound wrote it.
        StoreError: there is none yet, it waits for an upgrade, or it cannot be opened.
    """
    url = store_url(address)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
        raise StoreError(f"There is no store at {url.database} yet; `resound status` makes it.")
    return _open(url, _check_schema)


def _open(url: URL, prepare: Callable[[Store], None]) -> Store:
    """Connect, and close again where the store cannot be used or `prepare` raises."""
    shown = _show(url)
    try:
        engine = create_engine(url, **_engine_options(url.get_backend_name()))
    except ModuleNotFoundError as err:
        raise StoreError(
            f"The store at {shown} needs psycopg, which is not installed: pip install 'resound[postgres]'."
        ) from err
    event.listen(engine, "before_cursor_execute", clean_parameters, retval=True)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    else:
        postgres.prepare(engine, wait_seconds=WAIT_SECONDS)
    store = Store(engine)
    try:
        if store.is_postgres:
            postgres.check_server(engine)
        prepare(store)
    except (OperationalError, DatabaseError) as err:
        store.close()
        raise StoreError(f"The store at {shown} cannot be opened: {str(err.orig).strip()}.") from err
    except BaseException:
        store.close()
        raise
    return store


def _engine_options(backend: str) -> dict[str, Any]:
    options: dict[str, Any] = {"json_serializer": _to_json, "pool_size": CONNECTIONS}
    if backend == "sqlite":
        options |= {"connect_args": {"timeout": WAIT_SECONDS, "check_same_thread": False}}
    else:
        options |= {"pool_pre_ping": True, "isolation_level": "READ COMMITTED"}
    return options


def _to_json(value: Any) -> str:
    return clean_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


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
        try:
            connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
        except OperationalError as err:
            if "locked" not in str(err.orig):
                raise
            raise StoreError(
                "Another process has been writing to the store for too long; nothing was changed. Try again when it "
                "is done."
            ) from err

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _check_schema(store: Store) -> None:
    """Raise StoreError where the store's schema is not this version's."""
    with store.read() as connection:
        found = schema_revision(connection)
    known = shipped_revisions()
    if found is None:
        raise StoreError("The store is empty: `resound status` makes its tables.")
    if found not in known:
        raise _too_new(found, known[-1])
    if found != known[-1]:
        raise StoreError(
            f"The store's schema is {found} and waits to be brought to {known[-1]}: `resound status` does it."
        )


def _too_new(found: str, newest: str) -> SchemaTooNewError:
    return SchemaTooNewError(
        f"This store was written by a newer Resound (its schema is {found}; this one knows up to {newest}). Nothing "
        "was changed. Install the newer version to open it."
    )


def _migrate(store: Store, revision: str | None = None, *, is_new: bool = False) -> None:
    """Bring the schema to this version in one transaction, or refuse it.

    Of several processes that start at once, one migrates and the others wait: a write is alone on both databases.
    """
    newest = revision or _newest_shipped()
    with store.read() as connection:
        found = schema_revision(connection)
    if found == newest:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.write() as connection:
        found = schema_revision(connection)  # another process may have been first
        if found == newest:
            return
        if found is not None:
            try:
                ScriptDirectory.from_config(config).get_revision(found)
            except CommandError as err:
                raise _too_new(found, newest) from err
            if not is_new:
                _keep_a_copy(store, connection, found)
        config.attributes["connection"] = connection
        command.upgrade(config, newest)
        if store.is_postgres:
            postgres.sort_as_bytes(connection)


def _keep_a_copy(store: Store, connection: Connection, found: str) -> None:
    """Before an upgrade touches data: a copy beside a SQLite file; for PostgreSQL a word about how to have one."""
    if not safety.holds_rows(connection):
        return
    if store.is_postgres:
        log.warning(
            "The store's schema is brought from %s to this version, in one transaction. A PostgreSQL store is not "
            "copied before that; `resound backup FILE` of the version in use, before installing a newer one, is how "
            "to have a copy.",
            found,
        )
        return
    path = store.engine.url.database
    if path and path != ":memory:":
        safety.copy_beside(Path(path), revision=found, now=datetime.now(UTC))


def schema_revision(connection: Connection) -> str | None:
    """The schema that a store has; None where it has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _newest_shipped() -> str:
    return shipped_revisions()[-1]


def shipped_revisions() -> list[str]:
    """Every schema that this Resound knows, oldest first: files are named `NNNN_what.py` and their revision is `NNNN`."""
    versions = Path(__file__).parent / "migrations" / "versions"
    return sorted(path.name.split("_")[0] for path in versions.glob("[0-9]*_*.py"))


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


MOST_KEYS = 2000


def in_parts(keys: Iterable[str]) -> Iterator[list[str]]:
    """Keys, each once and in their order, in lists that fit one statement: PostgreSQL takes 65,535 values, SQLite fewer."""
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), MOST_KEYS):
        yield wanted[start : start + MOST_KEYS]
