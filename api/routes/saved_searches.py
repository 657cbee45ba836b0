"""Searches that a person keeps under a name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.access import Visitor
from api.desk import AtDesk, Desk
from api.pages import render
from api.routes.search import AskedHere, Reader, address_of, person_of
from resound.errors import ConflictError, ResoundError
from resound.searching.page import Asked
from resound.searching.saved import asked_of, forget_search, rename_search, save_search
from resound.store.saved_searches import list_searches

router = APIRouter(prefix="/searches", include_in_schema=False)
LONGEST = 400
"""Of a name that comes in; what is too long for a name is said in words."""

Name = Annotated[str, Form(max_length=LONGEST)]


@router.get("")
def searches_page(request: Request, desk: AtDesk, visitor: Reader) -> Response:
    """All of one's own."""
    return _page(request, desk, visitor)


@router.post("")
def save(
    request: Request,
    desk: AtDesk,
    visitor: Reader,
    asked: AskedHere,
    name: Name = "",
    replace: Annotated[bool, Form()] = False,
) -> Response:
    """Keep the search of the address under a name."""
    try:
        with desk.store.write() as connection:
            save_search(connection, person_of(visitor), name, asked, now=desk.now(), replace=replace)
    except ConflictError as error:
        return _page(request, desk, visitor, error=error, name=name, asked=asked)
    except ResoundError as error:
        return _page(request, desk, visitor, error=error, name=name)
    return RedirectResponse(address_of(asked), 303)


@router.post("/{key}/rename")
def rename(request: Request, desk: AtDesk, visitor: Reader, key: int, name: Name = "") -> Response:
    """Give one another name."""
    try:
        with desk.store.write() as connection:
            rename_search(connection, person_of(visitor), key, name)
    except ConflictError as error:
        return _page(request, desk, visitor, error=error)
    return RedirectResponse("/searches", 303)


@router.post("/{key}/delete")
def delete(desk: AtDesk, visitor: Reader, key: int) -> Response:
    """Keep one no longer."""
    with desk.store.write() as connection:
        forget_search(connection, person_of(visitor), key)
    return RedirectResponse("/searches", 303)


def _page(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    *,
    error: ResoundError | None = None,
    name: str = "",
    asked: Asked | None = None,
) -> Response:
    """`asked`: what was to be saved under a name that is taken, to be offered again."""
    with desk.store.read() as connection:
        saved = list_searches(connection, person_of(visitor))
    return render(
        request,
        "searches.html",
        status_code=200 if error is None else 409 if isinstance(error, ConflictError) else 400,
        saved=[(one, address_of(asked_of(one))) for one in saved],
        error=error,
        wanted=name,
        again=None if asked is None else address_of(asked, "/searches"),
    )
