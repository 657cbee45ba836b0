"""What is particular to PostgreSQL. `docs/decisions/0009-postgresql.md` says why it is so.

**One writer at a time.** A transaction that changes more than its own leases first takes one advisory lock and keeps
it until it has committed. Everything follows from that:

- What a writer reads holds while it decides (is this article known? which near-duplicates are there?), as on SQLite.
- The change feed has no holes. A sequence gives numbers before a transaction commits; without the lock a transaction
  with number 7 may become visible after one with number 8, and a cursor that stands at 8 would pass over 7 for ever.
  With it, numbers are drawn and committed in one order: PostgreSQL makes a commit visible before it lets go of the
  transaction's locks.
- Writers cannot deadlock, and in READ COMMITTED nothing is refused as not serialisable (40P01, 40001): a writer waits for
  row locks of leases only, and a lease (`Store.lease`) waits for nobody (`FOR UPDATE SKIP LOCKED`).

The costly work (fetching, extraction, models) happens outside transactions, in as many processes as there are.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from resound.errors import StoreError

WRITER_LOCK = 0x5245_534F_554E_44  # "RESOUND"; locks of this kind belong to one database
OLDEST = (13, 0)

# A machine that loses its power while it writes would keep the writers' lock for two hours (the kernel's default)
# before the server notices; so it asks after two minutes.
_SESSION = (
    "SET tcp_keepalives_idle = 60",
    "SET tcp_keepalives_interval = 15",
    "SET tcp_keepalives_count = 4",
)


def prepare(engine: Engine, *, wait_seconds: int) -> None:
    """Have every connection notice a dead partner, and give up waiting for a lock after `wait_seconds`."""

    def on_connect(raw: Any, _record: Any) -> None:
        was = raw.autocommit
        raw.autocommit = True
        with raw.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)
            cursor.execute(f"SET lock_timeout = '{wait_seconds}s'")
        raw.autocommit = was

    event.listen(engine, "connect", on_connect)


def check_server(engine: Engine) -> None:
    """Raise StoreError for a server or database that cannot hold the store."""
    with engine.connect() as connection:
        version = connection.dialect.server_version_info or (0,)
        if tuple(version) < OLDEST:
            raise StoreError(
                f"The store needs PostgreSQL {OLDEST[0]} or newer; this server is {'.'.join(map(str, version))}."
            )
        encoding = connection.execute(text("SHOW server_encoding")).scalar()
        if encoding != "UTF8":
            raise StoreError(
                f"The database is kept in {encoding}, which cannot hold Chinese and Vietnamese together. Make one "
                "with: CREATE DATABASE resound ENCODING 'UTF8' TEMPLATE template0"
            )


def wait_for_turn(connection: Connection) -> None:
    """Return when this transaction is the only one that writes; it stays so until it ends.

    Raises:
        StoreError: somebody has been writing for longer than writers wait.
    """
    try:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})
    except OperationalError as err:
        if getattr(err.orig, "sqlstate", "") != "55P03":  # lock_not_available
            raise
        raise StoreError(
            "Another process has been writing to the store for too long; nothing was changed. Try again when it is "
            "done (`SELECT * FROM pg_stat_activity` on the server shows who it is)."
        ) from err


def sort_as_bytes(connection: Connection) -> None:
    """Make every text column plain `text COLLATE "C"`, whatever the database's own collation and a column's length.

    SQLite compares bytes and knows no lengths; with this, order, minima and ranges are the same on both, and no
    foreign host or label is too long for its column.
    """
    columns = connection.execute(
        text(
            """
            SELECT relation.relname, attribute.attname
            FROM pg_attribute AS attribute
            JOIN pg_class AS relation ON relation.oid = attribute.attrelid
            WHERE relation.relnamespace = current_schema()::regnamespace AND relation.relkind = 'r'
              AND attribute.attnum > 0 AND NOT attribute.attisdropped
              AND attribute.atttypid IN ('text'::regtype, 'varchar'::regtype)
              AND (attribute.atttypid <> 'text'::regtype OR attribute.attcollation <> '"C"'::regcollation)
            ORDER BY relation.relname, attribute.attnum
            """
        )
    ).all()
    changes: dict[str, list[str]] = {}
    quote = connection.dialect.identifier_preparer.quote
    for relation, column in columns:
        changes.setdefault(relation, []).append(f'ALTER COLUMN {quote(column)} TYPE text COLLATE "C"')
    for relation, parts in changes.items():
        connection.execute(text(f"ALTER TABLE {quote(relation)} {', '.join(parts)}"))
