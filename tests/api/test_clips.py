"""Adding clips by hand and by table: what is taken, what is refused, and what nobody may do."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from api.desk import Desk
from resound.clips.rewording import is_by_hand
from resound.clips.rows import read_clips
from resound.searching.search import search
from resound.store import work
from resound.store.articles import list_article_ids, load_articles
from tests.api.conftest import OpenPage, barriers, csrf_of, make_app
from tests.api.markup import foreign_markup
from tests.api.staffed import Clock, browsing
from tests.api.staffed import make_app as staffed_app

TV = {
    "medium": "tv",
    "outlet": "Mekong TV",
    "date": "2014-10-05",
    "airtime": "19:30",
    "title": "Đội Xanh Tuần hoàn Tài nguyên chia tay thành phố",
    "text": "Đội Xanh Tuần hoàn Tài nguyên ký biên bản ghi nhớ với SMEDEC 2.",
    "language": "vi",
}
PDF = b"%PDF-1.7\nscan"


def text_of(html: str) -> str:
    assert foreign_markup(html) == []
    body = LexborHTMLParser(html).css_first("main")
    assert body is not None
    return " ".join(body.text(separator=" ").split())


def form_of(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    assert foreign_markup(answer.text) == []
    return csrf_of(answer.text)


def add(client: TestClient, file: tuple[str, bytes] | None = None, **cells: str):  # type: ignore[no-untyped-def]
    token = form_of(client, "/clips/new")
    files = {"file": (file[0], io.BytesIO(file[1]))} if file is not None else {"file": ("", b"")}
    return client.post("/clips/new", data={"csrf": token, **cells}, files=files)


def test_what_was_aired_this_morning_can_be_added_while_utc_has_yesterday(demo_copy: Path) -> None:
    clock = Clock(datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    with browsing(staffed_app(demo_copy, clock=clock, is_local=True), "http://127.0.0.1") as client:
        shown = LexborHTMLParser(client.get("/clips/new").text).css_first("#clip-date")
        assert shown is not None
        assert shown.attributes["max"] == "2026-01-06"
        assert add(client, **{**TV, "date": "2026-01-06"}).status_code == 303
        assert add(client, **{**TV, "date": "2026-01-08"}).status_code == 422


def kept(data: Path) -> set[str]:
    return {one.name for one in (data / "evidence" / "clips").iterdir()}


def test_a_broadcast_is_added_matched_and_found(client: TestClient, demo_copy: Path) -> None:
    answer = add(client, ("tin tối 5.10.pdf", PDF), **TV)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    told = text_of(page.text)
    assert "The clip is added." in told
    assert "Not reviewed yet" in told
    assert "Mekong TV" in told
    assert "tin tối 5.10.pdf" in told
    again = add(client, None, **TV)
    assert again.headers["location"].startswith(answer.headers["location"].partition("?")[0])
    assert again.headers["location"].endswith("came=known")
    desk: Desk = client.app.state.desk  # type: ignore[attr-defined]
    assert search(desk.index, "chia-tay").total == 1


def test_a_clip_is_told_in_words_and_not_in_our_own_marks(client: TestClient) -> None:
    cells = {**TV, "outlet": "TTXVN Nhỏ", "page": "A3"}
    path = add(client, ("a.txt", b"nineteen bytes long"), **cells).headers["location"]
    page = client.get(path).text
    body = LexborHTMLParser(page)
    meta = body.css_first("article > header .meta").text()
    assert "TTXVN Nhỏ" in meta
    assert "aired at 19:30" in meta
    assert "page A3" in meta
    entered = dict(
        zip(
            [one.text() for one in body.css(".evidence dt")],
            [one.text() for one in body.css(".evidence dd")],
            strict=True,
        )
    )
    assert (entered["Medium"], entered["Language"]) == ("television", "Vietnamese")
    assert "19 bytes" in page
    found = client.get("/?q=chia-tay").text
    assert "clip:" not in text_of(found)
    assert "TTXVN Nhỏ" in text_of(found)
    assert "ttxvn nhỏ" not in text_of(found)
    table = client.get("/search/hits.csv?q=chia-tay").text
    assert "clip:" not in table
    key = path.removeprefix("/articles/").partition("?")[0]
    review = client.get(client.get("/review").headers["location"], params={"item": key}).text
    assert "TTXVN Nhỏ" in review
    assert "at the publisher" not in review


def test_a_text_that_follows_is_a_new_version_and_is_matched(client: TestClient) -> None:
    first = add(client, None, **{**TV, "text": "", "title": "Thời sự tối"})
    page = text_of(client.get(first.headers["location"]).text)
    assert "It matches no campaign." in page
    again = add(client, None, **{**TV, "title": "Thời sự tối"})
    assert again.headers["location"].endswith("came=changed")
    page = text_of(client.get(again.headers["location"]).text)
    assert "The clip has a new version." in page
    assert "ký biên bản ghi nhớ với SMEDEC 2" in page
    assert "Not reviewed yet" in page
    assert "Version 2" in page
    desk: Desk = client.app.state.desk  # type: ignore[attr-defined]
    with desk.store.read() as connection:
        article = again.headers["location"].rpartition("/")[2].partition("?")[0]
        assert not work.is_finished(connection, "translate", article)
    assert search(desk.index, "SMEDEC AND outlet:mekong-tv").total == 1


def test_a_clip_is_corrected_in_the_form_that_it_came_by(client: TestClient, demo_copy: Path) -> None:
    where = add(client, None, **{**TV, "language": "en"}).headers["location"].partition("?")[0]
    page = LexborHTMLParser(client.get(where).text)
    link = next(one for one in page.css("main a") if one.text() == "Correct this clip")
    there = str(link.attributes["href"])
    shown = client.get(there)
    assert foreign_markup(shown.text) == []
    form = LexborHTMLParser(shown.text)
    title, text = form.css_first("#clip-title"), form.css_first("#clip-text")
    assert title is not None
    assert text is not None
    assert (title.attributes["value"], text.text()) == (TV["title"], TV["text"])
    assert "Mekong TV" in text_of(shown.text)
    sent = {"csrf": csrf_of(shown.text), "text": TV["text"], "language": "vi", "outlet": "Another TV"}
    wrong = client.post(there, data={**sent, "title": ""})
    assert wrong.status_code == 422
    assert "Nothing was changed yet." in text_of(wrong.text)
    answer = client.post(there, data={**sent, "title": "Đội Xanh chia tay"})
    assert answer.headers["location"] == f"{where}?came=changed"
    page = client.get(where).text
    told = text_of(page)
    assert "Đội Xanh chia tay" in told
    assert "Mekong TV" in told
    assert "Another TV" not in told
    assert told.count("Entered by hand") == 2
    desk: Desk = client.app.state.desk  # type: ignore[attr-defined]
    with desk.store.read() as connection:
        articles = load_articles(connection, list_article_ids(connection)).values()
    key = next(one.id for one in articles if not is_by_hand(one.article))
    assert "Correct this clip" not in client.get(f"/articles/{key}").text
    assert client.get(f"/clips/{key}/correct").status_code in (400, 422)
    assert client.get("/clips/0123456789abcdef/correct").status_code == 404


def test_the_file_is_handed_out_as_a_download_whatever_its_name(client: TestClient) -> None:
    evil = 'a"; filename=evil.html\r\nSet-Cookie: x=1\r\n 剪報\u202efdp.<script>.pdf'
    answer = add(client, (evil, PDF), **TV)
    page = client.get(answer.headers["location"]).text
    assert foreign_markup(page) == []
    link = next(
        str(node.attributes["href"])
        for node in LexborHTMLParser(page).css("a[download]")
        if "clip-files" in str(node.attributes["href"])
    )
    got = client.get(link)
    assert (got.status_code, got.content) == (200, PDF)
    disposition = got.headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    assert "set-cookie" not in got.headers
    name = unquote(disposition.rpartition("UTF-8''")[2])
    assert not set(name) & set('"<>\r\n/\\\u202e')
    assert "剪報" in name
    assert disposition.isascii()
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]


def test_only_a_hash_that_a_clip_names_is_handed_out(client: TestClient, demo_copy: Path) -> None:
    (demo_copy / "evidence" / "clips" / ("0" * 64)).write_bytes(b"nobody's")
    for name in ("0" * 64, "x", "..%2f..%2fresound.sqlite", "%2e%2e", "a" * 64 + "%00"):
        assert client.get(f"/clip-files/{name}").status_code == 404


def test_a_picture_shows_itself_and_nothing_else_does(client: TestClient) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
    page = client.get(add(client, ("a.png", png), **TV).headers["location"]).text
    sources = [str(node.attributes["src"]) for node in LexborHTMLParser(page).css("main img")]
    assert len(sources) == 1
    assert sources[0].startswith("/clip-files/")
    assert client.get(sources[0]).headers["content-type"] == "image/png"
    page = client.get(add(client, ("b.pdf", PDF), **{**TV, "airtime": "07:00"}).headers["location"]).text
    assert LexborHTMLParser(page).css("main img") == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.pdf", b"<html><script>alert(1)</script>"),
        ("film.mp4", b"MZ\x90\x00 program"),
        ("scan.png", b"\x89PNG not quite"),
        ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("empty.pdf", b""),
    ],
)
def test_what_is_no_evidence_is_refused_and_leaves_nothing(
    client: TestClient, demo_copy: Path, name: str, data: bytes
) -> None:
    before = kept(demo_copy)
    answer = add(client, (name, data), **TV)
    assert answer.status_code == 422
    told = text_of(answer.text)
    assert "Nothing was added yet." in told
    assert "none of what is taken" in told or "is empty" in told
    page = LexborHTMLParser(answer.text)
    assert page.css_first("#clip-file[aria-invalid=true]") is not None
    title = page.css_first("#clip-title")
    assert title is not None
    assert title.attributes["value"] == TV["title"]  # what was typed is not lost
    assert kept(demo_copy) == before


def test_too_large_a_file_is_refused_before_and_after_it_came(demo_copy: Path) -> None:
    with TestClient(
        make_app(demo_copy, max_upload=100_000), base_url="http://127.0.0.1", follow_redirects=False
    ) as client:
        before = kept(demo_copy)
        answer = add(client, ("a.pdf", b"%PDF-" + bytes(200_000)), **TV)
        assert answer.status_code == 422
        assert "larger than" in text_of(answer.text)
        token = form_of(client, "/clips/new")
        huge = client.post(
            "/clips/new", data={"csrf": token, **TV}, files={"file": ("a.pdf", bytes(3_000_000))}
        )
        assert huge.status_code == 413
        assert kept(demo_copy) == before


def test_what_is_wrong_stands_at_its_field_in_the_readers_language(client: TestClient) -> None:
    token = form_of(client, "/clips/new")
    answer = client.post(
        "/clips/new",
        data={"csrf": token, "outlet": "Đài Mới", "title": "T"},
        headers={"accept-language": "zh-Hant"},
    )
    assert answer.status_code == 422
    assert "請填寫媒體類型" in answer.text
    page = LexborHTMLParser(answer.text)
    assert page.css_first("#clip-medium[aria-invalid=true][aria-describedby]") is not None


def test_a_form_of_another_site_adds_nothing(client: TestClient) -> None:
    for path in ("/clips/new", "/clips/import"):
        assert client.post(path, data={**TV, "csrf": "wrong"}).status_code == 403
        token = form_of(client, path)
        foreign = {"sec-fetch-site": "cross-site"}
        assert client.post(path, data={**TV, "csrf": token}, headers=foreign).status_code == 403


TABLE = """媒體,標題,日期,媒體類型,版面,播出時間,檔案,內文,語言
範例日報,綠耕隊訪越 簽署備忘錄,2014-10-03,報紙,A5,,a5.pdf,綠耕隊與SMEDEC 2簽署合作備忘錄。,zh-Hant
Truyền hình mới,Thời sự tối,2014-10-04,tv,,19:30,news.mov,Đội Xanh đến thành phố.,vi
範例日報,綠耕隊,昨天,報紙,A6,,,,
範例日報,綠耕隊訪越 簽署備忘錄,2014-10-03,報紙,A5,,a5.pdf,x,zh-Hant
範例日報,另一則,2014-10-03,報紙,A7,,missing.pdf,x,zh-Hant
"""


def bring(
    client: TestClient, table: bytes = TABLE.encode(), name: str = "剪報.csv", *files: tuple[str, bytes]
):  # type: ignore[no-untyped-def]
    token = form_of(client, "/clips/import")
    sent = [("table", (name, table)), *(("files", one) for one in files)]
    return client.post("/clips/import", data={"csrf": token}, files=sent)


def test_a_table_is_looked_at_and_then_imported(client: TestClient, demo_copy: Path) -> None:
    before = kept(demo_copy)
    answer = bring(client, TABLE.encode(), "剪報.csv", ("a5.pdf", PDF), ("news.mov", b"\0\0\0\x14ftypqt  "))
    assert answer.status_code == 303
    address = answer.headers["location"]
    page = client.get(address)
    told = text_of(page.text)
    assert "1 will be added 1 will be a new version 0 known already 3 with a problem" in told
    assert "none of what is taken" in told
    assert "no date that can be read" in told
    assert "row 2 of this table once more, with other words" in told
    assert "'missing.pdf' is not beside the table" in told
    assert kept(demo_copy) == before
    done = client.post(address, data={"csrf": csrf_of(page.text), "what": "import"})
    assert done.status_code == 303
    report = text_of(client.get(done.headers["location"]).text)
    assert "1 added 1 new version 0 known already 3 with a problem" in report
    assert not list((demo_copy / "uploads").glob("*/table"))
    twice = client.post(address, data={"csrf": csrf_of(page.text), "what": "import"})
    assert twice.headers["location"] == address
    chinese = client.get(address, headers={"accept-language": "zh-Hant"})
    assert "無法讀取日期" in chinese.text
    told = [
        " ".join(one.text(separator=" ").split()) for one in LexborHTMLParser(chinese.text).css("tbody tr")
    ]
    wrong = next(one for one in told if "昨天" in one)
    assert "綠耕隊" in wrong  # whose row it is
    assert "範例日報" in wrong
    assert "已新增 1 則" in chinese.text


def test_outlets_are_named_as_the_reader_names_them(client: TestClient) -> None:
    table = (
        "outlet,title,date,medium\nFormosa Daily,綠耕隊返國,2014-10-09,print\nFormosa Daily,X,soon,print\n"
    )
    address = bring(client, table.encode()).headers["location"]
    chinese = {"accept-language": "zh-Hant"}
    preview = client.get(address, headers=chinese).text
    client.post(address, data={"csrf": csrf_of(preview), "what": "import"})
    for page in (preview, client.get(address, headers=chinese).text):
        cells = [one.text().strip() for one in LexborHTMLParser(page).css("td[data-name='媒體']")]
        assert cells[1] == "Formosa Daily"  # as it was written: nothing became of it
        assert cells[0].startswith("寶島日報")


def test_files_may_come_as_one_zip(client: TestClient) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("剪報檔/a5.pdf", PDF)
        archive.writestr("../../evil.txt", "x")
    address = bring(client, TABLE.encode(), "t.csv", ("all.zip", made.getvalue())).headers["location"]
    assert "1 will be added" in text_of(client.get(address).text)


def test_a_table_can_be_forgotten(client: TestClient, demo_copy: Path) -> None:
    address = bring(client).headers["location"]
    page = client.get(address).text
    answer = client.post(address, data={"csrf": csrf_of(page), "what": "discard"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/clips/import")
    assert client.get(address).status_code == 404
    assert list((demo_copy / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("table", "name", "sentence"),
    [
        (b"", "a.csv", "no header row"),
        (b"nothing,known\n1,2\n", "a.csv", "no header row"),
        (b"PK\x03\x04broken", "a.xlsx", "no spreadsheet"),
        (b"broken", "a.xlsx", "no spreadsheet"),
        (b"outlet,title\n" + b"a,b\n" * 1001, "a.csv", "more than 1000 rows"),
        (b"\x7fELF", "a.csv", "no header row"),
    ],
)
def test_what_is_no_table_is_told_and_not_kept(
    client: TestClient, demo_copy: Path, table: bytes, name: str, sentence: str
) -> None:
    answer = bring(client, table, name)
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)
    assert str(demo_copy) not in answer.text
    assert list((demo_copy / "uploads").iterdir()) == []


def test_a_zip_that_inflates_without_end_is_refused(demo_copy: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a5.pdf", b"%PDF-" + bytes(60_000_000))
    with TestClient(
        make_app(demo_copy, max_upload=200_000), base_url="http://127.0.0.1", follow_redirects=False
    ) as client:
        address = bring(client, TABLE.encode(), "t.csv", ("all.zip", made.getvalue())).headers["location"]
        assert "'a5.pdf' is larger than" in text_of(client.get(address).text)
    size = sum(one.stat().st_size for one in (demo_copy / "uploads").rglob("*") if one.is_file())
    assert size < 5_000_000


@pytest.mark.parametrize("language", ["en", "zh-Hant", "vi"])
def test_the_templates_can_be_filled_in(client: TestClient, tmp_path: Path, language: str) -> None:
    for kind in ("csv", "xlsx"):
        answer = client.get(f"/clips/template.{kind}", headers={"accept-language": language})
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment")
        path = tmp_path / f"t.{kind}"
        path.write_bytes(answer.content)
        assert list(read_clips(path)) == []
    assert client.get("/clips/template.exe").status_code == 422


@pytest.mark.slow
def test_hostile_words_are_words_in_forms_and_tables(client: TestClient, shared_data: Path) -> None:
    vectors: list[str] = json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))
    vectors += [
        one["input"]
        for one in json.loads(
            (shared_data / "vectors" / "sanitizer-html5lib.json").read_text(encoding="utf-8")
        )
    ]
    rows = ["outlet,title,medium,file,text,note,page"]
    for at, vector in enumerate(vectors):
        cell = '"' + vector.replace('"', '""').replace("\x00", "") + '"'
        rows.append(f"o{at},{cell},print,{cell if at % 3 == 0 else ''},{cell},{cell},{cell}")
    name = vectors[-1][:80]
    answer = bring(client, "\n".join(rows).encode("utf-8", "replace"), name or "x")
    assert answer.status_code == 303, text_of(answer.text)
    address = answer.headers["location"]
    page = client.get(address)
    assert page.status_code == 200
    assert foreign_markup(page.text) == []
    done = client.post(address, data={"csrf": csrf_of(page.text), "what": "import"})
    report = client.get(done.headers["location"])
    assert report.status_code == 200
    assert foreign_markup(report.text) == []
    links = [str(node.attributes["href"]) for node in LexborHTMLParser(report.text).css("td a")]
    assert len(links) > 300
    for link in links[::40]:
        shown = client.get(link)
        assert shown.status_code == 200
        assert foreign_markup(shown.text) == []
    for vector in vectors[::25]:
        cells = dict.fromkeys(TV, vector[:400])
        again = add(
            client, (vector[:100] or "x", vector.encode("utf-8", "replace")), **{**cells, "medium": "tv"}
        )
        assert again.status_code in (303, 422)
        if again.status_code == 422:
            assert foreign_markup(again.text) == []


@pytest.mark.browser
@pytest.mark.parametrize(("language", "width"), [("zh-Hant", 1200), ("vi", 320)])
def test_the_officer_brings_clips_by_hand_and_by_table(
    address: str, open_page: OpenPage, tmp_path: Path, language: str, width: int
) -> None:
    (tmp_path / "a5.pdf").write_bytes(PDF)
    (tmp_path / "clips.csv").write_text(TABLE, encoding="utf-8")
    page = open_page(f"{address}/clips/new", language=language, width=width, expect_errors=True)
    assert barriers(page) == []
    page.fill("[name=outlet]", "Mekong TV")
    page.locator("main .primary").click()
    assert page.locator("[aria-invalid=true]").count() == 1
    assert barriers(page) == []
    page.check("[name=medium][value=tv]")
    for name in ("title", "date", "airtime", "text"):
        page.fill(f"[name={name}]", TV[name])
    page.set_input_files("[name=file]", tmp_path / "a5.pdf")
    page.locator("main .primary").click()
    assert page.locator("h1").inner_text() == TV["title"]
    assert barriers(page) == []
    page.goto(f"{address}/clips/import")
    assert barriers(page) == []
    page.set_input_files("#table", tmp_path / "clips.csv")
    page.set_input_files("#files", [tmp_path / "a5.pdf"])
    page.locator("main .primary").click()
    page.wait_for_url("**/clips/import/*")
    assert page.locator("tbody tr").count() == 5
    assert barriers(page) == []
    page.locator("main .primary").click()
    page.wait_for_selector("tbody tr.row-added")
    assert barriers(page) == []
