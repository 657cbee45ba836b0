"""Rows behind items and stories: bands that find near-duplicates, edges between them, and what follows from both.

Edges are a function of two current texts, groupings of edges, dates and people's merges and splits. So it does not
matter in which order articles came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select, update

from resound.store.articles import StoredArticle, record_change
from resound.store.database import in_parts, insert_new, upsert
from resound.store.decisions import Decision, Overlay, overlays, standing_decisions
from resound.store.links import list_links
from resound.store.tables import article, band, clip, edge, grouping, version
from resound.urls import article_id, is_http_url


@dataclass(frozen=True, slots=True)
class StoredEdge:
    """Two articles with near-duplicate text, or with evidence of one text in two languages; `a` < `b`.

    `score` is 0 … 1, `method` says of what. `is_across`: between languages; one story, never one item.
    """

    a: str
    b: str
    method: str
    score: float
    is_across: bool = False


@dataclass(frozen=True, slots=True)
class Grouping:
    """`item`: the article that stands for the item. `re_run_of`: an earlier item of the same outlet with this text."""

    article: str
    item: str
    story: str
    re_run_of: str | None


_SELECT = select(*(grouping.c[name] for name in Grouping.__slots__))


def set_signature(
    connection: Connection, key: str, signature: bytes | None, band_keys: Sequence[str]
) -> None:
    """Store by what near-duplicates of an article's current text are found."""
    connection.execute(update(article).where(article.c.id == key).values(signature=signature))
    connection.execute(delete(band).where(band.c.article == key))
    insert_new(connection, band, [{"key": one, "article": key} for one in band_keys])


def find_candidates(connection: Connection, key: str, band_keys: Sequence[str]) -> list[str]:
    """Other articles that share a band: to be compared in full."""
    statement = (
        select(band.c.article).where(band.c.key.in_(list(band_keys)), band.c.article != key).distinct()
    )
    return sorted(connection.execute(statement).scalars())


def set_edges(connection: Connection, key: str, edges: Sequence[StoredEdge]) -> None:
    """Make these the edges of one article; those it had before are gone."""
    connection.execute(delete(edge).where(or_(edge.c.a == key, edge.c.b == key)))
    upsert(
        connection,
        edge,
        [{"a": one.a, "b": one.b, "method": one.method, "score": one.score} for one in edges],
    )


def list_edges(connection: Connection, keys: Iterable[str]) -> list[StoredEdge]:
    """Near-duplicates of some articles (within a language), in the order of their ends."""
    found = {
        (row.a, row.b): StoredEdge(row.a, row.b, row.method, row.score)
        for part in in_parts(keys)
        for row in connection.execute(select(edge).where(or_(edge.c.a.in_(part), edge.c.b.in_(part))))
    }
    return [found[ends] for ends in sorted(found)]


def list_neighbours(connection: Connection, key: str) -> list[str]:
    """Articles that an edge joins to this one."""
    rows = connection.execute(select(edge.c.a, edge.c.b).where(or_(edge.c.a == key, edge.c.b == key))).all()
    links = [(one.a, one.b) for one in list_links(connection, [key], is_joined=True)]
    return sorted({one for row in (*rows, *links) for one in row if one != key})


def list_airtimes(connection: Connection, articles: Iterable[StoredArticle]) -> dict[str, str]:
    """article → when it was aired, of those that are airings: broadcasts that people brought, not pages of a broadcaster.

    Empty where nobody said when.
    """
    airings = {
        one.id: "" for one in articles if one.placement.medium in ("tv", "radio") and not _is_page(one)
    }
    for part in in_parts(airings):
        for key, row in connection.execute(
            select(clip.c.article, clip.c.row).where(clip.c.article.in_(part))
        ):
            airings[key] = airings[key] or str(row.get("airtime", ""))
    return airings


def _is_page(one: StoredArticle) -> bool:
    """Whether it is what stands at an address; an airing may name one, too, but that is not what it is."""
    url = one.article.canonical_url
    return is_http_url(url) and one.id == article_id(url)


def load_component(
    connection: Connection, seeds: Iterable[str]
) -> tuple[set[str], list[StoredEdge], list[Decision]]:
    """Everything that edges and people's merges join to the seeds: articles, edges and decisions."""
    reached: set[str] = set()
    edges: dict[tuple[str, str], StoredEdge] = {}
    decisions: dict[int, Decision] = {}
    fresh = set(seeds)
    while fresh:
        reached |= fresh
        found: set[str] = set()
        wanted = sorted(fresh)
        for start in range(0, len(wanted), 400):
            part = wanted[start : start + 400]
            for row in connection.execute(select(edge).where(or_(edge.c.a.in_(part), edge.c.b.in_(part)))):
                edges[row.a, row.b] = StoredEdge(row.a, row.b, row.method, row.score)
                found |= {row.a, row.b}
            for one in list_links(connection, part, is_joined=True):
                edges.setdefault(
                    (one.a, one.b), StoredEdge(one.a, one.b, one.method, one.score, is_across=True)
                )
                found |= {one.a, one.b}
            for said in standing_decisions(connection, articles=part):
                if said.kind in ("merge", "split"):
                    decisions[said.id] = said
                    found |= {key for key in (said.article, said.value) if key is not None}
        fresh = found - reached
    return (
        reached,
        [edges[pair] for pair in sorted(edges)],
        [decisions[number] for number in sorted(decisions)],
    )


def load_groupings(connection: Connection, articles: Iterable[str] | None = None) -> dict[str, Grouping]:
    """article → grouping, of some articles or of all."""
    statement = _SELECT
    statements = (
        [statement]
        if articles is None
        else [statement.where(grouping.c.article.in_(part)) for part in in_parts(articles)]
    )
    return {row[0]: Grouping(*row) for one in statements for row in connection.execute(one)}


def items_by_day(connection: Connection) -> list[tuple[str, str, tuple[str, ...]]]:
    """(day, item, articles that are this publication), newest day first, then by item; copies on aggregators left out.

    The day is the published one as it was read (UTC where it had a time), else the one on which it was first seen.
    """
    rows = connection.execute(
        select(article.c.id, article.c.first_seen, version.c.published, grouping.c.item)
        .join(version, version.c.id == article.c.current)
        .outerjoin(grouping, grouping.c.article == article.c.id)
        .where(article.c.kind == "item")
    )
    days: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    for row in rows:
        item = row.item or row.id
        members.setdefault(item, []).append(row.id)
        if row.id == item or item not in days:
            written = row.published or {}
            days[item] = (written.get("at") or written.get("day") or row.first_seen.isoformat())[:10]
    order = sorted(members, key=lambda item: (days[item], item), reverse=True)
    return [(days[item], item, tuple(sorted(members[item]))) for item in order]


def story_members(connection: Connection, story: str) -> list[str]:
    """The articles of one story."""
    statement = select(grouping.c.article).where(grouping.c.story == story).order_by(grouping.c.article)
    return list(connection.execute(statement).scalars())


def twins_of(connection: Connection, items: Iterable[str]) -> dict[str, list[Grouping]]:
    """item → the groupings of all articles that are this one publication, the item's own among them."""
    found: dict[str, list[Grouping]] = {}
    wanted = sorted(items)
    for start in range(0, len(wanted), 500):
        statement = _SELECT.where(grouping.c.item.in_(wanted[start : start + 500]))
        for row in connection.execute(statement.order_by(grouping.c.article)):
            one = Grouping(*row)
            found.setdefault(one.item, []).append(one)
    return found


def load_overlay(connection: Connection, key: str) -> Overlay:
    """What people said of the item that an article belongs to; what was said of any twin was said of it."""
    grouping = load_groupings(connection, [key]).get(key)
    item = grouping.item if grouping is not None else key
    twins = twins_of(connection, [item]).get(item, [])
    item_of = {one.article: item for one in twins} | {key: item}
    said = standing_decisions(connection, articles=item_of)
    return overlays((one for one in said if one.article in item_of), item_of).get(item, Overlay())


def write_groupings(connection: Connection, groupings: Mapping[str, Grouping]) -> list[str]:
    """Store groupings; returns (and tells the index of) the articles for which something is different."""
    before = load_groupings(connection, groupings)
    changed = [one for key, one in groupings.items() if before.get(key) != one]
    upsert(
        connection,
        grouping,
        [
            {"article": one.article, "item": one.item, "story": one.story, "re_run_of": one.re_run_of}
            for one in changed
        ],
    )
    keys = [one.article for one in changed]
    # An item that lost or won a twin is another document, though its own grouping may be as it was.
    items = {one.item for key in keys for one in (before.get(key), groupings[key]) if one is not None}
    record_change(connection, [*keys, *sorted(items.difference(keys))])
    return keys
