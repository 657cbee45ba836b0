"""The API: searching everything that is stored, by pages, and every hit as a file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Visitor, requires
from api.conditional import tag_by_store
from api.desk import AtDesk
from api.openapi import PREFIX, TAGGED, name_operation, problems
from api.routes.search import stream_csv, stream_jsonl
from api.safety import limited
from api.search_schemas import SearchPage
from resound.index.base import FACETS, Order, Period
from resound.query.edit import read
from resound.query.tree import MAX_CHARACTERS
from resound.searching.catching_up import CatchUp
from resound.searching.indexing import IndexUpdate
from resound.searching.page import Asked, every_hit
from resound.searching.search import Results, found_to_json, search
from resound.store.registry import load_campaigns, load_sources
from resound.value_names import ValueNames
from resound.words import words

router = APIRouter(
    prefix=PREFIX,
    tags=["search"],
    generate_unique_id_function=name_operation,
)


def asked_by_program(
    q: Annotated[
        str, Query(description="The query; everything where it is empty.", max_length=MAX_CHARACTERS)
    ] = "",
    order: Annotated[Order, Query(description="Newest, or most relevant first.")] = "newest",
    collapse: Annotated[bool, Query(description="A story stands once, by its first item.")] = False,
    expand: Annotated[bool, Query(description="Names find their forms in every language.")] = True,
) -> Asked:
    """The search that a program asks for."""
    return Asked(q.strip(), order, collapse=collapse, expand=expand)


Reader = Annotated[Visitor, requires("reader", somewhere=True)]
"""Who reads one campaign only searches in it."""
AskedHere = Annotated[Asked, Depends(asked_by_program)]


@router.get(
    "/search",
    summary="Search items",
    response_description="A page of hits.",
    responses={**TAGGED, **problems(400, 422, 429)},
    dependencies=[limited("search")],
)
def search_items(
    request: Request,
    response: Response,
    desk: AtDesk,
    visitor: Reader,
    asked: AskedHere,
    cursor: Annotated[
        str | None, Query(max_length=8000, description="Where to go on: `next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=0, le=200, description="At most so many hits.")] = 20,
    histogram: Annotated[Period | None, Query(description="Count by day, month or year.")] = None,
) -> SearchPage:
    """The query language is that of the search page. A query that cannot be read is answered with `position`, `expected`
    and a stable `code`. Whoever has a role for single campaigns searches in these only.
    """
    catch_up: CatchUp = request.app.state.catch_up
    update = catch_up.look()
    index = desk.index
    with desk.store.read() as connection:
        campaigns = tuple(visitor.sight.of(load_campaigns(connection)).values()) if asked.expand else ()
        state = (index.name, index.cursor(), update.behind, update.trouble, _sight_mark(visitor))
        tag_by_store(request, response, connection, *state, now=desk.now())
    results = search(
        index,
        read(asked.text),
        campaigns=campaigns,
        order=asked.order,
        limit=limit,
        after=cursor,
        facets=FACETS,
        histogram=histogram,
        collapse=asked.collapse,
        sight=visitor.sight,
    )
    if results.trouble:  # what is incomplete is not to be kept
        del response.headers["etag"]
    return SearchPage.model_validate(_page(results, update))


@router.get(
    "/search.csv",
    summary="Every hit as CSV",
    responses={
        200: {
            "content": {"text/csv": {"schema": {"type": "string"}}},
            "description": "UTF-8 with a byte order mark; a header, then a line for each hit.",
        },
        **problems(400, 422, 429),
    },
    response_class=Response,
    dependencies=[limited("export")],
)
def search_csv(desk: AtDesk, visitor: Reader, asked: AskedHere) -> Response:
    """The columns of the search page's list, every hit, in its order. Cells are safe for spreadsheets."""
    with desk.store.read() as connection:
        sources, campaigns = load_sources(connection), visitor.sight.of(load_campaigns(connection))
    names = ValueNames(words("en"), sources=sources, campaigns=campaigns)
    hits = every_hit(desk.index, asked, campaigns=campaigns.values(), sight=visitor.sight)
    return stream_csv(hits, names, desk)


@router.get(
    "/search.jsonl",
    summary="Every hit as JSON Lines",
    responses={
        200: {
            "content": {"application/jsonl": {"schema": {"type": "string"}}},
            "description": "On each line a hit as it stands in `hits` of a page.",
        },
        **problems(400, 422, 429),
    },
    response_class=Response,
    dependencies=[limited("export")],
)
def search_jsonl(desk: AtDesk, visitor: Reader, asked: AskedHere) -> Response:
    """Every hit, in its order."""
    with desk.store.read() as connection:
        campaigns = visitor.sight.of(load_campaigns(connection)).values()
    return stream_jsonl(every_hit(desk.index, asked, campaigns=campaigns, sight=visitor.sight), desk)


def _sight_mark(visitor: Visitor) -> list[str] | None:
    """What an answer's tag has of who asks: two who see the same share it."""
    campaigns = visitor.sight.campaigns
    return None if campaigns is None else sorted(campaigns)


def _page(results: Results, update: IndexUpdate) -> dict[str, Any]:
    return {
        "query": results.query,
        "expansions": [{"term": one.term, "forms": one.forms} for one in results.expansions],
        "total": results.total,
        "stories": results.stories,
        "outlets": results.outlets,
        "uniques_are_exact": results.uniques_are_exact,
        "hits": [found_to_json(hit) for hit in results.hits],
        "facets": {
            name: [{"value": value, "count": count} for value, count in values]
            for name, values in results.facets.items()
        },
        "dates": [{"first": first, "count": count} for first, count in results.dates],
        "undated": results.undated,
        "next": results.next,
        "trouble": results.trouble,
        "index": {"behind": update.behind, "trouble": update.trouble},
    }
