"""Items and stories: which articles are one publication, which a re-run, which tell one original text.

Everything is worked out anew for a whole connected component, so the result does not depend on the order in which
its articles were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from resound.grouping.dedupe import Publication, band_keys, is_near_duplicate, relation, signature
from resound.grouping.stories import Edge, StoryDecision, group_stories
from resound.processing.facts import Facts, lay_over
from resound.source import Source
from resound.store.articles import StoredArticle, load_articles
from resound.store.decisions import Overlay, overlays, standing_decisions
from resound.store.grouping import (
    Grouping,
    StoredEdge,
    find_candidates,
    list_airtimes,
    list_neighbours,
    load_component,
    set_edges,
    set_signature,
    write_groupings,
)


def join_article(connection: Connection, key: str, *, sources: Mapping[str, Source]) -> Grouping:
    """Find an article's near-duplicates and group everything that they touch. Returns the article's own grouping."""
    stored = load_articles(connection, [key])[key]
    text = stored.article.text
    mark = signature(text)
    keys = band_keys(mark) if mark is not None else ()
    before = list_neighbours(connection, key)
    set_signature(connection, key, mark, keys)
    candidates = load_articles(connection, find_candidates(connection, key, keys))
    set_edges(
        connection, key, [edge for other in candidates.values() if (edge := _edge(stored, other)) is not None]
    )
    return regroup(connection, [key, *before], sources=sources)[key]


def regroup(
    connection: Connection, seeds: Iterable[str], *, sources: Mapping[str, Source]
) -> dict[str, Grouping]:
    """Work out items and stories of everything that the seeds are joined to, and store what is different."""
    component, edges, decisions = load_component(connection, seeds)
    articles = load_articles(connection, component)
    said = overlays(standing_decisions(connection, articles=articles))
    facts = {key: lay_over(one, said.get(key, Overlay()), sources) for key, one in articles.items()}
    steps = [
        StoryDecision(
            kind="merge" if one.kind == "merge" else "split", a=str(one.article), b=one.value, seq=one.id
        )
        for one in decisions
        if one.article in facts and (one.value is None or one.value in facts)
    ]
    groupings = decide_groupings(facts, edges, steps, airtimes=list_airtimes(connection, articles.values()))
    write_groupings(connection, groupings)
    return groupings


def decide_groupings(
    facts: Mapping[str, Facts],
    edges: Iterable[StoredEdge],
    decisions: Iterable[StoryDecision],
    *,
    airtimes: Mapping[str, str],
) -> dict[str, Grouping]:
    """Pure: articles, edges between them and people's merges and splits → groupings.

    The first publication stands for an item and for a story; an aggregator's copy stands for a story only where
    there is nothing else.

    Args:
        airtimes: article → when it was aired (empty: nobody said), for those that are airings.
    """
    links = [edge for edge in edges if edge.a in facts and edge.b in facts]
    order = {key: (one.stored.placement.kind == "copy", *one.order) for key, one in facts.items()}
    relations = {
        (edge.a, edge.b): _relation(*((facts[key], airtimes.get(key)) for key in (edge.a, edge.b)))
        for edge in links
        if not edge.is_across
    }
    twins = [Edge(a, b, "same-item", 1.0) for (a, b), kind in relations.items() if kind == "same-item"]
    items = group_stories(facts, twins, [], key=lambda one: order[one])
    stories = group_stories(
        facts,
        [Edge(edge.a, edge.b, edge.method, edge.score) for edge in links] + twins,
        decisions,
        key=lambda one: order[one],
    )
    earlier: dict[str, list[str]] = {}
    for (a, b), kind in relations.items():
        if kind == "re-run":
            first, later = sorted((items[a], items[b]), key=lambda one: order[one])
            if first != later:
                earlier.setdefault(later, []).append(first)
    return {
        key: Grouping(
            article=key,
            item=items[key],
            story=stories[items[key]],
            re_run_of=min(earlier[items[key]], key=lambda one: order[one]) if items[key] in earlier else None,
        )
        for key in sorted(facts)
    }


def _edge(one: StoredArticle, other: StoredArticle) -> StoredEdge | None:
    near = is_near_duplicate(one.article.text, other.article.text)
    if near is None:
        return None
    a, b = sorted((one.id, other.id))
    return StoredEdge(a, b, near.method, round(near.score, 6))


def _relation(a: tuple[Facts, str | None], b: tuple[Facts, str | None]) -> str | None:
    if "copy" in (a[0].stored.placement.kind, b[0].stored.placement.kind):
        return None
    return relation(_publication(*a), _publication(*b))


def _publication(facts: Facts, airtime: str | None) -> Publication:
    return Publication(
        outlet=facts.outlet,
        edition=facts.edition,
        medium=facts.medium,
        published=facts.published,
        first_seen=facts.stored.first_seen,
        airtime=airtime,
    )
