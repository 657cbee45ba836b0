"""Hits as lines of files: what the list shows, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from resound.index.sqlite import SqliteIndex
from resound.searching.hit_rows import BOM, COLUMNS, csv_lines, hit_row, json_lines
from resound.searching.page import Asked, every_hit
from resound.searching.search import Found, Snippet
from tests.resound.found import item, value_names


def found(title: str, **more: str) -> Found:
    return Found(
        "k", "s", title, {**item("k", title).shown, **more}, (Snippet("body", "a passage", ((0, 1),)),)
    )


def read(lines: Sequence[str]) -> list[list[str]]:
    text = "".join(lines)
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text.removeprefix(BOM))))


def test_a_line_has_what_the_list_shows_in_the_readers_language() -> None:
    hit = found("Rác, “nhựa”", translated_title="Plastic", translated_by="demo model")
    header, row = read(list(csv_lines([hit], value_names("vi"))))
    assert dict(zip(COLUMNS, row, strict=True)) == {
        "day": "2014-10-02",
        "outlet": "Báo Sáng",
        "language": "Tiếng Việt",
        "medium": "Báo mạng",
        "title": "Rác, “nhựa”",
        "translated_title": "Plastic",
        "translated_by": "demo model",
        "passages": "a passage",
        "more": "0",
        "url": "https://morning.example/k",
    }
    assert header[0] == "Ngày"


def test_a_clip_that_has_no_address_shows_none() -> None:
    row = hit_row(found("T", url="clip:d2c576e67cb03c1f"), value_names())
    assert row[list(COLUMNS).index("url")] == ""


@given(st.text(alphabet="=+-@\t\r\n ,\"';|a1"))
def test_no_cell_is_a_formula(text: str) -> None:
    hit = found(text, outlet_name=text, translated_title=text, url=text)
    cells = hit_row(hit, value_names())
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    _, row = read(list(csv_lines([hit], value_names())))
    assert tuple(row) == cells


def test_json_lines_are_whole_whatever_stands_in_them(tmp_path: Path, shared_data: Path) -> None:
    naughty = json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))
    index = SqliteIndex(tmp_path / "i")
    index.write(
        [
            item(f"{n:04}", text or "-", date(2014, 10, 2), body="\ud800 rác")
            for n, text in enumerate(naughty)
        ],
        [],
        cursor=1,
    )

    lines = list(json_lines(every_hit(index, Asked("rác"), campaigns=())))

    assert [json.loads(line)["title"] for line in lines] == [text or "-" for text in naughty]
    assert all(line.count("\n") == 1 and line.endswith("\n") for line in lines)
    table = read(list(csv_lines(every_hit(index, Asked("rác"), campaigns=()), value_names())))
    assert len(table) == 1 + len(naughty)
    index.close()
