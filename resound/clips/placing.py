"""Where a clip was published: which outlet and edition a row of cells names, and what an outlet is called that nobody described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from resound.clips.rows import ClipRow
from resound.processing.facts import PROVISIONAL, edition_of, outlets_called
from resound.source import Source
from resound.store.articles import Placement
from resound.told import Told
from resound.urls import bare_host, find_edition, host_of


class UnfitRowError(Exception):
    """A row that goes nowhere; the sentence says what is missing."""

    def __init__(self, column: str, sentence: Told) -> None:
        super().__init__(sentence)
        self.column = column
        self.sentence = sentence


def place_row(row: ClipRow, url: str, sources: Mapping[str, Source]) -> Placement:
    """Where a clip was published.

    A page is its host's, as for what is crawled. What was printed or aired is the named outlet's, else its host's.

    Raises:
        UnfitRowError: nothing says what kind of outlet it is, or its name is that of several.
    """
    host = find_edition(url, sources.values()) if url else None
    called = outlets_called(row.outlet, sources, row.medium)
    is_page = row.medium in (None, "online", "agency") and not (row.page or row.airtime)
    if host is not None and (is_page or not called):
        source, edition = host
        kind: Literal["item", "copy"] = "item" if source.type == "outlet" else "copy"
        return Placement(kind, source.id, edition.id, row.medium or source.medium)
    if url and (is_page or not row.outlet):
        return Placement("item", f"{PROVISIONAL}{bare_host(host_of(url))}", "", row.medium or "online")
    if len(called) > 1:
        raise UnfitRowError(
            "outlet",
            Told(
                "several outlets are called %(outlet)s: write the id of the one that it is (%(ids)s)",
                outlet=repr(row.outlet),
                ids=", ".join(one.id for one in called),
            ),
        )
    if called:
        return Placement("item", called[0].id, _edition_asked(row, called[0]), row.medium or called[0].medium)
    if row.medium is None:
        raise UnfitRowError(
            "medium",
            Told(
                "nobody knows yet what kind of outlet %(outlet)s is: fill in the medium (print, tv, radio …)",
                outlet=repr(row.outlet),
            ),
        )
    return Placement("item", f"{PROVISIONAL}{_called(row.outlet)}"[:255], "", row.medium)


def _called(outlet: str) -> str:
    """A name as it was typed (TTXVN), without needless spaces; a host is written small, as for its pages."""
    name = " ".join(outlet.split())
    return name.casefold() if "." in name and " " not in name else name


def as_known(outlet: str, known: Iterable[str]) -> str:
    """The spelling under which an outlet came first: `ttxvn` and `TTXVN` are one."""
    folded = outlet.casefold()
    return next((one for one in known if one.casefold() == folded), outlet)


def _edition_asked(row: ClipRow, source: Source) -> str:
    """The edition that a row names by its id or its language, else the outlet's first."""
    for asked in filter(None, (row.edition, row.language)):
        for edition in source.editions:
            if asked in (edition.id, edition.language) or asked == edition.language.split("-")[0]:
                return edition.id
    return source.editions[0].id


def language_of(place: Placement, sources: Mapping[str, Source]) -> str | None:
    """Of the edition; None where nobody has described it."""
    source = sources.get(place.outlet)
    edition = edition_of(source, place.edition) if source is not None else None
    return edition.language if edition is not None else None
