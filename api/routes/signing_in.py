"""Signing in and out; the one-time links; signing in elsewhere."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import NoMatchFound

from api.access import SESSION_ENDED, Visitor, requires
from api.cookies import (
    forget_cookie,
    keep_elsewhere,
    keep_session,
    read_cookie,
    read_elsewhere,
    set_cookie,
)
from api.desk import AtDesk, Desk, desk_of
from api.pages import render, words_of
from api.routes.language import own_path
from api.safety import limited
from resound.errors import NotFoundError, ResoundError, SignInError, TooManyAttemptsError
from resound.people.openid import NOT_DONE, Provider
from resound.people.roles import Person, may
from resound.people.signing_in import (
    LINK_ENDED,
    SignedIn,
    accept_invitation,
    set_up,
    sign_in,
    sign_in_elsewhere,
    sign_out,
)
from resound.people.tokens import digest, new_token
from resound.store.people import has_people
from resound.store.sessions import find_invitation
from resound.texts import N_
from resound.told import Told

router = APIRouter(include_in_schema=False)
Anyone = Annotated[Visitor, requires("anyone")]
Field = Annotated[str, Form()]
NOT_THE_SAME = N_("The two passwords are not the same.")


@router.get("/sign-in")
def sign_in_page(
    request: Request,
    visitor: Anyone,
    next: str = "/",  # noqa: A002 (as in the address)
    unsaved: bool = False,
) -> Response:
    """Where people say who they are.

    Args:
        next: the page of ours that they wanted.
        unsaved: what they sent was not taken, because their session had ended.
    """
    if visitor.person is not None:
        return RedirectResponse(own_path(next), 303)
    return _sign_in_page(request, visitor, back_to=own_path(next), is_unsaved=unsaved)


@router.post("/sign-in", dependencies=[limited("sign-in")])
def sign_in_now(
    request: Request,
    desk: AtDesk,
    visitor: Anyone,
    login: Field = "",
    password: Field = "",
    next: Field = "/",  # noqa: A002
    unsaved: Annotated[bool, Form()] = False,
) -> Response:
    """Let them in, or say that it did not fit."""
    back_to = own_path(next)
    try:
        signed_in = sign_in(
            desk.store,
            login,
            password,
            address=address_of(request),
            now=desk.now(),
            before=read_cookie(request, "resound_session"),
        )
    except SignInError as err:
        return _sign_in_page(request, visitor, back_to=back_to, login=login, error=err, is_unsaved=unsaved)
    return _come_in(request, signed_in, back_to)


@router.post("/sign-out")
def sign_out_now(
    request: Request, desk: AtDesk, visitor: Annotated[Visitor, requires("none", takes_keys=False)]
) -> Response:
    """End the session of this browser."""
    token = read_cookie(request, "resound_session")
    if token is not None and visitor.how == "session":
        sign_out(desk.store, token)
    answer = RedirectResponse("/sign-in", 303)
    forget_cookie(request, answer, "resound_session")
    return answer


@router.get("/welcome/{token}")
def welcome_page(request: Request, desk: AtDesk, visitor: Anyone, token: str) -> Response:
    """What a one-time link opens. Looking at it does not use it up."""
    return _welcome_page(request, desk, visitor, token)


@router.post("/welcome/{token}", dependencies=[limited("sign-in")])
def accept(
    request: Request,
    desk: AtDesk,
    visitor: Anyone,
    token: str,
    password: Field = "",
    again: Field = "",
    login: Field = "",
    name: Field = "",
) -> Response:
    """Choose a password and come in; the very first time, make the first administrator."""
    before = read_cookie(request, "resound_session")
    try:
        if password != again:
            raise ResoundError(NOT_THE_SAME)
        invited = _invited(desk, token)
        if invited is None:
            signed_in = set_up(
                desk.store, token, login=login, name=name, password=password, now=desk.now(), before=before
            )
        else:
            signed_in = accept_invitation(desk.store, token, password, now=desk.now(), before=before)
    except ResoundError as err:
        return _welcome_page(request, desk, visitor, token, login=login, name=name, error=err)
    return _come_in(request, signed_in, "/")


@router.get("/sign-in/elsewhere", dependencies=[limited("sign-in")])
def go_elsewhere(request: Request, desk: AtDesk, visitor: Anyone, next: str = "/") -> Response:  # noqa: A002
    """Send them to the OpenID provider of the settings."""
    try:
        token = new_token()
        answer = RedirectResponse(_provider(desk).begin(token, _back_here(request)), 303)
    except SignInError as err:
        return _sign_in_page(request, visitor, back_to=own_path(next), error=err)
    keep_elsewhere(request, answer, token, own_path(next))
    return answer


@router.get("/sign-in/back", dependencies=[limited("sign-in")])
def come_back(
    request: Request, desk: AtDesk, visitor: Anyone, code: str = "", state: str = "", error: str = ""
) -> Response:
    """Let in whom the provider vouches for."""
    begun = read_elsewhere(request)
    back_to = own_path(begun[1]) if begun is not None else "/"
    try:
        if begun is None or not code or error:
            raise SignInError(NOT_DONE)
        claims = _provider(desk).finish(
            begun[0], code=code, state=state, back=_back_here(request), now=desk.now()
        )
        signed_in = sign_in_elsewhere(
            desk.store,
            claims,
            allow=desk.settings.oidc_allow,
            role=desk.settings.oidc_role,
            now=desk.now(),
            before=read_cookie(request, "resound_session"),
        )
    except SignInError as err:
        answer = _sign_in_page(request, visitor, back_to=back_to, error=err)
    else:
        answer = _come_in(request, signed_in, back_to)
    forget_cookie(request, answer, "resound_elsewhere")
    return answer


def _come_in(request: Request, signed_in: SignedIn, back_to: str) -> Response:
    """To where they wanted to go. The start page is for readers of everything; others have a page that is theirs."""
    if back_to == "/" and not may(signed_in.person, "reader"):
        back_to = "/account"
        if signed_in.person.campaigns:
            with suppress(NoMatchFound):
                back_to = str(request.app.url_path_for("campaigns_page"))
    return keep_session(request, RedirectResponse(back_to, 303), signed_in)


def address_of(request: Request) -> str:
    """Where a request comes from; behind a proxy of the settings, what that says."""
    return request.client.host if request.client is not None else ""


def _sign_in_page(
    request: Request,
    visitor: Visitor,
    *,
    back_to: str,
    login: str = "",
    error: SignInError | None = None,
    is_unsaved: bool = False,
) -> Response:
    desk = desk_of(request)
    with desk.store.read() as connection:
        is_unclaimed = not has_people(connection)
    issuer = desk.settings.oidc_issuer
    answer = render(
        request,
        "sign_in.html",
        status_code=200 if error is None else 429 if isinstance(error, TooManyAttemptsError) else 401,
        back_to=back_to,
        login=login[:200],
        error=error,
        unsaved=words_of(request).gettext(SESSION_ENDED) if is_unsaved else "",
        minutes=-(-error.seconds // 60) if isinstance(error, TooManyAttemptsError) else 0,
        elsewhere=urlsplit(issuer).hostname if issuer is not None else None,
        elsewhere_path=f"/sign-in/elsewhere?next={quote(back_to, safe='')}",
        is_unclaimed=is_unclaimed,
    )
    if isinstance(error, TooManyAttemptsError):
        answer.headers["retry-after"] = str(error.seconds)
    return _private(request, answer, visitor)


def _welcome_page(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    token: str,
    *,
    login: str = "",
    name: str = "",
    error: ResoundError | None = None,
) -> Response:
    with desk.store.read() as connection:
        found = find_invitation(connection, digest(token), now=desk.now())
        is_first = found is not None and found.person is None and not has_people(connection)
    is_good = found is not None and (found.person is not None or is_first)
    answer = render(
        request,
        "welcome.html",
        status_code=410 if not is_good else 200 if error is None else 400,
        person=found.person if found is not None else None,
        is_good=is_good,
        is_first=is_first,
        ended=LINK_ENDED,
        login=login[:200],
        called=name[:300],
        error=error if is_good else None,
    )
    answer.headers["referrer-policy"] = "no-referrer"  # the address is the secret
    return _private(request, answer, visitor)


def _private(request: Request, answer: Response, visitor: Visitor) -> Response:
    """A page with a form for somebody unknown: the browser gets what the form is tied to, and keeps no copy."""
    answer.headers["cache-control"] = "no-store"
    if visitor.how == "nobody" and read_cookie(request, "resound_visit") is None:
        set_cookie(request, answer, "resound_visit", visitor.secret)
    return answer


def _invited(desk: Desk, token: str) -> Person | None:
    with desk.store.read() as connection:
        found = find_invitation(connection, digest(token), now=desk.now())
    return found.person if found is not None else None


def _provider(desk: Desk) -> Provider:
    settings = desk.settings
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        raise NotFoundError(Told(N_("Nobody signs in elsewhere here: no OpenID provider is set.")))
    return Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_secret)


def _back_here(request: Request) -> str:
    base = desk_of(request).settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
    return f"{base}/sign-in/back"
