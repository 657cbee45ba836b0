"""A store's rows in one form for both databases: a JSON list a row, one a line, in the order of the primary key.

What is read from SQLite and from PostgreSQL is the same to the byte, so that a hash of a table's lines tells whether
two stores hold the same. JSON columns stay the text that was stored. Leases do not travel: work that somebody held is
ready again where it arrives.

A move carries everything. A backup is copied to other machines and looked into for years, so it holds nothing that lets
anybody in, not even its hash: a password's hash is something to guess at in peace, and it costs one new link a person to do
without. Sessions, one-time links and tried sign-ins mean nothing afterwards anyhow; an API key without its hash is none.

It does hold the keys of subscriptions, which sign the links in mail that was sent: without them nobody could unsubscribe by
an old mail once the store is restored. Who has a backup can end or confirm a subscription in its reader's name, and read
everything else that is in the store; so it is kept as safe as the store.

Nor does a backup hold the store's identity: a copy that is brought back, perhaps beside its original, is another store.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any, Literal, get_args

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    cast,
    func,
    insert,
    inspect,
    select,
    text,
    type_coerce,
)
from sqlalchemy.types import TypeEngine, UserDefinedType

from resound.errors import StoreError
from resound.store.cleaning import clean_text
from resound.store.tables import Moment, metadata

Kind = Literal["text", "integer", "number", "truth", "bytes", "json"]
KINDS: tuple[str, ...] = get_args(Kind)
BATCH = 1000
_SECRET_TABLES = frozenset({"session", "invitation", "sign_in", "api_key"})
IDENTITY_TABLE = "installation"
"""An empty store may have a row in it already."""
_SECRET_COLUMNS = {"person": frozenset({"password"})}


class _PostgresJson(UserDefinedType[str]):
    """A JSON column of PostgreSQL as the text that is stored, without reading it.

    SQL's NULL and JSON's null stay apart. (In SQLite such a column is text to begin with.)
    """

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return "JSON"

    def bind_expression(self, bindvalue: Any) -> Any:
        """Write."""
        return cast(type_coerce(bindvalue, Text), _PostgresJson())

    def column_expression(self, column: Any) -> Any:
        """Read."""
        return cast(column, Text)


@dataclass(frozen=True, slots=True)
class TableForm:
    """A table's name, its columns in the order of a line's values, and its primary key."""

    name: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For a backup's manifest."""
        return {"name": self.name, "columns": [list(one) for one in self.columns], "key": list(self.key)}


@dataclass(frozen=True, slots=True)
class TableSum:
    """What a table holds: how many rows, a hash of its keys, and a hash of all its lines."""

    rows: int
    keys: str
    sha256: str


class Summer:
    """Adds lines up to a `TableSum`."""

    def __init__(self, form: TableForm) -> None:
        self._at = [[name for name, _ in form.columns].index(one) for one in form.key]
        self._rows, self._keys, self._all = 0, sha256(), sha256()

    def add(self, row: Sequence[Any], line: str) -> None:
        """One row, and its line without the line's end."""
        self._rows += 1
        self._keys.update(json.dumps([row[at] for at in self._at], ensure_ascii=False).encode() + b"\n")
        self._all.update(line.encode() + b"\n")

    def total(self) -> TableSum:
        """Of everything that was added."""
        return TableSum(self._rows, self._keys.hexdigest(), self._all.hexdigest())


def store_forms() -> list[TableForm]:
    """Every table of the newest schema; one that refers to another comes after it."""
    return [
        TableForm(
            table.name,
            tuple((column.name, _kind(column.type)) for column in table.columns),
            tuple(column.name for column in table.primary_key.columns),
        )
        for table in metadata.sorted_tables
    ]


def form_from_json(value: Any) -> TableForm:
    """A form out of a manifest. Raises ValueError where it is none."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise ValueError("a table has no name")
    columns = value.get("columns")
    key = value.get("key")
    if not isinstance(columns, list) or not isinstance(key, list):
        raise ValueError(f"the table {value['name']!r} has no columns or no key")
    named = []
    for one in columns:
        if not (isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and one[1] in KINDS):
            raise ValueError(f"the table {value['name']!r} has a column that cannot be read")
        named.append((one[0], one[1]))
    if not key or not set(key) <= {name for name, _ in named}:
        raise ValueError(f"the table {value['name']!r} has a key that is none of its columns")
    return TableForm(value["name"], tuple(named), tuple(key))


def check_forms(connection: Connection, forms: Sequence[TableForm]) -> None:
    """Raise StoreError where forms are not exactly the tables of the schema that the store has now."""
    found = inspect(connection)
    there = {
        name: {column["name"] for column in found.get_columns(name)}
        for name in found.get_table_names()
        if name in {one.name for one in forms} or name in metadata.tables
    }
    asked = {one.name: {name for name, _ in one.columns} for one in forms}
    if there != asked:
        odd = sorted(name for name in {*there, *asked} if there.get(name) != asked.get(name))
        raise StoreError(f"The tables do not have the columns that they should have: {', '.join(odd)}.")


def read_table(
    connection: Connection, form: TableForm, *, with_secrets: bool = True
) -> Iterator[tuple[list[Any], str]]:
    """(values, line) of every row, by primary key. Memory stays flat.

    Args:
        with_secrets: False: rows that are nothing but a secret, or the store's identity, do not come, other secrets
            come as NULL.
    """
    if not with_secrets and form.name in (*_SECRET_TABLES, IDENTITY_TABLE):
        return
    secret = frozenset() if with_secrets else _SECRET_COLUMNS.get(form.name, frozenset())
    hidden = [at for at, (name, _) in enumerate(form.columns) if name in secret]
    table = _raw_table(connection, form)
    statement = select(table).order_by(*(table.c[one] for one in form.key))
    free = _lease_freer(form)
    packed = [at for at, (_, kind) in enumerate(form.columns) if kind == "bytes"]
    worded = [at for at, (_, kind) in enumerate(form.columns) if kind == "text"]
    for found in connection.execute(statement.execution_options(yield_per=BATCH)):
        row = list(found)
        for at in packed:
            row[at] = None if row[at] is None else b64encode(row[at]).decode("ascii")
        for at in worded:  # a NUL that an older version stored: it arrives as what a store can keep
            row[at] = None if row[at] is None else clean_text(row[at])
        for at in hidden:
            row[at] = None
        free(row)
        yield row, json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def sum_table(connection: Connection, form: TableForm) -> TableSum:
    """What a table holds."""
    summer = Summer(form)
    for row, line in read_table(connection, form):
        summer.add(row, line)
    return summer.total()


def write_table(connection: Connection, form: TableForm, rows: Iterable[Sequence[Any]]) -> Iterator[int]:
    """Insert rows (as `read_table` gave them, checked where they come from a file); yields how many after each batch.

    Raises:
        StoreError: a value does not fit its column.
    """
    table = _raw_table(connection, form)
    statement = insert(table)
    names = [name for name, _ in form.columns]
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        connection.execute(statement, [dict(zip(names, _unpack(form, row), strict=True)) for row in batch])
        yield len(batch)


def read_line(form: TableForm, line: str) -> list[Any]:
    """The values of a line. Raises StoreError for one that does not fit the table."""
    try:
        row = json.loads(line)
    except ValueError as err:
        raise StoreError(f"A row of the table {form.name} cannot be read: {err}.") from err
    if not isinstance(row, list) or len(row) != len(form.columns):
        raise StoreError(f"A row of the table {form.name} does not have its {len(form.columns)} values.")
    return row


def count_rows(connection: Connection, forms: Iterable[TableForm]) -> dict[str, int]:
    """table → how many rows, of those that have any."""
    counted = {
        one.name: connection.execute(
            select(func.count()).select_from(_raw_table(connection, one))
        ).scalar_one()
        for one in forms
    }
    return {name: count for name, count in counted.items() if count}


def last_numbers(connection: Connection, forms: Iterable[TableForm]) -> dict[str, int]:
    """table → the highest number that was ever given in it: it must not be given again, even where the row is gone."""
    found: dict[str, int] = {}
    for form, column in _numbered(forms):
        table = _raw_table(connection, form)
        highest = connection.execute(select(func.max(table.c[column]))).scalar() or 0
        if connection.dialect.name == "postgresql":
            sequence = _sequence(connection, form.name, column)
            drawn = connection.execute(
                text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608
            ).scalar_one()
        else:
            drawn = connection.execute(
                text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": form.name}
            ).scalar()
        found[form.name] = max(int(highest), int(drawn or 0))
    return found


def set_numbers(connection: Connection, forms: Iterable[TableForm], numbers: Mapping[str, int]) -> None:
    """Have the next row of each table get a number above these."""
    for form, column in _numbered(forms):
        last = numbers.get(form.name, 0)
        if last <= 0:
            continue
        if connection.dialect.name == "postgresql":
            sequence = _sequence(connection, form.name, column)
            connection.execute(
                text("SELECT setval(CAST(:name AS regclass), :last)"), {"name": sequence, "last": last}
            )
        else:  # only AUTOINCREMENT tables remember; the others go on from their highest row
            created = connection.execute(
                text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"),
                {"name": form.name},
            ).scalar_one()
            if "AUTOINCREMENT" in created.upper():
                connection.execute(
                    text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": form.name}
                )
                connection.execute(
                    text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"),
                    {"name": form.name, "last": last},
                )


def _numbered(forms: Iterable[TableForm]) -> Iterator[tuple[TableForm, str]]:
    """Tables whose key is one number that the database gives."""
    for form in forms:
        if len(form.key) == 1 and dict(form.columns)[form.key[0]] == "integer":
            yield form, form.key[0]


def _sequence(connection: Connection, table: str, column: str) -> str:
    quoted = connection.dialect.identifier_preparer.quote(table)
    found: str | None = connection.execute(
        text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": quoted, "column": column}
    ).scalar()
    if found is None:
        raise StoreError(f"The column {table}.{column} of the store has no sequence.")
    return found


def _kind(of: TypeEngine[Any]) -> Kind:
    known: list[tuple[type[TypeEngine[Any]], Kind]] = [
        (Moment, "text"),
        (JSON, "json"),
        (Boolean, "truth"),
        (LargeBinary, "bytes"),
        (Integer, "integer"),
        (Float, "number"),
        (String, "text"),
    ]
    for type_, kind in known:
        if isinstance(of, type_):
            return kind
    raise TypeError(f"no portable form for {of!r}")


def _raw_table(connection: Connection, form: TableForm) -> Table:
    types: dict[Kind, TypeEngine[Any]] = {
        "text": Text(),
        "integer": Integer(),
        "number": Float(),
        "truth": Boolean(create_constraint=False),
        "bytes": LargeBinary(),
        "json": _PostgresJson() if connection.dialect.name == "postgresql" else Text(),
    }
    columns = [Column(name, types[kind], primary_key=name in form.key) for name, kind in form.columns]
    return Table(form.name, MetaData(), *columns)


_LEASES: Mapping[str, tuple[str, float]] = {
    "work": ("due", 0.0),
    "outbox": ("due", 0.0),
    "job": ("until", 0.0),
}
"""table → the column with its leases' ends, and what says that there is none."""


def _lease_freer(form: TableForm) -> Any:
    """A lease that ends in its own time on the old store would be waited for on the new one, by nobody's work."""
    names = [name for name, _ in form.columns]
    column, free_value = _LEASES.get(form.name, ("", 0.0))
    if not {column, "holder"} <= set(names):
        return lambda _row: None
    end, holder = names.index(column), names.index("holder")

    def free(row: list[Any]) -> None:
        if row[holder] is not None:
            row[end], row[holder] = (None if row[end] is None else free_value), None

    return free


_FITS: Mapping[Kind, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "truth": (bool,),
    "bytes": (str,),
    "json": (str,),
}


def _unpack(form: TableForm, row: Sequence[Any]) -> Iterator[Any]:
    for value, (name, kind) in zip(row, form.columns, strict=True):
        if value is None:
            yield None
            continue
        if not isinstance(value, _FITS[kind]) or (isinstance(value, bool) and kind != "truth"):
            raise StoreError(f"A value of {form.name}.{name} is no {kind}.")
        if kind == "bytes":
            try:
                yield b64decode(str(value), validate=True)
            except Base64Error as err:
                raise StoreError(f"A value of {form.name}.{name} is not in base64.") from err
        else:
            yield value
