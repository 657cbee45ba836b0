"""What a document is to an index, as bytes and as a hash: the same in every engine and when made from the store alone.

`seq` is left out: it says when a document was built, not what is in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

from resound.index.base import IndexDocument, Vector
from resound.query import FIELDS


def write_body(document: IndexDocument) -> bytes:
    """Everything of a document but its id and vector, as JSON in one fixed form."""
    source = document.document
    body = {
        "published": document.published,
        "story": document.story,
        "shown": dict(document.shown),
        "fields": {name: source.text(name) for name in FIELDS},
        "keywords": {name: sorted(values) for name, values in source.keywords.items()},
        "date": None if source.date is None else source.date.isoformat(),
    }
    # surrogatepass: half of a pair that a page wrote alone must not stop the others
    return json.dumps(body, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


def hash_document(document: IndexDocument) -> str:
    """64 hexadecimal digits; equal for equal documents, whatever their `seq`."""
    return hash_body(document.id, write_body(document), document.vector)


def hash_body(identity: str, body: bytes, vector: Vector | None) -> str:
    """`hash_document` where the body was written already."""
    made = sha256(identity.encode() + b"\0" + body + b"\0")
    if vector is not None:
        made.update(vector.model.encode() + b"\0" + vector.row)
    return made.hexdigest()


def hash_all(hashes: Iterable[tuple[str, str]]) -> str:
    """One hash of many (id, hash) in the order of their ids."""
    made = sha256()
    for identity, digest in hashes:
        made.update(hash_line(identity, digest))
    return made.hexdigest()


def hash_line(identity: str, digest: str) -> bytes:
    """What one document adds to the hash of many."""
    return f"{identity} {digest}\n".encode()
