"""Durable before acknowledged: pages go to the evidence, are synced together, and only then are named in the store.

All of it happens on one thread of the recorder's own, so the reactor never waits for a disk. What arrives while a group
is written and synced becomes the next group: a slow disk makes larger groups, not a longer queue.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar

from crawlers.evidence import EvidenceRef, EvidenceWriter
from resound.article import RawPage
from resound.errors import EvidenceError

Token = TypeVar("Token")
"""Whatever the caller needs to name a page in the store, handed back to `commit` untouched."""

Recorded = tuple[RawPage, EvidenceRef, Token]

MAX_GROUP = 64
"""Pages that share one sync and one commit."""
MAX_WAITING = 128
"""Pages held in memory, at up to 10 MB each; the caller waits when as many are not yet safe."""


@dataclass(slots=True)
class _Waiting(Generic[Token]):
    page: RawPage
    token: Token
    done: Future[EvidenceRef] = field(default_factory=Future)


class Recorder(Generic[Token]):
    """Takes pages from any thread. A page is acknowledged (its future has a result) when `commit` has returned.

    A page that cannot be evidence fails alone. When the disk or `commit` fails, everything that waits fails with that
    error, and so does every later call, `close` included: nothing is acknowledged after it.
    """

    def __init__(
        self,
        writer: EvidenceWriter,
        commit: Callable[[Sequence[Recorded[Token]]], None],
        *,
        max_group: int = MAX_GROUP,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._writer = writer
        self._commit = commit
        self._max_group = max_group
        self._max_waiting = max_waiting
        self._waiting: deque[_Waiting[Token]] = deque()
        self._unsafe = 0
        self._changed = threading.Condition()
        self._is_closing = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="resound-recorder", daemon=True)
        self._thread.start()

    def put(self, page: RawPage, token: Token) -> Future[EvidenceRef]:
        """Hand over a page; blocks while too many are not yet safe. Not for the reactor's thread: see `record`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._unsafe < self._max_waiting or self._failure is not None or self._is_closing
            )
            return self._take(page, token)

    async def record(self, page: RawPage, token: Token) -> EvidenceRef:
        """Hand over a page and return when it is acknowledged. Waits without blocking the event loop."""
        with self._changed:
            has_room = self._unsafe < self._max_waiting
            future = self._take(page, token) if has_room else None
        if future is None:
            future = await asyncio.to_thread(self.put, page, token)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Record what waits, close the evidence file, end the thread. Raises what stopped the recorder, if anything did."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, page: RawPage, token: Token) -> Future[EvidenceRef]:
        if self._failure is not None:
            raise self._failure
        if self._is_closing:
            raise EvidenceError("The recorder is closed; no page can be recorded any more.")
        waiting = _Waiting(page, token)
        waiting.done.set_running_or_notify_cancel()  # a caller that gives up must not undo what is being written
        self._waiting.append(waiting)
        self._unsafe += 1
        self._changed.notify_all()
        return waiting.done

    def _run(self) -> None:
        while group := self._next_group():
            try:
                self._record(group)
            except BaseException as err:  # noqa: BLE001 (handed to every caller and raised by `close`)
                self._fail(err, group)
                break
            with self._changed:
                self._unsafe -= len(group)
                self._changed.notify_all()
        try:
            self._writer.close()
        except OSError as err:
            self._fail(err, [])

    def _next_group(self) -> list[_Waiting[Token]]:
        """What waits, at most a group; empty when the recorder is closed and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            size = min(len(self._waiting), self._max_group)
            return [self._waiting.popleft() for _ in range(size)]

    def _record(self, group: Sequence[_Waiting[Token]]) -> None:
        written: list[tuple[_Waiting[Token], EvidenceRef]] = []
        for one in group:
            try:
                written.append((one, self._writer.write(one.page)))
            except EvidenceError as err:
                one.done.set_exception(err)
        self._writer.sync()
        if written:
            self._commit([(one.page, ref, one.token) for one, ref in written])
        for one, ref in written:
            one.done.set_result(ref)

    def _fail(self, error: BaseException, group: Sequence[_Waiting[Token]]) -> None:
        with self._changed:
            self._failure = error
            left = [*group, *self._waiting]
            self._waiting.clear()
            self._changed.notify_all()
        for one in left:
            if not one.done.done():
                one.done.set_exception(error)
