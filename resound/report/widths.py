"""How wide the columns of a printed table are. Decided here, of the cells, so that a page is laid out once and at once.

Widths are in characters of the table's letters, of which a Han counts two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resound.report.tables import CellKind

UPRIGHT, LYING = 108.0, 164.0
"""Characters on a line of an A4 page that stands, and of one that lies."""
_PADDING = 2.4
_WHOLE: frozenset[CellKind] = frozenset({"number", "share", "day"})
"""Kinds whose cells are not broken into lines."""
_LEAST, _MOST = 9.0, 46.0
"""Of a column whose cells are: below it words are torn, above it nobody misses more."""
_LONG = 90.0
"""Of one whose usual cell is longer than that (a query): it wishes so much, for it makes its table tall."""


def text_width(text: str) -> float:
    """Characters of a text."""
    return sum(2.0 if char > "\u2e80" else 1.0 for char in text)


def word_width(text: str) -> float:
    """Of its longest word: Han may be broken anywhere, up to four are kept together."""
    return max(
        (text_width(word) if max(word) < "\u2e80" else min(text_width(word), 8.0) for word in text.split()),
        default=0.0,
    )


@dataclass(frozen=True, slots=True)
class Need:
    """What a column needs at least, what it wishes, and all that its longest cell could take."""

    least: float
    wished: float
    longest: float


def needed(kind: CellKind, heading: str, cells: Sequence[str]) -> Need:
    """What a column with this heading and these cells needs."""
    head = word_width(heading) * 1.1  # bold
    longest = max((text_width(one) for one in cells), default=0.0)
    if kind in _WHOLE:
        width = max(longest, head) + _PADDING
        return Need(width, width, width)
    word = max((word_width(one) for one in cells), default=0.0)
    least = max(min(max(word, head), 18.0), min(longest, _LEAST)) + _PADDING
    usual = sum(text_width(one) for one in cells) / max(
        1, len(cells)
    )  # one long cell does not make a column wide
    most = max(_MOST, min(usual, _LONG))
    wished = max(least, min(longest, most, max(14.0, 2 * usual)) + _PADDING)
    return Need(least, wished, max(wished, longest))


def share_out(columns: Sequence[Need], room: float) -> list[float]:
    """The width of each column in per cent of the line: what it wishes where there is room, what it needs where not.

    What is left over goes to the columns whose cells are longer than they wish, else to all alike.
    """
    least, wished = sum(one.least for one in columns), sum(one.wished for one in columns)
    if wished > room:
        part = max(0.0, room - least) / (wished - least) if wished > least else 0.0
        given = [one.least + (one.wished - one.least) * part for one in columns]
    else:
        long = [one.longest - one.wished for one in columns]
        share = (room - wished) / sum(long) if sum(long) else 0.0
        given = [one.wished + more * share for one, more in zip(columns, long, strict=True)]
    total = sum(given) or 1.0
    return [round(100 * one / total, 2) for one in given]


def lies(columns: Sequence[Need]) -> bool:
    """Whether a table needs a page that lies on its side."""
    return (
        sum(one.least for one in columns) > UPRIGHT
        or sum(min(one.wished, 30.0) for one in columns) > UPRIGHT * 1.15
    )
