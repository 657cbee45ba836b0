"""Whether a count may be too small, because a source that bears on it was not read on every day. Pure.

There may be more than was counted where

1. nothing is watched at all,
2. a watched source whose items could stand in the row (its language, its country …) was not read on one of the days, or
3. an item that is counted in the row is of an outlet that was not read on one of them, or that no machine reads in that
   medium: its items came by hand, and nobody says that these are all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from resound.coverage.model import Dimension, ItemFacts, Watch

Days = tuple[date, date]
"""First and last day, inclusive."""


class LowerBounds:
    """How well one campaign's sources were read, asked for one row after the other."""

    def __init__(self, watch: Iterable[Watch]) -> None:
        self._watch = tuple(watch)
        self._own = {(one.source, one.medium): one for one in self._watch}

    def is_one(
        self,
        members: Iterable[ItemFacts],
        *,
        dimension: Dimension | None = None,
        value: str = "",
        days: Days | None = None,
    ) -> bool:
        """Whether the count of a row is only known to be at least so large.

        Args:
            members: the items that are counted in it.
            dimension, value: what they have in common; None: nothing but that they are counted.
            days: the days on which they appeared; None: any of the window.
        """
        if not self._watch:
            return True
        if any(_has_gap(one, days) for one in self._watch if _bears_on(one, dimension, value)):
            return True
        return any(one is None or _has_gap(one, days) for one in map(self._reading_of, members))

    def unwatched(self, counted: Iterable[ItemFacts]) -> tuple[str, ...]:
        """Outlets of counted items that no machine reads in the medium of these items, each once."""
        return tuple(sorted({one.outlet for one in counted if self._reading_of(one) is None}))

    def _reading_of(self, item: ItemFacts) -> Watch | None:
        return self._own.get((item.outlet, item.medium))


def _has_gap(watch: Watch, days: Days | None) -> bool:
    if days is None:
        return bool(watch.gaps)
    return any(first <= days[1] and days[0] <= last for first, last in watch.gaps)


def _bears_on(watch: Watch, dimension: Dimension | None, value: str) -> bool:
    """Whether items of this source could stand in the row."""
    about: Mapping[Dimension, Sequence[str]] = {
        "language": watch.languages,
        "outlet": (watch.source,),
        "country": (watch.country,),
        "medium": (watch.medium,),
        "group": (watch.group,),
    }
    return dimension is None or dimension not in about or value in about[dimension]
