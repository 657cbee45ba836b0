"""The whole store from one database into another, compared row by row before anything of it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from resound.errors import ConflictError, StoreError
from resound.store import Store, jobs, open_store, outbox, work
from resound.store.database import name_store
from resound.store.identity import forget_identity
from resound.store.place import which_database
from resound.store.portable import (
    IDENTITY_TABLE,
    Summer,
    TableForm,
    TableSum,
    count_rows,
    last_numbers,
    read_table,
    set_numbers,
    store_forms,
    sum_table,
    write_table,
)

Progress = Callable[[str, int, int], None]
"""(table, rows done of all tables, rows of all tables)"""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was carried, by table; on both sides it is the same, or there would be an error."""

    tables: dict[str, TableSum]


def move_store(
    source: Store, target_address: str, *, now: datetime, progress: Progress | None = None
) -> Moved:
    """Copy everything from `source` into an empty store at another address, in one transaction.

    Nothing is written to the source, and nobody else can write to it meanwhile. Until the last comparison nothing of
    the target is visible; interrupted at any moment, it is still empty. Leases are not carried over.

    Raises:
        ConflictError: the target holds something, is the source, or somebody is working on the source.
        StoreError: one of them cannot be opened or read, or what arrived is not what was sent.
    """
    target = open_store(target_address)
    try:
        if which_database(target) == which_database(source):
            raise ConflictError("That is the store that is in use; name another one to move to.")
        with hold_still(source, now=now) as reading, target.write() as writing:
            refuse_filled(writing, name_store(target_address), store_forms())
            forget_identity(writing)  # the one of the source comes along
            return Moved(_carry(reading, writing, progress))
    finally:
        target.close()


@contextmanager
def hold_still(store: Store, *, now: datetime) -> Iterator[Connection]:
    """A view of the store while nobody else can write to it. Raises ConflictError where a process is at work."""
    with store.write(), store.read() as connection:
        busy: Counter[str] = Counter()
        for queue in (work, outbox, jobs):
            busy.update(queue.live_holders(connection, now=now))
        if busy:
            told = "; ".join(
                f"{holder} ({count} piece{'' if count == 1 else 's'})" for holder, count in busy.items()
            )
            raise ConflictError(
                f"Work is in hand: {told}. Stop every `resound crawl`, `process` and scheduled run first; what they "
                "write afterwards would stay behind. (Leases of a machine that is gone end within ten minutes.)"
            )
        yield connection


def refuse_filled(connection: Connection, name: str, forms: list[TableForm]) -> None:
    """Raise ConflictError where a store holds anything in these tables. That it knows who it is does not fill it."""
    there = count_rows(connection, forms)
    there.pop(IDENTITY_TABLE, None)
    if there:
        told = ", ".join(f"{count} in {table}" for table, count in there.items())
        raise ConflictError(
            f"The store at {name} is not empty: {told}. Nothing was changed. Name an empty database or a new file."
        )


def _carry(reading: Connection, writing: Connection, progress: Progress | None) -> dict[str, TableSum]:
    forms = store_forms()
    total = sum(count_rows(reading, forms).values())
    sums: dict[str, TableSum] = {}
    done = 0
    for form in forms:
        summer = Summer(form)
        for count in write_table(writing, form, _summed(reading, form, summer)):
            done += count
            if progress is not None:
                progress(form.name, done, total)
        sums[form.name] = summer.total()
    set_numbers(writing, forms, last_numbers(reading, forms))
    for form in forms:
        if progress is not None:
            progress(f"comparing {form.name}", done, total)
        arrived = sum_table(writing, form)
        if arrived != sums[form.name]:
            raise StoreError(
                f"What arrived in the table {form.name} is not what was sent ({_differs(sums[form.name], arrived)}). "
                "Nothing was kept; the store in use is unchanged."
            )
    return sums


def _summed(reading: Connection, form: TableForm, summer: Summer) -> Iterator[list[object]]:
    for row, line in read_table(reading, form):
        summer.add(row, line)
        yield row


def _differs(sent: TableSum, arrived: TableSum) -> str:
    if sent.rows != arrived.rows:
        return f"{sent.rows} rows were sent, {arrived.rows} arrived"
    return "other keys" if sent.keys != arrived.keys else "the same keys, other content"
