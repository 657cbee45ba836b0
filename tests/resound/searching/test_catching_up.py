"""A server's index follows the store without making people wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resound.errors import StoreError
from resound.index.sqlite import SqliteIndex
from resound.searching import catching_up, indexing
from resound.searching.catching_up import EVERY, CatchUp
from resound.searching.indexing import IndexUpdate
from resound.store import Store, open_store
from tests.resound.kept import fill


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    fill(made, articles=3)
    yield made
    made.close()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    made = SqliteIndex(tmp_path / "index.sqlite")
    yield made
    made.close()


def test_it_brings_the_index_up_and_no_oftener_than_now_and_then(
    store: Store, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, updates = Clock(), []
    real = catching_up.try_to_update_index

    def counting(*given: Any, **more: Any) -> IndexUpdate:
        updates.append(clock.now)
        return real(*given, **more)

    monkeypatch.setattr(catching_up, "try_to_update_index", counting)
    catch_up = CatchUp(store, index, monotonic=clock)

    assert catch_up.look(wait=20).behind == 0
    level = index.cursor()
    assert level > 0
    for _ in range(5):
        assert catch_up.look().behind == 0
    clock.now += EVERY
    catch_up.look(wait=20)
    assert updates == [100.0, 100.0 + EVERY]
    catch_up.close()


def test_nobody_waits_for_a_slow_update_and_what_is_missing_is_said(
    store: Store, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, running = threading.Event(), []
    real = catching_up.try_to_update_index

    def slow(*given: Any, **more: Any) -> IndexUpdate:
        running.append(threading.current_thread())
        go_on.wait(20)
        return real(*given, **more)

    monkeypatch.setattr(catching_up, "try_to_update_index", slow)
    clock = Clock()
    catch_up = CatchUp(store, index, monotonic=clock)

    assert catch_up.look(wait=0.01).behind == 3
    clock.now += 10 * EVERY
    assert catch_up.look(wait=0.01).behind == 3
    assert len(running) == 1, "one update at a time"
    go_on.set()
    catch_up.close()
    assert catch_up.look(wait=20).behind == 0


def test_an_index_that_cannot_be_written_is_told(
    store: Store, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(indexing, "follow_changes", broken)
    update = CatchUp(store, index).look(wait=20)
    assert (update.behind, update.trouble) == (3, "The disk is full.")
