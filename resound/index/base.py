"""The contract of a search index. It is derived from the store and can be thrown away: `resound reindex` rebuilds it.

Every index holds the tokens of `resound.query.analyse_document` and evaluates the readings of `resound.query.tree`,
so that a query finds the same documents in each of them and in the matcher.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from resound.query import Document, Query

Order = Literal["newest", "relevance"]
Period = Literal["day", "month", "year"]
EXACT_UNIQUES = 10_000
"""Up to so many stories or outlets a search counts them exactly; beyond, `uniques_are_exact` is False."""
FACETS = ("lang", "country", "outlet", "group", "type", "campaign", "topic", "tone", "origin")


@dataclass(frozen=True, slots=True)
class Vector:
    """An article's embedding: float16, little endian, of length 1. Only vectors of one `model` (name and revision) compare."""

    model: str
    row: bytes


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """One item as it is indexed. `seq` is the store's change number that it was built from.

    `published` is in seconds since 1970 UTC, 0 where unknown. `shown` is what a result list prints
    (url, outlet name …); it is not searched.
    """

    id: str
    seq: int
    document: Document
    published: int = 0
    story: str = ""
    shown: Mapping[str, str] = field(default_factory=dict)
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. Snippets and highlights come from `resound.query.spans` on `document`.

    `more`: how many other found documents are of its story, where results are collapsed by story.
    """

    id: str
    story: str
    published: int
    shown: Mapping[str, str]
    document: Document
    more: int = 0


Facet = tuple[str, int]
"""A keyword value and the number of found documents that carry it."""
Bar = tuple[date, int]
"""A period's first day and the number of found documents of its days."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`total`, `stories`, `outlets` and `facets` cover all documents found, not only this page, and are exact.

    `stories`: how many hits a collapsed list of all pages has (a document without a story is one of its own).
    `outlets`: different values of the keyword `outlet`. Both are exact up to `EXACT_UNIQUES` (`uniques_are_exact` says so). A facet's values stand in
    falling order of count, then by value. `dates` holds the periods that have any, in rising order, where a histogram was
    asked for, and `undated` the documents without a date: together they are `total`. `next` is what `after` takes for the next page; None on the last one.
    `trouble` says what is missing where the index could answer only in part (a shard down, time over): never empty then.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[Facet, ...]]
    next: str | None
    dates: tuple[Bar, ...] = ()
    undated: int = 0
    stories: int = 0
    outlets: int = 0
    uniques_are_exact: bool = True
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that an index does not take as it is, and the index's reason: trying again at once would not help."""

    id: str
    reason: str


StoreIdentity = Callable[[], str]
"""Says which store an index is to be of (`resound.store.identity`). Asked only when the index is."""


class SearchIndex(Protocol):
    """What the rest of Resound asks of an index.

    An index is of one store, and keeps that store's identity: the first that writes to it has it. Where it was made with
    a `StoreIdentity` of another one, every method that reads or writes documents or the cursor raises StoreError, naming
    the ways out; without one it asks nothing of the kind.

    Making one asks nothing of the network and opens no file: what is wrong is said by the first call of a method.
    Any thread may call; searching goes on while another thread or process writes, and sees whole writes only.
    Every method raises StoreError, saying what to do, where the index cannot be read or written, does not answer or is
    too slow. The sentence names no secret; the store is never touched, and the index catches up at the next update.
    """

    @property
    def name(self) -> str:
        """Which index this is, in a few words without secrets: the same after a rebuild and in every process."""
        ...

    def describe(self) -> str:
        """Engine, version, place and size in one line for `resound doctor`, without secrets. Asks the index."""
        ...

    def cursor(self) -> int:
        """The store's change number up to which the index is complete; 0 for an empty one."""
        ...

    def write(
        self, upserts: Sequence[IndexDocument], deletes: Sequence[str], *, cursor: int
    ) -> tuple[Refusal, ...]:
        """Put documents in (replacing those of the same id), take others out, and move the cursor: all or nothing.

        Idempotent. An id in both is deleted first, then put in. Unknown ids in `deletes` are passed over.
        What another process has overtaken meanwhile (the index's cursor is higher) is not written at all; a `cursor` equal
        to the index's own writes, and leaves the cursor where it is.

        A document that the index refuses as it is (a mapping that will not have it; never a full disk, a block or a
        time-out: those are StoreErrors and move no cursor) is left out and named in what is returned: the cursor moves on,
        and the caller puts it in quarantine, from where it is tried again. One of the same id that was there stays.
        """
        ...

    def search(
        self,
        query: Query,
        *,
        order: Order = "newest",
        limit: int = 20,
        after: str | None = None,
        facets: Sequence[str] = (),
        histogram: Period | None = None,
        collapse: bool = False,
    ) -> SearchResult:
        """The documents for which the query holds.

        `collapse`: only the first document (in the order asked for) of each story, with `more` saying how many others of
        it were found; `total`, facets and histogram still count every document. A document without a story stands for itself.

        `histogram`: count by a document's own date, which is its outlet's calendar day, whatever the moment was elsewhere.

        `newest`: by `published`, latest first, then by id; every index gives the same order. `relevance`: documents
        that hold with the query's marked words read exactly come first; then by where its words stand (title, lead,
        elsewhere); then newest. `after` is an earlier result's `next` for the same query and order; a page never
        repeats a document of an earlier one, whatever was written in between, unless that document itself changed.
        Raises ValueError for an `after` that is none, or a facet that is none of FACETS.
        """
        ...

    def similar(self, identity: str, /, *, limit: int = 10) -> tuple[tuple[Hit, float], ...]:
        """The documents nearest to a document by the cosine of their vectors, nearest first, then by id; itself left out.

        The cosine has six decimal places; those that are alike in them stand by id.

        Empty where the document is unknown or has no vector. Only vectors of the same model compare.
        """
        ...

    def count(self) -> int:
        """How many documents it holds."""
        ...

    def hashes(self) -> Iterator[tuple[str, str]]:
        """(id, hash) of every document in the order of their ids as UTF-8; the hash is `hashing.hash_document` of what was written.

        Lazy: `resound index verify` walks it beside the store. Close it (or exhaust it) before closing the index.
        """
        ...

    def content_hash(self) -> str:
        """`hashing.hash_all(self.hashes())`: whatever the order of writing, a rebuilt index has the same, in every engine."""
        ...

    def clear(self) -> None:
        """Take everything out and set the cursor to 0."""
        ...

    def close(self) -> None:
        """Give back what is open. Nothing may be called afterwards but this again, which does nothing."""
        ...

    def begin_rebuild(self, *, take_over: bool = False) -> SearchIndex:
        """A new, empty index beside this one, which goes on answering and being written meanwhile.

        Works also where this one is broken, missing or of another version. What an interrupted rebuild left behind is
        cleared away first. Raises StoreError where another process is known to be rebuilding now, and, unless
        `take_over`, where this one is another store's.
        """
        ...

    def finish_rebuild(self) -> None:
        """Put the new index in this one's place, in one step, and take the old one away.

        A search in any process is answered by the whole old one or the whole new one and never fails for it. Afterwards
        this object is the new index; the one from `begin_rebuild` is closed by the caller beforehand.
        """
        ...

    def abandon_rebuild(self) -> None:
        """Take away what `begin_rebuild` made; this index stays as it is. Nothing happens where nothing was begun."""
        ...
