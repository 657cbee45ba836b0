"""The report as a workbook (XLSX): a sheet for each table, contents first, nothing in it that a spreadsheet would run.

The only formulas are our own: each number of items counts the clips of the list by their marks, with its value written
beside, so that it shows before anything is calculated. The same reports give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from resound.report.cells import cell_text
from resound.report.formulas import ClipMarks, display_width, read_marks
from resound.report.grid import (
    FILL,
    LINE,
    SOFT,
    Paper,
    insert_chart,
    table_widths,
    write_paragraph,
    write_quotes,
    write_table,
    write_title,
)
from resound.report.tables import Report, ReportTable, Section
from resound.report.written import write_whole
from resound.settings import UiLanguage
from resound.texts import N_
from resound.words import Words, words

SHEETS: Mapping[str, str] = {
    "contents": N_("Contents"),
    "summary": N_("Summary"),
    "beside": N_("What stands beside"),
    "method": N_("Method"),
    "definitions": N_("Definitions"),
    "searched": N_("What was searched for"),
    "models": N_("Machine work"),
    "by-language": N_("By language"),
    "by-country": N_("By country"),
    "by-medium": N_("By media type"),
    "by-origin": N_("By origin"),
    "crossed": N_("All four crossed"),
    "over-time": N_("Over time"),
    "outlets": N_("Outlets"),
    "groups": N_("Publisher groups"),
    "tone-coded": N_("Tone, coded"),
    "agreement": N_("Agreement"),
    "tone-proposed": N_("Tone, machine"),
    "prominence": N_("Prominence"),
    "themes": N_("Themes"),
    "messages-confirmed": N_("Messages, confirmed"),
    "messages-proposed": N_("Messages, proposed"),
    "messages": N_("Messages, passages"),
    "spokespersons-confirmed": N_("Speakers, confirmed"),
    "spokespersons-proposed": N_("Speakers, proposed"),
    "spokespersons": N_("Speakers, passages"),
    "voice": N_("Share of voice"),
    "voice-items": N_("Items, share of voice"),
    "stories": N_("Stories"),
    "story-items": N_("Items of stories"),
    "clips": N_("Clips"),
    "evidence": N_("Evidence"),
    "reconciliation": N_("Reconciliation"),
    "changes": N_("Changes"),
    "redefined": N_("Definition changed"),
    "watch": N_("Sources and gaps"),
    "leads": N_("Open leads"),
    "excluded": N_("Not counted"),
    "provisional": N_("Provisional outlets"),
}
"""Names of sheets: 31 characters at most, so shorter than the titles on them."""
LONGEST_NAME = 31
_PAGE_WIDTH = 270
"""Narrow letters on a line of A4 on its side, printed as small as can be read."""
_MOST_WITH_CHART = 40
_PREFIXES: Mapping[UiLanguage, str] = {"zh-Hant": "clips_zh", "en": "clips_en", "vi": "clips_vi"}
_ON_SUMMARY = ("four-counts",)
_SUMMARY_WIDTHS = (32, 14, 14, 14, 18, 46)
_QUOTES_WIDTHS = (40, 9, 26, 22, 90)
_NOT_NAMED = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


@dataclass(frozen=True, slots=True)
class _Listed:
    """A sheet as the contents list it."""

    name: str
    section: str
    title: str
    rows: int | None


def write_workbook(reports: Sequence[Report], path: Path) -> None:
    """Write reports, one in each language, as a workbook that takes the place of what is there. Raises OSError.

    Several reports share a workbook: the sheets of each one follow one another, its language before the next.
    """
    import xlsxwriter

    with write_whole(path) as file:
        book = xlsxwriter.Workbook(
            file,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
            },
        )
        _describe(book, reports)
        taken: set[str] = set()
        for report in reports:
            _write_report(book, report, taken)
        book.close()


def _describe(book: Any, reports: Sequence[Report]) -> None:
    """Properties of the document: none of them of this machine or this moment."""
    first = reports[0]
    languages = ", ".join(one.language for one in reports)
    book.set_properties(
        {
            "title": cell_text(first.title)[:250],
            "subject": f"{first.snapshot.campaign} · {first.snapshot.number}",
            "author": "Resound",
            "comments": f"SHA-256 {first.snapshot.sha256}",
            "created": first.snapshot.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0),
        }
    )
    book.set_custom_property("Language", languages, "text")
    book.set_custom_property("SHA-256", first.snapshot.sha256, "text")
    book.set_calc_mode("auto")


def _write_report(book: Any, report: Report, taken: set[str]) -> None:
    spoken = words(report.language)
    clips = next((table for _, table in _tables(report) if table.key == "clips"), None)
    marks = ClipMarks((), ()) if clips is None else read_marks(clips, _PREFIXES[report.language])
    paper = Paper(book, spoken, marks)
    names = _Names(spoken, taken)
    contents = book.add_worksheet(names.take("contents", ""))
    listed = [_write_summary(paper, report, names)]
    for section in report.sections:
        listed += _write_section(paper, section, names)
    _write_contents(paper, contents, report, listed)


def _tables(report: Report) -> Iterable[tuple[Section, ReportTable]]:
    return ((section, table) for section in report.sections for table in section.tables)


class _Names:
    """Names of sheets, each once in the workbook whatever its letters' case."""

    def __init__(self, spoken: Words, taken: set[str]) -> None:
        self._spoken = spoken
        self._taken = taken

    def take(self, key: str, title: str) -> str:
        """The name of the sheet of a table or part."""
        named = self._spoken.gettext(SHEETS[key]) if key in SHEETS else title
        clean = " ".join(cell_text(named).translate(_NOT_NAMED).split()).strip("'") or key
        name, number = clean[:LONGEST_NAME].rstrip(), 1
        while name.casefold() in self._taken:
            number += 1
            end = f" {number}"
            name = clean[: LONGEST_NAME - len(end)].rstrip() + end
        self._taken.add(name.casefold())
        return name


def _write_section(paper: Paper, section: Section, names: _Names) -> list[_Listed]:
    """A sheet for each table; the section's sentences stand under its first. One without tables has a sheet of its own."""
    listed = []
    tables = [one for one in section.tables if one.key not in _ON_SUMMARY]
    sentences = section.sentences if section.key != "summary" else ()
    if section.key == "method" or not tables:
        listed.append(_write_sentences(paper, section, names))
        sentences = ()
    for table in tables:
        listed.append(_write_sheet(paper, section, table, sentences, names))
        sentences = ()
    if section.quotes:
        listed.append(_write_quotes(paper, section, names))
    return listed


def _write_sentences(paper: Paper, section: Section, names: _Names) -> _Listed:
    name = names.take(section.key, section.title)
    sheet = paper.book.add_worksheet(name)
    write_title(paper, sheet, section.title)
    sheet.set_column(0, 0, 120)
    at = 2
    for sentence in section.sentences:
        at = write_paragraph(paper, sheet, at, sentence, width=(120,))
    paper.page(sheet, header=None, title=section.title)
    return _Listed(name, section.title, section.title, None)


def _write_sheet(
    paper: Paper, section: Section, table: ReportTable, sentences: Sequence[str], names: _Names
) -> _Listed:
    name = names.take(table.key, table.title)
    sheet = paper.book.add_worksheet(name)
    write_title(paper, sheet, table.title)
    widths = table_widths(table)
    for number, width in enumerate(widths):
        sheet.set_column(number, number, width)
    header, at = write_table(paper, sheet, table, 1, widths)
    for sentence in sentences:
        at = write_paragraph(paper, sheet, at, sentence, width=widths, font_color=SOFT)
    if table.chart is not None:
        insert_chart(paper, sheet, at + 1, table.chart)
    if table.rows:
        sheet.autofilter(header, 0, header + len(table.rows), len(table.columns) - 1)
    sheet.freeze_panes(header + 1, 1 if len(table.columns) > 4 else 0)
    paper.page(sheet, header=header, title=table.title, pages=_pages(table, widths))
    if table.key == "clips":
        _write_marks(paper, sheet, name, table, header)
    return _Listed(name, section.title, table.title, len(table.rows))


def _pages(table: ReportTable, widths: Sequence[int]) -> tuple[int, int]:
    """A short table and its picture on one page; a wide one on several, so that it can be read."""
    if table.chart is not None and len(table.rows) <= _MOST_WITH_CHART:
        return 1, 1
    return -(-sum(widths) // _PAGE_WIDTH), 0


def _write_marks(paper: Paper, sheet: Any, name: str, table: ReportTable, header: int) -> None:
    """Right of the clip list, the marks by which the other sheets count. They are not printed."""
    marks, first = paper.marks, len(table.columns) + 1
    head = paper.format(
        font_color=SOFT, bottom=1, bottom_color=SOFT, font_size=8, valign="bottom", text_wrap=True
    )
    soft = paper.format(font_color=SOFT, font_size=8)
    sheet.write_string(
        0, first, paper.words.gettext("Marks by which the other sheets count these clips"), soft
    )
    sheet.set_column(first - 1, first - 1, 3)
    quoted = name.replace("'", "''")
    for at, key in enumerate(marks.keys):
        column = first + at
        sheet.set_column(column, column, 16)
        sheet.write_string(header, column, key, head)
        for row, clip in enumerate(marks.clips, header + 1):
            sheet.write_string(row, column, clip[key], soft)
        letters = _letters(column)
        paper.book.define_name(
            marks.name(key), f"='{quoted}'!${letters}${header + 2}:${letters}${header + 1 + len(marks.clips)}"
        )
    last = header + max(1, len(table.rows)) + 2 + len(table.notes) + 3
    sheet.print_area(0, 0, last, len(table.columns) - 1)


def _letters(column: int) -> str:
    """0 → A, 26 → AA."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def _write_quotes(paper: Paper, section: Section, names: _Names) -> _Listed:
    name = names.take(section.key, section.title)
    sheet = paper.book.add_worksheet(name)
    title = f"{section.title} · {paper.words.gettext('Passages')}"
    write_title(paper, sheet, title)
    for number, width in enumerate(_QUOTES_WIDTHS):
        sheet.set_column(number, number, width)
    at = write_paragraph(
        paper,
        sheet,
        1,
        paper.words.gettext("Some passages of each; the tables name every clip."),
        width=_QUOTES_WIDTHS,
        font_color=SOFT,
    )
    header, end = write_quotes(paper, sheet, at, section.quotes, _QUOTES_WIDTHS)
    sheet.autofilter(header, 0, end - 1, len(_QUOTES_WIDTHS) - 1)
    sheet.freeze_panes(header + 1, 0)
    paper.page(sheet, header=header, title=title)
    return _Listed(name, section.title, title, sum(len(quotes) for _, quotes in section.quotes))


def _write_summary(paper: Paper, report: Report, names: _Names) -> _Listed:
    """The cover: what it is a report of, the figures in words, the four counts, what stands beside, and the course of it."""
    section = next(one for one in report.sections if one.key == "summary")
    name = names.take("summary", "")
    sheet = paper.book.add_worksheet(name)
    for number, width in enumerate(_SUMMARY_WIDTHS):
        sheet.set_column(number, number, width)
    write_title(paper, sheet, report.title)
    at = 2
    for label, value in report.facts:
        styled = paper.format(text_wrap=True, bottom=4, bottom_color=LINE)
        sheet.write_string(at, 0, label, paper.format(font_color=SOFT, bottom=4, bottom_color=LINE, indent=1))
        sheet.merge_range(at, 1, at, len(_SUMMARY_WIDTHS) - 1, "", styled)
        sheet.write_string(at, 1, cell_text(value), styled)
        at += 1
    at += 1
    for sentence in section.sentences:
        at = write_paragraph(paper, sheet, at, sentence, width=_SUMMARY_WIDTHS, font_size=11)
    for table in (one for one in section.tables if one.key in _ON_SUMMARY):
        at += 1
        sheet.write_string(at, 0, cell_text(table.title), paper.format(bold=True, font_size=12))
        _, at = write_table(paper, sheet, table, at + 1, _SUMMARY_WIDTHS)
    chart = next((table.chart for _, table in _tables(report) if table.key == "over-time"), None)
    if chart is not None:
        at += 1
        sheet.write_string(at, 0, cell_text(chart.title), paper.format(bold=True, font_size=12))
        insert_chart(paper, sheet, at + 1, chart)
    paper.page(sheet, header=None, title=report.title, pages=(1, 1))
    return _Listed(name, section.title, report.title, None)


def _write_contents(paper: Paper, sheet: Any, report: Report, listed: Sequence[_Listed]) -> None:
    _ = paper.words.gettext
    write_title(paper, sheet, report.title)
    sheet.write_string(1, 0, _("Contents"), paper.format(font_color=SOFT, font_size=12))
    heads = (_("Sheet"), _("Part"), _("What stands there"), _("Rows"))
    head = paper.format(bold=True, bg_color=FILL, bottom=1, bottom_color=SOFT)
    for number, heading in enumerate(heads):
        sheet.write_string(3, number, heading, head)
    line = {"bottom": 4, "bottom_color": LINE}
    link = paper.format(font_color="#0b5394", underline=1, indent=1, **line)
    for at, one in enumerate(listed, 4):
        quoted = one.name.replace("'", "''")
        sheet.write_url(at, 0, f"internal:'{quoted}'!A1", link, one.name)
        sheet.write_string(at, 1, cell_text(one.section), paper.format(**line))
        sheet.write_string(at, 2, cell_text(one.title), paper.format(text_wrap=True, **line))
        if one.rows is None:
            sheet.write_blank(at, 3, None, paper.format(**line))
        else:
            sheet.write_number(at, 3, one.rows, paper.format(num_format="#,##0", **line))
    wide = max((display_width(one.name) for one in listed), default=20) + 3
    for number, width in enumerate((wide, 34, 64, 9)):
        sheet.set_column(number, number, width)
    sheet.freeze_panes(4, 0)
    paper.page(sheet, header=3, title=report.title, pages=(1, 1))
