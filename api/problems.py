"""What goes wrong, as a page in words or as problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.access import (
    SAFE_METHODS,
    SESSION_ENDED,
    ForeignFormError,
    KeyRefusedError,
    NotAllowedError,
    SignInNeededError,
    find_visitor,
)
from api.pages import render
from api.problem_json import is_for_programs, problem
from api.safety import TooOftenError, safe_headers
from api.unsent import page_before, written_text
from resound.errors import (
    ConflictError,
    DefinitionError,
    EvidenceError,
    NotFoundError,
    QuerySyntaxError,
    ResoundError,
    SearchUnavailableError,
    SignInError,
    StoreError,
    TooManyAttemptsError,
)
from resound.texts import N_
from resound.told import Told

log = logging.getLogger(__name__)

STATUS: Mapping[type[ResoundError], int] = {
    SignInNeededError: 401,
    NotAllowedError: 403,
    ForeignFormError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    EvidenceError: 410,
    DefinitionError: 422,
    QuerySyntaxError: 400,
    TooOftenError: 429,
    TooManyAttemptsError: 429,
    SignInError: 403,
    SearchUnavailableError: 503,
    StoreError: 503,
}
"""The first class that fits, from the error's own upwards; what is not here is the asker's mistake (400)."""


_UNFIT = N_("The address or the form holds something that does not fit. Go back and choose again.")
_SENTENCES: Mapping[int, str] = {
    404: N_("There is no such page. The address may be cut off, or out of date."),
    405: N_("This address is no page to open. Open the page that it belongs to, and use its buttons."),
}


def status_of(error: ResoundError) -> int:
    """The HTTP status of an error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)


def handle_problems(app: FastAPI) -> None:
    """Give every error its answer."""
    app.add_exception_handler(ResoundError, _known)
    app.add_exception_handler(SignInNeededError, _unsent)
    app.add_exception_handler(ForeignFormError, _unsent)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unknown)


async def _unsent(request: Request, error: Exception) -> Response:
    """What was sent is not taken; its text is given back, for the page that it was written in may not have kept it."""
    written = await written_text(request)
    return await run_in_threadpool(_known, request, error, written)


def _known(request: Request, error: Exception, written: str = "") -> Response:
    assert isinstance(error, ResoundError)
    status = status_of(error)
    if (
        isinstance(error, SignInNeededError)
        and not isinstance(error, KeyRefusedError)
        and not is_for_programs(request.url.path)
    ):
        return _to_sign_in(request, written)
    more: dict[str, Any] = {}
    if isinstance(error, QuerySyntaxError):
        more = {"position": error.position, "expected": error.expected, "code": error.mistake.code}
    sentence = next((one for one in error.args if isinstance(one, Told)), str(error))
    if is_for_programs(request.url.path):
        sentence = str(error)
    if isinstance(error, ForeignFormError) and not is_for_programs(request.url.path):
        more = {"is_old_form": True, "written": written, "again": page_before(request)}
    answer = _say(request, status, sentence, **more)
    if status in (429, 503):
        answer.headers["retry-after"] = "30"
    if status == 401:
        answer.headers["www-authenticate"] = "Bearer"
    return answer


def _to_sign_in(request: Request, written: str) -> Response:
    """Back to where they were afterwards, and a word that nothing was saved where they had sent something.

    An htmx request changes the whole page, not a part of it.
    """
    is_part = "hx-request" in request.headers
    is_lost = request.method not in SAFE_METHODS and request.url.path != "/sign-out"
    if is_part or request.method not in SAFE_METHODS:
        back = page_before(request)
    else:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    asked = [f"next={quote(back)}"] if back != "/" else []
    asked += ["unsaved=1"] if is_lost else []
    place = "/sign-in" + (f"?{'&'.join(asked)}" if asked else "")
    if is_part:
        return Response(status_code=204, headers={"hx-redirect": place})
    if written:
        return _say(request, 401, Told(SESSION_ENDED), written=written, sign_in=place)
    return RedirectResponse(place, 303)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = str(error.detail) if is_for_programs(request.url.path) else _in_our_words(error.status_code)
    answer = _say(request, error.status_code, sentence)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if not is_for_programs(request.url.path):
        return _say(request, 422, _in_our_words(422))
    told = [
        {"where": ".".join(str(part) for part in one["loc"]), "what": one["msg"]} for one in error.errors()
    ]
    detail = "; ".join(f"{one['where']}: {one['what']}" for one in told)
    return _say(request, 422, detail, errors=told)


def _unknown(request: Request, error: Exception) -> Response:
    route = request.scope.get("route")  # not the path itself: that of a one-time link is a secret
    log.error("a request failed", exc_info=error, extra={"path": getattr(route, "path", None)})
    answer = _say(request, 500, Told(N_("Something went wrong here; it has been written to the log.")))
    answer.headers.update(safe_headers(request.state.nonce))  # this answer passes by the other middleware
    return answer


def _in_our_words(status: int) -> Told:
    """What a page says where the framework's own words are all that there is: they are English and for programmers."""
    return Told(_SENTENCES.get(status, _UNFIT))


def _say(request: Request, status: int, sentence: str, **more: Any) -> Response:
    if is_for_programs(request.url.path):
        return problem(status, sentence, **more)
    with suppress(
        ResoundError, SQLAlchemyError
    ):  # who asks cannot be said either; the page is for nobody then
        find_visitor(request)
    is_part = "hx-request" in request.headers
    name = "_problem.html" if is_part else "problem.html"
    answer = render(request, name, status=status, sentence=sentence, status_code=status, **more)
    if is_part:  # it is said where the part of the page would stand
        answer.headers["x-fragment"] = "1"
    return answer
