"""Outlets, a campaign and articles put into a store by hand: what tests of decisions, coding and review share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from resound.article import Article, FoundDate, LanguageGuess, text_fields
from resound.campaign import Campaign
from resound.definitions.applying import apply_definitions
from resound.definitions.written import Loaded
from resound.grouping.items import join_article
from resound.processing.facts import place_page
from resound.processing.matching import CampaignMatcher, match_to_json
from resound.query import Document, analyse_document
from resound.source import Source
from resound.store import Store
from resound.store.articles import store_article
from resound.store.matches import record_matches
from resound.store.registry import load_sources

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
DAY = datetime(2014, 10, 2, 3, tzinfo=UTC)
AGENCY = " ".join(
    f"Sentence {n} of the agency tells how the green team met office number {n * 7} about waste {n} and plastic {n + 3}."
    for n in range(20)
)
OWN = " ".join(
    f"Our reporter saw {n} lorries at gate {n + 11} while director {n} spoke of burning {n * 3} tons by the river."
    for n in range(20)
)


def source(key: str, **more: Any) -> Source:
    body = {
        "id": key,
        "names": {"en": key.title()},
        "home": f"https://{key}.example/",
        "owner": {"id": "group", "name": "Group"},
        "country": "VN",
        "timezone": "Asia/Ho_Chi_Minh",
        "editions": [{"id": "en", "language": "en", "hosts": [f"{key}.example"]}],
        "feeds": [{"url": f"https://{key}.example/rss"}],
        **more,
    }
    return Source.model_validate(body)


def campaign(**more: Any) -> Campaign:
    body = {
        "id": "c",
        "name": {"en": "C"},
        "window": {"first": "2014-10-02", "last": "2014-10-31"},
        "names": [{"id": "team", "forms": {"en": ["green team"]}}],
        **more,
    }
    return Campaign.model_validate(body)


def apply(store: Store, *models: Source | Campaign, **more: Any) -> list[str]:
    loaded = [Loaded(one, f"{one.id}.yml", None) for one in models]
    return [one.result for one in apply_definitions(store, loaded, who="t", now=NOW, **more)]


def put(
    store: Store,
    host: str,
    number: int,
    text: str = AGENCY,
    *,
    title: str = "",
    byline: str = "",
    hours: float = 0,
    is_matched: bool = True,
    matcher: CampaignMatcher | None = None,
    suspect: str | None = None,
    seen: datetime = NOW,
) -> str:
    """An article of `host` on 2 October 2014; the campaign `c` matches it in the body, or as the matcher says."""
    url = f"https://{host}.example/story-{number:05}"
    when = FoundDate("meta", "x", at=DAY + timedelta(hours=hours), suspect=suspect)
    read = Article(
        url,
        url,
        title or f"Title {number}",
        (text,),
        LanguageGuess("en", None, "en", 1.0),
        byline=byline,
        published=when,
    )
    with store.write() as connection:
        sources = load_sources(connection)
        stored = store_article(connection, read, place_page(url, "en", sources), seen=seen)
        key = stored.article
        found: dict[str, tuple[str, Mapping[str, Any]]] = {"c": ("body", {})} if is_matched else {}
        if matcher is not None:
            match = matcher.match(analyse_document(Document(**text_fields(read))))
            found = {} if match is None else {"c": (match.prominence, match_to_json(match))}
        record_matches(connection, key, stored.version, tried={"c": "f"}, found=found, now=NOW)
        join_article(connection, key, sources=sources)
    return key
