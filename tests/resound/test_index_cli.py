"""What people see of the index on the command line: results, likeness, comparisons, and an index that is away."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from resound.cli import app
from resound.errors import SearchUnavailableError, StoreError
from resound.index.sqlite import SqliteIndex
from resound.store import Store
from resound.store.tables import version
from tests.resound.index.material import article
from tests.resound.searching.test_indexing import give_vector, open_with_sources, process, put
from tests.whole_way import command


@pytest.fixture
def keys(tmp_path: Path) -> list[str]:
    """Two articles of one story and one of another, processed; the data folder is `tmp_path`."""
    store = open_with_sources(tmp_path)
    found = [put(store, "one", 1, 0), put(store, "two", 2, 0, day=3), put(store, "two", 3, 1)]
    process(store, tmp_path)
    for key, numbers in zip(found, [(1, 0), (0.8, 0.6), (0, 1)], strict=True):
        give_vector(store, key, *numbers)
    store.close()
    return found


def run(folder: Path, *words: str) -> Any:
    ran = CliRunner().invoke(app, ["--data", str(folder), *words], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout) if "--json" in words else ran.output


def break_index(folder: Path) -> None:
    for one in folder.glob("index.sqlite*"):
        one.unlink()
    (folder / "index.sqlite").write_bytes(b"this is no database" * 1000)


def test_a_search_says_how_many_stories_and_outlets_and_collapses(tmp_path: Path, keys: list[str]) -> None:
    every = run(tmp_path, "search", "green OR reporter", "--json")
    assert (every["total"], every["stories"], every["outlets"], every["uniques_are_exact"]) == (3, 2, 2, True)
    assert [one["id"] for one in every["hits"]] == [keys[1], *sorted([keys[0], keys[2]])]
    assert every["trouble"] == ""
    assert every["index"] == {"behind": 0, "trouble": ""}

    stories = run(tmp_path, "search", "green OR reporter", "--collapse", "--json")
    assert [(one["id"], one["more"]) for one in stories["hits"]] == [(keys[1], 1), (keys[2], 0)]
    first = run(tmp_path, "search", "green OR reporter", "--collapse", "--limit", "1", "--json")
    rest = run(
        tmp_path,
        "search",
        "green OR reporter",
        "--collapse",
        "--limit",
        "1",
        "--after",
        first["next"],
        "--json",
    )
    assert [one["id"] for one in first["hits"] + rest["hits"]] == [keys[1], keys[2]]
    assert rest["next"] is None

    printed = run(tmp_path, "search", "green OR reporter", "--collapse", "--limit", "1")
    assert "3 items · 2 stories · 2 outlets" in printed
    assert "and 1 more of this story" in printed
    assert "--collapse --after" in printed


def test_more_like_this(tmp_path: Path, keys: list[str]) -> None:
    found = run(tmp_path, "similar", "https://one.example/1", "--json")
    assert found["item"] == keys[0]
    assert [(one["id"], round(one["likeness"], 2)) for one in found["hits"]] == [
        (keys[1], 0.8),
        (keys[2], 0.0),
    ]
    assert "likeness 0.80" in run(tmp_path, "similar", keys[0], "--limit", "1")
    store = open_with_sources(tmp_path)
    bare = put(store, "one", 9, 2)
    process(store, tmp_path)
    store.close()
    assert "Nothing to compare" in run(tmp_path, "similar", bare)


def test_verify_names_what_differs_and_reindex_mends_it(tmp_path: Path, keys: list[str]) -> None:
    assert "hold the same 3 items" in run(tmp_path, "index", "verify")
    index = SqliteIndex(tmp_path / "index.sqlite")
    cursor = index.cursor()
    index.write([article(keys[0], "another text"), article("stranger")], [keys[1]], cursor=cursor)
    index.close()

    ran = CliRunner().invoke(app, ["--data", str(tmp_path), "index", "verify"])
    told = CliRunner().invoke(app, ["--data", str(tmp_path), "index", "verify", "--json"])

    assert (ran.exit_code, told.exit_code) == (1, 1)
    for line in (f"1 missing: {keys[1]}", "1 too many: stranger", f"1 different: {keys[0]}"):
        assert line in ran.output
    found = json.loads(told.stdout)
    assert (found["is_equal"], found["stored"], found["indexed"]) == (False, 3, 3)
    assert found["missing"] == {"count": 1, "first": [keys[1]]}
    assert "3 items, as the store says" in run(tmp_path, "reindex")
    assert run(tmp_path, "index", "verify", "--json")["is_equal"] is True


@pytest.mark.slow
def test_with_the_index_away_search_says_so_and_everything_else_goes_on(
    tmp_path: Path, keys: list[str]
) -> None:
    run(tmp_path, "search", "green", "--json")
    before = run(tmp_path, "counts", "c", "--json")
    break_index(tmp_path)
    store = open_with_sources(tmp_path)
    put(store, "one", 5, 1, day=9)
    store.close()

    searched = command(tmp_path, "search", "green")
    assert searched.returncode == 75
    assert "Search is unavailable" in searched.stderr
    assert "reindex" in searched.stderr
    assert "Traceback" not in searched.stderr
    with pytest.raises(SearchUnavailableError):
        CliRunner().invoke(app, ["--data", str(tmp_path), "similar", keys[0]], catch_exceptions=False)
    done = command(tmp_path, "process", "--json")
    assert done.returncode == 0
    assert {"stage": "group", "outcome": "done", "reason": "", "count": 1} in json.loads(done.stdout)
    assert "Search is behind: 1 article" in " ".join(done.stderr.split())
    assert run(tmp_path, "counts", "c", "--json")["counts"] == before["counts"]
    status = run(tmp_path, "status", "--json")
    assert status["index_behind"] == 1
    assert status["index"]["answers"] is False
    assert "The index cannot be asked. 1 article changed" in " ".join(run(tmp_path, "status").split())
    doctor = run(tmp_path, "doctor", "--json")
    assert doctor["facts"]["search index"] == "cannot be used"
    assert any("reindex" in line for line in doctor["advice"])
    with pytest.raises(StoreError):
        CliRunner().invoke(app, ["--data", str(tmp_path), "index", "verify"], catch_exceptions=False)

    assert "4 items" in run(tmp_path, "reindex")
    assert "The index is up to date." in run(tmp_path, "status")
    assert "FTS5" in run(tmp_path, "doctor", "--json")["facts"]["search index"]


def test_counting_looks_at_the_store_alone(tmp_path: Path, keys: list[str]) -> None:
    """No file of the index is made, opened or asked for a figure."""
    assert run(tmp_path, "counts", "c", "--json")["counts"]
    assert not list(tmp_path.glob("index.sqlite*"))


def test_a_store_that_changed_behind_the_feed_is_noticed(tmp_path: Path, keys: list[str]) -> None:
    """What no change was recorded for is what `verify` is there to find."""
    run(tmp_path, "index", "verify")
    store: Store = open_with_sources(tmp_path)
    with store.write() as connection:
        connection.execute(
            update(version).where(version.c.article == keys[2]).values(title="Changed by hand")
        )
    store.close()
    ran = CliRunner().invoke(app, ["--data", str(tmp_path), "index", "verify"])
    assert ran.exit_code == 1
    assert f"1 different: {keys[2]}" in ran.output


def test_an_index_that_was_copied_from_another_folder_is_told_and_taken_over_where_that_is_said(
    tmp_path: Path, keys: list[str]
) -> None:
    assert run(tmp_path, "search", "green OR reporter", "--json")["total"] == 3
    other = tmp_path / "other"
    other.mkdir()
    store = open_with_sources(other)
    put(store, "one", 9, 1)
    process(store, other)
    store.close()
    held = SqliteIndex(tmp_path / "index.sqlite")
    held.close()
    with sqlite3.connect(tmp_path / "index.sqlite") as there, sqlite3.connect(other / "index.sqlite") as copy:
        there.backup(copy)

    def said(*words: str) -> str:
        ran = CliRunner().invoke(app, ["--data", str(other), *words])
        return " ".join(f"{ran.output} {ran.exception}".split())

    for words in (
        ("search", "green OR reporter"),
        ("status",),
        ("ready",),
        ("reindex",),
        ("index", "verify"),
    ):
        assert "holds another store's articles, not this one's" in said(*words), words

    assert "The index holds 1 item," in run(other, "reindex", "--take-over")
    assert run(other, "search", "green OR reporter", "--json")["total"] == 1
    assert run(tmp_path, "search", "green OR reporter", "--json")["total"] == 3, "its own is untouched"
