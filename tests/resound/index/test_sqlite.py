"""What only the embedded index has: a file, other processes at it, and another file in its place."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resound.errors import StoreError
from resound.index.sqlite import SqliteIndex
from resound.query import parse
from tests.resound.index.material import article, ids, vector


def test_it_is_read_while_another_process_is_writing(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.sqlite")
    index.write([article("a", "waste")], [], cursor=1)
    script = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE'); c.execute('DELETE FROM doc'); print('in', flush=True)\n"
        "sys.stdin.readline(); c.execute('ROLLBACK')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "index.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        assert ids(index, "waste") == ["a"]
        other.communicate("\n")
    index.close()


def test_two_open_at_once_see_each_other(tmp_path: Path) -> None:
    one, other = SqliteIndex(tmp_path / "i"), SqliteIndex(tmp_path / "i")
    one.write([article("a", "waste", lang="en")], [], cursor=2)
    assert ids(other, "waste") == ["a"]
    other.write([article("a", "water", lang="vi")], [], cursor=3)
    assert one.search(parse("water"), facets=("lang",)).facets["lang"] == (("vi", 1),)
    one.write([article("a", "stale")], [], cursor=2)
    assert ids(other, "water") == ["a"], "what was overtaken is not written"
    one.close()
    other.close()


def test_opening_waits_for_who_makes_the_file(tmp_path: Path) -> None:
    """SQLite refuses to turn the log on, without waiting, while another one is writing the first page."""
    path = tmp_path / "index.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, other.rollback).start()
    index = SqliteIndex(path)

    assert index.cursor() == 0

    index.close()
    other.close()


def test_a_file_that_is_no_index_and_one_of_another_analysis_are_refused(tmp_path: Path) -> None:
    (tmp_path / "no").write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match="reindex"):
        SqliteIndex(tmp_path / "no").count()
    made = SqliteIndex(tmp_path / "old")
    with made._file.writing() as connection:
        connection.execute("UPDATE meta SET value = '0 old' WHERE name = 'version'")
    made.close()
    with pytest.raises(StoreError, match="another version"):
        SqliteIndex(tmp_path / "old").count()


def test_a_rebuild_leaves_one_file_and_its_link(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.sqlite")
    for number in range(3):
        new = index.begin_rebuild()
        new.write([article("a", f"waste {number}")], [], cursor=number)
        new.close()
        index.finish_rebuild()
    index.close()

    files = sorted(one for one in tmp_path.iterdir() if not one.name.endswith(".rebuilding"))

    assert (tmp_path / "index.sqlite").is_symlink()
    assert files == [tmp_path / "index.sqlite", (tmp_path / "index.sqlite").resolve()]
    assert ids(SqliteIndex(tmp_path / "index.sqlite"), "waste") == ["a"]


def write_beside(index: SqliteIndex, *, cursor: int) -> None:
    new = index.begin_rebuild()
    new.write([], [], cursor=cursor)
    new.close()


def test_a_file_that_is_put_away_while_it_is_opened_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link was read, then turned round and the old file removed: the new one is opened, and nothing is said."""
    index, elsewhere = SqliteIndex(tmp_path / "index"), SqliteIndex(tmp_path / "index")
    write_beside(index, cursor=1)
    index.finish_rebuild()  # the path is a link now: the next one removes the file that it leads to
    write_beside(index, cursor=2)
    connect, opened = sqlite3.connect, []

    def connect_late(name: str, **more: Any) -> sqlite3.Connection:
        opened.append(name)
        if len(opened) == 1:
            index.finish_rebuild()
        return connect(name, **more)

    monkeypatch.setattr(sqlite3, "connect", connect_late)
    assert elsewhere.cursor() == 2
    assert len(opened) == 2


def test_an_index_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "index").symlink_to(tmp_path / "nowhere" / "file")
    with pytest.raises(StoreError, match="unable to open database file"):
        SqliteIndex(tmp_path / "index").cursor()


def test_a_rebuild_replaces_what_is_broken_or_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(b"this is no database" * 100)
    for _ in range(2):
        index = SqliteIndex(path)
        with pytest.raises(StoreError, match="reindex"):
            index.count()
        new = index.begin_rebuild()
        new.write([article("a", "waste")], [], cursor=1)
        new.close()
        index.finish_rebuild()
        assert ids(index, "waste") == ["a"]
        with index._file.writing() as connection:
            connection.execute("UPDATE meta SET value = '0 old' WHERE name = 'version'")
        index.close()


def test_one_rebuild_at_a_time_and_a_killed_one_leaves_nothing(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.sqlite")
    index.write([article("a", "waste")], [], cursor=3)
    script = (
        "import os, signal, sys, pathlib\n"
        "from resound.index.sqlite import SqliteIndex\n"
        "from tests.resound.index.material import article\n"
        "new = SqliteIndex(pathlib.Path(sys.argv[1])).begin_rebuild()\n"
        "new.write([article('b', 'waste')], [], cursor=0); print('begun', flush=True)\n"
        "sys.stdin.readline(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "index.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "begun\n"
        with pytest.raises(StoreError, match="Another process"):
            index.begin_rebuild()
        assert ids(index, "waste") == ["a"]
        other.communicate("\n")

    new = index.begin_rebuild()
    assert (new.count(), ids(index, "waste")) == (0, ["a"])
    left = [one.name for one in tmp_path.glob("index.sqlite.*") if not one.name.endswith(("-wal", "-shm"))]
    assert len(left) == 2, f"the lock and one file beside: {left}"
    new.close()
    index.abandon_rebuild()


def test_a_deleted_index_begins_anew(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.sqlite")
    index.write([article("a", "waste")], [], cursor=3)
    for one in tmp_path.glob("index.sqlite*"):
        one.unlink()
    assert (index.cursor(), ids(index, "waste")) == (0, [])
    assert SqliteIndex(tmp_path / "other" / "index.sqlite").describe().endswith("not made yet")
    assert not (tmp_path / "other").exists()


def test_threads_that_first_read_in_different_moments_count_the_same(tmp_path: Path) -> None:
    """A reader in an older snapshot needs rows that were gone when another thread read this part of the file."""
    index = SqliteIndex(tmp_path / "index.sqlite")
    index.write([article(f"d{n}", "waste", lang="vi", outlet=f"o{n % 3}") for n in range(9)], [], cursor=1)
    with index._file.reading_apart() as old:
        assert old.execute("SELECT count(*) FROM doc").fetchone()[0] == 9
        index.write([article(f"d{n}", "water", lang="en") for n in range(5)], ["d8"], cursor=2)
        result = index.search(parse("waste"), facets=("lang",))
        assert (result.total, result.facets["lang"], result.outlets) == (3, (("vi", 3),), 3)
        before = index._snapshot(old)
        keys = before.living.nonzero()[0]
        assert (len(keys), before.count_outlets(before.count_values(keys))) == (9, 3)
    assert index.search(parse("lang:en")).total == 5


def test_many_vectors_are_compared_when_most_have_gone(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.sqlite")
    for start in range(0, 3000, 500):
        rows = [(f"d{n:04}", vector(1, n / 3000)) for n in range(start, start + 500)]
        index.write([replace(article(key), vector=one) for key, one in rows], [], cursor=start + 1)
        index.similar("d0000")
    index.write([], [f"d{n:04}" for n in range(1, 2990)], cursor=4000)
    assert [hit.id for hit, _ in index.similar("d0000")] == [f"d{n}" for n in range(2990, 3000)]
    index.write([replace(article("new"), vector=vector(1, 0))], [], cursor=4001)
    assert index.similar("d0000", limit=1)[0][0].id == "new"
