"""The embedded index: SQLite with FTS5 over tokens of our own analysis.

A search asks FTS5 for the keys of what its words find; filtering, counting and ordering are done in memory.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from uuid import uuid4

from resound.errors import StoreError
from resound.index.base import (
    FACETS,
    Hit,
    IndexDocument,
    Order,
    Period,
    Refusal,
    SearchResult,
    StoreIdentity,
)
from resound.index.columns import Columns, Mask, Snapshot
from resound.index.files import IndexFile
from resound.index.finding import Finder
from resound.index.fts import what_marks_add, words_in
from resound.index.hashing import hash_all
from resound.index.paging import Pager, read_place, write_place
from resound.index.rows import SCHEMA, Row, delete_all, delete_row, read_body
from resound.index.vectors import Matrix
from resound.query import Query
from resound.text import analysis_fingerprint

VERSION = 4


class SqliteIndex:
    """`resound.index.base.SearchIndex` in one file. Safe to share between threads; several processes may have it open."""

    def __init__(self, path: Path, *, store: StoreIdentity | None = None) -> None:
        """Name the file; the first call opens or creates it, or says that it is of another version, analysis or store."""
        self._path = path
        self._store = store
        self._file = IndexFile(path, self._prepare)
        self._lock = threading.Lock()
        self._read: dict[str, _Read] = {}  # of the file at the path, and of the one before it

    @property
    def name(self) -> str:
        """One data folder has one embedded index."""
        return "sqlite"

    def describe(self) -> str:
        """Engine, version, place and size. Looking makes no file."""
        engine = f"SQLite {sqlite3.sqlite_version} with FTS5 at {self._path}"
        if not self._path.exists():
            return f"{engine}: not made yet"
        count = self.count()
        size = self._path.stat().st_size / 1e6
        return f"{engine}: {count} items, {size:.0f} MB"

    def cursor(self) -> int:
        """The store's change number up to which the index is complete."""
        with self._reading() as connection:
            return _meta(connection).cursor

    def write(
        self, upserts: Sequence[IndexDocument], deletes: Sequence[str], *, cursor: int
    ) -> tuple[Refusal, ...]:
        """All or nothing, but for what is refused."""
        rows = [Row(one) for one in {one.id: one for one in upserts}.values()]
        refused: list[Refusal] = []
        lengths: dict[str, int] = {}
        store = self._identity()
        with self._file.writing() as connection:
            self._refuse_others(connection, store)
            if cursor < _meta(connection).cursor:
                return ()
            if store and not _owner(connection):
                connection.execute("INSERT INTO meta VALUES ('store', ?)", (store,))
            for key in deletes:
                delete_row(connection, key)
            for row in rows:
                refusal = row.refuse(connection, lengths)
                if refusal is not None:
                    refused.append(refusal)
                    continue
                delete_row(connection, row.id)
                row.insert(connection)
            _mark_written(connection, cursor)
        return tuple(refused)

    def search(
        self,
        query: Query,
        *,
        order: Order = "newest",
        limit: int = 20,
        after: str | None = None,
        facets: Sequence[str] = (),
        histogram: Period | None = None,
        collapse: bool = False,
    ) -> SearchResult:
        """See the contract."""
        unknown = [name for name in facets if name not in FACETS]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no facet")
        place = read_place(after, order)
        with self._reading() as connection:
            snapshot = self._snapshot(connection)
            finder = Finder(connection, snapshot)
            keys = finder.find(query.tree)
            stories = snapshot.count_stories(keys)
            pager = Pager(connection, snapshot, keys, _ranks(finder, snapshot, query, order))
            rows = (pager.page_of_stories if collapse else pager.page)(limit + 1, place)
            hits = [
                _hit(connection, key, more=int(stories[snapshot.story[key]]) - 1 if collapse else 0)
                for key, _ in rows[:limit]
            ]
            values = snapshot.count_values(keys)
            dates, undated = snapshot.count_dates(keys, histogram) if histogram is not None else ((), 0)
        is_last = len(rows) <= limit or not limit
        return SearchResult(
            total=len(keys),
            hits=tuple(hits),
            facets=snapshot.name_facets(values, facets),
            next=None if is_last else write_place(order, rows[limit - 1][1]),
            dates=dates,
            undated=undated,
            stories=int((stories > 0).sum()),
            outlets=snapshot.count_outlets(values),
        )

    def similar(self, identity: str, /, *, limit: int = 10) -> tuple[tuple[Hit, float], ...]:
        """By brute force over the stored vectors: exact."""
        with self._reading() as connection:
            found = connection.execute(
                "SELECT key, model FROM doc JOIN vector USING (key) WHERE id = ?", (identity,)
            ).fetchone()
            if found is None or limit <= 0:
                return ()
            key, model = found
            nearest = self._reader(connection).matrix(model).nearest(connection, key, limit)
            return tuple((_hit(connection, one), score) for one, _, score in nearest)

    def count(self) -> int:
        """How many documents it holds."""
        with self._reading() as connection:
            return int(connection.execute("SELECT count(*) FROM doc").fetchone()[0])

    def hashes(self) -> Iterator[tuple[str, str]]:
        """Of one moment, on a connection of its own: what else the thread asks meanwhile does not disturb it."""
        store = self._identity()
        with self._file.reading_apart() as connection:
            self._refuse_others(connection, store)
            yield from connection.execute("SELECT id, hash FROM doc JOIN shown USING (key) ORDER BY id")

    def content_hash(self) -> str:
        """Of everything that was indexed, in the order of the ids."""
        return hash_all(self.hashes())

    def clear(self) -> None:
        """Empty it."""
        store = self._identity()
        with self._file.writing() as connection:
            self._refuse_others(connection, store)
            delete_all(connection)
            _mark_written(connection, 0)

    def close(self) -> None:
        """Close every connection."""
        self._file.close()

    def begin_rebuild(self, *, take_over: bool = False) -> SqliteIndex:
        """A file beside this one."""
        if not take_over:
            self._refuse(_owner_of(self._path), self._identity())
        return SqliteIndex(self._file.begin_beside(), store=self._store)

    def finish_rebuild(self) -> None:
        """Let the path lead to the new file."""
        self._file.take_beside()

    def abandon_rebuild(self) -> None:
        """Remove the new file."""
        self._file.drop_beside()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables where there are none; refuse what another version made."""
        wanted = f"{VERSION} {analysis_fingerprint()}"
        if not _has_tables(connection):
            connection.execute("BEGIN IMMEDIATE")
            if not _has_tables(connection):  # another process may have been first
                for statement in SCHEMA.split(";\n"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(
                    "INSERT INTO meta VALUES ('version', ?), ('cursor', 0), ('writes', 0), ('file', ?)",
                    (wanted, uuid4().hex),
                )
            connection.execute("COMMIT")
        found = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()[0]
        if found != wanted:
            raise StoreError(
                f"The index {self._path} was made by another version of Resound. It is derived from the store: "
                "`resound reindex` builds it anew, and nothing is lost."
            )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        store = self._identity()
        with self._file.reading() as connection:
            self._refuse_others(connection, store)
            yield connection

    def _identity(self) -> str:
        """Of the store that this index is to be of; empty where nobody said. Asked before a transaction begins."""
        return "" if self._store is None else self._store()

    def _refuse_others(self, connection: sqlite3.Connection, store: str) -> None:
        if store:
            self._refuse(_owner(connection), store)

    def _refuse(self, owner: str, store: str) -> None:
        if owner and store and owner != store:
            raise StoreError(
                f"The index {self._path} holds another store's articles, not this one's (it was copied, or the store was "
                "put in another's place): `resound reindex --take-over` builds it anew from this store, and nothing is lost."
            )

    def _reader(self, connection: sqlite3.Connection) -> _Read:
        file = _meta(connection).file
        with self._lock:
            found = self._read.get(file)
            if found is None:
                while len(self._read) > 1:
                    self._read.pop(next(iter(self._read)))
                found = self._read[file] = _Read()
            return found

    def _snapshot(self, connection: sqlite3.Connection) -> Snapshot:
        return self._reader(connection).columns.snapshot(connection, _meta(connection).writes)


class _Read:
    """What was read of one file into memory."""

    def __init__(self) -> None:
        self.columns = Columns()
        self._matrices: dict[str, Matrix] = {}
        self._lock = threading.Lock()

    def matrix(self, model: str) -> Matrix:
        with self._lock:
            return self._matrices.setdefault(model, Matrix(model))


class _Meta(NamedTuple):
    cursor: int
    file: str
    writes: int


def _meta(connection: sqlite3.Connection) -> _Meta:
    rows = connection.execute(
        "SELECT value FROM meta WHERE name IN ('cursor', 'file', 'writes') ORDER BY name"
    )
    return _Meta(*(value for (value,) in rows))


def _owner(connection: sqlite3.Connection) -> str:
    """The identity of the store whose articles these are; empty where no store has written yet, or an older Resound."""
    found = connection.execute("SELECT value FROM meta WHERE name = 'store'").fetchone()
    return "" if found is None else str(found[0])


def _owner_of(path: Path) -> str:
    """The same of a file that may be missing, broken or of another version."""
    if not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as connection:
            return _owner(connection)
    except sqlite3.Error:
        return ""


def _mark_written(connection: sqlite3.Connection, cursor: int) -> None:
    connection.execute("UPDATE meta SET value = ? WHERE name = 'cursor'", (cursor,))
    connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'writes'")


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT name FROM sqlite_master WHERE name = 'meta'").fetchone() is not None


def _hit(connection: sqlite3.Connection, key: int, *, more: int = 0) -> Hit:
    identity, body = connection.execute(
        "SELECT id, body FROM doc JOIN shown USING (key) WHERE key = ?", (key,)
    ).fetchone()
    document, loaded = read_body(body)
    return Hit(identity, loaded["story"], loaded["published"], loaded["shown"], document, more)


def _ranks(finder: Finder, snapshot: Snapshot, query: Query, order: Order) -> list[Callable[[], Mask]]:
    """What comes before newness, best first; none for `newest`."""
    if order == "newest":
        return []
    ranks: list[Callable[[], Mask]] = []
    exactly = what_marks_add(query.tree)
    if exactly is not None:
        ranks.append(cache(lambda: snapshot.mask(finder.find(exactly))))
    for name in ("title", "lead"):
        text = words_in(query.tree, name)
        if text is not None:
            ranks.append(cache(partial(lambda one: snapshot.mask(finder.match(one)), text)))
    return ranks
