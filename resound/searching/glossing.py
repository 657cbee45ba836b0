"""Hits in the reader's language: what the index keeps of them beside the original is English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection

from resound.searching.search import Found
from resound.source import Source
from resound.store import Store
from resound.store.headlines import titles_in

AT_ONCE = 500
"""Hits whose headlines are looked up together."""


def in_language(
    connection: Connection, hits: Iterable[Found], language: str, sources: Mapping[str, Source]
) -> tuple[Found, ...]:
    """The same hits with the outlet's name and the translated headline that a reader of this language is shown.

    `translated_language` says which language that is.
    """
    asked = tuple(hits)
    titles = titles_in(connection, [one.id for one in asked], language)
    made = []
    for one in asked:
        shown = dict(one.shown)
        source = sources.get(shown["outlet"])
        if source is not None:
            shown["outlet_name"] = source.names.best(language)
        title = titles.get(one.id)
        if title is not None:
            shown["translated_title"], shown["translated_language"], shown["translated_by"] = title
        elif shown.get("translated_title"):
            shown["translated_language"] = "en"
        made.append(replace(one, shown=shown))
    return tuple(made)


def stream_in_language(
    store: Store, hits: Iterable[Found], language: str, sources: Mapping[str, Source]
) -> Iterator[Found]:
    """The same for every hit of a search; no connection is held between them."""
    rest = iter(hits)
    while part := tuple(islice(rest, AT_ONCE)):
        with store.read() as connection:
            glossed = in_language(connection, part, language, sources)
        yield from glossed
