"""The contract of a search index. It is derived from the store and can be thrown away: `resound reindex` rebuilds it.

Every index holds the tokens of `resound.query.analyse_document` and evaluates the readings of `resound.query.tree`,
so that a query finds the same documents in each of them and in the matcher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from resound.query import Document, Query

Order = Literal["newest", "relevance"]
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


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`total`, `stories`, `outlets` and `facets` cover all documents found, not only this page, and are exact.

    `stories` and `outlets` are exact up to `EXACT_UNIQUES` (`uniques_are_exact` says so). A facet's values stand in
    falling order of count, then by value. `next` is what `after` takes for the next page; None on the last one.
    `trouble` says what is missing where the index could answer only in part (a shard down, time over): never empty then.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[Facet, ...]]
    next: str | None
    stories: int = 0
    outlets: int = 0
    uniques_are_exact: bool = True
    trouble: str = ""


class SearchIndex(Protocol):
    """What the rest of Resound asks of an index.

    Any thread may call; searching goes on while another thread or process writes, and sees whole writes only.
    Every method raises StoreError, saying what to do, where the index cannot be read or written.
    """

    def cursor(self) -> int:
        """The store's change number up to which the index is complete; 0 for an empty one."""
        ...

    def write(self, upserts: Sequence[IndexDocument], deletes: Sequence[str], *, cursor: int) -> None:
        """Put documents in (replacing those of the same id), take others out, and move the cursor: all or nothing.

        Idempotent. An id in both is deleted first, then put in. Unknown ids in `deletes` are passed over.
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
        collapse: bool = False,
    ) -> SearchResult:
        """The documents for which the query holds.

        `collapse`: only the first document (in the order asked for) of each story, with `more` saying how many others of
        it were found; `total` and facets still count every document. A document without a story stands for itself.

        `newest`: by `published`, latest first, then by id; every index gives the same order. `relevance`: documents
        that hold with the query's marked words read exactly come first; then by where its words stand (title, lead,
        elsewhere); then newest. `after` is an earlier result's `next` for the same query and order; a page never
        repeats a document of an earlier one, whatever was written in between, unless that document itself changed.
        Raises ValueError for an `after` that is none, or a facet that is none of FACETS.
        """
        ...

    def similar(self, id: str, *, limit: int = 10) -> tuple[tuple[Hit, float], ...]:
        """The documents nearest to a document by the cosine of their vectors, nearest first, then by id; itself left out.

        Empty where the document is unknown or has no vector. Only vectors of the same model compare.
        """
        ...

    def count(self) -> int:
        """How many documents it holds."""
        ...

    def content_hash(self) -> str:
        """A hash of everything that was indexed, whatever the order of writing: a rebuilt index has the same."""
        ...

    def clear(self) -> None:
        """Take everything out and set the cursor to 0."""
        ...

    def close(self) -> None:
        """Give back what is open. Nothing may be called afterwards."""
        ...
