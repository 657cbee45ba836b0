"""The matcher: does a query hold for a document, and where. It is the oracle that the indexes are held to.

Cost is bounded by the tree's leaves times the document's tokens: a phrase is tried at the places of its rarest token,
a NEAR by binary search among the places of its operands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from resound.article import Field
from resound.query.document import AnalysedDocument, FieldTokens
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
    Query,
    Reading,
    near_readings,
    readings,
)


class Span(NamedTuple):
    """A part of one field's original text."""

    field: Field
    start: int
    end: int


def evaluate(query: Query, analysed: AnalysedDocument) -> bool:
    """Whether the query holds for the document."""
    return _holds(query.tree, analysed)


def spans(query: Query, analysed: AnalysedDocument) -> list[Span]:
    """Where the query's words stand, merged where they touch, in order of field and place.

    Empty where the query does not hold. Words under NOT, and alternatives of an OR that do not hold, are left out.
    """
    if not _holds(query.tree, analysed):
        return []
    found: dict[Field, list[tuple[int, int]]] = {name: [] for name in FIELDS}
    for name, start, end in _places(query.tree, analysed):
        offsets = analysed.fields[name].offsets
        found[name].append((offsets[start][0], offsets[end - 1][1]))
    return [Span(name, start, end) for name in FIELDS for start, end in _merge(found[name])]


def keyword_holds(keyword: Keyword, values: Collection[str]) -> bool:
    """Whether one of the folded `values` is what the keyword asks for. `lang:zh` asks for zh-Hant and zh-Hans too."""
    if keyword.name == "lang":
        return any(value == keyword.folded or value.startswith(f"{keyword.folded} ") for value in values)
    return keyword.folded in values


def _holds(node: Node, analysed: AnalysedDocument) -> bool:
    match node:
        case And(children):
            return all(_holds(child, analysed) for child in children)
        case Or(children):
            return any(_holds(child, analysed) for child in children)
        case Not(child):
            return not _holds(child, analysed)
        case Leaf():
            return any(
                _find(reading, analysed.fields[name])
                for reading in readings(node)
                for name in _scope(reading.field)
            )
        case Near():
            return next(_near_places(node, analysed), None) is not None
        case Keyword(name):
            return keyword_holds(node, analysed.keywords.get(name, frozenset()))
        case DateRange(first, last):
            day = analysed.document.date
            return day is not None and (first is None or first <= day) and (last is None or day <= last)


def _places(node: Node, analysed: AnalysedDocument) -> Iterator[tuple[Field, int, int]]:
    """(field, first token, token after the last) of every positive leaf in the parts of the tree that hold."""
    match node:
        case And(children) | Or(children):
            for child in children:
                if _holds(child, analysed):
                    yield from _places(child, analysed)
        case Leaf():
            for reading in readings(node):
                for name in _scope(reading.field):
                    for start in _find(reading, analysed.fields[name]):
                        yield name, start, start + len(reading.tokens)
        case Near():
            yield from _near_places(node, analysed)
        case _:
            return


def _scope(field: Field | None) -> tuple[Field, ...]:
    return (field,) if field else FIELDS


def _find(reading: Reading, tokens: FieldTokens) -> list[int]:
    """The positions at which the reading's token sequence begins, ascending."""
    at = tokens.positions(exact=reading.exact)
    wanted = list(reading.tokens)
    if reading.prefix:
        beginning = wanted.pop()
        if not wanted:
            return sorted(
                place for token, places in at.items() if token.startswith(beginning) for place in places
            )
        sequence = tokens.tokens(exact=reading.exact)
        return [
            start
            for start in _find_sequence(wanted, at, sequence)
            if start + len(wanted) < len(sequence) and sequence[start + len(wanted)].startswith(beginning)
        ]
    if len(wanted) == 1:
        return at.get(wanted[0], [])
    return _find_sequence(wanted, at, tokens.tokens(exact=reading.exact))


def _find_sequence(wanted: list[str], at: Mapping[str, list[int]], sequence: list[str]) -> list[int]:
    rarest: list[int] = []
    index = 0
    for order, token in enumerate(wanted):
        places = at.get(token)
        if places is None:
            return []
        if order == 0 or len(places) < len(rarest):
            rarest, index = places, order
    length = len(wanted)
    return [
        place - index
        for place in rarest
        if place >= index and sequence[place - index : place - index + length] == wanted
    ]


def _near_places(near: Near, analysed: AnalysedDocument) -> Iterator[tuple[Field, int, int]]:
    """Every occurrence of either operand that has the other one near enough."""
    left, right = near_readings(near)
    for name in _scope(near.field):
        tokens = analysed.fields[name]
        lefts = [(found, len(reading.tokens)) for reading in left if (found := _find(reading, tokens))]
        if not lefts:
            continue
        rights = [(found, len(reading.tokens)) for reading in right if (found := _find(reading, tokens))]
        for these, others in ((lefts, rights), (rights, lefts)):
            for places, length in these:
                for start in places:
                    if any(_has_near(start, length, found, size, near.distance) for found, size in others):
                        yield name, start, start + length


def _has_near(start: int, length: int, others: list[int], size: int, distance: int) -> bool:
    """Whether one of `others` (each `size` tokens long) has at most `distance` tokens between; overlap is allowed."""
    at = bisect_left(others, start - distance - size)
    return at < len(others) and others[at] <= start + length + distance


def _merge(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
