"""The embedded index's tables, and documents going into and out of them.

`doc` is narrow (what is counted and ordered) and `shown` wide (what a result shows). A document's keyword values
together are one *combination*, of which there are few. The FTS table keeps no text; a document that goes is taken out
by the tokens that it came in with.
"""

from __future__ import annotations

import json
import sqlite3
import string
import zlib
from datetime import date
from typing import Any

from resound.index.base import IndexDocument, Refusal
from resound.index.fts import ALL_TOKEN, column
from resound.index.hashing import hash_body, write_body
from resound.query import FIELDS, Document, analyse_document
from resound.text import fold_keyword

_COLUMNS = ("m", *(column(name, exact=exact) for name in FIELDS for exact in (False, True)))
_MARKS = ", ".join("?" * len(_COLUMNS))
# Keeps every code point but ASCII white space and controls inside a token (`unicode61` would drop marks and emoji).
_TOKENCHARS = string.punctuation.replace("'", "''").replace('"', '""')
SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE doc (
  key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, published INTEGER NOT NULL, day INTEGER NOT NULL,
  combination INTEGER NOT NULL, story INTEGER NOT NULL
);
CREATE INDEX doc_order ON doc (published DESC, id);
CREATE TABLE shown (key INTEGER PRIMARY KEY, hash TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE story (key INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE combination (key INTEGER PRIMARY KEY AUTOINCREMENT, facets TEXT NOT NULL UNIQUE);
CREATE TABLE keyword (
  name TEXT NOT NULL, value TEXT NOT NULL, combination INTEGER NOT NULL, PRIMARY KEY (name, value, combination)
) WITHOUT ROWID;
CREATE TABLE vector (key INTEGER PRIMARY KEY, model TEXT NOT NULL, row BLOB NOT NULL);
CREATE INDEX vector_model ON vector (model);
CREATE VIRTUAL TABLE fts USING fts5(
  {", ".join(_COLUMNS)}, content='', columnsize=0, tokenize="ascii tokenchars '{_TOKENCHARS}'"
);
"""
_EMPTIED = ("doc", "shown", "story", "combination", "keyword", "vector")


class Row:
    """One document as it is written. Making it is the work; putting it in is quick."""

    def __init__(self, document: IndexDocument) -> None:
        source = document.document
        self.id = document.id
        self.vector = document.vector
        self._published = document.published
        self._day = 0 if source.date is None else source.date.toordinal()
        # Each document without a story is one of its own; no story's name begins with NUL.
        self._story = document.story or f"\0{document.id}"
        keywords = {name: sorted(values) for name, values in sorted(source.keywords.items()) if values}
        self._facets = json.dumps(keywords, ensure_ascii=False)
        self._folded = {(name, fold_keyword(value)) for name, values in keywords.items() for value in values}
        body = write_body(document)
        self._hash = hash_body(self.id, body, self.vector)
        self._body = zlib.compress(body, 1)
        self._tokens = _tokens(source)

    def insert(self, connection: sqlite3.Connection) -> None:
        """Put it in, where none of its id is there."""
        key = connection.execute(
            "INSERT INTO doc (id, published, day, combination, story) VALUES (?, ?, ?, ?, ?)",
            (self.id, self._published, self._day, self._combination(connection), self._number(connection)),
        ).lastrowid
        connection.execute("INSERT INTO shown VALUES (?, ?, ?)", (key, self._hash, self._body))
        connection.execute(
            f"INSERT INTO fts (rowid, {', '.join(_COLUMNS)}) VALUES (?, {_MARKS})", (key, *self._tokens)
        )
        if self.vector is not None:
            connection.execute(
                "INSERT INTO vector VALUES (?, ?, ?)", (key, self.vector.model, self.vector.row)
            )

    def refuse(self, connection: sqlite3.Connection, lengths: dict[str, int]) -> Refusal | None:
        """A vector that cannot be compared with the others of its model is a defect: better seen than left out.

        `lengths` remembers what a model's vectors measure, across the rows of one write.
        """
        if self.vector is None:
            return None
        model, length = self.vector.model, len(self.vector.row)
        if model not in lengths:
            found = connection.execute(
                "SELECT length(row) FROM vector WHERE model = ? LIMIT 1", (model,)
            ).fetchone()
            lengths[model] = length if found is None else int(found[0])
        if length == lengths[model] and length and length % 2 == 0:
            return None
        return Refusal(
            self.id,
            f"its vector by {model} is of {length} bytes; those of this model are of {lengths[model]}",
        )

    def _number(self, connection: sqlite3.Connection) -> int:
        found = connection.execute("SELECT key FROM story WHERE name = ?", (self._story,)).fetchone()
        if found is None:
            return connection.execute("INSERT INTO story (name) VALUES (?)", (self._story,)).lastrowid or 0
        return int(found[0])

    def _combination(self, connection: sqlite3.Connection) -> int:
        found = connection.execute("SELECT key FROM combination WHERE facets = ?", (self._facets,)).fetchone()
        if found is not None:
            return int(found[0])
        key = connection.execute("INSERT INTO combination (facets) VALUES (?)", (self._facets,)).lastrowid
        rows = [(name, value, key) for name, value in self._folded]
        connection.executemany("INSERT INTO keyword VALUES (?, ?, ?)", rows)
        return key or 0


def delete_row(connection: sqlite3.Connection, identity: str) -> None:
    """Take a document out; an unknown one is passed over."""
    found = connection.execute(
        "SELECT doc.key, shown.body FROM doc JOIN shown USING (key) WHERE doc.id = ?", (identity,)
    ).fetchone()
    if found is None:
        return
    connection.execute(
        f"INSERT INTO fts (fts, rowid, {', '.join(_COLUMNS)}) VALUES ('delete', ?, {_MARKS})",
        (found[0], *_tokens(read_body(found[1])[0])),
    )
    for table in ("doc", "shown", "vector"):
        connection.execute(f"DELETE FROM {table} WHERE key = ?", (found[0],))


def delete_all(connection: sqlite3.Connection) -> None:
    """Empty the tables."""
    for table in _EMPTIED:
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO fts(fts) VALUES ('delete-all')")


def read_body(body: bytes) -> tuple[Document, dict[str, Any]]:
    """A document as it was written, and everything else of it by name."""
    loaded: dict[str, Any] = json.loads(zlib.decompress(body).decode("utf-8", "surrogatepass"))
    document = Document(
        **loaded["fields"],
        keywords={name: frozenset(values) for name, values in loaded["keywords"].items()},
        date=None if loaded["date"] is None else date.fromisoformat(loaded["date"]),
    )
    return document, loaded


def _tokens(document: Document) -> tuple[str, ...]:
    analysed = analyse_document(document)
    texts = [
        " ".join(analysed.fields[name].tokens(exact=exact)) for name in FIELDS for exact in (False, True)
    ]
    return (ALL_TOKEN, *texts)
