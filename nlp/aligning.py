"""Do two texts in two languages say the same, sentence by sentence? From the vectors of their sentences.

Sentences are paired in order (a translation keeps the order of what it translates), each at most once, so that the
pairs' cosines above the threshold are greatest together: the alignment of Gale and Church (1993) with cosines in the
place of lengths, without merged sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from nlp.numbers import digit_numbers, written_numbers

if TYPE_CHECKING:
    from nlp.engines import Vectors

LONGEST = 200
"""Sentences of a text that are looked at."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """`pairs` are (place in one, place in the other, cosine); `share` is of the shorter text's sentences, 0 … 1."""

    pairs: tuple[tuple[int, int, float], ...]
    share: float

    @property
    def score(self) -> float:
        """The mean cosine of the pairs; 0 where there are none."""
        return sum(cosine for _, _, cosine in self.pairs) / len(self.pairs) if self.pairs else 0.0


def align(one: Vectors, other: Vectors, *, threshold: float) -> Alignment:
    """Pair the sentences of two texts, given as rows of length 1."""
    one, other = one[:LONGEST], other[:LONGEST]
    if not len(one) or not len(other):
        return Alignment((), 0.0)
    cosines = (one @ other.T).tolist()
    height, width = len(one), len(other)
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for row in range(height - 1, -1, -1):
        for column in range(width - 1, -1, -1):
            gain = cosines[row][column] - threshold
            paired = best[row + 1][column + 1] + gain if gain >= 0 else -1.0
            best[row][column] = max(best[row + 1][column], best[row][column + 1], paired)
    pairs, row, column = [], 0, 0
    while row < height and column < width:
        gain = cosines[row][column] - threshold
        if gain >= 0 and best[row][column] == best[row + 1][column + 1] + gain:
            pairs.append((row, column, round(cosines[row][column], 4)))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return Alignment(tuple(pairs), round(len(pairs) / min(height, width), 4))


def shared_numbers(one: str, other: str) -> tuple[int, int]:
    """(how many of the text's numbers with fewer of them stand in the other, how many it has)."""
    said, told = _values(one), _values(other)
    fewer, more = sorted((said, told), key=len)
    written = [readings for text in (one, other) for _, readings in written_numbers(text)]
    against = [*more, *written]
    return sum(any(number & found for found in against) for number in fewer), len(fewer)


def _values(text: str) -> Sequence[frozenset[Decimal]]:
    return list(dict.fromkeys(readings for _, readings in digit_numbers(text)))
