"""Keeping an index level with the store: a cursor over the change feed, at least once, idempotent.

An index that does not answer stops nobody: its changes wait in the store, `index_state` remembers since when and why,
and the next update goes on from the cursor. What an index refuses waits in quarantine as work of the stage `index`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from resound.errors import StoreError
from resound.index.base import Refusal, SearchIndex
from resound.outcome import Outcome
from resound.searching.documents import build_documents
from resound.store import Store, work
from resound.store.articles import list_changes, record_change
from resound.store.feed import IndexState, count_changed, load_state, newest_change, set_state

BATCH = 2000
REFUSED = "refused"
"""The reason under which refused documents stand in quarantine."""

Clock = Callable[[], datetime]
Progress = Callable[[int], None]
"""(articles looked at so far)"""


@dataclass(frozen=True, slots=True)
class IndexUpdate:
    """What an update did. `behind`: articles whose changes are not in the index yet; `trouble`: why, in a sentence."""

    looked_at: int = 0
    refused: tuple[Refusal, ...] = ()
    behind: int = 0
    trouble: str = ""

    @property
    def sentence(self) -> str:
        """What a person should know; empty where the index has everything."""
        if not self.behind:
            return self.trouble
        said = f"Search is behind: {_articles(self.behind)} changed and {'is' if self.behind == 1 else 'are'} not in it yet."
        return f"{said} {self.trouble or '`resound process` brings it up.'}"


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of the change feed that went to an index. `written`: ids that were put in, taken out or refused."""

    looked_at: int
    written: frozenset[str]
    refused: tuple[Refusal, ...]

    def keep_book(self, refused: dict[str, Refusal]) -> None:
        """Bring the refusals of earlier batches up to this one."""
        for key in self.written & refused.keys():
            del refused[key]
        refused.update((one.id, one) for one in self.refused)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an index stands to the store. `answers` is False where it could not be asked: `behind` is then as it was seen last.

    `quarantined`: documents that it refused.
    """

    name: str
    answers: bool
    behind: int
    level_at: datetime | None
    trouble: str
    quarantined: int

    @property
    def sentences(self) -> tuple[str, ...]:
        """For people."""
        said = []
        since = f" It was last up to date at {self.level_at:%Y-%m-%d %H:%M} UTC." if self.level_at else ""
        if not self.answers:
            said.append(
                f"The index cannot be asked. {_articles(self.behind)} changed since it was last seen.{since}"
            )
        elif self.behind:
            said.append(f"The index is behind by {_articles(self.behind)}.{since}")
        else:
            said.append("The index is up to date.")
        if self.trouble and (self.behind or not self.answers):
            said.append(self.trouble)
        if self.quarantined:
            said.append(
                f"The index refused {_articles(self.quarantined)}: `resound requeue --stage index` has them tried again."
            )
        return tuple(said)


def _articles(count: int) -> str:
    return f"{count} article{'' if count == 1 else 's'}"


def now_utc() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def update_index(
    store: Store,
    index: SearchIndex,
    *,
    clock: Clock = now_utc,
    progress: Progress | None = None,
    seconds: float | None = None,
) -> IndexUpdate:
    """Bring the index up to the store's last change, or as far as `seconds` allow. Several processes may do it at once.

    Raises:
        StoreError: the index cannot be written; the changes wait. It is remembered for `resound status`.
    """
    try:
        _reopen_refused(store, clock)
        looked_at, refused = 0, dict[str, Refusal]()
        for batch in follow_changes(store, index, seconds=seconds):
            note_refusals(store, batch.refused, batch.written, clock=clock)
            batch.keep_book(refused)
            looked_at += batch.looked_at
            if progress is not None:
                progress(looked_at)
        cursor = index.cursor()
    except StoreError as err:
        _remember_trouble(store, index.name, str(err), clock)
        raise
    with store.read() as connection:
        known, newest = load_state(connection, index.name), newest_change(connection)
        behind = count_changed(connection, after=cursor)
    if known.trouble or known.cursor != cursor:
        level_at = clock() if cursor >= newest else known.level_at
        with store.write() as connection:
            set_state(connection, IndexState(index.name, cursor, level_at))
    return IndexUpdate(looked_at, tuple(refused.values()), behind)


def try_to_update_index(
    store: Store,
    index: SearchIndex,
    *,
    clock: Clock = now_utc,
    progress: Progress | None = None,
    seconds: float | None = None,
) -> IndexUpdate:
    """The same, but an index that cannot be written is told in the result: crawling and processing never fail for it."""
    try:
        return update_index(store, index, clock=clock, progress=progress, seconds=seconds)
    except StoreError as err:
        with store.read() as connection:
            known = load_state(connection, index.name)
            return IndexUpdate(behind=count_changed(connection, after=known.cursor), trouble=str(err))


def index_standing(store: Store, index: SearchIndex) -> Standing:
    """How far the index is behind and why, also while it does not answer."""
    trouble = ""
    try:
        cursor: int | None = index.cursor()
    except StoreError as err:
        cursor, trouble = None, str(err)
    with store.read() as connection:
        known = load_state(connection, index.name)
        return Standing(
            name=index.name,
            answers=cursor is not None,
            behind=count_changed(connection, after=known.cursor if cursor is None else cursor),
            level_at=known.level_at,
            trouble=trouble or known.trouble,
            quarantined=len(work.list_quarantined(connection, "index")),
        )


def follow_changes(store: Store, index: SearchIndex, *, seconds: float | None = None) -> Iterator[Batch]:
    """Write what changed behind the index's cursor, batch by batch. Raises StoreError where the index cannot be used."""
    begun = time.monotonic()
    while seconds is None or time.monotonic() - begun < seconds:
        cursor = index.cursor()
        with store.read() as connection:
            _refuse_a_newer(connection, cursor)
            changed, newest = list_changes(connection, after=cursor, limit=BATCH)
            if newest == cursor:
                return
            documents = build_documents(connection, changed, seq=newest_change(connection))
        kept = {one.id for one in documents}
        gone = [key for key in changed if key not in kept]
        refused = index.write(documents, gone, cursor=newest)
        # Where another process was faster nothing was written, and what it saw refused stays as it noted it.
        is_ours = index.cursor() == newest
        yield Batch(len(changed), frozenset((*kept, *gone)) if is_ours else frozenset(), refused)


def note_refusals(store: Store, refused: Sequence[Refusal], written: Iterable[str], *, clock: Clock) -> None:
    """Put what an index refused in quarantine, and take out of it what was refused earlier and is in (or gone) now."""
    with store.read() as connection:
        before = work.list_quarantined(connection, "index")
    outcomes = {
        key: Outcome.done("indexed", "The index has taken it.") for key in written if key in before
    } | {one.id: Outcome.quarantined(REFUSED, f"The index refused it: {one.reason}") for one in refused}
    if outcomes:
        with store.write() as connection:
            work.end_unclaimed(connection, "index", outcomes, now=clock())


def _reopen_refused(store: Store, clock: Clock) -> None:
    """What was requeued comes back through the change feed, like everything else: in order, and by one way only."""
    with store.read() as connection:
        if work.is_idle(connection, "index", now=clock()):
            return
    with store.write() as connection:
        claims = work.claim(connection, "index", limit=1_000_000, now=clock())
        record_change(connection, [one.subject for one in claims])
        for one in claims:
            work.finish(
                connection, one, Outcome.done("again", "It goes to the index once more."), now=clock()
            )


def _refuse_a_newer(connection: Connection, cursor: int) -> None:
    newest = newest_change(connection)
    if cursor > newest:
        raise StoreError(
            f"The index is of another store or a later state of this one (its last change is {cursor}, the store's is "
            f"{newest}): `resound reindex` builds it anew, and nothing is lost."
        )


def _remember_trouble(store: Store, name: str, trouble: str, clock: Clock) -> None:
    with store.write() as connection:
        known = load_state(connection, name)
        set_state(connection, replace(known, failed_at=clock(), trouble=trouble[:2000]))
