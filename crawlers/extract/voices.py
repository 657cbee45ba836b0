"""Second voices: well-kept extractors that are asked where our own reading is in doubt."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from crawlers.extract.blocks import clean_line, measure


def ask_trafilatura(text: str) -> tuple[str, ...]:
    """Paragraphs as trafilatura reads them, without its metadata and fallbacks; empty where it finds none."""
    from trafilatura import extract as read  # late: 0.3 s

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = read(text, fast=True, include_comments=False, include_tables=False, with_metadata=False)
    except Exception:  # noqa: BLE001 (foreign pages break lxml and its users in many ways; then this voice is silent)
        return ()
    return _lines(found or "")


def ask_readability(text: str) -> tuple[str, ...]:
    """Paragraphs as readability reads them; empty where it finds none."""
    from readability import Document  # late
    from selectolax.lexbor import LexborHTMLParser

    from crawlers.extract.blocks import read_blocks

    logging.getLogger("readability.readability").setLevel(logging.CRITICAL)
    try:
        found = Document(text).summary(html_partial=True)
    except Exception:  # noqa: BLE001 (as above)
        return ()
    blocks = read_blocks(LexborHTMLParser(found)).blocks
    return tuple(block.text for block in blocks if block.link_share < 0.5 and not block.is_caption)


def _lines(text: str) -> tuple[str, ...]:
    # trafilatura marks list items with a hyphen
    lines = (clean_line(line.removeprefix("- ")) for line in text.split("\n"))
    return tuple(line for line in lines if line)


def total_units(paragraphs: Sequence[str]) -> int:
    """Their length as `measure` counts."""
    return sum(map(measure, paragraphs))


def covered(part: Sequence[str], whole: Sequence[str]) -> float:
    """Share of `part` whose wording stands in `whole`, 0..1, by runs of 12 characters without space and punctuation."""
    inside, outside = _squeeze(part), _squeeze(whole)
    if len(inside) < 12:
        return 1.0 if inside in outside else 0.0
    known = {outside[at : at + 12] for at in range(max(0, len(outside) - 11))}
    runs = range(0, len(inside) - 11, 6)
    return sum(inside[at : at + 12] in known for at in runs) / len(runs)


def _squeeze(paragraphs: Sequence[str]) -> str:
    return "".join(char for char in "".join(paragraphs) if char.isalnum())
