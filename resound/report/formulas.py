"""The only formulas of the workbook: how many clips of the list carry these marks.

`=COUNTIFS(clips_standing,"standing:counted",clips_language,"language:vi")`: the names stand for columns of the clip list,
and a mark is never foreign text (`named.mark` makes it), so that nothing in it is a pattern or a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resound.report.tables import Column, ReportTable, Row

# "standing:counted", "outlet:viet-nam-news", "group:#9f86d081884c7d65"
_MARK = re.compile(r"[a-z-]+:#?[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class ClipMarks:
    """What the clips of one report are marked with. `prefix` keeps the names of several reports in one workbook apart."""

    keys: tuple[str, ...]
    clips: tuple[Mapping[str, str], ...]
    prefix: str = "clips"

    def name(self, key: str) -> str:
        """The name of a mark's column: `message waste-is-a-resource` → `clips_message_waste_is_a_resource`."""
        return f"{self.prefix}_{re.sub(r'[^a-z0-9]', '_', key)}"

    def count(self, where: Mapping[str, str]) -> int:
        """How many clips carry all of these marks."""
        wanted = where.items()
        return sum(wanted <= clip.items() for clip in self.clips)

    def formula(self, where: Mapping[str, str]) -> str:
        """The same as a formula.

        Raises:
            ValueError: a mark could be read as something else by a spreadsheet, or there is no such column.
        """
        parts = []
        for key, value in where.items():
            if key not in self.keys or not _MARK.fullmatch(value):
                raise ValueError(f"nothing can be counted by {key!r} = {value!r}")
            parts.append(f'{self.name(key)},"{value}"')
        return f"=COUNTIFS({','.join(parts)})"


def read_marks(clips: ReportTable, prefix: str) -> ClipMarks:
    """The marks of the clip list, in the order in which they first stand there."""
    keys = dict.fromkeys(key for row in clips.rows for key in row.where)
    return ClipMarks(tuple(keys), tuple(row.where for row in clips.rows), prefix)


def asked(table: ReportTable, column: Column, row: Row) -> Mapping[str, str]:
    """What a cell asks of the clips that it counts; nothing where it is no number of clips."""
    if not row.where or table.key == "clips":
        return {}
    if column.where is not None:
        return {**row.where, **column.where}
    return row.where if column.key == table.counted else {}


def write_spans(numbers: Iterable[int]) -> str:
    """`1, 4–7`: ascending numbers, those that follow one another as a span."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return ", ".join(_span(*span) for span in spans)


def _span(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first}, {last}" if last == first + 1 else f"{first}–{last}"


def display_width(text: str) -> int:
    """How many narrow letters a text is wide: a Chinese character is two."""
    return sum(2 if char >= "\u2e80" else 1 for char in text)


def widest(texts: Sequence[str], *, least: int, most: int) -> int:
    """A column's width for these texts."""
    return max(least, min(most, max(map(display_width, texts), default=least) + 2))
