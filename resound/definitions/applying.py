"""Sources and campaigns going into the store, and what follows: channels, outlets of stored articles, new matching."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from resound.campaign import Campaign
from resound.definitions.written import Loaded, canonical_hash
from resound.errors import NotFoundError
from resound.grouping.items import regroup
from resound.processing.facts import PROVISIONAL, place_clip, place_page
from resound.processing.matching import CampaignMatcher
from resound.source import Source
from resound.store import Store, work
from resound.store.articles import (
    articles_of_outlets,
    list_article_ids,
    list_clip_places,
    list_places,
    place_articles,
    record_change,
)
from resound.store.decisions import standing_decisions
from resound.store.frontier import set_channels
from resound.store.registry import Applied, apply_definition, load_campaign, load_sources


def apply_definitions(
    store: Store, loaded: Iterable[Loaded], *, who: str, now: datetime, replace: bool = False
) -> list[Applied]:
    """Apply sources and campaigns that were read from files, all in one transaction.

    A conflict (the store's version was edited elsewhere) leaves that definition alone and is reported in the result;
    the others are applied. A campaign that asks for something else is matched against everything stored.
    """
    results: list[Applied] = []
    with store.write() as connection:
        for one in loaded:
            before = _fingerprint(connection, one.model) if isinstance(one.model, Campaign) else None
            applied = apply_definition(
                connection,
                "source" if isinstance(one.model, Source) else "campaign",
                one.model.id,
                body=one.model.model_dump(mode="json", by_alias=True, exclude_defaults=True),
                sha256=canonical_hash(one.model),
                came_from=one.came_from,
                who=who,
                now=now,
                base=one.base,
                replace=replace,
            )
            results.append(applied)
            if applied.result not in ("new", "changed"):
                continue
            if isinstance(one.model, Source):
                set_channels(connection, one.model.id, channel_urls(one.model))
            else:
                set_channels(
                    connection, f"campaign-{one.model.id}", [feed.url for feed in one.model.search_feeds]
                )
                if before != CampaignMatcher(one.model).fingerprint:
                    work.reopen(connection, "match", list_article_ids(connection))
        changed = [one.key for one in results if one.kind == "source" and one.result in ("new", "changed")]
        if changed:
            _place_again(connection)
            # The index shows names and finds by country, owner and relation, which are the source's.
            moved = [
                one.article
                for one in standing_decisions(connection)
                if one.kind == "outlet" and one.value in changed
            ]
            record_change(connection, [*articles_of_outlets(connection, changed), *filter(None, moved)])
    return results


def channel_urls(source: Source) -> list[str]:
    """What is polled of a source: feeds, sitemaps that are no archives, listings."""
    sitemaps = [one.url for one in source.sitemaps if not one.is_archive]
    return [*(one.url for one in source.feeds), *sitemaps, *(one.url for one in source.listings)]


def _fingerprint(connection: Connection, campaign: Campaign) -> str | None:
    try:
        return CampaignMatcher(load_campaign(connection, campaign.id)).fingerprint
    except NotFoundError:
        return None


def _place_again(connection: Connection) -> None:
    """Give stored articles the outlet that today's sources say: a provisional outlet may have got its name."""
    sources = load_sources(connection)
    moved = []
    for key, final_url, place in list_places(connection):
        if not place.outlet.startswith(PROVISIONAL) and place.outlet in sources:
            tag = sources[place.outlet].editions[0].language if sources[place.outlet].editions else "und"
        else:
            tag = place.edition
        today = place_page(final_url, tag, sources)
        if today != place:
            moved.append((key, today))
    for key, url, place in list_clip_places(connection):
        if place.outlet.startswith(PROVISIONAL):  # else a person or its row has said whose it is
            today = place_clip(place, url, place.edition, sources)
            if today != place:
                moved.append((key, today))
    if moved:
        place_articles(connection, moved)
        regroup(connection, [key for key, _ in moved], sources=sources)
