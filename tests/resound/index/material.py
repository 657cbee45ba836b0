"""Small documents, and short ways to ask for them."""

from __future__ import annotations

import struct

from resound.index.base import IndexDocument, SearchIndex, Vector
from resound.query import Document, parse


def article(
    key: str, title: str = "", body: str = "", *, published: int = 0, **keywords: str
) -> IndexDocument:
    values = {name: frozenset(value.split("|")) for name, value in keywords.items()}
    return IndexDocument(
        key, 1, Document(title=title, body=body, keywords=values), published, f"s-{key}", {"url": f"u-{key}"}
    )


def ids(index: SearchIndex, text: str, **more: object) -> list[str]:
    return [hit.id for hit in index.search(parse(text), **more).hits]  # type: ignore[arg-type]


def all_pages(index: SearchIndex, text: str, limit: int, order: str) -> list[list[str]]:
    pages, after = [], None
    while True:
        result = index.search(parse(text), order=order, limit=limit, after=after)  # type: ignore[arg-type]
        pages.append([hit.id for hit in result.hits])
        after = result.next
        if after is None:
            return pages


def vector(*numbers: float, model: str = "m@1") -> Vector:
    """An embedding as it is stored: half precision, little endian."""
    return Vector(model, struct.pack(f"<{len(numbers)}e", *numbers))


def numbers_of(one: Vector) -> list[float]:
    """The other way round."""
    return list(struct.unpack(f"<{len(one.row) // 2}e", one.row))
