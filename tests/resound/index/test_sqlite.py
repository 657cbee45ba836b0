"""What only the embedded index has: a file, other processes at it, and another file in its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from resound.errors import StoreError
from resound.index.sqlite import SqliteIndex
from resound.query import parse
from tests.resound.index.material import article, ids


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
