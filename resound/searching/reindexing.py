"""Building an index anew beside the one in use, and comparing an index with the store document by document."""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from heapq import merge
from itertools import groupby

from sqlalchemy import Connection

from resound.errors import StoreError
from resound.index.base import Refusal, SearchIndex
from resound.index.hashing import hash_document, hash_line
from resound.searching.documents import build_documents
from resound.searching.indexing import (
    BATCH,
    Batch,
    Clock,
    follow_changes,
    note_refusals,
    now_utc,
    update_index,
)
from resound.store import Store, jobs, work
from resound.store.feed import count_items, list_item_ids, newest_change
from resound.store.leasing import keep_lease

SHOWN = 5
"""So many ids of each kind of difference are named."""
_TRIES = 5
_JOB = "reindex"

Progress = Callable[[int, int], None]
"""(items so far, of how many)"""


@dataclass(frozen=True, slots=True)
class Differences:
    """Ids of one kind of difference: how many, and the first few."""

    count: int = 0
    first: tuple[str, ...] = ()

    def with_one_more(self, identity: str) -> Differences:
        """The same and one more."""
        return Differences(self.count + 1, (*self.first, identity) if self.count < SHOWN else self.first)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Store and index at one change number. `behind`: the index had not everything when they were compared.

    `missing` are not in the index, `extra` only there or there once more, `differing` in both and not the same. `refused` of the missing and
    differing ones are known to have been refused by the index.
    """

    stored: int
    indexed: int
    stored_hash: str
    indexed_hash: str
    missing: Differences
    extra: Differences
    differing: Differences
    refused: int
    behind: bool = False

    @property
    def is_equal(self) -> bool:
        """Whether the index holds exactly what the store says, in the same words."""
        return self.stored_hash == self.indexed_hash and self.stored == self.indexed and not self.behind

    @property
    def is_as_expected(self) -> bool:
        """Whether nothing but what the index refused is missing."""
        explained = self.missing.count + self.differing.count == self.refused
        return explained and not self.extra.count and not self.behind

    @property
    def sentences(self) -> tuple[str, ...]:
        """For people."""
        if self.is_equal:
            return (
                f"Store and index hold the same {self.stored} items (content hash {self.stored_hash[:16]}).",
            )
        said = [f"The store has {self.stored} items for the index, the index holds {self.indexed}."]
        for kind, found in (
            ("missing", self.missing),
            ("too many", self.extra),
            ("different", self.differing),
        ):
            if found.count:
                more = " …" if found.count > len(found.first) else ""
                said.append(f"{found.count} {kind}: {', '.join(found.first)}{more}")
        if self.refused:
            said.append(f"{self.refused} of these were refused by the index and are in quarantine.")
        if self.behind:
            said.append("They were written to while they were compared; try again when nothing runs.")
        return tuple(said)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A new index in the old one's place."""

    items: int
    content_hash: str
    refused: tuple[Refusal, ...] = ()


def expected_hashes(connection: Connection, *, progress: Progress | None = None) -> Iterator[tuple[str, str]]:
    """(id, hash) of every document that an index should hold, from the store alone, in the order of the ids."""
    seq = newest_change(connection)
    total, done, last = count_items(connection), 0, ""
    while keys := list_item_ids(connection, after=last, limit=BATCH):
        last = keys[-1]
        for document in build_documents(connection, keys, seq=seq):
            yield document.id, hash_document(document)
        done += len(keys)
        if progress is not None:
            progress(done, total)


def compare(
    connection: Connection,
    index: SearchIndex,
    *,
    refused: Container[str] = (),
    progress: Progress | None = None,
) -> Comparison:
    """Walk store and index side by side. Nothing of the texts is kept in memory."""
    stored, indexed = _Side(), _Side()
    missing = extra = differing = Differences()
    explained = 0
    with closing(_hashes(index)) as held:
        for identity, by_store, copies in _side_by_side(expected_hashes(connection, progress=progress), held):
            by_index = copies[0] if copies else None
            stored.add(identity, by_store)
            for copy in copies:
                indexed.add(identity, copy)
            for _ in copies[1:]:  # the index finds one document more than once
                extra = extra.with_one_more(identity)
            if by_store == by_index:
                continue
            if by_index is None:
                missing = missing.with_one_more(identity)
            elif by_store is None:
                extra = extra.with_one_more(identity)
            else:
                differing = differing.with_one_more(identity)
            explained += by_store is not None and identity in refused
    return Comparison(
        stored=stored.count,
        indexed=indexed.count,
        stored_hash=stored.hash,
        indexed_hash=indexed.hash,
        missing=missing,
        extra=extra,
        differing=differing,
        refused=explained,
    )


def verify_index(
    store: Store, index: SearchIndex, *, clock: Clock = now_utc, progress: Progress | None = None
) -> Comparison:
    """Bring the index up, then compare it with the store. What others write meanwhile makes it look again.

    Raises:
        StoreError: the index does not answer.
    """
    tries = 0
    while True:
        tries += 1
        update_index(store, index, clock=clock)
        with store.read() as connection:
            newest, before = newest_change(connection), index.cursor()
            found = compare(
                connection, index, refused=work.list_quarantined(connection, "index"), progress=progress
            )
        is_level = before == newest == index.cursor()
        if found.is_as_expected and is_level:
            return found
        if is_level or tries == _TRIES:
            return replace(found, behind=not is_level)


def rebuild_index(
    store: Store,
    index: SearchIndex,
    *,
    take_over: bool = False,
    clock: Clock = now_utc,
    progress: Progress | None = None,
) -> Rebuilt:
    """Build a new index beside the one in use, compare it with the store, and put it in the other's place.

    Searches go on in the old one until then. Interrupted, it leaves the old one as it is, and the next rebuild clears
    away what is left. `take_over`: also where the one in use is another store's, which has none then.

    Raises:
        StoreError: another process is rebuilding, or the one in use is another store's; the new index cannot be written, or is not what the store says; the old one stays in use.
    """
    refused: dict[str, Refusal] = {}
    with _alone(store, clock):
        try:
            new = index.begin_rebuild(take_over=take_over)
            try:
                _fill(store, new, refused, progress=progress)
                found = _check(store, new, refused)
            finally:
                new.close()
            index.finish_rebuild()
        except BaseException:
            index.abandon_rebuild()
            raise
    with store.read() as connection:
        before = work.list_quarantined(connection, "index")
    note_refusals(store, tuple(refused.values()), before.keys() - refused.keys(), clock=clock)
    update_index(store, index, clock=clock)
    return Rebuilt(found.indexed, found.indexed_hash, tuple(refused.values()))


@contextmanager
def _alone(store: Store, clock: Clock) -> Iterator[None]:
    """Hold the lease of rebuilding. Raises StoreError where another process does; a killed one's lease ends by itself."""
    with store.write() as connection:
        lease = jobs.take_job(connection, _JOB, every=timedelta(0), now=clock())
        holder = next((one.holder for one in jobs.list_jobs(connection) if one.name == _JOB), None)
    if lease is None:
        raise StoreError(
            f"Another process is building the index anew ({holder}). Wait until it has ended; where its machine is gone, try "
            f"again in {jobs.LEASE_SECONDS / 60:.0f} minutes."
        )
    trouble, held = "It was interrupted.", [lease]
    try:
        with keep_lease(store, lease, clock) as held:
            yield
        trouble = ""
    except StoreError as err:
        trouble = str(err)
        raise
    finally:
        with store.write() as connection:
            jobs.end_job(connection, held[0], trouble=trouble, now=clock())


def _fill(store: Store, new: SearchIndex, refused: dict[str, Refusal], *, progress: Progress | None) -> None:
    """Every item once, in the order of the ids; what changes meanwhile comes afterwards, through the change feed."""
    with store.read() as connection:
        begun_at, total = newest_change(connection), count_items(connection)
    done, last = 0, ""
    while True:
        with store.read() as connection:
            keys = list_item_ids(connection, after=last, limit=BATCH)
            documents = build_documents(connection, keys, seq=newest_change(connection))
        if not keys:
            break
        last = keys[-1]
        Batch(len(keys), frozenset(keys), new.write(documents, [], cursor=0)).keep_book(refused)
        done += len(keys)
        if progress is not None:
            progress(done, max(done, total))
    new.write([], [], cursor=begun_at)


def _check(store: Store, new: SearchIndex, refused: dict[str, Refusal]) -> Comparison:
    """The new index against the store, both at one change number: nobody else writes to it."""
    for _ in range(_TRIES):
        for batch in follow_changes(store, new):
            batch.keep_book(refused)
        with store.read() as connection:
            if newest_change(connection) != new.cursor():
                continue
            found = compare(connection, new, refused=refused)
        if found.is_as_expected:
            return found
        raise StoreError(
            f"The new index is not what the store says, and the old one stays in use. {' '.join(found.sentences)}"
        )
    raise StoreError(
        "The store is written to so quickly that no new index can be compared with it; try again later."
    )


class _Side:
    """What is seen of one side of a comparison."""

    def __init__(self) -> None:
        self.count = 0
        self._made = sha256()

    def add(self, identity: str, digest: str | None) -> None:
        if digest is not None:
            self.count += 1
            self._made.update(hash_line(identity, digest))

    @property
    def hash(self) -> str:
        return self._made.hexdigest()


def _side_by_side(
    stored: Iterator[tuple[str, str]], indexed: Iterator[tuple[str, str]]
) -> Iterator[tuple[str, str | None, list[str]]]:
    """(id, hash in the store or None, hashes in the index): an index that is well has one or none."""
    merged = merge(
        ((identity, 0, digest) for identity, digest in stored),
        ((identity, 1, digest) for identity, digest in indexed),
    )
    for identity, group in groupby(merged, key=lambda one: one[0]):
        sides = [(side, digest) for _, side, digest in group]
        by_store = next((digest for side, digest in sides if side == 0), None)
        yield identity, by_store, [digest for side, digest in sides if side == 1]


def _hashes(index: SearchIndex) -> Generator[tuple[str, str]]:
    yield from index.hashes()
