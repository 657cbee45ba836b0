"""Readers' own pages: a link in a mail ends or confirms a subscription, whoever looks at it first and however often."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from resound.sending.subscribing import CONFIRM_WITHIN, link_token
from resound.store.lists import Subscription, load_subscription
from resound.store.outbox import count_states
from tests.api.markup import foreign_markup
from tests.api.readers import add_reader, make_list
from tests.api.reading import read, texts
from tests.api.staffed import Clock, browsing, make_app, store_of

ONE_CLICK = "List-Unsubscribe=One-Click"
MAIL = {
    "smtp_url": "smtp://127.0.0.1:25?starttls=no",
    "mail_from": "Resound <press@cpc.example>",
    "public_url": "http://127.0.0.1",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(tmp_path: Path, clock: Clock, request: pytest.FixtureRequest) -> FastAPI:
    return make_app(tmp_path, clock=clock, **getattr(request, "param", {}))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with browsing(app) as client:
        make_list(store_of(app))
        yield client


def now_of(app: FastAPI, of: Subscription) -> Subscription:
    with store_of(app).read() as connection:
        found = load_subscription(connection, of.id)
    assert found is not None
    return found


def test_a_mail_programs_one_click_ends_it(app: FastAPI, client: TestClient) -> None:
    """RFC 8058: a bare POST from elsewhere; no cookie, no form token, no redirect."""
    reader = add_reader(store_of(app))
    other = add_reader(store_of(app), "my@cpc.example")
    link = f"/u/{link_token(reader, 'unsubscribe')}"
    answer = client.post(
        link,
        content=ONE_CLICK,
        headers={**FORM, "origin": "https://mail.example", "sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    ended = now_of(app, reader)
    assert (ended.ended_by, ended.who) == ("unsubscribed", "")
    assert now_of(app, other).is_read

    client.app.state.desk.clock.go_on(days=3)  # type: ignore[attr-defined]
    assert client.post(link, content=ONE_CLICK, headers=FORM).status_code == 200
    assert now_of(app, reader) == ended, "twice is once"


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b""},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b"\xff\x00", "headers": {"content-type": "text/plain"}},
    ],
)
def test_it_ends_whatever_the_body_is(app: FastAPI, client: TestClient, sent: dict[str, object]) -> None:
    reader = add_reader(store_of(app))
    assert client.post(f"/u/{link_token(reader, 'unsubscribe')}", **sent).status_code == 200  # type: ignore[arg-type]
    assert now_of(app, reader).ended_by == "unsubscribed"


def test_looking_changes_nothing(app: FastAPI, client: TestClient) -> None:
    """Mail filters open links ahead of their readers."""
    reader, asked = add_reader(store_of(app)), add_reader(store_of(app), "my@cpc.example", is_confirmed=False)
    with store_of(app).read() as connection:
        before = connection.exec_driver_sql("select * from subscription").all()
    for path in (f"/u/{link_token(reader, 'unsubscribe')}", f"/s/{link_token(asked, 'confirm')}"):
        for _ in range(2):
            assert client.get(path).status_code == 200
        client.head(path)
    with store_of(app).read() as connection:
        assert connection.exec_driver_sql("select * from subscription").all() == before


@pytest.mark.parametrize(("language", "button"), [("zh-Hant", "停止"), ("vi", "Dừng"), ("en", "Stop")])
def test_it_is_said_in_the_readers_language_with_one_button(
    app: FastAPI, client: TestClient, language: str, button: str
) -> None:
    reader = add_reader(store_of(app), language=language)  # type: ignore[arg-type]
    page = read(client, f"/u/{link_token(reader, 'unsubscribe')}", **{"accept-language": "fr"})
    assert page.css_first("html").attributes["lang"] == language
    (only,) = texts(page, "main button")
    assert only.startswith(button)
    assert "l…@cpc.example" in page.body.text()
    assert "lin@" not in page.html
    assert not page.css("nav.doors"), "the rooms of the staff are not shown"


def test_confirming(app: FastAPI, client: TestClient, clock: Clock) -> None:
    asked = add_reader(store_of(app), is_confirmed=False)
    link = f"/s/{link_token(asked, 'confirm')}"
    clock.go_on(days=1)
    answer = client.post(link, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    confirmed = now_of(app, asked)
    assert confirmed.is_read
    assert confirmed.confirmed_at == clock.now
    clock.go_on(days=60)
    assert client.post(link).status_code == 200
    assert now_of(app, asked) == confirmed, "twice is once"
    assert not texts(read(client, link), "main button")


def test_a_request_that_ran_out_confirms_nothing(app: FastAPI, client: TestClient, clock: Clock) -> None:
    asked = add_reader(store_of(app), is_confirmed=False)
    clock.go_on(seconds=CONFIRM_WITHIN.total_seconds() + 1)
    link = f"/s/{link_token(asked, 'confirm')}"
    for answer in (client.get(link), client.post(link)):
        assert answer.status_code == 404
        assert "managers" not in answer.text.casefold()
    assert not now_of(app, asked).is_read


def test_a_link_that_is_not_ours_says_nothing(app: FastAPI, client: TestClient) -> None:
    reader, asked = add_reader(store_of(app)), add_reader(store_of(app), "my@cpc.example", is_confirmed=False)
    good = link_token(reader, "unsubscribe")
    wrong = [
        ("u", link_token(asked, "confirm")),
        ("s", good),
        ("u", good[:-1]),
        ("u", good.swapcase()),
        ("u", "A" * 40),
        ("u", "é%00"),
        ("u", "x" * 200),
    ]
    pages = set()
    for room, token in wrong:
        for answer in (client.get(f"/{room}/{token}"), client.post(f"/{room}/{token}", content=ONE_CLICK)):
            assert answer.status_code == 404, token
            assert answer.headers["cache-control"] == "no-store"
            for secret in ("managers", "cpc.example", "lin@"):
                assert secret not in answer.text.casefold()
            pages.add(answer.text.split("<main")[1])
    assert len(pages) == 1, "all of them are told the same"
    assert now_of(app, reader).is_read
    assert not now_of(app, asked).is_read


def test_its_address_is_told_to_nobody(app: FastAPI, client: TestClient) -> None:
    reader = add_reader(store_of(app))
    answer = client.get(f"/u/{link_token(reader, 'unsubscribe')}")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["cache-control"] == "no-store"


def test_it_is_not_asked_without_end(app: FastAPI, client: TestClient) -> None:
    answers = [client.get(f"/u/{'A' * 40}").status_code for _ in range(125)]
    assert answers[:120] == [404] * 120
    assert answers[-1] == 429


def test_a_hostile_name_of_a_list_stays_text(app: FastAPI, client: TestClient) -> None:
    name = '"><script>alert(1)</script>{{7*7}}%(x)s\u202egnp'
    make_list(store_of(app), "odd", name=name)
    reader = add_reader(store_of(app), list_id="odd")
    html = client.get(f"/u/{link_token(reader, 'unsubscribe')}").text
    assert foreign_markup(html) == []
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize("app", [MAIL], indirect=True)
def test_a_mistake_is_undone_only_by_confirming(app: FastAPI, client: TestClient, clock: Clock) -> None:
    reader = add_reader(store_of(app), language="en")
    link = f"/u/{link_token(reader, 'unsubscribe')}"
    clock.go_on(minutes=1)
    assert f'action="{link}/again"' in client.post(link).text
    clock.go_on(minutes=1)
    for _ in range(3):  # whoever has an old mail does not fill its reader's box
        answer = client.post(f"{link}/again", headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 200
        assert "Look into your mail" in answer.text
    assert not now_of(app, reader).is_read
    with store_of(app).read() as connection:
        assert count_states(connection) == {"queued": 1}
    assert client.get(f"{link}/again").headers["location"] == link
    asked = now_of(app, reader)
    assert client.post(f"/s/{link_token(asked, 'confirm')}").status_code == 200
    assert now_of(app, reader).is_read
    client.post(f"{link}/again")
    with store_of(app).read() as connection:
        assert count_states(connection) == {"queued": 1}, "who reads it is not asked"


@pytest.mark.parametrize("app", [MAIL], indirect=True)
def test_ending_it_again_and_again_fills_nobodys_box(app: FastAPI, client: TestClient, clock: Clock) -> None:
    reader = add_reader(store_of(app), language="en")
    link = f"/u/{link_token(reader, 'unsubscribe')}"
    for _ in range(8):
        clock.go_on(minutes=1)
        assert client.post(link).status_code == 200
        clock.go_on(minutes=1)
        assert client.post(f"{link}/again").status_code == 200
    with store_of(app).read() as connection:
        assert count_states(connection) == {"queued": 3}
    clock.go_on(minutes=61)
    client.post(f"{link}/again")
    with store_of(app).read() as connection:
        assert count_states(connection) == {"queued": 4}


def test_without_a_mail_server_nobody_is_promised_a_mail(app: FastAPI, client: TestClient) -> None:
    reader = add_reader(store_of(app))
    link = f"/u/{link_token(reader, 'unsubscribe')}"
    assert "/again" not in client.post(link).text
    client.app.state.desk.clock.go_on(minutes=1)  # type: ignore[attr-defined]
    assert client.post(f"{link}/again").status_code == 400
    assert now_of(app, reader).asked_at == reader.asked_at
