"""A query's tree in Elasticsearch's language. Every text leaf names its fields, as phrases and NEAR never cross them.

`<field>` holds loose tokens, `<field>_exact` exact ones, both analysed by us and parted by spaces. A word is `term`, a
phrase `match_phrase`, a beginning `prefix`; NEAR, and a phrase that ends in a beginning, are `intervals`
(`match_phrase_prefix` would stop after 50 of the words that begin so). Intervals stop with an error at 8,192 words: the
fields' `index_prefixes` holds the first three letters of every word, of which two letters have few and four have fewer words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from resound.article import Field
from resound.index.base import Order
from resound.index.fts import what_marks_add
from resound.query import Query
from resound.query.tree import (
    FIELDS,
    And,
    DateRange,
    Keyword,
    Leaf,
    Near,
    Node,
    Not,
    Or,
    Reading,
    near_readings,
    readings,
    wanted_leaves,
)

Json = dict[str, Any]


def text_field(name: str, *, exact: bool) -> str:
    """The field that holds one form of a document's field."""
    return f"{name}_exact" if exact else name


def keyword_field(name: str) -> str:
    """The field that a keyword is looked for in; `name` itself holds it as written."""
    return f"{name}_folded"


def compile_tree(node: Node) -> Json:
    """The query that finds the documents for which the tree holds. Filters only: nothing is scored."""
    match node:
        case Leaf():
            return _any_reading(readings(node))
        case Near():
            return _near(node)
        case And(children):
            wanted = [compile_tree(child) for child in children if not isinstance(child, Not)]
            unwanted = [compile_tree(child.child) for child in children if isinstance(child, Not)]
            return {"bool": {"filter": wanted, "must_not": unwanted}}
        case Or(children):
            words = [reading for child in children if isinstance(child, Leaf) for reading in readings(child)]
            others = [compile_tree(child) for child in children if not isinstance(child, Leaf)]
            return _any_of([*_clauses(words), *others])
        case Not(child):
            return {"bool": {"must_not": [compile_tree(child)]}}
        case Keyword(name, _, folded):
            return {"term": {keyword_field(name): folded}}
        case DateRange(first, last):
            bounds = {"gte": first, "lte": last}
            days = {sign: day.isoformat() for sign, day in bounds.items() if day is not None}
            return (
                {"range": {"day": {**days, "format": "strict_date"}}}
                if days
                else {"exists": {"field": "day"}}
            )


def rank_conditions(query: Query, order: Order) -> list[Json]:
    """What puts a document before others, the condition that counts most first; none for `newest`."""
    if order == "newest":
        return []
    found = []
    exactly = what_marks_add(query.tree)
    if exactly is not None:
        found.append(compile_tree(exactly))
    places: tuple[Field, ...] = ("title", "lead")
    for name in places:
        words = [
            reading._replace(field=name)
            for leaf in wanted_leaves(query.tree)
            for reading in readings(leaf)
            if reading.field in (None, name)
        ]
        if words:
            found.append(_any_reading(words))
    return found


def ranked(query: Json, ranks: Sequence[Json]) -> Json:
    """The same documents, each scored by the ranks that hold for it: one bit for each, the first one's the highest."""
    bits = [
        {"constant_score": {"filter": rank, "boost": float(1 << place)}}
        for place, rank in enumerate(reversed(ranks))
    ]
    return {"bool": {"filter": [query], **({"should": bits} if bits else {})}}


def behind(place: tuple[int, int, str], ranks: Sequence[Json]) -> Json:
    """The documents that stand behind a place (rank, published, id) in an order.

    Collapsed results need it as a filter: Elasticsearch takes no `search_after` with `collapse`.
    """
    rank, published, identity = place
    same: list[Json] = []
    worse: list[Json] = []
    for number, condition in enumerate(ranks):
        does_not_hold = {"bool": {"must_not": [condition]}}
        if rank >> (len(ranks) - 1 - number) & 1:
            worse.append({"bool": {"filter": [*same, does_not_hold]}})
            same.append(condition)
        else:
            same.append(does_not_hold)
    later = _any_of(
        [
            {"range": {"published": {"lt": published}}},
            {"bool": {"filter": [{"term": {"published": published}}, {"range": {"id": {"gt": identity}}}]}},
        ]
    )
    return _any_of([*worse, {"bool": {"filter": [*same, later]}}])


def _any_of(clauses: Sequence[Json]) -> Json:
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def _any_reading(found: Iterable[Reading]) -> Json:
    return _any_of(_clauses(found))


def _clauses(found: Iterable[Reading]) -> list[Json]:
    """One clause for each reading in each of its fields; single words of one field share one (a glossary has thousands)."""
    words: dict[str, list[str]] = {}
    clauses: list[Json] = []
    for reading in dict.fromkeys(found):
        for name in _fields(reading):
            if len(reading.tokens) == 1 and not reading.prefix:
                words.setdefault(name, []).append(reading.tokens[0])
            else:
                clauses.append(_sequence(reading, name))
    alone = [
        {"terms": {name: tokens}} if len(tokens) > 1 else {"term": {name: tokens[0]}}
        for name, tokens in words.items()
    ]
    return [*alone, *clauses]


def _fields(reading: Reading) -> list[str]:
    names = FIELDS if reading.field is None else (reading.field,)
    return [text_field(name, exact=reading.exact) for name in names]


def _sequence(reading: Reading, name: str) -> Json:
    if not reading.prefix:
        return {"match_phrase": {name: {"query": " ".join(reading.tokens)}}}
    if len(reading.tokens) == 1:
        return {"prefix": {name: {"value": reading.tokens[0]}}}
    return {"intervals": {name: _interval(reading)}}


def _near(near: Near) -> Json:
    left, right = near_readings(near)
    clauses: list[Json] = []
    for name in _fields(left[0]):
        sides = [_any_interval(left), _any_interval(right)]
        if sides[0] != sides[1] or len(left) > 1:
            clauses.append(
                {
                    "intervals": {
                        name: {"all_of": {"ordered": False, "max_gaps": near.distance, "intervals": sides}}
                    }
                }
            )
    # A word is near itself: Elasticsearch would ask for two of them.
    both = [reading for reading in left if reading in right]
    return _any_of([*clauses, *_clauses(both)])


def _any_interval(found: Sequence[Reading]) -> Json:
    made = [_interval(reading) for reading in found]
    return made[0] if len(made) == 1 else {"any_of": {"intervals": made}}


def _interval(reading: Reading) -> Json:
    if not reading.prefix:
        return {"match": {"query": " ".join(reading.tokens), "ordered": True, "max_gaps": 0}}
    beginning = {"prefix": {"prefix": reading.tokens[-1]}}
    if len(reading.tokens) == 1:
        return beginning
    words = {"match": {"query": " ".join(reading.tokens[:-1]), "ordered": True, "max_gaps": 0}}
    return {"all_of": {"ordered": True, "max_gaps": 0, "intervals": [words, beginning]}}
