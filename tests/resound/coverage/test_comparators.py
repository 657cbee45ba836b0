"""What comparators match is kept in the store: a restart reads nothing anew, and whoever asks writes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resound.coverage import comparators as comparators_of
from resound.coverage.comparators import Comparators, bring_up
from resound.pipeline import match_waiting
from resound.store import Store, open_store
from resound.store.compared import Compared, load_compared, load_found
from resound.store.feed import newest_change
from resound.store.registry import load_campaign
from tests.resound.coverage.test_voice import COMPARATORS, JICA
from tests.resound.kept import back_up, make_data
from tests.resound.newsdesk import NOW, apply, campaign, put, source

pytestmark = pytest.mark.slow_on_postgres


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    apply(opened, source("alpha"), source("beta"), campaign(comparators=COMPARATORS))
    yield opened
    opened.close()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many articles were read, each time."""
    counts: list[int] = []
    load = comparators_of.load_texts
    monkeypatch.setattr(
        comparators_of,
        "load_texts",
        lambda connection, keys: (counts.append(len(keys)), load(connection, keys))[1],
    )
    return counts


def level(store: Store) -> int:
    with store.read() as connection:
        asked = [load_campaign(connection, "c")]
    return bring_up(store, asked)


def ask(store: Store) -> dict[str, tuple[str, ...]]:
    """As after a restart."""
    with store.read() as connection:
        return dict(Comparators().find(connection, load_campaign(connection, "c")))


def kept(store: Store) -> tuple[Compared | None, dict[str, tuple[str, ...]]]:
    with store.read() as connection:
        return load_compared(connection, "c"), load_found(connection, "c")


def fill(store: Store, many: int = 6) -> list[str]:
    """Every other one tells of JICA."""
    words = ("Word", "More", "Some", "Well", "Here", "Last", "Once")
    return [
        put(
            store,
            "alpha" if number % 4 < 2 else "beta",
            number,
            JICA.replace("Word", words[number // 2])
            if number % 2 == 0
            else f"Number {number} of something else.",
            is_matched=False,
        )
        for number in range(many)
    ]


def test_a_restart_reads_nothing_anew(store: Store, read: list[int]) -> None:
    keys = fill(store)
    before = ask(store)
    assert set(before) == set(keys[::2])
    assert sum(read) == 6
    assert level(store) == 6
    assert sum(read) == 12
    assert ask(store) == before
    assert level(store) == 0
    assert sum(read) == 12, "nothing is read that is known"
    state, found = kept(store)
    assert found == before
    with store.read() as connection:
        assert state is not None
        assert state.cursor == newest_change(connection)


def test_only_what_changed_is_read_again(store: Store, read: list[int]) -> None:
    keys = fill(store)
    level(store)
    read.clear()
    put(store, "alpha", 0, "The outlet edited it.", is_matched=False, seen=NOW + timedelta(days=1))
    new = put(store, "beta", 50, JICA.replace("Word", "New"), is_matched=False)
    expected = {*keys[2::2], new}
    assert set(ask(store)) == expected, "whoever asks before the worker came sees the same"
    assert sum(read) <= 2
    assert level(store) == 2
    assert set(kept(store)[1]) == set(ask(store)) == expected


def test_another_question_is_matched_anew(store: Store, read: list[int]) -> None:
    keys = fill(store)
    level(store)
    apply(store, campaign(comparators=[{**COMPARATORS[1], "query": "something"}]))
    assert set(ask(store)) == set(keys[1::2]), (
        "what is kept for the old question is not taken for the new one"
    )
    read.clear()
    assert level(store) == 6
    assert set(kept(store)[1]) == set(keys[1::2])
    assert set(kept(store)[1].values()) == {("korea",)}
    apply(store, campaign(comparators=COMPARATORS, window={"first": "2014-11-01", "last": "2014-11-30"}))
    level(store)
    assert kept(store)[1] == {}, "none of them lies in the window"
    apply(store, campaign())
    assert level(store) == 0
    assert kept(store) == (None, {})


def test_stopped_anywhere_it_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = fill(store, 12)
    whole = ask(store)
    monkeypatch.setattr(comparators_of, "BATCH", 2)
    monkeypatch.setattr(comparators_of, "SPAN", 7)
    cursors = []
    with store.read() as connection:
        asked = load_campaign(connection, "c")
        newest = newest_change(connection)
    for _ in range(60):
        bring_up(store, [asked], should_stop=lambda: True)
        steps = iter((False, True))  # one batch, then an end
        bring_up(store, [asked], should_stop=lambda steps=steps: next(steps, True))
        state, found = kept(store)
        assert state is not None
        cursors.append(state.cursor)
        assert found.items() <= whole.items()
        assert ask(store) == whole, "whoever asks meanwhile gets all of it"
        if state.cursor == newest:
            break
    assert cursors == sorted(cursors)
    assert cursors[-1] == newest
    assert kept(store)[1] == whole
    assert len(whole) == len(keys) // 2


def test_of_two_at_once_nothing_is_lost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 12)
    whole = ask(store)
    monkeypatch.setattr(comparators_of, "BATCH", 1)
    threads = [threading.Thread(target=level, args=(store,)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    level(store)
    state, found = kept(store)
    assert found == whole
    with store.read() as connection:
        assert state is not None
        assert state.cursor == newest_change(connection)


def test_asking_waits_for_no_writer_and_writes_nothing(store: Store) -> None:
    fill(store)
    with store.write():
        assert len(ask(store)) == 3
    assert kept(store) == (None, {})


def test_matching_brings_it_up(store: Store) -> None:
    keys = fill(store)
    match_waiting(store, clock=lambda: datetime.now(UTC))
    assert set(kept(store)[1]) == set(keys[::2])


def test_it_comes_back_out_of_a_backup(store: Store, tmp_path: Path, read: list[int]) -> None:
    from resound.keeping.restoring import restore_backup

    fill(store)
    level(store)
    before = kept(store)
    back_up(store, make_data(tmp_path / "kept"), tmp_path / "b.tar")
    restore_backup(tmp_path / "b.tar", tmp_path / "new")
    opened = open_store(f"sqlite:///{tmp_path / 'new' / 'resound.sqlite'}")
    read.clear()
    assert kept(opened) == before
    assert len(ask(opened)) == 3
    assert level(opened) == 0
    assert read == []
    opened.close()
