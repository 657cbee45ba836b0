"""Search, which is the start page: a box, what its query means, hits with facets and dates, and every hit as a file.

All that was asked stands in the address, so that a page can be sent to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from api.pages import render, words_of
from api.safety import limited
from resound.campaign import Campaign
from resound.errors import PlaceError, QuerySyntaxError, SearchUnavailableError
from resound.index.base import Order
from resound.searching.catching_up import CatchUp
from resound.searching.glossing import in_language, stream_in_language
from resound.searching.hit_rows import csv_lines, json_lines
from resound.searching.page import Asked, every_hit, view_search
from resound.searching.query_words import Meaning, say_meaning
from resound.searching.saved import asked_of
from resound.searching.search import Found, passages_for, translation_tag
from resound.source import Source
from resound.store.registry import load_campaigns, load_sources
from resound.store.saved_searches import SavedSearch, list_searches
from resound.value_names import ValueNames

router = APIRouter(include_in_schema=False)
PAGE = 20
CHUNK = 64_000
"""Characters of a file that are sent at once."""

READER = requires("reader", somewhere=True)
"""Who reads one campaign only searches in it."""
Reader = Annotated[Visitor, READER]


@dataclass(frozen=True, slots=True)
class Glossary:
    """The campaigns whose names a search knows, and what people call the values of fields, as far as somebody may see."""

    campaigns: tuple[Campaign, ...]
    sources: Mapping[str, Source]
    names: ValueNames


def glossary_of(request: Request, desk: AtDesk, visitor: Reader) -> Glossary:
    """As the store has them now, in the reader's language."""
    with desk.store.read() as connection:
        sources, campaigns = load_sources(connection), visitor.sight.of(load_campaigns(connection))
    return Glossary(
        tuple(campaigns.values()),
        sources,
        ValueNames(words_of(request), sources=sources, campaigns=campaigns),
    )


def asked_here(
    q: str = "",
    order: Order = "newest",
    shows: Annotated[Literal["items", "stories"], Query(alias="list")] = "items",
    forms: Literal["all", "typed"] = "all",
    after: str | None = None,
) -> Asked:
    """The search that an address holds."""
    return Asked(q.strip(), order, collapse=shows == "stories", expand=forms == "all", after=after)


AskedHere = Annotated[Asked, Depends(asked_here)]
WithGlossary = Annotated[Glossary, Depends(glossary_of)]


def address_of(asked: Asked, path: str = "/", **changes: Any) -> str:
    """The address of a search, with `changes` in it; always its first page, unless `after` is among them."""
    written = urlencode(values_of(replace(asked, **{"after": None, **changes})))
    return f"{path}?{written}" if written else path


def values_of(asked: Asked) -> dict[str, str]:
    """What `asked_here` reads a search from, without what it takes for granted."""
    values = {
        "q": asked.text,
        "order": "" if asked.order == "newest" else asked.order,
        "list": "stories" if asked.collapse else "",
        "forms": "" if asked.expand else "typed",
        "after": asked.after or "",
    }
    return {name: value for name, value in values.items() if value}


@router.get("/", dependencies=[READER, limited("search")])
def search_page(
    request: Request, desk: AtDesk, visitor: Reader, asked: AskedHere, glossary: WithGlossary
) -> Response:
    """The page, whatever was asked: also without a word, and with one that cannot be read."""
    catch_up: CatchUp = request.app.state.catch_up
    shown: dict[str, Any] = {"view": None, "trouble": "", "standing": None}
    status = 200
    try:
        shown["standing"] = catch_up.look()
        view = view_search(
            desk.index,
            asked,
            campaigns=glossary.campaigns,
            names=glossary.names,
            limit=PAGE,
            sight=visitor.sight,
        )
        with desk.store.read() as connection:
            hits = in_language(connection, view.results.hits, glossary.names.words.language, glossary.sources)
        shown["view"] = replace(view, results=replace(view.results, hits=hits))
    except QuerySyntaxError:
        status = 400
    except PlaceError:
        return RedirectResponse(address_of(asked), 303)
    except SearchUnavailableError as error:
        shown["trouble"] = str(error)
        status = 503
    return render(
        request,
        "search.html",
        status_code=status,
        asked=asked,
        meaning=_meaning(asked, glossary),
        address=address_of,
        names=glossary.names,
        passages_for=passages_for,
        translation_tag=translation_tag,
        saved=_saved(desk, visitor),
        **shown,
    )


@router.get("/search/meaning", dependencies=[READER])
def search_meaning(request: Request, asked: AskedHere, glossary: WithGlossary) -> Response:
    """What a query means, for while it is typed."""
    return render(
        request, "_search_meaning.html", asked=asked, meaning=_meaning(asked, glossary), address=address_of
    )


@router.get("/search/help")
def search_help(request: Request, desk: AtDesk, visitor: Reader) -> Response:
    """The query language, with examples to follow; where it can, of what is really there."""
    with desk.store.read() as connection:
        sources, campaigns = load_sources(connection), visitor.sight.of(load_campaigns(connection))
    return render(
        request,
        "search_help.html",
        address=lambda text: address_of(Asked(text)),
        outlets=list(sources)[:2],
        groups=list(dict.fromkeys(one.owner.id for one in sources.values()))[:1],
        campaigns=list(campaigns)[:2],
    )


@router.get("/search/hits.csv", dependencies=[limited("export")])
def export_csv(desk: AtDesk, visitor: Reader, asked: AskedHere, glossary: WithGlossary) -> Response:
    """Every hit as the list shows it, for spreadsheets."""
    return stream_csv(_every_hit(desk, visitor, asked, glossary), glossary.names, desk)


@router.get("/search/hits.jsonl", dependencies=[limited("export")])
def export_jsonl(desk: AtDesk, visitor: Reader, asked: AskedHere, glossary: WithGlossary) -> Response:
    """Every hit for programs, one JSON object on each line."""
    return stream_jsonl(_every_hit(desk, visitor, asked, glossary), desk)


def _every_hit(desk: Desk, visitor: Visitor, asked: Asked, glossary: Glossary) -> Iterator[Found]:
    """As the page shows them, in the reader's language."""
    hits = every_hit(desk.index, asked, campaigns=glossary.campaigns, sight=visitor.sight)
    return stream_in_language(desk.store, hits, glossary.names.words.language, glossary.sources)


def stream_csv(hits: Iterable[Found], names: ValueNames, desk: Desk) -> StreamingResponse:
    """A file to keep."""
    return _stream(csv_lines(hits, names), "text/csv; charset=utf-8", f"search-{desk.now():%Y-%m-%d}.csv")


def stream_jsonl(hits: Iterable[Found], desk: Desk) -> StreamingResponse:
    """A file to keep."""
    return _stream(json_lines(hits), "application/jsonl", f"search-{desk.now():%Y-%m-%d}.jsonl")


def _stream(lines: Iterator[str], kind: str, name: str) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(in_chunks(lines), media_type=kind, headers=headers)


def in_chunks(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines, many at a time: each piece of a stream costs a turn of a thread."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= CHUNK:
            yield "".join(held).encode("utf-8", "replace")
            held, size = [], 0
    if held:
        yield "".join(held).encode("utf-8", "replace")


def _meaning(asked: Asked, glossary: Glossary) -> Meaning:
    known = glossary.campaigns if asked.expand else ()
    return say_meaning(asked.text, glossary.names, glossary=known)


def _saved(desk: Desk, visitor: Visitor) -> list[tuple[SavedSearch, str]]:
    with desk.store.read() as connection:
        found = list_searches(connection, person_of(visitor))
    return [(one, address_of(asked_of(one))) for one in found]


def person_of(visitor: Visitor) -> int:
    """Whose saved searches are meant."""
    assert visitor.person is not None  # a reader is somebody
    return visitor.person.id
