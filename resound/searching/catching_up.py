"""Keeping the index of a server level while people search: nobody waits for more than a moment."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from resound.errors import StoreError
from resound.index.base import SearchIndex
from resound.searching.indexing import Clock, IndexUpdate, now_utc, try_to_update_index
from resound.store import Store
from resound.store.feed import count_changed, load_state

EVERY = 3.0
"""Seconds between the beginnings of two updates, however many people search."""
SECONDS = 10.0
"""What one update may take; the next goes on."""
MOMENT = 0.25
"""What a search waits for an update that has begun: most have nothing to do and end before."""

log = logging.getLogger(__name__)


class CatchUp:
    """Updates an index in a thread of its own, one update at a time in this process."""

    def __init__(
        self,
        store: Store,
        index: SearchIndex,
        *,
        clock: Clock = now_utc,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._index = index
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._running: threading.Thread | None = None
        self._began: float | None = None
        self._last: IndexUpdate | None = None

    def look(self, *, wait: float = MOMENT) -> IndexUpdate:
        """How the index stands. An update begins where the last one began long enough ago, and is waited for a moment.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._lock:
            now = self._monotonic()
            is_due = self._began is None or now - self._began >= EVERY
            if is_due and (self._running is None or not self._running.is_alive()):
                self._began = now
                self._running = threading.Thread(target=self._update, name="catch-up", daemon=True)
                self._running.start()
            running = self._running
        if running is not None:
            running.join(wait)
        if running is not None and running.is_alive():
            return self._behind()
        return self._last or self._behind()

    def close(self) -> None:
        """Wait for what is running: the store and the index are closed afterwards."""
        with self._lock:
            running = self._running
        if running is not None:
            running.join(2 * SECONDS)

    def _update(self) -> None:
        try:
            self._last = try_to_update_index(self._store, self._index, clock=self._clock, seconds=SECONDS)
        except StoreError as err:
            log.warning("the index could not be brought up", extra={"trouble": str(err)})
            self._last = None

    def _behind(self) -> IndexUpdate:
        """What is known without asking the index."""
        with self._store.read() as connection:
            known = load_state(connection, self._index.name)
            return IndexUpdate(behind=count_changed(connection, after=known.cursor), trouble=known.trouble)
