"""Cursors of lists: opaque to the asker, and good only for the list that they came from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from resound.errors import ResoundError

One = TypeVar("One")
Place = tuple[str | int, ...]
"""Where an entry stands: lists are in the rising order of these."""

Limit = Annotated[int, Query(ge=1, le=200, description="At most so many entries.")]
Cursor = Annotated[
    str | None,
    Query(max_length=2000, description="Where to go on: `next` of the page before.", examples=[None]),
]


class CursorError(ResoundError):
    """A cursor that this list did not give."""


def cut_page(
    entries: Sequence[One],
    *,
    of: str,
    place: Callable[[One], Place],
    after: str | None,
    limit: int,
) -> tuple[Sequence[One], str | None]:
    """The entries behind a cursor, and the next cursor (None on the last page).

    Args:
        of: which list it is; a cursor of another one is refused.
        place: the place of an entry; no two share one, and the list is in their order.

    Raises:
        CursorError: `after` is no cursor of this list.
    """
    start = 0
    if after is not None:
        behind = _read(after, of)
        try:
            start = bisect_right(entries, behind, key=place)
        except TypeError as err:  # text and number change places
            raise CursorError(_SAID) from err
    page = entries[start : start + limit]
    is_last = start + limit >= len(entries)
    return page, None if is_last or not page else _write(place(page[-1]), of)


_SAID = (
    "This is no cursor of this list. Begin without one, and take `next` of each page for the one behind it."
)


def _write(place: Place, of: str) -> str:
    written = json.dumps([_mark(of), *place], separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(written).decode().rstrip("=")


def _read(cursor: str, of: str) -> Place:
    try:
        written = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        found: Any = json.loads(written)
    except (binascii.Error, ValueError) as err:
        raise CursorError(_SAID) from err
    if not isinstance(found, list) or not found or found[0] != _mark(of):
        raise CursorError(_SAID)
    if not all(isinstance(one, str) or type(one) is int for one in found[1:]):
        raise CursorError(_SAID)
    return tuple(found[1:])


def _mark(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()[:12]
