"""Pages of results from Elasticsearch, whole and without repetition.

The first page of a list is one request. Later ones look at a *point in time*, a frozen view that goes from page to page
with the place where the last one ended; where it has expired, or its index is gone, a new one is opened at the same place.
Most searches end with their first page, so that few of these views are ever opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from resound.index.base import Order
from resound.index.elastic_query import Json, behind, ranked
from resound.index.places import read_values, write_values

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

KEEP_ALIVE = "2m"
MAX_HITS = 9_999
"""Elasticsearch gives 10,000 at once, and one more than asked for is looked at: more are more pages."""
_Answer = TypeVar("_Answer")


class Place(NamedTuple):
    """Where a page ended: rank (0 where the order is newness alone), when, id; and the view it was read from."""

    rank: int
    published: int
    id: str
    view: str = ""


def write_place(order: Order, place: Place) -> str:
    """What `after` takes."""
    return write_values(order, *place)


def read_place(after: str | None, order: Order) -> Place | None:
    """The other way round. Raises ValueError for what is no place, or one in another order."""
    if after is None:
        return None
    rank, published, (name, view) = read_values(after, order, 2)
    return Place(rank, published, name, view)


class View:
    """A point in time, or simply what an index holds now."""

    def __init__(self, client: Elasticsearch, index: str, *, whole: bool = False) -> None:
        """`whole`: a part of the index that does not answer is an error, not a gap."""
        self._client = client
        self._index = index
        self._allows_gaps = not whole
        self.id = ""

    def open(self) -> None:
        """Freeze what is looked at."""
        opened = self._client.open_point_in_time(
            index=self._index, keep_alive=KEEP_ALIVE, allow_partial_search_results=self._allows_gaps
        )
        self.id = opened["id"]

    def search(self, body: Json) -> Mapping[str, Any]:
        """Ask for a search of it."""
        if not self.id:
            found: Mapping[str, Any] = self._client.search(
                index=self._index, allow_partial_search_results=self._allows_gaps, **body
            ).body
            return found
        answer = self._client.search(
            pit={"id": self.id, "keep_alive": KEEP_ALIVE},
            allow_partial_search_results=self._allows_gaps,
            **body,
        )
        self.id = answer.get("pit_id", self.id)
        seen: Mapping[str, Any] = answer.body
        return seen

    def close(self) -> None:
        """Let go of it. What cannot be closed now expires by itself."""
        from elastic_transport import TransportError
        from elasticsearch import ApiError

        if self.id:
            try:
                self._client.options(ignore_status=404).close_point_in_time(id=self.id)
            except (TransportError, ApiError):
                return
            finally:
                self.id = ""


def in_view(view: View, place: Place | None, ask: Callable[[], _Answer]) -> _Answer:
    """`ask`, with the view of a page open; once more in a new one where that has expired, or cannot be read."""
    from elasticsearch import ApiError

    if place is not None and place.view:
        view.id = place.view
        try:
            return ask()
        except ApiError as err:
            if err.status_code not in (400, 404, 503):
                raise
    view.open()
    return ask()


@dataclass(frozen=True, slots=True)
class Found:
    """One found document's place and source; of how many of its story it is the first, where results are collapsed."""

    place: Place
    source: Mapping[str, Any]
    story: int = 1


def sort_of(ranks: Sequence[Json]) -> list[Json]:
    """The order that `behind` and `Place` speak of."""
    by_rank: list[Json] = [{"_score": "desc"}] if ranks else []
    return [*by_rank, {"published": "desc"}, {"id": "asc"}]


def read_page(hits: Sequence[Mapping[str, Any]], ranks: Sequence[Json]) -> list[Found]:
    """The hits of an answer with their places."""
    found = []
    for hit in hits:
        values = hit["sort"] if ranks else [0, *hit["sort"]]
        place = Place(int(values[0]), int(values[1]), str(values[2]))
        found.append(Found(place, hit.get("_source", {})))
    return found


def search_after(place: Place, ranks: Sequence[Json]) -> list[Any]:
    """The place as Elasticsearch takes it."""
    return [*([float(place.rank)] if ranks else []), place.published, place.id]


class Stories:
    """Pages of the first found document of each story.

    Elasticsearch's collapse takes no `search_after`: what stands behind a place is filtered, and a story of which
    something was found before that place was told on an earlier page.
    """

    def __init__(self, view: View, query: Json, ranks: Sequence[Json], common: Json, extra: Json) -> None:
        """`common` goes into every request for hits, `extra` into the first one only."""
        self._view = view
        self._query = query
        self._ranks = ranks
        self._common = common
        self._extra = extra

    def page(self, limit: int, after: Place | None) -> tuple[list[Found], list[Mapping[str, Any]]]:
        """The next `limit` of them, and Elasticsearch's answers. More follow where it gives `limit`."""
        found: list[Found] = []
        answers: list[Mapping[str, Any]] = []
        while len(found) < limit:
            answer = self._view.search({**self._body(limit, after), **({} if answers else self._extra)})
            answers.append(answer)
            hits = answer["hits"]["hits"]
            if not hits:
                break
            sizes, counted = self._sizes([hit["fields"]["stands_for"][0] for hit in hits], after)
            answers.append(counted)
            for hit, one in zip(hits, read_page(hits, self._ranks), strict=True):
                size = sizes.get(hit["fields"]["stands_for"][0])
                if size is not None:
                    found.append(Found(one.place, one.source, size))
            if len(hits) < limit:
                break
            after = read_page(hits[-1:], self._ranks)[0].place
        return found[:limit], answers

    def _body(self, limit: int, after: Place | None) -> Json:
        body = {
            **self._common,
            "query": ranked(self._query, self._ranks),
            "sort": sort_of(self._ranks),
            "size": limit,
            "collapse": {"field": "stands_for"},
            "track_total_hits": False,
        }
        if after is not None:
            body["post_filter"] = behind(after[:3], self._ranks)
        return body

    def _sizes(self, keys: Sequence[str], after: Place | None) -> tuple[dict[str, int], Mapping[str, Any]]:
        """How many documents were found of each of these stories; without those told before the place."""
        told: Json = (
            {"bool": {"must_not": [behind(after[:3], self._ranks)]}}
            if after is not None
            else {"match_none": {}}
        )
        answer = self._view.search(
            {
                "query": {"bool": {"filter": [self._query, {"terms": {"stands_for": list(keys)}}]}},
                "size": 0,
                "track_total_hits": False,
                "timeout": self._common["timeout"],
                "aggs": {
                    "stories": {
                        "terms": {"field": "stands_for", "size": len(keys)},
                        "aggs": {"told": {"filter": told}},
                    }
                },
            }
        )
        buckets = answer["aggregations"]["stories"]["buckets"]
        return {one["key"]: one["doc_count"] for one in buckets if not one["told"]["doc_count"]}, answer
