"""A query's tree as an FTS5 expression, where it is all text. Every leaf names its columns.

Phrases and NEAR never cross columns. FTS5's NEAR counts tokens between the end of one phrase and the start of the
other, as the matcher does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from resound.query.tree import (
    FIELDS,
    And,
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

ALL = "m"
"""A column in which every document holds one token: what a pure NOT subtracts from."""
ALL_TOKEN = "_all"  # noqa: S105 (a token of text)


def column(name: str, *, exact: bool) -> str:
    """The FTS column of one form of a field."""
    return f"{name}_{'exact' if exact else 'loose'}"


def match_text(node: Node) -> str | None:
    """The FTS5 expression of a tree that is all text; None where keywords or dates are in it."""
    match node:
        case Leaf():
            return _any_of(_phrase(one) for one in readings(node))
        case Near(_, _, distance):
            left, right = near_readings(node)
            return _any_of(_near(one, other, distance) for one in left for other in right)
        case And(children):
            wanted = [match_text(child) for child in children if not isinstance(child, Not)]
            unwanted = [match_text(child.child) for child in children if isinstance(child, Not)]
            return _all_of(wanted, unwanted)
        case Or(children):
            found = [match_text(child) for child in children]
            return None if None in found else _any_of(one for one in found if one is not None)
        case Not(child):
            return _all_of([], [match_text(child)])
        case _:
            return None


def _all_of(wanted: list[str | None], unwanted: list[str | None]) -> str | None:
    if None in wanted or None in unwanted:
        return None
    made = " AND ".join(one for one in wanted if one is not None) or f'({ALL} : "{ALL_TOKEN}")'
    for one in unwanted:
        made = f"(({made}) NOT {one})"
    return f"({made})"


def _any_of(parts: Iterable[str]) -> str:
    return f"({' OR '.join(dict.fromkeys(parts))})"


def _phrase(reading: Reading) -> str:
    return f"({_columns(reading)} : {_words(reading)})"


def _near(left: Reading, right: Reading, distance: int) -> str:
    if left == right:
        return _phrase(left)
    return f"({_columns(left)} : NEAR({_words(left)} {_words(right)}, {distance}))"


def _words(reading: Reading) -> str:
    joined = " ".join(reading.tokens).replace('"', '""')
    return f'"{joined}"{" *" if reading.prefix else ""}'


def _columns(reading: Reading) -> str:
    names = FIELDS if reading.field is None else (reading.field,)
    return "{" + " ".join(column(name, exact=reading.exact) for name in names) + "}"


def marked_exactly(node: Node) -> Node:
    """The same query with its marked words (`rác`) read exactly."""
    match node:
        case Leaf():
            return replace(node, quoted=True) if node.marked and not node.prefix else node
        case Near(left, right, distance):
            return Near(_quoted(left), _quoted(right), distance)
        case And(children):
            return And(tuple(marked_exactly(child) for child in children))
        case Or(children):
            return Or(tuple(marked_exactly(child) for child in children))
        case _:
            return node  # what must not stand in a text is read as loosely as it was written


def what_marks_add(node: Node) -> Node | None:
    """What a found document must also hold for, to hold with its marked words read exactly; None where that is nothing.

    The parts of an AND that are read as before (keywords, dates, words without marks) hold already.
    """
    exactly = marked_exactly(node)
    if exactly == node:
        return None
    if isinstance(node, And) and isinstance(exactly, And):
        changed = [new for old, new in zip(node.children, exactly.children, strict=True) if new != old]
        return changed[0] if len(changed) == 1 else And(tuple(changed))
    return exactly


def _quoted(leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    return tuple(replace(leaf, quoted=True) if leaf.marked and not leaf.prefix else leaf for leaf in leaves)


def words_in(node: Node, name: str) -> str | None:
    """An FTS5 expression for “one of the words that are looked for stands in this field”; None where there is none."""
    found = [_phrase(one) for leaf in wanted_leaves(node) for one in _within(leaf, name)]
    return _any_of(found) if found else None


def _within(leaf: Leaf, name: str) -> list[Reading]:
    return [one._replace(field=name) for one in readings(leaf) if one.field in (None, name)]  # type: ignore[arg-type]
