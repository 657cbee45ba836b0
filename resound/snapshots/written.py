"""A snapshot as bytes: canonical JSON, its SHA-256, packed for keeping. The same values give the same bytes."""

from __future__ import annotations

import json
import zlib
from functools import cache
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter, ValidationError

from resound.canonical import canonical_json
from resound.errors import ResoundError, StoreError
from resound.snapshots.model import FORMAT, Snapshot
from resound.told import Told


@cache
def _shape() -> TypeAdapter[Snapshot]:
    return TypeAdapter(Snapshot)


def write_snapshot(snapshot: Snapshot) -> bytes:
    """Canonical JSON."""
    return canonical_json(_shape().dump_python(snapshot, mode="json", by_alias=True))


def content_hash(written: bytes) -> str:
    """SHA-256, 64 hexadecimal digits: what the report prints, so that anybody can compare."""
    return sha256(written).hexdigest()


def read_snapshot(written: bytes) -> Snapshot:
    """The inverse of `write_snapshot`.

    Raises:
        ResoundError: a newer Resound wrote it.
        StoreError: it is not what was written.
    """
    try:
        plain: Any = json.loads(written)
        if int(plain["format"]) > FORMAT:
            raise ResoundError(
                Told(
                    "This snapshot was frozen by a newer Resound, which this one cannot read. Install that version again."
                )
            )
        return _shape().validate_python(plain)
    except (ValueError, KeyError, TypeError, ValidationError) as err:
        raise StoreError(Told("A snapshot cannot be read: it is not what was frozen.")) from err


def pack(written: bytes) -> bytes:
    """For the store."""
    return zlib.compress(written, 6)


def unpack(packed: bytes, expected: str) -> bytes:
    """What was packed, hashed again.

    Raises:
        StoreError: it is torn, or not what was frozen.
    """
    try:
        written = zlib.decompress(packed)
    except zlib.error as err:
        raise StoreError(Told("A snapshot in the store is torn. Restore it from a backup.")) from err
    if content_hash(written) != expected:
        raise StoreError(Told("A snapshot in the store is not what was frozen: its SHA-256 differs."))
    return written
