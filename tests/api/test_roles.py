"""Every route, asked by everybody: below its role nobody comes in, from its role upwards nobody is kept out.

Generated from the application: a route that is added is in here by itself, and one without a role fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount
from starlette.testclient import TestClient

from api.access import SAFE_METHODS, declared_role, is_by_link, takes_keys
from api.app import list_routes
from resound.people.accounts import add_key, add_person
from resound.people.roles import CAMPAIGN_ROLES, ROLES, SCOPES, Person, Role
from resound.people.signing_in import begin_session, form_token
from resound.people.tokens import derive, digest
from resound.sending.weeks import WeeklyTime
from resound.store.lists import MailingList, add_list
from resound.store.people import load_person, set_campaign_role
from resound.store.sessions import find_session
from tests.api.staffed import HERE, browsing, make_app, store_of
from tests.resound.staff import NOW, hash_quickly

CAMPAIGN, OTHER, LIST = "the-campaign", "another-campaign", "the-list"
NOWHERE = "999999"
"""Fits a number and a name, and there is no such thing."""
SIGN_OUT = "/sign-out"


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks, and what they are worth where a route is about `CAMPAIGN` and where it is not.

    `somewhere`: what they are for the campaign for which they are most.
    """

    name: str
    anywhere: Role | None
    for_campaign: Role | None
    somewhere: Role | None
    login: str | None = None
    key: str | None = None

    @property
    def is_about_campaigns(self) -> bool:
        return self.login is not None and self.login not in ROLES


@dataclass(frozen=True, slots=True)
class House:
    client: TestClient
    app: FastAPI
    keys: dict[str, str]


def askers() -> list[Asker]:
    found = [Asker("nobody", None, None, None)]
    found += [Asker(role, role, role, role, login=role) for role in ROLES]
    found += [
        Asker(f"{role} of this campaign", "none", role, role, login=f"{role}-{CAMPAIGN}")
        for role in CAMPAIGN_ROLES
    ]
    found += [Asker("editor of another campaign", "none", "none", "editor", login=f"editor-{OTHER}")]
    found += [
        Asker(f"an administrator's key to {scope}", role, role, role, key=scope)
        for scope, role in SCOPES.items()
    ]
    return found


CALLS = [
    pytest.param(route, method, id=f"{method} {route.path}")
    for route in list_routes()
    for method in sorted(route.methods - {"HEAD", "OPTIONS"})
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    app = make_app(tmp_path_factory.mktemp("roles"))
    app.state.limiter.check = lambda *_: None  # how often somebody asks is not the question here
    with pytest.MonkeyPatch.context() as patch, browsing(app, raise_server_exceptions=False) as client:
        hash_quickly(patch)
        store = store_of(app)
        with store.write() as connection:
            for role in reversed(ROLES):  # an administrator first
                add_person(connection, login=role, name=role, role=role, who="t", now=NOW)
            for role, campaign in [*((one, CAMPAIGN) for one in CAMPAIGN_ROLES), ("editor", OTHER)]:
                login = f"{role}-{campaign}"
                made = add_person(connection, login=login, name=login, role="none", who="t", now=NOW)
                set_campaign_role(connection, made.id, campaign, role)
            plan = WeeklyTime(1, "08:00", "Asia/Taipei")
            add_list(connection, MailingList(LIST, CAMPAIGN, "The list", plan, False), now=NOW)
            admin = load_person(connection, "admin")
            keys = {
                scope: add_key(connection, admin, name=scope, scopes=[scope], who="t", now=NOW)
                for scope in SCOPES
            }
        yield House(client, app, keys)


def ask(house: House, route: APIRoute, method: str, asker: Asker) -> Any:
    """Ask a route with made-up places in its path, in a session of its own (a route may end it)."""
    declared = declared_role(route)
    assert declared is not None
    about = declared.about

    def fill(found: re.Match[str]) -> str:
        return {"campaign": CAMPAIGN, "list_id": LIST}[about] if about == found[1] else NOWHERE

    path = re.sub(r"\{(\w+)(?::\w+)?\}", fill, route.path)
    headers = {}
    if asker.key is not None:
        headers["authorization"] = f"Bearer {house.keys[asker.key]}"
    elif asker.login is not None:
        headers["cookie"], form = begin(house, asker.login)
        if method not in SAFE_METHODS:
            headers["x-csrf-token"] = form
    house.client.cookies.clear()
    return house.client.request(method, f"{HERE}{path}", headers=headers)


def begin(house: House, login: str) -> tuple[str, str]:
    with store_of(house.app).write() as connection:
        person: Person = load_person(connection, login)
        token = begin_session(connection, person, now=NOW).token
        session = find_session(connection, digest(token), now=NOW)
    assert session is not None
    return f"resound_session={token}", form_token(derive(token, session.csrf))


def may_enter(route: APIRoute, asker: Asker) -> bool:
    declared = declared_role(route)
    assert declared is not None
    needed = declared.role
    assert needed != "anyone"
    own = asker.anywhere if declared.about is None else asker.for_campaign
    own = asker.somewhere if declared.somewhere else own
    if own is None or (asker.key is not None and not takes_keys(route)):
        return False
    return ROLES.index(own) >= ROLES.index(needed)


@pytest.mark.parametrize(("route", "method"), CALLS)
def test_who_may_use_it(house: House, route: APIRoute, method: str) -> None:
    declared = declared_role(route)
    assert declared is not None, "it says not who may use it"
    needed, campaign, somewhere = declared
    wrong = []
    for asker in askers():
        if campaign is None and not somewhere and asker.is_about_campaigns and asker.for_campaign != "editor":
            continue  # one of them shows that it does not count here
        answer = ask(house, route, method, asker)
        leads_to = answer.headers.get("location", "")
        is_sent_away = answer.status_code == 303 and leads_to.startswith("/sign-in")
        if answer.status_code == 500:
            wrong.append(f"{asker.name}: it fails")
        elif needed == "anyone":
            continue  # whoever asks, it is up to the form what comes of it
        elif may_enter(route, asker):
            if answer.status_code in (401, 403) or (is_sent_away and route.path != SIGN_OUT):
                wrong.append(f"{asker.name}: kept out ({answer.status_code})")
        elif asker.anywhere is None:
            is_right = (
                answer.status_code == 401 and answer.headers["content-type"] == "application/problem+json"
                if route.path.startswith("/api/")
                else is_sent_away
            )
            if not is_right:
                wrong.append(f"{asker.name}: not asked to sign in ({answer.status_code})")
        elif answer.status_code != 403:
            wrong.append(f"{asker.name}: let in ({answer.status_code})")
    assert not wrong, f"{needed}: {wrong}"


FOR_ANYBODY = {
    "/healthz",
    "/readyz",
    "/language/{language}",
    "/sign-in",
    "/sign-in/elsewhere",
    "/sign-in/back",
    "/welcome/{token}",
    "/api/v1/docs",
    "/api/v1/openapi.json",
    "/u/{token}",
    "/u/{token}/again",
    "/s/{token}",
}
BY_LINK = {"/u/{token}", "/u/{token}/again", "/s/{token}"}
"""The secret in their address stands for the form token."""
ASK_THEMSELVES = {
    "/sign-out",
    "/account",
    "/account/password",
    "/account/language",
    "/account/keys",
    "/account/keys/{key}/revoke",
    "/account/sign-out-everywhere",
    "/campaigns",
    "/previews/{token}",
    "/review",
    "/api/v1/campaigns",
    "/api/v1/items/{item}/decisions",
}
"""Open to whoever is signed in: about oneself, or what may be seen and done depends on more than the address."""


@pytest.mark.parametrize(("role", "known"), [("anyone", FOR_ANYBODY), ("none", ASK_THEMSELVES)])
def test_what_is_open_without_a_role_is_written_down_here(role: str, known: set[str]) -> None:
    """So that none is by accident. Each needs tests of its own of who may what."""
    found = {route.path for route in list_routes() if (declared_role(route) or ("",))[0] == role}
    assert found <= known


def test_nothing_is_served_beside_these_routes(house: House) -> None:
    """But our own files, which are everybody's."""
    listed = {(route.path, tuple(sorted(route.methods))) for route in list_routes()}
    for route in flat(house.app.routes):
        if isinstance(route, Mount):
            assert route.path == "/static"
            continue
        assert isinstance(route, APIRoute)
        assert declared_role(route) is not None
        assert (route.path, tuple(sorted(route.methods))) in listed


def flat(routes: Any) -> Iterator[Any]:
    """Routes, also those that an included router holds."""
    for one in routes:
        inner = getattr(getattr(one, "original_router", None), "routes", None)
        if inner is None:
            yield one
        else:
            yield from flat(inner)


def test_what_needs_no_form_token_is_written_down_here() -> None:
    assert {route.path for route in list_routes() if is_by_link(route)} == BY_LINK


@pytest.mark.parametrize(
    ("route", "method"),
    [
        call
        for call in CALLS
        if call.values[1] not in SAFE_METHODS and not is_by_link(call.values[0])  # type: ignore[arg-type]
    ],
)
def test_what_changes_something_takes_no_form_of_another_site(
    house: House, route: APIRoute, method: str
) -> None:
    """Whoever is signed in, whatever they may."""
    cookie, form = begin(house, "admin")
    path = re.sub(r"\{[^}]+\}", NOWHERE, route.path)
    for headers in (
        {},
        {"x-csrf-token": "1.2"},
        {"x-csrf-token": begin(house, "admin")[1]},
        {"x-csrf-token": form, "sec-fetch-site": "cross-site"},
    ):
        house.client.cookies.clear()
        answer = house.client.request(method, f"{HERE}{path}", headers={"cookie": cookie, **headers})
        assert answer.status_code == 403, headers
