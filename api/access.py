"""Who asks, whether they may, and whether the form that they send is ours.

Every route says which role it needs: `visitor: Annotated[Visitor, requires("reader")]`, or in `dependencies=` of the
route or its router. `create_app` refuses to start with a route that says nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from api.desk import Desk, desk_of
from resound.errors import ResoundError
from resound.people import Person, Role, may

Needed = Role | Literal["anyone"]
"""`anyone`: also without signing in."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SignInNeededError(ResoundError):
    """Nobody is signed in, and the route needs somebody."""


class NotAllowedError(ResoundError):
    """Somebody is signed in who may not do this."""


class ForeignFormError(ResoundError):
    """A form that did not come from our own page, or from one that is too old."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `person` is None for somebody unknown; `csrf` is what their forms must carry."""

    person: Person | None
    how: Literal["nobody", "local", "session", "key"]
    csrf: str

    def may(self, role: Role, campaign: str | None = None) -> bool:
        """Whether they have this role."""
        return self.person is not None and may(self.person, role, campaign)

    @property
    def who(self) -> str:
        """The name that stands beside what they decide."""
        return self.person.login if self.person is not None else ""


def find_visitor(request: Request) -> Visitor:
    """Who asks; found once for a request."""
    known: Visitor | None = getattr(request.state, "visitor", None)
    if known is None:
        known = _identify(request, desk_of(request))
        request.state.visitor = known
    return known


def _identify(request: Request, desk: Desk) -> Visitor:  # noqa: ARG001 (accounts look at the request)
    csrf = hmac.new(desk.secret.encode(), b"local", hashlib.sha256).hexdigest()
    if desk.is_local:
        name = desk.settings.coder
        return Visitor(Person(id=0, login=name, name=name, role="admin"), "local", csrf)
    return Visitor(None, "nobody", csrf)


class _Requirement:
    """A dependency that lets a visitor through or raises."""

    def __init__(self, role: Needed, campaign: str | None) -> None:
        self.role = role
        self.campaign = campaign

    async def __call__(self, request: Request) -> Visitor:
        visitor = find_visitor(request)
        if self.role != "anyone":
            about = request.path_params.get(self.campaign) if self.campaign is not None else None
            if visitor.person is None:
                raise SignInNeededError("Please sign in first.")
            if not visitor.may(self.role, about):
                raise NotAllowedError(f"This needs the role {self.role!r}.")
        if request.method not in SAFE_METHODS:
            await _check_form(request, visitor)
        return visitor


def requires(role: Needed, *, campaign: str | None = None) -> Any:
    """Let through who has the role; with `campaign` (the name of a path parameter) for that campaign is enough."""
    return Depends(_Requirement(role, campaign))


async def _check_form(request: Request, visitor: Visitor) -> None:
    """What changes something must come from our own pages; a program's key says so by itself."""
    if visitor.how == "key":
        return
    given = request.headers.get("x-csrf-token")
    if given is None and "form" in request.headers.get("content-type", ""):
        sent = (await request.form()).get("csrf")
        given = sent if isinstance(sent, str) else None
    is_foreign = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if is_foreign or given is None or not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise ForeignFormError(
            "This form is no longer valid, or it came from another site. Open the page again and repeat it."
        )


def declared_role(route: BaseRoute) -> tuple[Needed, str | None] | None:
    """The strongest role that a route asks for, and the path parameter of the campaign; None where it says nothing."""
    if not isinstance(route, APIRoute):
        return None
    found = [call for call in _calls(route.dependant) if isinstance(call, _Requirement)]
    order: tuple[Needed, ...] = ("anyone", "none", "reader", "coder", "editor", "admin")
    strongest = max(found, key=lambda one: order.index(one.role), default=None)
    return None if strongest is None else (strongest.role, strongest.campaign)


def _calls(dependant: Dependant) -> Iterable[Callable[..., Awaitable[Any]] | None]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)
