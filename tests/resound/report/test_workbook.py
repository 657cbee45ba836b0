"""The workbook, read back: typed cells, our own formulas and no others, hostile text, the same bytes every time."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("xlsxwriter", reason='reports need packages: pip install "resound[report]"')
pytest.importorskip("altair", reason='reports need packages: pip install "resound[report]"')

from python_calamine import CalamineWorkbook

from resound.report.cells import LONGEST, cell_link, cell_text, utf16_length
from resound.report.workbook import LONGEST_NAME, SHEETS, write_workbook
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.snapshots.model import Clip, Snapshot
from resound.snapshots.written import write_snapshot
from resound.words import words
from tests.resound.report.frozen import freeze_demo, report_of, tables, with_clips
from tests.resound.report.sheets_read import MAIN, OUR_FORMULA, Parts, evaluate, read_parts, rows_of

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = (
    '=HYPERLINK("http://evil.example/","click")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r\n=1+1",
    "{=1+1}",
    "a\r\nBcc: x@y.example",
    "zero\x00width\u200b and \u202eesrever\u202c a\u2028line\u2029break\x07\x1b[31m \x85",
    "lone \ud800 and \udfff surrogates, \ufffe \uffff",
    "_x0041_ _x000D_",
    "<b>&amp;]]></b><!--",
    "x" * 10_000,
    "長" * 40_000,
    "😀" * 20_000,
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324A\u036b\u0357\u0334",
    "",
    "0123",
    "1e5",
    "2014-10-02",
    "TRUE",
    "'quoted",
)
ADDRESSES = (
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://news.example/" + "a" * 2_100,
    "https://news.example/a b",
    "https://news.example/\n",
    "internal:Sheet1!A1",
    "external:c:\\x.xlsx",
    "data:text/html,x",
    "https://[bad",
    "",
)


@pytest.fixture(scope="module")
def demo(demo_folder: Path) -> Snapshot:
    return freeze_demo(demo_folder)


@pytest.fixture(scope="module")
def written(demo: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> dict[UiLanguage, Path]:
    folder = tmp_path_factory.mktemp("books")
    files = {}
    for language in UI_LANGUAGES:
        files[language] = folder / f"{language}.xlsx"
        write_workbook([report_of(demo, language)], files[language])
    return files


def header_of(rows: Sequence[Sequence[object]], first: str) -> int:
    return next(at for at, row in enumerate(rows) if row and str(row[0]) == first)


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_every_table_has_its_sheet(
    written: dict[UiLanguage, Path], demo: Snapshot, language: UiLanguage
) -> None:
    book = CalamineWorkbook.from_path(written[language])
    text = words(language).gettext
    assert book.sheet_names[0] == text("Contents")
    assert book.sheet_names[1] == text("Summary")
    assert all(len(name) <= LONGEST_NAME and not set(name) & set("[]:*?/\\") for name in book.sheet_names)
    assert len({name.casefold() for name in book.sheet_names}) == len(book.sheet_names)
    for key, table in tables(report_of(demo, language)).items():
        if key != "four-counts":  # on the summary
            rows = rows_of(book, text(SHEETS[key]))
            assert rows[0][0] == table.title
            shown = [row for row in rows if row and str(row[0])]
            assert len(shown) >= len(table.rows)
    contents = [row[0] for row in rows_of(book, text("Contents"))[4:]]
    assert contents == book.sheet_names[1:]


def test_cells_are_typed(written: dict[UiLanguage, Path], demo: Snapshot) -> None:
    book = CalamineWorkbook.from_path(written["en"])
    rows = rows_of(book, "Outlets")
    at = header_of(rows, "Outlet")
    head = rows[at]
    first = dict(zip(head, rows[at + 1], strict=True))
    assert first["Items"] == 3
    assert isinstance(first["First day"], date)
    assert first["Outlet"] == "Mekong Wire"
    assert first["Clip numbers"] == "11–13"
    clips = rows_of(book, "Clips")
    at = header_of(clips, "Clip")
    one = dict(zip(clips[at], clips[at + 2], strict=False))
    assert isinstance(one["First seen\n(UTC)"], datetime)
    assert isinstance(one["Day"], date)
    assert re.fullmatch("[0-9a-f]{64}", str(one["SHA-256 of the evidence"]))
    shares = rows_of(book, "Themes")
    assert any(isinstance(cell, float) and 0 < cell < 1 for row in shares for cell in row)
    assert len(clips) - at - 1 >= len([one for one in demo.clips if one.number])


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_the_only_formulas_are_ours_and_give_what_stands_beside(
    written: dict[UiLanguage, Path], language: UiLanguage
) -> None:
    parts = read_parts(written[language])
    book = CalamineWorkbook.from_path(written[language])
    assert len(parts.formulas) > 150
    counted: dict[str, int] = {}
    for one in parts.formulas:
        if one.text not in counted:
            counted[one.text] = evaluate(parts, book, one.text)
        assert counted[one.text] == one.cached, one
    assert nothing_runs(parts)


def nothing_runs(parts: Parts) -> bool:
    """No macros, no links to other files, no data connections; links lead to the web or into the book."""
    assert not [
        name for name in parts.files if re.search("vba|macro|external|connection|embed|activeX", name, re.I)
    ]
    for name, body in parts.files.items():
        if name.endswith(".rels"):
            for one in ElementTree.fromstring(body):
                if one.attrib.get("TargetMode") == "External":
                    assert one.attrib["Target"].startswith(("http://", "https://")), one.attrib
                    assert one.attrib["Type"].endswith("/hyperlink")
    for part in parts.sheets.values():
        sheet = ElementTree.fromstring(parts.files[part])
        assert not list(sheet.iter(f"{MAIN}dataValidation"))
        assert {one.attrib.get("t") for one in sheet.iter(f"{MAIN}f")} <= {None}
    return all(OUR_FORMULA.fullmatch(one.text) for one in parts.formulas)


def test_it_is_laid_out_for_reading_and_printing(written: dict[UiLanguage, Path]) -> None:
    parts = read_parts(written["en"])
    drawn = 0
    for name, part in parts.sheets.items():
        sheet = ElementTree.fromstring(parts.files[part])
        setup = sheet.find(f"{MAIN}pageSetup")
        assert setup is not None
        assert setup.attrib["orientation"] == "landscape"
        assert (sheet.find(f"{MAIN}headerFooter/{MAIN}oddFooter").text or "").count("&") >= 4  # type: ignore[union-attr]
        drawn += sheet.find(f"{MAIN}drawing") is not None
        if name in ("Outlets", "Clips", "By language", "Evidence"):
            assert sheet.find(f"{MAIN}autoFilter") is not None
            assert sheet.find(f"{MAIN}sheetViews/{MAIN}sheetView/{MAIN}pane") is not None
    assert drawn >= 6
    assert parts.files["xl/workbook.xml"].count(b"_xlnm.Print_Titles") >= 25
    for name in parts.files:
        if re.fullmatch(r"xl/drawings/drawing\d+\.xml", name):
            assert b'descr="Chart: ' in parts.files[name]
    pictures = [body for name, body in parts.files.items() if name.startswith("xl/media/")]
    assert pictures
    assert all(one.startswith(b"\x89PNG") for one in pictures)
    custom = parts.files["docProps/custom.xml"].decode()
    assert "<vt:lpwstr>en</vt:lpwstr>" in custom
    core = parts.files["docProps/core.xml"].decode()
    assert "2026-12-01T09:30:00Z" in core
    assert "Media coverage report" in core
    # What does not add up says so in its heading; what is at least is still a number.
    shared = parts.files["xl/sharedStrings.xml"].decode()
    assert "Stories\n(do not add)" in shared
    assert "&quot;≥ &quot;#,##0" in parts.files["xl/styles.xml"].decode()


def hostile_titles(shared_data: Path | None) -> list[str]:
    if shared_data is None:
        return list(HOSTILE)
    return [*HOSTILE, *json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))]


def make_hostile(demo: Snapshot, titles: Sequence[str]) -> Snapshot:
    """As many clips as there are bad titles, each of which is also byline, outlet, owner and address."""
    counted = [one for one in demo.clips if one.standing == "counted"]
    clips = []
    for number, title in enumerate(titles, 1):
        like = counted[number % len(counted)]
        address = ADDRESSES[number % len(ADDRESSES)]
        facts = replace(
            like.facts,
            item=f"item-{number}",
            title=title,
            outlet=f"{title[:50]}-{number}",
            outlet_name=title or "none",
            group=title[:80],
            group_name=title,
            story=f"story-{number}",
            url=address,
            seen_at=(title,),
        )
        made = {key: replace(one, title=title, made_by=title[:200]) for key, one in like.translations.items()}
        clips.append(
            replace(like, number=number, facts=facts, outlet_names=None, byline=title, translations=made)
        )
    return replace(demo, clips=tuple(clips), messages={}, spokespersons={})


@pytest.mark.slow
def test_hostile_text_stays_text(demo: Snapshot, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    try:
        shared: Path | None = request.getfixturevalue("shared_data")
    except pytest.skip.Exception:
        shared = None
    titles = hostile_titles(shared)
    snapshot = make_hostile(demo, titles)
    path = tmp_path / "hostile.xlsx"
    report = report_of_bad(snapshot)
    write_workbook([report], path)
    parts = read_parts(path)
    assert nothing_runs(parts)
    book = CalamineWorkbook.from_path(path)
    for text in {one.text for one in parts.formulas}:
        cached = {one.cached for one in parts.formulas if one.text == text}
        assert cached == {evaluate(parts, book, text)}
    clips = rows_of(book, "Clips")
    at = header_of(clips, "Clip")
    column = clips[at].index("Headline, original")
    found = [row[column] for row in clips[at + 1 : at + 1 + len(titles)]]
    assert len(found) == len(titles)
    for title, cell in zip(titles, found, strict=True):
        if not title.strip():
            continue
        assert isinstance(cell, str), (title, cell)  # neither a number, nor a day, nor a truth
        assert utf16_length(cell) <= LONGEST
        assert cell == cell_text(title) or not cell_text(title)
        assert not re.search(
            "[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]", cell
        )
    assert '=HYPERLINK("http://evil.example/","click")' in found
    links = [
        one.attrib["Target"]
        for name, body in parts.files.items()
        if name.endswith(".rels")
        for one in ElementTree.fromstring(body)
        if one.attrib.get("TargetMode") == "External"
    ]
    assert not [one for one in links if "evil" in one]


def report_of_bad(snapshot: Snapshot):  # type: ignore[no-untyped-def]
    """Lone surrogates cannot be written down, so that the row's hash is another snapshot's."""
    from resound.report.content import build_report
    from resound.store.snapshots import SnapshotRow

    row = SnapshotRow("c", 1, snapshot.as_of, "0" * 64, {}, "=lin", "+why")
    return build_report(row, snapshot, None, words("en"))


def test_links_are_of_the_web_only() -> None:
    assert cell_link("https://news.example/a?b=1#c") == "https://news.example/a?b=1#c"
    assert not any(map(cell_link, ADDRESSES))
    assert cell_link(None) == ""


def test_long_text_is_cut_where_excel_would_fail() -> None:
    cut = cell_text("😀" * 40_000)
    assert utf16_length(cut) <= LONGEST
    assert cut.endswith("[40000]")
    assert cell_text("x" * LONGEST) == "x" * LONGEST


def test_several_languages_share_a_workbook(demo: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "all.xlsx"
    write_workbook([report_of(demo, "en"), report_of(demo, "vi")], path)
    parts = read_parts(path)
    book = CalamineWorkbook.from_path(path)
    assert {"Clips", words("vi").gettext("Clips")} <= set(book.sheet_names)
    for text in {one.text for one in parts.formulas}:
        (cached,) = {one.cached for one in parts.formulas if one.text == text}
        assert cached == evaluate(parts, book, text)


def test_a_number_that_the_clip_list_does_not_bear_out_is_refused(demo: Snapshot, tmp_path: Path) -> None:
    report = report_of(demo)
    counts = next(one for one in report.sections if one.key == "counts")
    table = counts.tables[0]
    wrong = replace(table.rows[0], cells=(table.rows[0].cells[0], 17, *table.rows[0].cells[2:]))
    broken = replace(counts, tables=(replace(table, rows=(wrong, *table.rows[1:])), *counts.tables[1:]))
    bad = replace(report, sections=tuple(broken if one is counts else one for one in report.sections))
    with pytest.raises(ValueError, match="clip list"):
        write_workbook([bad], tmp_path / "bad.xlsx")
    assert not list(tmp_path.iterdir())


SCRIPT = """
import sys
from pathlib import Path
from resound.report.making import hash_report
from resound.report.workbook import write_workbook
from resound.snapshots.written import read_snapshot
from tests.resound.report.frozen import report_of
report = report_of(read_snapshot(Path(sys.argv[1]).read_bytes()), sys.argv[3])
write_workbook([report], Path(sys.argv[2]))
print(hash_report(report))
"""


@pytest.mark.slow
def test_the_same_snapshot_gives_the_same_bytes(demo: Snapshot, tmp_path: Path) -> None:
    """In other processes, zones, seconds and orders of hashing."""
    frozen = tmp_path / "snapshot.json"
    frozen.write_bytes(write_snapshot(demo))
    said, made = [], []
    for number, (zone, seed) in enumerate((("UTC", "1"), ("Asia/Taipei", "77"), ("America/New_York", "0"))):
        path = tmp_path / f"{number}.xlsx"
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(frozen), str(path), "zh-Hant"],
            env={
                **os.environ,
                "TZ": zone,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": str(ROOT),
                "LC_ALL": "C.UTF-8",
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        said.append(ran.stdout)
        made.append(sha256(path.read_bytes()).hexdigest())
    assert len(set(said)) == 1
    assert len(set(made)) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice (soffice)")
@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_a_spreadsheet_works_out_the_same(
    written: dict[UiLanguage, Path], tmp_path: Path, language: UiLanguage
) -> None:
    """LibreOffice is given the workbook without the values beside the formulas, so that it must calculate them."""
    asked_for = read_parts(written[language])
    bare = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(bare, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in asked_for.files.items():
            if name in asked_for.sheets.values():
                body = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", body)
            archive.writestr(name, body)
    profile = (tmp_path / "profile").as_uri()
    ran = subprocess.run(
        ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
         "--outdir", str(tmp_path / "out"), str(bare)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )  # fmt: skip
    converted = tmp_path / "out" / "bare.xlsx"
    assert converted.exists(), ran.stderr
    worked_out = {(one.sheet, one.place): one.cached for one in read_parts(converted).formulas}
    assert len(worked_out) == len(asked_for.formulas)
    for one in asked_for.formulas:
        assert worked_out[one.sheet, one.place] == one.cached, one


def test_an_empty_campaign_has_its_workbook(demo: Snapshot, tmp_path: Path) -> None:
    bare = replace(demo, clips=(), leads=(), watch=(), messages={}, spokespersons={}, voice=None)
    for language in UI_LANGUAGES:
        path = tmp_path / f"{language}.xlsx"
        write_workbook([report_of(bare, language)], path)
        assert not {one.cached for one in read_parts(path).formulas} - {0}


def test_pages_of_clips_with_odd_days(demo: Snapshot, tmp_path: Path) -> None:
    """Days before Excel's own calendar are text; no day is an empty cell."""
    days = {1: date(1815, 6, 18), 2: None}

    def move(clip: Clip) -> Clip:
        return (
            replace(clip, facts=replace(clip.facts, day=days[clip.number])) if clip.number in days else clip
        )

    path = tmp_path / "odd.xlsx"
    write_workbook([report_of(with_clips(demo, move))], path)
    rows = rows_of(CalamineWorkbook.from_path(path), "Clips")
    at = header_of(rows, "Clip")
    column = rows[at].index("Day")
    assert rows[at + 1][column] == "1815-06-18"
    assert rows[at + 2][column] == ""
