"""A campaign that is saved is matched anew, also while work goes on with the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resound.outcome import Stage
from resound.pipeline import match_waiting, process_pending
from resound.processing.matching import CampaignMatcher
from resound.processing.reading import PageReader
from resound.store import Store, open_store, work
from resound.store.matches import list_matches
from tests.resound.definitions.test_previewing import campaign, put, save

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
TEAM = campaign()
DROP = campaign(names=[{"id": "drop", "forms": {"en": ["Blue Drop"]}}])


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    yield opened
    opened.close()


def matched(store: Store) -> dict[str, bool]:
    with store.read() as connection:
        return {one.article: one.matched for one in list_matches(connection, campaign="c")}


def test_what_waits_is_matched_and_nothing_else(store: Store) -> None:
    team, drop = put(store, 1, "Green Team"), put(store, 2, "Blue Drop")
    put(store, 3, "Nothing")
    save(store, TEAM, process_it=False)
    told: list[tuple[Stage, int]] = []
    assert match_waiting(store, clock=lambda: NOW, progress=lambda *one: told.append(one)) == 3
    assert (matched(store), told) == ({team: True}, [("match", 3)])
    with store.read() as connection:
        assert work.count_open(connection, "group") == 3, "the worker's"
        assert work.count_open(connection, "match") == 0
    save(store, DROP, process_it=False)
    assert match_waiting(store, clock=lambda: NOW, should_stop=lambda: True) == 0
    assert match_waiting(store, clock=lambda: NOW) == 3
    assert matched(store) == {team: False, drop: True}


def test_one_saved_while_work_goes_on_holds_for_what_follows(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resound.pipeline.MATCH_BATCH", 2)
    keys = [put(store, number, f"Green Team and Blue Drop {number}") for number in range(6)]
    save(store, TEAM, process_it=False)
    saved: list[bool] = []

    def save_another(stage: Stage, _: int) -> None:
        if stage == "match" and not saved:
            saved.append(True)
            save(store, DROP, process_it=False)

    with PageReader(tmp_path, workers=1) as reader:
        process_pending(store, reader, clock=lambda: NOW, progress=save_another)
    with store.read() as connection:
        found = list_matches(connection, campaign="c")
    assert {one.article for one in found} == set(keys)
    assert {one.fingerprint for one in found} == {CampaignMatcher(DROP).fingerprint}
