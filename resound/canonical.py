"""Plain values as bytes, always the same ones: what is hashed and frozen is written like this."""

from __future__ import annotations

import json
from typing import Any


def canonical_json(plain: Any) -> bytes:
    """UTF-8, keys sorted, nothing between the parts. The same values give the same bytes."""
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
