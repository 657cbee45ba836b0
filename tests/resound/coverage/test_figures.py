"""How well we watched, and tables that no spreadsheet runs."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.coverage.figures import find_gaps
from resound.keeping.exporting import make_harmless

FIRST = date(2014, 9, 1)
days = st.integers(-10, 50).map(lambda number: FIRST + timedelta(days=number))
spans = st.lists(st.tuples(days, days).map(lambda pair: (min(pair), max(pair))), max_size=8)


@given(spans, st.integers(-1, 40))
def test_every_day_is_read_or_in_one_gap(read: list[tuple[date, date]], length: int) -> None:
    last = FIRST + timedelta(days=length)
    window = {FIRST + timedelta(days=number) for number in range(length + 1)}
    covered = {day for day in window if any(start <= day <= end for start, end in read)}
    count, gaps = find_gaps(read, FIRST, last)
    missed = [start + timedelta(days=n) for start, end in gaps for n in range((end - start).days + 1)]
    assert count == len(covered)
    assert sorted(missed) == sorted(window - covered)
    assert all(one[1] + timedelta(days=1) < other[0] for one, other in itertools.pairwise(gaps))


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =HYPERLINK()"])
def test_a_formula_becomes_text(cell: str) -> None:
    assert make_harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "綠耕隊", "2014-10-02", "a=b", "https://news.example/?a=-1"])
def test_text_stays_as_it_is(cell: str) -> None:
    assert make_harmless(cell) == cell
