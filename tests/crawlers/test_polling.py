"""When a channel is polled next: pure, so every rule is tried by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.polling import (
    MAX_INTERVAL,
    MIN_INTERVAL,
    PollResult,
    PollState,
    describe_health,
    longest,
    next_poll,
    read_max_age,
    read_retry_after,
    state_from_json,
    state_to_json,
)
from resound.source import Yield

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
GOOD = PollResult("read", 200, new=3, entries=30, newest=NOW - HOUR, etag='"a"', last_modified="x")


def test_new_channel_is_due_at_once() -> None:
    assert PollState().is_due(NOW)


def test_read_keeps_validators_and_clears_failures() -> None:
    state = next_poll(PollState(failures=3, last_error="HTTP 500"), GOOD, now=NOW)
    assert (state.failures, state.last_error, state.etag, state.last_modified) == (0, "", '"a"', "x")
    assert state.read_at == NOW
    assert state.newest == NOW - HOUR
    assert state.due is not None
    assert state.due > NOW


def test_not_modified_never_clears_a_failure() -> None:
    state = next_poll(next_poll(PollState(), GOOD, now=NOW), PollResult("failed", 500), now=NOW + HOUR)
    after = next_poll(state, PollResult("unchanged", 304), now=NOW + 2 * HOUR)
    assert after.failures == 1
    assert after.last_error == "HTTP 500"
    assert after.read_at == NOW, "a 304 after a failure does not say that the feed can be read"


def test_after_a_failure_the_feed_is_asked_for_in_full() -> None:
    state = next_poll(
        next_poll(PollState(), GOOD, now=NOW), PollResult("failed", 200, problem="Not a feed."), now=NOW
    )
    assert (state.etag, state.last_modified) == ("", "")


def test_not_modified_after_a_good_read_counts_as_read() -> None:
    state = next_poll(next_poll(PollState(), GOOD, now=NOW), PollResult("unchanged", 304), now=NOW + HOUR)
    assert state.read_at == NOW + HOUR
    assert state.etag == '"a"'


def test_empty_feed_is_no_failure() -> None:
    state = next_poll(PollState(), PollResult("read", 200), now=NOW)
    assert (state.failures, state.last_error, state.read_at) == (0, "", NOW)


@pytest.mark.parametrize("status", [410, 451])
def test_gone_stops_polling(status: int) -> None:
    state = next_poll(next_poll(PollState(), GOOD, now=NOW), PollResult("gone", status), now=NOW + HOUR)
    assert state.stopped
    assert str(status) in state.stopped
    assert not state.is_due(NOW + timedelta(days=999))
    assert state.newest == NOW - HOUR, "what was learned stays"


def test_failures_back_off_and_recover() -> None:
    state = next_poll(PollState(), GOOD, now=NOW)
    pauses = []
    for _ in range(8):
        state = next_poll(state, PollResult("failed", 0, problem="No answer."), now=NOW)
        assert state.due is not None
        pauses.append(state.due - NOW)
    assert pauses == sorted(pauses)
    assert pauses[1] == 2 * pauses[0]
    assert pauses[-1] == MAX_INTERVAL
    assert next_poll(state, GOOD, now=NOW + HOUR).interval <= 2 * PollState().interval


def test_retry_after_makes_it_later_but_never_later_than_a_day() -> None:
    later = next_poll(PollState(), PollResult("failed", 429, wait=5 * HOUR), now=NOW)
    assert later.due == NOW + 5 * HOUR
    never = next_poll(PollState(), PollResult("failed", 503, wait=timedelta(days=900)), now=NOW)
    assert never.due == NOW + MAX_INTERVAL
    sooner = next_poll(PollState(), PollResult("failed", 429, wait=timedelta(seconds=1)), now=NOW)
    assert sooner.due is not None
    assert sooner.due > NOW + MIN_INTERVAL


def poll_for(state: PollState, *, days: int, per_hour: float, entries: int = 30) -> PollState:
    """Poll a feed of steady yield whenever it is due."""
    moment, seen = NOW, 0
    while moment < NOW + timedelta(days=days):
        published = entries + int(per_hour * ((moment - NOW) / HOUR))
        new, seen = min(published - seen, entries), published
        state = next_poll(state, PollResult("read", 200, new=new, entries=entries), now=moment)
        assert state.due is not None
        moment = state.due
    return state


def test_busy_feed_is_read_often_and_a_quiet_one_daily() -> None:
    busy = poll_for(PollState(), days=2, per_hour=20)
    assert busy.interval <= timedelta(minutes=15)
    steady = poll_for(PollState(), days=10, per_hour=0.5)
    assert timedelta(hours=1) <= steady.interval <= timedelta(hours=9)
    assert poll_for(PollState(), days=10, per_hour=0.01).interval == MAX_INTERVAL


def test_short_feed_cannot_roll_over_unseen() -> None:
    short = poll_for(PollState(), days=2, per_hour=2, entries=3)
    assert short.interval <= timedelta(hours=1)


results = st.builds(
    PollResult,
    kind=st.sampled_from(["read", "unchanged", "failed"]),
    new=st.integers(0, 10_000),
    entries=st.integers(0, 10_000),
    wait=st.none() | st.timedeltas(timedelta(0), timedelta(days=4000)),
    problem=st.sampled_from(["", "odd"]),
)


@given(st.lists(st.tuples(results, st.timedeltas(timedelta(0), timedelta(days=40))), max_size=30))
def test_whatever_happens_the_bounds_hold_and_the_state_can_be_stored(
    events: list[tuple[PollResult, timedelta]],
) -> None:
    state, moment = PollState(), NOW
    for result, passed in events:
        moment += passed
        state = next_poll(state, result, now=moment)
        assert MIN_INTERVAL <= state.interval <= MAX_INTERVAL
        assert state.due is not None
        assert MIN_INTERVAL <= state.due - moment <= MAX_INTERVAL
        assert state_from_json(state_to_json(state)) == state
    assert state_from_json({}) == PollState()


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("99999999999999999999", MAX_INTERVAL),
        ("Tue, 24 Nov 2026 03:10:00 GMT", timedelta(minutes=10)),
        ("Tue, 24 Nov 2026 02:00:00 GMT", timedelta(0)),
        ("Tue, 24 Nov 2099 02:00:00 GMT", MAX_INTERVAL),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("١٢", None),
    ],
)
def test_retry_after_in_both_forms(value: str, wait: timedelta | None) -> None:
    assert read_retry_after(value, now=NOW) == wait


def test_max_age() -> None:
    assert read_max_age('public, Max-Age="600"') == timedelta(minutes=10)
    assert read_max_age("max-age=999999999999") == MAX_INTERVAL
    assert read_max_age("no-cache, s-maxage=5") is None
    assert longest(None, HOUR, timedelta(0)) == HOUR
    assert longest(None, None) is None


def test_health_in_words() -> None:
    fine = next_poll(PollState(), GOOD, now=NOW)
    assert describe_health(fine, weekly=30, expected=Yield(min=10, max=50), now=NOW) == ()
    assert describe_health(PollState(), weekly=None, expected=None, now=NOW) == ("Never read yet.",)
    failing = replace(fine, failures=4, last_error="HTTP 500")
    words = describe_health(failing, weekly=2, expected=Yield(min=10, max=50), now=NOW + timedelta(days=9))
    assert words == (
        "Failed 4 times in a row: HTTP 500",
        "2 new items in 7 days, fewer than the expected 10.",
        "The newest item is 9 days old.",
    )
    gone = next_poll(fine, PollResult("gone", 410), now=NOW)
    assert describe_health(gone, weekly=None, expected=None, now=NOW)[0].startswith("Not polled any more")
