"""When a weekly issue is due: once for each week, whatever the clock does.

A week is the ISO week of the cut-off's day in the list's zone, so that two cut-offs of one week (the day or the hour was
changed, an hour comes twice, the clock went back) are the same issue. What has an issue already is asked of the store.
Where the day was changed, the next issue goes on where the one before ended (`free_days`): no day is told twice or never.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from resound.zones import known_zones

MOST_MISSED = 4
"""So many weeks that were missed (nothing ran) are still made; older ones stay unmade."""
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")  # 2026-W03


@dataclass(frozen=True, slots=True)
class WeeklyTime:
    """A weekday (1 is Monday) and an hour in a zone.

    Raises:
        ValueError: one of them is none; the sentence says which.
    """

    weekday: int
    time: str
    zone: str

    def __post_init__(self) -> None:
        if not 1 <= self.weekday <= 7:
            raise ValueError("the weekday is 1 (Monday) to 7 (Sunday)")
        if not _TIME.fullmatch(self.time):
            raise ValueError(f"{self.time!r} is no time of the day such as 08:00")
        if self.zone not in known_zones():
            raise ValueError(
                f"{self.zone!r} is not an IANA time zone such as Asia/Taipei or Asia/Ho_Chi_Minh"
            )

    def cut_off(self, year: int, week: int) -> datetime:
        """The moment (UTC) in an ISO week. An hour that comes twice is its first, one that is skipped the one after."""
        day = date.fromisocalendar(year, week, self.weekday)
        local = datetime.combine(day, time.fromisoformat(self.time), ZoneInfo(self.zone))
        return local.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class DueIssue:
    """`week` is its name, such as 2026-W03; by the plan it is about the seven days before the cut-off's day, both inclusive."""

    week: str
    cut_off: datetime
    first: date
    last: date


def next_cut_off(
    plan: WeeklyTime, *, now: datetime, since: datetime | None, made: Collection[str] = ()
) -> datetime:
    """When the next issue is made: `now` where one is due already, else the next cut-off of a week that has none."""
    if due_issues(plan, now=now, since=since if since is not None else now, made=made):
        return now
    today = now.astimezone(ZoneInfo(plan.zone)).date()
    ahead = -1
    while True:
        year, week, _ = (today + timedelta(weeks=ahead)).isocalendar()
        cut_off = plan.cut_off(year, week)
        if cut_off > now and f"{year}-W{week:02}" not in made:
            return cut_off
        ahead += 1


def due_issues(
    plan: WeeklyTime, *, now: datetime, since: datetime, made: Collection[str] = ()
) -> list[DueIssue]:
    """The weeks whose cut-off has passed and that have no issue yet, oldest first; at most the last `MOST_MISSED` weeks.

    Args:
        since: weeks with a cut-off before it are never due (the list did not exist).
        made: the names of weeks that have an issue, whatever became of it.
    """
    today = now.astimezone(ZoneInfo(plan.zone)).date()
    found = []
    # The zone's calendar may be a day away from what a clock that was moved says: next week is looked at, too.
    for back in range(MOST_MISSED, -2, -1):
        year, week, _ = (today - timedelta(weeks=back)).isocalendar()
        name, cut_off = f"{year}-W{week:02}", plan.cut_off(year, week)
        is_missed_for_good = now - cut_off >= timedelta(weeks=MOST_MISSED)
        if since <= cut_off <= now and not is_missed_for_good and name not in made:
            found.append(_issue(plan, year, week))
    return found


def issue_of(plan: WeeklyTime, week: str) -> DueIssue:
    """The issue of a week by its name, due or not.

    Raises:
        ValueError: the name is none, or that year has no such week.
    """
    read = _WEEK.fullmatch(week)
    if read is None:
        raise ValueError(f"{week!r} is no week such as 2026-W03")
    try:
        return _issue(plan, int(read[1]), int(read[2]))
    except (ValueError, OverflowError) as err:
        raise ValueError(f"there is no week {week}") from err


def last_issue(plan: WeeklyTime, *, now: datetime) -> DueIssue:
    """The issue whose cut-off passed last."""
    today = now.astimezone(ZoneInfo(plan.zone)).date()
    weeks = [(today - timedelta(weeks=back)).isocalendar()[:2] for back in (-1, 0, 1)]
    return next(one for one in (_issue(plan, *week) for week in weeks) if one.cut_off <= now)


def free_days(due: DueIssue, told: Iterable[tuple[date, date]]) -> tuple[date, date] | None:
    """First and last day that an issue is about beside the list's other issues; None where these tell all of its days.

    It begins the day after the last issue before it ends, so that it has fewer days than seven or up to thirteen where the
    weekday was changed. A whole week without an issue (nothing ran, or the list was stopped) stays one: it can still be made.

    Args:
        told: the days of the list's other issues, whatever became of them.
    """
    spans = list(told)
    ended = max((last for _, last in spans if last < due.last), default=None)
    begins = min((first for first, last in spans if last >= due.last), default=None)
    is_near = ended is not None and due.first - ended <= timedelta(days=7)
    first = ended + timedelta(days=1) if ended is not None and is_near else due.first
    last = due.last if begins is None else min(due.last, begins - timedelta(days=1))
    return (first, last) if first <= last else None


def _issue(plan: WeeklyTime, year: int, week: int) -> DueIssue:
    day = date.fromisocalendar(year, week, plan.weekday)
    return DueIssue(
        f"{year}-W{week:02}", plan.cut_off(year, week), day - timedelta(days=7), day - timedelta(days=1)
    )
