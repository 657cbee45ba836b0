"""The index in Elasticsearch: the same answers as the embedded one, at any size.

It holds the tokens of our own analysis (`elastic_documents`), is asked in Elasticsearch's own language (`elastic_query`),
written by requests whose items each have an outcome (`elastic_bulk`), and found through aliases (`elastic_indices`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from resound.errors import StoreError
from resound.index.base import FACETS, Hit, IndexDocument, Order, Period, Refusal, SearchResult, StoreIdentity
from resound.index.elastic_breaker import Breaker
from resound.index.elastic_bulk import BulkWriter, Patience
from resound.index.elastic_client import ElasticAddress, connect, explain, is_gone, speaking_of
from resound.index.elastic_counts import WITHOUT_BUCKETS, count_aggregations, read_counts
from resound.index.elastic_documents import HIT_SOURCE, Operation, put, read_hit, take_out
from resound.index.elastic_indices import HeldIndex, Indices, wanted_version
from resound.index.elastic_neighbours import VectorFields, find_similar
from resound.index.elastic_paging import (
    MAX_HITS,
    Found,
    Place,
    Stories,
    View,
    in_view,
    read_page,
    read_place,
    search_after,
    sort_of,
    write_place,
)
from resound.index.elastic_query import Json, compile_tree, rank_conditions, ranked
from resound.index.hashing import hash_all
from resound.query import Query

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_HASHES = 5_000
_SIMILAR_SECONDS = 2.0
"""What a page waits for the articles like the one that it shows: it has them at once, or goes without."""
_TRY_SECONDS = 2.0
_SWAPPED = ("no such index", "all shards failed")
"""What a search may be told whose index was deleted under it."""
_PAUSES = (0.0, 0.2, 1.0)
"""Seconds before it is asked again."""
_Answer = TypeVar("_Answer")


class ElasticIndex:
    """`resound.index.base.SearchIndex` in Elasticsearch. Safe to share between threads and processes."""

    def __init__(
        self,
        address: ElasticAddress,
        *,
        store: StoreIdentity | None = None,
        patience: Patience | None = None,
        only: HeldIndex | None = None,
    ) -> None:
        """Name the cluster; the first call reaches for it.

        `store`: which one it is to be of. `patience` is how long a write waits for what passes. `only`: one index (one that is being built),
        instead of the one that the aliases lead to.
        """
        self._address = address
        self._store = store
        self._patience = patience or Patience()
        self._only = only
        self._lock = threading.Lock()
        self._client: Elasticsearch | None = None
        self._bound: HeldIndex | None = None
        self._begun: HeldIndex | None = None
        self._is_checked = False
        self._vectors = VectorFields()
        self._breaker = Breaker()
        self._similar_breaker = Breaker()

    @property
    def name(self) -> str:
        """One prefix has one index."""
        return f"elasticsearch {self._address.prefix}"

    def describe(self) -> str:
        """Engine, version, place and size. Looking makes no index, and asks for no store."""
        with self._asking(self._breaker):
            client = self._connected()
            version = client.info()["version"]["number"]
            index = self._only or self._indices().current()
            if index is None:
                return f"Elasticsearch {version} at {self._address.place}: no index made yet"
            _check_version(index)
            stats = client.indices.stats(index=index.name, metric=["store", "docs"])["indices"][index.name][
                "primaries"
            ]
            health = client.cluster.health(index=index.name)["status"]
        size = stats["store"]["size_in_bytes"] / 1e6
        return (
            f"Elasticsearch {version} at {self._address.place}: {index.name}, {stats['docs']['count']} items, "
            f"{size:.0f} MB, {health}"
        )

    def cursor(self) -> int:
        """The store's change number up to which the index is complete. The next `write` goes on from there, or nowhere."""
        with self._asking(self._breaker):
            index = self._current()
            self._bound = index
            return self._indices().read_cursor(index)

    def write(
        self, upserts: Sequence[IndexDocument], deletes: Sequence[str], *, cursor: int
    ) -> tuple[Refusal, ...]:
        """Documents first, then they are made visible, the cursor last: at least once, and idempotent.

        Elasticsearch has no transaction over many documents. What is stopped half-way has left the cursor where it was, so
        that the same changes come again; every document carries the change that it was built from as its version
        (`external_gte`), so that it may be written twice and never over a newer one. What is taken out carries `cursor`:
        Elasticsearch remembers that version for an hour (`gc_deletes`), in which a late write cannot bring it back; later
        ones are stopped by the cursor, which they are behind. Searches see all of a write or nothing of it, as only its
        end refreshes the index.

        Raises StoreError also where the index is another one than `cursor()` last spoke of (it was built anew meanwhile):
        the next update goes on from the new one's cursor.
        """
        wanted = {one.id: one for one in upserts}
        with speaking_of(self._address):
            indices = self._indices()
            index = self._current()
            if self._bound is not None and self._bound.uuid != index.uuid:
                self._bound = None
                raise StoreError(
                    "Elasticsearch's index was built anew by another process meanwhile. Nothing is lost: the next update "
                    "goes on from the new one."
                )
            if cursor < indices.read_cursor(index):
                return ()
            if self._store is not None and not index.store:
                index = self._bound = indices.claim(index, self._store())
                self._refuse_others([index])
            refused = self._vectors.refuse(indices, index, wanted.values())
            for one in refused:
                wanted.pop(one.id)
            kept_out = {one.id for one in refused}

            def operations() -> Iterator[Operation]:
                for identity in dict.fromkeys(deletes):
                    if identity not in wanted and identity not in kept_out:
                        yield take_out(identity, cursor)
                for document in wanted.values():
                    yield put(document)

            client = self._connected()
            if wanted or deletes:
                refused += BulkWriter(client, self._address, self._patience).send(index.name, operations())
                client.options(request_timeout=self._address.timeout * 6).indices.refresh(index=index.name)
            indices.move_cursor(index, cursor)
        self._breaker.close()
        return tuple(refused)

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
        """See the contract. A page has at most 9,999 hits; where more were asked for, `next` leads to them."""
        unknown = [name for name in facets if name not in FACETS]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no facet")
        place = read_place(after, order)
        ranks = rank_conditions(query, order)
        filtered = {"constant_score": {"filter": compile_tree(query.tree)}}
        return self._on_index(
            lambda: self._search(
                filtered, ranks, order, min(limit, MAX_HITS), place, facets, histogram, collapse
            )
        )

    def similar(self, identity: str, /, *, limit: int = 10) -> tuple[tuple[Hit, float], ...]:
        """By Elasticsearch's exact kNN; told and ordered by the cosine of the rows that were written."""
        if limit <= 0:
            return ()
        seconds = min(self._address.timeout, _SIMILAR_SECONDS)
        self._breaker.refuse()
        return self._on_index(
            lambda: find_similar(self._connected(seconds), self._reads(), identity, limit, seconds),
            breaker=self._similar_breaker,
            seconds=seconds,
        )

    def count(self) -> int:
        """How many documents it holds."""
        return self._on_index(self._count)

    def hashes(self) -> Iterator[tuple[str, str]]:
        """Of one moment, in parts."""
        view = self._on_index(self._open_view)
        place: Json = {}
        try:
            while True:
                with speaking_of(self._address):
                    hits = view.search(
                        {
                            "query": {"match_all": {}},
                            "sort": [{"id": "asc"}],
                            "size": _HASHES,
                            "source": False,
                            "docvalue_fields": ["hash"],
                            "track_total_hits": False,
                            **place,
                        }
                    )["hits"]["hits"]
                yield from ((hit["_id"], hit["fields"]["hash"][0]) for hit in hits)
                if len(hits) < _HASHES:
                    return
                place = {"search_after": hits[-1]["sort"]}
        finally:
            view.close()

    def content_hash(self) -> str:
        """Of everything that was indexed, in the order of the ids."""
        return hash_all(self.hashes())

    def clear(self) -> None:
        """Put an empty index in this one's place."""
        with speaking_of(self._address):
            indices = self._indices()
            self._bound = None
            if self._only is not None:
                indices.drop(self._only.name)
                self._only = indices.create_beside((indices.rebuild,), self._identity())
            else:
                self._refuse_others(indices.in_place())
                indices.swap(indices.create_beside((), self._identity()))

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def begin_rebuild(self, *, take_over: bool = False) -> ElasticIndex:
        """An index beside this one, empty. What an interrupted rebuild left is deleted first: it would miss what happened
        since. Whoever is still at work on that hears it from its next write, and takes away nothing but its own.
        """
        with speaking_of(self._address):
            indices = self._indices()
            if not take_over:
                self._refuse_others(indices.in_place())
            indices.drop_unfinished()
            self._begun = indices.create_beside((indices.rebuild,), self._identity())
        return ElasticIndex(self._address, store=self._store, patience=self._patience, only=self._begun)

    def finish_rebuild(self) -> None:
        """Let the aliases lead to the new index, in one step; then delete the old one. May be called of either of the two."""
        with speaking_of(self._address):
            indices = self._indices()
            begun = self._begun or self._only
            new = indices.look(begun.name) if begun is not None else None
            if begun is None or new is None or new.uuid != begun.uuid:
                raise StoreError(
                    "There is no index being built to put in place: begin with `resound reindex`."
                )
            self._connected().options(request_timeout=self._address.timeout * 6).indices.refresh(
                index=new.name
            )
            indices.swap(new)
            self._begun = None
            self._bound = None
            self._is_checked = False

    def abandon_rebuild(self) -> None:
        """Delete the new index, where it is not in place yet. Another process's stays."""
        with speaking_of(self._address):
            begun, self._begun = self._begun or self._only, None
            if begun is not None:
                self._indices().drop_unfinished(begun)

    def _connected(self, seconds: float | None = None) -> Elasticsearch:
        """`seconds`: what each request may take, where that is not the settings' time-out."""
        with self._lock:
            if self._client is None:
                self._client = connect(self._address)
            return self._client if seconds is None else self._client.options(request_timeout=seconds)

    @contextmanager
    def _asking(self, breaker: Breaker) -> Iterator[None]:
        """Something that people wait for: where the cluster did not answer a moment ago, that is said at once."""
        from elastic_transport import ConnectionError as NotConnected
        from elastic_transport import ConnectionTimeout
        from elasticsearch import ApiError

        with speaking_of(self._address):
            try:
                if breaker.should_try():
                    with suppress(ApiError):  # it answers
                        self._connected(_TRY_SECONDS).options(max_retries=0).info()
                    breaker.close()
                yield
            except (NotConnected, ConnectionTimeout) as err:
                breaker.trip(explain(err, self._address))
                raise

    def _indices(self, seconds: float | None = None) -> Indices:
        return Indices(self._connected(seconds), self._address.prefix)

    def _reads(self) -> str:
        return self._only.name if self._only is not None else self._indices().read

    def _current(self, seconds: float | None = None) -> HeldIndex:
        """The index as it is now, made where there is none. Raises StoreError where another version made it."""
        try:
            found = self._look(seconds)
        except BaseException:
            self._is_checked = False
            raise
        self._is_checked = True
        return found

    def _look(self, seconds: float | None) -> HeldIndex:
        indices = self._indices(seconds)
        if self._only is None:
            found = indices.current() or self._indices().ensure(self._identity())
        else:
            there = indices.look(self._only.name)
            if there is None or there.uuid != self._only.uuid:
                raise StoreError(
                    "The index that was being built in Elasticsearch was taken away: begin again with `resound reindex`."
                )
            found = there
        _check_version(found)
        self._refuse_others([found])
        return found

    def _identity(self) -> str:
        """Of the store that this index is to be of; empty where nobody said."""
        return "" if self._store is None else self._store()

    def _refuse_others(self, held: Sequence[HeldIndex]) -> None:
        others = [
            one.name for one in held if one.store and self._store is not None and one.store != self._store()
        ]
        if others:
            raise StoreError(
                f"The index {others[0]} in Elasticsearch holds another store's articles, not this one's: give this store an "
                "index of its own by another RESOUND_ELASTICSEARCH_PREFIX. Only where the index shall be this store's from "
                "now on, `resound reindex --take-over` builds it anew from this store; the other one then has none there."
            )

    def _on_index(
        self, ask: Callable[[], _Answer], *, breaker: Breaker | None = None, seconds: float | None = None
    ) -> _Answer:
        """Ask, and again where the index is not there: it is made, or was swapped a moment ago.

        A search that was under way when its index was deleted may be told that it is gone, or that none of its parts answered.
        """
        from elasticsearch import ApiError

        with self._asking(breaker or self._breaker):
            if not self._is_checked:
                self._current(seconds)
            for pause in _PAUSES:
                try:
                    return ask()
                except ApiError as err:
                    if not (is_gone(err) or any(one in str(err.body) for one in _SWAPPED)):
                        raise
                time.sleep(pause)
                self._current(seconds)
            return ask()

    def _count(self) -> int:
        answer = self._connected().count(index=self._reads())
        if answer["_shards"]["failed"]:
            raise StoreError(
                f"Elasticsearch at {self._address.place} cannot count now: a part of the index does not answer. Try again later."
            )
        return int(answer["count"])

    def _open_view(self) -> View:
        view = View(self._connected(), self._reads(), whole=True)
        view.open()
        return view

    def _search(
        self,
        query: Json,
        ranks: Sequence[Json],
        order: Order,
        limit: int,
        place: Place | None,
        facets: Sequence[str],
        histogram: Period | None,
        collapse: bool,
    ) -> SearchResult:
        view = View(self._connected(), self._reads())
        common: Json = {"timeout": f"{self._address.timeout * 1000:.0f}ms", "source": HIT_SOURCE}
        counting: Json = {"aggs": count_aggregations(facets, histogram), "filter_path": WITHOUT_BUCKETS}
        wanted = limit + 1 if limit > 0 else 0

        def ask_stories() -> tuple[list[Found], list[Mapping[str, Any]]]:
            return Stories(view, query, ranks, common, counting).page(max(wanted, 1), place)

        def ask_all() -> tuple[list[Found], list[Mapping[str, Any]]]:
            behind = {"search_after": search_after(place, ranks)} if place is not None and wanted else {}
            answer = view.search(
                {
                    **common,
                    **counting,
                    **behind,
                    "query": ranked(query, ranks),
                    "sort": sort_of(ranks),
                    "size": wanted,
                    "track_total_hits": False,  # an aggregation counts them
                }
            )
            return read_page(answer["hits"]["hits"], ranks), [answer]

        ask = ask_stories if collapse else ask_all
        is_last = True
        try:
            found, answers = in_view(view, place, ask) if collapse or place is not None else ask()
            counts = read_counts(view.search, query, answers[0]["aggregations"], facets, histogram)
            is_last = len(found) <= limit or limit <= 0
            keeps = place is not None and not is_last
            end = None if is_last else found[limit - 1].place._replace(view=view.id if keeps else "")
        finally:
            if is_last or place is None:
                view.close()
        return SearchResult(
            total=counts.total,
            hits=tuple(
                read_hit(one.place.id, one.source, more=one.story - 1) for one in found[: max(limit, 0)]
            ),
            facets=counts.facets,
            next=None if end is None else write_place(order, end),
            dates=counts.dates,
            undated=counts.total - sum(count for _, count in counts.dates) if histogram else 0,
            stories=counts.stories,
            outlets=counts.outlets,
            uniques_are_exact=counts.uniques_are_exact,
            trouble=_trouble(answers, self._address.timeout),
        )


def _check_version(found: HeldIndex) -> None:
    if found.made_by != wanted_version():
        raise StoreError(
            f"The index {found.name} in Elasticsearch was made by another version of Resound. It is derived from the "
            "store: `resound reindex` builds it anew, and nothing is lost."
        )


def _trouble(answers: Sequence[Mapping[str, Any]], seconds: float) -> str:
    """What is missing of the answers, in a sentence; empty where nothing is."""
    if any(answer["timed_out"] for answer in answers):
        return f"The search was ended after {seconds:g} s: what it had found until then is shown, and there may be more."
    parts = [answer["_shards"] for answer in answers if answer["_shards"]["failed"]]
    if parts:
        worst = max(parts, key=lambda one: int(one["failed"]))
        return (
            f"{worst['failed']} of {worst['total']} parts of the index did not answer: what the others hold is shown, and "
            "there may be more."
        )
    return ""
