"""A table of clips, from bytes to rows of text: CSV in the encodings and separators that spreadsheets write, and XLSX.

Every cell becomes text as a person sees it; a formula stays what it shows and is never worked out. Rows are numbered
as a spreadsheet numbers them, empty ones included.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from resound.errors import ResoundError

HEADER_WITHIN = 20
"""A table may begin with a title; its header is looked for in this many rows."""
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a calendar, no moment)
_EXCEL_DAYS = range(20_000, 80_000)  # 1954 … 2119
_DELIMITERS = (",", ";", "\t")
# UTF-8 refuses what is not UTF-8; of the others the one under which the header makes sense is right.
_ENCODINGS = ("utf-8", "big5hkscs", "gb18030", "cp1258")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row below the header. `wrong` is a sentence where the row could not be taken apart; it has no cells then."""

    number: int
    cells: tuple[str, ...]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class ClipTable:
    """`header` is the row of column names as written; `header_row` its number."""

    header_row: int
    header: tuple[str, ...]
    rows: Iterator[TableRow]


def read_table(path: Path, *, count_known: Callable[[Sequence[str]], int]) -> ClipTable:
    """Open a table and find its header: the first row of the first sheet with the most names that `count_known` knows.

    Raises:
        ResoundError: the file cannot be read, or none of its first rows is a header.
    """
    try:
        data = path.read_bytes()
    except OSError as err:
        raise ResoundError(f"The table {path} cannot be read: {err.strerror}.") from err
    if data.startswith((_ZIP, _OLE)):
        sheets = list(_read_workbook(path, data))
    else:
        sheets = [_read_csv(data, count_known)]
    for rows in sheets:
        head: list[TableRow] = []
        for row in rows:
            head.append(row)
            if count_known(row.cells) >= 2 or len(head) >= HEADER_WITHIN:
                break
        if head and count_known(head[-1].cells) >= 2:
            return ClipTable(head[-1].number, head[-1].cells, rows)
    raise ResoundError(
        f"{path} has no header row. Its first row must name the columns, at least two of them: url, outlet, date, title, "
        "medium … (`resound clips template FILE.csv` writes a table that has them all)."
    )


def _read_workbook(path: Path, data: bytes) -> Iterator[Iterator[TableRow]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
    except PasswordError as err:
        raise ResoundError(f"{path} is protected by a password; save it without one.") from err
    except (CalamineError, OSError, ValueError) as err:
        raise ResoundError(f"{path} is no spreadsheet that can be read; save it as XLSX or CSV.") from err
    for sheet in sheets:
        yield (
            TableRow(number, tuple(_as_text(cell) for cell in cells))
            for number, cells in enumerate(sheet, start=1)
        )


def _as_text(cell: Any) -> str:
    """What a person sees in a cell: 5 for 5.0, a day without midnight, hours and minutes."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat("minutes" if not cell.second else "seconds")
    if isinstance(cell, timedelta):  # what Excel keeps as [hh]:mm, for programmes after midnight
        minutes = round(cell.total_seconds()) // 60
        return f"{minutes // 60:02}:{minutes % 60:02}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return _tidy(str(cell))


def excel_day(text: str) -> date | None:
    """The day that a number stands for where a spreadsheet's date lost its format (41914 is 2014-10-02)."""
    if not (text.isascii() and text.isdecimal() and int(text) in _EXCEL_DAYS):
        return None
    return (_EXCEL_EPOCH + timedelta(days=int(text))).date()


def _read_csv(data: bytes, count_known: Callable[[Sequence[str]], int]) -> Iterator[TableRow]:
    text = _decode(data, count_known)
    top = text.splitlines()[:HEADER_WITHIN]
    delimiter = max(_DELIMITERS, key=lambda one: max(map(count_known, _split(top, one)), default=0))
    # csv's own limit of 128 KiB a field is for untrusted streams; a long text in a cell is none.
    csv.field_size_limit(max(csv.field_size_limit(), 10_000_000))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield TableRow(
                number,
                (),
                'A quotation mark stands where none fits: a cell with quotes is written "so, with ""two"" for each". '
                "This row could not be read, nor whatever follows a quotation that is never closed.",
            )
            continue
        yield TableRow(number, tuple(_tidy(cell) for cell in cells))


def _split(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    yield from csv.reader(lines, delimiter=delimiter)


def _decode(data: bytes, count_known: Callable[[Sequence[str]], int]) -> str:
    """The text of a CSV file: what its byte order mark says, else UTF-8, else what makes most sense of its header."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if (
        0 in data
    ):  # UTF-16 without its mark: its separators and line ends have a zero byte before or after them
        is_big = data[::2].count(0) > data[1::2].count(0)
        return data.decode("utf-16-be" if is_big else "utf-16-le", "replace")
    best: tuple[int, str] = (-1, "")
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8":
            return text
        lines = text.splitlines()[:HEADER_WITHIN]
        known = max((count_known(row) for one in _DELIMITERS for row in _split(lines, one)), default=0)
        if known > best[0]:
            best = (known, text)
    if best[0] < 0:
        raise ResoundError(
            "The table is in an unknown encoding; save it as UTF-8 (in Excel: “CSV UTF-8”) or XLSX."
        )
    return best[1]


def _tidy(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n")).strip()
