"""What counting takes and gives: an item as a campaign sees it, how a source was read, and figures with the lists behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

from resound.article import Field, Language, Medium, Origin

StandingKind = Literal[
    "counted",
    "unreviewed",
    "rejected",
    "owned",
    "paid",
    "release-verbatim",
    "provisional",
    "outside-window",
    "waits-for-date",
    "not-matched",
]
STANDINGS: tuple[StandingKind, ...] = get_args(StandingKind)
Relation = Literal["independent", "owned", "partner", "paid"]
Review = Literal["accepted", "rejected", "unreviewed"]
Dimension = Literal["language", "outlet", "country", "medium", "origin", "group", "month"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
Column = Literal["items", "stories", "outlets", "groups"]
COLUMNS: tuple[Column, ...] = get_args(Column)
NOT_CODED = "not-coded"
"""The origin of an accepted item that nobody has said anything about: taken as earned, and shown as what it is."""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One item as a campaign sees it, people's decisions laid over the machine's.

    `day` is in the outlet's own calendar. `in_window` is None where the date is missing or suspect, and `window_reason`
    says why. `still_matches` is False for an item that matched once. `seen_at`: aggregators' copies of it. `version`: the
    text that stands for it.
    """

    item: str
    url: str
    title: str
    outlet: str
    outlet_name: str
    provisional: bool
    group: str
    group_name: str
    country: str
    language: Language
    tag: str
    medium: Medium
    origin: Origin | None
    relation: Relation
    story: str
    day: date | None
    in_window: bool | None
    window_reason: str
    review: Review
    still_matches: bool
    re_run: bool = False
    prominence: Field | None = None
    seen_at: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """Something that is known of and cannot, or may not, be read. `outlet` is the source that told of it."""

    url: str
    title: str
    reason: str
    outlet: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """How well one source was read: days of the window, and the gaps (first and last day, inclusive)."""

    source: str
    name: str
    country: str
    group: str
    medium: Medium
    languages: tuple[Language, ...]
    days_read: int
    days_in_window: int
    gaps: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an item stands, and a sentence that says why."""

    kind: StandingKind
    why: str


@dataclass(frozen=True, slots=True)
class FourCounts:
    """Always shown together."""

    items: int = 0
    stories: int = 0
    outlets: int = 0
    groups: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table. `members` are its items; `at_least`: a source that bears on it was not read every day."""

    value: str
    label: str
    counts: FourCounts
    members: tuple[str, ...]
    at_least: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The counted items by one dimension. `do_not_add`: columns whose rows overlap; `total` holds the distinct numbers."""

    dimension: Dimension
    rows: tuple[Row, ...]
    total: FourCounts
    do_not_add: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """A campaign's figures at one moment, with the lists behind every one of them."""

    campaign: str
    as_of: datetime
    review: Literal["manual", "auto"]
    counts: FourCounts
    at_least: bool
    tables: Mapping[Dimension, Table]
    beside: Mapping[str, int]
    """Never added to the counts: items by standing, `provisional-outlets`, `leads`, and `no-longer-matching` (these
    are counted, because a person accepted them)."""
    lists: Mapping[str, tuple[str, ...]]
    """Item ids by standing, and `no-longer-matching`; each in the order of day and address."""
    items: Mapping[str, tuple[ItemFacts, Standing]]
    leads: tuple[Lead, ...]
    watch: tuple[Watch, ...]
    notes: tuple[str, ...]
    """Sentences that must stand beside the figures; `Words.told` says them in a reader's language."""

    def to_json(self) -> dict[str, Any]:
        """For `--json`: keys with underscores, days and moments in ISO 8601."""
        language = self.tables.get("language")
        return {
            "campaign": self.campaign,
            "as_of": self.as_of.astimezone(UTC).isoformat(),
            "review": self.review,
            "counts": asdict(self.counts),
            "at_least": self.at_least,
            "by_language": {row.value: asdict(row.counts) for row in language.rows} if language else {},
            "by": {name: [_row_json(row) for row in table.rows] for name, table in self.tables.items()},
            "do_not_add": {name: list(table.do_not_add) for name, table in self.tables.items()},
            "beside": {_key(name): number for name, number in self.beside.items()},
            "lists": {_key(name): list(ids) for name, ids in self.lists.items()},
            "items": {key: _item_json(facts, place) for key, (facts, place) in self.items.items()},
            "leads": [{**asdict(one), "day": _iso(one.day)} for one in self.leads],
            "watch": {
                "days_read": sum(one.days_read for one in self.watch),
                "days_in_window": sum(one.days_in_window for one in self.watch),
                "sources": [_watch_json(one) for one in self.watch],
            },
            "notes": list(self.notes),
        }


def _key(name: str) -> str:
    return name.replace("-", "_")


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "value": row.value,
        "label": row.label,
        **asdict(row.counts),
        "at_least": row.at_least,
        "list": list(row.members),
    }


def _item_json(facts: ItemFacts, place: Standing) -> dict[str, Any]:
    return {
        **asdict(facts),
        "day": _iso(facts.day),
        "seen_at": list(facts.seen_at),
        "standing": place.kind,
        "why": place.why,
    }


def _watch_json(watch: Watch) -> dict[str, Any]:
    return {
        **asdict(watch),
        "languages": list(watch.languages),
        "gaps": [[first.isoformat(), last.isoformat()] for first, last in watch.gaps],
    }
