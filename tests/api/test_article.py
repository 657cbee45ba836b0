"""The page of one article, its versions, and its evidence to take away."""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from resound.article import Article, FoundDate, LanguageGuess
from resound.pipeline import settle
from resound.store import Store, open_store, work
from resound.store.articles import Placement, store_article
from tests.api.conftest import OpenPage, barriers, make_app, served
from tests.api.markup import foreign_markup

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def one(data: Path, statement: str) -> str:
    """An id out of the demo's store."""
    with sqlite3.connect(data / "resound.sqlite") as connection:
        return str(connection.execute(statement).fetchone()[0])


VIETNAMESE = """SELECT m.article FROM match m JOIN article a ON a.id = m.article JOIN version v ON v.id = a.current
    WHERE v.tag = 'vi' AND m.matched ORDER BY length(v.paragraphs) DESC LIMIT 1"""
EDITED = "SELECT article FROM version GROUP BY article HAVING count(*) > 1 LIMIT 1"
COPY = "SELECT id FROM article WHERE kind = 'copy' LIMIT 1"
CLIP = "SELECT article FROM clip LIMIT 1"
# One that an English reader would want translated: which article comes first depends on the order of the crawl.
UNMATCHED = (
    "SELECT article.id FROM article JOIN version ON version.id = article.current WHERE article.kind = 'item' "
    "AND article.id NOT IN (SELECT article FROM match) AND version.language = 'zh' ORDER BY article.id LIMIT 1"
)


def ask(client: TestClient, path: str, language: str = "en") -> LexborHTMLParser:
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    assert foreign_markup(answer.text) == []
    return LexborHTMLParser(answer.text)


def words(page: LexborHTMLParser, selector: str = "main") -> str:
    return " ".join(node.text(separator=" ") for node in page.css(selector))


def test_original_and_translation_stand_side_by_side(reading_client: TestClient, demo_folder: Path) -> None:
    key = one(demo_folder, VIETNAMESE)
    page = ask(reading_client, f"/articles/{key}")
    rows = page.css(".reading-row:not(.reading-head)")
    assert len(rows) > 3
    for row in rows:
        original, translation = row.css("p")
        assert original.attributes["lang"] == "vi"
        assert translation.attributes.get("lang") == "en" or "not translated" in translation.text()
    assert "machine translation · resound-demo/vi-en · demo model" in words(page, ".reading-head")
    chinese = ask(reading_client, f"/articles/{key}?to=zh-Hant")
    assert {node.attributes["lang"] for node in chinese.css("p.translated")} == {"zh-Hant"}
    reader = ask(reading_client, f"/articles/{key}", "zh-Hant")
    assert {node.attributes["lang"] for node in reader.css("p.translated")} == {"zh-Hant"}


def test_moments_are_those_of_the_offices_clock(demo_copy: Path) -> None:
    key = one(demo_copy, VIETNAMESE)
    with TestClient(make_app(demo_copy, timezone="Asia/Ho_Chi_Minh"), base_url="http://127.0.0.1") as client:
        told = words(ask(client, f"/articles/{key}"))
    assert "GMT+07:00" in told
    assert "UTC" not in told


def test_the_words_of_the_search_are_marked(reading_client: TestClient, demo_folder: Path) -> None:
    key = one(demo_folder, VIETNAMESE)
    page = ask(reading_client, f"/articles/{key}?q=綠耕隊")
    assert page.css(".side-original mark.mark-search")  # the glossary's form in the original's language
    assert "Back to the search" in words(page)
    assert not ask(reading_client, f"/articles/{key}").css("mark.mark-search")
    assert "cannot be marked" in words(ask(reading_client, f"/articles/{key}?q=%22unclosed"))


def test_it_is_found_by_any_of_its_addresses(reading_client: TestClient, demo_folder: Path) -> None:
    key = one(demo_folder, VIETNAMESE)
    url = one(demo_folder, f"SELECT url FROM article WHERE id = '{key}'")
    for address in (url, url + ("&" if "?" in url else "?") + "utm_source=mail"):
        answer = reading_client.get("/article", params={"url": address, "q": "a b"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/articles/{key}?q=a+b")
    for address in ("https://nobody.example/1", "javascript:alert(1)", "", "//x"):
        assert reading_client.get("/article", params={"url": address}).status_code == 404
    assert reading_client.get("/articles/0000").status_code == 404
    short = reading_client.get(f"/article/{key}?q=a")
    assert (short.status_code, short.headers["location"]) == (308, f"/articles/{key}?q=a")
    assert reading_client.get("/article").status_code == 422


def test_every_article_of_the_demo_has_a_page_in_every_language(
    reading_client: TestClient, demo_folder: Path
) -> None:
    with sqlite3.connect(demo_folder / "resound.sqlite") as connection:
        keys = [row[0] for row in connection.execute("SELECT id FROM article ORDER BY id")]
    for at, key in enumerate(keys):
        page = ask(reading_client, f"/articles/{key}", ("en", "zh-Hant", "vi")[at % 3])
        assert len(page.css("h1")) == 1


def test_what_is_no_item_says_so(reading_client: TestClient, demo_folder: Path) -> None:
    copy = ask(reading_client, f"/articles/{one(demo_folder, COPY)}")
    assert "also seen at" in words(copy)
    assert not copy.css(".coding")
    nobody = ask(reading_client, f"/articles/{one(demo_folder, UNMATCHED)}")
    assert "It matches no campaign." in words(nobody)
    assert "only what matches a campaign is" in words(nobody, ".text")
    assert not nobody.css(".coding")
    asked = words(nobody, "aside")
    assert "Code it for a campaign all the same" in asked
    assert ask(
        reading_client, f"/articles/{one(demo_folder, UNMATCHED)}?campaign=apo-coe-gp-vietnam-2014"
    ).css(".coding")


def test_versions_are_compared_by_word(reading_client: TestClient, demo_folder: Path) -> None:
    key = one(demo_folder, EDITED)
    page = ask(reading_client, f"/articles/{key}/changes")
    assert [node.text() for node in page.css("section del")] + [
        node.text() for node in page.css("section ins")
    ]
    first = ask(reading_client, f"/articles/{key}/changes?from=1&to=2")
    assert words(first, "option[selected]").startswith("Version 1")
    same = ask(reading_client, f"/articles/{key}/changes?from=1&to=1")
    assert "Nothing that is read of the page is different." in words(same)
    assert reading_client.get(f"/articles/{key}/changes?from=1&to=99").status_code == 404
    assert reading_client.get(f"/articles/{key}/changes?from=0").status_code == 422
    assert reading_client.get(f"/articles/{key}/changes?from=x").status_code == 422
    only = ask(reading_client, f"/articles/{one(demo_folder, CLIP)}/changes")
    assert "There is one version only" in words(only)


def test_the_record_is_the_one_that_its_hash_names(reading_client: TestClient, demo_folder: Path) -> None:
    key = one(demo_folder, VIETNAMESE)
    page = ask(reading_client, f"/articles/{key}")
    (link, *_) = [node.attributes["href"] for node in page.css("a[download]")]
    answer = reading_client.get(str(link))
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() in str(link)
    assert b"WARC/1.1" in gzip.decompress(answer.content)
    headers = answer.headers
    assert headers["content-disposition"].startswith(f'attachment; filename="{key}-')
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["content-type"] == "application/gzip"
    other = one(demo_folder, EDITED)
    assert reading_client.get(str(link).replace(key, other)).status_code == 404  # another article's
    for name in ("0" * 64, "..%2f..%2fresound.sqlite", "x"):
        assert reading_client.get(f"/articles/{key}/evidence/{name}").status_code == 404


def test_what_is_lost_is_told_and_not_replaced(client: TestClient, demo_copy: Path) -> None:
    key = one(demo_copy, VIETNAMESE)
    link = str(ask(client, f"/articles/{key}").css("a[download]")[0].attributes["href"])
    for warc in (demo_copy / "evidence").glob("*.warc.gz"):
        warc.unlink()
    gone = client.get(link, headers={"accept-language": "zh-Hant"})
    assert gone.status_code == 410
    assert "已不存在" in gone.text
    clip = one(demo_copy, CLIP)
    file = str(ask(client, f"/articles/{clip}").css("a[download]")[0].attributes["href"])
    digest = file.rpartition("/")[2]
    assert client.get(file).status_code == 200
    (demo_copy / "evidence" / "clips" / digest).write_bytes(b"changed")
    changed = client.get(file, headers={"accept-language": "vi"})
    assert changed.status_code == 410
    assert "SHA-256 khác" in changed.text
    with sqlite3.connect(demo_copy / "resound.sqlite") as connection:
        connection.execute("UPDATE capture SET expired_at = '2026-01-02T00:00:00.000000Z'")
    page = ask(client, f"/articles/{key}")
    assert "expired on 2 Jan 2026" in words(page)
    assert not [node for node in page.css("a[download]") if "evidence" in str(node.attributes["href"])]
    assert client.get(link).status_code == 410


VECTOR_SITE = "https://vectors.example"


@pytest.fixture(scope="module")
def hostile_folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose articles hold every vector: in titles, bodies, bylines, sections, captions and addresses."""
    data = tmp_path_factory.mktemp("hostile")
    naughty: list[str] = json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))
    markup = [
        one["input"]
        for one in json.loads(
            (shared_data / "vectors" / "sanitizer-html5lib.json").read_text(encoding="utf-8")
        )
    ]
    vectors = [
        *markup,
        *naughty,
        '"><script>window.hacked=1</script>',
        "javascript:window.hacked=1",
        "{{ 7*7 }}{% if 1 %}",
    ]
    store = open_store(f"sqlite:///{data}/resound.sqlite")
    keys = []
    for at in range(0, len(vectors), 6):
        part = [*vectors[at : at + 6], *([""] * 6)]
        keys.append(put_hostile(store, at, part))
    settle(store, keys, clock=lambda: NOW, seconds=60)
    store.close()
    (data / "keys.json").write_text(json.dumps(keys))
    return data


def put_hostile(store: Store, number: int, part: list[str]) -> str:
    url = f"{VECTOR_SITE}/{number}"
    read = Article(
        url=url,
        canonical_url=f"{part[1]}#{number}" if number % 12 else url,
        title=part[0],
        paragraphs=(part[1] or "-", part[2], *part[3:5]),
        language=LanguageGuess("en", None, "en", 0.5),
        lead=part[1],
        byline=part[4],
        captions=(part[5], part[0]),
        section=part[3],
        published=FoundDate("text", part[2], at=NOW),
        extractor=part[5],
        notes=(part[0],),
    )
    key = f"{number:016x}"
    with store.write() as connection:
        for version in (read, replace(read, title=part[3], paragraphs=(part[0] or "-", part[5]))):
            store_article(
                connection,
                version,
                Placement("item", f"host:{part[2]}"[:200], "en", "online"),
                key=key,
                seen=NOW,
            )
        for stage in ("match", "group"):
            work.reopen(connection, stage, [key])  # type: ignore[arg-type]
    return key


@pytest.fixture(scope="module")
def hostile_client(hostile_folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(hostile_folder), base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def test_hostile_words_are_words(hostile_client: TestClient, hostile_folder: Path) -> None:
    for at, key in enumerate(json.loads((hostile_folder / "keys.json").read_text())):
        language = ("en", "zh-Hant", "vi")[at % 3]
        page = ask(hostile_client, f"/articles/{key}", language)
        ask(hostile_client, f"/articles/{key}/changes", language)
        assert "49" not in words(page, "h1")


@pytest.mark.slow
def test_hostile_searches_break_nothing(hostile_client: TestClient, shared_data: Path) -> None:
    vectors: list[str] = json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))
    for at, vector in enumerate(vectors):
        answer = hostile_client.get(
            f"/articles/{0:016x}", params={"q": vector, "to": vector[:30], "campaign": vector[:30]}
        )
        assert answer.status_code == 200, vector
        assert foreign_markup(answer.text) == []
        if at % 5 == 0:
            assert hostile_client.get("/article", params={"url": vector}).status_code in (303, 404)


@pytest.mark.browser
def test_nothing_hostile_runs_in_a_browser(hostile_folder: Path, open_page: OpenPage) -> None:
    keys = json.loads((hostile_folder / "keys.json").read_text())
    with served(make_app(hostile_folder)) as address:
        page = open_page(f"{address}/articles/{keys[0]}")
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog said {dialog.message!r}"))
        for key in keys:
            for path in (f"/articles/{key}", f"/articles/{key}/changes"):
                page.goto(address + path)
                assert page.evaluate("window.hacked") is None
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
@pytest.mark.parametrize(("language", "width"), [("zh-Hant", 1200), ("vi", 320), ("en", 375)])
def test_the_page_keeps_nobody_out(
    reading_address: str, demo_folder: Path, open_page: OpenPage, language: str, width: int
) -> None:
    page = open_page(
        f"{reading_address}/articles/{one(demo_folder, VIETNAMESE)}?q=綠耕隊", language=language, width=width
    )
    assert barriers(page) == []
    for key in (EDITED, COPY, CLIP, UNMATCHED):
        page.goto(f"{reading_address}/articles/{one(demo_folder, key)}")
        assert barriers(page) == []
    page.goto(f"{reading_address}/articles/{one(demo_folder, EDITED)}/changes")
    assert barriers(page) == []


@pytest.mark.browser
def test_one_side_can_be_read_alone_by_keyboard_and_without_script(
    reading_address: str, demo_folder: Path, open_page: OpenPage
) -> None:
    page = open_page(
        f"{reading_address}/articles/{one(demo_folder, VIETNAMESE)}", width=375, java_script_enabled=False
    )
    translation, original = (
        page.locator("p.translated").first,
        page.locator(".reading-paragraph .side-original").first,
    )
    assert translation.is_visible()
    page.get_by_label("Both", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert not translation.is_visible()
    assert original.is_visible()
    page.keyboard.press("ArrowRight")
    assert translation.is_visible()
    assert not original.is_visible()
    page.get_by_label("Marks", exact=True).uncheck()
    assert not page.locator(".legend").is_visible()


def test_what_is_told_of_other_articles_is_in_the_readers_language(
    reading_client: TestClient, demo_folder: Path
) -> None:
    key = one(demo_folder, VIETNAMESE)
    for language, theirs in (("zh-TW", "zh-Hant"), ("en", "en")):
        page = ask(reading_client, f"/articles/{key}", language)
        assert {node.attributes["lang"] for node in page.css("#story ~ ul .translated-title")} == {theirs}
    english = words(ask(reading_client, f"/articles/{key}"), "#story ~ ul .meta")
    chinese = words(ask(reading_client, f"/articles/{key}", "zh-TW"), "#story ~ ul .meta")
    assert english != chinese
