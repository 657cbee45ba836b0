"""Names of time zones, as the IANA database has them: `Asia/Taipei`."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def known_zones() -> frozenset[str]:
    """Every name. Once in a process: asking walks through the machine's zone files."""
    return frozenset(available_timezones())
