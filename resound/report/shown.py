"""A report's sections and tables as they are printed: each cell in the reader's words, and how wide its column is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from resound.coverage.charts import Chart
from resound.report.foreign import MOST_IN_A_CELL, MOST_IN_A_HEADLINE, followable, settable, shortened
from resound.report.tables import Cell, CellKind, Column, Quote, Report, ReportTable, Row, Section
from resound.report.widths import LYING, UPRIGHT, lies, needed, share_out
from resound.words import Words

MOST_QUOTES = 12
"""Under one heading; those that people confirmed come first."""
MOST_IN_A_SHORT_ONE = 5
"""Rows of all the tables of a short section."""
CLIP_BOOK = "clip-book"
"""The section whose tables (the list of clips, the evidence) the clips themselves take the place of."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as it is printed. `links` are (text, anchor or address); `tag` is the language where it is not the report's."""

    text: str
    is_number: bool = False
    tag: str = ""
    links: tuple[tuple[str, str], ...] = ()
    cut_from: int = 0

    @property
    def as_text(self) -> str:
        """All of it in one line."""
        return ", ".join(text for text, _ in self.links) or self.text


@dataclass(frozen=True, slots=True)
class LaidTable:
    """A table ready to be printed. `widths` are in per cent of the line; one that `is_lying` needs a page on its side."""

    rows: tuple[tuple[Shown, ...], ...]
    total: tuple[Shown, ...] | None
    table: ReportTable
    widths: tuple[float, ...]
    is_lying: bool


@dataclass(frozen=True, slots=True)
class LaidSection:
    """A section ready to be printed. `quotes`: heading → passages that are shown, and how many more there are."""

    section: Section
    tables: tuple[LaidTable, ...]
    quotes: tuple[tuple[str, tuple[Quote, ...], int], ...]
    is_clip_book: bool
    is_lying: bool


def lay_section(section: Section, say: Words, tags: Mapping[str, str], prefix: str) -> LaidSection:
    """What is printed of a section. One with a table that lies on its side lies as a whole."""
    is_clip_book = section.key == CLIP_BOOK
    tables = () if is_clip_book else tuple(lay_table(one, say, tags, prefix) for one in section.tables)
    quotes = []
    for heading, passages in section.quotes:
        ordered = sorted(passages, key=lambda one: not one.is_confirmed)
        quotes.append((heading, tuple(ordered[:MOST_QUOTES]), max(0, len(ordered) - MOST_QUOTES)))
    return LaidSection(section, tables, tuple(quotes), is_clip_book, any(one.is_lying for one in tables))


def turn_lone(sections: Sequence[LaidSection]) -> list[LaidSection]:
    """A short section that would stand alone on an upright page, between pages that lie or clips, lies beside its neighbour."""
    turned = []
    for at, one in enumerate(sections):
        beside = [
            near
            for near in (*sections[max(0, at - 1) : at], *sections[at + 1 : at + 2])
            if not near.is_clip_book
        ]
        is_lone = bool(beside) and all(near.is_lying for near in beside)
        turned.append(replace(one, is_lying=True) if is_lone and _is_short(one) else one)
    return turned


def _is_short(laid: LaidSection) -> bool:
    """Whether it takes less than half a page."""
    if laid.is_clip_book or laid.quotes or any(one.table.chart is not None for one in laid.tables):
        return False
    return sum(len(one.rows) for one in laid.tables) <= MOST_IN_A_SHORT_ONE


def lay_table(table: ReportTable, say: Words, tags: Mapping[str, str], prefix: str) -> LaidTable:
    """A table's cells as they are printed, and how wide its columns are."""
    rows = [
        tuple(
            shown(cell, column, row, say, tags, prefix)
            for cell, column in zip(row.cells, table.columns, strict=True)
        )
        for row in (*table.rows, *([table.total] if table.total is not None else []))
    ]
    columns = [
        needed(column.kind, column.heading, [row[at].as_text for row in rows])
        for at, column in enumerate(table.columns)
    ]
    is_lying = lies(columns)
    return LaidTable(
        table=table,
        rows=tuple(rows[: len(table.rows)]),
        total=rows[-1] if table.total is not None else None,
        widths=tuple(share_out(columns, LYING if is_lying else UPRIGHT)),
        is_lying=is_lying,
    )


def shown(cell: Cell, column: Column, row: Row, say: Words, tags: Mapping[str, str], prefix: str) -> Shown:
    """A cell as people read it in the report's language."""
    if column.key == "clip" and isinstance(cell, int):
        return Shown("", is_number=True, links=tuple(clip_links((cell,), prefix)))
    if column.kind == "clips":
        return Shown("", links=tuple(clip_links(row.members, prefix)))
    if cell is None:
        return Shown("")
    if column.kind == "link" and isinstance(cell, str):
        text, cut_from = shortened(settable(cell), 120)
        address = followable(cell)
        return Shown(
            text if not address else "", links=((text, address),) if address else (), cut_from=cut_from
        )
    text = _written(cell, column.kind, say)
    if isinstance(cell, str):
        most = MOST_IN_A_HEADLINE if cell in tags else MOST_IN_A_CELL
        text, cut_from = shortened(settable(cell), most)
        return Shown(text, tag=tags.get(cell, ""), cut_from=cut_from)
    is_number = column.kind in ("number", "share")
    if row.is_least(column):
        text = f"≥ {text}"
    return Shown(text, is_number=is_number)


def _written(cell: Cell, kind: CellKind, say: Words) -> str:
    match cell:
        case datetime():
            return say.moment(cell)
        case date():
            return say.day(cell)
        case int() | float():
            return say.percent(cell) if kind == "share" else say.number(cell)
        case _:
            return ""


def clip_links(members: Sequence[int], prefix: str) -> Iterator[tuple[str, str]]:
    """Numbers of clips as `1`, `4–7`, each with the anchor of its first clip."""
    numbers = sorted(set(members))
    start = 0
    for at, number in enumerate(numbers):
        if at + 1 < len(numbers) and numbers[at + 1] == number + 1:
            continue
        first = numbers[start]
        text = str(first) if first == number else f"{first}–{number}"
        yield text, f"#{prefix}clip-{first}"
        start = at + 1


def rests_on_a_gap(table: ReportTable) -> bool:
    """Whether a number in it is only known to be at least so large."""
    return any(row.at_least for row in (*table.rows, *([table.total] if table.total else [])))


def alternative(chart: Chart) -> str:
    """A chart in words, for those who do not see it; the table beside it says everything."""
    lines = ["; ".join((str(cells[0]), *(str(one) for one in cells[1:]))) for cells in chart.table.rows[:12]]
    return settable(f"{chart.title}. {' | '.join(lines)}")


def tags_of_texts(report: Report) -> dict[str, str]:
    """Headline → its language: cells do not say it, clips and the snapshot do."""
    found = dict(report.tags)
    for clip in report.clips:
        for translation in clip.translations.values():
            found.setdefault(translation.title, translation.tag)
        found[clip.facts.title] = clip.facts.tag
    return found
