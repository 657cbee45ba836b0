"""Text that both databases can keep. PostgreSQL refuses NUL in text; neither can encode half a surrogate pair.

Extraction, feeds and imports clean what they read; this is the last fence, so that one odd character that slipped
through stops no batch. What is taken out is replaced by U+FFFD, so that the place shows.
"""

from __future__ import annotations

import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def clean_text(value: str) -> str:
    """`value` with U+FFFD for every NUL and every lone surrogate."""
    if value.isascii():
        return value.replace("\x00", REPLACEMENT)
    return _UNSTORABLE.sub(REPLACEMENT, value)


def clean_parameters(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _executemany: bool
) -> tuple[str, Any]:
    """SQLAlchemy's `before_cursor_execute`: every string that is bound is one that can be kept."""
    return statement, _clean(parameters)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, tuple):
        return tuple(_clean(one) for one in value)
    return value
