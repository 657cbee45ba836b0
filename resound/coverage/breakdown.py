"""Counted items broken down: over time, by outlet, tone, theme and story. Pure: facts in, figures out.

Every number is the length of a list of item ids, so that whoever doubts it can read the items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from resound.article import Language, Medium
from resound.coverage.lower_bounds import LowerBounds
from resound.coverage.model import Figures, ItemFacts, Watch

Unit = Literal["day", "week", "month"]
MOST_DAYS = 45
"""A longer window is drawn by weeks."""
MOST_WEEKS = 30
"""A longer one by months."""
LANGUAGES: tuple[Language, ...] = get_args(Language)
TONES = ("positive", "neutral", "negative")


@dataclass(frozen=True, slots=True)
class Period:
    """Inclusive days. `at_least`: there may be more than was counted; `least_in`: in which languages."""

    first: date
    last: date
    at_least: bool = False
    least_in: tuple[Language, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """Items over time by language: `members[language][n]` are those of `periods[n]`, in the outlets' own calendars.

    Weeks begin on Monday; the first and the last period end where the window does.
    """

    unit: Unit
    periods: tuple[Period, ...]
    members: Mapping[Language, tuple[tuple[str, ...], ...]]

    @property
    def spoken(self) -> tuple[Language, ...]:
        """The languages that are drawn: those with any items; the three that are always looked at where there are none."""
        return tuple(name for name, some in self.members.items() if any(some)) or LANGUAGES[:3]

    def count(self, language: Language, at: int) -> int:
        """Items of one language in one period."""
        return len(self.members[language][at])

    def total(self, at: int) -> int:
        """Items of one period in all languages."""
        return sum(self.count(language, at) for language in self.members)


@dataclass(frozen=True, slots=True)
class Part:
    """One value's items, and which share (0 … 1) of the split's `of` they are."""

    value: str
    members: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Split:
    """Items by something that is read in them.

    `of`: how many items the shares are shares of. `overlaps`: an item may be in several parts, which must not be added.
    `none`: read, and nothing of it was found; `waiting`: not read yet; `doubtful`: the machine itself is not sure.
    `made_by`: whose machine work it is; empty where people said it.
    """

    parts: tuple[Part, ...]
    of: int
    overlaps: bool = False
    none: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    made_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model read in one item. `values`: its tone, or its themes; empty where it found none."""

    values: tuple[str, ...]
    made_by: str
    is_uncertain: bool = False


@dataclass(frozen=True, slots=True)
class OutletRow:
    """One outlet's items in a campaign. `provisional`: it has no name, owner and country yet, and is not counted."""

    outlet: str
    name: str
    group_name: str
    country: str
    provisional: bool
    members: tuple[str, ...]
    stories: int
    languages: tuple[Language, ...]
    media: tuple[Medium, ...]
    first: date | None
    last: date | None
    at_least: bool


@dataclass(frozen=True, slots=True)
class Story:
    """Counted items that come from one original text, the earliest first."""

    story: str
    items: tuple[ItemFacts, ...]
    outlets: int
    languages: tuple[Language, ...]

    @property
    def head(self) -> ItemFacts:
        """The earliest counted item."""
        return self.items[0]


def choose_unit(first: date, last: date) -> Unit:
    """Days for a window of some weeks, weeks for some months, months for what is longer."""
    days = (last - first).days + 1
    if days <= MOST_DAYS:
        return "day"
    return "week" if days <= MOST_WEEKS * 7 else "month"


def cut_periods(first: date, last: date, unit: Unit) -> list[tuple[date, date]]:
    """Every period of the inclusive days `first` … `last`, without a gap; none where `first` is after `last`."""
    found = []
    start = first
    while start <= last:
        end = min(last, _end_of(start, unit))
        found.append((start, end))
        start = end + timedelta(days=1)
    return found


def _end_of(day: date, unit: Unit) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day + timedelta(days=6 - day.weekday())
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def series_over_time(
    counted: Sequence[ItemFacts], *, first: date, last: date, watch: Sequence[Watch] = ()
) -> Series:
    """Items by period and language; a period without items is there as 0.

    Args:
        first, last: the days that are drawn. The whole window would draw zeros where nothing can have happened yet.
    """
    unit = choose_unit(first, last)
    spans = cut_periods(first, last, unit)
    at = {start: number for number, (start, _) in enumerate(spans)}
    members: dict[Language, list[list[ItemFacts]]] = {language: [[] for _ in spans] for language in LANGUAGES}
    for one in counted:
        if one.day is not None and first <= one.day <= last:
            start = max(first, _start_of(one.day, unit))
            members[one.language][at[start]].append(one)
    bounds = LowerBounds(watch)
    periods = tuple(
        Period(
            *days,
            at_least=bounds.is_one((one for some in members.values() for one in some[number]), days=days),
            least_in=tuple(
                name
                for name, some in members.items()
                if bounds.is_one(some[number], dimension="language", value=name, days=days)
            ),
        )
        for number, days in enumerate(spans)
    )
    ids = {name: tuple(tuple(one.item for one in part) for part in some) for name, some in members.items()}
    return Series(unit, periods, ids)


def _start_of(day: date, unit: Unit) -> date:
    if unit == "day":
        return day
    return day - timedelta(days=day.weekday()) if unit == "week" else day.replace(day=1)


def last_day_shown(first: date, last: date, today: date, counted: Iterable[ItemFacts]) -> date:
    """Where a series of the window `first` … `last` ends: today or, in zones ahead of us, the newest item's day."""
    newest = max((one.day for one in counted if one.day is not None), default=today)
    return max(first, min(last, max(today, newest)))


def split_tone(counted: Sequence[ItemFacts], read: Mapping[str, Reading]) -> Split:
    """By the tone that a model proposes. Shares are of the items for which it proposes one.

    Args:
        read: version → what the model read in it. No value: no passage names the campaign.
    """
    found = _split(counted, read, TONES)
    of = sum(len(one.members) for one in found.parts)
    return _with_shares(found, of, overlaps=False)


def split_topics(counted: Sequence[ItemFacts], read: Mapping[str, Reading]) -> Split:
    """By theme, largest first; an item may have several. Shares are of the items that a model has read."""
    found = _split(counted, read, ())
    parts = sorted(found.parts, key=lambda one: (-len(one.members), one.value))
    of = len({item for one in parts for item in one.members}) + len(found.none)
    return _with_shares(Split(tuple(parts), 0, False, *_rest(found)), of, overlaps=True)


def _split(counted: Sequence[ItemFacts], read: Mapping[str, Reading], order: Sequence[str]) -> Split:
    members: dict[str, list[str]] = {value: [] for value in order}
    none, waiting, doubtful = [], [], []
    made_by: dict[str, None] = {}
    for one in counted:
        said = read.get(one.version)
        if said is None:
            waiting.append(one.item)
            continue
        made_by[said.made_by] = None
        for value in said.values:
            members.setdefault(value, []).append(one.item)
        if not said.values:
            none.append(one.item)
        if said.is_uncertain:
            doubtful.append(one.item)
    parts = tuple(Part(value, tuple(some), 0.0) for value, some in members.items())
    return Split(parts, 0, False, tuple(none), tuple(waiting), tuple(doubtful), tuple(sorted(made_by)))


def _rest(found: Split) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return found.none, found.waiting, found.doubtful, found.made_by


def _with_shares(found: Split, of: int, *, overlaps: bool) -> Split:
    parts = [Part(one.value, one.members, len(one.members) / of if of else 0.0) for one in found.parts]
    return Split(tuple(parts), of, overlaps, *_rest(found))


def share_of_voice(campaign: str, items: Mapping[str, Iterable[str]]) -> Split:
    """Campaign ÷ (campaign ∪ comparators), and each comparator likewise; an item may tell of several.

    Args:
        items: id of the campaign and of each comparator → the items that it matches. Without comparators there is
            nothing to be a share of, and the split has no part.
    """
    if len(items) < 2:
        return Split((), 0, overlaps=True)
    sets = {key: sorted(set(some)) for key, some in items.items()}
    of = len({item for some in sets.values() for item in some})
    order = sorted(sets, key=lambda key: (key != campaign, -len(sets[key]), key))
    return Split(
        tuple(Part(key, tuple(sets[key]), len(sets[key]) / of if of else 0.0) for key in order),
        of,
        overlaps=True,
    )


def list_outlets(figures: Figures) -> tuple[OutletRow, ...]:
    """Every outlet with counted items, most items first, then the provisional ones of accepted items."""
    at_least = {row.value: row.at_least for row in figures.tables["outlet"].rows}
    rows = []
    for kind in ("counted", "provisional"):
        members: dict[str, list[ItemFacts]] = {}
        for key in figures.lists[kind]:
            one = figures.items[key][0]
            members.setdefault(one.outlet, []).append(one)
        for outlet, some in sorted(members.items(), key=lambda pair: (-len(pair[1]), pair[0])):
            days = [one.day for one in some if one.day is not None]
            rows.append(
                OutletRow(
                    outlet=outlet,
                    name=some[0].outlet_name,
                    group_name=some[0].group_name,
                    country=some[0].country,
                    provisional=kind == "provisional",
                    members=tuple(one.item for one in some),
                    stories=len({one.story for one in some}),
                    languages=_languages(some),
                    media=tuple(name for name in get_args(Medium) if any(one.medium == name for one in some)),
                    first=min(days, default=None),
                    last=max(days, default=None),
                    at_least=at_least.get(outlet, False),
                )
            )
    return tuple(rows)


def gather_stories(counted: Iterable[ItemFacts]) -> tuple[Story, ...]:
    """Stories by how many items they have, then by how many outlets, then by day."""
    members: dict[str, list[ItemFacts]] = {}
    for one in counted:
        members.setdefault(one.story, []).append(one)
    stories = []
    for story, some in members.items():
        some.sort(key=_by_day)
        stories.append(Story(story, tuple(some), len({one.outlet for one in some}), _languages(some)))
    stories.sort(key=lambda one: (-len(one.items), -one.outlets, *_by_day(one.head)))
    return tuple(stories)


def choose_quoted(items: Iterable[ItemFacts], most: int, own: Language) -> tuple[str, ...]:
    """Which items are quoted: the earliest in the reader's own language, the earliest of each other, the next of each."""
    order = [own, *(language for language in LANGUAGES if language != own)]
    turns: list[tuple[int, int, str]] = []
    taken = dict.fromkeys(LANGUAGES, 0)
    for one in sorted(items, key=_by_day):
        turns.append((taken[one.language], order.index(one.language), one.item))
        taken[one.language] += 1
    return tuple(item for _, _, item in sorted(turns)[:most])


def _languages(some: Iterable[ItemFacts]) -> tuple[Language, ...]:
    spoken = {one.language for one in some}
    return tuple(language for language in LANGUAGES if language in spoken)


def _by_day(one: ItemFacts) -> tuple[date, str]:
    return (one.day or date.max, one.url)
