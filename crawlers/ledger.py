"""What a crawl reads from the store and writes to it, in small transactions off the reactor's thread.

All writes of this process take one lock: waiting for a lock is cheaper than SQLite's polling for the database.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from crawlers.plan import ChannelJob, Sorted, Window
from crawlers.polling import PollResult, PollState, next_poll, state_to_json
from crawlers.recorder import Recorded
from resound.article import Entry
from resound.outcome import Outcome
from resound.store import Store, work
from resound.store.captures import record_pages
from resound.store.frontier import (
    Added,
    FetchJob,
    add_entries,
    claim_pages,
    record_fetch,
    record_poll,
    record_reading,
)
from resound.store.leads import add_leads

Result = TypeVar("Result")

LEASE_SECONDS = 6 * 3600.0
"""Long, because pages of a slow host wait their turn in memory; a dead process's leases are freed at once anyway."""
ENTRIES_AT_ONCE = 200
"""A sitemap of 50,000 lines must not hold the database for seconds."""


class Ledger:
    """The store as a crawl sees it. Methods are coroutines for the reactor's thread, but for `commit`."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="resound-ledger")

    async def claim(self, limit: int) -> list[FetchJob]:
        """Lease up to `limit` pages that are ready."""

        def run() -> list[FetchJob]:
            with self._lock, self._store.lease() as connection:
                return claim_pages(connection, limit=limit, now=self._now(), lease=LEASE_SECONDS)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def commit(self, group: Sequence[Recorded[FetchJob]]) -> None:
        """Name pages whose evidence is on disk. Runs on the recorder's thread."""
        with self._lock, self._store.write() as connection:
            record_pages(connection, group, now=self._now())

    async def end(self, job: FetchJob, outcome: Outcome, *, status: int | None) -> None:
        """End a fetch that brought no page."""
        await self._write(
            lambda connection: record_fetch(connection, job, outcome, status=status, now=self._now())
        )

    async def postpone(self, job: FetchJob, *, until: datetime, reason: str, detail: str) -> None:
        """Have a page fetched later: its server asks for it."""
        await self._write(
            lambda connection: work.postpone(connection, job.claim, until=until, reason=reason, detail=detail)
        )

    async def release(self, jobs: Sequence[FetchJob]) -> None:
        """Give pages back that were not begun."""
        await self._write(lambda connection: work.release(connection, [job.claim for job in jobs]))

    async def add(self, job: ChannelJob, found: Sorted) -> Added:
        """Put what a channel lists on the frontier and among the leads."""
        total = Added(0, 0, 0)
        for part in _parts(found.pages, ENTRIES_AT_ONCE):
            added = await self._write(partial(self._add, job, part))
            total = Added(total.new + added.new, total.updated + added.updated, total.known + added.known)
        if found.leads:
            await self._write(
                lambda connection: add_leads(
                    connection,
                    source=job.source,
                    entries=found.leads,
                    reason="search-link",
                    now=self._now(),
                )
            )
        return total

    async def record(self, job: ChannelJob, result: PollResult, days: Sequence[Window]) -> PollState:
        """Store what a poll came to, and the days that it showed."""
        now = self._now()
        state = next_poll(job.state, result, now=now)

        def write(connection: Connection) -> None:
            if job.is_polled:
                record_poll(
                    connection,
                    source=job.source,
                    url=job.url,
                    state=state_to_json(state),
                    next_due=state.due.timestamp() if state.due is not None else 0.0,
                    stopped=state.stopped or None,
                )
            for first, last in days:
                record_reading(
                    connection, source=job.source, url=job.url, first_day=first, last_day=last, read_at=now
                )

        await self._write(write)
        return state

    def close(self) -> None:
        """End the thread once what was asked for is done."""
        self._thread.shutdown()

    def _add(self, job: ChannelJob, entries: Sequence[Entry], connection: Connection) -> Added:
        return add_entries(connection, source=job.source, entries=entries, now=self._now())

    async def _write(self, do: Callable[[Connection], Result]) -> Result:
        def run() -> Result:
            with self._lock, self._store.write() as connection:
                return do(connection)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)


def _parts(entries: Iterable[Entry], size: int) -> Iterable[list[Entry]]:
    rest = iter(entries)
    while part := list(islice(rest, size)):
        yield part
