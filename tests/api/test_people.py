"""The rooms where people look after accounts: their own, and others'."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from resound.definitions.applying import apply_definitions
from resound.definitions.written import load_path
from resound.people.signing_in import recognise_key
from resound.store import open_store
from resound.store.keys import list_keys
from resound.store.people import list_account_changes, load_person
from tests.api.conftest import csrf_of
from tests.api.staffed import browsing, enter, make_app, send, store_of
from tests.resound.staff import NOW, PASSWORD, hash_quickly, hire

OTHER = "four brown kettles hum"
CAMPAIGN = "apo-coe-gp-vietnam-2014"
HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    store = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    campaign = load_path(Path(__file__).parents[2] / "campaigns" / f"{CAMPAIGN}.yml")
    apply_definitions(store, campaign, who="t", now=NOW)
    hire(store, "lin", "admin")
    hire(store, "thi-my", "reader")
    store.close()
    return make_app(tmp_path)


@pytest.fixture
def admin(app: FastAPI) -> Iterator[TestClient]:
    with browsing(app) as client:
        enter(client, "lin")
        yield client


def test_somebody_is_added_and_comes_in_by_the_link_that_is_shown_once(
    admin: TestClient, app: FastAPI
) -> None:
    made = send(admin, "/people", login="new@cpc.example", name=HOSTILE, role="coder")
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    assert "<img src=x" not in made.text
    link = made.text.split('value="http://127.0.0.1', 1)[1].split('"', 1)[0]
    listed = admin.get("/people").text
    assert html.escape(HOSTILE) in listed.replace("&#34;", "&quot;")
    assert "<img src=x" not in listed
    assert "Link sent, not used yet" in listed
    assert link not in listed
    with browsing(app) as guest:
        assert send(guest, link, password=OTHER, again=OTHER).status_code == 303
        assert guest.get("/people").status_code == 403
        assert "Coder" in guest.get("/account").text
    again = send(admin, "/people", login="NEW@cpc.example", name="x", role="reader")
    assert (again.status_code, "this login already" in again.text) == (400, True)


def test_roles_count_at_once_and_are_written_down(admin: TestClient, app: FastAPI) -> None:
    page = "/people/thi-my"
    with browsing(app) as her:
        enter(her, "thi-my")
        given = send(admin, f"{page}/role", page, role="coder", campaign=CAMPAIGN)
        assert (given.status_code, given.headers["location"]) == (303, "/people/thi-my?done=role")
        assert her.get("/account").status_code == 303  # she signs in again
        enter(her, "thi-my")
        assert CAMPAIGN in her.get("/account").text
    assert send(admin, f"{page}/role", page, role="editor").status_code == 303
    assert send(admin, f"{page}/role", page, role="emperor").status_code == 400
    assert send(admin, f"{page}/role", page, role="admin", campaign=CAMPAIGN).status_code == 400
    assert send(admin, f"{page}/role", page, role="coder", campaign="unknown").status_code == 404
    with store_of(app).read() as connection:
        person = load_person(connection, "thi-my")
        assert (person.role, person.campaigns) == ("editor", {CAMPAIGN: "coder"})
        told = [(one.what, one.detail, one.who) for one in list_account_changes(connection, login="thi-my")]
    assert told[:2] == [("role", "editor", "lin"), ("role", "coder", "lin")]
    shown = " ".join(admin.get(page).text.split())
    assert f'Role changed <span class="soft">Coder {CAMPAIGN}</span>' in shown


def test_shut_out_and_let_in_again(admin: TestClient, app: FastAPI) -> None:
    page = "/people/thi-my"
    with browsing(app) as her:
        enter(her, "thi-my")
        assert send(admin, f"{page}/shut-out", page).status_code == 303
        assert her.get("/account").status_code == 303
        assert enter(her, "thi-my").status_code == 401
        assert "Shut out" in admin.get("/people").text
        assert send(admin, f"{page}/link", page).status_code == 409
        assert send(admin, f"{page}/let-in", page).status_code == 303
        assert enter(her, "thi-my").status_code == 303
    refused = send(admin, "/people/lin/shut-out", "/people/lin")
    assert (refused.status_code, "administrator must remain" in refused.text) == (400, True)
    assert admin.get("/people/nobody").status_code == 404
    assert send(admin, "/people/nobody/shut-out", page).status_code == 404


def test_the_present_password_is_asked_for(admin: TestClient) -> None:
    new = {"password": OTHER, "again": OTHER}
    for sent, words in (
        ({"present": OTHER, **new}, "not your present password"),
        ({"present": PASSWORD, "password": OTHER, "again": PASSWORD}, "not the same"),
        ({"present": PASSWORD, "password": "lin-lin-lin-lin", "again": "lin-lin-lin-lin"}, "tried first"),
    ):
        refused = send(admin, "/account/password", "/account", **sent)
        assert (refused.status_code, words in refused.text) == (400, True), words
    before = admin.cookies["resound_session"]
    done = send(admin, "/account/password", "/account", present=PASSWORD, **new)
    assert done.headers["location"] == "/account?done=password"
    assert admin.cookies["resound_session"] != before
    assert "Your password is changed" in admin.get(done.headers["location"]).text
    admin.cookies.clear()
    assert enter(admin, "lin", PASSWORD).status_code == 401
    assert enter(admin, "lin", OTHER).status_code == 303


def test_a_key_is_shown_once_and_revoked_by_its_owner_or_an_administrator(
    admin: TestClient, app: FastAPI
) -> None:
    with browsing(app) as her:
        enter(her, "thi-my")
        nothing = send(her, "/account/keys", "/account", name="k")
        assert (nothing.status_code, "good for" in nothing.text) == (400, True)
        keys = []
        for name in ("dashboard", HOSTILE):
            shown = send(her, "/account/keys", "/account", name=name, scopes=["read", "code"])
            assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
            keys.append(shown.text.split('value="rs_', 1)[1].split('"', 1)[0])
        page = her.get("/account").text
        assert "dashboard" in page
        assert "<img src=x" not in page
        assert keys[0] not in page
        with store_of(app).read() as connection:
            second, first = (one.id for one in list_keys(connection, login="thi-my"))
        person = recognise_key(store_of(app), f"rs_{keys[0]}", now=NOW)
        assert person is not None
        assert person.role == "reader"  # the key is for more, its owner is not
        assert (
            send(admin, f"/account/keys/{first}/revoke", "/account").status_code == 404
        )  # not the admin's own
        assert send(admin, f"/people/lin/keys/{first}/revoke", "/people/lin").status_code == 404
        assert send(her, f"/account/keys/{first}/revoke", "/account").status_code == 303
        assert send(admin, f"/people/thi-my/keys/{second}/revoke", "/people/thi-my").status_code == 303
        assert her.get("/account").text.count("Revoked") == 2
    assert [recognise_key(store_of(app), f"rs_{key}", now=NOW) for key in keys] == [None, None]


def test_the_language_is_the_persons_in_every_browser(admin: TestClient, app: FastAPI) -> None:
    send(admin, "/account/language", "/account", language="vi")
    with browsing(app, headers={"accept-language": "zh-TW"}) as elsewhere:
        assert '<html lang="zh-Hant">' in elsewhere.get("/sign-in").text
        enter(elsewhere, "lin")
        assert '<html lang="vi">' in elsewhere.get("/account").text
        form = csrf_of(elsewhere.get("/account").text)
        assert elsewhere.post("/account/language", data={"csrf": form, "language": "fr"}).status_code == 400
        elsewhere.get("/language/en")
        assert '<html lang="en">' in elsewhere.get("/account").text  # chosen here, for now
        send(elsewhere, "/sign-out", "/account")
        enter(elsewhere, "lin")
        assert '<html lang="vi">' in elsewhere.get("/account").text
        send(elsewhere, "/account/language", "/account", language="")
        assert '<html lang="zh-Hant">' in elsewhere.get("/account").text


def test_other_browsers_are_signed_out(admin: TestClient, app: FastAPI) -> None:
    with browsing(app) as other:
        enter(other, "lin")
        assert "In 2 browsers." in admin.get("/account").text
        assert send(admin, "/account/sign-out-everywhere", "/account").status_code == 303
        assert other.get("/account").status_code == 303
        assert "In 1 browser." in admin.get("/account").text
