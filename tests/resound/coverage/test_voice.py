"""Share of voice over a store: both sides from the same outlets and days, and only what changed is read again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from resound.coverage import comparators as comparators_of
from resound.coverage import voice
from resound.coverage.breakdown import Split
from resound.coverage.comparators import Comparators
from resound.coverage.figures import campaign_figures, facts_of
from resound.coverage.voice import VoiceMeter, measure_voice
from resound.store import Store, open_store
from resound.store.tables import clip
from tests.resound.coding.test_deciding import AGENCY, NOW, apply, campaign, put, say, source

pytestmark = pytest.mark.slow_on_postgres
JICA = "JICA helps the city with waste. " + " ".join(f"Word{n} stands here once." for n in range(40))
COMPARATORS = [
    {"id": "japan", "name": {"en": "Japan"}, "query": "JICA AND lang:en"},
    {"id": "korea", "name": {"en": "Korea"}, "query": '"Korean money"'},
]


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    by_hand: dict[str, Any] = {"feeds": [], "by_hand": True}
    apply(
        opened, source("alpha"), source("beta"), source("gamma", relation="partner"), source("tv", **by_hand),
        campaign(comparators=COMPARATORS),
    )  # fmt: skip
    yield opened
    opened.close()


def measure(store: Store, comparators: Comparators) -> Split:
    with store.read() as connection:
        return measure_voice(connection, campaign_figures(connection, "c", now=NOW), comparators)


def shares(split: Split) -> dict[str, tuple[int, float]]:
    return {one.value: (len(one.members), one.share) for one in split.parts}


def test_both_sides_are_the_same_outlets_and_days(store: Store) -> None:
    both = put(store, "alpha", 1, f"{AGENCY} JICA was there.")
    own = put(store, "beta", 2, f"{JICA} No, a mistake of the machine".replace("JICA", "Nobody"))
    other = put(store, "alpha", 3, JICA, is_matched=False)
    put(store, "beta", 4, JICA.replace("Word", "Late"), hours=24 * 40, is_matched=False)  # after the window
    put(store, "gamma", 5, JICA.replace("Word", "Ours"), is_matched=False)  # the campaign's own channel
    put(
        store, "unknown", 6, JICA.replace("Word", "Where"), is_matched=False
    )  # an outlet that nobody has named
    put(store, "tv", 7, JICA.replace("Word", "Seen"), is_matched=False)  # read by people
    say(store, own, "reject")  # the machine's word alone is measured, on both sides
    split = measure(store, Comparators())
    assert shares(split) == {"c": (2, 2 / 3), "japan": (2, 2 / 3), "korea": (0, 0.0)}
    assert split.of == 3
    assert set(split.parts[0].members) == {both, own}
    assert set(split.parts[1].members) == {both, other}


def test_a_clip_that_somebody_brought_weighs_nothing(store: Store) -> None:
    brought = put(store, "alpha", 1, JICA, is_matched=False)
    put(store, "beta", 2, JICA.replace("Word", "More"), is_matched=False)
    row = {"article": brought, "sha256": "0" * 64, "name": "row 2", "row": {}, "who": "Lin", "at": NOW}
    with store.write() as connection:
        connection.execute(clip.insert().values(**row))
    with store.read() as connection:
        (facts,) = facts_of(connection, "c", [brought])
    assert (facts.outlet, facts.in_window, facts.still_matches) == ("alpha", True, False)
    assert shares(measure(store, Comparators()))["japan"] == (1, 1.0)


def test_only_what_changed_is_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    load = comparators_of.load_texts
    monkeypatch.setattr(
        comparators_of,
        "load_texts",
        lambda connection, keys: (read.append(len(keys)), load(connection, keys))[1],
    )
    comparators = Comparators()
    first = put(store, "alpha", 1, JICA, is_matched=False)
    put(store, "beta", 2)
    assert shares(measure(store, comparators))["japan"] == (1, 0.5)
    assert sum(read) == 2
    assert measure(store, comparators) == measure(store, comparators)
    assert sum(read) == 2
    put(store, "beta", 3, JICA.replace("Word", "More"), is_matched=False)
    assert shares(measure(store, comparators))["japan"] == (2, 2 / 3)
    assert sum(read) == 3
    put(store, "alpha", 1, JICA.replace("JICA", "Somebody"), is_matched=False)  # the outlet edited it
    assert shares(measure(store, comparators))["japan"] == (1, 0.5)
    # A person's date is the stronger one.
    late = put(store, "beta", 4, JICA.replace("Word", "Late"), hours=24 * 90, is_matched=False)
    say(store, late, "date", "2014-10-05")
    assert shares(measure(store, comparators))["japan"] == (2, 2 / 3)
    assert first not in measure(store, comparators).parts[1].members


def test_another_question_is_asked_anew(store: Store) -> None:
    comparators = Comparators()
    put(store, "alpha", 1, JICA, is_matched=False)
    assert shares(measure(store, comparators))["korea"] == (0, 0.0)
    asked = [COMPARATORS[0], {**COMPARATORS[1], "query": "helps"}]
    apply(store, campaign(comparators=asked))
    assert shares(measure(store, comparators))["korea"] == (1, 1.0)


def test_without_comparators_there_is_no_share(store: Store) -> None:
    apply(store, campaign())
    put(store, "alpha", 1)
    assert measure(store, Comparators()).parts == ()


def test_twins_are_one_item(store: Store) -> None:
    put(store, "alpha", 1, JICA, is_matched=False)
    put(store, "alpha", 2, JICA, hours=1, is_matched=False)
    assert shares(measure(store, Comparators()))["japan"] == (1, 1.0)


def test_nobody_waits_for_a_measurement(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "alpha", 1, JICA, is_matched=False)
    with store.read() as connection:
        figures = campaign_figures(connection, "c", now=NOW)
    may_go = threading.Event()
    measured: list[str] = []

    def slowly(connection: object, figures: object, comparators: object) -> Split:
        measured.append("once")
        assert may_go.wait(20)
        return Split((), len(measured))

    monkeypatch.setattr(voice, "measure_voice", slowly)
    meter = VoiceMeter()
    assert meter.ask(store, figures, ("1",), seconds=0.01) is None
    assert meter.ask(store, figures, ("1",), seconds=0.01) is None
    assert (
        meter.ask(store, figures, ("2",), seconds=0.01) is None
    )  # another state: after the first is measured
    assert measured == ["once"]
    may_go.set()
    assert meter.ask(store, figures, ("1",), seconds=20) == Split((), 1)
    assert meter.ask(store, figures, ("2",), seconds=20) == Split((), 2)
    assert meter.ask(store, figures, ("2",), seconds=20) == Split((), 2)


def test_what_failed_is_measured_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.read() as connection:
        figures = campaign_figures(connection, "c", now=NOW)
    meter = VoiceMeter()
    with monkeypatch.context() as broken:
        broken.delattr(voice, "measure_voice")
        with pytest.raises(NameError):
            meter.ask(store, figures, ("1",), seconds=20)
    assert meter.ask(store, figures, ("1",), seconds=20) is not None
