"""An outlet that only clips know: described in pages, by somebody who sees no file, until its items count."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from api.routes.sources import NOBODY_TO_ASK
from tests.api.conftest import csrf_of, make_app
from tests.api.reading import link, read, texts
from tests.api.test_campaign_edit import fields_of
from tests.api.test_clips import TV, add
from tests.api.test_review import CAMPAIGN, REVIEW, send

AIRED = {
    **TV,
    "outlet": "TTXVN",
    "title": "Đội Xanh Tuần hoàn Tài nguyên trên sóng truyền hình",
    "text": "Bản tin tối kể chuyện hai ông bà bán phế liệu. Đội Xanh Tuần hoàn Tài nguyên đến thăm họ vào sáng nay.",
}
SAID = {
    "language": "vi",
    "country": "VN",
    "timezone": "Asia/Ho_Chi_Minh",
    "owner": "Thông tấn xã Việt Nam",
    "relation": "independent",
    "tier": "national",
}


def counts(client: TestClient) -> dict[str, int]:
    found: dict[str, int] = client.get(f"/api/v1/campaigns/{CAMPAIGN}/counts").json()["counts"]
    return found


def accepted(client: TestClient, **cells: str) -> str:
    """A clip that is coverage of the campaign; its page's path."""
    article = add(client, None, **cells).headers["location"].partition("?")[0]
    page = client.get(REVIEW, params={"item": article.rpartition("/")[2]}).text
    assert send(client, "accept", page=page).status_code == 303
    return str(article)


def chosen(page: str, name: str) -> str:
    found = LexborHTMLParser(page).css_first(f'select[name="{name}"] option[selected]')
    return (found.attributes["value"] or "") if found is not None else ""


def test_a_clip_of_a_new_station_counts_once_its_outlet_is_described(client: TestClient) -> None:
    before = counts(client)
    article = accepted(client, **AIRED)
    assert counts(client) == before, "nobody has said whose it is"
    to_form = link(read(client, article), "Describe this outlet")
    html = client.get(REVIEW, params={"at": f"provisional.{article.rpartition('/')[2]}"}).text
    from_review = link(LexborHTMLParser(html), "Describe this outlet")
    assert parse_qs(urlsplit(from_review).query)["next"][0].startswith(f"{REVIEW}?item=")
    assert from_review.partition("&")[0] == to_form.partition("&")[0]
    form = client.get(to_form).text
    fields = fields_of(form)
    assert (fields["name.vi"], fields["also_called"], fields["home"]) == ("TTXVN", "TTXVN", "")
    assert (chosen(form, "medium"), chosen(form, "language")) == ("tv", "vi")
    # Its full name takes the place of the abbreviation; there is no site, and no channel.
    filled = {**fields, **SAID, "medium": "tv", "name.vi": "Truyền hình Thông tấn", "do": "save"}
    refused = client.post("/new-source/save", data={**filled, "owner": ""})
    assert (refused.status_code, fields_of(refused.text)["also_called"]) == (422, "TTXVN")
    saved = client.post("/new-source/save", data=filled)
    assert (saved.status_code, saved.headers["location"]) == (
        303,
        f"/sources/truyen-hinh-thong-tan?saved=1&next={quote(article, safe='')}",
    ), saved.text
    assert link(read(client, saved.headers["location"]), "Back to the item") == article
    after = counts(client)
    assert {name: after[name] - before[name] for name in before} == dict.fromkeys(before, 1)
    assert "Nobody has said yet which outlet this is." not in client.get(article).text
    assert "Truyền hình Thông tấn" in client.get(article).text
    assert client.get(saved.headers["location"]).status_code == 200
    assert client.get("/sources").status_code == 200
    # The next airing finds it by itself, under either name.
    for number, name in enumerate(("ttxvn ", "Truyền hình  thông tấn")):
        page = client.get(accepted(client, **{**AIRED, "outlet": name, "airtime": f"0{number}:30"})).text
        assert "Nobody has said yet which outlet this is." not in page


def test_a_clip_of_a_page_is_found_by_its_host(client: TestClient) -> None:
    cells = {**AIRED, "outlet": "", "medium": "online", "airtime": "", "url": "http://river.example/news/1"}
    before = counts(client)
    article = accepted(client, **cells)
    fields = fields_of(client.get(link(read(client, article), "Describe this outlet")).text)
    assert (fields["name.vi"], fields["home"], fields["hosts"]) == (
        "",
        "https://river.example/",
        "river.example",
    )
    saved = client.post(
        "/new-source/save",
        data={**fields, **SAID, "medium": "online", "name.vi": "Tin Sông", "do": "save"},
    )
    assert saved.status_code == 303
    assert counts(client)["outlets"] == before["outlets"] + 1


def test_nobody_is_led_elsewhere_from_the_form(client: TestClient) -> None:
    form = client.get("/new-source/by-hand", params={"next": "//evil.example/"}).text
    assert fields_of(form)["next"] == "/"
    filled = {**fields_of(form), **SAID, "name.vi": "Đài Một", "medium": "tv", "do": "save"}
    saved = client.post("/new-source/save", data={**filled, "next": "https://evil.example/"})
    assert saved.headers["location"].endswith("?saved=1&next=%2F")
    page = client.get("/sources/dai-mot", params={"saved": 1, "next": "javascript:alert(1)"}).text
    assert link(LexborHTMLParser(page), "Back to the item") == "/"


def test_the_form_opens_empty_or_with_the_address_that_was_looked_at(client: TestClient) -> None:
    blank = fields_of(client.get("/new-source/by-hand?item=none").text)
    assert (blank["name.en"], blank["also_called"], blank["by_hand"]) == ("", "", "yes")
    known = read(client, "/new-source/by-hand?home=http://x.example/<b>")
    assert known.css_first('input[name="home"]').attributes["value"] == "http://x.example/<b>"


@pytest.mark.parametrize("language", ["en", "zh-Hant", "vi"])
def test_without_a_contact_the_pages_say_what_can_be_done(client: TestClient, language: str) -> None:
    asked = {"accept-language": language}
    page = read(client, "/new-source", **asked)
    (note,) = texts(page, "#new-source .note")
    assert ("RESOUND_CONTACT" in note, NOBODY_TO_ASK in note) == (False, language == "en")
    csrf = csrf_of(page.html or "")
    sent = {"csrf": csrf, "address": "http://mine.example/"}
    for more in ({}, {"HX-Request": "true"}):
        answer = client.post("/new-source", data=sent, headers={**asked, **more})
        again = LexborHTMLParser(answer.text)
        assert (answer.status_code, texts(again, "#new-source .note")) == (422, [note])
        assert again.css_first("#address").attributes["value"] == "http://mine.example/"
        assert again.css_first('a[href="/new-source/by-hand?home=http%3A%2F%2Fmine.example%2F"]') is not None
        assert ("<html" in answer.text, "x-fragment" in answer.headers) == (not more, bool(more))
    source = client.get("/sources/bangkok-day", headers=asked).text
    said = unescape(source)
    assert note.partition("。" if language == "zh-Hant" else ". ")[0] in said
    assert 'action="/sources/bangkok-day/check"' not in source
    part = client.post(
        "/sources/bangkok-day/check", data={"csrf": csrf}, headers={**asked, "HX-Request": "true"}
    )
    assert (part.status_code, part.headers["x-fragment"], "RESOUND_CONTACT" in part.text) == (422, "1", False)
    whole = client.post("/sources/bangkok-day/check", data={"csrf": csrf}, headers=asked)
    assert whole.headers["location"] == "/sources/bangkok-day#check"


def test_a_look_that_fails_leads_to_the_form_by_hand(demo_copy: Path) -> None:
    app = make_app(demo_copy, contact="t@resound.example")
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        csrf = csrf_of(client.get("/new-source").text)
        begun = client.post("/new-source", data={"csrf": csrf, "address": "javascript:alert(1)"})
        page = read(client, begun.headers["location"])
        assert re.search(r"by-hand\?home=javascript", link(page, "Describe it by hand"))
        assert not texts(page, "#new-source .note")
