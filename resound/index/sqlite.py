"""The embedded index: SQLite with FTS5 over tokens of our own analysis.

`doc` is narrow (order, day, facets) and `shown` wide (what a result shows). A document's keyword values together are
one *combination*, of which there are few: facets are counted by combination, exactly, at the cost of one integer.
A search asks SQLite once for the keys of what it finds; counting and ordering are done on `columns`, in memory.
The FTS table keeps no text; a document that goes is taken out by the tokens that it came in with.
"""

from __future__ import annotations

import json
import sqlite3
import string
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from resound.errors import StoreError
from resound.index.base import FACETS, Hit, IndexDocument, Order, SearchResult
from resound.index.columns import Columns
from resound.index.fts import ALL_TOKEN, Condition, by_text, column, what_marks_add, where, words_in
from resound.index.paging import Place, page, read_place, write_place
from resound.query import FIELDS, Document, Query, analyse_document
from resound.text import analysis_fingerprint, fold_keyword

VERSION = 3
_COLUMNS = ("m", *(column(name, exact=exact) for name in FIELDS for exact in (False, True)))
# Keeps every code point but ASCII white space and controls inside a token (`unicode61` would drop marks and emoji).
_TOKENCHARS = string.punctuation.replace("'", "''").replace('"', '""')
_SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE doc (
  key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, published INTEGER NOT NULL, day TEXT NOT NULL,
  combination INTEGER NOT NULL
);
CREATE INDEX doc_order ON doc (published DESC, id);
CREATE INDEX doc_combination ON doc (combination);
CREATE INDEX doc_day ON doc (day);
CREATE TABLE shown (key INTEGER PRIMARY KEY, hash TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE combination (key INTEGER PRIMARY KEY AUTOINCREMENT, facets TEXT NOT NULL UNIQUE);
CREATE TABLE keyword (
  name TEXT NOT NULL, value TEXT NOT NULL, combination INTEGER NOT NULL, PRIMARY KEY (name, value, combination)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE fts USING fts5(
  {", ".join(_COLUMNS)}, content='', columnsize=0, tokenize="ascii tokenchars '{_TOKENCHARS}'"
);
"""


class SqliteIndex:
    """`resound.index.base.SearchIndex` in one file. Safe to share between threads; several processes may have it open."""

    def __init__(self, path: Path) -> None:
        """Open or create.

        Raises:
            StoreError: the file is no index, or one of another version or analysis; the sentence says what to do.
        """
        self._path = path
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._columns: dict[str, Columns] = {}  # of each file that ever stood at the path (`resound reindex`)
        path.parent.mkdir(parents=True, exist_ok=True)
        wanted = f"{VERSION} {analysis_fingerprint()}"
        with self._transaction() as connection:
            if not connection.execute("SELECT name FROM sqlite_master WHERE name = 'meta'").fetchone():
                for statement in _SCHEMA.split(";\n"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(
                    "INSERT INTO meta VALUES ('version', ?), ('cursor', '0'), ('file', ?)",
                    (wanted, uuid4().hex),
                )
            found = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()[0]
        if found != wanted:
            self.close()
            raise StoreError(
                f"The index {path} was made by another version of Resound. It is derived from the store: "
                "`resound reindex` builds it anew, and nothing is lost."
            )

    def cursor(self) -> int:
        """The store's change number up to which the index is complete."""
        with self._reading() as connection:
            return int(connection.execute("SELECT value FROM meta WHERE name = 'cursor'").fetchone()[0])

    def write(self, upserts: Sequence[IndexDocument], deletes: Sequence[str], *, cursor: int) -> None:
        """All or nothing. What another process has overtaken meanwhile (a higher cursor) is left as it is."""
        rows = [_Row(one) for one in {one.id: one for one in upserts}.values()]
        with self._transaction() as connection:
            known = int(connection.execute("SELECT value FROM meta WHERE name = 'cursor'").fetchone()[0])
            if cursor < known:
                return
            for key in (*deletes, *(row.id for row in rows)):
                _delete(connection, key)
            for row in rows:
                row.insert(connection)
            connection.execute("UPDATE meta SET value = ? WHERE name = 'cursor'", (str(cursor),))

    def search(
        self,
        query: Query,
        *,
        order: Order = "newest",
        limit: int = 20,
        after: str | None = None,
        facets: Sequence[str] = (),
    ) -> SearchResult:
        """See the contract."""
        unknown = [name for name in facets if name not in FACETS]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no facet")
        place = read_place(after, order)
        with self._reading() as connection:
            keys = _keys(connection, where(query.tree))
            columns = self._columns_of(connection)
            counted = columns.count_combinations(connection, keys)
            ranks = [cache(partial(_members, connection, rank)) for rank in _ranks(query, order)]
            rows = page(connection, keys, columns.published, ranks, limit + 1, place)
            hits = [_hit(connection, key, found) for key, found in rows[:limit]]
            values = columns.count_facets(connection, counted, facets)
        more = len(rows) > limit
        return SearchResult(
            total=len(keys),
            hits=tuple(hits),
            facets=values,
            next=write_place(order, rows[limit - 1][1]) if more and limit else None,
        )

    def count(self) -> int:
        """How many documents it holds."""
        with self._reading() as connection:
            return int(connection.execute("SELECT count(*) FROM doc").fetchone()[0])

    def content_hash(self) -> str:
        """Of everything that was indexed, in the order of the ids."""
        made = sha256()
        with self._reading() as connection:
            for key, digest in connection.execute(
                "SELECT id, hash FROM doc JOIN shown USING (key) ORDER BY id"
            ):
                made.update(f"{key} {digest}\n".encode())
        return made.hexdigest()

    def clear(self) -> None:
        """Empty it."""
        with self._transaction() as connection:
            for table in ("doc", "shown", "combination", "keyword"):
                connection.execute(f"DELETE FROM {table}")
            connection.execute("INSERT INTO fts(fts) VALUES ('delete-all')")
            connection.execute("UPDATE meta SET value = '0' WHERE name = 'cursor'")

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _columns_of(self, connection: sqlite3.Connection) -> Columns:
        file = connection.execute("SELECT value FROM meta WHERE name = 'file'").fetchone()[0]
        with self._lock:
            return self._columns.setdefault(file, Columns())

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            with self._lock:
                self._open.append(found)
            found.execute("PRAGMA journal_mode = WAL")
            found.execute(
                "PRAGMA synchronous = NORMAL"
            )  # derived data: a lost tail is read again from the store
            found.execute("PRAGMA cache_size = -65536")
            found.execute("PRAGMA mmap_size = 1073741824")
            self._local.connection = found
        return found

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guarded("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._guarded("BEGIN") as connection:
            yield connection

    @contextmanager
    def _guarded(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._connection()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as err:
            raise StoreError(
                f"The index {self._path} cannot be used ({err}). It is derived from the store: delete the file, then "
                "`resound reindex`."
            ) from err


class _Row:
    """One document as it is written."""

    def __init__(self, document: IndexDocument) -> None:
        source = document.document
        folded = {
            name: sorted(fold_keyword(value) for value in values)
            for name, values in source.keywords.items()
            if values
        }
        shown = {
            "published": document.published,
            "story": document.story,
            "shown": dict(document.shown),
            "fields": {name: source.text(name) for name in FIELDS},
            "keywords": {name: sorted(values) for name, values in source.keywords.items()},
            "date": None if source.date is None else source.date.isoformat(),
        }
        self.id = document.id
        self.published = document.published
        self.day = "" if source.date is None else source.date.isoformat()
        self.facets = json.dumps(
            {name: sorted(values) for name, values in sorted(source.keywords.items()) if values},
            ensure_ascii=False,
        )
        self.folded = folded
        body = json.dumps(shown, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
        self.hash = sha256(self.id.encode() + b"\0" + body).hexdigest()
        self.body = zlib.compress(body, 1)
        self.tokens = _tokens(source)

    def insert(self, connection: sqlite3.Connection) -> None:
        combination = self._combination(connection)
        key = connection.execute(
            "INSERT INTO doc (id, published, day, combination) VALUES (?, ?, ?, ?)",
            (self.id, self.published, self.day, combination),
        ).lastrowid
        connection.execute("INSERT INTO shown VALUES (?, ?, ?)", (key, self.hash, self.body))
        marks = ", ".join("?" * len(_COLUMNS))
        connection.execute(
            f"INSERT INTO fts (rowid, {', '.join(_COLUMNS)}) VALUES (?, {marks})",
            (key, *self.tokens),
        )

    def _combination(self, connection: sqlite3.Connection) -> int:
        found = connection.execute("SELECT key FROM combination WHERE facets = ?", (self.facets,)).fetchone()
        if found is not None:
            return int(found[0])
        key = connection.execute("INSERT INTO combination (facets) VALUES (?)", (self.facets,)).lastrowid
        rows = [(name, value, key) for name, values in self.folded.items() for value in set(values)]
        connection.executemany("INSERT OR IGNORE INTO keyword VALUES (?, ?, ?)", rows)
        return int(key or 0)


def _tokens(document: Document) -> tuple[str, ...]:
    analysed = analyse_document(document)
    texts = [
        " ".join(analysed.fields[name].tokens(exact=exact)) for name in FIELDS for exact in (False, True)
    ]
    return (ALL_TOKEN, *texts)


def _delete(connection: sqlite3.Connection, key: str) -> None:
    found = connection.execute(
        "SELECT doc.key, shown.body FROM doc JOIN shown USING (key) WHERE doc.id = ?", (key,)
    ).fetchone()
    if found is None:
        return
    marks = ", ".join("?" * len(_COLUMNS))
    connection.execute(
        f"INSERT INTO fts (fts, rowid, {', '.join(_COLUMNS)}) VALUES ('delete', ?, {marks})",
        (found[0], *_tokens(_read_body(found[1])[0])),
    )
    connection.execute("DELETE FROM doc WHERE key = ?", (found[0],))
    connection.execute("DELETE FROM shown WHERE key = ?", (found[0],))


def _read_body(body: bytes) -> tuple[Document, dict[str, Any]]:
    loaded = json.loads(zlib.decompress(body).decode("utf-8", "surrogatepass"))
    document = Document(
        **loaded["fields"],
        keywords={name: frozenset(values) for name, values in loaded["keywords"].items()},
        date=None if loaded["date"] is None else date.fromisoformat(loaded["date"]),
    )
    return document, loaded


def _keys(connection: sqlite3.Connection, condition: Condition) -> list[int]:
    rows = connection.execute(f"SELECT doc.key FROM doc WHERE {condition.sql}", condition.values)
    return [key for (key,) in rows]


def _members(connection: sqlite3.Connection, condition: Condition) -> frozenset[int]:
    return frozenset(_keys(connection, condition))


def _hit(connection: sqlite3.Connection, key: int, place: Place) -> Hit:
    body = connection.execute("SELECT body FROM shown WHERE key = ?", (key,)).fetchone()[0]
    document, loaded = _read_body(body)
    return Hit(place.id, loaded["story"], place.published, loaded["shown"], document)


def _ranks(query: Query, order: Order) -> list[Condition]:
    """What comes before newness, best first; none for `newest`."""
    if order == "newest":
        return []
    ranks = []
    exactly = what_marks_add(query.tree)
    if exactly is not None:
        ranks.append(where(exactly))
    for name in ("title", "lead"):
        text = words_in(query.tree, name)
        if text is not None:
            ranks.append(by_text(text))
    return ranks
