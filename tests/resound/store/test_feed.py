"""The store's mark: another one as soon as anything is different that a figure is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from resound.article import Article, Entry
from resound.definitions.applying import apply_definitions
from resound.store import Store
from resound.store.articles import Placement, record_change, store_article
from resound.store.decisions import add_decision
from resound.store.feed import store_mark
from resound.store.frontier import record_reading
from resound.store.leads import add_leads, open_leads, set_matches
from tests.resound.searching.test_indexing import campaign, source

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


def test_every_kind_of_news_gives_another_mark(store: Store, article: Article) -> None:
    def mark() -> tuple[str, ...]:
        with store.read() as connection:
            return store_mark(connection)

    def lead_id(connection: Connection) -> str:
        return open_leads(connection)[0].id

    place = Placement("item", "one", "en", "online")
    news: list[Callable[[Connection], object]] = [
        lambda c: store_article(c, article, place, seen=NOW),
        lambda c: record_change(c, ["an article"]),
        lambda c: add_decision(c, "accept", article="a", campaign="c", why="read", who="lin", now=NOW),
        lambda c: record_reading(
            c, source="one", url="u", first_day=date(2026, 1, 1), last_day=date(2026, 1, 2), read_at=NOW
        ),
        lambda c: record_reading(
            c,
            source="one",
            url="u",
            first_day=date(2025, 1, 1),
            last_day=date(2026, 1, 2),
            read_at=NOW.replace(hour=9),
        ),
        lambda c: add_leads(
            c, source="one", entries=[Entry(url="https://one.example/l")], reason="paywall", now=NOW
        ),
        lambda c: set_matches(c, lead_id(c), ["c"], tried="first"),
        lambda c: set_matches(c, lead_id(c), ["d"], tried="second"),
        lambda c: store_article(c, replace(article, url="https://other.example/amp"), place, seen=NOW),
    ]
    seen = [mark()]
    for one in news:
        with store.write() as connection:
            one(connection)
        seen.append(mark())
    apply_definitions(store, [source("one"), campaign()], who="lin", now=NOW)
    seen.append(mark())
    assert len(set(seen)) == len(news) + 2
    assert mark() == seen[-1], "nothing has happened"
