"""Who could not be asked a moment ago is not waited for again: the same is said at once, and after some seconds one asks anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from resound.errors import StoreError

SECONDS = 10.0
"""So long nobody waits for what did not answer."""


class Breaker:
    """Between those who ask and what may hang. Safe to share between threads."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._trouble = ""
        self._until = 0.0

    def trip(self, trouble: str) -> None:
        """It did not answer: `trouble` says so in a sentence."""
        with self._lock:
            self._trouble, self._until = trouble, self._monotonic() + SECONDS

    def close(self) -> None:
        """It answers."""
        with self._lock:
            self._trouble = ""

    def refuse(self) -> None:
        """Raise StoreError with the sentence while nobody shall ask."""
        with self._lock:
            if self._trouble and self._monotonic() < self._until:
                raise StoreError(self._trouble)

    def should_try(self) -> bool:
        """Whether the caller is the one who finds out if it answers again; the others are refused meanwhile.

        Raises StoreError with the sentence while nobody shall ask.
        """
        with self._lock:
            if not self._trouble:
                return False
            now = self._monotonic()
            if now < self._until:
                raise StoreError(self._trouble)
            self._until = now + SECONDS
            return True
