"""When a channel is polled next, and how it is doing. Pure: the caller stores the state and does the fetching.

Rules, in order: an answer that says the feed is gone stops the polling (its archive stays); a failure backs off; an
answer that was read sets the interval by what it yielded; "not modified" changes nothing but the time; the publisher's
own wishes (Retry-After, ttl, max-age) only ever make it later, and never later than a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from resound.source import Yield

MIN_INTERVAL = timedelta(minutes=5)
FIRST_INTERVAL = timedelta(minutes=30)
MAX_INTERVAL = timedelta(hours=24)

TARGET_NEW = 2.0
"""New entries that a poll should find on average: fewer polls than that would be late, more would be a nuisance."""
KEPT_OF_RATE = 0.7
"""How much of the rate seen so far survives a poll; an exponential mean over about three polls."""

PollKind = Literal["read", "unchanged", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class PollState:
    """What is remembered of one channel between polls. Times are aware UTC."""

    interval: timedelta = FIRST_INTERVAL
    due: datetime | None = None
    """Next poll; None before the first one, or where `stopped` says why there is none."""
    rate: float | None = None
    """New entries an hour, a running mean; None before the first full read."""
    failures: int = 0
    """Consecutive failed polls. A 304 does not clear it: it says nothing about whether the feed can be read."""
    last_error: str = ""
    """The last failure in words; empty after a good read."""
    stopped: str = ""
    """Why polling has stopped for good (410, 451), in words; empty while it is polled."""
    etag: str = ""
    last_modified: str = ""
    polled_at: datetime | None = None
    read_at: datetime | None = None
    """Last time it was really read, 304 after a good read included: these are the days that a figure rests on."""
    newest: datetime | None = None
    """Date of the newest entry ever seen."""

    def is_due(self, now: datetime) -> bool:
        """It may be polled now."""
        return not self.stopped and (self.due is None or self.due <= now)


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one poll brought."""

    kind: PollKind
    status: int = 0
    """HTTP status; 0 where there was no answer."""
    problem: str = ""
    """In words, for people. May be set on a read too: what was odd about it."""
    new: int = 0
    """Entries not seen before."""
    entries: int = 0
    newest: datetime | None = None
    wait: timedelta | None = None
    """The publisher's own wish: Retry-After, ttl or max-age, whichever is longest."""
    etag: str = ""
    last_modified: str = ""


def state_to_json(state: PollState) -> dict[str, Any]:
    """For storing. Moments are epoch seconds, the interval is in seconds."""
    return {
        "interval": state.interval.total_seconds(),
        "rate": state.rate,
        "failures": state.failures,
        "last_error": state.last_error,
        "etag": state.etag,
        "last_modified": state.last_modified,
        "due": _stamp(state.due),
        "polled_at": _stamp(state.polled_at),
        "read_at": _stamp(state.read_at),
        "newest": _stamp(state.newest),
        "stopped": state.stopped,
    }


def state_from_json(written: Mapping[str, Any]) -> PollState:
    """The inverse of `state_to_json`; an empty mapping is a channel that was never polled."""
    if not written:
        return PollState()
    return PollState(
        interval=timedelta(seconds=written["interval"]),
        rate=written["rate"],
        failures=written["failures"],
        last_error=written["last_error"],
        etag=written["etag"],
        last_modified=written["last_modified"],
        due=_moment(written["due"]),
        polled_at=_moment(written["polled_at"]),
        read_at=_moment(written["read_at"]),
        newest=_moment(written["newest"]),
        stopped=written["stopped"],
    )


def _stamp(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(stamp: float | None) -> datetime | None:
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC)


def next_poll(state: PollState, result: PollResult, *, now: datetime) -> PollState:
    """The state after one poll.

    Validators (ETag, Last-Modified) are kept only from a read without failure: after a failure the next poll must be
    answered in full, or a 304 would hide a feed that we could not read.
    """
    state = replace(state, polled_at=now)
    match result.kind:
        case "gone":
            reason = result.problem or f"The server says that it is gone for good (HTTP {result.status})."
            return replace(state, stopped=reason, due=None, last_error=reason, etag="", last_modified="")
        case "failed":
            failures = state.failures + 1
            # Twice as long after each failure; the interval itself is kept for the day it recovers.
            pause = _bounded(state.interval * 2 ** min(failures, 10))
            return replace(
                state,
                failures=failures,
                last_error=result.problem or f"HTTP {result.status}",
                due=now + _at_least(pause, result.wait),
                etag="",
                last_modified="",
            )
        case "unchanged":
            state = _with_rate(state, new=0, now=now)
            interval = _interval_for(state, entries=0)
            pause = _bounded(interval * 2 ** min(state.failures, 10))
            return replace(
                state,
                interval=interval,
                due=now + _at_least(pause, result.wait),
                read_at=now if state.failures == 0 else state.read_at,
            )
        case "read":
            state = _with_rate(state, new=result.new, now=now)
            interval = _interval_for(state, entries=result.entries)
            dates = [moment for moment in (state.newest, result.newest) if moment is not None]
            return replace(
                state,
                interval=interval,
                due=now + _at_least(interval, result.wait),
                failures=0,
                last_error=result.problem,
                etag=result.etag,
                last_modified=result.last_modified,
                read_at=now,
                newest=max(dates, default=None),
            )


def _with_rate(state: PollState, *, new: int, now: datetime) -> PollState:
    # The first read finds the whole feed "new": only the time since the previous read tells a rate.
    if state.read_at is None or now <= state.read_at:
        return state
    seen = new / max((now - state.read_at) / timedelta(hours=1), 1 / 60)
    rate = seen if state.rate is None else KEPT_OF_RATE * state.rate + (1 - KEPT_OF_RATE) * seen
    return replace(state, rate=rate)


def _interval_for(state: PollState, *, entries: int) -> timedelta:
    if state.rate is None:
        return state.interval
    if state.rate < TARGET_NEW / 24:
        wished = MAX_INTERVAL
    else:
        wished = timedelta(hours=TARGET_NEW / state.rate)
        if entries:  # never so long that half the feed could have rolled over unseen
            wished = min(wished, timedelta(hours=entries / 2 / state.rate))
    # One quiet night must not make a busy feed a daily one: at most doubled or halved at each poll.
    return _bounded(min(max(wished, state.interval / 2), state.interval * 2))


def _bounded(interval: timedelta) -> timedelta:
    return min(max(interval, MIN_INTERVAL), MAX_INTERVAL)


def _at_least(pause: timedelta, wait: timedelta | None) -> timedelta:
    return pause if wait is None else max(pause, min(wait, MAX_INTERVAL))


def read_retry_after(value: str, *, now: datetime) -> timedelta | None:
    """`Retry-After` in either of its forms (RFC 9110, 10.2.3: seconds, or a date), at most a day; None if unreadable."""
    value = value.strip()
    if value.isdecimal() and value.isascii():
        return min(timedelta(seconds=int(value[:9])), MAX_INTERVAL)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), MAX_INTERVAL)


def read_max_age(cache_control: str) -> timedelta | None:
    """`max-age` of a `Cache-Control` header, at most a day; None where there is none or it forbids storing."""
    for part in cache_control.lower().split(","):
        name, _, value = part.strip().partition("=")
        value = value.strip('"')
        if name == "max-age" and value.isdecimal() and value.isascii():
            return min(timedelta(seconds=int(value[:9])), MAX_INTERVAL)
    return None


def longest(*waits: timedelta | None) -> timedelta | None:
    """The longest of the publisher's wishes that were given."""
    return max((wait for wait in waits if wait is not None), default=None)


def describe_health(
    state: PollState, *, weekly: int | None, expected: Yield | None, now: datetime
) -> tuple[str, ...]:
    """What a person should know of this channel, worst first; empty where all is well.

    `weekly` is how many new items the source brought in the last seven days (None: not watched that long).
    """
    words = []
    if state.stopped:
        words.append(f"Not polled any more: {state.stopped}")
    elif state.failures:
        times = "once" if state.failures == 1 else f"{state.failures} times in a row"
        words.append(f"Failed {times}: {state.last_error}")
    elif state.last_error:
        words.append(state.last_error)
    if not state.stopped and state.read_at is None:
        words.append("Never read yet." if state.polled_at is None else "Never read successfully.")
    if weekly is not None and expected is not None and not expected.min <= weekly <= expected.max:
        relation = "fewer" if weekly < expected.min else "more"
        bound = expected.min if weekly < expected.min else expected.max
        words.append(f"{weekly} new items in 7 days, {relation} than the expected {bound}.")
    if state.newest is not None and now - state.newest > timedelta(days=7):
        words.append(f"The newest item is {(now - state.newest).days} days old.")
    return tuple(words)
