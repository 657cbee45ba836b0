"""The histogram of dates, and the query that finds everything: the same promises of every index."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resound.index.base import IndexDocument, Order, Period, SearchIndex
from resound.query import EVERYTHING, Document, analyse_document, evaluate, parse
from tests.resound.index.conftest import MakeIndex
from tests.resound.index.material import article

PERIODS: tuple[Period, ...] = ("day", "month", "year")
DAYS = st.sampled_from(
    [date(1, 1, 1), date(1969, 12, 31), date(1970, 1, 1), date(2012, 2, 29), date(2014, 9, 30)]
) | st.dates(date(2014, 9, 1), date(2015, 1, 31))


def dated(
    key: str, day: date | None, title: str = "waste", story: str = "", published: int = 0
) -> IndexDocument:
    one = article(key, title, published=published)
    return replace(one, document=replace(one.document, date=day), story=story)


def start_of(day: date, period: Period) -> date:
    return {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[period]


def test_periods_that_have_any_stand_in_order_and_what_has_no_date_is_counted_apart(
    index: SearchIndex,
) -> None:
    index.write(
        [
            dated("a", date(2014, 10, 2)),
            dated("b", date(2014, 9, 30)),
            dated("c", date(2014, 10, 2)),
            dated("d", date(2013, 12, 31)),
            dated("e", None),
            dated("f", date(2014, 10, 5), "water"),
        ],
        [],
        cursor=1,
    )

    by_day = index.search(parse("waste"), histogram="day")
    assert by_day.dates == ((date(2013, 12, 31), 1), (date(2014, 9, 30), 1), (date(2014, 10, 2), 2))
    assert by_day.undated == 1
    by_month = index.search(parse("waste"), limit=0, histogram="month")
    assert by_month.dates == ((date(2013, 12, 1), 1), (date(2014, 9, 1), 1), (date(2014, 10, 1), 2))
    assert index.search(parse("waste"), histogram="year").dates == (
        (date(2013, 1, 1), 1),
        (date(2014, 1, 1), 3),
    )
    unasked = index.search(parse("waste"))
    assert (unasked.dates, unasked.undated) == ((), 0)
    nothing = index.search(parse("nowhere"), histogram="month")
    assert (nothing.dates, nothing.undated) == ((), 0)


def test_the_day_is_the_outlets_own_whatever_the_moment_was_elsewhere(index: SearchIndex) -> None:
    last_second_of_september = 1_412_121_599  # 2014-09-30T23:59:59Z: already October in Taipei
    index.write([dated("a", date(2014, 10, 1), published=last_second_of_september)], [], cursor=1)
    assert index.search(parse("waste"), histogram="month").dates == ((date(2014, 10, 1), 1),)


def test_a_histogram_is_of_all_pages_of_items_collapsed_or_not_and_follows_what_is_written(
    index: SearchIndex,
) -> None:
    index.write([dated(key, date(2014, 10, 2), story="s") for key in "abc"], [], cursor=1)
    first = index.search(parse("waste"), limit=1, histogram="day")
    behind = index.search(parse("waste"), limit=1, after=first.next, histogram="day")
    collapsed = index.search(parse("waste"), limit=1, histogram="day", collapse=True)
    assert first.dates == behind.dates == collapsed.dates == ((date(2014, 10, 2), 3),)

    index.write([dated("a", None), dated("b", date(2014, 10, 3))], ["c"], cursor=2)
    after = index.search(parse("waste"), histogram="day")
    assert (after.dates, after.undated) == (((date(2014, 10, 3), 1),), 1)


def test_a_histogram_is_exact(make_module_index: MakeIndex) -> None:
    index = make_module_index("dates")

    @settings(
        max_examples=30,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.tuples(st.none() | DAYS, st.sampled_from(["waste", "water"])), max_size=30))
    def hold(found: list[tuple[date | None, str]]) -> None:
        documents = [dated(f"d{n:02}", day, title) for n, (day, title) in enumerate(found)]
        index.clear()
        index.write(documents, [], cursor=1)
        query = parse("waste")
        days = [one.document.date for one in documents if evaluate(query, analyse_document(one.document))]
        for period in PERIODS:
            result = index.search(query, limit=0, histogram=period)
            counted = Counter(start_of(day, period) for day in days if day is not None)
            assert result.dates == tuple(sorted(counted.items()))
            assert result.undated == days.count(None)
            assert result.total == result.undated + sum(count for _, count in result.dates)

    hold()


@pytest.mark.parametrize("order", ["newest", "relevance"])
def test_everything_is_found_without_a_word(index: SearchIndex, order: Order) -> None:
    assert index.search(EVERYTHING, order=order).total == 0
    index.write(
        [dated("a", None, "rác", published=1), dated("b", date(2014, 1, 1), "綠", published=2)], [], cursor=1
    )
    index.write([dated("c", None, "gone")], ["c"], cursor=2)
    index.write([], ["c"], cursor=3)

    result = index.search(EVERYTHING, order=order, histogram="year")

    assert [hit.id for hit in result.hits] == ["b", "a"]
    assert (result.total, result.undated) == (2, 1)
    assert evaluate(EVERYTHING, analyse_document(Document()))
