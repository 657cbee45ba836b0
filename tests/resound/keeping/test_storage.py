"""How much room everything takes."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.evidence import EvidenceWriter
from resound.keeping.storage import Disk, Storage, StorageGauge, measure_storage
from resound.settings import Settings, load_settings
from resound.store import Store, open_store
from resound.store.place import store_bytes, store_engine
from tests.resound.kept import page

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


def measure(settings: Settings) -> Storage:
    store = open_store(settings.store_address)
    try:
        return measure_storage(store, settings, settings.model_folder, now=NOW)
    finally:
        store.close()


def test_an_empty_folder(tmp_path: Path) -> None:
    found = measure(load_settings(data=tmp_path / "data"))
    sizes = {one.name: (one.bytes, one.files) for one in found.places}
    assert sizes.pop("store") > (0, 0)
    assert sizes == dict.fromkeys(("index", "evidence", "attachments", "models"), (0, 0))
    assert (found.warc_files, found.oldest, found.newest) == (0, None, None)
    (disk,) = found.disks
    assert disk.places == ("data", "evidence", "models")
    assert 0 < disk.free <= disk.total


def test_every_place_is_counted_once(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / "data")
    with EvidenceWriter(settings.evidence, started=NOW) as writer:
        writer.write(page(1))
    settings.attachments.mkdir()
    (settings.attachments / ("a" * 64)).write_bytes(b"x" * 10_000)
    settings.model_folder.mkdir()
    (settings.model_folder / "weights").write_bytes(b"x" * 50_000)
    (settings.data / "index-1.sqlite").write_bytes(b"other")
    settings.index.write_bytes(b"x" * 20_000)
    found = measure(settings)
    sizes = {one.name: one for one in found.places}
    assert sizes["evidence"].files == 1
    assert 3_000 <= (sizes["evidence"].bytes or 0) < 10_000
    assert sizes["attachments"].files == 1
    assert (sizes["attachments"].bytes or 0) >= 10_000
    assert (sizes["models"].bytes or 0) >= 50_000
    assert 20_000 <= (sizes["index"].bytes or 0) < 30_000
    assert (found.warc_files, found.oldest, found.newest) == (1, date(2026, 1, 15), date(2026, 1, 15))


def test_holes_in_evidence_take_no_room(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / "data")
    settings.evidence.mkdir(parents=True)
    with (settings.evidence / "sparse").open("wb") as file:
        os.truncate(file.fileno(), 50_000_000)
    sizes = {one.name: one.bytes for one in measure(settings).places}
    assert (sizes["evidence"] or 0) < 1_000_000


def test_elasticsearch_takes_its_room_elsewhere(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / "data", elasticsearch="http://search.example:9200")
    assert {one.name: one.bytes for one in measure(settings).places}["index"] is None


def test_folders_are_walked_at_most_once_a_minute() -> None:
    asked: list[datetime] = []

    def look(now: datetime) -> Storage:
        asked.append(now)
        return Storage((), (), 0, None, None, now)

    gauge = StorageGauge(look)
    for seconds in (0, 30, 59, 61, 90):
        gauge.read(NOW + timedelta(seconds=seconds))
    assert [(one - NOW).seconds for one in asked] == [0, 61]


def test_little_room_is_said() -> None:
    assert Disk(("data",), free=100_000_000, total=10**12).is_low
    assert not Disk(("data",), free=10**9, total=10**12).is_low


@pytest.fixture
def store(store_address: str) -> Store:
    return open_store(store_address)


def test_the_store_is_measured_on_each_database(store: Store) -> None:
    assert store_bytes(store) > 50_000
    assert store_engine(store).split()[0] == ("PostgreSQL" if store.is_postgres else "SQLite")
    assert store_engine(store).split()[1][0].isdigit()
    store.close()
