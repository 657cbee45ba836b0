"""What is costly to make of a state of the store is kept in memory while that state holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")
Mark = tuple[str, ...]
"""What says of a state whether it is still the same (`resound.store.feed.store_mark`)."""
KEPT = 32
"""Values that are held, those that were asked for last."""


class _Place(Generic[Value]):
    def __init__(self) -> None:
        self.lock = Lock()
        self.held: tuple[Mark, Value] | None = None


class Kept(Generic[Value]):
    """One value for each key, made anew where its mark is another one.

    Safe to share between threads: who asks while it is being made waits for it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: OrderedDict[str, _Place[Value]] = OrderedDict()

    def __len__(self) -> int:
        """How many are held."""
        return len(self._places)

    def get(self, key: str, mark: Mark, make: Callable[[], Value]) -> Value:
        """The value of this state. What `make` raises is raised, and nothing is kept."""
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            while len(self._places) > KEPT:
                self._places.popitem(last=False)
        with place.lock:
            if place.held is None or place.held[0] != mark:
                place.held = (mark, make())
            return place.held[1]
