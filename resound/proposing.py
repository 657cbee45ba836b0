"""What the machine proposes across languages and nobody has decided yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from resound.store.articles import StoredArticle, load_articles
from resound.store.decisions import standing_decisions
from resound.store.grouping import load_groupings
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


def open_proposals(connection: Connection) -> list[Proposal]:
    """The most alike first. What is one story already, and what a person parted, is none any more."""
    links = list_links(connection, is_joined=False)
    keys = {key for one in links for key in (one.a, one.b)}
    articles = load_articles(connection, keys)
    groupings = load_groupings(connection, keys)
    parted = {
        frozenset((one.article, one.value))
        for one in standing_decisions(connection, articles=keys)
        if one.kind == "split" and one.article is not None
    }
    alone = {next(iter(pair - {None})) for pair in parted if None in pair}
    found = []
    for one in links:
        if one.a not in articles or one.b not in articles:
            continue
        stories = [groupings[key].story for key in (one.a, one.b) if key in groupings]
        if len(stories) == 2 and stories[0] == stories[1]:
            continue
        if frozenset((one.a, one.b)) in parted or {one.a, one.b} & alone:
            continue
        found.append(
            Proposal(_side(articles[one.a]), _side(articles[one.b]), one.score, one.evidence, one.made_by.who)
        )
    return sorted(found, key=lambda one: (-one.score, one.a.id, one.b.id))


def _side(stored: StoredArticle) -> Side:
    article = stored.article
    published = article.published
    day = "" if published is None else str(published.day or (published.at.date() if published.at else ""))
    return Side(stored.id, article.canonical_url, article.title, article.language.tag, day)
