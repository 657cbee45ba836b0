"""Who asks, whether they may, and whether the form that they send is ours.

Every route says which role it needs: `visitor: Annotated[Visitor, requires("reader")]`, or in `dependencies=` of the
route or its router. `create_app` refuses to start with a route that says nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from api.cookies import read_cookie
from api.desk import Desk, desk_of
from resound.errors import ResoundError, StoreError
from resound.people.roles import Person, Role, may, may_somewhere, sole_person
from resound.people.sight import Sight, sight_of
from resound.people.signing_in import form_token, is_form_token, recognise, recognise_key
from resound.people.tokens import derive, new_token
from resound.store.lists import find_list
from resound.store.people import has_people
from resound.texts import N_
from resound.told import Told

Needed = Role | Literal["anyone"]
"""`anyone`: also without signing in."""
FORM_FIELDS = 5_000
"""A campaign with many names has a long form."""
SESSION_ENDED = N_("Nothing was saved: your session had ended. Sign in, then send it again.")
FORM_IS_OLD = N_(
    "Nothing was saved: you have signed in again since this page was opened, or the form came from another site. "
    "Open the page again and send it from there."
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


_ROLE_NAMES: Mapping[Needed, str] = {
    "reader": N_("Reader"),
    "coder": N_("Coder"),
    "editor": N_("Editor"),
    "admin": N_("Administrator"),
}


class SignInNeededError(ResoundError):
    """Nobody is signed in, and the route needs somebody."""


class NotAllowedError(ResoundError):
    """Somebody is signed in who may not do this."""


class ForeignFormError(ResoundError):
    """A form that did not come from our own page, or from one that is too old."""


class KeyRefusedError(SignInNeededError):
    """A program came with a key that does not hold. It is told so, not sent to a page."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `person` is None for somebody unknown; `secret` is what their forms' tokens are derived from."""

    person: Person | None
    how: Literal["nobody", "local", "session", "key"]
    secret: str = field(repr=False)

    def may(self, role: Role, campaign: str | None = None) -> bool:
        """Whether they have this role."""
        return may(self.person, role, campaign)

    def may_somewhere(self, role: Role) -> bool:
        """Whether they have this role for all campaigns or for any one."""
        return may_somewhere(self.person, role)

    @property
    def sight(self) -> Sight:
        """What they may see of all that is stored."""
        return sight_of(self.person)

    @property
    def who(self) -> str:
        """The name that stands beside what they decide."""
        return self.person.login if self.person is not None else ""

    @property
    def csrf(self) -> str:
        """What a form of theirs carries; another one each time, and all of them hold."""
        return form_token(self.secret)


def find_visitor(request: Request) -> Visitor:
    """Who asks; found once for a request. Looks into the store: not to be called where others wait.

    Raises:
        KeyRefusedError: an API key was sent that does not hold.
    """
    known: Visitor | None = getattr(request.state, "visitor", None)
    if known is None:
        request.state.visitor = _nobody()  # whom the page is for that says what went wrong
        known = request.state.visitor = _identify(request, desk_of(request))
    return known


def _identify(request: Request, desk: Desk) -> Visitor:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        owner = recognise_key(desk.store, key.strip(), now=desk.now())
        if owner is None:
            raise KeyRefusedError(
                Told(N_("This API key is none of ours, was revoked, or its owner is shut out."))
            )
        return Visitor(owner, "key", "")
    token = read_cookie(request, "resound_session")
    session = None if token is None else recognise(desk.store, token, now=desk.now())
    if token is not None and session is not None:
        return Visitor(session.person, "session", derive(token, session.csrf))
    if _is_alone(request, desk):
        return Visitor(sole_person(desk.settings.coder), "local", desk.secret)
    return _nobody(read_cookie(request, "resound_visit"))


def _nobody(visit: str | None = None) -> Visitor:
    """Somebody unknown. Without the cookie that pages with forms give them, none of their forms is ever ours."""
    return Visitor(None, "nobody", visit or new_token())


_PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def _is_alone(request: Request, desk: Desk) -> bool:
    """Whether it is single-user mode: nobody has an account, and nobody but this machine can have asked.

    A request that a proxy passed on may be anybody's, whatever address the pages listen at.
    """
    if not desk.is_local or any(name in request.headers for name in _PASSED_ON):
        return False
    if not getattr(
        request.app.state, "has_people", False
    ):  # people stay: once there are some, there always are
        with desk.store.read() as connection:
            request.app.state.has_people = has_people(connection)
    return not request.app.state.has_people


class _Requirement:
    """A dependency that lets a visitor through or raises."""

    def __init__(
        self,
        role: Needed,
        campaign: str | None,
        mailing_list: str | None,
        *,
        somewhere: bool,
        takes_keys: bool,
        is_by_link: bool,
    ) -> None:
        self.role = role
        self.campaign = campaign
        self.mailing_list = mailing_list
        self.somewhere = somewhere
        self.takes_keys = takes_keys
        self.is_by_link = is_by_link

    @property
    def about(self) -> str | None:
        """The path parameter that says for which campaign the role is needed."""
        return self.campaign or self.mailing_list

    async def __call__(self, request: Request) -> Visitor:
        try:
            visitor = await run_in_threadpool(find_visitor, request)
        except (StoreError, SQLAlchemyError):
            if self.role != "anyone":
                raise
            visitor = find_visitor(request)  # nobody: whether it lives can be asked without a store
        if self.role != "anyone":
            if visitor.person is None:
                raise SignInNeededError(Told(N_("Please sign in first.")))
            about = await run_in_threadpool(self._campaign, request)
            if not (visitor.may_somewhere(self.role) if self.somewhere else visitor.may(self.role, about)):
                raise NotAllowedError(needs_role(self.role))
            if visitor.how == "key" and not self.takes_keys:
                raise NotAllowedError(Told(N_("This is done in a browser, not with an API key.")))
        if request.method not in SAFE_METHODS and not self.is_by_link:
            await _check_form(request, visitor)
        return visitor

    def _campaign(self, request: Request) -> str | None:
        """Whose role is enough; None where that of all campaigns is needed (also for a list that there is not)."""
        if self.campaign is not None:
            return str(request.path_params.get(self.campaign))
        if self.mailing_list is None:
            return None
        with desk_of(request).store.read() as connection:
            found = find_list(connection, str(request.path_params.get(self.mailing_list)))
        return None if found is None else found.campaign


def requires(
    role: Needed,
    *,
    campaign: str | None = None,
    mailing_list: str | None = None,
    somewhere: bool = False,
    takes_keys: bool = True,
    is_by_link: bool = False,
) -> Any:
    """Let through who has the role; for one campaign is enough where a path parameter names it, or a list of it.

    Args:
        somewhere: for any one campaign is enough. The route then shows no more than what is in `Visitor.sight`.
        takes_keys: False: only for people in a browser. A key that leaked must not make others, or change a password.
        is_by_link: the address holds a secret that was mailed, good for this one thing; a form token would keep out the
            mail programs that send the request by themselves (RFC 8058), and would protect nothing.
    """
    return Depends(
        _Requirement(
            role,
            campaign,
            mailing_list,
            somewhere=somewhere,
            takes_keys=takes_keys,
            is_by_link=is_by_link,
        )
    )


async def _check_form(request: Request, visitor: Visitor) -> None:
    """What changes something must come from our own pages; a program's key says so by itself."""
    if visitor.how == "key":
        return
    given = request.headers.get("x-csrf-token")
    if given is None and "form" in request.headers.get("content-type", ""):
        sent = (await request.form(max_fields=FORM_FIELDS)).get("csrf")
        given = sent if isinstance(sent, str) else None
    is_foreign = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if is_foreign or given is None or not is_form_token(given, visitor.secret):
        raise ForeignFormError(Told(FORM_IS_OLD))


def needs_role(role: Needed) -> Told:
    """What somebody is told who has a lesser role."""
    return Told(
        N_('This needs the role "%(role)s". An administrator can give it to you.'),
        role=Told(_ROLE_NAMES.get(role, role)),
    )


class Declared(NamedTuple):
    """What a route asks for: a role, for the campaign of a path parameter (or of its list), for any one (`somewhere`), or for all."""

    role: Needed
    about: str | None
    somewhere: bool


def declared_role(route: BaseRoute) -> Declared | None:
    """The strongest that a route asks for; None where it says nothing."""
    if not isinstance(route, APIRoute):
        return None
    found = _requirements(route)
    order: tuple[Needed, ...] = ("anyone", "none", "reader", "coder", "editor", "admin")
    strongest = max(found, key=lambda one: (order.index(one.role), not one.somewhere), default=None)
    return None if strongest is None else Declared(strongest.role, strongest.about, strongest.somewhere)


def takes_keys(route: APIRoute) -> bool:
    """Whether a program may ask a route with an API key."""
    return all(one.takes_keys for one in _requirements(route))


def is_by_link(route: APIRoute) -> bool:
    """Whether the secret in a route's address stands for the form token."""
    return any(one.is_by_link for one in _requirements(route))


def _requirements(route: APIRoute) -> list[_Requirement]:
    return [call for call in _calls(route.dependant) if isinstance(call, _Requirement)]


def _calls(dependant: Dependant) -> Iterable[Callable[..., Awaitable[Any]] | None]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)
