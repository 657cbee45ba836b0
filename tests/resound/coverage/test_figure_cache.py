"""Figures that are held in memory are always those that would be counted now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import resound.coverage.figure_cache
from resound.coding.deciding import decide
from resound.coverage.figure_cache import FigureCache
from resound.coverage.figures import campaign_figures
from resound.coverage.model import Figures
from resound.errors import NotFoundError
from resound.kept_in_memory import KEPT
from resound.pipeline import process_pending
from resound.processing.reading import PageReader
from tests.resound.searching.test_indexing import open_with_sources, put

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The campaigns that were counted, in order."""
    asked: list[str] = []

    def count(connection: Any, campaign: str, **more: Any) -> Figures:
        asked.append(campaign)
        return campaign_figures(connection, campaign, **more)

    monkeypatch.setattr(resound.coverage.figure_cache, "campaign_figures", count)
    return asked


def test_figures_are_counted_when_something_changed(tmp_path: Path, counted: list[str]) -> None:
    store, cache = open_with_sources(tmp_path), FigureCache()
    key = put(store, "one", 1)
    with PageReader(tmp_path, workers=1) as reader:
        process_pending(store, reader, clock=lambda: NOW)

    def ask(now: datetime = NOW) -> Figures:
        with store.read() as connection:
            return cache.count(connection, "c", now=now)

    assert ask().counts.items == 0
    later = ask(NOW + timedelta(minutes=1))
    assert (later.as_of, counted) == (NOW + timedelta(minutes=1), ["c"])
    with store.write() as connection:
        decide(connection, key, "accept", campaign="c", why="read it", who="lin", now=NOW)
    assert ask().counts.items == 1
    assert len(counted) == 2
    ask(NOW + timedelta(hours=1))
    assert len(counted) == 3, "another day may have begun somewhere"
    with pytest.raises(NotFoundError), store.read() as connection:
        cache.count(connection, "none", now=NOW)
    store.close()


def test_who_asks_meanwhile_waits_for_the_first(tmp_path: Path, counted: list[str]) -> None:
    store, cache = open_with_sources(tmp_path), FigureCache()

    def ask(_: int) -> int:
        with store.read() as connection:
            return cache.count(connection, "c", now=NOW).counts.items

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(24))) == {0}
    assert counted == ["c"]
    store.close()


def test_only_the_campaigns_asked_for_last_are_held(tmp_path: Path) -> None:
    store, cache = open_with_sources(tmp_path), FigureCache()
    with store.read() as connection:
        cache.count(connection, "c", now=NOW)
        for number in range(KEPT + 5):
            with pytest.raises(NotFoundError):
                cache.count(connection, f"none-{number}", now=NOW)
    assert len(cache._kept) <= KEPT
    store.close()
