"""The system page: what stands where, and having what failed tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.desk import Desk
from api.pages import environment
from api.stage_words import REASON_WORDS, STAGE_WORDS, reason_words
from resound.outcome import STAGES, Outcome
from resound.store import Store, work
from resound.store.tables import capture, page
from resound.words import words
from tests.api.conftest import OpenPage, barriers, csrf_of, make_app, served

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


def spoil(store: Store) -> None:
    """Seven pages that could not be read, for two reasons, and five that were not fetched."""
    with store.write() as connection:
        read = [str(row.id) for row in connection.execute(capture.select().limit(7))]
        listed = [row.id for row in connection.execute(page.select().order_by(page.c.id).limit(5))]
        why = (
            Outcome.quarantined("timeout", "Reading the page took more than 20 seconds."),
            Outcome.quarantined("defect", "ValueError: <script>alert(1)</script>"),
        )
        work.end_unclaimed(connection, "extract", {key: why[at % 2] for at, key in enumerate(read)}, now=NOW)
        refused = Outcome.quarantined("http-503", "The server answered HTTP 503.")
        work.end_unclaimed(connection, "fetch", dict.fromkeys(listed, refused), now=NOW)


def store_of(client: TestClient) -> Store:
    assert isinstance(client.app, FastAPI)
    desk: Desk = client.app.state.desk
    return desk.store


def count(client: TestClient, outcome: str) -> int:
    with store_of(client).read() as connection:
        return sum(one.count for one in work.tallies(connection, now=NOW) if one.outcome == outcome)


def test_everything_stands_on_one_page(client: TestClient) -> None:
    spoil(store_of(client))
    html = client.get("/system").text
    for words_ in (
        "Fetching pages",
        "The site answered with error 503",
        "It took too long",
        "resound-demo/zh-en",
    ):
        assert words_ in html
    assert "Nothing is in quarantine" not in html
    assert "<script>alert" not in html


def test_nothing_in_quarantine_says_so(reading_client: TestClient) -> None:
    assert "Nothing is in quarantine" in reading_client.get("/system").text
    assert "Nothing is in quarantine here" in reading_client.get("/system/quarantine").text


def test_quarantine_shows_titles_and_addresses_and_can_be_narrowed(client: TestClient) -> None:
    spoil(store_of(client))
    everything = client.get("/system/quarantine").text
    assert everything.count('value="piece"') == 12
    assert 'lang="zh-Hant"' in everything
    narrowed = client.get("/system/quarantine?stage=extract&reason=timeout").text
    assert narrowed.count('value="piece"') == 4
    assert "Try these again" in narrowed
    assert client.get("/system/quarantine?stage=nonsense").status_code == 422


def test_why_it_failed_is_said_in_the_readers_language(client: TestClient) -> None:
    spoil(store_of(client))
    for language, says in (
        ("vi", "Đọc trang mất hơn 20 giây."),
        ("zh-Hant", "讀取網頁超過 20 秒。"),
        ("en", "Reading the page took more than 20 seconds."),
    ):
        page_ = client.get("/system/quarantine", headers={"Accept-Language": language}).text
        assert says in page_
        assert '<span lang="en">ValueError: &lt;script&gt;alert(1)&lt;/script&gt;</span>' in page_
    assert (
        '<span lang="en">Reading'
        not in client.get("/system/quarantine", headers={"Accept-Language": "vi"}).text
    )


@pytest.mark.parametrize(
    ("form", "opened", "left"),
    [
        ({"what": "reason", "stage": "extract", "reason": "timeout"}, 4, 8),
        ({"what": "all"}, 12, 0),
        ({"what": "reason", "stage": "fetch", "reason": "timeout"}, 0, 12),
    ],
)
def test_what_failed_is_tried_again(client: TestClient, form: dict[str, str], opened: int, left: int) -> None:
    spoil(store_of(client))
    token = csrf_of(client.get("/system").text)
    answer = client.post("/system/requeue", data={**form, "csrf": token})
    assert answer.status_code == 303
    assert f"opened={opened}" in answer.headers["location"]
    assert count(client, "quarantined") == left
    told = client.get(answer.headers["location"]).text
    assert (f"{opened} pieces of work wait again" if opened else "Nothing was opened") in told


def test_one_piece_is_tried_again(client: TestClient) -> None:
    spoil(store_of(client))
    html = client.get("/system/quarantine?stage=fetch").text
    piece = html.split('name="piece" value="', 1)[1].split('"', 1)[0]
    form = {"what": "piece", "piece": piece, "stage": "fetch", "csrf": csrf_of(html)}
    answer = client.post("/system/requeue", data=form)
    assert answer.headers["location"] == "/system/quarantine?stage=fetch&opened=1"
    assert "1 piece of work waits again" in client.get(answer.headers["location"]).text
    assert count(client, "quarantined") == 11


def test_a_form_that_says_too_little_opens_nothing(client: TestClient) -> None:
    spoil(store_of(client))
    token = csrf_of(client.get("/system").text)
    for form in ({"what": "reason"}, {"what": "reason", "stage": "extract"}, {"what": "nothing"}, {}):
        assert client.post("/system/requeue", data={**form, "csrf": token}).status_code in (400, 422)
    assert client.post("/system/requeue", data={"what": "all"}).status_code == 403
    assert count(client, "quarantined") == 12


def test_an_empty_installation(tmp_path: Path) -> None:
    with TestClient(make_app(tmp_path / "data"), base_url="http://127.0.0.1") as client:
        html = client.get("/system").text
    assert "No language models are chosen" in html
    assert "The index has everything" in html


def test_an_index_that_is_broken_is_told(client: TestClient, demo_copy: Path) -> None:
    for one in demo_copy.glob("index*"):
        one.write_bytes(b"this is no database" * 1000)
    html = client.get("/system").text
    assert "The index cannot be asked" in html
    assert "Does not answer" in html


def test_every_stage_has_words() -> None:
    assert set(STAGE_WORDS) == set(STAGES)
    assert reason_words(words("en"), "timeout") == REASON_WORDS["timeout"]
    assert reason_words(words("vi"), "http-503") == "Trang trả lỗi 503"
    assert reason_words(words("en"), "http-odd") == "http-odd"
    assert reason_words(words("en"), "not-known-yet") == "not-known-yet"
    assert environment("en").get_template("system.html")


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize(("language", "heading"), [("en", "System"), ("zh-Hant", "系統"), ("vi", "Hệ thống")])
def test_the_rooms_of_the_system_keep_nobody_out(
    demo_copy: Path, open_page: OpenPage, language: str, heading: str, width: int
) -> None:
    app = make_app(demo_copy)
    with served(app) as address:
        spoil(app.state.desk.store)
        page_ = open_page(f"{address}/system", language=language, width=width)
        assert page_.get_by_role("heading", level=1).inner_text() == heading
        assert barriers(page_) == []
        page_.goto(f"{address}/system/quarantine")
        assert barriers(page_) == []
        page_.goto(f"{address}/api/v1/docs")
        assert barriers(page_) == []


@pytest.mark.browser
def test_trying_again_with_the_keyboard(demo_copy: Path, open_page: OpenPage) -> None:
    app = make_app(demo_copy)
    with served(app) as address:
        spoil(app.state.desk.store)
        page_ = open_page(f"{address}/system")
        page_.get_by_role("button", name="Try everything again").focus()
        page_.keyboard.press("Enter")
        page_.get_by_text("12 pieces of work wait again").wait_for()
        assert page_.get_by_role("heading", name="Nothing is in quarantine").is_visible()
