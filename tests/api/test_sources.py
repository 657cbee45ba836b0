"""Sources in pages: how they are, trying one now, adding one from an address. A real newsroom on loopback answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from resound.definitions.editing import find_version, read_version
from resound.source import Source
from resound.store.frontier import record_poll, set_channels
from resound.store.registry import load_sources
from tests.api.conftest import csrf_of, make_app
from tests.api.test_campaign_edit import fields_of, wait_for
from tests.crawlers.newsroom import Newsroom, open_newsroom, rss

LANTERN = "http://www.lantern.example"
DAY = "Thu, 02 Oct 2014 08:00:00 +0700"


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with open_newsroom() as opened:
        opened.pages[f"{LANTERN}/"] = (
            '<!doctype html><html lang="vi"><head><title>Đèn Lồng &lt;b&gt; | Tin</title>'
            '<link rel="alternate" type="application/rss+xml" href="/tin.rss">'
            '<link rel="alternate" type="application/rss+xml" href="/gone.rss"></head><body></body></html>'
        )
        opened.pages[f"{LANTERN}/tin.rss"] = rss(
            (f"{LANTERN}/1", "Đội xanh thăm nhà máy xử lý rác thải tại thành phố", DAY)
        )
        yield opened


@pytest.fixture
def app(demo_copy: Path, room: Newsroom) -> FastAPI:
    return make_app(demo_copy, contact="t@resound.example", allow=",".join(room.allow))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def stored(app: FastAPI, key: str) -> Source:
    with app.state.desk.store.read() as connection:
        model = read_version(find_version(connection, "source", key))
    assert isinstance(model, Source)
    return model


def test_the_list_says_how_each_is_in_words(app: FastAPI, client: TestClient) -> None:
    with app.state.desk.store.write() as connection:
        set_channels(connection, "bangkok-day", ["http://bangkokday.example/feed"])
        record_poll(
            connection,
            source="bangkok-day",
            url="http://bangkokday.example/feed",
            state={"failures": 3, "last_error": "The server answers HTTP 500."},
            next_due=datetime(2026, 1, 1, tzinfo=UTC).timestamp(),
        )
    page = client.get("/sources").text
    assert page.index("Bangkok Day") < page.index("Campus News"), "what is in trouble stands first"
    assert "✕ fails" in page
    assert "failed 3 times in a row: The server answers HTTP 500." in page
    assert "1 needs a look" in page
    assert "at the next reading" in page
    found = client.get("/sources?q=bangkok").text
    assert "Campus News" not in found
    assert "No source is called so." in client.get("/sources?q=%3Cscript%3E").text


def test_one_source_shows_channels_items_and_readings(client: TestClient) -> None:
    page = client.get("/sources/bangkok-day").text
    assert "http://bangkokday.example/feed" in page
    assert 'lang="th"' in page
    assert "Last readings" in page
    assert client.get("/sources/none").status_code == 404
    assert client.get("/sources/none/versions").status_code == 404


@pytest.mark.slow
def test_check_now_tells_what_each_channel_answered(app: FastAPI, client: TestClient) -> None:
    fields = fields_of(client.get("/sources/bangkok-day/yaml").text)
    fields["text"] = (
        fields["text"]
        .replace("bangkokday.example/feed", "www.lantern.example/tin.rss")
        .replace("home: http://bangkokday.example/", f"home: {LANTERN}/")
    )
    saved = client.post("/sources/bangkok-day/yaml", data={**fields, "do": "save"})
    assert saved.headers["location"] == "/sources/bangkok-day?saved=2"
    page = client.get("/sources/bangkok-day").text
    begun = client.post("/sources/bangkok-day/check", data={"csrf": csrf_of(page)})
    assert begun.status_code == 303
    done = wait_for(client, begun.headers["location"].partition("#")[0])
    assert "2 addresses were tried." in done
    assert "It works: 1 entries, the newest of 2 Oct 2014." in done
    assert "found on the home page, not in the definition" in done
    assert "The server answers HTTP 404." in done
    token = re.search(r"check=([\w-]+)", begun.headers["location"])
    assert token is not None
    part = client.get(f"/checks/{token[1]}", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "hx-trigger" not in part.text
    assert client.get("/checks/none").status_code == 404


@pytest.mark.slow
def test_a_source_is_added_from_an_address(app: FastAPI, client: TestClient) -> None:
    page = client.get("/new-source").text
    begun = client.post("/new-source", data={"csrf": csrf_of(page), "address": "http://www.lantern.example"})
    assert begun.status_code == 303
    form = wait_for(client, begun.headers["location"])
    fields = fields_of(form)
    assert fields["name.vi"] == "Đèn Lồng"
    assert (fields["home"], fields["country"], fields["hosts"]) == (f"{LANTERN}/", "", "www.lantern.example")
    assert re.search(r'<option value="vi" selected>', form)
    assert (fields["channels.0.url"], fields["channels.0.use"]) == (f"{LANTERN}/tin.rss", "yes")
    assert "channels.1.use" not in fields, "what did not answer is not ticked"
    assert "The server answers HTTP 404." in form
    fields |= {"language": "vi", "medium": "online", "relation": "independent", "tier": "local"}
    refused = client.post("/new-source/save", data={**fields, "do": "save"})
    assert refused.status_code == 422
    assert 'href="#country"' in refused.text
    fields = fields_of(refused.text) | {
        "language": "vi",
        "medium": "online",
        "relation": "partner",
        "tier": "local",
    }
    fields |= {"country": "vn", "timezone": "Asia/Ho_Chi_Minh", "owner": "Formosa Media Group"}
    saved = client.post("/new-source/save", data={**fields, "do": "save"})
    assert saved.headers["location"] == "/sources/lantern-example?saved=1"
    key = "lantern-example"
    source = stored(app, key)
    assert (source.country, source.relation, source.tier) == ("VN", "partner", "local")
    assert [(one.url, one.proven) for one in source.feeds] == [(f"{LANTERN}/tin.rss", True)]
    with app.state.desk.store.read() as connection:
        owners = {
            one.owner.name: one.owner.id for other, one in load_sources(connection).items() if other != key
        }
    assert source.owner.id == owners["Formosa Media Group"], "one owner has one id"
    assert "Saved as version 1." in client.get(saved.headers["location"]).text
    twice = client.post("/new-source/save", data={**fields, "id": "second", "do": "save"})
    assert (twice.status_code, "claims www.lantern.example already" in twice.text) == (409, True)


def test_an_address_by_hand_may_be_added_to_the_form(app: FastAPI, client: TestClient) -> None:
    csrf = csrf_of(client.get("/new-source").text)
    more = client.post("/new-source/save", data={"csrf": csrf, "name.en": "New", "do": "add channels"}).text
    assert 'name="channels.0.url"' in more
    fields = fields_of(more) | {
        "home": "http://new.example/",
        "owner": "New House",
        "country": "TW",
        "timezone": "Asia/Taipei",
        "language": "zh-Hant",
        "hosts": "new.example",
        "channels.0.url": "http://new.example/map.xml",
        "channels.0.kind": "sitemap",
    }
    assert client.post("/new-source/save", data={**fields, "do": "save"}).status_code == 303
    source = stored(app, "new")
    assert [(one.url, one.proven) for one in source.sitemaps] == [("http://new.example/map.xml", False)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://127.0.0.1:1/", "public internet"),
        ("javascript:alert(1)", "no web address"),
        ("http://www.lantern.example/none", "HTTP 404"),
    ],
)
def test_what_cannot_be_looked_at_is_said_at_the_field(client: TestClient, address: str, says: str) -> None:
    csrf = csrf_of(client.get("/new-source").text)
    begun = client.post("/new-source", data={"csrf": csrf, "address": address})
    page = wait_for(client, begun.headers["location"])
    assert 'id="wrong-address"' in page
    assert says in page


@pytest.mark.slow
def test_htmx_is_led_to_the_form(client: TestClient) -> None:
    csrf = csrf_of(client.get("/new-source").text)
    headers = {"HX-Request": "true"}
    part = client.post("/new-source", data={"csrf": csrf, "address": LANTERN}, headers=headers)
    token = re.search(r"found=([\w-]+)", part.text)
    assert token is not None
    wait_for(client, f"/new-source?found={token[1]}")
    done = client.get(f"/new-source?found={token[1]}", headers=headers)
    assert (done.status_code, done.headers["hx-redirect"]) == (204, f"/new-source?found={token[1]}")


def test_real_outlets_do_not_come_into_the_demo(app: FastAPI, client: TestClient) -> None:
    fields = fields_of(client.get("/sources/bangkok-day/yaml").text)
    text = fields["text"].replace("home: http://bangkokday.example/", "home: https://www.bangkokpost.com/")
    refused = client.post("/sources/bangkok-day/yaml", data={**fields, "text": text, "do": "save"})
    assert refused.status_code == 409
    assert "demo newsroom" in refused.text
    assert stored(app, "bangkok-day").home == "http://bangkokday.example/"


def test_without_a_contact_nobody_is_asked(demo_copy: Path, room: Newsroom) -> None:
    app = make_app(demo_copy, allow=",".join(room.allow))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        csrf = csrf_of(client.get("/new-source").text)
        answer = client.post("/new-source", data={"csrf": csrf, "address": LANTERN})
        assert answer.status_code == 422
        assert "Ask whoever runs this installation" in answer.text
        part = client.post(
            "/new-source", data={"csrf": csrf, "address": LANTERN}, headers={"HX-Request": "true"}
        )
        assert (part.status_code, part.headers["x-fragment"]) == (422, "1")
        assert "Ask whoever runs this installation" in part.text
        assert "<html" not in part.text
    assert room.asked == []
