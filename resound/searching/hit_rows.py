"""The hits of a search as files: what the result list shows, for every hit, line by line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping

from resound.keeping.exporting import make_harmless
from resound.searching.search import Found, found_to_json, passages_for
from resound.texts import N_
from resound.urls import is_of_the_web
from resound.value_names import ValueNames

BOM = "\ufeff"
"""Spreadsheets take a CSV file without it for one in their country's old encoding."""
COLUMNS: Mapping[str, str] = {
    "day": N_("Day"),
    "outlet": N_("Outlet"),
    "language": N_("Language"),
    "medium": N_("Medium"),
    "title": N_("Headline"),
    "translated_title": N_("Headline translated by machine"),
    "translated_by": N_("Translated by"),
    "passages": N_("Passages"),
    "more": N_("More items of this story"),
    "url": N_("Address"),
}


def hit_row(hit: Found, names: ValueNames) -> tuple[str, ...]:
    """What the list shows of a hit, in the order of `COLUMNS`, safe for spreadsheets."""
    cells: Mapping[str, str] = {
        "day": hit.shown["day"],
        "outlet": names.outlet(hit.shown["outlet"], hit.shown["outlet_name"]),
        "language": names.value("lang", hit.shown["language"]),
        "medium": names.value("type", hit.shown["medium"]),
        "title": hit.title,
        "translated_title": hit.shown.get("translated_title", ""),
        "translated_by": hit.shown.get("translated_by", ""),
        "passages": " … ".join(part.text for part in passages_for(hit, names.words.language)),
        "more": str(hit.more),
        "url": hit.shown["url"] if is_of_the_web(hit.shown["url"]) else "",  # a clip by hand has none
    }
    return tuple(make_harmless(cells[name]) for name in COLUMNS)


def csv_lines(hits: Iterable[Found], names: ValueNames) -> Iterator[str]:
    """A header and a line for each hit."""
    yield BOM + csv_line([names.words.gettext(text) for text in COLUMNS.values()])
    for hit in hits:
        yield csv_line(hit_row(hit, names))


def json_lines(hits: Iterable[Found]) -> Iterator[str]:
    """One JSON object for each hit, with what programs need: identity, story, the passages' marks."""
    for hit in hits:
        # half of a surrogate pair, which a broken page may hold, is no UTF-8: escaped it passes
        yield json.dumps(found_to_json(hit)) + "\n"


def csv_line(cells: Iterable[str]) -> str:
    """Cells as one line of a CSV file."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
