"""The search page: what it shows, in which states, and that its files hold exactly that."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from api.safety import LIMITS
from resound.index.base import IndexDocument
from resound.index.sqlite import SqliteIndex
from resound.searching.indexing import IndexUpdate
from tests.api.conftest import OpenPage, barriers, make_app, served
from tests.api.reading import link, read, search, texts
from tests.resound.found import item


def all_pages(client: TestClient, address: str) -> Iterator[LexborHTMLParser]:
    while True:
        page = read(client, address)
        yield page
        following = page.css_first("a[rel=next]")
        if following is None:
            return
        address = following.attributes["href"] or ""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[TestClient]:
    """A data folder without the demo, whose index holds what a test writes into it before it asks."""
    with TestClient(
        make_app(tmp_path / "data"), base_url="http://127.0.0.1", follow_redirects=False
    ) as client:
        yield client


def index_of(client: TestClient) -> SqliteIndex:
    index: SqliteIndex = client.app.state.desk.index  # type: ignore[attr-defined]
    return index


def test_a_chinese_name_finds_the_story_in_every_language(reading_client: TestClient) -> None:
    page = search(reading_client, "綠耕隊")
    assert texts(page, ".result-head h2") == ["41 items · 27 stories · 26 outlets"]
    assert len(page.css(".hit")) == 20
    tags = {one.attributes["lang"] for one in page.css(".hit h3")}
    assert {"vi", "en", "zh-Hant"} <= tags
    assert "「綠耕隊」" in " ".join(
        texts(search(reading_client, "綠耕隊", **{"accept-language": "zh-TW"}), "#query-meaning")
    )
    marks = {text.casefold() for text in texts(page, ".hit mark")}
    assert {"綠耕隊", "resource recycling green team"} <= marks
    assert "machine translation · demo model" in texts(page, ".hit-translation")[0]
    unmarked = search(reading_client, "rac thai dien tu")
    assert "電子廢棄物" in texts(unmarked, ".forms-list li")
    assert "電子廢棄物" in texts(unmarked, ".hit mark")


def test_a_hit_leads_to_its_article_where_the_words_are_marked(reading_client: TestClient) -> None:
    page = search(reading_client, "Vietstar lang:vi")
    address = page.css_first(".hit h3 a").attributes["href"] or ""
    assert parse_qs(urlsplit(address).query) == {"q": ["Vietstar lang:vi"]}
    article = read(reading_client, address)
    assert "vietstar" in {text.casefold() for text in texts(article, "mark")}


def test_names_can_be_searched_as_written(reading_client: TestClient) -> None:
    page = search(reading_client, "綠耕隊")
    alone = read(reading_client, link(page, "Search only what is written"))
    assert not alone.css(".forms-list")
    assert link(alone, "Let names find all their forms") == f"/?q={quote('綠耕隊')}"
    assert {one.attributes["lang"] for one in alone.css(".hit h3")} <= {"zh-Hant", "zh-Hans", "vi", "en"}
    assert texts(alone, ".result-head h2") != texts(page, ".result-head h2")


def test_what_is_ticked_stands_in_the_box_and_in_the_address(reading_client: TestClient) -> None:
    page = search(reading_client, "綠耕隊")
    vietnamese = link(page, "Vietnamese")
    assert parse_qs(urlsplit(vietnamese).query) == {"q": ["綠耕隊 lang:vi"]}
    narrowed = read(reading_client, vietnamese)
    assert narrowed.css_first("#q").attributes["value"] == "綠耕隊 lang:vi"
    assert texts(narrowed, ".tick[aria-current]") == ["✓Vietnamese (chosen)"]
    both = read(reading_client, link(narrowed, "English"))
    assert both.css_first("#q").attributes["value"] == "綠耕隊 lang:(vi OR en)"
    bar = read(reading_client, page.css(".bars a")[1].attributes["href"] or "")
    assert bar.css_first("#q").attributes["value"] == "綠耕隊 date:2014-10"
    assert link(bar, "All dates") == f"/?q={quote('綠耕隊')}"
    stories = search(reading_client, "綠耕隊 lang:vi", "&list=stories&order=relevance&forms=typed")
    again = parse_qs(urlsplit(link(stories, "Vietnamese")).query)
    assert again == {"q": ["綠耕隊"], "list": ["stories"], "order": ["relevance"], "forms": ["typed"]}
    hidden = {
        one.attributes["name"]: one.attributes["value"]
        for one in stories.css(".search-form input[type=hidden]")
    }
    assert hidden == {"list": "stories", "order": "relevance", "forms": "typed"}


@pytest.mark.parametrize("more", ["", "&list=stories", "&order=relevance", "&list=stories&order=relevance"])
def test_a_file_holds_what_the_pages_show(reading_client: TestClient, more: str) -> None:
    for language in ("en", "vi"):
        reading_client.cookies.set("resound_language", language)
        address = f"/?q={quote('綠耕隊 OR rác')}{more}"
        pages = list(all_pages(reading_client, address))
        shown = [
            (
                " ".join(texts(hit, "h3")),
                texts(hit, ".meta span")[0],
                [text.strip("… ") for text in texts(hit, ".snippet > span[lang], p.snippet[lang]")],
            )
            for page in pages
            for hit in page.css(".hit")
        ]
        assert len(pages) > 1

        answer = reading_client.get(link(pages[0], "CSV"))

        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith('attachment; filename="search-')
        assert answer.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        found = [
            (
                " ".join(row[4].removeprefix("'").split()),
                row[1],
                [text.strip("… ") for text in row[7].split(" … ")],
            )
            for row in rows[1:]
        ]
        assert [one[:2] for one in found] == [one[:2] for one in shown]
        assert [" ".join(one[2]) for one in found] == [" ".join(one[2]) for one in shown]
    reading_client.cookies.clear()
    lines = reading_client.get(link(pages[0], "JSON Lines")).text.splitlines()
    assert [" ".join(json.loads(line)["title"].split()) for line in lines] == [one[0] for one in shown]


def test_pages_go_on_where_the_last_one_ended(reading_client: TestClient) -> None:
    pages = list(all_pages(reading_client, f"/?q={quote('綠耕隊')}"))
    assert [len(page.css(".hit")) for page in pages] == [20, 20, 1]
    assert link(pages[1], "To the first page") == f"/?q={quote('綠耕隊')}"
    lost = reading_client.get(f"/?q={quote('綠耕隊')}&after=nonsense")
    assert (lost.status_code, lost.headers["location"]) == (303, f"/?q={quote('綠耕隊')}")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "There is no field colour: (to look for the words, put them in quotes). What fits here: one of title:,"),
        ("zh-TW", "沒有 colour: 這個欄位（若要搜尋這些字，請加上引號）。此處可以是：下列之一：title:"),
        ("vi", "Không có trường colour: (muốn tìm các từ này, hãy đặt trong ngoặc kép). Ở đây có thể là: một trong: title:"),
    ],
)  # fmt: skip
def test_a_mistake_is_marked_and_said(reading_client: TestClient, language: str, said: str) -> None:
    headers = {"accept-language": language}
    page = read(reading_client, f"/?q={quote('綠耕隊 colour:red <b>')}", 400, **headers)
    live = read(reading_client, f"/search/meaning?q={quote('綠耕隊 colour:red <b>')}", **headers)
    for one in (page, live):
        assert said in " ".join(texts(one, "#query-mistake"))
        assert texts(one, "#query-mistake mark") == ["colour:red"]
        assert one.css_first(".query-marked").text() == "綠耕隊 colour:red <b>"
    assert page.css_first("#q").attributes["aria-invalid"] == "true"
    assert not page.css(".hit")


def test_nothing_found_offers_what_finds_something(reading_client: TestClient) -> None:
    page = search(reading_client, "綠耕隊 date:2013 lang:vi")
    assert texts(page, ".empty h2") == ["Nothing found"]
    suggestions = texts(page, ".suggestions li")
    assert suggestions[0] == "any date: 綠耕隊 lang:vi (11 items)"
    assert texts(page, ".tick[aria-current]") == ["✓Vietnamese (chosen)"]
    assert "Try fewer words" in texts(search(reading_client, "zxqv"), ".empty")[0]


def test_an_empty_house_says_what_to_do(small: TestClient) -> None:
    page = read(small, "/")
    assert texts(page, "h1") == ["Search the news"]
    assert texts(page, ".empty h2") == ["Nothing has been collected yet"]
    assert link(page, "To the sources") == "/sources"


def test_the_start_page_shows_the_newest_of_everything(reading_client: TestClient) -> None:
    page = read(reading_client, "/")
    assert texts(page, ".result-head h2")[0].startswith("90 items")
    assert not page.css(".meaning")


def test_a_search_that_is_behind_says_by_how_much(
    reading_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up = reading_client.app.state.catch_up  # type: ignore[attr-defined]
    monkeypatch.setattr(catch_up, "look", lambda: IndexUpdate(behind=3, trouble="The disk is full."))
    page = search(reading_client, "綠耕隊")
    assert "Search is behind: 3 articles have changed" in texts(page, ".note-wait")[0]
    assert texts(page, ".note-wait [lang=en]") == ["The disk is full."]
    assert page.css(".hit")


def test_an_index_that_does_not_answer_leaves_the_box(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "index.sqlite").write_bytes(b"this is no index" * 1000)
    with TestClient(make_app(data), base_url="http://127.0.0.1") as client:
        page = read(client, "/?q=綠耕隊", 503)
        assert "Search is not available now." in texts(page, ".note-bad[role=alert]")[0]
        assert page.css_first("#q").attributes["value"] == "綠耕隊"
        assert client.get("/search/hits.csv?q=a").status_code == 503


HOSTILE = [
    "<script>parent.evil = 1</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</h3></article><h1>x",
    "=cmd|' /C calc'!A0",
    "rác\u202egnp.exe",
    "\x00\x1b[2J",
]


def hostile_items(shared_data: Path) -> list[IndexDocument]:
    """Items whose titles, texts, outlets, addresses and translations are what breaks other people's pages."""
    folder = shared_data / "vectors"
    naughty = json.loads((folder / "blns.json").read_text("utf-8"))
    dirty = [one["input"] for one in json.loads((folder / "sanitizer-html5lib.json").read_text("utf-8"))]
    titles = [*HOSTILE, *(one for one in [*naughty, *dirty] if one.strip())]
    return [
        item(
            f"{n:04}",
            title,
            date(2014, 10, 2),
            body=f"rác {title}",
            outlet=f"o{n % 9}",
            shown={
                "url": "javascript:alert(1)" if n % 2 else title,
                "outlet_name": title,
                "translated_title": title,
                "translated_by": title,
            },
        )
        for n, title in enumerate(titles)
    ]


def test_hostile_titles_are_only_text(small: TestClient, shared_data: Path) -> None:
    items = hostile_items(shared_data)
    titles = [one.document.title for one in items]
    index_of(small).write(items, [], cursor=0)
    ours = {"htmx.min.js", "resound.js"}
    seen = []
    for page in all_pages(small, "/?q=r%C3%A1c"):
        scripts = [one.attributes.get("src") or "" for one in page.css("script")]
        assert {one.split("?")[0].rpartition("/")[2] for one in scripts} == ours
        for node in page.css("*"):
            assert not [name for name in node.attributes if name.startswith("on")]
            for name in ("href", "src", "action"):
                assert not re.match(r"\s*(javascript|data|vbscript):", node.attributes.get(name) or "", re.I)
        assert len(page.css("h1")) == 1
        assert not page.css(".hit b, .hit i, .hit u, .hit img, .hit h1")
        seen += [one.text() for one in page.css(".hit h3")]
    assert len(seen) == len(titles)
    assert [" ".join(one.split()) for one in seen[:2]] == [" ".join(one.split()) for one in titles[:2]]
    rows = list(csv.reader(io.StringIO(small.get("/search/hits.csv?q=r%C3%A1c").text.removeprefix("\ufeff"))))
    assert len(rows) == 1 + len(titles)
    assert not [cell for row in rows for cell in row if cell.lstrip(" ")[:1] in ("=", "+", "-", "@")]


def test_many_hits_come_as_a_stream(small: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    index_of(small).write([item(f"{n:05}", f"rác {n}") for n in range(1700)], [], cursor=0)
    asked = []
    real = SqliteIndex.search
    monkeypatch.setattr(
        SqliteIndex, "search", lambda *given, **more: asked.append(more["limit"]) or real(*given, **more)
    )
    with small.stream("GET", "/search/hits.jsonl?q=r%C3%A1c") as answer:
        assert answer.headers["content-type"] == "application/jsonl"
        assert "content-length" not in answer.headers
        titles = [json.loads(line)["title"] for line in answer.iter_lines()]
    assert titles == [f"rác {n}" for n in range(1700)]
    assert asked == [500] * 4, "one page at a time"


def test_exports_and_searches_are_bounded(small: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from limits import parse

    monkeypatch.setitem(LIMITS, "export", parse("2/minute"))
    monkeypatch.setitem(LIMITS, "search", parse("3/minute"))
    assert [small.get("/search/hits.csv").status_code for _ in range(3)] == [200, 200, 429]
    assert [small.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert small.get("/search/meaning?q=a").status_code == 200, "typing is not bounded by searching"


def test_every_example_of_the_help_can_be_asked(reading_client: TestClient) -> None:
    for language in ("en", "zh-TW", "vi"):
        page = read(reading_client, "/search/help", **{"accept-language": language})
        examples = [one.attributes["href"] or "" for one in page.css("a.example")]
        assert len(examples) > 25
        if language == "en":
            for address in examples:
                live = reading_client.get(address.replace("/?", "/search/meaning?"))
                assert "query-mistake" not in live.text, address


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "width"),
    [
        ("vi", 320),
        ("zh-Hant", 1200),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in (("zh-Hant", 320), ("en", 320), ("vi", 1200))
        ),
    ],
)
def test_the_pages_keep_nobody_out(
    reading_address: str, open_page: OpenPage, language: str, width: int
) -> None:
    for path in ("/", f"/?q={quote('綠耕隊 lang:vi')}&list=stories", "/?q=zxqv", "/search/help", "/searches"):
        page = open_page(reading_address + path, language=language, width=width)
        for part in page.locator("main details").all():
            part.evaluate("one => { one.open = true }")
        assert barriers(page) == [], path


@pytest.mark.browser
def test_hostile_titles_run_nothing(tmp_path: Path, shared_data: Path, open_page: OpenPage) -> None:
    data = tmp_path / "data"
    data.mkdir()
    index = SqliteIndex(data / "index.sqlite")
    index.write(hostile_items(shared_data), [], cursor=0)
    index.close()
    with served(make_app(data)) as address:
        page = open_page(f"{address}/?q=r%C3%A1c", width=375)
        page.on("dialog", lambda _: pytest.fail("something ran"))
        for _ in range(8):
            assert page.evaluate("document.querySelectorAll('.hit').length") == 20
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            page.get_by_role("link", name="Next page").click()
            page.wait_for_load_state()
        assert page.evaluate("window.evil") is None


@pytest.mark.browser
def test_a_query_is_explained_while_it_is_typed(reading_address: str, open_page: OpenPage) -> None:
    page = open_page(reading_address + "/", language="vi")
    page.keyboard.type("rac thai dien tu (lang:vi")
    page.locator("#query-mistake").wait_for()
    assert page.locator("#query-mistake mark").inner_text() == "…"
    page.keyboard.type(")")
    page.locator(".meaning").wait_for()
    assert "Ngôn ngữ: Tiếng Việt" in page.locator(".meaning").inner_text()
    page.keyboard.press("Enter")
    page.locator(".hits").wait_for()
    assert parse_qs(urlsplit(page.url).query)["q"] == ["rac thai dien tu (lang:vi)"]


@pytest.mark.browser
def test_on_a_phone_the_facets_wait_and_on_a_screen_they_stand_open(
    reading_address: str, open_page: OpenPage
) -> None:
    for width, is_open in ((375, False), (1200, True)):
        page = open_page(f"{reading_address}/?q=APO", width=width)
        assert page.locator(".tick").first.is_visible() is is_open
        if not is_open:
            page.get_by_text("Narrow down").click()
            assert page.locator(".tick").first.is_visible()


def test_an_article_leads_back_to_the_very_list_it_was_opened_from(reading_client: TestClient) -> None:
    first = search(reading_client, "綠耕隊", "&order=relevance&list=stories&forms=typed")
    second = search(reading_client, "綠耕隊").css_first("a[rel=next]")
    assert second is not None
    for asked in (first, read(reading_client, second.attributes["href"] or "")):
        opened = read(reading_client, asked.css_first(".hit h3 a").attributes["href"] or "")
        back = read(reading_client, link(opened, "Back to the search"))
        assert texts(back, ".hit h3") == texts(asked, ".hit h3")
        assert texts(back, ".result-head") == texts(asked, ".result-head")


def test_another_translation_keeps_the_way_back_to_the_search(reading_client: TestClient) -> None:
    asked = search(reading_client, "綠耕隊 lang:vi", "&list=stories")
    article = asked.css_first(".hit h3 a").attributes["href"] or ""
    opened = read(reading_client, article)
    other = opened.css_first('nav[aria-label="Language of the translation"] a:not([aria-current])')
    assert other is not None
    turned = read(reading_client, article.partition("?")[0] + (other.attributes["href"] or ""))
    assert "list=stories" in link(turned, "Back to the search")
    assert link(turned, "Back to the search") == link(opened, "Back to the search")


@pytest.mark.parametrize(("language", "theirs"), [("zh-TW", "zh-Hant"), ("vi", "en"), ("en", "en")])
def test_glosses_and_outlets_are_in_the_readers_language(
    reading_client: TestClient, language: str, theirs: str
) -> None:
    asked = {"accept-language": language}
    page = search(reading_client, "綠耕隊", **asked)
    tags = {one.attributes["lang"] for one in page.css(".hit-translation > span:first-child")}
    assert tags == {theirs}
    shown = {
        one.css_first("h3 a").text(): (
            texts(one, ".meta span")[0],
            [gloss.text() for gloss in one.css(".hit-translation > span:first-child")],
        )
        for one in page.css(".hit")
    }
    lines = [
        json.loads(one)
        for one in reading_client.get(link(page, "JSON Lines"), headers=asked).text.splitlines()
    ]
    for one in lines:
        outlet, glosses = shown.get(one["title"], (one["outlet_name"], []))
        assert one["outlet_name"] == outlet
        assert not glosses or glosses == [one["translated_title"]]
        assert "translated_title" not in one or one["translated_language"] in (theirs, "en")
    table = reading_client.get(link(page, "CSV"), headers=asked).text.removeprefix("\ufeff")
    rows = {row[4].removeprefix("'"): row for row in csv.reader(io.StringIO(table))}
    assert [rows[one["title"]][5] for one in lines] == [one.get("translated_title", "") for one in lines]
