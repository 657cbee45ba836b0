"""How wide the columns of a printed table are. Decided here, of the cells, so that a page is laid out once and at once.

Widths are in characters of the table's letters, of which a Han counts two.
"""

from __future__ import annotations

from collections.abc import Sequence

from resound.report.tables import CellKind

UPRIGHT, LYING = 108.0, 164.0
"""Characters on a line of an A4 page that stands, and of one that lies."""
_PADDING = 2.4
_WHOLE: frozenset[CellKind] = frozenset({"number", "share", "day"})
"""Kinds whose cells are not broken into lines."""
_LEAST, _MOST = 9.0, 46.0
"""Of a column whose cells are: below it words are torn, above it nobody misses more."""


def text_width(text: str) -> float:
    """Characters of a text."""
    return sum(2.0 if char > "\u2e80" else 1.0 for char in text)


def word_width(text: str) -> float:
    """Of its longest word: Han may be broken anywhere, up to four are kept together."""
    return max(
        (text_width(word) if max(word) < "\u2e80" else min(text_width(word), 8.0) for word in text.split()), default=0.0
    )


def needed(kind: CellKind, heading: str, cells: Sequence[str]) -> tuple[float, float]:
    """(least, wished) width of a column with this heading and these cells."""
    head = word_width(heading) * 1.1  # bold
    longest = max((text_width(one) for one in cells), default=0.0)
    if kind in _WHOLE:
        width = max(longest, head) + _PADDING
        return width, width
    word = max((word_width(one) for one in cells), default=0.0)
    least = max(min(max(word, head), 18.0), min(longest, _LEAST))
    return least + _PADDING, max(least, min(longest, _MOST)) + _PADDING


def share_out(columns: Sequence[tuple[float, float]], room: float) -> list[float]:
    """The width of each column in per cent of the line: what it wishes where there is room, what it needs where not."""
    least, wished = sum(one[0] for one in columns), sum(one[1] for one in columns)
    if wished <= room or wished == least:
        given = [one[1] for one in columns]
    else:
        part = max(0.0, room - least) / (wished - least)
        given = [low + (high - low) * part for low, high in columns]
    total = sum(given) or 1.0
    return [round(100 * one / total, 2) for one in given]


def lies(columns: Sequence[tuple[float, float]]) -> bool:
    """Whether a table needs a page that lies on its side."""
    return sum(one[0] for one in columns) > UPRIGHT or sum(min(one[1], 24.0) for one in columns) > UPRIGHT * 1.15
