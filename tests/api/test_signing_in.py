"""Signing in and out by page: cookies, throttling, forms of other sites, one-time links, single-user mode, keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from resound.people.accounts import add_key, invite, invite_first
from resound.store import open_store
from resound.store.people import find_person, list_accounts, load_person
from tests.api.conftest import csrf_of
from tests.api.staffed import HERE, Clock, browsing, enter, make_app, send, store_of, token_of
from tests.resound.staff import NOW, PASSWORD, hash_quickly, hire

OTHER = "four brown kettles hum"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    store = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    hire(store, "lin", "admin")
    hire(store, "thi-my", "coder")
    store.close()
    return tmp_path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(data: Path, clock: Clock) -> FastAPI:
    return make_app(data, clock=clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with browsing(app) as client:
        yield client


def cookie_lines(answer: object) -> list[str]:
    return answer.headers.get_list("set-cookie")  # type: ignore[attr-defined, no-any-return]


def test_signing_in_leads_back_to_where_one_wanted_to_go(client: TestClient) -> None:
    asked = client.get("/account?done=language")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/account%3Fdone%3Dlanguage")
    page = client.get(asked.headers["location"])
    assert 'name="next" value="/account?done=language"' in page.text
    entered = enter(client, "lin", next="/account?done=language")
    assert (entered.status_code, entered.headers["location"]) == (303, "/account?done=language")
    assert "Lin" in client.get("/account").text
    assert client.get("/sign-in?next=/people").headers["location"] == "/people"
    client.cookies.clear()
    assert enter(client, "lin", next="//evil.example").headers["location"] == "/"


def test_whoever_is_no_reader_of_everything_begins_elsewhere(client: TestClient, app: FastAPI) -> None:
    hire(store_of(app), "guest", "none")
    assert enter(client, "guest").headers["location"] == "/account"
    page = client.get("/account")
    assert (page.status_code, "No role" in page.text) == (200, True)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: TestClient) -> None:
    (line,) = [one for one in cookie_lines(enter(client, "lin")) if one.startswith("resound_session=")]
    assert "HttpOnly" in line
    assert "SameSite=lax" in line
    assert "Path=/" in line
    assert "Domain" not in line
    assert "Secure" not in line  # this machine only, without https


def test_behind_https_the_cookie_is_for_this_host_and_encrypted_only(data: Path) -> None:
    app = make_app(data, public_url="https://resound.example.org")
    with browsing(app, base_url="https://resound.example.org") as client:
        answer = enter(client, "lin")
        (line,) = [one for one in cookie_lines(answer) if "resound_session=" in one]
        assert line.startswith("__Host-resound_session=")
        assert "Secure" in line
        assert client.get("/account").status_code == 200


def test_another_token_at_every_sign_in_and_none_that_somebody_else_chose(client: TestClient) -> None:
    client.cookies.set("resound_session", "planted", domain="127.0.0.1", path="/")
    enter(client, "lin")
    first = client.cookies["resound_session"]
    assert first != "planted"
    form = csrf_of(client.get("/account").text)
    again = client.post("/sign-in", data={"csrf": form, "login": "lin", "password": PASSWORD})
    assert again.status_code == 303
    assert client.cookies["resound_session"] != first
    for old in ("planted", first):
        with browsing(client.app, cookies={"resound_session": old}) as thief:  # type: ignore[arg-type]
            assert thief.get("/account").status_code == 303


def test_unknown_login_and_wrong_password_are_told_alike(client: TestClient) -> None:
    told = []
    for login in ("lin", "nobody"):
        answer = enter(client, login, OTHER)
        assert answer.status_code == 401
        told.append(answer.text.split("<main", 1)[1].replace(f'value="{login}"', "").split("csrf")[0])
    assert told[0] == told[1]
    assert "do not fit together" in told[0]


def test_what_was_typed_is_shown_again_as_text_and_never_the_password(client: TestClient) -> None:
    answer = enter(client, '"><script>alert(1)</script>', "hunter2hunter2")
    assert "<script>alert" not in answer.text
    assert "hunter2" not in answer.text


def test_guessing_has_to_wait(client: TestClient, clock: Clock) -> None:
    for _ in range(5):
        assert enter(client, "lin", OTHER).status_code == 401
    refused = enter(client, "lin")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    assert "Try again in 1 minute." in refused.text
    clock.go_on(seconds=31)
    assert enter(client, "lin").status_code == 303


def test_a_form_of_another_site_or_another_visitor_does_nothing(client: TestClient, app: FastAPI) -> None:
    with browsing(app) as other:
        foreign = token_of(other)
        other_session = (enter(other, "thi-my"), csrf_of(other.get("/account").text))[1]
    right = {"login": "lin", "password": PASSWORD}
    for sent in ({}, {"csrf": ""}, {"csrf": foreign}, {"csrf": other_session}):
        assert client.post("/sign-in", data={**right, **sent}).status_code == 403
    mine = token_of(client)
    for site in ("cross-site", "same-site"):
        told = client.post("/sign-in", data={**right, "csrf": mine}, headers={"sec-fetch-site": site})
        assert told.status_code == 403
    assert client.post("/sign-in", data={**right, "csrf": mine}).status_code == 303
    before = client.cookies["resound_session"]
    for sent in ({}, {"csrf": mine}, {"csrf": foreign}, {"csrf": other_session}):
        assert client.post("/sign-out", data=sent).status_code == 403
        assert client.post("/account/language", data={"language": "vi", **sent}).status_code == 403
    good = csrf_of(client.get("/account").text)
    assert good != csrf_of(client.get("/account").text)  # another one each time, and each holds
    by_header = client.post("/account/language", data={"language": "vi"}, headers={"x-csrf-token": good})
    assert by_header.status_code == 303
    assert client.cookies["resound_session"] == before


def test_signing_out_ends_the_session_not_only_the_cookie(client: TestClient) -> None:
    enter(client, "lin")
    token = client.cookies["resound_session"]
    left = send(client, "/sign-out", "/account")
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert "resound_session" not in client.cookies
    client.cookies.set("resound_session", token)
    assert client.get("/account").status_code == 303


def test_who_sends_a_form_after_the_session_ended_is_told_and_led_back(client: TestClient) -> None:
    enter(client, "thi-my")
    form = csrf_of(client.get("/clips/new").text)
    send(client, "/sign-out", "/account")
    referer = {"referer": f"{HERE}/clips/new?outlet=vna"}
    sent = client.post("/clips/new", data={"csrf": form, "title": "x"}, headers=referer)
    led_to = "/sign-in?next=/clips/new%3Foutlet%3Dvna&unsaved=1"
    assert (sent.status_code, sent.headers["location"]) == (303, led_to)
    page = client.get(led_to).text
    assert "Nothing was saved: your session had ended." in page
    assert 'name="next" value="/clips/new?outlet=vna"' in page
    mistyped = enter(client, "thi-my", OTHER, next="/clips/new", unsaved="1")
    assert (mistyped.status_code, "Nothing was saved" in mistyped.text) == (401, True)
    assert enter(client, "thi-my", next="/clips/new").headers["location"] == "/clips/new"


@pytest.mark.parametrize(
    "referer", ["https://evil.example/x", "", f"{HERE}/sign-in?next=/people", "nonsense"]
)
def test_nobody_is_led_elsewhere_by_the_page_that_a_form_was_sent_from(
    client: TestClient, referer: str
) -> None:
    sent = client.post("/clips/new", data={"title": "x"}, headers={"referer": referer})
    assert sent.headers["location"] == "/sign-in?unsaved=1"
    by_part = {"hx-request": "true", "hx-current-url": f"{HERE}/review/tourism"}
    part = client.post("/clips/new", headers=by_part)
    assert part.headers["hx-redirect"] == "/sign-in?next=/review/tourism&unsaved=1"
    looked = client.get("/people", headers=by_part)
    assert (looked.status_code, looked.headers["hx-redirect"]) == (204, "/sign-in?next=/review/tourism")
    assert client.post("/sign-out").headers["location"] == "/sign-in"
    assert "Nothing was saved" not in client.get("/sign-in").text


@pytest.mark.parametrize(
    ("language", "heading", "advice"),
    [
        ("en", "This form is no longer valid", "Open the page again and send it"),
        ("zh-TW", "這份表單已失效", "重新開啟該頁後再送出"),
        ("vi", "Biểu mẫu này không còn hiệu lực", "mở lại trang rồi gửi"),
    ],
)
def test_a_form_from_before_the_sign_in_says_what_to_do(
    client: TestClient, language: str, heading: str, advice: str
) -> None:
    enter(client, "thi-my")
    form = csrf_of(client.get("/clips/new").text)
    client.cookies.clear()
    enter(client, "thi-my")
    sent = client.post("/clips/new", data={"csrf": form, "title": "x"}, headers={"accept-language": language})
    assert sent.status_code == 403
    assert f"<h1>{heading}</h1>" in sent.text
    assert advice in sent.text


def test_what_was_written_is_given_back_to_whom_a_page_of_ours_sent(client: TestClient) -> None:
    enter(client, "thi-my")
    form = csrf_of(client.get("/clips/new").text)
    fields = {"csrf": form, "title": "</textarea><b>福爾摩沙", "url": "https://a.example/1", "medium": "tv"}
    ours = {"sec-fetch-site": "same-origin", "referer": f"{HERE}/clips/new"}
    send(client, "/sign-out", "/account")
    ended = client.post("/clips/new", data=fields, headers=ours)
    assert ended.status_code == 401
    assert "Nothing was saved: your session had ended." in ended.text
    assert "&lt;/textarea&gt;&lt;b&gt;福爾摩沙\n\nhttps://a.example/1</textarea>" in ended.text
    assert 'href="/sign-in?next=/clips/new&amp;unsaved=1"' in ended.text
    enter(client, "thi-my")
    old = client.post("/clips/new", data=fields, files={"file": ("a.txt", b"x")}, headers=ours)
    assert old.status_code == 403
    assert "福爾摩沙" in old.text
    assert 'href="/clips/new" target="_blank"' in old.text
    for foreign in ({"sec-fetch-site": "cross-site"}, {"referer": "https://evil.example/"}, {}):
        assert "福爾摩沙" not in client.post("/clips/new", data=fields, headers=foreign).text
    secret = {"csrf": form, "password": "my own password", "again": "my own password"}
    assert "my own" not in client.post("/account/password", data=secret, headers=ours).text


def test_a_session_ends_when_nobody_uses_it(client: TestClient, clock: Clock) -> None:
    enter(client, "lin")
    for _ in range(3):
        clock.go_on(hours=11)
        assert client.get("/account").status_code == 200
    clock.go_on(hours=12)
    assert client.get("/account").status_code == 303


def test_a_link_lets_in_once(client: TestClient, app: FastAPI) -> None:
    with store_of(app).write() as connection:
        link = f"/welcome/{invite(connection, 'thi-my', who='lin', now=NOW).token}"
    page = client.get(link)
    assert page.status_code == 200
    assert "Your login is thi-my" in page.text
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    unequal = send(client, link, password=OTHER, again=PASSWORD)
    assert (unequal.status_code, "not the same" in unequal.text) == (400, True)
    easy = send(client, link, password="password1234", again="password1234")
    assert (easy.status_code, "tried first" in easy.text, "password1234" in easy.text) == (400, True, False)
    assert send(client, link, password=OTHER, again=OTHER).status_code == 303
    assert "thi-my" in client.get("/account").text
    for gone in (link, "/welcome/nonsense"):
        told = client.get(gone)
        assert (told.status_code, "used or has ended" in told.text) == (410, True)
        sent = client.post(
            gone, data={"csrf": csrf_of(client.get("/account").text), "password": PASSWORD, "again": PASSWORD}
        )
        assert sent.status_code == 410


def test_alone_on_this_machine_nobody_signs_in_until_somebody_has_an_account(tmp_path: Path) -> None:
    app = make_app(tmp_path, is_local=True)
    with browsing(app) as client:
        assert client.get("/sign-in").status_code == 303
        page = client.get("/account")
        assert (page.status_code, "officer" in page.text) == (200, True)
        assert client.get("/people").status_code == 200
        for header in ("x-forwarded-for", "forwarded", "x-real-ip", "via"):
            assert client.get("/people", headers={header: "192.0.2.1"}).status_code == 303
        assert client.post("/people", data={"login": "x", "name": "x", "role": "admin"}).status_code == 403
        with store_of(app).read() as connection:
            assert list_accounts(connection, now=NOW) == []
        refused = send(client, "/people", login="first", name="First", role="coder")
        assert (refused.status_code, "must be an administrator" in refused.text) == (400, True)
        made = send(client, "/people", login="first", name="First", role="admin")
        assert made.status_code == 200
        link = made.text.split('value="http://127.0.0.1', 1)[1].split('"', 1)[0]
        assert client.get("/people").status_code == 303
        assert send(client, link, password=OTHER, again=OTHER).status_code == 303
        assert client.get("/people").status_code == 200
    with browsing(make_app(tmp_path, is_local=True)) as other:
        assert other.get("/people").status_code == 303


def test_the_first_link_makes_the_first_account(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    with browsing(app) as client:
        assert "Nobody has an account here yet" in client.get("/sign-in").text
        with store_of(app).write() as connection:
            first = invite_first(connection, now=NOW)
        assert first is not None
        link = f"/welcome/{first.token}"
        assert "first account" in client.get(link).text
        wrong = send(client, link, login="not a login", name="林", password=OTHER, again=OTHER)
        assert (wrong.status_code, "Latin letters" in wrong.text, "not a login" in wrong.text) == (
            400,
            True,
            True,
        )
        assert send(client, link, login="Lin", name="林志清", password=OTHER, again=OTHER).status_code == 303
        assert client.get("/people").status_code == 200
        assert client.get(link).status_code == 410
        with store_of(app).read() as connection:
            assert load_person(connection, "lin").role == "admin"
            assert find_person(connection, "not a login") is None


def test_a_key_needs_no_form_token_and_opens_no_account(client: TestClient, app: FastAPI) -> None:
    with store_of(app).write() as connection:
        person = load_person(connection, "lin")
        key = add_key(connection, person, name="k", scopes=["edit"], who="lin", now=NOW)
    bearer = {"authorization": f"Bearer {key}"}
    assert client.get("/people", headers=bearer).status_code == 403  # a key is no administrator
    assert client.get("/account", headers=bearer).status_code == 403
    for path in ("/account/keys", "/account/password", "/account/language", "/account/sign-out-everywhere"):
        assert client.post(path, headers=bearer, data={"name": "x", "scopes": "read"}).status_code == 403
    for wrong in ("Bearer rs_wrong", f"bearer {key}x", "Bearer"):
        refused = client.get("/account", headers={"authorization": wrong})
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
    told = client.get("/api/v1/anything", headers={"authorization": "Bearer rs_wrong"})
    assert told.headers["content-type"] == "application/problem+json"


def test_a_wrong_key_is_not_taken_for_whoever_sits_here(tmp_path: Path) -> None:
    with browsing(make_app(tmp_path, is_local=True)) as client:
        assert client.get("/people", headers={"authorization": "Bearer rs_wrong"}).status_code == 401
        assert client.get("/healthz", headers={"authorization": "Basic eDp5"}).status_code == 200
