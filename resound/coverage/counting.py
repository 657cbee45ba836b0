"""What is counted, and what stands beside it, by the definitions that a report prints. Pure: facts in, figures out.

The order in which an item's standing is decided (the first that applies):

1. rejected: a person said that it is no coverage.
2. not matched: no campaign name or query stands in it (any more), and nobody accepted it.
3. outside the window: its day, in the outlet's own calendar, is not one of the campaign's.
4. unreviewed: it matches, and nobody has decided yet.
5. waits for a date: accepted, but its date is missing or suspect.
6. owned, paid, release verbatim: accepted, but not earned. A decision on the origin is stronger than what the source says.
7. provisional: accepted and earned, but its outlet has no name, owner and country yet.
8. counted.

Four counts go together: items, stories, outlets, publisher groups. Items never overlap between the rows of a table;
stories, outlets and groups may, and such columns must not be added: the distinct total stands beside them.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, get_args

from resound.article import Language, Origin
from resound.coverage.lower_bounds import Days, LowerBounds
from resound.coverage.model import (
    COLUMNS,
    DIMENSIONS,
    NOT_CODED,
    STANDINGS,
    Column,
    Dimension,
    Figures,
    FourCounts,
    ItemFacts,
    Lead,
    Row,
    Standing,
    Table,
    Watch,
)
from resound.errors import ResoundError
from resound.told import Told

DOUBTS: Mapping[str, Told] = {
    "undated": Told("no date was found"),
    "future": Told("the date lies in the future"),
    "before-1990": Told("the date lies before 1990"),
    "disagrees": Told("two dates on the page disagree"),
    "ambiguous": Told("the date can be read in two ways"),
    "search-engine": Told("the date is a search engine's"),
}
"""Why a date waits for a person, in words."""
ORIGINS_TOLD: Mapping[Origin | None, Told] = {
    "original": Told("earned (original reporting)"),
    "agency-pick-up": Told("earned (picked up from an agency)"),
}

_OVERLAPS: Mapping[Dimension, frozenset[Column]] = {
    "language": frozenset({"stories", "outlets", "groups"}),  # translations; outlets with editions
    "outlet": frozenset({"stories", "groups"}),
    "country": frozenset({"stories", "groups"}),
    "medium": frozenset({"stories", "outlets", "groups"}),  # an outlet's print and online
    "origin": frozenset({"stories", "outlets", "groups"}),
    "group": frozenset({"stories"}),
    "month": frozenset({"stories", "outlets", "groups"}),
}


def standing(item: ItemFacts) -> Standing:
    """Where an item stands. Every item has exactly one standing; the module's text gives the order of the rules."""
    when = item.day if item.day is not None else Told("no date")
    if item.review == "rejected":
        return Standing("rejected", Told("A person decided that it is not coverage of this campaign."))
    if item.review == "unreviewed" and not item.still_matches:
        return Standing("not-matched", Told("The campaign does not match it, and nobody accepted it."))
    if item.in_window is False:
        return Standing(
            "outside-window", Told("It was published outside the campaign's window: %(when)s.", when=when)
        )
    if item.review == "unreviewed":
        return Standing(
            "unreviewed", Told("It matches the campaign; nobody has accepted or rejected it yet.")
        )
    if item.in_window is None:
        doubt = DOUBTS.get(item.window_reason, item.window_reason)
        return Standing(
            "waits-for-date",
            Told("It is accepted, but a person must say when it appeared (%(doubt)s).", doubt=doubt),
        )
    unearned = _unearned(item)
    if unearned is not None:
        return unearned
    if item.provisional:
        return Standing(
            "provisional",
            Told(
                "It is accepted, but its outlet %(outlet)s has no name, owner and country yet.",
                outlet=item.outlet_name,
            ),
        )
    origin = ORIGINS_TOLD.get(item.origin, Told("origin not coded yet, taken as earned"))
    if item.still_matches:
        return Standing(
            "counted",
            Told(
                "It is accepted, %(origin)s, published %(when)s inside the window.", origin=origin, when=when
            ),
        )
    return Standing(
        "counted",
        Told(
            "It is accepted, %(origin)s, published %(when)s inside the window. The campaign no longer matches it; it "
            "stays, because a person accepted it.",
            origin=origin,
            when=when,
        ),
    )


def count(
    items: Iterable[ItemFacts],
    *,
    campaign: str,
    as_of: datetime,
    by: Sequence[str] = DIMENSIONS,
    review: Literal["manual", "auto"] = "manual",
    leads: Sequence[Lead] = (),
    watch: Sequence[Watch] = (),
) -> Figures:
    """Count a campaign's items. The order of the input does not matter.

    Raises:
        ResoundError: `by` names something that there is no table for.
        ValueError: one item came twice.
    """
    dimensions = check_dimensions(by)
    placed: dict[str, tuple[ItemFacts, Standing]] = {}
    for one in sorted(items, key=_by_day):
        if one.item in placed:
            raise ValueError(f"item {one.item} came twice")
        placed[one.item] = (one, standing(one))
    of_kind = {
        kind: tuple(facts for facts, place in placed.values() if place.kind == kind) for kind in STANDINGS
    }
    counted = of_kind["counted"]
    bounds = LowerBounds(watch)
    lapsed = tuple(one for one in counted if not one.still_matches)
    beside: dict[str, int] = {kind: len(of_kind[kind]) for kind in STANDINGS if kind != "counted"}
    return Figures(
        campaign=campaign,
        as_of=as_of,
        review=review,
        counts=count_four(counted),
        at_least=bounds.is_one(counted),
        tables={name: _table(name, counted, bounds) for name in dimensions},
        beside={
            **beside,
            "provisional-outlets": len({one.outlet for one in of_kind["provisional"]}),
            "leads": len(leads),
            "no-longer-matching": len(lapsed),
        },
        lists={
            **{kind: tuple(one.item for one in of_kind[kind]) for kind in STANDINGS},
            "no-longer-matching": tuple(one.item for one in lapsed),
        },
        items=placed,
        leads=tuple(sorted(leads, key=lambda one: (one.url, one.title, one.reason))),
        watch=tuple(sorted(watch, key=lambda one: one.source)),
        notes=_notes(counted, lapsed, review, watch, bounds),
    )


def check_dimensions(by: Sequence[str]) -> tuple[Dimension, ...]:
    """The dimensions that `by` names, each once.

    Raises:
        ResoundError: one of them is none.
    """
    known: dict[str, Dimension] = {name: name for name in DIMENSIONS}
    for name in by:
        if name not in known:
            raise ResoundError(f"Nothing is counted by {name!r}. One or more of: {', '.join(DIMENSIONS)}.")
    return tuple(dict.fromkeys(known[name] for name in by))


def count_four(items: Iterable[ItemFacts]) -> FourCounts:
    """How many items, and how many distinct stories, outlets and groups they are."""
    counted = list(items)
    return FourCounts(
        items=len(counted),
        stories=len({one.story for one in counted}),
        outlets=len({one.outlet for one in counted}),
        groups=len({one.group for one in counted}),
    )


def _unearned(item: ItemFacts) -> Standing | None:
    if item.origin is not None:
        by_origin: dict[Origin, Standing] = {
            "owned": Standing(
                "owned", Told("It is accepted, but decided to be owned or a partner's: not earned.")
            ),
            "paid": Standing("paid", Told("It is accepted, but decided to be paid for: not earned.")),
            "release-verbatim": Standing(
                "release-verbatim",
                Told("It is accepted, but repeats a release word for word: not earned."),
            ),
        }
        return by_origin.get(item.origin)
    if item.relation == "owned":
        return Standing(
            "owned",
            Told(
                "It is accepted, but %(outlet)s is the campaign's own: not earned.", outlet=item.outlet_name
            ),
        )
    if item.relation == "partner":
        return Standing(
            "owned", Told("It is accepted, but %(outlet)s is a partner: not earned.", outlet=item.outlet_name)
        )
    if item.relation == "paid":
        return Standing(
            "paid",
            Told(
                "It is accepted, but what %(outlet)s carries is paid for: not earned.",
                outlet=item.outlet_name,
            ),
        )
    return None


def _table(dimension: Dimension, counted: Sequence[ItemFacts], bounds: LowerBounds) -> Table:
    read = _READERS[dimension]
    members: dict[tuple[str, str], list[ItemFacts]] = {}
    if dimension == "language":  # every language has its row, an empty one too
        members = {(language, language): [] for language in get_args(Language)}
    labels: dict[str, str] = {}
    for one in counted:
        value, label = read(one)
        members.setdefault((value, labels.setdefault(value, label)), []).append(one)
    rows = [
        Row(
            value=value,
            label=label,
            counts=count_four(inside),
            members=tuple(one.item for one in inside),
            at_least=bounds.is_one(inside, dimension=dimension, value=value, days=_days(dimension, value)),
        )
        for (value, label), inside in members.items()
    ]
    if dimension == "month":
        rows.sort(key=lambda row: row.value)
    elif dimension != "language":
        rows.sort(key=lambda row: (-row.counts.items, row.value))
    total = count_four(counted)
    overlapping = [
        column
        for column in COLUMNS
        if column in _OVERLAPS[dimension]
        or sum(getattr(row.counts, column) for row in rows) != getattr(total, column)
    ]
    return Table(dimension, tuple(rows), total, tuple(overlapping))


_READERS: Mapping[Dimension, Callable[[ItemFacts], tuple[str, str]]] = {
    "language": lambda one: (one.language, one.language),
    "outlet": lambda one: (one.outlet, one.outlet_name),
    "country": lambda one: (one.country, one.country),
    "medium": lambda one: (one.medium, one.medium),
    "origin": lambda one: (one.origin or NOT_CODED, one.origin or NOT_CODED),
    "group": lambda one: (one.group, one.group_name),
    "month": lambda one: (f"{one.day:%Y-%m}",) * 2 if one.day is not None else ("undated", "undated"),
}


def _days(dimension: Dimension, value: str) -> Days | None:
    """The days of a month's row."""
    if dimension != "month" or value == "undated":
        return None
    year, month = map(int, value.split("-"))
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _notes(
    counted: Sequence[ItemFacts],
    lapsed: Sequence[ItemFacts],
    review: str,
    watch: Sequence[Watch],
    bounds: LowerBounds,
) -> tuple[str, ...]:
    notes = []
    if review == "auto":
        notes.append(
            Told("This campaign accepts what the matcher finds; nobody has read every counted item.")
        )
    uncoded = sum(one.origin is None for one in counted)
    if uncoded:
        notes.append(
            Told(
                "The origin of %(count)s counted items is not coded; they are taken as earned.", count=uncoded
            )
        )
    if lapsed:
        notes.append(
            Told(
                "%(count)s accepted items no longer match the campaign; they stay counted and are listed.",
                count=len(lapsed),
            )
        )
    gaps = sum(bool(one.gaps) for one in watch)
    if gaps:
        notes.append(
            Told(
                "%(gaps)s of %(sources)s sources were not read on every day of the window: read “at least”.",
                gaps=gaps,
                sources=len(watch),
            )
        )
    if not watch:
        notes.append(Told("No source is read by machine for this campaign: read “at least”."))
    elif unwatched := bounds.unwatched(counted):
        notes.append(
            Told(
                "%(count)s outlets of counted items are not read by machine; what they carried came by hand: read “at least”.",
                count=len(unwatched),
            )
        )
    return tuple(notes)


def _by_day(item: ItemFacts) -> tuple[date, str, str]:
    return (item.day or date.max, item.url, item.item)
