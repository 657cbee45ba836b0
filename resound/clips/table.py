"""A table of clips, from bytes to rows of text: CSV in the encodings and separators that spreadsheets write, and XLSX.

Every cell becomes text as a person sees it; a formula stays what it shows and is never worked out. Rows are numbered
as a spreadsheet numbers them, empty ones included.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from resound.errors import ResoundError
from resound.told import Told

HEADER_WITHIN = 20
"""A table may begin with a title; its header is looked for in this many rows."""
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a calendar, no moment)
_EXCEL_DAYS = range(20_000, 80_000)  # 1954 … 2119
_DELIMITERS = (",", ";", "\t")
# UTF-8 refuses what is not UTF-8; of the others the one under which the header makes sense is right.
_ENCODINGS = ("utf-8", "big5hkscs", "gb18030", "cp1258")
MOST_BYTES = 20_000_000
"""Of a table, which is read whole."""
MOST_CELLS = 2_000_000
MOST_UNPACKED = 200_000_000
"""Bytes of a workbook's parts together."""
_WIDE = 0.04
"""Of the bytes of a table in UTF-16 at least so many are zero: separators, line ends, days, addresses."""
_SHEET = re.compile(r"/?xl/worksheets/[^/]+\.xml", re.IGNORECASE)
# <c r="XFD1048576"> and <row r="1048576">
_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Z]{0,3})(\d{1,7})["']""")
_BOOKS = frozenset([".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"])
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
        if path.stat().st_size > MOST_BYTES:
            raise _too_large(path)
        data = path.read_bytes()
    except OSError as err:
        raise ResoundError(
            Told("The table %(name)s cannot be read: %(why)s.", name=path.name, why=str(err.strerror))
        ) from err
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
    if path.suffix.lower() in _BOOKS and not data.startswith((_ZIP, _OLE)):
        raise _no_spreadsheet(path)
    raise ResoundError(
        Told(
            "%(name)s has no header row. Its first row must name the columns, at least two of them: url, outlet, date, "
            "title, medium … The template has them all.",
            name=path.name,
        )
    )


def _read_workbook(path: Path, data: bytes) -> Iterator[Iterator[TableRow]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    if data.startswith(_ZIP):
        _check_workbook(path, data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = [book.get_sheet_by_name(name) for name in book.sheet_names]
        if any(one.total_height * one.total_width > MOST_CELLS for one in found):
            raise _too_large(path)
        sheets = [one.to_python(skip_empty_area=False) for one in found]
    except PasswordError as err:
        raise ResoundError(
            Told("%(name)s is protected by a password; save it without one.", name=path.name)
        ) from err
    except (CalamineError, OSError, ValueError) as err:
        raise _no_spreadsheet(path) from err
    for sheet in sheets:
        yield (
            TableRow(number, tuple(_as_text(cell) for cell in cells))
            for number, cells in enumerate(sheet, start=1)
        )


def _check_workbook(path: Path, data: bytes) -> None:
    """Refuse a workbook that would take all memory: inflated without end, or two cells with a million rows between.

    The reader makes room for every cell of the rectangle that a sheet's cells span; so their names are looked at first.
    """
    unpacked = 0
    sheets = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            for member in book.infolist():
                is_sheet = _SHEET.fullmatch(member.filename) is not None
                sheets += is_sheet
                columns = rows = 1
                tail = b""
                with book.open(member) as file:
                    while chunk := file.read(1 << 20):
                        unpacked += len(chunk)
                        if unpacked > MOST_UNPACKED:
                            raise _too_large(path)
                        for found in _CELL.finditer(tail + chunk) if is_sheet else ():
                            columns, rows = max(columns, _column(found[1])), max(rows, int(found[2] or 0))
                        tail = (tail + chunk)[-40:]
                if columns * rows > MOST_CELLS:
                    raise _too_large(path)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as err:
        raise _no_spreadsheet(path) from err
    if not sheets:
        raise _no_spreadsheet(path)


def _column(letters: bytes) -> int:
    """`A` is 1, `XFD` 16,384; no letters (a row's own number) are one column."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return max(number, 1)


def _too_large(path: Path) -> ResoundError:
    return ResoundError(
        Told(
            "%(name)s is too large for a table of clips; copy the rows into a new workbook, or save them as CSV.",
            name=path.name,
        )
    )


def _no_spreadsheet(path: Path) -> ResoundError:
    return ResoundError(
        Told("%(name)s is no spreadsheet that can be read; save it as XLSX or CSV.", name=path.name)
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
    return tidy(str(cell))


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
                Told(
                    'A quotation mark stands where none fits: a cell with quotes is written "so, with ""two"" for each". '
                    "This row could not be read, nor whatever follows a quotation that is never closed."
                ),
            )
            continue
        yield TableRow(number, tuple(tidy(cell) for cell in cells))


def _split(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    yield from csv.reader(lines, delimiter=delimiter)


def _decode(data: bytes, count_known: Callable[[Sequence[str]], int]) -> str:
    """The text of a CSV file: what its byte order mark says, else UTF-8, else what makes most sense of its header."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    zeros = data.count(0)
    if 0 < zeros < len(data) * _WIDE:
        raise ResoundError(
            Told(
                "Line %(line)s of the table holds a NUL byte, which no text has: the file is damaged, or something else "
                "than text. Save it again as UTF-8 (in Excel: “CSV UTF-8”) or XLSX.",
                line=data.count(b"\n", 0, data.index(0)) + 1,
            )
        )
    if zeros:  # UTF-16 without its mark: its separators and line ends have a zero byte before or after them
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
            Told("The table is in an unknown encoding; save it as UTF-8 (in Excel: “CSV UTF-8”) or XLSX.")
        )
    return best[1]


def tidy(cell: str) -> str:
    """What somebody wrote into a cell: composed, its lines parted by newlines, without spaces around it."""
    return unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n")).strip()
