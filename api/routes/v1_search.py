"""The API: searching everything that is stored, by pages, and every hit as a file."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from api.access import requires
from api.conditional import is_known
from api.desk import AtDesk, Desk
from api.openapi import PREFIX, TAGGED, name_operation, problems
from api.routes.search import stream_csv, stream_jsonl
from api.safety import limited
from resound import __version__
from resound.campaign import Campaign
from resound.catching_up import CatchUp
from resound.index.base import FACETS, Order, Period
from resound.query.edit import read
from resound.search import Results, found_to_json, glossary_forms, search
from resound.searching import Asked, every_hit
from resound.store.feed import newest_change
from resound.store.registry import load_campaigns, load_sources
from resound.value_names import ValueNames
from resound.words import words

router = APIRouter(
    prefix=PREFIX,
    tags=["search"],
    dependencies=[requires("reader")],
    generate_unique_id_function=name_operation,
)
MAX_PAGE = 200
_TEXT = {"schema": {"type": "string"}}


class Snippet(BaseModel):
    """A passage of a text of the article. `marks` are (start, end) in characters of `text`."""

    field: str = Field(description="title, lead, body, caption, or translation (a machine's work).")
    text: str
    marks: list[tuple[int, int]]


class Hit(BaseModel):
    """One item. What a machine translated is named as its work."""

    id: str
    story: str = Field(description="Items of one story share it; empty where there is none.")
    title: str
    title_marks: list[tuple[int, int]]
    url: str
    outlet: str
    outlet_name: str
    language: str = Field(description="BCP-47.")
    day: str = Field(description="The outlet's calendar day, ISO 8601; empty where no date is known.")
    doubt: str = Field(description="Why the date is in doubt; empty where it is not.")
    medium: str
    translated_title: str | None = None
    translated_by: str | None = None
    more: int = Field(description="Other items found of its story, where a story stands once.")
    snippets: list[Snippet]


class Expansion(BaseModel):
    """A name that was read as any of its forms."""

    term: str
    forms: list[str]


class Value(BaseModel):
    """A value of a facet and the number of items that carry it."""

    value: str
    count: int


class Bar(BaseModel):
    """A period that has any: its first day, and how many items are of its days."""

    first: str
    count: int


class IndexState(BaseModel):
    """How far the search index is. `behind`: articles whose changes are not in it yet; `trouble`: why."""

    behind: int
    trouble: str


class SearchAnswer(BaseModel):
    """A page of hits. Counts, facets and dates are of all items found, not only of this page."""

    query: str = Field(description="What was really asked, after the expansions.")
    expansions: list[Expansion]
    total: int
    stories: int
    outlets: int
    uniques_are_exact: bool = Field(description="False: there are at least so many stories and outlets.")
    hits: list[Hit]
    facets: dict[str, list[Value]]
    dates: list[Bar] = Field(description="Where `histogram` was asked for.")
    undated: int
    next: str | None = Field(description="`cursor` of the page behind this one; null on the last.")
    trouble: str = Field(description="What is missing where the index could answer only in part.")
    index: IndexState


def asked_by_program(
    q: Annotated[str, Query(description="The query; everything where it is empty.", max_length=4000)] = "",
    order: Annotated[Order, Query(description="Newest, or most relevant first.")] = "newest",
    collapse: Annotated[bool, Query(description="A story stands once, by its first item.")] = False,
    expand: Annotated[bool, Query(description="Names find their forms in every language.")] = True,
) -> Asked:
    """The search that a program asks for."""
    return Asked(q.strip(), order, collapse=collapse, expand=expand)


AskedHere = Annotated[Asked, Depends(asked_by_program)]


@router.get(
    "/search",
    response_model=SearchAnswer,
    summary="Search items",
    response_description="A page of hits.",
    dependencies=[limited("search")],
    responses={**TAGGED, **problems(400, 422, 429)},
)
def search_items(
    request: Request,
    desk: AtDesk,
    asked: AskedHere,
    cursor: Annotated[
        str | None, Query(max_length=8000, description="Where to go on: `next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=0, le=MAX_PAGE, description="Hits on one page.")] = 20,
    histogram: Annotated[Period | None, Query(description="Count by day, month or year.")] = None,
) -> Response:
    """The query language is that of the search page. A query that cannot be read is answered with `position`, `expected`
    and a stable `code`.
    """
    catch_up: CatchUp = request.app.state.catch_up
    update = catch_up.look()
    campaigns = _campaigns(desk) if asked.expand else ()
    tag = _tag(request, desk, campaigns, update.behind, update.trouble)
    headers = {"etag": tag, "vary": "Cookie, Authorization"}
    if is_known(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    results = search(
        desk.index,
        read(asked.text),
        campaigns=campaigns,
        order=asked.order,
        limit=limit,
        after=cursor,
        facets=FACETS,
        histogram=histogram,
        collapse=asked.collapse,
    )
    body = {**_answer(results), "index": {"behind": update.behind, "trouble": update.trouble}}
    # what is incomplete is not to be kept
    return JSONResponse(body, headers={} if results.trouble else headers)


@router.get(
    "/search.csv",
    summary="Every hit as CSV",
    dependencies=[limited("export")],
    response_class=Response,
    responses={
        200: {"content": {"text/csv": _TEXT}, "description": "UTF-8 with a byte order mark."},
        **problems(400, 422, 429),
    },
)
def search_csv(desk: AtDesk, asked: AskedHere) -> Response:
    """The columns of the search page's list, every hit, in its order. Cells are safe for spreadsheets."""
    with desk.store.read() as connection:
        sources, campaigns = load_sources(connection), load_campaigns(connection)
    names = ValueNames(words("en"), sources=sources, campaigns=campaigns)
    return stream_csv(every_hit(desk.index, asked, campaigns=campaigns.values()), names, desk)


@router.get(
    "/search.jsonl",
    summary="Every hit as JSON Lines",
    dependencies=[limited("export")],
    response_class=Response,
    responses={
        200: {"content": {"application/jsonl": _TEXT}, "description": "One Hit on each line."},
        **problems(400, 422, 429),
    },
)
def search_jsonl(desk: AtDesk, asked: AskedHere) -> Response:
    """Every hit, in its order, as it stands in `hits` of a page."""
    return stream_jsonl(every_hit(desk.index, asked, campaigns=_campaigns(desk)), desk)


def _campaigns(desk: Desk) -> tuple[Campaign, ...]:
    with desk.store.read() as connection:
        return tuple(load_campaigns(connection).values())


def _answer(results: Results) -> dict[str, Any]:
    return {
        "query": results.query,
        "expansions": [{"term": one.term, "forms": list(one.forms)} for one in results.expansions],
        "total": results.total,
        "stories": results.stories,
        "outlets": results.outlets,
        "uniques_are_exact": results.uniques_are_exact,
        "hits": [found_to_json(hit) for hit in results.hits],
        "facets": {
            name: [{"value": value, "count": count} for value, count in values]
            for name, values in results.facets.items()
        },
        "dates": [{"first": first.isoformat(), "count": count} for first, count in results.dates],
        "undated": results.undated,
        "next": results.next,
        "trouble": results.trouble,
    }


def _tag(request: Request, desk: Desk, campaigns: tuple[Campaign, ...], *more: object) -> str:
    """The same tag, the same answer: what the index holds, what names find, and what was asked."""
    with desk.store.read() as connection:
        newest = newest_change(connection)
    mark = [
        __version__,
        desk.index.name,
        desk.index.cursor(),
        newest,
        glossary_forms(campaigns),
        request.url.path,
        request.url.query,
        *more,
    ]
    return f'"{hashlib.sha256(json.dumps(mark).encode()).hexdigest()[:32]}"'
