"""The articles most like one, by Elasticsearch's exact kNN (`flat`: every vector is looked at, as in the embedded index)."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import TYPE_CHECKING

from resound.index.base import Hit, IndexDocument, Refusal
from resound.index.elastic_documents import cosine, read_hit, unit_of, vector_field
from resound.index.elastic_indices import HeldIndex, Indices

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

MAX_DIMENSIONS = 4_096
"""More are too many for Elasticsearch."""
_MAX_NEIGHBOURS = 10_000
_CLOSE = 1e-5  # more than a cosine in single precision can be off


def find_similar(
    client: Elasticsearch, index: str, identity: str, limit: int, seconds: float
) -> tuple[tuple[Hit, float], ...]:
    """The documents nearest to one, told and ordered by the cosine of the rows that were written."""
    asked = client.search(
        index=index,
        query={"term": {"id": identity}},
        source_includes=["embedding"],
        size=1,
        allow_partial_search_results=False,
    )["hits"]["hits"]
    if not asked or "embedding" not in asked[0]["_source"]:
        return ()
    model = asked[0]["_source"]["embedding"]["model"]
    unit = unit_of(base64.b64decode(asked[0]["_source"]["embedding"]["row"]))
    if not any(unit):
        return ()
    itself = {"term": {"id": identity}}
    others = [{"term": {"embedding.model": model}}, {"bool": {"must_not": [itself]}}]
    count = min(2 * limit + 8, _MAX_NEIGHBOURS)
    while True:
        hits = client.search(
            index=index,
            knn={
                "field": f"embedding.{vector_field(len(unit))}",
                "query_vector": list(unit),
                "k": count,
                "num_candidates": count,
                "filter": others,
            },
            size=count,
            source_includes=["shown", "embedding.row"],
            timeout=f"{seconds * 1000:.0f}ms",
            allow_partial_search_results=False,
        )["hits"]["hits"]
        near = [
            (cosine(unit, unit_of(base64.b64decode(hit["_source"]["embedding"]["row"]))), hit) for hit in hits
        ]
        last = near[-1][0] if near else 0.0  # hits come in the order of single precision
        near.sort(key=lambda one: (-one[0], one[1]["_id"]))
        # Copies of one text are equally near: those that stand first by id may be among what was not asked for.
        if len(hits) < count or count == _MAX_NEIGHBOURS or near[limit - 1][0] - last > _CLOSE:
            return tuple((read_hit(hit["_id"], hit["_source"]), score) for score, hit in near[:limit])
        count = min(count * 4, _MAX_NEIGHBOURS)


class VectorFields:
    """Which lengths the vectors of a model have, and that an index can compare vectors of these lengths."""

    def __init__(self) -> None:
        self._lengths: dict[tuple[str, str], int] = {}
        self._fields: set[tuple[str, int]] = set()

    def refuse(self, indices: Indices, index: HeldIndex, documents: Iterable[IndexDocument]) -> list[Refusal]:
        """A vector that cannot be compared with the others of its model is a defect: better seen than left out."""
        refused = []
        for document in documents:
            if document.vector is None:
                continue
            model, length = document.vector.model, len(document.vector.row)
            known = self._length_of(indices, index, model) or length
            dimensions, odd = divmod(length, 2)
            if length != known or odd or not 0 < dimensions <= MAX_DIMENSIONS:
                why = f"its vector by {model} is of {length} bytes; those of this model are of {known}"
                refused.append(Refusal(document.id, why))
                continue
            self._lengths[index.uuid, model] = length
            if (index.uuid, dimensions) not in self._fields:
                indices.add_vector_field(index, vector_field(dimensions), dimensions)
                self._fields.add((index.uuid, dimensions))
        return refused

    def _length_of(self, indices: Indices, index: HeldIndex, model: str) -> int | None:
        found = self._lengths.get((index.uuid, model))
        if found is None:
            row = indices.any_row_of(index, model)
            if row is not None:
                found = self._lengths[index.uuid, model] = len(base64.b64decode(row))
        return found
