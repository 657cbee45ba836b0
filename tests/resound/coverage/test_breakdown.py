"""Counted items broken down: nothing is lost, nothing is counted twice without saying so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.coverage.breakdown import (
    LANGUAGES,
    Part,
    Reading,
    choose_unit,
    cut_periods,
    gather_stories,
    last_day_shown,
    list_outlets,
    series_over_time,
    share_of_voice,
    split_tone,
    split_topics,
)
from resound.coverage.counting import count
from resound.coverage.model import ItemFacts, Watch
from tests.resound.coverage.test_counting import ITEM, drawn_items

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
FIRST = date(2014, 9, 1)
WATCH = Watch("a", "A", "VN", "g", "online", ("en",), 3, 5, gaps=((date(2014, 9, 9), date(2014, 9, 10)),))


def item(number: int, **more: object) -> ItemFacts:
    made = replace(ITEM, item=f"{number}", url=f"https://a.example/{number:03}", version=f"v{number}")
    return replace(made, **more)  # type: ignore[arg-type]


@given(st.integers(0, 900), st.integers(0, 700))
def test_periods_cover_every_day_once(start: int, length: int) -> None:
    first = FIRST + timedelta(days=start)
    last = first + timedelta(days=length)
    for unit in ("day", "week", "month"):
        periods = cut_periods(first, last, unit)  # type: ignore[arg-type]
        days = [one + timedelta(days=n) for one, end in periods for n in range((end - one).days + 1)]
        assert days == [first + timedelta(days=n) for n in range(length + 1)]


@given(drawn_items(), st.sampled_from([3, 60, 400]))
def test_a_series_sums_to_the_items(items: list[ItemFacts], days: int) -> None:
    figures = count(items, campaign="c", as_of=NOW)
    counted = [figures.items[key][0] for key in figures.lists["counted"]]
    series = series_over_time(counted, first=date(2014, 9, 30), last=date(2014, 9, 30) + timedelta(days=days))
    assert sum(series.total(at) for at in range(len(series.periods))) == figures.counts.items
    listed = [key for some in series.members.values() for part in some for key in part]
    assert sorted(listed) == sorted(figures.lists["counted"])
    by_language = {row.value: row.counts.items for row in figures.tables["language"].rows}
    assert by_language == {name: sum(map(len, series.members[name])) for name in LANGUAGES}


def test_a_period_without_items_is_there_as_nothing_and_a_gap_is_marked() -> None:
    some = [item(1, day=date(2014, 9, 2)), item(2, day=date(2014, 9, 22), language="vi")]
    series = series_over_time(some, first=FIRST, last=date(2014, 11, 30), watch=[WATCH])
    assert series.unit == "week"
    assert [series.total(at) for at in range(5)] == [1, 0, 0, 1, 0]
    assert [one.at_least for one in series.periods][:3] == [False, True, False]
    assert series.periods[-1].last == date(2014, 11, 30)


def test_weeks_begin_on_monday_but_for_the_first() -> None:
    periods = cut_periods(date(2014, 9, 3), date(2014, 9, 16), "week")
    assert [one.isoformat() for pair in periods for one in pair] == [
        "2014-09-03", "2014-09-07", "2014-09-08", "2014-09-14", "2014-09-15", "2014-09-16",
    ]  # fmt: skip
    # An item of the first, cut week is in it.
    series = series_over_time(
        [item(1, day=date(2014, 9, 5))], first=date(2014, 9, 3), last=date(2014, 12, 16)
    )
    assert series.members["en"][0] == ("1",)


@pytest.mark.parametrize(
    ("days", "unit"), [(1, "day"), (45, "day"), (46, "week"), (210, "week"), (211, "month")]
)
def test_the_window_chooses_the_unit(days: int, unit: str) -> None:
    assert choose_unit(FIRST, FIRST + timedelta(days=days - 1)) == unit


def test_a_series_ends_today_or_with_the_newest_item() -> None:
    last = date(2014, 11, 30)
    assert last_day_shown(FIRST, last, date(2026, 1, 1), []) == last
    assert last_day_shown(FIRST, last, date(2014, 10, 1), []) == date(2014, 10, 1)
    # In Taipei it is tomorrow already.
    assert last_day_shown(FIRST, last, date(2014, 10, 1), [item(1, day=date(2014, 10, 2))]) == date(
        2014, 10, 2
    )
    assert last_day_shown(FIRST, last, date(2014, 8, 1), []) == FIRST


def test_tone_is_shared_among_the_items_that_have_one() -> None:
    some = [item(n) for n in range(6)]
    read = {
        "v0": Reading(("positive",), "demo model, m"),
        "v1": Reading(("positive",), "demo model, m", is_uncertain=True),
        "v2": Reading(("negative",), "other, n"),
        "v3": Reading((), "demo model, m"),
    }
    split = split_tone(some, read)
    assert split.parts == (
        Part("positive", ("0", "1"), 2 / 3), Part("neutral", (), 0.0), Part("negative", ("2",), 1 / 3)
    )  # fmt: skip
    assert (split.of, split.none, split.waiting, split.doubtful) == (3, ("3",), ("4", "5"), ("1",))
    assert split.made_by == ("demo model, m", "other, n")
    assert split_tone(some, {}).parts[0].share == 0.0


def test_themes_overlap_and_say_so() -> None:
    some = [item(n) for n in range(4)]
    read = {
        "v0": Reading(("waste", "energy"), "m"),
        "v1": Reading(("waste",), "m"),
        "v2": Reading((), "m"),
    }
    split = split_topics(some, read)
    assert split.overlaps
    assert [(one.value, len(one.members), one.share) for one in split.parts] == [
        ("waste", 2, 2 / 3),
        ("energy", 1, 1 / 3),
    ]
    assert (split.of, split.none, split.waiting) == (3, ("2",), ("3",))


readings = st.dictionaries(
    st.sampled_from([f"v{n}" for n in range(6)]),
    st.builds(Reading, st.sets(st.sampled_from(["a", "b", "c"])).map(tuple), st.just("m"), st.booleans()),
)


@given(readings)
def test_every_item_is_read_or_waits(read: dict[str, Reading]) -> None:
    some = [item(n) for n in range(6)]
    split = split_topics(some, read)
    found = {key for one in split.parts for key in one.members}
    assert found | set(split.none) | set(split.waiting) == {one.item for one in some}
    assert not found & set(split.none)
    assert split.of + len(split.waiting) == len(some)
    assert all(0 < one.share <= 1 for one in split.parts)


def test_share_of_voice_by_hand() -> None:
    split = share_of_voice("c", {"c": ["1", "2"], "japan": ["2", "3", "4"], "korea": []})
    assert [(one.value, one.members, one.share) for one in split.parts] == [
        ("c", ("1", "2"), 0.5),  # of the four items that tell of either
        ("japan", ("2", "3", "4"), 0.75),
        ("korea", (), 0.0),
    ]
    assert (split.of, split.overlaps) == (4, True)
    assert share_of_voice("c", {"c": [], "japan": []}).parts[0].share == 0.0
    assert share_of_voice("c", {"c": ["1"]}).parts == ()


keys = st.lists(st.sampled_from("abcdefgh"), max_size=12)


@given(keys, st.dictionaries(st.sampled_from(["japan", "korea", "eu"]), keys, min_size=1))
def test_share_of_voice_is_a_share(own: list[str], others: dict[str, list[str]]) -> None:
    split = share_of_voice("c", {"c": own, **others})
    assert split.parts[0].value == "c"
    assert all(0 <= one.share <= 1 for one in split.parts)
    assert split.of == len(set(own).union(*others.values()))
    assert sum(len(one.members) for one in split.parts) >= split.of
    if split.of:
        assert split.parts[0].share == len(set(own)) / split.of
        assert sum(one.share for one in split.parts) >= 1 - 1e-9


@given(drawn_items())
def test_outlets_and_stories_hold_every_counted_item_once(items: list[ItemFacts]) -> None:
    figures = count(items, campaign="c", as_of=NOW)
    counted = [figures.items[key][0] for key in figures.lists["counted"]]
    rows = list_outlets(figures)
    known = [one for one in rows if not one.provisional]
    assert len(known) == figures.counts.outlets
    assert sorted(key for one in known for key in one.members) == sorted(figures.lists["counted"])
    unnamed = [key for one in rows if one.provisional for key in one.members]
    assert sorted(unnamed) == sorted(figures.lists["provisional"])
    stories = gather_stories(counted)
    assert len(stories) == figures.counts.stories
    assert sorted(one.item for story in stories for one in story.items) == sorted(figures.lists["counted"])
    assert [len(one.items) for one in stories] == sorted((len(one.items) for one in stories), reverse=True)
    assert gather_stories(reversed(counted)) == stories


def test_an_outlets_row_says_what_it_wrote_and_when() -> None:
    some = [
        item(1, day=date(2014, 10, 9), language="vi"),
        item(2, day=date(2014, 10, 2), language="zh", medium="print", story="t"),
        item(3, outlet="host:x.example", outlet_name="x.example", provisional=True),
    ]
    first, second = list_outlets(count(some, campaign="c", as_of=NOW, watch=[WATCH]))
    assert (first.outlet, first.languages, first.media) == ("a", ("zh", "vi"), ("online", "print"))
    assert (first.first, first.last, first.stories) == (date(2014, 10, 2), date(2014, 10, 9), 2)
    assert first.at_least
    assert (second.provisional, second.members) == (True, ("3",))
