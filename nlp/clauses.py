"""Parts of a sentence that is too long for a model: cut at clause marks, else between words, else anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

# Best places first: behind sentence marks inside a quotation, semicolons, commas, then between words.
_CUTS = (
    re.compile(r"(?<=[。！？!?])|(?<=[.] )"),
    re.compile(r"(?<=[；;：:])"),
    re.compile(r"(?<=[，、,])(?!\d)"),
    re.compile(r"(?<=\s)"),
)


def split_clauses(text: str, count: Callable[[Sequence[str]], list[int]], most: int) -> list[str]:
    """Parts of at most `most` tokens that make the text again when joined. `count` counts tokens of texts.

    Clauses are put together again as far as they fit, so that a part is as long as it may be.
    """
    return _split(text, count, most, 0)


def _split(text: str, count: Callable[[Sequence[str]], list[int]], most: int, level: int) -> list[str]:
    if count([text])[0] <= most or len(text) <= 1:
        return [text]
    if level < len(_CUTS):
        pieces = [one for one in _CUTS[level].split(text) if one]
    else:
        half = max(1, len(text) // 2)
        pieces = [text[:half], text[half:]]
    if len(pieces) == 1:
        return _split(text, count, most, level + 1)
    made: list[str] = []
    lengths = count(pieces)
    filled = 0
    for piece, length in zip(pieces, lengths, strict=True):
        if length > most:
            made += _split(piece, count, most, min(level + 1, len(_CUTS)))
            filled = most
        elif made and filled + length <= most and count([made[-1] + piece])[0] <= most:
            made[-1] += piece
            filled += length
        else:
            made.append(piece)
            filled = length
    return made
