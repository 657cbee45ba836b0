"""An upgrade that touches data copies a SQLite store first, and says for PostgreSQL that it does not."""

from __future__ import annotations

import logging
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from resound.errors import StoreError
from resound.store import open_store, safety
from resound.store.database import shipped_revisions
from tests.postgres_server import PostgresServer

OLD = "0001"
ARTICLE = (
    "INSERT INTO article VALUES ('a', 'https://a.example/', 'item', 'o', 'en', 'online', "
    "'2014-10-02T00:00:00.000000Z', 'v', NULL, NULL)"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "resound.sqlite"


def old_store(address: str, *, is_filled: bool = True) -> None:
    """A store as the first Resound left it: only the first migration was run."""
    store = open_store(address, revision=OLD)
    if is_filled:
        with store.write() as connection:
            connection.execute(text(ARTICLE))
    store.close()


def copies(path: Path) -> list[Path]:
    return sorted(one for one in path.parent.iterdir() if one.name.startswith(f"{path.name}.schema-"))


def test_an_upgrade_leaves_the_store_as_it_was_beside_it(path: Path) -> None:
    old_store(f"sqlite:///{path}")
    store = open_store(f"sqlite:///{path}")
    with store.read() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            == shipped_revisions()[-1]
        )
        assert connection.execute(text("SELECT id FROM article")).scalar() == "a"
    store.close()
    (copy,) = copies(path)
    assert copy.name.startswith(f"resound.sqlite.schema-{OLD}.{datetime.now(UTC):%Y%m%d}T")
    with sqlite3.connect(copy) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (OLD,)
        assert raw.execute("SELECT id FROM article").fetchall() == [("a",)]
        assert not raw.execute("SELECT name FROM sqlite_master WHERE name = 'translation'").fetchall()
    raw.close()
    open_store(f"sqlite:///{path}").close()
    assert copies(path) == [copy], "nothing was upgraded the second time"


def test_the_copy_is_a_store_that_can_be_used(path: Path, tmp_path: Path) -> None:
    """What is told in docs/operations.md: put it in the place of the store, with the older Resound."""
    old_store(f"sqlite:///{path}")
    open_store(f"sqlite:///{path}").close()
    back = tmp_path / "back" / "resound.sqlite"
    back.parent.mkdir()
    copies(path)[0].rename(back)
    store = open_store(f"sqlite:///{back}")
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM article")).scalar() == 1
    store.close()


def test_an_empty_or_a_new_store_is_not_copied(path: Path, tmp_path: Path) -> None:
    old_store(f"sqlite:///{path}", is_filled=False)
    open_store(f"sqlite:///{path}").close()
    open_store(f"sqlite:///{tmp_path / 'new.sqlite'}").close()
    assert not [one for one in tmp_path.iterdir() if "schema" in one.name]


def test_the_newest_three_stay(path: Path) -> None:
    old_store(f"sqlite:///{path}")
    now = datetime(2026, 1, 15, 8, tzinfo=UTC)
    made = [
        safety.copy_beside(path, revision=revision, now=now + timedelta(days=day))
        for day, revision in enumerate(("0009", "0001", "0002", "0003", "0001"))
    ]
    assert copies(path) == sorted(made[-3:])


def test_what_is_written_while_an_upgrade_begins_is_in_the_copy_or_after_it(path: Path) -> None:
    """Several may start at once: one copies and upgrades, the others find it done."""
    old_store(f"sqlite:///{path}")
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            open_store(f"sqlite:///{path}").close()
        except BaseException as err:
            failures.append(err)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert failures == []
    assert len(copies(path)) == 1


def test_without_room_for_a_copy_nothing_is_upgraded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_store(f"sqlite:///{path}")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(safety.os, "fsync", fail)
    with pytest.raises(StoreError, match=r"was not upgraded.*No space left.*Make room"):
        open_store(f"sqlite:///{path}")
    monkeypatch.undo()
    assert copies(path) == []
    assert not list(path.parent.glob(".*.part"))
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (OLD,)
    raw.close()


@pytest.mark.postgres
def test_on_postgresql_it_says_that_there_is_no_copy_and_how_to_have_one(
    postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    address = postgres_server.create(is_empty=True)
    old_store(address)
    with caplog.at_level(logging.WARNING):
        open_store(address).close()
    (told,) = [one.getMessage() for one in caplog.records if one.name.startswith("resound.store")]
    assert "not copied" in told
    assert "resound backup FILE" in told
    store = open_store(address)
    with store.read() as connection:
        assert connection.execute(text("SELECT id FROM article")).scalar() == "a"
    store.close()
    postgres_server.drop(address)
