"""Loops: a model that says the same thing over and over until its limit ends it."""

from __future__ import annotations

import re

LONGEST_LOOP = 12
"""Tokens of the longest thing that is looked for."""
_TOKEN = re.compile(r"[\u3040-\u9fff\uf900-\ufaff]|[^\W\u3040-\u9fff\uf900-\ufaff]+|[^\w\s]")


def has_loop(text: str, source: str = "") -> bool:
    """Whether something stands in it four times in a row (one token: six), more often than the source repeats itself."""
    return _loops(text) > max(_loops(source), 1)


def is_swollen(tokens: int, source_tokens: int) -> bool:
    """Whether a translation is longer than any honest one would be."""
    return tokens > 4 * source_tokens + 24


def _loops(text: str) -> int:
    """The most often that a run of tokens follows itself, beyond what is usual; 1 where nothing does."""
    tokens = [one.casefold() for one in _TOKEN.findall(text[:20_000])]
    most = 1
    for length in range(1, LONGEST_LOOP + 1):
        run = 0
        for at in range(length, len(tokens)):
            run = run + 1 if tokens[at] == tokens[at - length] else 0
            times = run // length + 1
            if times >= (6 if length == 1 else 4):
                most = max(most, times)
    return most
