"""The printed report: tagged, in its languages, the same every time; and what feeds bring does not break or steer it."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest

pytest.importorskip("weasyprint", reason='PDFs need packages: pip install "resound[report]"')

from resound.clips.files import keep_file, kept_path
from resound.report.excerpts import Excerpts
from resound.report.printed import kept_whole, print_reports, style, write_pdf
from resound.report.shown import LaidSection, clip_links, turn_lone
from resound.report.tables import Column, Report, ReportTable, Row, Section
from resound.report.typesetting import Picture, missing_characters, set_pages
from resound.settings import UI_LANGUAGES
from resound.snapshots.model import Clip, Evidence
from resound.words import words
from tests.resound.printing import (
    ask,
    bookmarks_of,
    info_of,
    letters,
    needs_poppler,
    objects_of,
    outside_pages,
    text_of,
)
from tests.resound.sample_report import AS_OF, SHA, TEXTS, make_clips, make_report

pytestmark = needs_poppler


@pytest.fixture(scope="module")
def canary() -> Iterator[tuple[int, list[str]]]:
    """A server on loopback that remembers what was asked of it."""
    asked: list[str] = []

    class Remember(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Remember)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One PDF with a part in each language."""
    path = tmp_path_factory.mktemp("clean") / "report.pdf"
    write_pdf([make_report(one, clips=make_clips(hostile=False)) for one in UI_LANGUAGES], path)
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, canary: tuple[int, list[str]]) -> Path:
    """A PDF whose titles are as bad as they come."""
    path = tmp_path_factory.mktemp("hostile") / "report.pdf"
    write_pdf([make_report(clips=make_clips(port=canary[0]))], path)
    return path


def test_it_is_tagged_named_and_dated(clean: Path) -> None:
    info = info_of(clean)
    assert info["Tagged"] == "yes"
    assert info["Title"] == make_report(UI_LANGUAGES[0]).title
    assert info["Author"].startswith("Resound ")
    assert SHA in info["Subject"]
    assert info["CreationDate"] == info["ModDate"] == AS_OF.strftime("%a %b %e %H:%M:%S %Y UTC")
    assert info["JavaScript"] == "no"
    assert info["Form"] == "none"
    assert info["Page size"].endswith("(A4)")


def test_its_tags_have_headings_tables_pictures_and_quotes(clean: Path) -> None:
    tags = ask("pdfinfo", "-struct", str(clean))
    found = set(re.findall(r"^ *(\w+)", tags, re.MULTILINE))
    assert {
        "H1",
        "H2",
        "H3",
        "Table",
        "THead",
        "TBody",
        "TR",
        "TH",
        "TD",
        "Figure",
        "BlockQuote",
        "Link",
        "L",
        "LI",
    } <= found
    assert tags.count("H1 ") == len(UI_LANGUAGES)
    objects = objects_of(clean)
    assert b"/Alt" in objects
    assert b"pdfuaid:part" in objects


def test_every_passage_says_its_language(clean: Path) -> None:
    objects = objects_of(clean)
    main = UI_LANGUAGES[0]
    spoken = set(re.findall(rb"/Lang \(([^)]*)\)", objects))
    assert {main.encode(), b"zh-Hans", b"vi", b"en"} <= spoken


def test_bookmarks_lead_to_parts_sections_and_clips(clean: Path) -> None:
    outline = bookmarks_of(clean)
    for language in UI_LANGUAGES:
        assert make_report(language).title in outline
    for at, (_, title, *_) in enumerate(TEXTS, 1):
        assert outline.count(f"{at} · {title}") == len(UI_LANGUAGES)
    assert outline.count("The four counts") == len(UI_LANGUAGES)


def test_numbers_at_least_and_columns_that_do_not_add(clean: Path) -> None:
    text = text_of(clean)
    for printed in ("≥ 1,234", "≥ 1,236", "≥ 1.234", "do not add", "不可相加", "không cộng", "1–4"):
        assert printed in text, printed
    pages = info_of(clean)["Pages"]
    for printed in (rf"Page 2 of {pages}\b", rf"第 \d+ 頁，共 {pages} 頁", rf"Trang {pages} trên {pages}\b"):
        assert re.search(printed, text), printed
    assert f"SHA-256 {SHA[:16]}" in text


def test_every_letter_is_there_and_drawn_in_the_letters_of_its_language(clean: Path) -> None:
    text = letters(text_of(clean))
    for _, title, paragraphs, translated, outlet in TEXTS:
        for one in (title, translated, outlet, *paragraphs):
            for word in one.split():
                assert letters(word) in text or set(letters(word)) <= set(text), word
    fonts = ask("pdffonts", str(clean))
    rows = fonts.splitlines()[2:]
    assert rows
    assert all(re.search(r" yes +yes +yes ", row) for row in rows), (
        fonts
    )  # embedded, a subset, with its characters
    for name in ("Noto-Sans-CJK-TC", "Noto-Sans-CJK-SC", "Noto-Sans-Bold"):
        assert name in fonts


def test_no_character_is_an_empty_box(caplog: pytest.LogCaptureFixture) -> None:
    """WeasyPrint says so of each character that no font has; we ask before, and write its number."""
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        odd = make_clips()[13]
        pdf = print_reports([make_report(clips=(replace(odd, number=1),))])
    assert "emoji" in odd.facts.title
    assert not [one.getMessage() for one in caplog.records if ".notdef" in one.getMessage()]
    assert pdf.startswith(b"%PDF-1.7")
    assert missing_characters(["a\ue000漢ế"]) == {"\ue000"}


@pytest.mark.slow
def test_the_same_report_gives_the_same_bytes() -> None:
    report = make_report(clips=make_clips(hostile=False))
    assert print_reports([report]) == print_reports([report])
    other = replace(report, snapshot=replace(report.snapshot, sha256="f" * 64))
    assert print_reports([other]) != print_reports([report])


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parts in all languages whose clips are laid out two at a time."""
    path = tmp_path_factory.mktemp("pieces") / "report.pdf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("resound.report.printed.CLIPS_IN_A_PIECE", 2)
        write_pdf([make_report(one, clips=make_clips(hostile=False)) for one in UI_LANGUAGES], path)
    return path


def test_pages_of_pieces_are_numbered_through(pieces: Path) -> None:
    pages = text_of(pieces).split("\f")[:-1]
    every = len(pages)
    for at, page in enumerate(pages, 1):
        said = (f"Page {at} of {every}", f"第 {at} 頁，共 {every} 頁", f"Trang {at} trên {every}")
        assert any(one in page for one in said), (at, page[-300:])


def test_the_table_of_contents_says_the_pages_of_pieces(pieces: Path) -> None:
    pages = text_of(pieces).split("\f")[:-1]
    for language in UI_LANGUAGES:
        report = make_report(language, clips=make_clips(hostile=False))
        heading = words(language).gettext("Contents")
        contents = next(
            page for page in pages if letters(heading + report.sections[0].title) in letters(page)
        )
        for section in report.sections:
            found = re.search(rf"{re.escape(section.title)}\s+(\d+)", contents)
            assert found is not None, contents
            assert letters(section.title) in letters(pages[int(found[1]) - 1])


def test_pieces_are_one_document(pieces: Path, clean: Path) -> None:
    assert bookmarks_of(pieces) == bookmarks_of(clean)
    drawn = subprocess.run(
        ["pdftoppm", "-r", "10", str(pieces), str(pieces.with_suffix(""))], capture_output=True, check=True
    )
    assert drawn.stderr == b""
    objects = objects_of(pieces)
    heads = re.findall(rb"/ID \(([^)]*)\)", objects)
    assert heads
    assert len(heads) == len(set(heads))
    wanted = set(re.findall(rb"/Dest \(([^)]*)\)", objects))
    names = re.search(rb"/Dests <</Names \[(.*?)\]>>", objects, re.DOTALL)
    assert names is not None
    assert wanted <= set(re.findall(rb"\(([^)]*)\) \[", names[1]))
    assert {b"p1-clip-1", b"p1-clip-4"} <= wanted
    tags = ask("pdfinfo", "-struct", str(pieces))
    whole = ask("pdfinfo", "-struct", str(clean))
    for name in ("H1", "H2", "H3", "Table", "BlockQuote", "Figure"):
        found, expected = (len(re.findall(rf"^ *{name}\b", one, re.MULTILINE)) for one in (tags, whole))
        assert found == expected, name


def test_it_tells_how_far_it_is_and_is_done_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resound.report.printed.CLIPS_IN_A_PIECE", 2)
    clips = make_clips(hostile=False)
    told: list[tuple[int, int]] = []
    print_reports([make_report(clips=clips)], tell=lambda done, every: told.append((done, every)))
    assert told == sorted(told)
    assert len({every for _, every in told}) == 1
    assert [done for done, every in told if done == every] == [told[-1][1]]
    assert len({done for done, _ in told}) > len(clips) // 2


@pytest.mark.slow
def test_the_same_report_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.resound.sample_report import *;"
        "from resound.report.printed import write_pdf;"
        "write_pdf([make_report('vi', clips=make_clips(hostile=False))], Path(sys.argv[1]))"
    )
    made = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.pdf"
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "TZ": f"UTC{seed}",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=True, timeout=200)
        made.append(path.read_bytes())
    assert made[0] == made[1]
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_hostile_titles_are_text_and_the_rest_ships(hostile: Path, canary: tuple[int, list[str]]) -> None:
    text = text_of(hostile)
    assert canary[1] == []
    assert "root:x:0:0" not in text
    joined = letters(text)
    assert letters("<script>alert(1)</script>") in joined
    assert "{{7*7}}" in joined
    assert letters("=HYPERLINK(") in joined
    assert letters("[U+E000]") in joined
    assert "10,200 characters" in text  # of 無空格, told where it is cut
    assert letters(TEXTS[0][1]) in joined
    assert "\u202e" not in text
    objects = objects_of(hostile)
    assert b"/JavaScript" not in objects
    assert b"/EmbeddedFile" not in objects
    assert not [
        one
        for one in re.findall(rb"/URI \(([^)]*)", objects)
        if not one.startswith((b"http://", b"https://"))
    ]


def test_long_titles_stay_on_their_pages(hostile: Path) -> None:
    assert outside_pages(hostile) == []


def test_nothing_is_fetched_even_where_markup_asks_for_it(canary: tuple[int, list[str]]) -> None:
    port, asked = canary
    address = f"http://127.0.0.1:{port}"
    html = (
        f'<html lang="en"><head><title>t</title><link rel="stylesheet" href="{address}/a.css">'
        f'<link rel="attachment" href="file:///etc/passwd"><base href="{address}/">'
        f'<style>@import "{address}/b.css"; p {{ background: url({address}/c.png) }}'
        f"@font-face {{ font-family: x; src: url({address}/d.woff) }} p {{ font-family: x }}</style></head>"
        f'<body><p>text</p><img alt="a" src="{address}/e.png"><img alt="b" src="file:///etc/passwd">'
        f'<img alt="c" src="relative.png"><img alt="own" src="resound-picture:own"><object data="{address}/g"></object>'
        f'<svg><image href="{address}/h.png"/></svg><img alt="d" src="data:image/png;base64,AAAA"></body></html>'
    )
    own = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{address}/i.png" width="9" height="9"/>'
        f'<use href="{address}/j.svg#a"/><style>@import "{address}/k.css";</style><rect width="9" height="9"/></svg>'
    )
    pdf = set_pages(html, css="", pictures={"own": Picture(own.encode(), "image/svg+xml")}, identifier="x")
    assert pdf.startswith(b"%PDF")
    assert b"EmbeddedFile" not in pdf
    assert asked == []


def test_naughty_strings_of_a_well_known_list(
    shared_data: Path, tmp_path: Path, canary: tuple[int, list[str]]
) -> None:
    naughty = json.loads((shared_data / "vectors" / "blns.json").read_text("utf-8"))
    table = ReportTable(
        "naughty", "Naughty", (Column("title", "Title"),), tuple(Row((one,)) for one in naughty)
    )
    report = replace(make_report(clips=()), sections=(Section("naughty", "Naughty", (), (table,)),))
    write_pdf([report], tmp_path / "naughty.pdf")
    assert canary[1] == []
    assert outside_pages(tmp_path / "naughty.pdf") == []
    text = letters(text_of(tmp_path / "naughty.pdf"))
    for one in naughty:
        if one.isascii() and one.isprintable():
            assert letters(one).rstrip("-") in text, one  # pdftotext takes hyphens off the ends of lines


def picture_clip(evidence: Path, data: bytes) -> Clip:
    """A clip for which somebody brought a picture."""
    kept = keep_file(evidence, BytesIO(data), "scan.png")
    clip = make_clips(hostile=False)[0]
    piece = Evidence("file", kept.sha256, "scan.png", AS_OF, "linh", "kept", kept.size, kept.kind.media_type)
    return replace(clip, evidence=(*clip.evidence, piece))


def a_png(width: int = 40, height: int = 30) -> bytes:
    from PIL import Image

    made = BytesIO()
    Image.new("RGBA", (width, height), (200, 30, 30, 128)).save(made, "PNG")
    return made.getvalue()


def test_a_picture_that_was_brought_takes_the_place_of_our_rendering(tmp_path: Path) -> None:
    clip = picture_clip(tmp_path / "evidence", a_png())
    write_pdf([make_report(clips=(clip,))], tmp_path / "r.pdf", evidence=tmp_path / "evidence")
    text = text_of(tmp_path / "r.pdf")
    assert "Picture as it was brought" in text
    assert "Rendering of the stored text" not in text
    assert "image" in ask("pdfimages", "-list", str(tmp_path / "r.pdf"))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("gone", "missing from the evidence folder"),
        ("changed", "not what was brought"),
        pytest.param("torn", "damaged", marks=pytest.mark.slow),
        pytest.param("claims to be enormous", "too large", marks=pytest.mark.slow),
    ],
)
def test_a_picture_that_cannot_be_shown_is_told_and_the_rest_ships(
    tmp_path: Path, harm: str, said: str
) -> None:
    data = a_png()
    if harm == "torn":
        data = data[:20]
    elif harm == "claims to be enormous":
        head = data[12:16] + (60_000).to_bytes(4, "big") * 2 + data[24:29]
        data = data[:12] + head + zlib.crc32(head).to_bytes(4, "big") + data[33:]
    clip = picture_clip(tmp_path / "evidence", data)
    path = kept_path(tmp_path / "evidence", clip.evidence[-1].sha256)
    if harm == "gone":
        path.unlink()
    elif harm == "changed":
        path.write_bytes(a_png(41))
    write_pdf([make_report(clips=(clip,))], tmp_path / "r.pdf", evidence=tmp_path / "evidence")
    text = text_of(tmp_path / "r.pdf")
    assert said in " ".join(text.split())
    assert "Rendering of the stored text" in text


def test_excerpts_hold_the_headline_and_passages_only(tmp_path: Path) -> None:
    clips = make_clips(hostile=False)
    excerpts: Excerpts = {3: ("Hội thảo bàn về rác thải điện tử",)}
    write_pdf([make_report(clips=clips)], tmp_path / "r.pdf", excerpts=excerpts)
    text = letters(text_of(tmp_path / "r.pdf"))
    assert letters("Hội thảo bàn về rác thải điện tử") in text
    assert letters("Ông Ngô Quý Việt") not in text
    assert letters(clips[2].facts.title) in text
    pages = int(info_of(tmp_path / "r.pdf")["Pages"])
    assert text.count("excerptsonly") >= pages  # in the foot of every page


def test_a_machine_without_the_fonts_says_what_to_install(tmp_path: Path) -> None:
    folder = tmp_path / "fonts"
    folder.mkdir()
    (tmp_path / "fonts.conf").write_text(
        f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>{folder}</dir></fontconfig>'
    )
    ran = run_check({"FONTCONFIG_FILE": str(tmp_path / "fonts.conf")})
    assert "Noto Sans CJK TC" in ran
    assert "fonts-noto-cjk" in ran


def test_a_machine_without_pango_says_what_to_install() -> None:
    ran = run_check({}, "import cffi\ndef no(*_): raise OSError('no pango')\ncffi.FFI.dlopen = no\n")
    assert "Pango" in ran
    assert "libpango-1.0-0" in ran


def run_check(environment: dict[str, str], before: str = "") -> str:
    code = before + (
        "from resound.report.typesetting import TypesettingError, check_setter\n"
        "try:\n    check_setter()\nexcept TypesettingError as err:\n    print(err)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return ran.stdout


def test_clip_numbers_are_written_as_ranges_that_lead_to_the_clip() -> None:
    assert list(clip_links((7, 1, 4, 5, 6, 9, 10), "p1-")) == [
        ("1", "#p1-clip-1"),
        ("4–7", "#p1-clip-4"),
        ("9–10", "#p1-clip-9"),
    ]
    assert list(clip_links((), "p1-")) == []


def test_a_short_chinese_name_is_not_broken_in_a_title() -> None:
    said = kept_whole("媒體報導成果報告：APO COE GP 資源循環綠耕隊 2014 <越南>")
    assert re.findall('<span class="kept-whole">(.*?)</span>', said) == [
        "媒體報導成果報告：",
        "資源循環綠耕隊",
        "越南",
    ]
    assert "2014 &lt;" in said
    long = "資源循環綠耕隊越南行媒體報導成果年度報告"
    assert kept_whole(long) == long, "it would not fit into a line"
    assert kept_whole("Đội Xanh") == "Đội Xanh"


def test_a_short_section_between_pages_that_lie_lies_too() -> None:
    def lie(*sections: LaidSection) -> list[bool]:
        return [one.is_lying for one in turn_lone(sections)]

    short = LaidSection(Section("short", "Short", ("Nothing.",)), (), (), False, False)
    lying, book = replace(short, is_lying=True), replace(short, is_clip_book=True)
    quoting = replace(short, quotes=(("", (), 0),))
    assert lie(book, short, lying) == [False, True, True]
    assert lie(lying, short, lying) == [True, True, True]
    assert lie(lying, short, short) == [True, False, False], "it shares its page with what follows"
    assert lie(lying, quoting, lying) == [True, False, True], "a long one has pages of its own"
    assert lie(book, short, book) == [False, False, False]


def test_a_note_never_stands_on_a_page_without_its_table(tmp_path: Path) -> None:
    rows = "".join(f"<tr><th>row</th><td>{at}</td></tr>" for at in range(3))
    table = (
        f'<section class="table"><table class="data"><tbody>{rows}<tr class="total"><th>whole</th><td>3</td></tr></tbody>'
        '</table><p class="note">first note</p><p class="note">second note</p></section>'
    )
    page = (
        '<section class="section" style="break-before: page"><div style="height: {}mm"></div>'
        + table
        + "</section>"
    )
    html = "<body>" + "".join(page.format(height) for height in range(203, 219, 3)) + "</body>"
    pdf = tmp_path / "notes.pdf"
    css = style("pages.css") + style("report.css")
    pdf.write_bytes(
        set_pages(
            f"<!doctype html><html lang=en><title>t</title>{html}", css=css, pictures={}, identifier="x"
        )
    )
    pages = text_of(pdf).split("\f")
    assert "" in map(str.strip, pages[:-1]), "some tables did not fit beside what stands above"
    for one in pages:
        assert one.count("second note") == one.count("first note") == one.count("whole"), one


def test_a_report_without_anything_is_a_report() -> None:
    empty: Report = replace(make_report(clips=()), sections=(), summary=(), facts=())
    assert print_reports([empty]).startswith(b"%PDF")
    with pytest.raises(ValueError, match="at least one"):
        print_reports([])
