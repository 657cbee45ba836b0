"""What the machine proposes across languages and nobody has decided yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from resound.store.articles import StoredArticle, load_articles
from resound.store.decisions import standing_decisions
from resound.store.grouping import load_groupings, twins_of
from resound.store.links import list_links


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two articles."""

    id: str
    url: str
    title: str
    language: str
    day: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two articles that may tell one story. `evidence` says in words and numbers why."""

    a: Side
    b: Side
    score: float
    evidence: Mapping[str, Any]
    model: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def open_proposals(connection: Connection, items: Iterable[str] | None = None) -> list[Proposal]:
    """The most alike first, one for each pair of stories: its likest articles.

    What is one story already, and what a person parted, is none any more. With `items`, those that one of their
    articles is a side of.
    """
    articles_of = (
        None
        if items is None
        else [one.article for twins in twins_of(connection, items).values() for one in twins]
    )
    links = list_links(connection, articles_of, is_joined=False)
    decisions = [one for one in standing_decisions(connection) if one.kind == "split" and one.article]
    keys = {key for one in links for key in (one.a, one.b)}
    asked = keys | {key for one in decisions for key in (one.article, one.value) if key}
    articles = load_articles(connection, keys)
    groupings = load_groupings(connection, asked)

    def story(key: str) -> str:
        return groupings[key].story if key in groupings else key

    alone = {one.article for one in decisions if not one.value}
    parted = {frozenset((story(str(one.article)), story(one.value))) for one in decisions if one.value}
    found: dict[frozenset[str], Proposal] = {}
    for one in sorted(links, key=lambda one: (-one.score, one.a, one.b)):
        stories = frozenset((story(one.a), story(one.b)))
        is_open = len(stories) == 2 and stories not in parted and not {one.a, one.b} & alone
        if is_open and stories not in found and one.a in articles and one.b in articles:
            sides = _side(articles[one.a]), _side(articles[one.b])
            found[stories] = Proposal(*sides, one.score, one.evidence, one.made_by.who)
    return list(found.values())


def _side(stored: StoredArticle) -> Side:
    article = stored.article
    published = article.published
    day = "" if published is None else str(published.day or (published.at.date() if published.at else ""))
    return Side(stored.id, article.canonical_url, article.title, article.language.tag, day)
