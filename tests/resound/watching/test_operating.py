"""What the people who look after Resound see, on the real demo's models and on a store with work in every state."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import demo
from resound.index.sqlite import SqliteIndex
from resound.keeping.storage import StorageGauge, measure_storage
from resound.outcome import STAGES, Outcome
from resound.settings import load_settings
from resound.store import Store, work
from resound.watching.operating import SystemState, look_at_models, look_at_system
from tests.resound.searching.test_indexing import open_with_sources, put

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_with_sources(tmp_path)
    yield made
    made.close()


def look(store: Store, folder: Path, *, models: tuple[str, Path] | None = None) -> SystemState:
    settings = load_settings(data=folder, store_url=f"sqlite:///{folder}/resound.sqlite")
    index = SqliteIndex(settings.index)
    gauge = StorageGauge(lambda now: measure_storage(store, settings, settings.model_folder, now=now))
    try:
        return look_at_system(store, index, gauge, models_in_use=models, now=NOW)
    finally:
        index.close()


def test_queues_tell_what_is_ready_in_hand_put_off_and_ended(store: Store, tmp_path: Path) -> None:
    key = put(store, "one", 1)
    with store.write() as connection:
        work.enqueue(connection, "fetch", ["a", "b", "c", "d"])
        (first, second, *_) = work.claim(connection, "fetch", limit=2, now=NOW)
        work.finish(connection, first, Outcome.done(), now=NOW)
        work.enqueue(connection, "fetch", ["later"], due=NOW.timestamp() + 600)
        work.end_unclaimed(connection, "tone", {key: Outcome.quarantined("failed", "It broke.")}, now=NOW)
    with store.lease() as connection:
        (held,) = work.claim(connection, "match", limit=1, now=NOW)
        work.postpone(connection, held, until=NOW + timedelta(hours=1), reason="timeout", detail="Too slow.")
    found = look(store, tmp_path)
    queues = {one.stage: one for one in found.queues}
    assert tuple(queues) == STAGES
    fetch = queues["fetch"]
    assert (fetch.ready, fetch.leased, fetch.planned, fetch.done) == (2, 1, 1, 1)
    assert fetch.next_at == NOW + timedelta(minutes=10)
    assert queues["tone"].quarantined == 1
    assert queues["group"].oldest is not None
    assert queues["group"].oldest.article == key
    assert [(one.stage, one.reason, one.count) for one in found.waiting] == [("match", "timeout", 1)]
    assert [(one.stage, one.reason) for one in found.reasons] == [("tone", "failed")]
    assert list(found.at_work.values()) == [1]
    assert second.subject == "b"


def test_nothing_is_told_twice_when_finished_work_is_opened_again(store: Store, tmp_path: Path) -> None:
    with store.write() as connection:
        work.enqueue(connection, "extract", ["1", "2"])
        for one in work.claim(connection, "extract", limit=2, now=NOW):
            work.finish(connection, one, Outcome.rejected("paywall", "Only the beginning is free."), now=NOW)
        work.reopen(connection, "extract", ["1"])
    (extract,) = (one for one in look(store, tmp_path).queues if one.stage == "extract")
    assert (extract.ready, extract.rejected) == (1, 1)


def test_models_in_use(tmp_path: Path) -> None:
    found = look_at_models(("demo", demo.MODELS))
    assert found.is_whole
    assert found.label == "demo model"
    assert {one.state for one in found.models} == {"there"}
    folder = Path(shutil.copytree(demo.MODELS, tmp_path / "models"))
    (folder / "thresholds.json").unlink()
    assert look_at_models(("demo", folder)).not_calibrated == ("topic", "candidate", "sentence")
    shutil.rmtree(folder / "tone")
    assert not look_at_models(("demo", folder)).is_whole


def test_models_that_cannot_be_looked_at_are_told(tmp_path: Path) -> None:
    assert look_at_models(None).profile is None
    assert "no profile 'nobodys'" in look_at_models(("nobodys", tmp_path)).problem
    (tmp_path / "lock.json").write_text("{broken", encoding="utf-8")
    assert "lock.json is broken" in look_at_models(("standard", tmp_path)).problem


def test_versions_hold_no_secret(store: Store, tmp_path: Path) -> None:
    found = look(store, tmp_path, models=("demo", demo.MODELS))
    assert {"Resound", "Python", "store", "index"} <= found.versions.keys()
    assert "not made yet" in found.versions["index"] or "FTS5" in found.versions["index"]


def test_an_index_that_does_not_answer_is_told(store: Store, tmp_path: Path) -> None:
    put(store, "one", 1)
    (tmp_path / "index.sqlite").write_bytes(b"this is no database" * 1000)
    found = look(store, tmp_path)
    assert not found.index.answers
    assert found.index.trouble
    assert "index" not in found.versions
