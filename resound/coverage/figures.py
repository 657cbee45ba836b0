"""A campaign's figures out of the store: which items it has, where each stands, and how well we watched.

Reads the store, never the index. `resound.coverage.counting` decides; this module brings it the facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import Connection, select

from resound.article import Language, Medium, Origin
from resound.campaign import Campaign, Window
from resound.coverage.counting import count, standing
from resound.coverage.model import DIMENSIONS, Figures, ItemFacts, Lead, Review, Watch
from resound.processing.facts import Facts, decided_prominence, highest, lay_over, local_day
from resound.searching.documents import outlet_name
from resound.source import Source
from resound.store.articles import StoredArticle, load_articles
from resound.store.database import in_parts
from resound.store.decisions import Decision, Overlay, overlays, standing_decisions
from resound.store.frontier import list_readings
from resound.store.grouping import Grouping, load_groupings, twins_of
from resound.store.leads import open_leads
from resound.store.matches import StoredMatch, list_matches
from resound.store.registry import load_campaign, load_sources
from resound.store.tables import edge

Gap = tuple[date, date]


def campaign_figures(
    connection: Connection, campaign_id: str, *, by: Sequence[str] = DIMENSIONS, now: datetime
) -> Figures:
    """Everything that is said of a campaign's coverage, as of now.

    Raises:
        NotFoundError: there is no such campaign.
        ResoundError: `by` names something that there is no table for.
    """
    campaign = load_campaign(connection, campaign_id)
    sources = load_sources(connection)
    items = _items(connection, campaign, sources)
    return count(
        items,
        campaign=campaign.id,
        as_of=now,
        by=by,
        review=campaign.review,
        leads=_leads(connection, campaign, sources),
        watch=watch_sources(connection, campaign, sources, carriers(items), window=campaign.window, now=now),
    )


def item_facts(
    connection: Connection, campaign_id: str, *, items: Iterable[str] | None = None
) -> list[ItemFacts]:
    """Every item that the campaign matches, matched once, or that a person accepted or rejected for it.

    An item matches where any of its twins (other addresses of the same publication) does; what a person said of one
    of them was said of the item. Copies on aggregators are no items: they are what it was "also seen at".

    With `items`, only those among them.
    """
    campaign, sources = load_campaign(connection, campaign_id), load_sources(connection)
    return _items(connection, campaign, sources, items)


def facts_of(connection: Connection, campaign_id: str, articles: Iterable[str]) -> list[ItemFacts]:
    """The items that these articles belong to, as the campaign sees them: whether it has to do with them or not."""
    campaign, sources = load_campaign(connection, campaign_id), load_sources(connection)
    twins = _twins(connection, articles)
    among = _articles(twins)
    said = standing_decisions(connection, articles=among)
    matches = list_matches(connection, articles=among, campaign=campaign.id, with_detail=False)
    return _lay_out(connection, campaign, sources, twins, said, matches)


def _items(
    connection: Connection,
    campaign: Campaign,
    sources: Mapping[str, Source],
    items: Iterable[str] | None = None,
) -> list[ItemFacts]:
    among = None if items is None else _articles(_twins(connection, items))
    said = standing_decisions(connection, articles=among)
    matches = list_matches(connection, articles=among, campaign=campaign.id, with_detail=False)
    touched = {one.article for one in matches}
    touched |= {one.article for one in said if one.campaign == campaign.id and one.article is not None}
    twins = _twins(connection, touched if among is None else touched & among)
    return _lay_out(connection, campaign, sources, twins, said, matches)


def _twins(connection: Connection, articles: Iterable[str]) -> dict[str, list[Grouping]]:
    """item → its groupings, of every item that these articles belong to."""
    return twins_of(connection, {one.item for one in load_groupings(connection, articles).values()})


def _articles(twins: Mapping[str, Sequence[Grouping]]) -> set[str]:
    return {one.article for members in twins.values() for one in members}


def _lay_out(
    connection: Connection,
    campaign: Campaign,
    sources: Mapping[str, Source],
    twins: Mapping[str, Sequence[Grouping]],
    said: Iterable[Decision],
    matches: Iterable[StoredMatch],
) -> list[ItemFacts]:
    item_of = {one.article: item for item, members in twins.items() for one in members}
    by_item = overlays((one for one in said if one.article in item_of), item_of)
    found: dict[str, list[StoredMatch]] = {}
    for match in matches:
        if match.article in item_of:
            found.setdefault(item_of[match.article], []).append(match)
    heads = load_articles(connection, twins, with_text=False)
    copies = _copies(connection, item_of)
    return [
        _facts(
            lay_over(heads[item], by_item.get(item, Overlay()), sources),
            by_item.get(item, Overlay()),
            next(one for one in members if one.article == item),
            found.get(item, []),
            campaign,
            copies.get(item, ()),
        )
        for item, members in sorted(twins.items())
        if heads[item].placement.kind != "copy"
    ]


def _facts(
    facts: Facts,
    overlay: Overlay,
    grouping: Grouping,
    matches: Sequence[StoredMatch],
    campaign: Campaign,
    seen_at: tuple[str, ...],
) -> ItemFacts:
    article = facts.stored.article
    source = facts.source
    still_matches = any(one.matched for one in matches)
    return ItemFacts(
        item=facts.stored.id,
        url=article.canonical_url,
        title=article.title,
        outlet=facts.outlet,
        outlet_name=outlet_name(facts.outlet, source),
        provisional=facts.is_provisional,
        group=source.owner.id if source is not None else facts.outlet,
        group_name=source.owner.name if source is not None else outlet_name(facts.outlet, None),
        country=source.country if source is not None else "",
        language=article.language.language,
        tag=article.language.tag,
        medium=cast("Medium", facts.medium),  # checked when it was written, as the origin was
        origin=cast("Origin | None", overlay.origin.value) if overlay.origin is not None else None,
        relation=source.relation if source is not None else "independent",
        story=grouping.story,
        day=facts.day,
        in_window=_is_inside(facts, campaign.window),
        window_reason=facts.doubt or "",
        review=_review(overlay, campaign, still_matches=still_matches),
        still_matches=still_matches,
        re_run=grouping.re_run_of is not None,
        prominence=decided_prominence(overlay, campaign.id)
        or highest(one.prominence for one in matches if one.matched),
        seen_at=seen_at,
        version=facts.stored.version,
    )


def _is_inside(facts: Facts, window: Window) -> bool | None:
    """None where the date is missing or suspect: a person must say."""
    if facts.doubt is not None or facts.day is None:
        return None
    return window.first <= facts.day <= window.last


def _review(overlay: Overlay, campaign: Campaign, *, still_matches: bool) -> Review:
    decision = overlay.review.get(campaign.id)
    if decision is not None:
        return "accepted" if decision.kind == "accept" else "rejected"
    return "accepted" if campaign.review == "auto" and still_matches else "unreviewed"


def _copies(connection: Connection, item_of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """item → addresses of its copies on aggregators."""
    joined: dict[str, set[str]] = {}
    for part in in_parts(item_of):
        for one, other in ((edge.c.a, edge.c.b), (edge.c.b, edge.c.a)):
            for row in connection.execute(select(one, other).where(one.in_(part))):
                joined.setdefault(row[1], set()).add(item_of[row[0]])
    found: dict[str, list[str]] = {}
    stored: StoredArticle
    for key, stored in sorted(load_articles(connection, joined, with_text=False).items()):
        if stored.placement.kind == "copy":
            for item in joined[key]:
                found.setdefault(item, []).append(stored.article.canonical_url)
    return {item: tuple(sorted(urls)) for item, urls in found.items()}


def _leads(connection: Connection, campaign: Campaign, sources: Mapping[str, Source]) -> list[Lead]:
    """The campaign's leads, without those that are known to lie outside its window."""
    found = []
    for one in open_leads(connection, campaign=campaign.id):
        source = sources.get(one.source)
        day = local_day(one.published, source.zone) if source is not None and one.published else None
        sure = one.published is not None and one.published.suspect is None
        if day is None or not sure or campaign.window.first <= day <= campaign.window.last:
            found.append(Lead(one.url, one.title, one.reason, one.source, day))
    return found


def carriers(items: Iterable[ItemFacts]) -> frozenset[str]:
    """The outlets of the items that are counted: how they were read bears on the counts, wherever they are."""
    return frozenset(one.outlet for one in items if standing(one).kind == "counted")


def watch_sources(
    connection: Connection,
    campaign: Campaign,
    sources: Mapping[str, Source],
    carriers: Collection[str],
    *,
    window: Window,
    now: datetime,
) -> list[Watch]:
    """How well outlets were read in a window, up to today in their own calendars: those of the campaign's countries, and `carriers`.

    By-hand sources have nothing that could be read, and are left out.
    """
    days_read: dict[str, list[Gap]] = {}
    for one in list_readings(connection, first=window.first, last=window.last):
        days_read.setdefault(one.source, []).append((one.first_day, one.last_day))
    found = []
    for source in sources.values():
        if source.type != "outlet" or not (source.feeds or source.sitemaps or source.listings):
            continue
        is_of_campaign = not campaign.countries or source.country in campaign.countries
        if not is_of_campaign and source.id not in carriers:
            continue
        last = min(window.last, now.astimezone(source.zone).date())
        days, gaps = find_gaps(days_read.get(source.id, ()), window.first, last)
        found.append(
            Watch(
                source=source.id,
                name=source.names.best(),
                country=source.country,
                group=source.owner.id,
                medium=source.medium,
                languages=_languages(source),
                days_read=days,
                days_in_window=max(0, (last - window.first).days + 1),
                gaps=tuple(gaps),
            )
        )
    return found


def find_gaps(read: Iterable[Gap], first: date, last: date) -> tuple[int, list[Gap]]:
    """How many of the days `first` … `last` lie in one of the spans that were read, and the gaps between (inclusive)."""
    gaps: list[Gap] = []
    day = first
    for start, end in sorted(read):
        if end < day:
            continue
        if start > last:
            break
        if start > day:
            gaps.append((day, start - timedelta(days=1)))
        day = max(day, end + timedelta(days=1))
    if day <= last:
        gaps.append((day, last))
    missed = sum((end - start).days + 1 for start, end in gaps)
    return max(0, (last - first).days + 1) - missed, gaps


def _languages(source: Source) -> tuple[Language, ...]:
    known: dict[str, Language] = {"zh": "zh", "en": "en", "vi": "vi"}
    return tuple(dict.fromkeys(known.get(one.language.split("-")[0], "other") for one in source.editions))
