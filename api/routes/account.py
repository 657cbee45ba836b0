"""One's own account: password, language, keys, other browsers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.access import NotAllowedError, Visitor, requires
from api.cookies import LANGUAGE_COOKIE, keep_session
from api.desk import AtDesk, Desk
from api.pages import render
from api.routes.signing_in import NOT_THE_SAME, Field, address_of
from api.safety import limited
from resound.errors import NotFoundError, ResoundError
from resound.people.accounts import add_key, take_key
from resound.people.roles import Person, read_language, read_scopes
from resound.people.signing_in import change_password, confirm_password, sign_out_everywhere
from resound.store.keys import list_keys, load_key
from resound.store.people import set_person, stored_password
from resound.store.sessions import list_sessions
from resound.texts import N_
from resound.told import Told

router = APIRouter(include_in_schema=False)
Somebody = Annotated[Visitor, requires("none", takes_keys=False)]

DONE = {
    "password": N_("Your password is changed. Other browsers were signed out."),
    "language": N_("The language of the pages is changed."),
    "key": N_("The key is revoked."),
    "everywhere": N_("Every other browser was signed out."),
}


@router.get("/account")
def account_page(request: Request, desk: AtDesk, visitor: Somebody, done: str = "") -> Response:
    """Who one is here, and what one can change about it."""
    return _page(request, desk, visitor, done=done)


@router.post("/account/password", dependencies=[limited("sign-in")])
def set_password(
    request: Request,
    desk: AtDesk,
    visitor: Somebody,
    present: Field = "",
    password: Field = "",
    again: Field = "",
) -> Response:
    """Another password. The present one is asked for: a browser that was left open must not be enough."""
    person = _owner(visitor)
    try:
        if password != again:
            raise ResoundError(NOT_THE_SAME)
        confirm_password(desk.store, person, present, address=address_of(request), now=desk.now())
        signed_in = change_password(desk.store, person, password, now=desk.now())
    except ResoundError as err:
        return _page(request, desk, visitor, error=err)
    return keep_session(request, RedirectResponse("/account?done=password", 303), signed_in)


@router.post("/account/language")
def set_language(desk: AtDesk, visitor: Somebody, language: Field = "") -> Response:
    """The language of every page, in every browser; empty: each browser's own."""
    person = _owner(visitor)
    chosen = read_language(language)
    with desk.store.write() as connection:
        set_person(connection, person.id, language=chosen)
    answer = RedirectResponse("/account?done=language", 303)
    answer.delete_cookie(LANGUAGE_COOKIE)
    return answer


@router.post("/account/keys")
def make_key(
    request: Request,
    desk: AtDesk,
    visitor: Somebody,
    name: Field = "",
    scopes: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """A new key, shown this once."""
    person = _owner(visitor)
    try:
        wanted = read_scopes(scopes or [])
        with desk.store.write() as connection:
            key = add_key(connection, person, name=name, scopes=wanted, who=visitor.who, now=desk.now())
    except ResoundError as err:
        return _page(request, desk, visitor, key_error=err)
    answer = render(
        request, "secret.html", kind="key", secret=key, called=name, ends_at=None, back="/account"
    )
    answer.headers["cache-control"] = "no-store"
    return answer


@router.post("/account/keys/{key}/revoke")
def revoke(desk: AtDesk, visitor: Somebody, key: int) -> Response:
    """One's own key, worthless from now on."""
    person = _owner(visitor)
    with desk.store.write() as connection:
        if load_key(connection, key).person != person.id:
            raise NotFoundError(Told(N_("You have no such key.")))
        take_key(connection, key, who=visitor.who, now=desk.now())
    return RedirectResponse("/account?done=key", 303)


@router.post("/account/sign-out-everywhere")
def everywhere(request: Request, desk: AtDesk, visitor: Somebody) -> Response:
    """End every session but this one, which goes on under another token."""
    signed_in = sign_out_everywhere(desk.store, _owner(visitor), now=desk.now())
    return keep_session(request, RedirectResponse("/account?done=everywhere", 303), signed_in)


def _owner(visitor: Visitor) -> Person:
    """The person whose account it is; whoever sits at this machine alone has none."""
    if visitor.how != "session" or visitor.person is None:
        raise NotAllowedError(Told(N_("Nobody has an account here yet. Make the first one.")))
    return visitor.person


def _page(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    *,
    done: str = "",
    error: ResoundError | None = None,
    key_error: ResoundError | None = None,
) -> Response:
    if visitor.how == "local":
        return render(request, "account_alone.html")
    person = _owner(visitor)
    with desk.store.read() as connection:
        keys = list_keys(connection, login=person.login)
        sessions = list_sessions(connection, person.id, now=desk.now())
        has_password = stored_password(connection, person.id) is not None
    answer = render(
        request,
        "account.html",
        status_code=200 if error is None and key_error is None else 400,
        person=person,
        keys=keys,
        sessions=sessions,
        has_password=has_password,
        done=DONE.get(done),
        error=error,
        key_error=key_error,
    )
    answer.headers["cache-control"] = "no-store"
    return answer
