"""The order of results, and a page of it."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from heapq import nlargest
from typing import NamedTuple

from resound.index.base import Order


class Place(NamedTuple):
    """A document's place in an order: how well it holds (0 where the order is newness alone), then when, then its id."""

    rank: int
    published: int
    id: str


def write_place(order: Order, place: Place) -> str:
    """What `after` takes."""
    return base64.urlsafe_b64encode(json.dumps([order, *place]).encode()).decode()


def read_place(after: str | None, order: Order) -> Place | None:
    """The other way round. Raises ValueError for what is no place, or one in another order."""
    if after is None:
        return None
    try:
        said, rank, published, name = json.loads(base64.urlsafe_b64decode(after))
    except (ValueError, TypeError) as err:
        raise ValueError(f"{after[:80]!r} is no place in a list of results") from err
    if said != order or type(rank) is not int or type(published) is not int or not isinstance(name, str):
        raise ValueError(f"{after[:80]!r} is a place in another order")
    return Place(rank, published, name)


def page(
    connection: sqlite3.Connection,
    keys: Sequence[int],
    published: Sequence[int],
    ranks: Sequence[Callable[[], AbstractSet[int]]],
    limit: int,
    after: Place | None,
) -> list[tuple[int, Place]]:
    """The first `limit` of the found keys behind `after`. `ranks` give the keys that come before others.

    The first one counts most. One is asked only where it matters to this page: a common word fills it from the titles.
    """
    found: list[tuple[int, Place]] = []
    for rank, group in _groups(keys, ranks):
        if after is not None and rank > after.rank:
            continue
        start = after if after is not None and rank == after.rank else None
        for key, moment, name in _newest(connection, group, published, limit - len(found), start):
            found.append((key, Place(rank, moment, name)))
        if len(found) >= limit:
            break
    return found


def _groups(
    keys: Sequence[int], ranks: Sequence[Callable[[], AbstractSet[int]]], rank: int = 0
) -> Iterator[tuple[int, Sequence[int]]]:
    """The keys by rank, the best rank first: one bit for each set, the first set's the highest."""
    if not keys:
        return
    if not ranks:
        yield rank, keys
        return
    members = ranks[0]()
    yield from _groups([key for key in keys if key in members], ranks[1:], rank * 2 + 1)
    yield from _groups([key for key in keys if key not in members], ranks[1:], rank * 2)


def _newest(
    connection: sqlite3.Connection,
    keys: Sequence[int],
    published: Sequence[int],
    limit: int,
    start: Place | None,
) -> list[tuple[int, int, str]]:
    """(key, published, id) of the latest; those of one moment by id."""
    found: list[tuple[int, int, str]] = []
    if start is not None:
        found = _of_moment(connection, keys, published, start.published, limit, start.id)
        keys = [key for key in keys if published[key] < start.published]
    wanted = limit - len(found)
    if wanted <= 0 or not keys:
        return found
    # Only the last moment of the page can be cut within; what is later goes in whole.
    last = published[nlargest(wanted, keys, key=published.__getitem__)[-1]]
    later = [
        (key, *connection.execute("SELECT published, id FROM doc WHERE key = ?", (key,)).fetchone())
        for key in keys
        if published[key] > last
    ]
    found += sorted(later, key=lambda one: (-one[1], one[2]))
    return found + _of_moment(connection, keys, published, last, limit - len(found), "")


def _of_moment(
    connection: sqlite3.Connection,
    keys: Sequence[int],
    published: Sequence[int],
    moment: int,
    limit: int,
    after: str,
) -> list[tuple[int, int, str]]:
    """Those of one moment, by id: walked in the order's index, as there may be many (all undated ones)."""
    members = {key for key in keys if published[key] == moment}
    found: list[tuple[int, int, str]] = []
    if not members or limit <= 0:
        return found
    for row in connection.execute(
        "SELECT key, published, id FROM doc WHERE published = ? AND id > ? ORDER BY id", (moment, after)
    ):
        if row[0] in members:
            found.append(row)
            if len(found) in (limit, len(members)):
                break
    return found
