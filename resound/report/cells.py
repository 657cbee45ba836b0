"""One cell of a workbook: what it is written as, so that no spreadsheet runs it, changes it, or fails on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from resound.report.foreign import followable, settable, spaced
from resound.report.formulas import write_spans
from resound.report.tables import Cell, CellKind, Row

LONGEST = 32_767
"""UTF-16 units that a cell holds in Excel."""
LONGEST_LINK = 2_000
"""Excel takes 2,079 characters of an address."""
_FIRST_DAY = date(1900, 3, 1)
"""Excel believes that there was a 29 February 1900: earlier days are written as text."""
_RUN = ("=", "+", "-", "@")
"""What a spreadsheet would take for the beginning of a formula if somebody typed it."""


def cell_text(text: str) -> str:
    """Foreign text of one line that Excel can hold; what is too long is cut and says so."""
    tidy = settable(text)
    if utf16_length(tidy) <= LONGEST:
        return tidy
    end = f" … [{len(tidy)}]"
    kept = tidy.encode("utf-16-le")[: 2 * (LONGEST - len(end))].decode("utf-16-le", errors="ignore")
    return kept + end


def utf16_length(text: str) -> int:
    """How long Excel takes a text to be."""
    return len(text) + sum(char > "\uffff" for char in text)


def could_be_run(text: str) -> bool:
    """Whether a spreadsheet would run it if it were typed: such cells are marked as text besides."""
    return text.startswith(_RUN)


def cell_value(cell: Cell, kind: CellKind, row: Row) -> str | int | float | date | datetime | None:
    """A cell as it is written: numbers and days as such, moments in UTC without a zone, everything else as text."""
    if kind == "clips":
        return write_spans(row.members) or None
    if isinstance(cell, datetime):  # before date, which it is too
        naive = cell.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        return naive if naive.date() >= _FIRST_DAY else naive.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell if cell >= _FIRST_DAY else cell.isoformat()
    return cell_text(cell) or None if isinstance(cell, str) else cell


def cell_link(cell: Cell) -> str:
    """An address behind which a link may stand; empty for any other."""
    if not isinstance(cell, str) or len(cell) > LONGEST_LINK:
        return ""
    return followable(cell)


def rich_parts(parts: tuple[tuple[str, bool], ...], most: int = LONGEST) -> list[tuple[str, bool]]:
    """The pieces of a passage, each tidied, together no longer than a cell."""
    kept: list[tuple[str, bool]] = []
    room = most
    for text, is_marked in parts:
        piece = spaced(text)
        if utf16_length(piece) > room:
            break
        room -= utf16_length(piece)
        if piece:
            kept.append((piece, is_marked))
    return kept


def shown(value: Any) -> str:
    """About what a cell looks like, to measure columns by."""
    if isinstance(value, datetime):
        return "2014-10-02 00:00"
    if isinstance(value, date):
        return "2014-10-02"
    if isinstance(value, float):
        return "100.0%"
    return "" if value is None else str(value)
