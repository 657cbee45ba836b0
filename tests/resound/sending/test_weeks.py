"""One issue a week, whatever zones and clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resound.sending.weeks import MOST_MISSED, WeeklyTime, due_issues, free_days, issue_of, last_issue

# summer time north and south, by half an hour, at odd hours, a skipped day, offsets of a quarter, none at all
ZONES = (
    "Asia/Taipei", "Asia/Ho_Chi_Minh", "Europe/London", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
    "Asia/Tehran", "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu", "Pacific/Chatham", "America/Santiago", "UTC",
)  # fmt: skip
PLANS = st.builds(
    WeeklyTime,
    st.integers(1, 7),
    st.one_of(
        st.sampled_from(["00:00", "00:30", "01:30", "02:00", "02:30", "03:00", "08:00", "23:59"]),
        st.times().map("{:%H:%M}".format),
    ),
    st.sampled_from(ZONES),
)
MOMENTS = st.datetimes(datetime(2008, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))
TAIPEI = WeeklyTime(1, "08:00", "Asia/Taipei")


def at(text: str, zone: str = "Asia/Taipei") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_it_is_due_from_the_cut_off_on_and_about_the_seven_days_before() -> None:
    since = at("2026-01-01")
    assert due_issues(TAIPEI, now=at("2026-01-05 07:59"), since=since) == []
    (one,) = due_issues(TAIPEI, now=at("2026-01-05 08:00"), since=since)
    assert (one.week, one.cut_off) == ("2026-W02", at("2026-01-05 08:00"))
    assert (one.first, one.last) == (date(2025, 12, 29), date(2026, 1, 4))
    assert due_issues(TAIPEI, now=at("2026-01-11 23:59"), since=since, made={"2026-W02"}) == []


def test_what_was_missed_is_made_up_for_so_far() -> None:
    found = due_issues(TAIPEI, now=at("2026-03-04"), since=at("2020-01-01"), made={"2026-W08"})
    assert [one.week for one in found] == ["2026-W07", "2026-W09", "2026-W10"]
    assert len(due_issues(TAIPEI, now=at("2026-03-04"), since=at("2020-01-01"))) == MOST_MISSED


def test_nothing_is_due_from_before_the_list() -> None:
    assert due_issues(TAIPEI, now=at("2026-01-06"), since=at("2026-01-05 08:01")) == []


def test_an_hour_that_comes_twice_is_one_cut_off_and_one_that_is_skipped_is_one() -> None:
    twice = WeeklyTime(7, "01:30", "America/New_York")
    moments = [datetime(2025, 11, 2, 5, tzinfo=UTC) + timedelta(minutes=10 * step) for step in range(20)]
    made: set[str] = set()
    found = []
    for moment in moments:
        due = due_issues(twice, now=moment, since=moments[0], made=made)
        made.update(one.week for one in due)
        found += due
    assert [one.cut_off for one in found] == [datetime(2025, 11, 2, 5, 30, tzinfo=UTC)]
    skipped = WeeklyTime(7, "02:30", "America/New_York")
    assert skipped.cut_off(2025, 10) == datetime(2025, 3, 9, 7, 30, tzinfo=UTC), (
        "half past three, by the new time"
    )


@given(PLANS, MOMENTS, st.lists(st.integers(1, 20 * 24), min_size=1, max_size=80))
@settings(deadline=None)
def test_looked_at_at_whatever_hours_each_week_has_one_issue(
    plan: WeeklyTime, start: datetime, hours: list[int]
) -> None:
    made: list[str] = []
    cut_offs: list[datetime] = []
    now = start
    for step in hours:
        now += timedelta(hours=step)
        for one in due_issues(plan, now=now, since=start, made=made):
            assert start <= one.cut_off <= now
            assert (one.last - one.first).days == 6
            made.append(one.week)
            cut_offs.append(one.cut_off)
        assert due_issues(plan, now=now, since=start, made=made) == []
    assert len(set(made)) == len(made)
    assert cut_offs == sorted(cut_offs)
    for earlier, later in pairwise(cut_offs):
        assert timedelta(days=5.9) < later - earlier < timedelta(days=8.1), "none is missed, none is doubled"
    passed = now - start
    assert len(made) in {passed // timedelta(weeks=1) + more for more in (-1, 0, 1)}


@given(PLANS, PLANS, MOMENTS, st.lists(st.integers(-60 * 24, 60 * 24), max_size=60))
@settings(deadline=None)
def test_clocks_that_jump_and_plans_that_change_give_no_week_two(
    plan: WeeklyTime, other: WeeklyTime, start: datetime, hours: list[int]
) -> None:
    made: list[str] = []
    now = start
    for number, step in enumerate(hours):
        now += timedelta(hours=step)
        due = due_issues(plan if number % 3 else other, now=now, since=start, made=made)
        assert len(due) <= MOST_MISSED
        assert all(start <= one.cut_off <= now for one in due)
        made += [one.week for one in due]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("weekday", "time", "zone"), [(0, "08:00", "UTC"), (8, "08:00", "UTC"), (1, "24:00", "UTC"), (1, "8:00", "UTC"), (1, "08:00", "Asia/Saigon2")]
)  # fmt: skip
def test_what_is_no_hour_is_refused(weekday: int, time: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"weekday|no time|not an IANA"):
        WeeklyTime(weekday, time, zone)


@given(PLANS, MOMENTS)
def test_the_issue_that_was_due_last_is_the_one_that_is_due(plan: WeeklyTime, now: datetime) -> None:
    last = last_issue(plan, now=now)
    assert last.cut_off <= now
    due = due_issues(plan, now=now, since=now - timedelta(days=15))
    assert due[-1] == last
    assert issue_of(plan, last.week) == last
    assert (last.last - last.first).days == 6


@pytest.mark.parametrize(
    "week", ["2026-W3", "2026-03", "W03", "2026-W54", "2025-W53", "0000-W01", "９９９９-W01", ""]
)
def test_what_is_no_week_is_said(week: str) -> None:
    with pytest.raises(ValueError, match="week"):
        issue_of(TAIPEI, week)


@given(st.lists(st.tuples(PLANS, st.integers(1, 20 * 24)), min_size=1, max_size=60), MOMENTS)
@settings(deadline=None)
def test_whatever_is_changed_no_day_is_told_twice_or_never(
    changes: list[tuple[WeeklyTime, int]], start: datetime
) -> None:
    made: dict[str, tuple[date, date]] = {}
    now = start
    for plan, hours in changes:
        now += timedelta(hours=hours)
        for one in due_issues(plan, now=now, since=start, made=made):
            days = free_days(one, made.values())
            assert days is not None
            made[one.week] = days
    spans = sorted(made.values())
    assert all(timedelta(0) <= last - first < timedelta(days=13) for first, last in spans)
    for (_, ended), (begins, _) in pairwise(spans):
        assert begins - ended == timedelta(days=1)


def test_another_weekday_begins_where_the_last_issue_ended() -> None:
    thursday, monday = (WeeklyTime(day, "08:00", "Asia/Taipei") for day in (4, 1))
    told = issue_of(thursday, "2014-W41")
    assert (told.first, told.last) == (date(2014, 10, 2), date(2014, 10, 8))
    assert free_days(issue_of(monday, "2014-W42"), [(told.first, told.last)]) == (
        date(2014, 10, 9),
        date(2014, 10, 12),
    )
    told = issue_of(monday, "2014-W41")
    assert free_days(issue_of(thursday, "2014-W42"), [(told.first, told.last)]) == (
        date(2014, 10, 6),
        date(2014, 10, 15),
    )
    # A whole week that has no issue is one of its own, which can still be made.
    third = issue_of(monday, "2014-W43")
    assert free_days(third, [(told.first, told.last)]) == (third.first, third.last)
    missed = issue_of(monday, "2014-W42")
    assert free_days(missed, [(told.first, told.last), (third.first, third.last)]) == (
        missed.first,
        missed.last,
    )
    assert free_days(missed, [(told.first, third.last)]) is None
