"""What the search page shows: hits, facets by name whose choices change the query's text, and how many items each period has.

Everything that was asked for stands in an `Asked`, and so in the address of the page.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from resound.campaign import Campaign
from resound.errors import QuerySyntaxError, SearchUnavailableError
from resound.index.base import FACETS, Bar, Order, Period, SearchIndex
from resound.people.sight import EVERYTHING, Sight
from resound.query.edit import Conditions, read
from resound.query.tree import DateRange
from resound.searching.query_words import say_month, say_year
from resound.searching.search import Found, Results, search
from resound.text import fold_keyword
from resound.value_names import MADE_BY_MODELS, ValueNames
from resound.words import Words

SHOWN_FACETS = ("lang", "country", "campaign", "outlet", "type", "tone", "topic", "group", "origin")
"""All of them, in the order in which people ask."""
DAYS = 45
MONTHS = 36
"""Up to so many a histogram shows days, months; beyond, the next longer period."""
MOST_BARS = 60
MOST_CHOICES = 40
"""Of one facet, the most frequent ones; what is chosen is always among them."""
STREAM_PAGE = 500
"""Hits that are in memory while every hit is told."""
_QUOTES = str.maketrans(dict.fromkeys('"“”„‟＂「」『』«»', " "))


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as a person asks for it. Blank text asks for everything.

    `collapse`: a story stands once, by its first item. `expand`: a name finds its forms in every language.
    """

    text: str = ""
    order: Order = "newest"
    collapse: bool = False
    expand: bool = True
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet. `text` is the query with it chosen, or no longer; None where no query can name it."""

    value: str
    label: str
    count: int
    is_chosen: bool
    text: str | None


@dataclass(frozen=True, slots=True)
class Facet:
    """Several choices are alternatives: `count` tells what each would find beside the ones that are chosen.

    `others`: how many values more there are. `text_without` is the query of any value.
    """

    name: str
    label: str
    is_by_model: bool
    choices: tuple[Choice, ...]
    others: int
    text_without: str

    @property
    def has_chosen(self) -> bool:
        """Whether the query asks for one of its values."""
        return any(one.is_chosen for one in self.choices)


@dataclass(frozen=True, slots=True)
class DateBar:
    """A period. `share` is its part of the highest bar, from 0 to 100; `text` is the query of this period alone."""

    label: str
    count: int
    share: int
    text: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """`text_without` is the query of all days, where it asks for some."""

    period: Period
    bars: tuple[DateBar, ...]
    undated: int
    text_without: str | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another query that finds something where this one found nothing."""

    kind: str
    asked: Asked
    total: int


@dataclass(frozen=True, slots=True)
class SearchView:
    """A page of results. `suggestions` are there only where nothing was found."""

    asked: Asked
    results: Results
    facets: tuple[Facet, ...]
    histogram: Histogram
    suggestions: tuple[Suggestion, ...]


def view_search(
    index: SearchIndex,
    asked: Asked,
    *,
    campaigns: Iterable[Campaign],
    names: ValueNames,
    limit: int = 20,
    sight: Sight = EVERYTHING,
) -> SearchView:
    """One page of a search with everything around it.

    Raises:
        QuerySyntaxError: where and what was expected.
        PlaceError: `after` is no place in this list.
        SearchUnavailableError: the index does not answer.
    """
    campaigns = tuple(campaigns)
    desk = _Asking(index, campaigns if asked.expand else (), sight)
    conditions = Conditions(asked.text)
    period = _period_of(conditions.dates)
    results = desk.ask(asked, limit=limit, facets=FACETS, histogram=period)
    return SearchView(
        asked=asked,
        results=results,
        facets=tuple(_facets(desk, conditions, results, names)),
        histogram=_histogram(desk, conditions, results, period, names.words),
        suggestions=() if results.total else tuple(_suggest(desk, asked, conditions, campaigns)),
    )


def every_hit(
    index: SearchIndex, asked: Asked, *, campaigns: Iterable[Campaign], sight: Sight = EVERYTHING
) -> Iterator[Found]:
    """Every hit of a search in its order; one page of them is in memory at a time.

    The first page is asked for at once, so that what is wrong with a query is raised here. Raises SearchUnavailableError
    also on the way, where the index can no longer give all of them.
    """
    desk = _Asking(index, tuple(campaigns) if asked.expand else (), sight)
    first = desk.ask(replace(asked, after=None), limit=STREAM_PAGE)

    def walk() -> Iterator[Found]:
        page = first
        while True:
            if page.trouble:  # a file that looks whole and is not would be worse than none
                raise SearchUnavailableError(page.trouble)
            yield from page.hits
            if page.next is None:
                return
            page = desk.ask(replace(asked, after=page.next), limit=STREAM_PAGE)

    return walk()


@dataclass(frozen=True, slots=True)
class _Asking:
    """Whom is asked, with which names, for somebody who sees so much: the same for all questions of one page."""

    index: SearchIndex
    glossary: tuple[Campaign, ...]
    sight: Sight

    def ask(
        self,
        asked: Asked,
        *,
        limit: int = 0,
        facets: Sequence[str] = (),
        histogram: Period | None = None,
    ) -> Results:
        return search(
            self.index,
            read(asked.text),
            campaigns=self.glossary,
            order=asked.order,
            limit=limit,
            after=asked.after,
            facets=facets,
            histogram=histogram,
            collapse=asked.collapse,
            sight=self.sight,
        )


def _facets(desk: _Asking, conditions: Conditions, results: Results, names: ValueNames) -> Iterator[Facet]:
    for name in SHOWN_FACETS:
        chosen = {fold_keyword(value): value for value in conditions.values(name)}
        text_without = conditions.without(name)
        counts = results.facets[name]
        if chosen:  # what the other values would bring is told by the query without this field
            counts = desk.ask(Asked(text_without), facets=(name,)).facets[name]
        found = {fold_keyword(value) for value, _ in counts}
        shown = [
            *((value, 0) for folded, value in chosen.items() if folded not in found),
            *(
                one
                for place, one in enumerate(counts)
                if place < MOST_CHOICES or fold_keyword(one[0]) in chosen
            ),
        ]
        choices = tuple(
            Choice(
                value=value,
                label=names.value(name, value),
                count=count,
                is_chosen=fold_keyword(value) in chosen,
                text=_toggled(conditions, name, value),
            )
            for value, count in shown
        )
        if choices:
            others = max(0, len(counts) - len(choices))
            is_by_model = name in MADE_BY_MODELS
            yield Facet(name, names.field(name), is_by_model, choices, others, text_without)


def _toggled(conditions: Conditions, name: str, value: str) -> str | None:
    try:
        return conditions.toggle(name, value)
    except ValueError:
        return None


def _period_of(days: DateRange | None) -> Period:
    """Days where the query asks for few of them; else months, of which years can be made."""
    if days is None or days.first is None or days.last is None:
        return "month"
    return "day" if (days.last - days.first).days < DAYS else "month"


def _histogram(
    desk: _Asking,
    conditions: Conditions,
    results: Results,
    period: Period,
    words: Words,
) -> Histogram:
    dates = results.dates
    if period == "month" and dates:
        first, last = dates[0][0], dates[-1][0]
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        if months == 1:
            period = "day"
            dates = desk.ask(Asked(conditions.text), histogram="day").dates
        elif months > MONTHS:
            period, dates = "year", tuple(_by_year(dates))
    highest = max((count for _, count in dates), default=1)
    bars = tuple(
        DateBar(
            label=_name_period(first, period, words),
            count=count,
            share=-(-100 * count // highest),
            text=conditions.on(DateRange(first, _end_of(first, period))),
        )
        for first, count in _without_gaps(dates, period)
    )
    text_without = None if conditions.dates is None else conditions.on_any_day()
    return Histogram(period, bars, results.undated, text_without)


def _by_year(months: Sequence[Bar]) -> Iterator[Bar]:
    for year, group in groupby(months, key=lambda one: one[0].year):
        yield date(year, 1, 1), sum(count for _, count in group)


def _without_gaps(dates: Sequence[Bar], period: Period) -> Iterator[Bar]:
    """Periods without an item between those with some; all left out where they would be too many."""
    if not dates:
        return
    counted = dict(dates)
    day, last, filled = dates[0][0], dates[-1][0], list[Bar]()
    while day <= last and len(filled) <= MOST_BARS:
        filled.append((day, counted.get(day, 0)))
        end = _end_of(day, period)
        if end == date.max:
            break
        day = end + timedelta(days=1)
    yield from filled if len(filled) <= MOST_BARS else dates


def _end_of(first: date, period: Period) -> date:
    match period:
        case "day":
            return first
        case "month":
            return first.replace(day=calendar.monthrange(first.year, first.month)[1])
        case "year":
            return first.replace(month=12, day=31)


def _name_period(first: date, period: Period, words: Words) -> str:
    match period:
        case "day":
            return words.day(first)
        case "month":
            return say_month(first, words)
        case "year":
            return say_year(first, words)


def _suggest(
    desk: _Asking, asked: Asked, conditions: Conditions, campaigns: tuple[Campaign, ...]
) -> Iterator[Suggestion]:
    """What a person could try; only what finds something."""
    bare = Conditions(conditions.without(*FACETS)).on_any_day()
    candidates = (
        ("forms", replace(asked, expand=True)),
        ("any-date", replace(asked, text=conditions.on_any_day())),
        ("no-conditions", replace(asked, text=bare)),
        ("unquoted", replace(asked, text=" ".join(asked.text.translate(_QUOTES).split()))),
        ("any-word", replace(asked, text=Conditions(bare).any_word() or asked.text)),
    )
    tried = {replace(asked, after=None)}
    for kind, candidate in candidates:
        other = replace(candidate, after=None)
        if other in tried or not other.text.strip():
            continue
        tried.add(other)
        try:
            total = replace(desk, glossary=campaigns if other.expand else ()).ask(other).total
        except QuerySyntaxError:  # its quotes held an operator or a part of one
            continue
        if total:
            yield Suggestion(kind, other, total)
