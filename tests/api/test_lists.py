"""The pages about mailing lists, their readers and the outbox: made, changed, stopped; added, asked, ended; who and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from resound.campaign import Campaign
from resound.definitions.editing import save_definition
from resound.definitions.written import read_definition
from resound.people.roles import Role
from resound.sending.list_form import fill_list_form
from resound.sending.subscribing import link_token
from resound.store.lists import Subscription, find_list, find_subscription, list_subscriptions
from resound.store.outbox import (
    Claimed,
    State,
    add_letters,
    begin_data,
    claim,
    count_states,
    list_posted,
    make_letter,
    record,
)
from tests.api.markup import foreign_markup
from tests.api.readers import add_reader, make_list
from tests.api.reading import read, texts
from tests.api.staffed import Clock, browsing, enter, make_app, send, store_of
from tests.resound.staff import NOW, hash_quickly, hire

HOSTILE = '"><script>alert(1)</script>{{7*7}}\u202egnp'
MAIL = {
    "smtp_url": "smtp://127.0.0.1:25?starttls=no",
    "mail_from": "Resound <press@cpc.example>",
    "public_url": "http://127.0.0.1",
}
NO_MAIL: dict[str, str] = {}
CAMPAIGN = """
id: blue-drop
name: {en: Blue Drop, zh-Hant: 藍水滴, vi: Giọt Xanh}
window: {first: 2026-01-01, last: 2026-12-31}
names:
- {id: blue-drop-name, forms: {en: [Blue Drop]}}
"""
FORM = {
    "campaign": "blue-drop",
    "name": "Managers in Hanoi",
    "weekday": "5",
    "time": "17:30",
    "zone": "Asia/Ho_Chi_Minh",
    "sending": "approved",
    "approvers": "lin@cpc.example\nmy@cpc.example",
}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def app(tmp_path: Path, request: pytest.FixtureRequest) -> FastAPI:
    settings = getattr(request, "param", MAIL)
    return make_app(tmp_path, clock=Clock(), is_local=True, **settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with browsing(app) as client:
        for campaign in ("blue-drop", "other"):
            model = read_definition(CAMPAIGN.replace("blue-drop", campaign), Campaign).model
            save_definition(store_of(app), model, base=None, who="test", now=NOW)
        hire(store_of(app), "boss", "admin")
        hire(store_of(app), "lin", "none", blue_drop="editor")
        enter(client, "lin")
        yield client


def reader_of(app: FastAPI, address: str = "lin@cpc.example") -> Subscription:
    with store_of(app).read() as connection:
        found = find_subscription(connection, "managers", address)
    assert found is not None
    return found


def add(client: TestClient, **fields: str) -> Any:
    return send(client, "/lists/managers/readers", "/lists/managers", language="vi", **fields)


def test_a_list_is_made_shown_changed_stopped_and_goes_on(app: FastAPI, client: TestClient) -> None:
    for path in ("/lists", "/digests"):  # where there is nothing yet, it is said what to do first
        page = read(client, path)
        assert [one.attributes["href"] for one in page.css("main .empty a")] == ["/new-list"]
    answer = send(client, "/new-list", **FORM)
    assert answer.headers["location"] == "/lists/managers-in-hanoi?done=made"
    page = read(client, "/lists")
    told = " ".join(texts(page, "main .card"))
    for part in (
        "Managers in Hanoi",
        "Blue Drop",
        "Friday, 17:30",
        "0 readers",
        "16 Jan 2026, 17:30",
        "my@cpc.example",
    ):
        assert part in told

    form = read(client, "/lists/managers-in-hanoi/edit")
    base = form.css_first('input[name="base"]').attributes["value"]
    changed = {**FORM, "name": "Heads", "sending": "automatic", "base": base}
    assert send(client, "/lists/managers-in-hanoi/edit", **changed).status_code == 303
    with store_of(app).read() as connection:
        found = find_list(connection, "managers-in-hanoi")
    assert found is not None
    assert (found.name, found.is_automatic, found.campaign) == ("Heads", True, "blue-drop")

    assert send(client, "/lists/managers-in-hanoi/stop", "/lists/managers-in-hanoi").status_code == 303
    assert "stopped" in " ".join(texts(read(client, "/lists"), "h2"))
    assert send(client, "/lists/managers-in-hanoi/resume", "/lists/managers-in-hanoi").status_code == 303
    with store_of(app).read() as connection:
        found = find_list(connection, "managers-in-hanoi")
    assert found is not None
    assert found.is_active


def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(client: TestClient) -> None:
    answer = send(client, "/new-list", **{**FORM, "time": "25:00", "approvers": "no address"})
    assert answer.status_code == 422
    assert 'id="wrong-time"' in answer.text
    assert 'id="wrong-approvers"' in answer.text
    assert "Managers in Hanoi" in answer.text


def test_two_who_change_a_list_do_not_undo_each_other(app: FastAPI, client: TestClient) -> None:
    made = make_list(store_of(app))
    page = read(client, "/lists/managers/edit")
    base = page.css_first('input[name="base"]').attributes["value"]
    fields = {name: value for name, value in fill_list_form(made).fields.items() if name != "id"}
    send(client, "/lists/managers/edit", **{**fields, "name": "Hers", "base": base})
    answer = send(client, "/lists/managers/edit", **{**fields, "name": "Mine", "base": base})
    assert answer.status_code == 409
    assert "Hers" in answer.text
    assert 'value="Mine"' in answer.text
    with store_of(app).read() as connection:
        found = find_list(connection, "managers")
    assert found is not None
    assert found.name == "Hers"


def test_a_reader_is_asked_by_mail_and_reads_it_once_they_confirm(app: FastAPI, client: TestClient) -> None:
    make_list(store_of(app))
    assert add(client, address="My@CPC.example", name="Mỹ", how="ask").status_code == 303
    asked = reader_of(app, "my@cpc.example")
    assert (asked.is_read, asked.who, asked.language) == (False, "lin", "vi")
    with store_of(app).read() as connection:
        (mail,) = list_posted(connection)
    assert (mail.address, mail.state) == ("my@cpc.example", "queued")
    client.cookies.clear()
    client.post(f"/s/{link_token(asked, 'confirm')}")
    assert reader_of(app, "my@cpc.example").is_read


def test_known_consent_says_how_and_sends_nothing(app: FastAPI, client: TestClient) -> None:
    make_list(store_of(app))
    answer = add(client, address="my@cpc.example", how="known", consent=" ")
    assert answer.status_code == 400
    assert "how their consent is known" in answer.text
    assert 'value="my@cpc.example"' in answer.text
    assert add(client, address="my@cpc.example", how="known", consent="signed a form").status_code == 303
    assert (reader_of(app, "my@cpc.example").why, reader_of(app, "my@cpc.example").is_read) == (
        "signed a form",
        True,
    )
    again = add(client, address="my@cpc.example", how="known", consent="signed a form")
    assert "already" in again.text
    with store_of(app).read() as connection:
        assert count_states(connection) == {}


@pytest.mark.parametrize("app", [NO_MAIL], indirect=True)
def test_without_a_mail_server_nobody_is_written_down_to_be_asked(app: FastAPI, client: TestClient) -> None:
    make_list(store_of(app))
    assert "RESOUND_SMTP_URL" in client.get("/lists/managers").text
    for path, fields in (
        ("/lists/managers/readers", {"address": "my@cpc.example"}),
        ("/lists/managers/readers/many", {"people": "my@cpc.example"}),
    ):
        answer = send(client, path, "/lists/managers", how="ask", language="vi", **fields)
        assert answer.status_code == 400
        assert "RESOUND_SMTP_URL" in answer.text
    with store_of(app).read() as connection:
        assert list_subscriptions(connection, "managers") == []
    assert add(client, address="my@cpc.example", how="known", consent="a form").status_code == 303


def test_many_are_added_and_each_line_is_told(app: FastAPI, client: TestClient) -> None:
    make_list(store_of(app))
    add_reader(store_of(app), "there@cpc.example")
    people = f"there@cpc.example\nlin@cpc.example, 林志清, zh-Hant\n{HOSTILE}\nmy@cpc.example"
    answer = send(
        client, "/lists/managers/readers/many", "/lists/managers", people=people, language="vi", how="ask"
    )
    assert answer.status_code == 200
    assert foreign_markup(answer.text) == []
    for told in ("2 are asked by mail", "1 was there already", "1 was not taken"):
        assert told in answer.text
    with store_of(app).read() as connection:
        assert count_states(connection) == {"queued": 2}
        assert len(list_subscriptions(connection, "managers")) == 3
    assert (reader_of(app).name, reader_of(app).language) == ("林志清", "zh-Hant")


@pytest.mark.parametrize("by", ["bounced", "complained", "removed", "unsubscribed"])
def test_an_end_is_written_down_with_who_and_why(app: FastAPI, client: TestClient, by: str) -> None:
    make_list(store_of(app))
    made = add_reader(store_of(app))
    here = f"/lists/managers/readers/{made.id}"
    assert send(client, f"{here}/end", here, by=by, why="  ").status_code == 400
    assert send(client, f"{here}/end", here, by="else", why="x").status_code == 400
    assert reader_of(app).is_read
    app.state.desk.clock.go_on(minutes=5)
    assert send(client, f"{here}/end", here, by=by, why="550 no such user").status_code == 303
    ended = reader_of(app)
    assert (ended.ended_by, ended.who, ended.why) == (by, "lin", "550 no such user")
    page = read(client, here)
    assert "550 no such user" in page.body.text()
    assert "lin" in texts(page, "dd")


def test_who_left_comes_back_only_by_confirming(app: FastAPI, client: TestClient) -> None:
    make_list(store_of(app))
    made = add_reader(store_of(app))
    client.post(f"/u/{link_token(made, 'unsubscribe')}")
    app.state.desk.clock.go_on(minutes=5)
    assert add(client, address="lin@cpc.example", how="known", consent="she said so").status_code == 400
    here = f"/lists/managers/readers/{made.id}"
    assert send(client, f"{here}/ask", here).status_code == 303
    assert not reader_of(app).is_read
    client.post(f"/s/{link_token(reader_of(app), 'confirm')}")
    assert reader_of(app).is_read


def test_a_reader_is_found_and_long_lists_come_in_pages(app: FastAPI, client: TestClient) -> None:
    make_list(store_of(app))
    lines = "\n".join(f"p{number:03}@cpc.example" for number in range(150))
    send(
        client, "/lists/managers/readers/many", "/lists/managers",
        people=lines, language="en", how="known", consent="a form",
    )  # fmt: skip
    assert len(texts(read(client, "/lists/managers"), "table tbody tr")) == 100
    assert len(texts(read(client, "/lists/managers?page=2"), "table tbody tr")) == 50
    assert texts(read(client, "/lists/managers?q=P149"), "table tbody tr td a") == ["p149@cpc.example"]


@pytest.mark.parametrize(
    ("login", "role", "campaigns"),
    [
        ("reader", "reader", {}),
        ("coder", "coder", {}),
        ("coder-here", "none", {"blue_drop": "coder"}),
        ("editor-elsewhere", "none", {"other": "editor"}),
    ],
)
def test_addresses_are_shown_only_to_those_who_look_after_the_list(
    app: FastAPI, client: TestClient, login: str, role: Role, campaigns: dict[str, Role]
) -> None:
    make_list(store_of(app), name="Nobody else's list", approvers=("approver@cpc.example",))
    made = add_reader(store_of(app), "secret@cpc.example")
    hire(store_of(app), login, role, **campaigns)
    client.cookies.clear()
    enter(client, login)
    for path in (
        "/lists",
        "/lists/managers",
        "/lists/managers/edit",
        f"/lists/managers/readers/{made.id}",
        "/digests",
        "/system/outbox",
        "/campaigns",
        "/new-list",
    ):
        answer = client.get(path)
        assert "secret@" not in answer.text
        assert "approver@" not in answer.text
        assert "else&#39;s list" not in answer.text, path


def test_an_editor_of_one_campaign_sees_its_lists_only(app: FastAPI, client: TestClient) -> None:
    make_list(store_of(app))
    make_list(store_of(app), "others", "other", name="Other people")
    page = client.get("/lists").text
    assert "Managers in Hanoi" in page
    assert "Other people" not in page
    assert client.get("/lists/others").status_code == 403
    assert send(client, "/lists/others/stop", "/new-list").status_code == 403
    answer = send(client, "/new-list", **{**FORM, "campaign": "other"})
    assert answer.status_code == 422


def test_a_reader_of_another_list_is_not_reached_through_ones_own(app: FastAPI, client: TestClient) -> None:
    make_list(store_of(app))
    make_list(store_of(app), "others", "other")
    theirs = add_reader(store_of(app), "secret@cpc.example", "others")
    here = f"/lists/managers/readers/{theirs.id}"
    assert client.get(here).status_code == 404
    assert send(client, f"{here}/end", "/lists/managers", by="removed", why="x").status_code == 404
    assert send(client, f"{here}/ask", "/lists/managers").status_code == 404


def test_hostile_names_stay_text(app: FastAPI, client: TestClient) -> None:
    make_list(store_of(app), name=HOSTILE, approvers=("lin@cpc.example",))
    made = add_reader(store_of(app))
    here = f"/lists/managers/readers/{made.id}"
    send(client, f"{here}/end", here, by="bounced", why=HOSTILE)
    for path in ("/lists", "/lists/managers", here, "/lists/managers/edit", "/digests"):
        html = client.get(path).text
        assert foreign_markup(html) == [], path
        assert "&lt;script&gt;alert(1)" in html, path


def test_the_outbox_tells_states_and_takes_decisions(app: FastAPI, client: TestClient) -> None:
    ended = post(app, {"a@cpc.example": "failed", "b@cpc.example": "unknown", "c@cpc.example": "sent"})
    client.cookies.clear()
    enter(client, "boss")
    assert "2 need a person" in client.get("/system").text
    page = read(client, "/system/outbox")
    rows = texts(page, "table tbody tr")
    assert len(rows) == 2
    assert "550 said the server" in " ".join(rows)
    assert "c@cpc.example" in client.get("/system/outbox?state=sent").text

    for fields in (
        {"do": "resend", "why": "x"},
        {"do": "resend", "mail": str(ended["a@cpc.example"]), "why": " "},
    ):
        assert send(client, "/system/outbox", **fields).status_code == 400
    done = send(client, "/system/outbox", do="resend", mail=str(ended["a@cpc.example"]), why="it was full")
    assert done.headers["location"] == "/system/outbox?again=1"
    done = send(client, "/system/outbox", do="drop", mail=str(ended["b@cpc.example"]), why="it came")
    assert done.headers["location"] == "/system/outbox?dropped=1"
    with store_of(app).read() as connection:
        found = {one.address: (one.state, one.who, one.reason) for one in list_posted(connection)}
    assert found["a@cpc.example"] == ("queued", "boss", "it was full")
    assert found["b@cpc.example"] == ("dropped", "boss", "it came")
    refused = send(client, "/system/outbox", do="drop", mail=str(ended["c@cpc.example"]), why="too late")
    assert refused.status_code == 400


def post(app: FastAPI, wanted: dict[str, State]) -> dict[str, int]:
    """Mails that came to their ends, as sending leaves them."""
    with store_of(app).write() as connection:
        letters = [make_letter(one, f"<{one}>", b"x") for one in wanted]
        add_letters(connection, "issue/managers/2026-W03", letters, now=NOW)
        for _ in wanted:
            claimed = claim(connection, now=NOW)
            assert claimed is not None
            begun: Claimed | None = begin_data(connection, claimed, now=NOW)
            assert begun is not None
            record(connection, begun, wanted[claimed.address], f"550 said the server {HOSTILE}", now=NOW)
        return {one.address: one.id for one in list_posted(connection)}
