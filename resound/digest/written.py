"""Editions and edits as they are kept: canonical JSON; an approved edition is packed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter, ValidationError

from resound.canonical import canonical_json
from resound.digest.model import FORMAT, Edition, Edits
from resound.errors import ResoundError, StoreError


@cache
def _edition() -> TypeAdapter[Edition]:
    return TypeAdapter(Edition)


@cache
def _edits() -> TypeAdapter[Edits]:
    return TypeAdapter(Edits)


def edition_json(edition: Edition) -> dict[str, Any]:
    """Plain values."""
    plain: dict[str, Any] = _edition().dump_python(edition, mode="json")
    return plain


def fingerprint(edition: Edition) -> str:
    """SHA-256 of everything but the moment at which it was built: another one as soon as readers would see something else."""
    return sha256(canonical_json({**edition_json(edition), "as_of": ""})).hexdigest()


def pack_edition(edition: Edition) -> bytes:
    """For the store."""
    return zlib.compress(canonical_json(edition_json(edition)), 6)


def unpack_edition(packed: bytes) -> Edition:
    """The inverse of `pack_edition`.

    Raises:
        ResoundError: a newer Resound wrote it.
        StoreError: it is not what was packed.
    """
    try:
        plain = json.loads(zlib.decompress(packed))
        if int(plain["format"]) > FORMAT:
            raise ResoundError(
                "This digest was approved by a newer Resound, which this one cannot read. Install that version again."
            )
        return _edition().validate_python(plain)
    except (zlib.error, ValueError, KeyError, TypeError, ValidationError) as err:
        raise StoreError("A digest in the store cannot be read. Restore it from a backup.") from err


def edits_json(edits: Edits) -> dict[str, Any]:
    """Plain values, for the store."""
    plain: dict[str, Any] = _edits().dump_python(edits, mode="json")
    return plain


def read_edits(plain: Mapping[str, Any]) -> Edits:
    """The inverse of `edits_json`; nothing is no edits. Raises StoreError for what is none."""
    try:
        return _edits().validate_python(dict(plain))
    except ValidationError as err:
        raise StoreError("The changes of a digest in the store cannot be read.") from err
