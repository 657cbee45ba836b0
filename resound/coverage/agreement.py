"""How far coders agree: Krippendorff's alpha, by the coincidence matrix.

Source: K. Krippendorff, “Computing Krippendorff's Alpha-Reliability” (2011), sections C and E. With o(c,k) the
coincidences of two values, n(c) how often a value stands in pairs, and n their number,

    alpha = 1 - (n - 1) * sum o(c,k) d(c,k) / sum n(c) n(k) d(c,k)        (over all pairs c < k)

where d is 1 for nominal values, and for ordinal ones the square of the ranks that lie between them:
(n(c)/2 + n(c+1) + … + n(k-1) + n(k)/2)². Units with fewer than two values pair with nothing and are passed over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, permutations
from typing import Literal

Metric = Literal["nominal", "ordinal"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """`alpha` is 1 where coders always agree, 0 where they agree as chance would, and may lie below.

    It is None where nothing can be said: `one-coder` (no unit was coded twice) or `no-variation` (everybody always said
    the same one thing, so that agreeing by chance cannot be told from knowing). `units` were coded twice or more;
    `agreed` of them alike.
    """

    alpha: float | None
    units: int
    agreed: int
    reason: Literal["", "one-coder", "no-variation"] = ""


def measure_agreement(
    units: Iterable[Sequence[str]], *, metric: Metric = "nominal", order: Sequence[str] = ()
) -> Agreement:
    """Alpha over units, each with the values that its coders gave (any number of coders, in any order).

    Args:
        order: every value that may occur, lowest first; needed for `ordinal`.

    Raises:
        ValueError: a value has no place in the order.
    """
    paired = [list(values) for values in units if len(values) > 1]
    agreed = sum(len(set(values)) == 1 for values in paired)
    if not paired:
        return Agreement(None, 0, 0, "one-coder")
    coincidences: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)  # exact, unlike floats
    for values in paired:
        for pair in permutations(values, 2):
            coincidences[pair] += Fraction(1, len(values) - 1)
    frequency: Counter[str] = Counter(value for values in paired for value in values)
    if metric == "ordinal" and not set(frequency) <= set(order):
        raise ValueError(f"values without a rank: {sorted(set(frequency) - set(order))}")
    ranked = [value for value in order if value in frequency] if metric == "ordinal" else sorted(frequency)
    distance = _distances(ranked, frequency)[metric]
    pairs = list(combinations(ranked, 2))
    expected = sum(frequency[c] * frequency[k] * distance(c, k) for c, k in pairs)
    if not expected:
        return Agreement(None, len(paired), agreed, "no-variation")
    observed = sum(coincidences[pair] * distance(*pair) for pair in pairs)
    return Agreement(float(1 - (frequency.total() - 1) * observed / expected), len(paired), agreed)


def _distances(
    ranked: Sequence[str], frequency: Mapping[str, int]
) -> Mapping[Metric, Callable[[str, str], Fraction]]:
    def ordinal(c: str, k: str) -> Fraction:
        between = ranked[ranked.index(c) : ranked.index(k) + 1]
        ranks = sum(frequency[value] for value in between) - Fraction(frequency[c] + frequency[k], 2)
        return ranks * ranks

    return {"nominal": lambda _c, _k: Fraction(1), "ordinal": ordinal}
