"""Synced, then named, then acknowledged: for every page, whatever the size of groups."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.evidence import EvidenceRef, EvidenceWriter, iter_pages, list_files
from crawlers.recorder import Recorded, Recorder
from resound.errors import EvidenceError
from tests.crawlers.test_evidence import NOW, make_page


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=40), st.integers(1, 9), st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_synced_before_named_before_acknowledged(sizes: list[int], group: int, waiting: int) -> None:
    synced: dict[int, int] = {}
    named: list[int] = []
    groups: list[int] = []
    fsync = os.fsync

    def note_sync(handle: int) -> None:
        fsync(handle)
        found = os.fstat(handle)
        synced[found.st_ino] = found.st_size

    with TemporaryDirectory() as folder, patch("crawlers.evidence.os.fsync", note_sync):
        place = Path(folder)

        def commit(recorded: Sequence[Recorded[int]]) -> None:
            for _, ref, token in recorded:
                assert ref.offset + ref.length <= synced[(place / ref.file).stat().st_ino]
                named.append(token)
            groups.append(len(recorded))

        with Recorder(
            EvidenceWriter(place, started=NOW), commit, max_group=group, max_waiting=waiting
        ) as recorder:
            futures = []
            for token, size in enumerate(sizes):
                future = recorder.put(make_page(token, os.urandom(size)), token)
                future.add_done_callback(
                    lambda _done, token=token: acknowledged.append((token, token in named))
                )
                futures.append(future)
        assert all(future.result(timeout=0) for future in futures)
        assert len(list(iter_pages(place))) == len(sizes)
    assert named == list(range(len(sizes)))
    assert sorted(acknowledged) == [(token, True) for token in range(len(sizes))]
    assert max(groups) <= group
    acknowledged.clear()


acknowledged: list[tuple[int, bool]] = []


def test_record_waits_without_blocking_the_loop(tmp_path: Path) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    async def run() -> list[EvidenceRef]:
        other = asyncio.create_task(tick())
        found = await asyncio.gather(*(recorder.record(make_page(n, b"x" * 9000), n) for n in range(100)))
        other.cancel()
        return list(found)

    with Recorder(EvidenceWriter(tmp_path, started=NOW), lambda _group: None, max_waiting=3) as recorder:
        refs = asyncio.run(run())
    assert len({ref.offset for ref in refs}) == 100
    assert ticks > 5


def test_a_full_disk_stops_everything_and_nothing_is_named(tmp_path: Path) -> None:
    named: list[object] = []
    real, left = os.fsync, [1]

    def fail_later(handle: int) -> None:
        if left[0] <= 0:
            raise OSError(28, "No space left on device")
        left[0] -= 1
        real(handle)

    with patch("crawlers.evidence.os.fsync", fail_later):
        recorder = Recorder(EvidenceWriter(tmp_path, started=NOW), named.extend)
        with pytest.raises(OSError, match="No space"):
            recorder.put(make_page(), 1).result(timeout=10)
        with pytest.raises(OSError, match="No space"):
            recorder.close()
    assert named == []


def test_a_closed_recorder_takes_nothing_and_an_unused_one_makes_no_file(tmp_path: Path) -> None:
    recorder = Recorder(EvidenceWriter(tmp_path, started=NOW), lambda _group: None)
    recorder.close()
    with pytest.raises(EvidenceError):
        recorder.put(make_page(), 1)
    assert list_files(tmp_path) == []
