"""Signing in elsewhere, at a real OpenID provider on loopback: who comes in, and which lies are not believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from fastapi import FastAPI
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from resound.errors import DefinitionError
from resound.people.openid import is_allowed
from resound.settings import load_settings
from resound.store import open_store
from resound.store.people import find_person, list_account_changes, load_person, set_person
from tests.api.conftest import served
from tests.api.openid_provider import CLIENT, SECRET, OpenIdProvider, shared_secret_key
from tests.api.staffed import browsing, make_app, send, store_of
from tests.resound.staff import NOW, hash_quickly, hire

LIN = {"sub": "sub-1", "email": "Lin@cpc.example", "email_verified": True, "name": "林志清"}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    made = OpenIdProvider(NOW, person=dict(LIN))
    with served(made.app()) as address:
        made.issuer = address
        yield made


@pytest.fixture
def app(tmp_path: Path, provider: OpenIdProvider) -> FastAPI:
    store = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    hire(store, "boss", "admin")
    store.close()
    (tmp_path / "secret").write_text(SECRET)
    return make_app(
        tmp_path,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret_file=tmp_path / "secret",
        oidc_allow="cpc.example, guest@partner.example",
        oidc_role="coder",
    )


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with browsing(app) as client:
        yield client


def go(client: TestClient, back_to: str = "/account") -> str:
    """To the provider and through it: the address at which the browser comes back."""
    away = client.get(f"/sign-in/elsewhere?next={back_to}")
    assert away.status_code == 303, away.text
    answer = requests.get(away.headers["location"], allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def enter(client: TestClient) -> Any:
    return client.get(go(client))


def test_whoever_is_allowed_gets_an_account_and_comes_back_to_where_they_were(
    client: TestClient, app: FastAPI, provider: OpenIdProvider
) -> None:
    assert "Sign in with 127.0.0.1" in client.get("/sign-in").text
    entered = enter(client)
    assert (entered.status_code, entered.headers["location"]) == (303, "/account")
    page = client.get("/account").text
    assert "林志清" in page
    assert "You sign in elsewhere" in page
    with store_of(app).read() as connection:
        made = load_person(connection, "lin@cpc.example")
        assert (made.role, made.name) == ("coder", "林志清")
        assert [one.what for one in list_account_changes(connection, login="lin@cpc.example")] == [
            "provider",
            "added",
        ]
    provider.person = {"sub": "sub-1", "email": "another@elsewhere.example", "email_verified": True}
    client.cookies.clear()
    assert enter(client).status_code == 303  # the provider's own name counts, not the address
    assert "lin@cpc.example" in client.get("/account").text
    asked = provider.asked[0]
    assert SECRET not in str(asked)
    assert asked["redirect_uri"] == "http://127.0.0.1/sign-in/back"


def test_an_account_waits_for_its_owner(client: TestClient, app: FastAPI, provider: OpenIdProvider) -> None:
    hire(store_of(app), "thi-my@partner.example", "editor")
    provider.person = {"sub": "sub-2", "email": "thi-my@partner.example", "email_verified": True}
    assert enter(client).status_code == 303
    provider.person["sub"] = "sub-3"  # somebody else, to whom the address was given later
    client.cookies.clear()
    assert enter(client).status_code == 401
    with store_of(app).read() as connection:
        assert load_person(connection, "thi-my@partner.example").role == "editor"


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "x", "email": "eve@elsewhere.example", "email_verified": True},
        {"sub": "x", "email": "eve@cpc.example.evil.example", "email_verified": True},
        {"sub": "x", "email": "eve@sub.cpc.example", "email_verified": True},
        {"sub": "x", "email": "cpc.example", "email_verified": True},
        {"sub": "x", "email": "lin@cpc.example", "email_verified": False},
        {"sub": "x", "email": "lin@cpc.example"},
        {"sub": "x", "email": "lin@cpc.example", "email_verified": "yes"},
        {"sub": "x", "email": "boss", "email_verified": True},
        {"sub": "x", "email": "<b>@cpc.example", "email_verified": True},
        {"sub": "x"},
    ],
    ids=str,
)
def test_nobody_else_gets_one(
    client: TestClient, app: FastAPI, provider: OpenIdProvider, person: dict[str, Any]
) -> None:
    provider.person = person
    refused = enter(client)
    assert refused.status_code == 401
    assert "Nobody has made an account here" in refused.text
    assert client.get("/account").status_code == 303
    with store_of(app).read() as connection:
        assert find_person(connection, "lin@cpc.example") is None


def test_whoever_is_shut_out_here_stays_out(client: TestClient, app: FastAPI) -> None:
    enter(client)
    with store_of(app).write() as connection:
        set_person(connection, load_person(connection, "lin@cpc.example").id, is_active=False)
    assert enter(client).status_code == 401
    assert client.get("/account").status_code == 303


def test_the_address_may_come_from_userinfo_of_the_same_person(
    client: TestClient, provider: OpenIdProvider
) -> None:
    provider.person = {"sub": "sub-1"}
    provider.userinfo = {**LIN, "sub": "somebody else"}
    assert enter(client).status_code == 401
    provider.userinfo = LIN
    assert enter(client).status_code == 303


Lie = Callable[[OpenIdProvider], None]


def lie(**more: Any) -> Lie:
    def tell(provider: OpenIdProvider) -> None:
        for name, value in more.items():
            setattr(provider, name, value)

    return tell


def changed(**claims: Any) -> Lie:
    return lie(alter=lambda said: {**said, **claims})


LIES = {
    "another audience": changed(aud="another client"),
    "another issuer": changed(iss="https://evil.example"),
    "another nonce": changed(nonce="replayed"),
    "no nonce": lie(alter=lambda said: {name: one for name, one in said.items() if name != "nonce"}),
    "no subject": lie(alter=lambda said: {name: one for name, one in said.items() if name != "sub"}),
    "long past": changed(exp=int(NOW.timestamp()) - 600),
    "from the future": changed(iat=int(NOW.timestamp()) + 6000, nbf=int(NOW.timestamp()) + 6000),
    "another key": lie(signed_by=RSAKey.generate_key(2048, {"kid": "one"})),
    "signed with the shared secret": lie(algorithm="HS256", signed_by=shared_secret_key()),
    "denied": lie(denies=True),
    "calls itself otherwise": lie(metadata={"issuer": "https://evil.example"}),
    "sends elsewhere in plain": lie(metadata={"token_endpoint": "http://evil.example/token"}),
    "no keys": lie(metadata={"jwks_uri": "http://127.0.0.1:9/keys"}),
}


@pytest.mark.parametrize("told", LIES, ids=str)
def test_lies_are_not_believed(client: TestClient, app: FastAPI, provider: OpenIdProvider, told: str) -> None:
    back = go(client)
    LIES[told](provider)
    if told == "denied":
        back = go(client)
    refused = client.get(back)
    assert refused.status_code == 401, told
    assert client.get("/account").status_code == 303
    with store_of(app).read() as connection:
        assert find_person(connection, "lin@cpc.example") is None


def test_an_answer_fits_only_the_browser_that_asked_and_once(
    client: TestClient, app: FastAPI, provider: OpenIdProvider
) -> None:
    with browsing(app) as eve:
        hers = go(eve)
        assert client.get(hers).status_code == 401  # nothing was begun here
        mine = go(client)
        assert client.get(hers).status_code == 401  # another's state
        assert client.get(mine).status_code == 401  # that was the end of it
    mine = go(client)
    assert client.get(mine).status_code == 303
    client.cookies.clear()
    assert client.get(mine).status_code == 401
    code = go(client).replace("code=", "code=x")
    assert client.get(code).status_code == 401  # a code that is none


def test_another_session_begins_and_a_password_still_works(client: TestClient, app: FastAPI) -> None:
    client.cookies.set("resound_session", "planted", domain="127.0.0.1", path="/")
    enter(client)
    assert client.cookies["resound_session"] != "planted"
    assert "resound_elsewhere" not in client.cookies
    client.cookies.clear()
    assert send(client, "/sign-in", login="boss", password="three green buckets sing").status_code == 303


def test_a_provider_that_does_not_answer_is_said(tmp_path: Path) -> None:
    hire(opened := open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}"), "boss", "admin")
    opened.close()
    app = make_app(tmp_path, oidc_issuer="http://127.0.0.1:9", oidc_client_id="x", oidc_client_secret="y")
    with browsing(app) as client:
        told = client.get("/sign-in/elsewhere?next=/account")
        assert (told.status_code, "does not answer" in told.text) == (401, True)
    with browsing(make_app(tmp_path)) as client:
        assert client.get("/sign-in/elsewhere").status_code == 404
        assert "Sign in with" not in client.get("/sign-in").text


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"oidc_issuer": "http://login.example", "oidc_client_id": "x", "oidc_client_secret": "y"}, "https"),
        ({"oidc_issuer": "https://login.example"}, "belong together"),
        ({"oidc_client_secret": "s3cret"}, "belong together"),
        ({"oidc_allow": "not a domain"}, "neither"),
        ({"oidc_allow": "*"}, "neither"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DefinitionError, match=sentence) as refused:
        load_settings(**settings)
    assert "s3cret" not in str(refused.value)


def test_a_domain_allows_its_own_addresses_only() -> None:
    allow = ("cpc.example", "guest@partner.example")
    assert is_allowed("lin@cpc.example", allow)
    assert is_allowed("guest@partner.example", allow)
    for address in (
        "x@partner.example",
        "x@evilcpc.example",
        "x@a.cpc.example",
        "x",
        "x@guest@partner.example",
    ):
        assert not is_allowed(address, allow)
