"""What a search counts over all that it finds: the facets, the periods, and the different stories and outlets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from resound.index.base import EXACT_UNIQUES, Bar, Facet, Period
from resound.index.elastic_query import Json

FACET_SIZE = 4_000
"""Values of a facet (or periods) in the first answer; more are asked for after. All of them stay below `search.max_buckets`."""
_UNIQUES = {"stories": "stands_for", "outlets": "outlet"}

Search = Callable[[Json], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Counts:
    """See SearchResult."""

    total: int
    stories: int
    outlets: int
    uniques_are_exact: bool
    facets: Mapping[str, tuple[Facet, ...]]
    dates: tuple[Bar, ...]


def count_aggregations(facets: Sequence[str], histogram: Period | None) -> Json:
    """The aggregations. Uniques are buckets that are counted on the server: `without_buckets` keeps them there."""
    made: Json = {"total": {"filter": {"match_all": {}}}}
    for name, field in _UNIQUES.items():
        made[f"_{name}"] = {"terms": {"field": field, "size": EXACT_UNIQUES + 1, "order": {"_key": "asc"}}}
        made[name] = {"stats_bucket": {"buckets_path": f"_{name}>_count"}}
    for name in facets:
        made[f"facet {name}"] = {
            "terms": {"field": name, "size": FACET_SIZE, "order": [{"_count": "desc"}, {"_key": "asc"}]}
        }
    if histogram is not None:
        made["dates"] = _composite(_dates_source(histogram), {})
    return made


WITHOUT_BUCKETS = [f"-aggregations._{name}" for name in _UNIQUES]


def read_counts(
    search: Search,
    query: Json,
    aggregations: Mapping[str, Any],
    facets: Sequence[str],
    histogram: Period | None,
) -> Counts:
    """The counts of an answer; asks on where there are more stories, outlets or values than it holds."""
    uniques = {name: int(aggregations[name]["count"]) for name in _UNIQUES}
    beyond = [name for name, count in uniques.items() if count > EXACT_UNIQUES]
    if beyond:
        uniques |= _estimate(search, query, beyond)
    return Counts(
        total=int(aggregations["total"]["doc_count"]),
        stories=uniques["stories"],
        outlets=uniques["outlets"],
        uniques_are_exact=not beyond,
        facets={name: _facet(search, query, name, aggregations[f"facet {name}"]) for name in facets},
        dates=_dates(search, query, histogram, aggregations["dates"]) if histogram is not None else (),
    )


def _estimate(search: Search, query: Json, names: Sequence[str]) -> dict[str, int]:
    """HyperLogLog++ at its most exact: some thousandths off."""
    aggs = {name: {"cardinality": {"field": _UNIQUES[name], "precision_threshold": 40_000}} for name in names}
    answer = search({"query": query, "size": 0, "track_total_hits": False, "aggs": aggs})
    # It may say fewer than were counted already.
    return {name: max(EXACT_UNIQUES + 1, int(answer["aggregations"][name]["value"])) for name in names}


def _facet(search: Search, query: Json, name: str, found: Mapping[str, Any]) -> tuple[Facet, ...]:
    is_whole = not found["sum_other_doc_count"] and not found["doc_count_error_upper_bound"]
    values = [(str(one["key"]), int(one["doc_count"])) for one in found["buckets"]]
    if not is_whole:
        source = {"terms": {"field": name}}
        values = [(str(value), count) for value, count in _walk(search, query, source, None)]
    return tuple(sorted(values, key=lambda one: (-one[1], one[0])))


def _dates(search: Search, query: Json, period: Period, found: Mapping[str, Any]) -> tuple[Bar, ...]:
    walked = _walk(search, query, _dates_source(period), found)
    return tuple((date.fromisoformat(value), count) for value, count in walked)


def _dates_source(period: Period) -> Json:
    # `day` holds calendar days, which Elasticsearch keeps as midnights UTC: a zone would move them.
    return {"date_histogram": {"field": "day", "calendar_interval": period, "format": "strict_date"}}


def _composite(source: Json, after: Json) -> Json:
    return {"composite": {"size": FACET_SIZE, "sources": [{"value": source}], **after}}


def _walk(
    search: Search, query: Json, source: Json, found: Mapping[str, Any] | None
) -> Iterator[tuple[Any, int]]:
    """Every value in rising order, in parts. `found` is the first of them, where it was asked for already."""
    after: Json = {}
    while True:
        if found is None:
            aggs = {"values": _composite(source, after)}
            body = {"query": query, "size": 0, "track_total_hits": False, "aggs": aggs}
            found = search(body)["aggregations"]["values"]
        yield from ((one["key"]["value"], int(one["doc_count"])) for one in found["buckets"])
        if "after_key" not in found:
            return
        after, found = {"after": found["after_key"]}, None
