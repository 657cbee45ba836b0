"""Looking after people: who has an account, what each may do, links and keys, and who changed that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from api.pages import render
from api.routes.signing_in import Field
from resound.errors import NotFoundError, ResoundError
from resound.people.accounts import (
    Link,
    add_person,
    give_role,
    invite,
    let_in,
    link_address,
    shut_out,
    take_key,
)
from resound.people.roles import CAMPAIGN_ROLES, ROLES, read_campaign_role, read_role
from resound.store.keys import list_keys, load_key
from resound.store.people import list_account_changes, list_accounts, load_person
from resound.store.registry import load_campaigns
from resound.texts import N_
from resound.told import Told

router = APIRouter(prefix="/people", include_in_schema=False)
Admin = Annotated[Visitor, requires("admin")]
SHOWN_CHANGES = 50

DONE = {
    "role": N_("The role is changed. They sign in again before it counts."),
    "shut-out": N_("They are shut out, and signed out everywhere."),
    "let-in": N_("They may sign in again."),
    "key": N_("The key is revoked."),
}


@router.get("", dependencies=[requires("admin")])
def people_page(request: Request, desk: AtDesk) -> Response:
    """Everybody, a form for somebody new, and the latest changes."""
    return _people_page(request, desk)


@router.post("")
def add(
    request: Request,
    desk: AtDesk,
    visitor: Admin,
    login: Field = "",
    name: Field = "",
    role: Field = "reader",
) -> Response:
    """A new account, and the link by which its owner chooses a password, shown this once."""
    try:
        with desk.store.write() as connection:
            person = add_person(
                connection,
                login=login,
                name=name or login,
                role=read_role(role),
                who=visitor.who,
                now=desk.now(),
            )
            link = invite(connection, person.login, who=visitor.who, now=desk.now())
    except ResoundError as err:
        return _people_page(request, desk, error=err, typed={"login": login, "name": name, "role": role})
    return _link_page(request, desk, link)


@router.get("/{login}", dependencies=[requires("admin")])
def person_page(request: Request, desk: AtDesk, login: str, done: str = "") -> Response:
    """One person: roles, links, keys, changes."""
    return _person_page(request, desk, login, done=done)


@router.post("/{login}/role")
def set_role(
    request: Request, desk: AtDesk, visitor: Admin, login: str, role: Field = "", campaign: Field = ""
) -> Response:
    """Another role, for all campaigns or for one."""

    def change(connection: Connection) -> None:
        given = read_campaign_role(role) if campaign else read_role(role)
        give_role(connection, login, given, campaign=campaign or None, who=visitor.who, now=desk.now())

    return _change(request, desk, login, "role", change)


@router.post("/{login}/shut-out")
def disable(request: Request, desk: AtDesk, visitor: Admin, login: str) -> Response:
    """Let them in no more."""
    return _change(
        request,
        desk,
        login,
        "shut-out",
        lambda connection: shut_out(connection, login, who=visitor.who, now=desk.now()),
    )


@router.post("/{login}/let-in")
def enable(desk: AtDesk, visitor: Admin, login: str) -> Response:
    """Let them in again."""
    with desk.store.write() as connection:
        let_in(connection, login, who=visitor.who, now=desk.now())
    return _back(login, "let-in")


@router.post("/{login}/link")
def make_link(request: Request, desk: AtDesk, visitor: Admin, login: str) -> Response:
    """A new one-time link, shown this once; earlier ones are worth nothing."""
    with desk.store.write() as connection:
        link = invite(connection, login, who=visitor.who, now=desk.now())
    return _link_page(request, desk, link)


@router.post("/{login}/keys/{key}/revoke")
def revoke(desk: AtDesk, visitor: Admin, login: str, key: int) -> Response:
    """Somebody's key, worthless from now on."""
    with desk.store.write() as connection:
        if load_key(connection, key).login != login:
            raise NotFoundError(Told(N_("This person has no such key.")))
        take_key(connection, key, who=visitor.who, now=desk.now())
    return _back(login, "key")


def _change(
    request: Request, desk: Desk, login: str, done: str, change: Callable[[Connection], object]
) -> Response:
    """Make a change and go back to the person's page; where it cannot be, that page says why."""
    try:
        with desk.store.write() as connection:
            change(connection)
    except NotFoundError:
        raise
    except ResoundError as err:
        return _person_page(request, desk, login, error=err)
    return _back(login, done)


def _back(login: str, done: str) -> Response:
    return RedirectResponse(f"/people/{quote(login)}?done={done}", 303)


def _people_page(
    request: Request, desk: Desk, *, error: ResoundError | None = None, typed: dict[str, str] | None = None
) -> Response:
    with desk.store.read() as connection:
        accounts = list_accounts(connection, now=desk.now())
        changes = list_account_changes(connection, limit=SHOWN_CHANGES)
    first = {"login": "", "name": "", "role": "reader" if accounts else "admin"}
    return render(
        request,
        "people.html",
        status_code=200 if error is None else 400,
        accounts=accounts,
        changes=changes,
        roles=ROLES,
        typed=typed or first,
        error=error,
    )


def _person_page(
    request: Request, desk: Desk, login: str, *, done: str = "", error: ResoundError | None = None
) -> Response:
    with desk.store.read() as connection:
        person = load_person(connection, login)
        account = next(one for one in list_accounts(connection, now=desk.now()) if one.person.id == person.id)
        keys = list_keys(connection, login=login)
        changes = list_account_changes(connection, login=login, limit=SHOWN_CHANGES)
        campaigns = load_campaigns(connection)
    return render(
        request,
        "person.html",
        status_code=200 if error is None else 400,
        account=account,
        person=person,
        keys=keys,
        changes=changes,
        campaigns=sorted(campaigns.values(), key=lambda one: one.id),
        roles=ROLES,
        campaign_roles=("none", *CAMPAIGN_ROLES),
        done=DONE.get(done),
        error=error,
    )


def _link_page(request: Request, desk: Desk, link: Link) -> Response:
    """The link is in no other page and in no log; whoever has it can sign in."""
    assert link.person is not None
    base = desk.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
    answer = render(
        request,
        "secret.html",
        kind="link",
        secret=link_address(link, base),
        called=link.person.name,
        ends_at=link.ends_at,
        back=f"/people/{quote(link.person.login)}",
    )
    answer.headers["cache-control"] = "no-store"
    return answer
