"""The order of results, and a page of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resound.index.base import Order
from resound.index.columns import Keys, Mask, Snapshot
from resound.index.places import read_values, write_values


class Place(NamedTuple):
    """A document's place in an order: how well it holds (0 where the order is newness alone), then when, then its id."""

    rank: int
    published: int
    id: str


Placed = tuple[int, Place]
"""(key, place)"""


def write_place(order: Order, place: Place) -> str:
    """What `after` takes."""
    return write_values(order, *place)


def read_place(after: str | None, order: Order) -> Place | None:
    """The other way round. Raises ValueError for what is no place, or one in another order."""
    if after is None:
        return None
    rank, published, (name,) = read_values(after, order, 1)
    return Place(rank, published, name)


class Pager:
    """Pages of found documents. `ranks` give those that come before others; the first one counts most."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        snapshot: Snapshot,
        keys: Keys,
        ranks: Sequence[Callable[[], Mask]],
    ) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._keys = keys
        self._ranks = ranks

    def page(self, limit: int, after: Place | None) -> list[Placed]:
        """The first `limit` of the documents behind `after`."""
        found: list[Placed] = []
        for rank, group in _groups(self._keys, self._ranks):
            if after is not None and rank > after.rank:
                continue
            start = after if after is not None and rank == after.rank else None
            found += self._newest(rank, group, limit - len(found), start)
            if len(found) >= limit:
                break
        return found

    def page_of_stories(self, limit: int, after: Place | None) -> list[Placed]:
        """The same of the first document of each story. Which that is does not depend on the page."""
        story = self._snapshot.story
        told = np.zeros(int(story.max(initial=0)) + 1, np.bool_)
        found: list[Placed] = []
        for rank, group in _groups(self._keys, self._ranks):
            fresh = group[~told[story[group]]]
            told[story[fresh]] = True
            if not len(fresh) or (after is not None and rank > after.rank):
                continue
            start = after if after is not None and rank == after.rank else None
            found += self._first_of_ties(rank, *self._latest_of_stories(fresh), limit - len(found), start)
            if len(found) >= limit:
                break
        return found

    def _latest_of_stories(self, keys: Keys) -> tuple[Keys, NDArray[np.int64]]:
        """Each story's latest documents (several where they are of one moment), and how many each story has."""
        story, published = self._snapshot.story[keys], self._snapshot.published[keys]
        latest = np.full(int(story.max()) + 1, np.iinfo(np.int64).min)
        np.maximum.at(latest, story, published)
        first = keys[published == latest[story]]
        return first, np.bincount(self._snapshot.story[first])

    def _first_of_ties(
        self, rank: int, keys: Keys, count: NDArray[np.int64], limit: int, start: Place | None
    ) -> list[Placed]:
        """The first `limit` documents, of each story only the one with the first id."""
        found: list[Placed] = []
        while len(found) < limit:
            part = self._newest(rank, keys, limit - len(found), start)
            if not part:
                break
            found += [one for one in part if self._is_first(one, keys, count)]
            start = part[-1][1]
        return found

    def _is_first(self, one: Placed, keys: Keys, count: NDArray[np.int64]) -> bool:
        key, place = one
        story = self._snapshot.story[key]
        if count[story] == 1:
            return True
        return place.id == min(self._id_of(int(tied)) for tied in keys[self._snapshot.story[keys] == story])

    def _newest(self, rank: int, keys: Keys, limit: int, start: Place | None) -> list[Placed]:
        """The latest; those of one moment by id."""
        found: list[Placed] = []
        if start is not None:
            found = self._of_moment(rank, keys, start.published, limit, start.id)
            keys = keys[self._snapshot.published[keys] < start.published]
        wanted = min(limit - len(found), len(keys))
        if wanted <= 0:
            return found
        published = self._snapshot.published[keys]
        last = int(np.partition(published, len(keys) - wanted)[len(keys) - wanted])
        sure = keys[published > last]
        placed = [
            (int(key), Place(rank, int(self._snapshot.published[key]), self._id_of(int(key)))) for key in sure
        ]
        found += sorted(placed, key=lambda one: (-one[1].published, one[1].id))
        return found + self._of_moment(rank, keys, last, wanted - len(sure), "")

    def _of_moment(self, rank: int, keys: Keys, moment: int, limit: int, after: str) -> list[Placed]:
        """Those of one moment, by id: walked in the order's index, as there may be many (all undated ones)."""
        tied = keys[self._snapshot.published[keys] == moment]
        found: list[Placed] = []
        if not len(tied) or limit <= 0:
            return found
        if len(tied) <= 2 * limit:
            names = [(name, int(key)) for key in tied if (name := self._id_of(int(key))) > after]
            return [(key, Place(rank, moment, name)) for name, key in sorted(names)[:limit]]
        members = set(tied.tolist())
        for key, name in self._connection.execute(
            "SELECT key, id FROM doc WHERE published = ? AND id > ? ORDER BY id", (moment, after)
        ):
            if key in members:
                found.append((key, Place(rank, moment, name)))
                if len(found) in (limit, len(members)):
                    break
        return found

    def _id_of(self, key: int) -> str:
        return str(self._connection.execute("SELECT id FROM doc WHERE key = ?", (key,)).fetchone()[0])


def _groups(keys: Keys, ranks: Sequence[Callable[[], Mask]], rank: int = 0) -> Iterator[tuple[int, Keys]]:
    """The keys by rank, the best rank first: one bit for each set, the first set's the highest.

    A set is asked for only where it matters: a common word fills a page from the titles.
    """
    if not len(keys):
        return
    if not ranks:
        yield rank, keys
        return
    is_member = ranks[0]()[keys]
    yield from _groups(keys[is_member], ranks[1:], rank * 2 + 1)
    yield from _groups(keys[~is_member], ranks[1:], rank * 2)
