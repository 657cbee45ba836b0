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
from resound.query.tree import EVERYTHING, DateRange, Keyword, Node, Or, Query, render
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


def chosen_values(text: str, name: str) -> tuple[str, ...]:
    """The values of a keyword field that the query asks for, as they are written."""
    found = [one.value for part in _parts(text) for one in _values(part, name)]
    return tuple({fold_keyword(value): value for value in found}.values())


def toggle_value(text: str, name: str, value: str) -> str:
    """The query that asks for one more value of a keyword field, or for one less where it asked for it.

    Raises:
        ValueError: the value holds no letter or digit.
    """
    written, folded = write_keyword(name, value), fold_keyword(value)
    parts = _parts(text)
    theirs = {at: values for at, part in enumerate(parts) if (values := _values(part, name))}
    if any(one.folded == folded for values in theirs.values() for one in values):
        kept = {at: [one.value for one in values if one.folded != folded] for at, values in theirs.items()}
        return _rewrite(text, parts, {at: _any_of(name, values) for at, values in kept.items()})
    if not theirs:
        return _add(text, written)
    last, values = list(theirs.items())[-1]
    return _rewrite(text, parts, {last: _any_of(name, [*(one.value for one in values), value])})


def without_values(text: str, name: str) -> str:
    """The query without its conditions on a keyword field."""
    parts = _parts(text)
    return _rewrite(text, parts, {at: "" for at, part in enumerate(parts) if _values(part, name)})


def chosen_dates(text: str) -> DateRange | None:
    """The days that the query asks for; None where it names none. Open ends stay open."""
    ranges = [part.tree for part in _parts(text) if isinstance(part.tree, DateRange)]
    if not ranges:
        return None
    firsts = [one.first for one in ranges if one.first is not None]
    lasts = [one.last for one in ranges if one.last is not None]
    return DateRange(max(firsts, default=None), min(lasts, default=None))


def set_dates(text: str, days: DateRange | None) -> str:
    """The query of these days instead of those that it asked for; of any where None."""
    parts = _parts(text)
    theirs = [at for at, part in enumerate(parts) if isinstance(part.tree, DateRange)]
    written = "" if days is None else write_dates(days)
    if not theirs:
        return _add(text, written) if written else text
    return _rewrite(text, parts, {at: written if at == theirs[0] else "" for at in theirs})


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


def _parts(text: str) -> list[_Part]:
    places = read(text).parts
    return [_Part(start, end, parse(text[start:end]).tree) for start, end in places]


def _values(part: _Part, name: str) -> tuple[Keyword, ...]:
    """The keywords of a part that asks for values of this field and for nothing else."""
    nodes = part.tree.children if isinstance(part.tree, Or) else (part.tree,)
    found = tuple(one for one in nodes if isinstance(one, Keyword) and one.name == name)
    return found if len(found) == len(nodes) else ()


def _any_of(name: str, values: Sequence[str]) -> str:
    written = [write_keyword(name, value) for value in values]
    if len(written) < 2:
        return "".join(written)
    return f"{name}:({' OR '.join(one.removeprefix(f'{name}:') for one in written)})"


def _add(text: str, condition: str) -> str:
    if not text.strip():
        return condition
    is_joined = bool(parse(text).parts)
    return f"{text.strip()} {condition}" if is_joined else f"({text.strip()}) {condition}"


def _rewrite(text: str, parts: Sequence[_Part], new: Mapping[int, str]) -> str:
    """The text with some of its parts written anew; where nothing is written, what joined it goes too."""
    kept = ""
    for at, part in enumerate(parts):
        written = new.get(at, text[part.start : part.end])
        if written:
            kept += (text[parts[at - 1].end : part.start] if kept else "") + written
    return kept
