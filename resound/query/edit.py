"""Changing one condition of a query's text and leaving the rest as it was written.

A condition is a keyword or a date range that stands among the parts of the topmost AND: `綠耕隊 lang:(vi OR en)`. The
values of one field are alternatives, as the boxes of a list are that a person ticks. Blank text asks for everything.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from resound.query.parse import parse
from resound.query.tree import EVERYTHING, DateRange, Keyword, Leaf, Node, Or, Query, render
from resound.text import fold_keyword

_QUOTING = str.maketrans(dict.fromkeys('"“”„‟＂*＊', " "))
"""What ends a quoted value or is refused in one. Values are compared without it."""


class _Part(NamedTuple):
    start: int
    end: int
    tree: Node


def read(text: str) -> Query:
    """`parse`, and everything where there is no text at all."""
    return parse(text) if text.strip() else EVERYTHING


class Conditions:
    """The conditions of one query. Every method gives the text of another query and leaves this one as it is."""

    def __init__(self, text: str) -> None:
        """Raises QuerySyntaxError."""
        self.text = text
        self.query = read(text)
        self._parts = [_Part(start, end, parse(text[start:end]).tree) for start, end in self.query.parts]

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a keyword field that the query asks for, as they are written."""
        found = [one.value for part in self._parts for one in _keywords(part.tree, name)]
        return tuple({fold_keyword(value): value for value in found}.values())

    def toggle(self, name: str, value: str) -> str:
        """Ask for one more value of a keyword field, or for one less where the query asks for it.

        Raises:
            ValueError: the value holds no letter or digit.
        """
        written, folded = write_keyword(name, value), fold_keyword(value)
        theirs = self._places(name)
        if any(one.folded == folded for keywords in theirs.values() for one in keywords):
            kept = {
                at: [one.value for one in keywords if one.folded != folded] for at, keywords in theirs.items()
            }
            return self._rewritten({at: _any_of(name, values) for at, values in kept.items()})
        if not theirs:
            return self._with(written)
        last, keywords = list(theirs.items())[-1]
        return self._rewritten({last: _any_of(name, [*(one.value for one in keywords), value])})

    def without(self, *names: str) -> str:
        """Ask for any value of these keyword fields."""
        return self._rewritten(dict.fromkeys((at for name in names for at in self._places(name)), ""))

    @property
    def dates(self) -> DateRange | None:
        """The days that the query asks for; None where it names none. Open ends stay open."""
        ranges = [part.tree for part in self._parts if isinstance(part.tree, DateRange)]
        if not ranges:
            return None
        firsts = [one.first for one in ranges if one.first is not None]
        lasts = [one.last for one in ranges if one.last is not None]
        return DateRange(max(firsts, default=None), min(lasts, default=None))

    def on(self, days: DateRange) -> str:
        """Ask for these days instead of those that the query asks for."""
        theirs = self._date_places()
        written = write_dates(days)
        if not theirs:
            return self._with(written)
        return self._rewritten({at: written if at == theirs[0] else "" for at in theirs})

    def on_any_day(self) -> str:
        """Ask for no days."""
        return self._rewritten(dict.fromkeys(self._date_places(), ""))

    def any_word(self) -> str | None:
        """Ask for any of the words instead of all of them; None where there is more to it than words."""
        if len(self._parts) < 2 or not all(isinstance(one.tree, Leaf) for one in self._parts):
            return None
        return " OR ".join(self.text[one.start : one.end] for one in self._parts)

    def _places(self, name: str) -> dict[int, tuple[Keyword, ...]]:
        return {at: found for at, part in enumerate(self._parts) if (found := _keywords(part.tree, name))}

    def _date_places(self) -> list[int]:
        return [at for at, part in enumerate(self._parts) if isinstance(part.tree, DateRange)]

    def _with(self, condition: str) -> str:
        text = self.text.strip()
        if not text:
            return condition
        return f"{text} {condition}" if self._parts else f"({text}) {condition}"

    def _rewritten(self, new: Mapping[int, str]) -> str:
        """The text with some of its parts written anew; where nothing is written, what joined it goes too."""
        if not new:
            return self.text
        kept = ""
        for at, part in enumerate(self._parts):
            written = new.get(at, self.text[part.start : part.end])
            if written:
                kept += (self.text[self._parts[at - 1].end : part.start] if kept else "") + written
        return kept


def write_keyword(name: str, value: str) -> str:
    """A keyword as a query has it, quoted where it must be.

    Raises:
        ValueError: the value holds no letter or digit, so that no query can name it.
    """
    written = " ".join(value.translate(_QUOTING).split())
    folded = fold_keyword(value)
    if not written or fold_keyword(written) != folded:
        raise ValueError(f"{value[:80]!r} cannot be asked for")
    return render(Keyword(name, written, folded))


def write_dates(days: DateRange) -> str:
    """As short as it can be said: `date:2014`, `date:2014-09`, `date:2014-09-12`, `date:2014-09-12..`."""
    first, last = days.first, days.last
    if first is not None and last is not None:
        if first == date(first.year, 1, 1) and last == date(first.year, 12, 31):
            return f"date:{first.year:04}"
        if first.day == 1 and last == first.replace(day=calendar.monthrange(first.year, first.month)[1]):
            return f"date:{first.year:04}-{first.month:02}"
    return render(days)


def _keywords(tree: Node, name: str) -> tuple[Keyword, ...]:
    """The keywords of a tree that asks for values of this field and for nothing else."""
    nodes = tree.children if isinstance(tree, Or) else (tree,)
    found = tuple(one for one in nodes if isinstance(one, Keyword) and one.name == name)
    return found if len(found) == len(nodes) else ()


def _any_of(name: str, values: Sequence[str]) -> str:
    written = [write_keyword(name, value) for value in values]
    if len(written) < 2:
        return "".join(written)
    return f"{name}:({' OR '.join(one.removeprefix(f'{name}:') for one in written)})"
