"""The facts of a week out of the store. Reads the store, never the index; `edition` decides what stands where."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import get_args

from sqlalchemy import Connection

from nlp.topics import load_topics
from resound.article import Language
from resound.campaign import Campaign, Window
from resound.coding.item import load_coded
from resound.coverage.campaign import Headline, headlines
from resound.coverage.coded import Coded
from resound.coverage.counting import count_four
from resound.coverage.figures import campaign_figures, watch_sources
from resound.coverage.lower_bounds import Days, LowerBounds
from resound.coverage.model import Figures, ItemFacts, StandingKind, Watch
from resound.digest.correcting import gained, sort_earlier, stated_weeks
from resound.digest.edition import WeekFacts, of_days
from resound.digest.model import (
    WEEKS_SHOWN,
    Edition,
    Entry,
    FailingSource,
    LanguageRow,
    Spoken,
    UnreadSource,
    Watched,
    WeekBar,
)
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.source import Names, Source
from resound.store.articles import load_articles
from resound.store.enrichments import list_topics
from resound.store.grouping import load_groupings
from resound.store.registry import load_campaign, load_sources
from resound.told import told_to_json
from resound.watching.health import source_health

DAY = timedelta(days=1)
FAILING = ("failing", "stopped", "too few")
"""States of a source that readers of a digest should know of."""
_BESIDE: tuple[StandingKind, ...] = ("unreviewed", "provisional", "owned", "paid", "release-verbatim")


def gather_week(
    connection: Connection,
    campaign: str,
    first: date,
    last: date,
    *,
    week: str = "",
    earlier: Sequence[Edition] = (),
    pending: Sequence[tuple[date, date]] = (),
    skipped: Sequence[tuple[date, date]] = (),
    now: datetime,
) -> WeekFacts:
    """What was published from `first` to `last` (inclusive, each day in its outlet's calendar), as of now.

    Args:
        week: the name of the issue.
        earlier: the list's approved editions in the order in which they were approved: what they said is corrected where it
            does not hold, and said once. One of a later week may be among them.
        pending: days of earlier issues that nobody has decided on yet; they are no late finds.
        skipped: days of earlier issues that a person skipped: what was published on them is a late find.

    Raises:
        NotFoundError: there is no such campaign.
    """
    about = load_campaign(connection, campaign)
    sources = load_sources(connection)
    figures = campaign_figures(connection, campaign, by=(), now=now)
    items = {key: (facts, place.kind) for key, (facts, place) in figures.items.items()}
    counted = [facts for facts, kind in items.values() if kind == "counted"]
    heirs = _heirs(connection, items, earlier)
    sorted_ = sort_earlier(
        counted, first=first, earlier=earlier, pending=pending, skipped=skipped, heirs=heirs
    )
    this_week = of_days(items, first, last)
    shown = [*this_week, *(one for late in sorted_.late for one in late.items)]
    stated = stated_weeks(earlier, heirs=heirs)
    topics = list_topics(connection, {one.version for one in shown})
    span = last - first + DAY  # a week, unless the list's weekday was changed: then as many days as it has
    before = of_days(items, first - span, last - span)
    bars = [(first - back * span, last - back * span) for back in reversed(range(WEEKS_SHOWN))]
    bars = [one for one in bars if one[1] >= about.window.first and one[0] <= about.window.last] or bars[-1:]
    own = {one.outlet for one in counted}
    watch = _watch(connection, about, sources, own, (first, last), now)
    earliest = min(bars[0][0], first - span)
    bounds = LowerBounds(_watch(connection, about, sources, own, (earliest, last), now))

    def is_at_least(days: Days, items: Sequence[ItemFacts], language: Language | None = None) -> bool:
        """Of days outside the campaign's nothing is counted, and nothing may be missing."""
        if days[0] > about.window.last or days[1] < about.window.first:
            return False
        if language is None:
            return bounds.is_one(items, days=days)
        return bounds.is_one(items, dimension="language", value=language, days=days)

    return WeekFacts(
        campaign=campaign,
        names=spoken(about.name),
        review=about.review,
        window=(about.window.first, about.window.last),
        week=week,
        first=first,
        last=last,
        as_of=now,
        items=items,
        entries=_entries(connection, about, sources, shown),
        before=count_four(before),
        at_least=is_at_least((first, last), this_week),
        before_at_least=is_at_least((first - span, last - span), before),
        languages=_languages(
            LanguageRow(
                name,
                len(now_in),
                len(then_in),
                is_at_least((first, last), now_in, name),
                is_at_least((first - span, last - span), then_in, name),
            )
            for name in get_args(Language)
            for now_in, then_in in [(_in(name, this_week), _in(name, before))]
        ),
        series=tuple(_bar(of_days(items, *days), days, is_at_least) for days in bars),
        beside=_beside(figures, first, last),
        watched=_watched(connection, watch, sources, now),
        topics={one.item: topics[one.version][0] for one in shown if one.version in topics},
        topic_names={one.id: _labels(one.label) for one in load_topics()},
        topics_by=tuple(sorted({who for _, who in topics.values()})),
        earlier=tuple(earlier),
        sorted=sorted_,
        first_seen={
            key: one.first_seen
            for key, one in load_articles(connection, gained(stated, counted), with_text=False).items()
        },
        heirs=heirs,
    )


def _heirs(connection: Connection, items: Collection[str], earlier: Sequence[Edition]) -> dict[str, str]:
    """Item that was told → the item of the same publication, where another address of it stands for it now."""
    told = {key for one in earlier for key in (*one.items, *one.late_items)}
    groupings = load_groupings(connection, told - set(items))
    return {key: one.item for key, one in groupings.items() if one.item != key and one.item in items}


def spoken(names: Names) -> Spoken:
    """A name in each language of the product."""
    return {language: names.best(language) for language in UI_LANGUAGES}


def _labels(label: Mapping[UiLanguage, str] | Mapping[str, str]) -> Spoken:
    known = dict(label)
    return {language: known.get(language) or known["en"] for language in UI_LANGUAGES}


def _watch(
    connection: Connection,
    campaign: Campaign,
    sources: Mapping[str, Source],
    carriers: Collection[str],
    days: Days,
    now: datetime,
) -> list[Watch]:
    """How the campaign's sources were read on those of the days that are the campaign's; where none is, on all of them."""
    inside = max(days[0], campaign.window.first), min(days[1], campaign.window.last)
    first, last = inside if inside[0] <= inside[1] else days
    return watch_sources(
        connection, campaign, sources, carriers, window=Window(first=first, last=last), now=now
    )


def _entries(
    connection: Connection, campaign: Campaign, sources: Mapping[str, Source], shown: Sequence[ItemFacts]
) -> dict[str, Entry]:
    coded = load_coded(connection, campaign, [one.item for one in shown], with_proposals=False)
    translated = {language: headlines(connection, shown, language) for language in UI_LANGUAGES}
    return {
        one.item: _entry(
            one,
            sources.get(one.outlet),
            coded.get(one.item, Coded()),
            {name: found[one.item] for name, found in translated.items() if one.item in found},
        )
        for one in shown
    }


def _entry(
    one: ItemFacts, source: Source | None, coded: Coded, translated: Mapping[UiLanguage, Headline]
) -> Entry:
    if one.day is None:
        raise ValueError(f"item {one.item} is counted and has no day")
    return Entry(
        item=one.item,
        url=one.url,
        title=one.title,
        tag=one.tag,
        outlet=one.outlet,
        outlet_names=dict.fromkeys(UI_LANGUAGES, one.outlet_name) if source is None else spoken(source.names),
        medium=one.medium,
        day=one.day,
        story=one.story,
        prominence=one.prominence,
        tone=coded.tone,
        basis=coded.basis,
        headlines=translated,
        re_run=one.re_run,
    )


def _in(language: Language, items: Iterable[ItemFacts]) -> list[ItemFacts]:
    return [one for one in items if one.language == language]


def _languages(rows: Iterable[LanguageRow]) -> tuple[LanguageRow, ...]:
    """Every language has its row, an empty one too; `other` only where there is any."""
    return tuple(one for one in rows if one.language != "other" or one.items or one.before)


def _bar(
    found: Sequence[ItemFacts], days: Days, is_at_least: Callable[[Days, Sequence[ItemFacts]], bool]
) -> WeekBar:
    counts = {name: len(_in(name, found)) for name in get_args(Language)}
    return WeekBar(days[0], days[1], counts, is_at_least(days, found))


def _beside(figures: Figures, first: date, last: date) -> dict[str, int]:
    of_week = [
        place.kind
        for facts, place in figures.items.values()
        if facts.day is not None and first <= facts.day <= last
    ]
    leads = sum(one.day is not None and first <= one.day <= last for one in figures.leads)
    return {
        **{kind: of_week.count(kind) for kind in _BESIDE},
        "waits-for-date": figures.beside["waits-for-date"],
        "leads": leads,
    }


def _watched(
    connection: Connection, watch: Sequence[Watch], sources: Mapping[str, Source], now: datetime
) -> Watched:
    of_campaign = {one.source for one in watch}
    return Watched(
        sources=len(watch),
        complete=sum(not one.gaps for one in watch),
        unread=tuple(
            UnreadSource(one.source, spoken(sources[one.source].names), one.days_in_window - one.days_read)
            for one in watch
            if one.gaps
        ),
        failing=tuple(
            FailingSource(
                one.source, spoken(sources[one.source].names), one.state, told_to_json(one.sentence)
            )
            for one in source_health(connection, now=now)
            if one.state in FAILING and one.source in of_campaign
        ),
    )
