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
FACETS = ("lang", "country", "outlet", "group", "type", "campaign", "topic", "tone", "origin")


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


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. Snippets and highlights come from `resound.query.spans` on `document`."""

    id: str
    story: str
    published: int
    shown: Mapping[str, str]
    document: Document


Facet = tuple[str, int]
"""A keyword value and the number of found documents that carry it."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`total` and `facets` are exact and cover all documents found, not only this page.

    A facet's values stand in falling order of count, then by value. `next` is what `after` takes for the next page;
    None on the last one.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[Facet, ...]]
    next: str | None


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
    ) -> SearchResult:
        """The documents for which the query holds.

        `newest`: by `published`, latest first, then by id; every index gives the same order. `relevance`: documents
        that hold with the query's marked words read exactly come first; then by where its words stand (title, lead,
        elsewhere); then newest. `after` is an earlier result's `next` for the same query and order; a page never
        repeats a document of an earlier one, whatever was written in between, unless that document itself changed.
        Raises ValueError for an `after` that is none, or a facet that is none of FACETS.
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
