"""What a report is made of, in one language. Numbers stay numbers and days stay days: each format writes them its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from resound.coverage.charts import Chart
from resound.settings import UiLanguage
from resound.snapshots.model import Clip
from resound.store.snapshots import SnapshotRow

Cell = str | int | float | date | datetime | None
CellKind = Literal["text", "number", "share", "day", "moment", "clips", "link"]
"""`share` is 0 … 1; `clips` is written from the row's `members` as `1, 4–7`; `link` is an address that people may follow."""


_COUNTS = ("items", "stories", "outlets", "groups", "before", "after")


@dataclass(frozen=True, slots=True)
class Column:
    """`key` is the same in every language. `do_not_add`: its rows overlap; the total is the distinct number.

    `where`: what a cell that counts items asks of them besides its row's `where`; None where the cells count no items.
    """

    key: str
    heading: str
    kind: CellKind = "text"
    do_not_add: bool = False
    where: Mapping[str, str] | None = None

    @property
    def is_count(self) -> bool:
        """Whether its cells count something of which there may be more."""
        return self.key in _COUNTS or self.where is not None


@dataclass(frozen=True, slots=True)
class Row:
    """One cell a column. `members`: the numbers of the clips that the row counts.

    `at_least`: a source that bears on the row was not read every day, and its counts are "≥", but for those of the columns
    that are `exact`. `where`: mark → the value by which the row's items
    are found in the clip list, so that a spreadsheet can count them itself; empty where it cannot. In the clip list itself
    (the table `clips`) it holds all marks of the row's clip.
    """

    cells: tuple[Cell, ...]
    members: tuple[int, ...] = ()
    at_least: bool = False
    where: Mapping[str, str] = field(default_factory=dict)
    exact: frozenset[str] = frozenset()

    def is_least(self, column: Column) -> bool:
        """Whether its cell in a column is a count of which there may be more."""
        return self.at_least and column.is_count and column.key not in self.exact


@dataclass(frozen=True, slots=True)
class ReportTable:
    """`total` holds the distinct numbers. `counted`: the column whose cells are the numbers of the rows' items, if any."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    counted: str | None = None
    notes: tuple[str, ...] = ()
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage of a clip in its own language; `parts` are (text, whether it is marked)."""

    clip: int
    outlet: str
    tag: str
    parts: tuple[tuple[str, bool], ...]
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report with a heading: sentences, tables, and passages quoted (heading → quotes)."""

    key: str
    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    quotes: tuple[tuple[str, tuple[Quote, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A snapshot laid out in one language.

    `facts`: what stands on the cover, (name, value): campaign, window, as of, snapshot and its hash. `summary`: sentences for
    those who read nothing else. `clips`: the clip book, in the order of their numbers. `tags`: headline → its language, of what stands
    in tables beside the clips.
    """

    snapshot: SnapshotRow
    language: UiLanguage
    title: str
    facts: tuple[tuple[str, str], ...]
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    clips: tuple[Clip, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
