"""A rebuild is whole and equal to the store, or nothing has happened: written to meanwhile, interrupted, killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from resound.errors import StoreError
from resound.index.sqlite import SqliteIndex
from resound.query import parse
from resound.searching import reindexing
from resound.searching.indexing import now_utc, update_index
from resound.searching.reindexing import rebuild_index, verify_index
from resound.store import Store, jobs
from resound.store.tables import job
from tests.resound.searching.test_indexing import expected, open_with_sources, process, put

KILLED = """
import sys, pathlib
from resound.searching import reindexing
from resound.index.sqlite import SqliteIndex
from resound.store import open_store
folder = pathlib.Path(sys.argv[1]); reindexing.BATCH = 1
def stop(done, total):
    print(done, total, flush=True)
    sys.stdin.readline()
reindexing.rebuild_index(open_store(f"sqlite:///{folder}/resound.sqlite"), SqliteIndex(folder / "index.sqlite"), progress=stop)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_with_sources(tmp_path)
    for number in range(4):
        put(made, "one", number, number % 3, day=2 + number)
    process(made, tmp_path)
    yield made
    made.close()


@pytest.fixture
def index(store: Store, tmp_path: Path) -> Iterator[SqliteIndex]:
    made = SqliteIndex(tmp_path / "index.sqlite")
    update_index(store, made)
    yield made
    made.close()


def left_beside(folder: Path) -> list[str]:
    """Files of a rebuild that are not in use."""
    in_use = (folder / "index.sqlite").resolve().name
    known = {in_use, f"{in_use}-wal", f"{in_use}-shm", "index.sqlite.rebuilding"}
    return [one.name for one in folder.glob("index.sqlite.*") if one.name not in known]


def test_what_is_written_meanwhile_is_in_the_new_index_too(
    store: Store, index: SqliteIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "BATCH", 1)
    said: list[tuple[int, int]] = []

    def write_meanwhile(done: int, total: int) -> None:
        said.append((done, total))
        if done == 2:
            put(store, "two", 50, 1, day=20)
            put(store, "one", 0, 2, day=2)
            process(store, tmp_path)
            update_index(store, index)
            assert len(index.search(parse("NOT nowhere")).hits) == len(expected(store))

    built = rebuild_index(store, index, progress=write_meanwhile)

    assert said[0][0] == 1
    assert said[-1][0] == said[-1][1]
    assert built.items == index.count() == len(expected(store))
    assert list(index.hashes()) == expected(store)
    assert verify_index(store, index).is_equal
    assert left_beside(tmp_path) == []


def test_interrupted_it_leaves_the_old_index_and_nothing_else(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    before = index.content_hash()

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild_index(store, index, progress=interrupt)

    assert index.content_hash() == before
    assert left_beside(tmp_path) == []
    assert rebuild_index(store, index).content_hash == before


def test_killed_it_leaves_the_old_index_and_the_next_one_clears_away(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    before = index.content_hash()
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process_:
        assert process_.stdout is not None
        assert process_.stdout.readline().split()[0] == "1"
        with pytest.raises(StoreError, match="Another process"):
            rebuild_index(store, index)
        process_.kill()
    assert left_beside(tmp_path) != []
    assert index.content_hash() == before
    assert verify_index(store, index).is_equal

    assert rebuild_index(store, index).content_hash == before
    assert left_beside(tmp_path) == []


def test_a_new_index_that_is_not_what_the_store_says_is_not_taken(
    store: Store, index: SqliteIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that was lost on the way (here: one document taken out of what is written) is found before the swap."""
    before = index.content_hash()
    write = SqliteIndex.write
    monkeypatch.setattr(
        SqliteIndex,
        "write",
        lambda self, upserts, deletes, *, cursor: write(self, upserts[1:], deletes, cursor=cursor),
    )
    with pytest.raises(StoreError, match=r"the old one stays in use\. The store has \d items"):
        rebuild_index(store, index)
    assert index.content_hash() == before
    assert left_beside(tmp_path) == []


def test_a_document_that_is_found_twice_is_one_too_many(
    store: Store, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a reading alias leads to two indexes: each of them is right."""
    held = list(index.hashes())
    monkeypatch.setattr(SqliteIndex, "hashes", lambda _: iter(sorted([*held, held[1], held[2]])))

    found = verify_index(store, index)

    assert (found.is_equal, found.is_as_expected) == (False, False)
    assert (found.stored, found.indexed) == (len(held), len(held) + 2)
    assert (found.extra.count, found.extra.first) == (2, (held[1][0], held[2][0]))
    assert f"2 too many: {held[1][0]}, {held[2][0]}" in found.sentences


def test_a_rebuild_holds_a_lease_that_ends_with_it_or_with_its_process(
    store: Store, index: SqliteIndex
) -> None:
    def interrupt(done: int, total: int) -> None:
        with store.read() as connection:
            assert list(jobs.live_holders(connection, now=now_utc()).values()) == [1]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild_index(store, index, progress=interrupt)
    with store.read() as connection:
        assert jobs.live_holders(connection, now=now_utc()) == {}
    with store.write() as connection:  # of a machine that is not this one, and alive
        connection.execute(update(job).values(holder="elsewhere|1|1", until=time.time() + 60))
    with pytest.raises(
        StoreError, match=r"Another process is building the index anew \(elsewhere.*2 minutes"
    ):
        rebuild_index(store, index)
    with store.write() as connection:
        connection.execute(update(job).values(until=time.time() - 1))
    assert rebuild_index(store, index).items == index.count()
