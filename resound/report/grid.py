"""A table of the report on a sheet: title, heading, rows, total, notes, picture; typed cells and our own formulas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any

from resound.coverage.charts import Chart, to_png
from resound.report.cells import (
    cell_link,
    cell_text,
    cell_value,
    could_be_run,
    rich_parts,
    shown,
)
from resound.report.formulas import ClipMarks, asked, display_width, widest
from resound.report.tables import Column, Quote, ReportTable, Row
from resound.settings import UiLanguage
from resound.words import Words

FONTS: dict[UiLanguage, str] = {"zh-Hant": "Microsoft JhengHei", "en": "Calibri", "vi": "Calibri"}
"""Every Excel has them; where they are not, their metric twins or the system's Chinese font stand in."""
INK, SOFT, LINE, FILL, AMBER, AMBER_INK = "#1d2326", "#566066", "#c9c8c1", "#e9eef0", "#fff0c7", "#6b4a00"
SIZE = 10
LINE_HEIGHT = 14.0
MOST_LINES = 14
"""Lines of a row that are shown; a cell holds more than that."""
NARROW, WIDE = 9, 46
_WIDTHS = {"definition": 100, "meaning": 70, "passage": 90, "why": 60, "text": 90, "sha256": 36, "url": 50}
_CHART_WIDTH = 680
_FORMATS = {"share": "0.0%", "day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm"}


@dataclass
class Paper:
    """A workbook while the sheets of one report are written. `marks`: how its clips are found by formulas."""

    book: Any
    words: Words
    marks: ClipMarks
    _formats: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def format(self, **properties: Any) -> Any:
        """A cell format; equal ones are made once."""
        base = {
            "font_name": FONTS[self.words.language],
            "font_size": SIZE,
            "font_color": INK,
            "valign": "top",
        }
        wanted = tuple(sorted({**base, **properties}.items()))
        if wanted not in self._formats:
            self._formats[wanted] = self.book.add_format(dict(wanted))
        return self._formats[wanted]

    def page(self, sheet: Any, *, header: int | None, title: str, pages: tuple[int, int] = (1, 0)) -> None:
        """How a sheet is printed: A4 on its side, the heading again on every page, numbered.

        `pages`: how many it is wide and high; 0 for as many as it takes.
        """
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(*pages)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        numbered = self.words.gettext("Page %(page)s of %(pages)s", page="&P", pages="&N")
        sheet.set_footer(f"&L&8{cell_text(title)[:120].replace('&', '&&')}&R&8{numbered}")
        if header is not None:
            sheet.repeat_rows(0, header)
        if pages[0] > 1:
            sheet.repeat_columns(0)


def write_title(paper: Paper, sheet: Any, title: str) -> None:
    """The first row of a sheet."""
    sheet.write_string(0, 0, cell_text(title), paper.format(bold=True, font_size=15))
    sheet.set_row(0, 24)


def write_paragraph(
    paper: Paper, sheet: Any, at: int, text: str, *, width: Sequence[int], **look: Any
) -> int:
    """A sentence over several columns (`width` of each); the row after it."""
    lines = lines_of(text, sum(width))
    styled = paper.format(text_wrap=True, quote_prefix=could_be_run(text), **look)
    if len(width) > 1:
        sheet.merge_range(at, 0, at, len(width) - 1, "", styled)
    sheet.write_string(at, 0, cell_text(text), styled)
    sheet.set_row(at, lines * LINE_HEIGHT + 3)
    return at + 1


def lines_of(text: str, width: int) -> int:
    """How many lines a text takes in so wide a column: words that do not fit the end of a line cost a tenth.

    Spreadsheets fit the height of rows themselves, but not that of merged cells, and not everywhere when they print.
    """
    wide = [display_width(line) for line in text.split("\n")]
    return sum(1 if one <= width else -(-one * 11 // (10 * width)) for one in wide)


def row_height(lines: int) -> float:
    """Of a row with so many lines."""
    return min(lines, MOST_LINES) * LINE_HEIGHT + 2


def table_widths(table: ReportTable) -> list[int]:
    """How wide each column is: for what stands in it, Chinese letters double, within bounds."""
    found = []
    for at, column in enumerate(table.columns):
        rows = [*table.rows, *([table.total] if table.total else [])]
        texts = [shown(cell_value(row.cells[at], column.kind, row)) for row in rows[:2000]]
        words = max((display_width(word) for word in column.heading.split()), default=0)
        most = _WIDTHS.get(column.key, 34 if column.kind == "clips" else WIDE)
        least = max(NARROW, min(words + 2, 18), 13 if column.do_not_add else 0)
        found.append(widest(texts, least=least, most=most) + 1)
    return found


def write_table(
    paper: Paper, sheet: Any, table: ReportTable, top: int, widths: Sequence[int], *, with_notes: bool = True
) -> tuple[int, int]:
    """Heading, rows and total from row `top` on; the row of the heading, and the one after everything.

    Its note on columns that do not add up, and on rows that are "at least", stand above the heading.
    """
    at = _write_warnings(paper, sheet, table, top, widths)
    header = at
    for number, column in enumerate(table.columns):
        sheet.write_string(at, number, _heading(paper, column), _heading_format(paper, column))
    headings = zip((_heading(paper, one) for one in table.columns), widths, strict=False)
    sheet.set_row(at, row_height(max(lines_of(*one) for one in headings)) + 2)
    for row in table.rows:
        at += 1
        _write_row(paper, sheet, at, table, row, widths)
    if table.total is not None:
        at += 1
        _write_row(paper, sheet, at, table, table.total, widths, is_total=True)
    at += 2
    if with_notes:
        for note in table.notes:
            at = write_paragraph(paper, sheet, at, note, width=widths, font_color=SOFT)
    return header, at


def _write_warnings(paper: Paper, sheet: Any, table: ReportTable, at: int, widths: Sequence[int]) -> int:
    _ = paper.words.gettext
    if any(column.do_not_add for column in table.columns):
        note = _(
            "Do not add the columns marked so: their rows overlap. The last row prints the distinct number."
        )
        if table.total is None:
            note = _("Do not add the columns marked so: they are no part of the counts.")
        at = write_paragraph(paper, sheet, at, note, width=widths, bg_color=AMBER, font_color=AMBER_INK)
    if any(row.at_least for row in table.rows):
        note = _(
            "≥ means “at least”: a source that bears on the row was not read on every day, or is not read by machine."
        )
        at = write_paragraph(paper, sheet, at, note, width=widths, font_color=SOFT)
    return at


def _heading(paper: Paper, column: Column) -> str:
    words = [column.heading]
    if column.kind == "moment":
        words.append("(UTC)")
    if column.do_not_add:
        words.append(f"({paper.words.gettext('do not add')})")
    return "\n".join(map(cell_text, words))


def _heading_format(paper: Paper, column: Column) -> Any:
    look = {"bg_color": AMBER, "font_color": AMBER_INK} if column.do_not_add else {"bg_color": FILL}
    side = "right" if column.kind in ("number", "share") else "left"
    return paper.format(
        bold=True,
        text_wrap=True,
        bottom=1,
        bottom_color=SOFT,
        align=side,
        valign="bottom",
        indent=int(side == "left"),
        **look,
    )


def _write_row(
    paper: Paper,
    sheet: Any,
    at: int,
    table: ReportTable,
    row: Row,
    widths: Sequence[int],
    *,
    is_total: bool = False,
) -> None:
    look: dict[str, Any] = {"bottom": 4, "bottom_color": LINE}
    if is_total:
        look = {"bold": True, "top": 1, "top_color": SOFT, "bg_color": FILL}
    lines = 1
    for number, column in enumerate(table.columns):
        value = cell_value(row.cells[number], column.kind, row)
        _write_cell(paper, sheet, (at, number), table, column, row, value, look)
        if isinstance(value, str):
            lines = max(lines, lines_of(value, widths[number] - 1))
    sheet.set_row(at, row_height(lines))


def _write_cell(
    paper: Paper,
    sheet: Any,
    place: tuple[int, int],
    table: ReportTable,
    column: Column,
    row: Row,
    value: Any,
    look: dict[str, Any],
) -> None:
    if value is None:
        sheet.write_blank(*place, None, paper.format(**look))
    elif isinstance(value, str):
        _write_text(paper, sheet, place, column, row, value, look)
    elif isinstance(value, datetime | date):
        kind = "moment" if isinstance(value, datetime) else "day"
        sheet.write_datetime(
            *place, value, paper.format(num_format=_FORMATS[kind], align="left", indent=1, **look)
        )
    else:
        styled = paper.format(num_format=_number_format(column, row, value), **look)
        wanted = asked(table, column, row)
        if not wanted or not paper.marks.clips:  # nothing to count in
            sheet.write_number(*place, value, styled)
            return
        if paper.marks.count(wanted) != value:
            raise ValueError(f"{table.key}: {value} items are not what the clip list has for {wanted}")
        sheet.write_formula(*place, paper.marks.formula(wanted), styled, value)


def _number_format(column: Column, row: Row, value: float) -> str:
    if column.kind == "share":
        return _FORMATS["share"]
    if isinstance(value, float):
        return "0.000"
    return '"≥ "#,##0' if row.is_least(column) else "#,##0"


def _write_text(
    paper: Paper,
    sheet: Any,
    place: tuple[int, int],
    column: Column,
    row: Row,
    value: str,
    look: dict[str, Any],
) -> None:
    """Always a string; an address of the web with a link behind it."""
    if column.kind == "link":
        address = cell_link(row.cells[place[1]])
        styled = paper.format(font_color="#0b5394", underline=1, text_wrap=True, indent=1, **look)
        if address and sheet.write_url(*place, address, styled, value) == 0:
            return
    side = "right" if column.kind == "number" and look.get("bold") is None else "left"
    styled = paper.format(
        text_wrap=True, align=side, indent=int(side == "left"), quote_prefix=could_be_run(value), **look
    )
    sheet.write_string(*place, value, styled)


def write_quotes(
    paper: Paper, sheet: Any, top: int, headed: Iterable[tuple[str, Sequence[Quote]]], widths: Sequence[int]
) -> tuple[int, int]:
    """Passages with their marked words bold; the row of the heading, and the one after everything."""
    _ = paper.words.gettext
    heads = (_("Quoted for"), _("Clip"), _("Outlet"), _("Language"), _("Passage, original"))
    for number, head in enumerate(heads):
        sheet.write_string(top, number, head, _heading_format(paper, Column("", head)))
    at = top
    look = {"bottom": 4, "bottom_color": LINE}
    plain = paper.format(text_wrap=True, **look)
    for heading, quotes in headed:
        for one in quotes:
            at += 1
            named = (heading, one.outlet, paper.words.language_name(one.tag))
            for number, value in zip((0, 2, 3), map(cell_text, named), strict=True):
                sheet.write_string(
                    at, number, value, paper.format(text_wrap=True, quote_prefix=could_be_run(value), **look)
                )
            sheet.write_number(at, 1, one.clip, paper.format(**look))
            _write_passage(paper, sheet, at, len(heads) - 1, one, plain)
            whole = "".join(part for part, _ in one.parts)
            lines = max(lines_of(whole, widths[-1]), *map(lines_of, named, (widths[0], widths[2], widths[3])))
            sheet.set_row(at, row_height(lines))
    return top, at + 1


def _write_passage(paper: Paper, sheet: Any, at: int, column: int, one: Quote, styled: Any) -> None:
    parts = rich_parts(one.parts)
    whole = "".join(part for part, _ in parts)
    if len(parts) < 2 or not any(is_marked for _, is_marked in parts):
        sheet.write_string(at, column, whole, styled)
        return
    bold = paper.format(bold=True, font_color="#0b5394")
    normal = paper.format()
    pieces: list[Any] = []
    for part, is_marked in parts:
        pieces += [bold if is_marked else normal, part]
    if sheet.write_rich_string(at, column, *pieces, styled) != 0:
        sheet.write_string(at, column, whole, styled)


def insert_chart(paper: Paper, sheet: Any, at: int, chart: Chart) -> None:
    """A picture of the same numbers, with words for those who do not see it."""
    picture = to_png(chart.spec)
    wide = int.from_bytes(picture[16:20], "big")  # PNG: the first chunk is IHDR
    alternative = paper.words.gettext(
        "Chart: %(title)s. The numbers stand in the table beside it.", title=chart.title
    )
    scale = _CHART_WIDTH / wide
    sheet.insert_image(
        at,
        0,
        "chart.png",
        {
            "image_data": BytesIO(picture),
            "description": alternative,
            "x_scale": scale,
            "y_scale": scale,
            "object_position": 2,
        },
    )
