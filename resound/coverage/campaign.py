"""A campaign's coverage, as its page and its report show it: the four counts, and the counted items broken down.

Reads the store, never the index. `resound.coverage.counting`, `resound.coverage.breakdown` and `resound.coverage.coded` decide; this module brings
them the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection

from resound.article import Language
from resound.campaign import Campaign
from resound.coding.item import Quoted, coding_figures, quote_items
from resound.coverage.breakdown import (
    OutletRow,
    Reading,
    Series,
    Split,
    Story,
    choose_quoted,
    gather_stories,
    last_day_shown,
    list_outlets,
    series_over_time,
    split_tone,
    split_topics,
)
from resound.coverage.coded import CarriedRow, CodingFigures
from resound.coverage.figure_cache import FigureCache, figures_mark
from resound.coverage.figures import campaign_figures
from resound.coverage.model import Dimension, Figures, ItemFacts, StandingKind
from resound.errors import NotFoundError
from resound.kept_in_memory import Kept
from resound.settings import UiLanguage
from resound.source import Names
from resound.store.enrichments import list_headlines, list_tones, list_topics
from resound.store.registry import load_campaign, load_sources
from resound.texts import N_
from resound.told import Told

QUOTED = 3
"""Items that are quoted for one message or spokesperson."""
_SPOKEN: Mapping[UiLanguage, Language] = {"zh-Hant": "zh", "en": "en", "vi": "vi"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """`tone` is what a machine proposes, `coding` what people decided; the two are never added.

    `mark` is another one as soon as anything of this may be different (`figures_mark`). `outlet_names`: of the outlets that are known.
    """

    campaign: Campaign
    figures: Figures
    series: Series
    outlets: tuple[OutletRow, ...]
    tone: Split
    topics: Split
    coding: CodingFigures
    stories: tuple[Story, ...]
    outlet_names: Mapping[str, Names]
    mark: tuple[str, ...]

    def item(self, key: str) -> ItemFacts:
        """One of the campaign's items, counted or not."""
        return self.figures.items[key][0]

    def standing(self, key: str) -> StandingKind:
        """Where it stands."""
        return self.figures.items[key][1].kind

    def outlet_name(self, language: UiLanguage, outlet: str, otherwise: str) -> str:
        """An outlet as it is called in a language, where it is known; else `otherwise`."""
        names = self.outlet_names.get(outlet)
        return otherwise if names is None else names.best(language)


@dataclass(frozen=True, slots=True)
class Quotation:
    """What one item says of a message, or of a spokesperson."""

    item: ItemFacts
    passages: tuple[Quoted, ...]

    @property
    def best(self) -> Quoted:
        """The passage with most different words of it; the first of equals."""
        return max(self.passages, key=lambda one: len({one.text[start:end] for start, end in one.marks}))


@dataclass(frozen=True, slots=True)
class Headline:
    """A machine's translation of a headline. `made_by`: whose work it is, to be said beside it."""

    text: str
    tag: str
    made_by: str


def campaign_coverage(
    connection: Connection, campaign_id: str, *, now: datetime, figures: Figures | None = None
) -> Coverage:
    """Everything that is shown of a campaign's coverage, as of now. `figures`: where they are counted already.

    Raises:
        NotFoundError: there is no such campaign.
    """
    campaign = load_campaign(connection, campaign_id)
    if figures is None:
        figures = campaign_figures(connection, campaign_id, now=now)
    versions = [figures.items[key][0].version for key in figures.lists["counted"]]
    return lay_out_coverage(
        campaign,
        figures,
        today=now.date(),
        tones=read_tones(connection, campaign.id, versions),
        topics=read_topics(connection, versions),
        coding=coding_figures(connection, figures),
        outlet_names={key: one.names for key, one in load_sources(connection).items()},
        mark=figures_mark(connection, now=now),
    )


def lay_out_coverage(
    campaign: Campaign,
    figures: Figures,
    *,
    today: date,
    tones: Mapping[str, Reading],
    topics: Mapping[str, Reading],
    coding: CodingFigures,
    outlet_names: Mapping[str, Names],
    mark: tuple[str, ...],
) -> Coverage:
    """Break the counted items down, out of the store or out of a snapshot. Pure.

    Args:
        today: the series ends with it, or with the newest item.
        tones, topics: version → what a model read in it.
    """
    counted = [figures.items[key][0] for key in figures.lists["counted"]]
    first = campaign.window.first
    last = last_day_shown(first, campaign.window.last, today, counted)
    return Coverage(
        campaign=campaign,
        figures=figures,
        series=series_over_time(counted, first=first, last=last, watch=figures.watch),
        outlets=list_outlets(figures),
        tone=split_tone(counted, tones),
        topics=split_topics(counted, topics),
        coding=coding,
        stories=gather_stories(counted),
        outlet_names=outlet_names,
        mark=mark,
    )


class Coverages:
    """The coverage of campaigns, kept in memory while nothing of it can be different.

    Safe to share between threads: who asks while it is being made waits for it.
    """

    def __init__(self) -> None:
        self._kept: Kept[Coverage] = Kept()

    def get(
        self, connection: Connection, campaign_id: str, figures: FigureCache, *, now: datetime
    ) -> Coverage:
        """As `campaign_coverage` has it, of the state that the connection sees.

        Raises:
            NotFoundError: there is no such campaign.
        """

        def make() -> Coverage:
            counted = figures.count(connection, campaign_id, now=now)
            return campaign_coverage(connection, campaign_id, now=now, figures=counted)

        return self._kept.get(campaign_id, figures_mark(connection, now=now), make)


def select_items(coverage: Coverage, by: str, value: str) -> tuple[str, ...]:
    """The items behind a figure, in the order of their days.

    Args:
        by: a dimension of the tables (language, outlet, country …), `standing`, `days` (`2014-09-29..2014-10-05`, or
            `2014-09-29..2014-10-05 vi`), `tone` and `topic` (a machine's; also `none`, `waiting`, `doubtful`), `coded-tone`,
            `message`, `spokesperson` (an id, or `any`), `story`.

    Raises:
        NotFoundError: there is no such figure.
    """
    found = _behind(coverage, by, value)
    if found is None:
        raise NotFoundError(
            Told(N_("There is no such figure in this campaign any more. Its page shows those there are."))
        )
    return found


def _behind(coverage: Coverage, by: str, value: str) -> tuple[str, ...] | None:
    figures = coverage.figures
    if by == "standing":
        return figures.lists.get(value)
    if by == "outlet":
        return next((one.members for one in coverage.outlets if one.outlet == value), None)
    dimensions: Mapping[str, Dimension] = {name: name for name in figures.tables}
    if by in dimensions:
        rows = figures.tables[dimensions[by]].rows
        return next((one.members for one in rows if one.value == value), None)
    if by == "days":
        return _of_days(coverage, value)
    if by == "story":
        found = next((one for one in coverage.stories if one.story == value), None)
        return None if found is None else tuple(one.item for one in found.items)
    if by in ("tone", "topic"):
        split = coverage.tone if by == "tone" else coverage.topics
        beside = {"none": split.none, "waiting": split.waiting, "doubtful": split.doubtful}
        parts = {one.value: one.members for one in split.parts}
        return (beside | parts).get(value)
    if by == "coded-tone":
        return next((one.members for one in coverage.coding.tone if one.value == value), None)
    if by in ("message", "spokesperson"):
        carried = coverage.coding.messages if by == "message" else coverage.coding.spokespersons
        if value == "any":
            return _in_order(coverage, {*carried.confirmed, *carried.proposed})
        row = next((one for one in carried.rows if one.id == value), None)
        return None if row is None else _in_order(coverage, {*row.confirmed, *row.proposed})
    return None


def _of_days(coverage: Coverage, value: str) -> tuple[str, ...] | None:
    days, _, language = value.partition(" ")
    try:
        first, last = map(date.fromisoformat, days.split(".."))
    except ValueError:
        return None
    counted = (coverage.item(key) for key in coverage.figures.lists["counted"])
    return tuple(
        one.item
        for one in counted
        if one.day is not None and first <= one.day <= last and language in ("", one.language)
    )


def _in_order(coverage: Coverage, keys: set[str]) -> tuple[str, ...]:
    return tuple(key for key in coverage.figures.items if key in keys)


def quote_messages(
    connection: Connection, coverage: Coverage, language: UiLanguage
) -> dict[str, tuple[Quotation, ...]]:
    """message → quotations out of some items that carry it: in the reader's language first, then in each other one.

    Items of which people confirmed it come before those of which the matcher proposes it.
    """
    return _quote(connection, coverage, "messages", coverage.coding.messages.rows, language)


def quote_spokespersons(
    connection: Connection, coverage: Coverage, language: UiLanguage
) -> dict[str, tuple[Quotation, ...]]:
    """spokesperson → passages out of some items that quote (or, while nobody has said so, name) them."""
    return _quote(connection, coverage, "people", coverage.coding.spokespersons.rows, language)


def _quote(
    connection: Connection,
    coverage: Coverage,
    kind: Literal["messages", "people"],
    rows: Sequence[CarriedRow],
    language: UiLanguage,
) -> dict[str, tuple[Quotation, ...]]:
    own = _SPOKEN[language]
    wanted = {}
    for row in rows:
        chosen = choose_quoted(map(coverage.item, row.confirmed), QUOTED, own)
        rest = choose_quoted(map(coverage.item, row.proposed), QUOTED - len(chosen), own)
        wanted[row.id] = (*chosen, *rest)
    found = quote_items(connection, coverage.campaign.id, kind, wanted)
    return {
        which: tuple(
            Quotation(coverage.item(item), found[which, item]) for item in items if found.get((which, item))
        )
        for which, items in wanted.items()
    }


def headlines(
    connection: Connection, items: Iterable[ItemFacts], language: UiLanguage
) -> dict[str, Headline]:
    """item → its headline in a language of the reader, for those that are in another one.

    Into Traditional Chinese for its readers where the campaign has it, else into English.
    """
    asked = list(items)
    targets: tuple[UiLanguage, ...] = ("en", "zh-Hant") if language == "zh-Hant" else ("en",)
    found: dict[str, Headline] = {}
    for target in targets:
        read = (_SPOKEN[language], _SPOKEN[target])
        wanted = {one.version: one.item for one in asked if one.language not in read}
        for version, (text, made_by) in list_headlines(connection, wanted, target).items():
            found[wanted[version]] = Headline(text, target, made_by)
    return found


def read_tones(connection: Connection, campaign: str, versions: Iterable[str]) -> dict[str, Reading]:
    """version → the tone that a model proposes for it; without a value where no passage names the campaign."""
    return {
        key: Reading((tone,) if tone is not None else (), who, is_uncertain)
        for key, (tone, is_uncertain, who) in list_tones(connection, campaign, versions).items()
    }


def read_topics(connection: Connection, versions: Iterable[str]) -> dict[str, Reading]:
    """version → the themes that a model found in it."""
    return {key: Reading(names, who) for key, (names, who) in list_topics(connection, versions).items()}
