"""What counting and ordering need of every document, in memory: 16 bytes each, read once and then only what is new.

A document's row never changes: one that is replaced gets a new key, and a key is never used again (AUTOINCREMENT, also
after `clear`). So nothing that was read can become wrong, whatever other processes write, and a reader in an older
snapshot finds its own documents here too.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence

from resound.index.base import Facet

_UNREAD = -1
_Value = tuple[str, str]  # a facet's name and one of its values


class Columns:
    """Each document's keyword combination and time of publication by key, and each combination's facet values."""

    def __init__(self) -> None:
        self.published = array("q")
        self._combination = array("q")
        self._values: dict[int, tuple[_Value, ...]] = {}
        self._known: dict[_Value, _Value] = {}
        self._lock = threading.Lock()

    def count_combinations(self, connection: sqlite3.Connection, keys: Sequence[int]) -> Mapping[int, int]:
        """How many of these documents carry each combination. Afterwards `published` knows all of them."""
        if keys and max(keys) >= len(self._combination):
            self._extend(connection)
        counted = Counter(map(self._combination.__getitem__, keys))
        if _UNREAD in counted:
            # They were gone already for the thread that read this part, in a later snapshot than this one.
            self._mend(connection, [key for key in keys if self._combination[key] == _UNREAD])
            counted = Counter(map(self._combination.__getitem__, keys))
        return counted

    def count_facets(
        self, connection: sqlite3.Connection, counted: Mapping[int, int], names: Sequence[str]
    ) -> Mapping[str, tuple[Facet, ...]]:
        """Each facet's values in falling order of count, then by value."""
        sums: Counter[_Value] = Counter()
        if names:
            self._read_values(connection, counted)
            for combination, count in counted.items():
                for value in self._values[combination]:
                    sums[value] += count
        found: dict[str, list[Facet]] = {name: [] for name in names}
        for (name, text), count in sums.items():
            if name in found:
                found[name].append((text, count))
        return {
            name: tuple(sorted(values, key=lambda one: (-one[1], one[0]))) for name, values in found.items()
        }

    def _extend(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            first = len(self._combination)
            combinations, published = array("q"), array("q")
            for key, combination, moment in connection.execute(
                "SELECT key, combination, published FROM doc WHERE key >= ? ORDER BY key", (first,)
            ):
                gone = key - first - len(combinations)
                combinations.extend([_UNREAD] * gone)
                published.extend([0] * gone)
                combinations.append(combination)
                published.append(moment)
            self.published.extend(published)  # the other's length says, without the lock, how far both reach
            self._combination.extend(combinations)

    def _mend(self, connection: sqlite3.Connection, keys: Sequence[int]) -> None:
        for key in keys:
            row = connection.execute(
                "SELECT combination, published FROM doc WHERE key = ?", (key,)
            ).fetchone()
            self.published[key] = row[1]
            self._combination[key] = row[0]

    def _read_values(self, connection: sqlite3.Connection, wanted: Mapping[int, int]) -> None:
        unread = [key for key in wanted if key not in self._values]
        if not unread:
            return
        rows = connection.execute(
            "SELECT key, facets FROM combination WHERE key BETWEEN ? AND ?", (min(unread), max(unread))
        )
        for key, facets in rows.fetchall():
            found = [(name, text) for name, texts in json.loads(facets).items() for text in texts]
            self._values[key] = tuple(self._known.setdefault(value, value) for value in found)
