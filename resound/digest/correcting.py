"""What earlier issues said of their weeks, what it should be now, and what was found late. Pure.

An earlier issue's count is corrected once: what is said last of a week (by its own issue, or by a later one that corrected
it) is what the next one is held to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from resound.coverage.counting import count_four
from resound.coverage.model import FourCounts, ItemFacts, StandingKind
from resound.digest.model import Added, Correction, Edition, Gain, Loss, Regrouped, Removed

Span = tuple[date, date]
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Stated:
    """What was said last of a week. `titles`: of its items, as they were called then."""

    week: str
    first: date
    last: date
    said_in: str
    at: datetime
    counts: FourCounts
    items: frozenset[str]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Late:
    """Counted items that belong to an earlier week and stood in no issue. `week` is empty where no issue was about it."""

    week: str
    first: date
    last: date
    items: tuple[ItemFacts, ...]


@dataclass(frozen=True, slots=True)
class Sorted:
    """The counted items that were published before a week: which are late finds of it, and how many are not.

    `pending` are of weeks whose issue is not decided yet; `older` of the time before the list's first issue.
    """

    late: tuple[Late, ...]
    pending: int
    older: int


def stated_weeks(
    earlier: Sequence[Edition], *, heirs: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Stated]:
    """week → what was said of it last.

    Args:
        earlier: approved editions of one list, in the order in which they were approved.
        heirs: item that was told → the item that the same publication is now.
    """
    stated: dict[str, Stated] = {}
    for one in earlier:
        titles = {entry.item: entry.title for story in one.stories for entry in (story.head, *story.others)}
        titles |= {item: dropped.title for dropped in one.dropped for item in dropped.items}
        stated[one.week] = Stated(
            one.week, one.first, one.last, one.week, one.as_of, one.counts, frozenset(one.items), titles
        )
        for fixed in one.corrections:
            before = stated.get(fixed.week)
            if before is not None:
                items = before.items - {loss.item for loss in fixed.removed}
                stated[fixed.week] = replace(
                    before,
                    said_in=one.week,
                    at=one.as_of,
                    counts=fixed.now,
                    items=items | {gain.item for gain in fixed.added},
                    titles={**before.titles, **{gain.item: gain.title for gain in fixed.added}},
                )
    return {week: replace(one, items=_followed(one.items, heirs)) for week, one in stated.items()}


def _followed(items: frozenset[str], heirs: Mapping[str, str]) -> frozenset[str]:
    """An item under another address is the same one. Where both were counted, one is part of the other now, and stays to be told."""
    found = {one for one in items if one not in heirs}
    for one in sorted(items & heirs.keys()):
        found.add(one if heirs[one] in found else heirs[one])
    return frozenset(found)


def sort_earlier(
    counted: Iterable[ItemFacts],
    *,
    first: date,
    earlier: Sequence[Edition],
    pending: Sequence[Span],
    skipped: Sequence[Span] = (),
    heirs: Mapping[str, str] = MappingProxyType({}),
) -> Sorted:
    """Which counted items of the days before `first` are late finds.

    Late finds are those that stood in no earlier issue, published since the first day that an issue of this list was about.
    A list's first issue has none: what came before it was never said. Where a person `skipped` an issue before any was sent,
    its days are told late, too. `heirs` as for `stated_weeks`.
    """
    known = {item for one in earlier for item in (*one.items, *one.late_items)}
    known |= {heirs[item] for item in known & heirs.keys()}
    began = min((*(one.first for one in earlier), *(start for start, _ in skipped)), default=None)
    spans = {one.week: (one.first, one.last) for one in earlier}
    found: dict[tuple[date, date, str], list[ItemFacts]] = {}
    waiting = older = 0
    for one in counted:
        if one.day is None or one.day >= first or one.item in known:
            continue
        if any(start <= one.day <= end for start, end in pending):
            waiting += 1
        elif began is None or one.day < began:
            older += 1
        else:
            week = next((name for name, (start, end) in spans.items() if start <= one.day <= end), "")
            start, end = spans[week] if week else _block(one.day, first)
            found.setdefault((start, end, week), []).append(one)
    return Sorted(
        tuple(Late(week, start, end, tuple(items)) for (start, end, week), items in sorted(found.items())),
        waiting,
        older,
    )


def find_corrections(
    stated: Mapping[str, Stated],
    items: Mapping[str, tuple[ItemFacts, StandingKind]],
    *,
    first: date,
    first_seen: Mapping[str, datetime],
) -> tuple[Correction, ...]:
    """The weeks before a day whose counts are others than was said, the newest first.

    The items may be the same: a story that was merged, or an outlet with another owner, changes what was said, too.

    Args:
        first: of the week that corrects them; an issue of a later week, which was approved before, is none of its business.
        items: everything that the campaign has to do with, and where it stands.
        first_seen: item → when it came into the store, of those that count now and did not.
    """
    found = []
    counted = [facts for facts, kind in items.values() if kind == "counted"]
    moved_from = {item for one in stated.values() for item in one.items}
    for one in stated.values():
        if one.first >= first:
            continue
        now = [facts for facts in counted if facts.day is not None and one.first <= facts.day <= one.last]
        current = {facts.item for facts in now}
        if current == one.items and count_four(now) == one.counts:
            continue
        added = tuple(
            Gain(facts.item, facts.title, _added(facts.item, one, moved_from, first_seen))
            for facts in now
            if facts.item not in one.items
        )
        removed = tuple(
            Loss(
                item,
                items[item][0].title if item in items else one.titles.get(item, ""),
                _removed(item, items),
            )
            for item in sorted(one.items - current)
        )
        found.append(
            Correction(
                one.week,
                one.first,
                one.last,
                one.said_in,
                one.counts,
                count_four(now),
                added,
                removed,
                _regrouped(one, items),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.first, one.week), reverse=True))


def _regrouped(said: Stated, items: Mapping[str, tuple[ItemFacts, StandingKind]]) -> tuple[Regrouped, ...]:
    """The counts that the items of then have no more: by the stories, outlets and publishers that they are of now.

    An item that became part of another one has left nothing to say of what it was; it may have been one more of each.
    """
    known = [items[item][0] for item in said.items if item in items]
    now, unknown = count_four(known), len(said.items) - len(known)
    pairs: tuple[tuple[Regrouped, int, int], ...] = (
        ("stories", said.counts.stories, now.stories),
        ("outlets", said.counts.outlets, now.outlets),
        ("groups", said.counts.groups, now.groups),
    )
    return tuple(name for name, then, here in pairs if not here <= then <= here + unknown)


def gained(stated: Mapping[str, Stated], counted: Iterable[ItemFacts]) -> set[str]:
    """Items that count for a stated week and were not among what was said of it."""
    return {
        facts.item
        for facts in counted
        for one in stated.values()
        if facts.day is not None and one.first <= facts.day <= one.last and facts.item not in one.items
    }


def _added(item: str, of: Stated, moved_from: set[str], first_seen: Mapping[str, datetime]) -> Added:
    if item in moved_from:
        return "other-day"
    seen = first_seen.get(item)
    return "found-later" if seen is not None and seen > of.at else "accepted-later"


def _removed(item: str, items: Mapping[str, tuple[ItemFacts, StandingKind]]) -> Removed:
    if item not in items:
        return "joined"
    kind = items[item][1]
    return "other-day" if kind == "counted" else kind


def _block(day: date, first: date) -> Span:
    """The seven days, counted back from a week's first day, in which a day lies."""
    back = (first - day + timedelta(days=6)) // WEEK
    return first - back * WEEK, first - (back - 1) * WEEK - timedelta(days=1)
