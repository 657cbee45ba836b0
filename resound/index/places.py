"""Where a page of results ended, as text that goes out and comes back: whatever else comes back is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

from resound.index.base import Order

_MOST_RANK = 2**31
_MOST_MOMENT = 2**53
"""Seconds; both engines have numbers of this size exactly, whatever they compare them with."""


def write_values(order: Order, *values: int | str) -> str:
    """What `after` takes."""
    return base64.urlsafe_b64encode(json.dumps([order, *values]).encode()).decode()


def read_values(after: str, order: Order, texts: int) -> tuple[int, int, list[str]]:
    """Rank, moment and so many texts. Raises ValueError for what is no place, or one in another order."""
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(after))
    except (ValueError, TypeError, RecursionError) as err:
        raise ValueError(f"{after[:80]!r} is no place in a list of results") from err
    if not isinstance(found, list) or len(found) != 3 + texts:
        raise ValueError(f"{after[:80]!r} is no place in a list of results")
    said, rank, published, *names = found
    if said != order or type(rank) is not int or type(published) is not int:
        raise ValueError(f"{after[:80]!r} is a place in another order")
    if abs(rank) > _MOST_RANK or abs(published) > _MOST_MOMENT:
        raise ValueError(f"{after[:80]!r} is no place in a list of results")
    if not all(isinstance(one, str) for one in names):
        raise ValueError(f"{after[:80]!r} is no place in a list of results")
    return rank, published, names
