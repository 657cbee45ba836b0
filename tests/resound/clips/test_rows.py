"""Tables of clips as people keep them: encodings, separators, column names, and every cell that does not fit."""

import csv
import io
import json
import re
import unicodedata
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.clips.rows import COLUMNS, ClipProblem, ClipRow, check_cells, clip_key, read_clips
from resound.clips.table import read_table
from resound.clips.template import MEDIUM_NAMES, csv_template, write_template, xlsx_template
from resound.errors import ResoundError
from resound.settings import UiLanguage
from resound.told import told_from_json, told_to_json
from resound.web_archives import original_url
from resound.words import words

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


def read(path: Path) -> list[ClipRow | ClipProblem]:
    return list(read_clips(path, now=NOW))


def read_text(tmp_path: Path, text: str, encoding: str = "utf-8") -> list[ClipRow | ClipProblem]:
    path = tmp_path / "clips.csv"
    path.write_bytes(text.encode(encoding))
    return read(path)


def one(tmp_path: Path, **cells: str) -> ClipRow | ClipProblem:
    """A table with one row, out of a whole one with these cells changed."""
    row = {"outlet": "Example News", "title": "A workshop", **cells}
    lines = [";".join(row), ";".join('"' + cell.replace('"', '""') + '"' for cell in row.values())]
    found = read_text(tmp_path, "\n".join(lines))
    assert len(found) == 1
    return found[0]


def write_xlsx(path: Path, rows: list[list[str | float | tuple[str, float]]]) -> None:
    """A workbook as a spreadsheet writes it; ("date", 41914.0) is a cell with a date's format."""

    def cell(value: str | float | tuple[str, float]) -> str:
        if isinstance(value, tuple):
            return f'<c s="{1 if value[0] == "date" else 2}"><v>{value[1]}</v></c>'
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else "<c/>"
        return f"<c><v>{value}</v></c>"

    body = "".join(
        f'<row r="{n}">{"".join(map(cell, row))}</row>' for n, row in enumerate(rows, start=1) if row
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Clips" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="20"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as book:
        for name, text in files.items():
            book.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "big5", "big5hkscs", "gb18030"]
)
def test_chinese_tables_are_read_in_every_encoding(tmp_path: Path, encoding: str, separator: str) -> None:
    header = separator.join(("媒體", "標題", "日期", "媒體類型", "版面", "備註"))
    row = separator.join(("範例日報", "綠耕隊訪越南", "民國103年10月2日", "報紙", "A5", "林先生剪"))
    found = read_text(tmp_path, f"{header}\r\n{row}\r\n", encoding)
    assert len(found) == 1
    clip = found[0]
    assert isinstance(clip, ClipRow)
    assert clip.date is not None
    assert (clip.row, clip.outlet, clip.title, clip.medium, clip.page, clip.note) == (
        *(2, "範例日報", "綠耕隊訪越南"),
        *("print", "A5", "林先生剪"),
    )
    assert (clip.date.day, clip.date.at, clip.date.origin) == (date(2014, 10, 2), None, "import")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1258"])
def test_vietnamese_tables_are_read(tmp_path: Path, encoding: str) -> None:
    text = "Tên báo;Tiêu đề;Ngày;Loại hình\nTruyền hình Ví dụ;Thời sự;25/10/2014;Truyền hình\n"
    if (
        encoding == "cp1258"
    ):  # this code page writes the tone as a mark of its own where it has no letter with it
        text = "".join(letter if _is_in_cp1258(letter) else _with_tone_behind(letter) for letter in text)
    clip = read_text(tmp_path, text, encoding)[0]
    assert isinstance(clip, ClipRow), clip
    assert clip.date is not None
    assert (clip.outlet, clip.title, clip.medium) == ("Truyền hình Ví dụ", "Thời sự", "tv")
    assert clip.date.day == date(2014, 10, 25)


def _is_in_cp1258(letter: str) -> bool:
    try:
        letter.encode("cp1258")
    except UnicodeEncodeError:
        return False
    return True


def _with_tone_behind(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    tone = next(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
    return unicodedata.normalize("NFC", parts.replace(tone, "")) + tone


def test_header_names_may_be_unmarked_and_upper_case(tmp_path: Path) -> None:
    found = read_text(tmp_path, "TIEU DE,Bao,Loai hinh,Gio phat song\nThời sự,VTX,TV,7h30\n")
    assert isinstance(found[0], ClipRow)
    assert (found[0].title, found[0].outlet, found[0].medium, found[0].airtime) == (
        "Thời sự",
        "VTX",
        "tv",
        "07:30",
    )


def test_rows_are_numbered_as_a_spreadsheet_does(tmp_path: Path) -> None:
    text = 'Clips of October\n\nurl,title,medium\nhttps://a.example/1,"two\nlines",online\n\nnonsense,t,online\n# a comment,,\nhttps://a.example/2,t,fax\n'
    found = read_text(tmp_path, text)
    assert [(type(each).__name__, each.row) for each in found] == [
        ("ClipRow", 4),
        ("ClipProblem", 6),
        ("ClipProblem", 8),
    ]
    assert isinstance(found[0], ClipRow)
    assert found[0].title == "two\nlines"
    assert "https://news.example" in found[1].message
    assert "online, print, television, radio, agency" in found[2].message


def test_workbooks_keep_what_a_person_sees(tmp_path: Path) -> None:
    path = tmp_path / "clips.xlsx"
    write_xlsx(
        path,
        [
            ["Media list"],
            [],
            ["Outlet", "Title", "Date", "Medium", "Page", "Air time", "Internal no."],
            ["Example TV", "=1+1", ("date", 41914.0), "tv", "", ("time", 0.8125), 7.0],
            [],
            ["範例日報", "綠耕隊", 41914.0, "print", 5.0, "", ""],
            ["範例日報", "綠耕隊", "soon", "print", 5.0, "", ""],
        ],
    )
    tv, paper, wrong = read(path)
    assert isinstance(tv, ClipRow)
    assert isinstance(paper, ClipRow)
    assert isinstance(wrong, ClipProblem)
    assert (tv.row, tv.title, tv.airtime, tv.note) == (4, "=1+1", "19:30", "Internal no.: 7")
    assert tv.date is not None
    assert tv.date.day == date(2014, 10, 2)
    assert paper.date is not None
    assert (paper.row, paper.page, paper.date.day) == (6, "5", date(2014, 10, 2))
    assert wrong.row == 7


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2014-10-02", date(2014, 10, 2)),
        ("2014/10/2", date(2014, 10, 2)),
        ("25/10/2014", date(2014, 10, 25)),
        ("10/25/2014", date(2014, 10, 25)),
        ("103年10月2日", date(2014, 10, 2)),
        ("103/10/02", date(2014, 10, 2)),
        ("2014-10-02 23:50", date(2014, 10, 2)),
        ("2 October 2014", date(2014, 10, 2)),
        ("ngày 2 tháng 10 năm 2014", date(2014, 10, 2)),
    ],
)
def test_days_are_the_outlets_own(tmp_path: Path, written: str, day: date) -> None:
    clip = one(tmp_path, date=written)
    assert isinstance(clip, ClipRow), clip
    assert clip.date is not None
    assert (clip.date.day, clip.date.at) == (day, None)


def test_a_written_zone_makes_it_a_moment(tmp_path: Path) -> None:
    clip = one(tmp_path, date="2014-10-02T23:30:00Z")
    assert isinstance(clip, ClipRow)
    assert clip.date is not None
    assert clip.date.at == datetime(2014, 10, 2, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"date": "2/10/2014"}, "two ways"),
        ({"date": "02/10/2014"}, "two ways"),
        ({"date": "10月2日"}, "which year"),
        ({"date": "yesterday evening"}, "2014-10-02"),
        ({"date": "2031-01-01"}, "future"),
        ({"date": "1911-10-10"}, "1990"),
        ({"date": "=TODAY()"}, "no date"),
        ({"url": "www.news.example/a"}, "https://news.example"),
        ({"url": "javascript:alert(1)"}, "no web address"),
        ({"url": '=HYPERLINK("http://news.example/a")'}, "no web address"),
        ({"url": "https://archive.ph/AbCdE"}, "archive_url"),
        ({"archive_url": "somewhere"}, "archive_url"),
        ({"medium": "fax"}, "online, print, television, radio, agency"),
        ({"language": "??"}, "zh-Hant"),
        ({"airtime": "31:77"}, "19:30"),
        ({"title": ""}, "Either a web address is needed"),
    ],
)
def test_what_does_not_fit_is_said_with_what_would(tmp_path: Path, cells: dict[str, str], told: str) -> None:
    found = one(tmp_path, **cells)
    assert isinstance(found, ClipProblem), found
    assert told in found.message
    assert found.message.endswith((".", ")"))


def test_an_odd_header_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    found = read_text(tmp_path, "outlet,titel,title,headline,Our ref\nA,x,T,y,77\n")
    assert [each.row for each in found] == [1, 1, 2]
    assert "'title'" in found[0].message  # type: ignore[union-attr]
    assert isinstance(found[2], ClipRow)
    assert found[2].title == "T"
    assert found[2].note == "titel: x · headline: y · Our ref: 77"


def test_a_broken_quotation_and_too_many_cells_are_told(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'outlet,title\nA,one,two\nB,good\nC,"never closed\nD,lost\n')
    assert [(type(each).__name__, each.row) for each in found] == [
        ("ClipProblem", 2),
        ("ClipRow", 3),
        ("ClipProblem", 4),
    ]
    assert "quotation" in found[2].message  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "data", [b"", b"just a text\nof two lines", b"PK\x03\x04 torn", b"\xd0\xcf\x11\xe0 torn"]
)
def test_what_is_no_table_is_refused_in_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "clips.xlsx"
    path.write_bytes(data)
    with pytest.raises(ResoundError, match=r"header row|spreadsheet"):
        read(path)
    with pytest.raises(ResoundError, match="cannot be read"):
        read(tmp_path / "missing.csv")


@given(st.binary(max_size=300))
def test_no_bytes_bring_another_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "clips.csv"
    path.write_bytes(b"outlet,title,date,url\n" + data)
    try:
        found = read(path)
    except ResoundError:
        return
    assert all(each.row >= 1 for each in found)


def test_the_template_explains_every_column_and_imports_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    write_template(path)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].split(",") == list(COLUMNS)
    assert len(lines) == 5
    assert read(path) == []
    with pytest.raises(ResoundError, match="already"):
        write_template(path)
    with pytest.raises(ResoundError, match="csv"):
        write_template(tmp_path / "clips.xlsx")


def test_the_templates_examples_are_good_rows(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    write_template(path)
    header, _, *examples = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text("\n".join([header, *(line.removeprefix("# ") for line in examples)]), encoding="utf-8")
    assert [type(each) for each in read(path)] == [ClipRow] * 3


@pytest.mark.parametrize(
    ("capture", "original"),
    [
        (
            "https://web.archive.org/web/20141002031500/http://news.example/a?id=1#x",
            "http://news.example/a?id=1#x",
        ),
        ("https://web.archive.org/web/20141002031500id_/https://news.example/a", "https://news.example/a"),
        ("http://web.archive.org/web/2014/http:/news.example/a", "http://news.example/a"),
        ("https://web.archive.org/web/2014*/news.example/a", "http://news.example/a"),
        ("https://web.archive.org/web/20141002/news.example/a", "http://news.example/a"),
        ("https://web.archive.org/web/2014/http%3A%2F%2Fnews.example%2Fa", "http://news.example/a"),
        ("https://archive.ph/2014.10.02-031500/https://news.example/a", "https://news.example/a"),
        ("https://archive.today/20141002031500/https://news.example/a", "https://news.example/a"),
        ("https://archive.is/o/AbCdE/https://news.example/a", "https://news.example/a"),
        ("https://arquivo.pt/wayback/20141002031500/http://news.example/a", "http://news.example/a"),
        (
            "https://archive.ph/2020/https://web.archive.org/web/2014/http://news.example/a",
            "http://news.example/a",
        ),
        ("https://archive.ph/AbCdE", "https://archive.ph/AbCdE"),
        (
            "https://news.example/web/2014/http://other.example/a",
            "https://news.example/web/2014/http://other.example/a",
        ),
        ("not an address", "not an address"),
    ],
)
def test_captures_tell_the_original(capture: str, original: str) -> None:
    assert original_url(capture) == original
    assert original_url(original) == original


def test_keys_tell_airings_apart_and_know_a_row_again(tmp_path: Path) -> None:
    morning = one(tmp_path, medium="tv", date="2014-10-02", airtime="07:30")
    evening = one(tmp_path, medium="tv", date="2014-10-02", airtime="19:30")
    again = one(
        tmp_path, medium="電視", date="2014/10/2", airtime="7h30", title="  a WORKSHOP ", note="seen by Lin"
    )
    assert isinstance(morning, ClipRow)
    assert isinstance(evening, ClipRow)
    assert isinstance(again, ClipRow)
    assert clip_key(morning) == clip_key(again) != clip_key(evening)
    assert len(clip_key(morning)) == 16
    assert int(clip_key(morning), 16) >= 0


def test_a_workbook_that_would_take_all_memory_is_refused(tmp_path: Path) -> None:
    good, wide, bomb = (tmp_path / name for name in ("good.xlsx", "wide.xlsx", "bomb.xlsx"))
    write_xlsx(good, [["outlet", "title"], ["a", "b"]])
    assert len(read(good)) == 1
    with (
        zipfile.ZipFile(good) as book,
        zipfile.ZipFile(wide, "w") as far,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as inflated,
    ):
        for name in book.namelist():
            data = book.read(name)
            inflated.writestr(name, data)
            if "sheet1" in name:
                data = data.replace(b'<row r="2"><c ', b'<row r="1048576"><c r="XFD1048576" ')
            far.writestr(name, data)
        inflated.writestr("xl/media/picture.bin", bytes(210_000_000))
    for path in (wide, bomb):
        with pytest.raises(ResoundError, match="too large"):
            read(path)


def test_a_zip_that_is_no_workbook_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "clips.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(ResoundError, match=r"clips\.xlsx is no spreadsheet"):
        read(path)


@pytest.mark.parametrize("language", get_args(UiLanguage))
def test_templates_in_every_language_are_read_again(tmp_path: Path, language: UiLanguage) -> None:
    for name, data in (("t.csv", csv_template(language)), ("t.xlsx", xlsx_template(language))):
        path = tmp_path / name
        path.write_bytes(data)
        table = read_table(path, count_known=len)
        first = next(iter(table.rows))
        assert len(table.header) == len(COLUMNS)
        assert first.cells[0].startswith("# ")
        assert read(path) == []


def test_a_nul_byte_is_told_with_its_line(tmp_path: Path) -> None:
    """It was taken for UTF-16, in which the header has no names that anybody knows."""
    rows = "".join(f"Example News,A workshop {n},2014-10-0{n + 1}\n" for n in range(5))
    text = "outlet,title,date\n" + rows.replace("workshop 2", "workshop \x00")
    with pytest.raises(ResoundError, match="Line 4 of the table holds a NUL byte"):
        read_text(tmp_path, text)


@pytest.mark.parametrize("language", ["en", "zh-Hant", "vi"])
def test_a_wrong_medium_is_answered_in_words_that_are_taken(language: UiLanguage) -> None:
    problem = check_cells(2, {"outlet": "O", "title": "T", "medium": "podcast"}, NOW)
    assert isinstance(problem, ClipProblem)
    assert (problem.title, problem.outlet) == ("T", "O")  # so that it is known again
    kept = told_from_json(json.loads(json.dumps(told_to_json(problem.message))))
    assert kept == problem.message
    told = words(language).told(kept)
    named = words(language).gettext("online, print, television, radio, agency")
    assert named in told
    for one in re.split(r"[、,]\s*", named):
        assert isinstance(check_cells(2, {"outlet": "O", "title": "T", "medium": one}, NOW), ClipRow)


@pytest.mark.parametrize("language", ["en", "zh-Hant", "vi"])
def test_the_examples_of_a_template_are_in_the_readers_language(language: UiLanguage, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = list(csv.reader(io.StringIO(csv_template(language).decode("utf-8-sig"))))
    assert ("example" in rows[2][-1]) is (language == "en")
    filled = [rows[0], *([row[0].removeprefix("# "), *row[1:]] for row in rows[2:])]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(filled)
    read = list(read_clips(path, now=NOW))
    assert [one.medium for one in read if isinstance(one, ClipRow)] == ["online", "print", "tv"]
    for name in MEDIUM_NAMES[language].values():
        assert isinstance(check_cells(2, {"outlet": "O", "title": "T", "medium": name}, NOW), ClipRow)


def test_what_is_only_called_a_workbook_is_told_as_that(tmp_path: Path) -> None:
    path = tmp_path / "clips.xlsx"
    path.write_bytes(b"this is no workbook")
    with pytest.raises(ResoundError, match="no spreadsheet"):
        list(read_clips(path, now=NOW))
    path.write_text("outlet,title\nO,T\n")  # a table of text under a wrong name can be read all the same
    assert len(list(read_clips(path, now=NOW))) == 1
