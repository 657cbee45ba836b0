"""The values of `date:` → a range of days."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date

from resound.query.mistakes import DateError, Problem
from resound.query.tree import DateRange

# 2014 · 2014-10 · 2014-10-02 (also with slashes)
_DAY = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?", re.ASCII)


def read_range(text: str) -> DateRange:
    """A day, month or year, or two of them parted by `..`, either of which may be left out.

    Raises DateError, which says what is wrong.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    first_text, dots, last_text = text.partition("..")
    last_text = last_text.lstrip(".")
    if not dots:
        return DateRange(*_read_days(first_text))
    if not first_text and not last_text:
        raise DateError(Problem.RANGE_WITHOUT_ENDS)
    first = _read_days(first_text)[0] if first_text else None
    last = _read_days(last_text)[1] if last_text else None
    if first and last and first > last:
        raise DateError(Problem.RANGE_BACKWARDS, first=str(first), last=str(last))
    return DateRange(first, last)


def _read_days(text: str) -> tuple[date, date]:
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise DateError(Problem.NO_DATE, text=text[:40])
    year = int(match[1])
    try:
        if match[2] is None:
            return date(year, 1, 1), date(year, 12, 31)
        month = int(match[2])
        if match[3] is None:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        day = date(year, month, int(match[3]))
    except ValueError as err:
        raise DateError(Problem.NO_SUCH_DAY, text=text) from err
    return day, day
