"""What a query is once it is read: a small tree of frozen nodes, and how a tree is written down again.

`readings` is the one place that says which tokens a leaf looks for; the matcher and every index evaluate readings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeAlias

from resound.article import Field

FIELDS: tuple[Field, ...] = ("title", "lead", "body", "caption", "translation")
"""In the order of prominence. `translation` is searched and never matched: matching leaves it empty."""
KEYWORDS = ("lang", "country", "outlet", "group", "type", "campaign", "topic", "tone", "origin")
FIELD_NAMES = ("title", *KEYWORDS, "date")

MAX_CHARACTERS = 2_000
MAX_LEAVES = 256
MAX_EXPANDED_LEAVES = 2_048
MAX_DEPTH = 12  # FTS5 overflows at 33 mixed AND/OR, Elasticsearch at 30
MAX_PHRASE = 64
MAX_DISTANCE = 20
MIN_PREFIX = 2
MAX_NEAR_PAIRS = 512


@dataclass(frozen=True, slots=True)
class Leaf:
    """A word, or several that stand side by side (a phrase). All token tuples have the same length.

    `text` is how it is written: its words with single spaces where quoted, with hyphens where not.
    `plain` is the last word before stemming, which a prefix is compared with.
    """

    text: str
    loose: tuple[str, ...]
    exact: tuple[str, ...]
    plain: str
    quoted: bool = False
    prefix: bool = False
    marked: bool = False
    """It carries marks (`rác`), so that exact matches are worth more than loose ones."""
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """Any of `left` at most `distance` tokens from any of `right`, in either order, in one paragraph of one field."""

    left: tuple[Leaf, ...]
    right: tuple[Leaf, ...]
    distance: int

    @property
    def is_exact(self) -> bool:
        """One quoted operand makes the whole NEAR read exact forms."""
        return any(leaf.quoted for leaf in (*self.left, *self.right))

    @property
    def field(self) -> Field | None:
        return self.left[0].field


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword field (`outlet:…`). `folded` is what is compared."""

    name: str
    value: str = field(compare=False)
    folded: str


@dataclass(frozen=True, slots=True)
class DateRange:
    """Inclusive days; None is open. A document without a date is in no range."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Not:
    child: Node


@dataclass(frozen=True, slots=True)
class And:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple[Node, ...]


Node: TypeAlias = Leaf | Near | Keyword | DateRange | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read. `str(query)` is a canonical writing that parses to an equal tree.

    `parts`: where in `source` (start, end) what the topmost AND joins is written; none where an OR stands above it.
    """

    tree: Node
    source: str = field(default="", compare=False)
    parts: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return render(self.tree)


EVERYTHING = Query(And(()))
"""An AND of nothing holds for every document. No text says it: what is empty may be a mistake, so callers choose."""


class Reading(NamedTuple):
    """One token sequence to look for in one form of one field (or of any field)."""

    exact: bool
    tokens: tuple[str, ...]
    prefix: bool
    field: Field | None


def readings(leaf: Leaf, *, exact: bool = False, bare: bool = True) -> tuple[Reading, ...]:
    """What `leaf` looks for: it matches where any of these does.

    `exact` asks for exact forms although the leaf is not quoted (inside a NEAR with a quoted operand).
    A loose prefix finds what begins with it before or after stemming (`governmen*`: the stem of government is
    govern). `bare` is False inside a NEAR, which reads one set of fields: there only the stems are compared.
    """
    if leaf.quoted or exact:
        return (Reading(True, leaf.exact, leaf.prefix, leaf.field),)
    if not leaf.prefix:
        return (Reading(False, leaf.loose, False, leaf.field),)
    found = [Reading(False, (*leaf.loose[:-1], leaf.plain), True, leaf.field)]
    if not leaf.loose[-1].startswith(leaf.plain):
        found.append(Reading(False, leaf.loose, False, leaf.field))
    if bare:
        found.append(Reading(True, leaf.exact, True, leaf.field))
    return tuple(found)


def near_readings(near: Near) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    """The readings of both operands; all of them in one form and one field."""
    exact = near.is_exact

    def side(leaves: tuple[Leaf, ...]) -> tuple[Reading, ...]:
        found = (reading for leaf in leaves for reading in readings(leaf, exact=exact, bare=False))
        return tuple(dict.fromkeys(found))

    return side(near.left), side(near.right)


def all_of(children: list[Node]) -> Node:
    """AND, flattened."""
    flat: list[Node] = []
    for child in children:
        flat.extend(child.children if isinstance(child, And) else (child,))
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(children: list[Node]) -> Node:
    """OR, flattened, each alternative once."""
    flat: list[Node] = []
    for child in children:
        flat.extend(child.children if isinstance(child, Or) else (child,))
    flat = list(dict.fromkeys(flat))
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negate(child: Node) -> Node:
    """NOT; two of them cancel out."""
    return child.child if isinstance(child, Not) else Not(child)


def depth(node: Node) -> int:
    """How deep the flattened tree is: 1 for a leaf."""
    match node:
        case And(children) | Or(children):
            return 1 + max(depth(child) for child in children)
        case Not(child):
            return 1 + depth(child)
        case Near():
            return 2
        case _:
            return 1


def count_leaves(node: Node) -> int:
    """Words, phrases, keywords and dates in the tree."""
    match node:
        case And(children) | Or(children):
            return sum(count_leaves(child) for child in children)
        case Not(child):
            return count_leaves(child)
        case Near(left, right):
            return len(left) + len(right)
        case _:
            return 1


_SIMPLE_VALUE = re.compile(r"(?!(?:AND|OR|NOT)\Z)[A-Za-z0-9_.]+(?:-[A-Za-z0-9_.]+)*")


def render(node: Node) -> str:
    """The canonical writing of a tree."""
    match node:
        case Or(children):
            return " OR ".join(_inner(child, Or) for child in children)
        case And(children):
            return " AND ".join(_inner(child, And) for child in children)
        case Not(child):
            return f"NOT {_inner(child, Not)}"
        case Near(left, right, distance):
            text = f"{_operand(left)} NEAR/{distance} {_operand(right)}"
            return f"{node.field}:({text})" if node.field else text
        case Leaf():
            return f"{node.field}:{_leaf(node)}" if node.field else _leaf(node)
        case Keyword(name, value):
            return f"{name}:{value}" if _SIMPLE_VALUE.fullmatch(value) else f'{name}:"{value}"'
        case DateRange(first, last):
            if first == last and first is not None:
                return f"date:{first}"
            return f"date:{first or ''}..{last or ''}"


def _inner(child: Node, parent: type[Or | And | Not]) -> str:
    loosest = isinstance(child, Or) or (parent is Not and isinstance(child, And))
    return f"({render(child)})" if loosest and parent is not Or else render(child)


def _operand(leaves: tuple[Leaf, ...]) -> str:
    text = " OR ".join(_leaf(leaf) for leaf in leaves)
    return f"({text})" if len(leaves) > 1 else text


def _leaf(leaf: Leaf) -> str:
    star = "*" if leaf.prefix else ""
    if leaf.quoted:
        return f'"{leaf.text}"{star}'
    return leaf.text + star


def wanted_leaves(node: Node) -> list[Leaf]:
    """The words and phrases that a query looks for, those that it excludes left out."""
    match node:
        case Leaf():
            return [node]
        case Near(left, right, _):
            return [*left, *right]
        case And(children) | Or(children):
            return [leaf for child in children for leaf in wanted_leaves(child)]
        case _:
            return []
