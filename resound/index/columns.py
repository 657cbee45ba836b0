"""What filtering, counting and ordering need of every document, in memory: 28 bytes each, read once, then only what is new.

A document's row never changes: one that is replaced gets a new key, and a key is never used again (AUTOINCREMENT, also
after `clear`). So nothing that was read can become wrong, whatever other processes write. Which documents there are
differs from moment to moment: that is a `Snapshot`, made anew after a write.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from resound.index.base import Bar, Facet, Period

Keys = NDArray[np.int64]
"""Documents by key, in rising order."""
Mask = NDArray[np.bool_]
"""One truth value for each key."""

_UNREAD = -1
_EPOCH = date(1970, 1, 1).toordinal()
_UNITS: Mapping[Period, str] = {"day": "datetime64[D]", "month": "datetime64[M]", "year": "datetime64[Y]"}
_FIELDS = ("published", "combination", "story", "day")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The documents of one moment. Arrays are looked up by key; `day` is a date's ordinal, 0 where there is none."""

    writes: int
    living: Mask
    published: NDArray[np.int64]
    combination: NDArray[np.int64]
    story: NDArray[np.int64]
    day: NDArray[np.int32]
    values: tuple[tuple[str, str], ...]
    """Every (facet, value), looked up by its number in `pairs`."""
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]]
    """(combination, value number) of all keyword combinations."""

    def mask(self, keys: Keys) -> Mask:
        """The same documents as truth values."""
        made = np.zeros(len(self.living), np.bool_)
        made[keys] = True
        return made

    def count_values(self, keys: Keys) -> NDArray[np.int64]:
        """How many of these documents carry each of `values`."""
        combinations, numbers = self.pairs
        counted = np.bincount(self.combination[keys], minlength=int(combinations.max(initial=0)) + 1)
        return np.bincount(numbers, weights=counted[combinations], minlength=len(self.values)).astype(
            np.int64
        )

    def count_stories(self, keys: Keys) -> NDArray[np.int64]:
        """How many of these documents are of each story, by the story's number."""
        return np.bincount(self.story[keys])

    def name_facets(
        self, counted: NDArray[np.int64], names: Sequence[str]
    ) -> Mapping[str, tuple[Facet, ...]]:
        """What `count_values` found, each facet's values in falling order of count, then by value."""
        found: dict[str, list[Facet]] = {name: [] for name in names}
        for number in np.flatnonzero(counted) if names else ():
            name, value = self.values[number]
            if name in found:
                found[name].append((value, int(counted[number])))
        return {name: tuple(sorted(some, key=lambda one: (-one[1], one[0]))) for name, some in found.items()}

    def count_dates(self, keys: Keys, period: Period) -> tuple[tuple[Bar, ...], int]:
        """How many of these documents each period has, and how many have no date."""
        days = self.day[keys]
        dated = days[days > 0]
        if not len(dated):
            return (), len(days)
        first = int(dated.min())
        counted = np.bincount(dated - first)
        taken = np.flatnonzero(counted)
        each = (taken + (first - _EPOCH)).astype("datetime64[D]").astype(_UNITS[period])
        periods, number = np.unique(each, return_inverse=True)
        sums = np.bincount(number, weights=counted[taken]).astype(np.int64)
        starts: list[date] = periods.astype("datetime64[D]").tolist()
        return tuple(zip(starts, sums.tolist(), strict=True)), len(days) - len(dated)

    def count_outlets(self, counted: NDArray[np.int64]) -> int:
        """How many different outlets are among what `count_values` found."""
        return sum(1 for number in np.flatnonzero(counted) if self.values[number][0] == "outlet")


class Columns:
    """What was read of one file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._published = np.zeros(1, np.int64)
        self._combination = np.full(1, _UNREAD, np.int64)
        self._story = np.zeros(1, np.int64)
        self._day = np.zeros(1, np.int32)
        self._numbers: dict[tuple[str, str], int] = {}
        self._pairs: list[tuple[int, int]] = []
        self._known: set[int] = set()
        self._snapshot: Snapshot | None = None

    def snapshot(self, connection: sqlite3.Connection, writes: int) -> Snapshot:
        """The documents that the connection sees. `writes` counts the writes up to there."""
        found = self._snapshot
        if found is not None and found.writes == writes:
            return found
        with self._lock:
            self._extend(connection)
            keys = read_keys(connection, "SELECT key FROM doc", ())
            # They were gone already for the thread that read this part, in a later snapshot than this one.
            for key in keys[self._combination[keys] == _UNREAD]:
                self._mend(connection, int(key))
            self._read_values(connection, keys)
            living = np.zeros(len(self._published), np.bool_)
            living[keys] = True
            pairs = np.array(self._pairs, np.int64).reshape(-1, 2)
            made = Snapshot(
                writes=writes,
                living=living,
                published=self._published,
                combination=self._combination,
                story=self._story,
                day=self._day,
                values=tuple(self._numbers),
                pairs=(pairs[:, 0].copy(), pairs[:, 1].copy()),
            )
            if self._snapshot is None or self._snapshot.writes < writes:
                self._snapshot = made
            return made

    def _extend(self, connection: sqlite3.Connection) -> None:
        first = len(self._published)
        # One long text is read three times faster than a row for each document.
        text = connection.execute(
            "SELECT group_concat(key || ',' || published || ',' || combination || ',' || story || ',' || day) "
            "FROM doc WHERE key >= ?",
            (first,),
        ).fetchone()[0]
        if text is None:
            return
        rows = np.fromstring(text, np.int64, sep=",").reshape(-1, 5)
        keys = rows[:, 0]
        size = int(keys.max()) + 1 - first
        for column, name in enumerate(_FIELDS, 1):
            old = getattr(self, f"_{name}")
            fresh = np.full(size, _UNREAD if name == "combination" else 0, old.dtype)
            fresh[keys - first] = rows[:, column]
            setattr(self, f"_{name}", np.concatenate((old, fresh)))

    def _mend(self, connection: sqlite3.Connection, key: int) -> None:
        row = connection.execute(
            "SELECT published, combination, story, day FROM doc WHERE key = ?", (key,)
        ).fetchone()
        for name, value in zip(_FIELDS, row, strict=True):
            getattr(self, f"_{name}")[key] = value

    def _read_values(self, connection: sqlite3.Connection, keys: Keys) -> None:
        unread = sorted({int(one) for one in np.unique(self._combination[keys])} - self._known)
        if not unread:
            return
        rows = connection.execute(
            "SELECT key, facets FROM combination WHERE key BETWEEN ? AND ?", (unread[0], unread[-1])
        )
        for key, facets in rows:
            if key in self._known:
                continue
            self._known.add(key)
            for name, texts in json.loads(facets).items():
                for value in texts:
                    number = self._numbers.setdefault((name, value), len(self._numbers))
                    self._pairs.append((key, number))


def read_keys(connection: sqlite3.Connection, select: str, values: Sequence[str | int]) -> Keys:
    """The keys that a statement gives, as one text: a row for each would take twice as long as finding them."""
    text = connection.execute(f"SELECT group_concat(key) FROM ({select})", tuple(values)).fetchone()[0]
    if text is None:
        return np.empty(0, np.int64)
    found = np.fromstring(str(text), np.int64, sep=",")
    found.sort()
    return found
