"""The campaign's pages: every figure is that of the store, and leads to the items behind it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import update
from starlette.testclient import TestClient

from resound.coverage.campaign import Coverage, campaign_coverage
from resound.definitions.applying import apply_definitions
from resound.definitions.written import Loaded
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.store import Store, open_store
from resound.store.decisions import add_decision
from resound.store.tables import definition, version
from tests.api.conftest import OpenPage, barriers
from tests.resound.coding.test_deciding import NOW, campaign

CAMPAIGN = "apo-coe-gp-vietnam-2014"
PAGE = f"/campaigns/{CAMPAIGN}"
PARTS = ("", "/items", "/items?by=tone&value=neutral", "/stories", "/watch", "/voice")
FIRST_VIEW = 200_000


@pytest.fixture
def store(demo_copy: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{demo_copy / 'resound.sqlite'}")
    yield opened
    opened.close()


def look(store: Store) -> Coverage:
    with store.read() as connection:
        return campaign_coverage(connection, CAMPAIGN, now=NOW)


def test_all_items_are_a_table_in_the_readers_words(reading_client: TestClient, demo_folder: Path) -> None:
    html = reading_client.get(PAGE, headers={"accept-language": "zh-TW"}).text
    link = LexborHTMLParser(html).css_first("main a[download]")
    assert link is not None
    assert link.attributes["href"] == f"{PAGE}/items.csv"
    tables = {}
    for language in ("zh-TW", "en", "vi"):
        answer = reading_client.get(f"{PAGE}/items.csv", headers={"accept-language": language})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(b"\xef\xbb\xbf")
        tables[language] = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    api = reading_client.get(f"/api/v1/campaigns/{CAMPAIGN}/items.csv").content.decode("utf-8-sig")
    codes = list(csv.DictReader(io.StringIO(api)))
    assert {len(one) for one in tables.values()} == {len(codes)}
    assert codes[0]["standing"] == "counted"  # for programs, as ever
    chinese = tables["zh-TW"]
    assert sum(one["狀態"] == "已計入" for one in chinese) == 30
    first = next(one for one in chinese if one["語言"] == "越南文" and one["媒體"] == "Mekong TV")
    assert (first["國家"], first["媒體類型"]) == ("越南", "電視")
    spoken = {
        name: {one[name] for one in chinese}
        for name in ("狀態", "原因", "國家", "媒體類型", "內容來源", "提及位置")
    }
    for name, values in spoken.items():
        assert not [one for one in values if re.fullmatch(r"[\x20-\x7e]+", one)], name
    assert "寶島日報" in {one["媒體"] for one in chinese}
    assert "Formosa Daily" in {one["Outlet"] for one in tables["en"]}
    assert "Được tính" in {one["Tình trạng"] for one in tables["vi"]}
    assert {one["報導傾向（人員判定）"] for one in chinese} > {"正面"}
    assert any(one["標題（機器翻譯）"] for one in chinese)


def figures_of(html: str) -> dict[str, int]:
    """The address behind every figure of a page, and its number."""
    found = re.findall(r'class="figure" href="([^"]+)">(.*?)</a>', html, re.S)
    return {unescape(url): int(re.findall(r"\d+", re.sub(r"<[^>]+>", "", text))[-1]) for url, text in found}


def counts_of(html: str) -> list[int]:
    return [
        int(re.findall(r"\d+", one)[-1]) for one in re.findall(r'class="big-number">(.*?)</p>', html, re.S)
    ]


def test_the_four_counts_are_those_of_the_command_line(reading_client: TestClient, demo_folder: Path) -> None:
    html = reading_client.get(PAGE).text
    printed = json.loads((demo_folder.parent / "first.json").read_text(encoding="utf-8"))
    known = printed["counts"] if "items" in printed["counts"] else printed["counts"]["counts"]
    assert counts_of(html) == [known[name] for name in ("items", "stories", "outlets", "groups")]


def test_every_figure_leads_to_as_many_items(reading_client: TestClient) -> None:
    links = figures_of(reading_client.get(PAGE).text) | figures_of(reading_client.get(f"{PAGE}/voice").text)
    asked = {url: number for url, number in links.items() if "/items?" in url}
    assert len(asked) > 60
    for by in ("standing", "language", "country", "medium", "origin", "outlet", "days", "coded-tone", "tone", "topic",
               "message", "spokesperson", "voice"):  # fmt: skip
        assert any(f"by={by}&" in url for url in asked), by
    for url, number in asked.items():
        html = reading_client.get(url).text
        assert f"<p>{number} item" in html, url
        assert html.count('<li class="card">') == min(number, 50), url


def test_a_figure_that_is_no_more_says_so(reading_client: TestClient) -> None:
    for asked in (
        "by=tone&value=angry",
        "by=colour&value=red",
        "by=days&value=x",
        "by=story&value=0",
        "by=voice&value=x",
    ):
        assert reading_client.get(f"{PAGE}/items?{asked}").status_code == 404, asked
    assert reading_client.get(f"{PAGE}/items?by=tone&value=none").status_code == 200
    assert reading_client.get("/campaigns/nobody").status_code == 404
    assert reading_client.get(f"{PAGE}/items?page=0").status_code == 422


def test_the_first_view_is_light(reading_client: TestClient) -> None:
    html = reading_client.get(PAGE).text
    total = len(html.encode())
    for url in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', html)):
        total += len(reading_client.get(unescape(url)).content)
    assert total < FIRST_VIEW
    assert html.count('loading="lazy"') == html.count('<img src="/campaigns')


def test_a_page_that_is_known_is_not_sent_again(demo_copy: Path, client: TestClient, store: Store) -> None:
    first = client.get(PAGE)
    tag = first.headers["etag"]
    again = client.get(PAGE, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(PAGE, headers={"if-none-match": tag, "accept-language": "vi"})
    assert other.status_code == 200
    (waiting,) = look(store).figures.lists["unreviewed"][:1]
    with store.write() as connection:
        add_decision(connection, "accept", article=waiting, campaign=CAMPAIGN, why="read", who="Lin", now=NOW)
    changed = client.get(PAGE, headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert counts_of(changed.text)[0] == counts_of(first.text)[0] + 1


def test_pictures_say_the_state_that_they_show(reading_client: TestClient) -> None:
    html = reading_client.get(PAGE).text
    urls = [unescape(one) for one in re.findall(r'(?:src|srcset)="(/campaigns/[^"]+\.svg[^"]*)"', html)]
    assert len(urls) == 4 * 5
    drawn = {}
    for url in urls:
        answer = reading_client.get(url)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert "immutable" in answer.headers["cache-control"]
        drawn[url] = answer.text
    assert len(set(drawn.values())) == len(urls)  # each width, each scheme
    assert (
        "immutable"
        not in reading_client.get(f"{PAGE}/charts/tone.svg?v=old&language=vi").headers["cache-control"]
    )
    assert "tích cực" in reading_client.get(f"{PAGE}/charts/tone.svg?language=vi").text
    assert reading_client.get(f"{PAGE}/charts/colour.svg").status_code == 422
    spec = reading_client.get(f"{PAGE}/charts/series.json").json()
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")


def test_the_share_of_voice_comes_when_it_is_measured(
    reading_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    html = reading_client.get(f"{PAGE}/voice", headers={"hx-request": "true"}).text
    assert "<html" not in html
    assert "91%" in html
    assert 'by=voice&amp;value=japan-environment-vietnam">2</a>' in html
    assert 'by=voice&amp;value=korea-environment-vietnam">1</a>' in html
    assert "hx-trigger" not in html
    assert reading_client.get(f"{PAGE}/charts/voice.svg").status_code == 200
    monkeypatch.setattr("resound.coverage.voice.VoiceMeter.ask", lambda *args, **more: None)
    waiting = reading_client.get(f"{PAGE}/voice", headers={"hx-request": "true"}).text
    assert 'hx-trigger="load delay:3s"' in waiting
    assert reading_client.get(f"{PAGE}/charts/voice.svg").status_code == 404


def test_the_demo_shows_what_people_coded(reading_client: TestClient) -> None:
    told = " ".join(
        LexborHTMLParser(reading_client.get(PAGE).text).css_first("main").text(separator=" ").split()
    )
    assert "positive 7 7 0 neutral 16 13 3 negative 3 2 1 nobody has decided yet 4" in told
    assert "α = 0.67" in told
    assert "(13% as confirmed by people)" in told


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_nothing_of_the_page_is_left_in_english(reading_client: TestClient, language: UiLanguage) -> None:
    headers = {"accept-language": language}
    html = reading_client.get(PAGE, headers=headers).text
    own = {"en": "do not add", "zh-Hant": "不可相加", "vi": "không cộng"}
    for tongue, words in own.items():
        assert (words in html) is (tongue == language)
    # A headline that the reader may not read has a translation, with whose work it is.
    items = reading_client.get(f"{PAGE}/items?by=language&value=vi", headers=headers).text
    assert items.count('class="translated"') == (0 if language == "vi" else 8)
    if language != "vi":
        assert items.count("resound-demo/") == 8
        assert f'lang="{"zh-Hant" if language == "zh-Hant" else "en"}">' in items


def test_campaigns_are_chosen_from_where_there_are_several(client: TestClient, store: Store) -> None:
    answer = client.get("/campaigns")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    apply_definitions(store, [Loaded(campaign(), "c.yml", None)], who="t", now=NOW)
    html = client.get("/campaigns").text
    assert f'href="{PAGE}"' in html
    assert 'href="/campaigns/c"' in html
    empty = client.get("/campaigns/c").text
    assert counts_of(empty) == [0, 0, 0, 0]
    assert "Nothing is counted yet" in empty
    for part in PARTS:
        assert client.get(f"/campaigns/c{part}").status_code == 200, part
    with store.write() as connection:
        connection.execute(definition.delete())
    assert "There is no campaign yet" in client.get("/campaigns").text


def test_foreign_words_are_text(client: TestClient, store: Store) -> None:
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    with store.write() as connection:
        connection.execute(update(version).values(title=hostile))
    for part in PARTS:
        html = client.get(f"{PAGE}{part}").text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)" in client.get(f"{PAGE}/items").text


def test_long_lists_have_pages(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.campaign.ITEMS_AT_ONCE", 8)
    monkeypatch.setattr("api.routes.campaign.STORIES_AT_ONCE", 8)
    seen: list[str] = []
    url: str | None = f"{PAGE}/items?by=standing&value=counted"
    while url is not None:
        html = client.get(url).text
        seen += re.findall(r'href="/articles/(\w+)"', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        url = unescape(following[1]) if following else None
    assert len(seen) == len(set(seen)) == counts_of(client.get(PAGE).text)[0]
    assert 'rel="next"' in client.get(f"{PAGE}/stories").text
    assert "of 3" in client.get(f"{PAGE}/stories?page=3").text


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "width", "parts"),
    [("en", 320, PARTS), ("en", 1200, PARTS), ("zh-Hant", 320, PARTS[:1]), ("vi", 320, PARTS[:1])],
)
def test_the_pages_keep_nobody_out(
    reading_address: str, open_page: OpenPage, language: UiLanguage, width: int, parts: tuple[str, ...]
) -> None:
    for part in parts:
        page = open_page(f"{reading_address}{PAGE}{part}", language=language, width=width)
        page.wait_for_load_state("networkidle")
        assert barriers(page) == [], part


@pytest.mark.browser
def test_the_keyboard_opens_a_definition_and_pictures_come(reading_address: str, open_page: OpenPage) -> None:
    page = open_page(f"{reading_address}{PAGE}")
    summary = page.locator(".count summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator(".count details[open] p").inner_text().startswith("An item is one publication")
    page.get_by_text("matched by machine, not reviewed").wait_for()  # the share of voice comes by itself
    picture = page.locator(".chart img").first
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.emulate_media(color_scheme="dark")
    page.wait_for_load_state("networkidle")
    assert "scheme=dark" in picture.evaluate("image => image.currentSrc")
    assert barriers(page) == []


def test_the_line_above_the_items_ends_as_the_readers_language_ends_a_sentence(
    reading_client: TestClient,
) -> None:
    page = reading_client.get(f"{PAGE}/items", headers={"accept-language": "zh-TW"}).text
    assert "30 則報導。已採計" in page
    assert re.search(r"於統計期間內 \d{4}-", page) is None
