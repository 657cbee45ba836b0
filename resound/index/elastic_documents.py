"""One item as Elasticsearch holds it, and back.

`_source` keeps what a hit needs (`shown`, readable in Kibana), never the tokens or the vector that is compared. The vector's
row stays as it was given, so that nearness is computed from the same numbers as in every other index.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from resound.index.base import FACETS, Hit, IndexDocument, Vector
from resound.index.elastic_query import keyword_field, text_field
from resound.index.hashing import hash_body, write_body
from resound.query import FIELDS, Document, analyse_document
from resound.text import fold_keyword

HIT_SOURCE = ["shown"]
PLACES = 6
"""Nearness is told and ordered in so many decimal places, as the contract says."""


class Operation(NamedTuple):
    """A document to put in or to take out, as lines of a bulk request."""

    id: str
    lines: bytes


def put(document: IndexDocument) -> Operation:
    """Put a document in, unless a newer one of its id is there."""
    meta = _version("index", document.id, document.seq)
    body = write_body(document)
    source = _dump(_searched(document, hash_body(document.id, body, document.vector)))
    return Operation(document.id, b"".join((meta, source[:-1], b',"shown":', _as_utf8(body), b"}\n")))


def take_out(identity: str, version: int) -> Operation:
    """Take a document out, unless a newer one is there."""
    return Operation(identity, _version("delete", identity, version))


def _version(action: str, identity: str, version: int) -> bytes:
    # _gte: the same change may come again after a crash, and must be taken again.
    return _dump({action: {"_id": identity, "version": version, "version_type": "external_gte"}}) + b"\n"


def _dump(value: Any) -> bytes:
    # "replace": half of a surrogate pair in a keyword shows as a question mark in facets; `shown` keeps it.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _as_utf8(body: bytes) -> bytes:
    """JSON that every parser takes: half of a surrogate pair, which is no UTF-8, is written as an escape."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return json.dumps(json.loads(body.decode("utf-8", "surrogatepass"))).encode()
    return body


def _searched(document: IndexDocument, digest: str) -> dict[str, Any]:
    source = document.document
    made: dict[str, Any] = {
        "id": document.id,
        "seq": document.seq,
        "hash": digest,
        "published": document.published,
        # A document without a story is one of its own. No key of the one kind is one of the other.
        "stands_for": f"story {document.story}" if document.story else f"item {document.id}",
    }
    if document.story:
        made["story"] = document.story
    if document.published:
        made["published_at"] = document.published
    if source.date is not None:
        made["day"] = source.date.isoformat()
    if document.shown.get("doubt"):
        made["date_doubt"] = document.shown["doubt"]
    analysed = analyse_document(source)
    for name in FIELDS:
        tokens = analysed.fields[name]
        if tokens.loose:
            made[text_field(name, exact=False)] = " ".join(tokens.loose)
            made[text_field(name, exact=True)] = " ".join(tokens.exact)
    for keyword in FACETS:
        values = source.keywords.get(keyword)
        if values:
            made[keyword] = sorted(values)
            made[keyword_field(keyword)] = sorted(_folded(keyword, values))
    if document.vector is not None:
        made["embedding"] = _embedding(document.vector)
    return made


def _folded(name: str, values: frozenset[str]) -> set[str]:
    folded = {fold_keyword(value) for value in values}
    if name == "lang":  # `lang:zh` asks for zh-Hant too
        for value in tuple(folded):
            parts = value.split(" ")
            folded |= {" ".join(parts[:count]) for count in range(1, len(parts))}
    return folded


def vector_field(dimensions: int) -> str:
    """The field that vectors of a length are compared in."""
    return f"dims_{dimensions}"


def _embedding(vector: Vector) -> dict[str, Any]:
    made: dict[str, Any] = {"model": vector.model, "row": base64.b64encode(vector.row).decode()}
    unit = unit_of(vector.row)
    if any(unit):  # nothing is near to nothing
        made[vector_field(len(unit))] = [round(number, 7) for number in unit]
    return made


def unit_of(row: bytes) -> tuple[float, ...]:
    """A vector's numbers, of length 1 again: half precision leaves them a little off."""
    numbers = struct.unpack(f"<{len(row) // 2}e", row)
    length = math.sqrt(math.fsum(number * number for number in numbers))
    return tuple(number / length for number in numbers) if length else numbers


def cosine(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Of two vectors of length 1."""
    return round(math.fsum(a * b for a, b in zip(one, other, strict=True)), PLACES)


def read_hit(identity: str, source: Mapping[str, Any], *, more: int = 0) -> Hit:
    """The hit of a document that was found."""
    shown = source["shown"]
    document = Document(
        **shown["fields"],
        keywords={name: frozenset(values) for name, values in shown["keywords"].items()},
        date=None if shown["date"] is None else date.fromisoformat(shown["date"]),
    )
    return Hit(identity, shown["story"], shown["published"], shown["shown"], document, more)
