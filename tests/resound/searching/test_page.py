"""The search page's parts: facets, the histogram, suggestions, every hit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from resound.errors import PlaceError, QuerySyntaxError, SearchUnavailableError
from resound.index.base import SearchIndex, SearchResult
from resound.index.sqlite import SqliteIndex
from resound.query import Query
from resound.searching import page as searching
from resound.searching.page import Asked, Facet, SearchView, every_hit, view_search
from tests.resound.found import CAMPAIGN, item, value_names


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SearchIndex]:
    made = SqliteIndex(tmp_path / "index.sqlite")
    made.write(
        [
            item("a", "rác thải", date(2014, 9, 30), tone="positive", campaign="green"),
            item("b", "rác thải", date(2014, 10, 2), lang="zh|zh-Hant", country="TW"),
            item("c", "rác thải nhựa", date(2014, 10, 2), lang="en", outlet="host:new.example", group=""),
            item("d", "rác", None, lang="en"),
            item("e", "綠耕隊", date(2014, 12, 1)),
        ],
        [],
        cursor=1,
    )
    yield made
    made.close()


def view(index: SearchIndex, text: str, **more: object) -> SearchView:
    return view_search(index, Asked(text, **more), campaigns=[CAMPAIGN], names=value_names())  # type: ignore[arg-type]


def facet(shown: SearchView, name: str) -> Facet:
    return next(one for one in shown.facets if one.name == name)


def counts(shown: SearchView, name: str) -> list[tuple[str, int, bool]]:
    return [(one.label, one.count, one.is_chosen) for one in facet(shown, name).choices]


def test_choices_have_names_counts_and_the_query_that_choosing_them_asks(index: SearchIndex) -> None:
    shown = view(index, "rác")

    assert counts(shown, "lang") == [
        ("English", 2, False),
        ("Vietnamese", 1, False),
        ("Chinese", 1, False),
        ("Traditional Chinese", 1, False),
    ]
    assert counts(shown, "outlet") == [("The Morning", 3, False), ("new.example", 1, False)]
    assert counts(shown, "group") == [("North Media", 3, False)]
    assert counts(shown, "campaign") == [("Green team", 1, False)]
    assert counts(shown, "tone") == [("Positive", 1, False)]
    assert [one.name for one in shown.facets if one.is_by_model] == ["tone"]
    outlet = facet(shown, "outlet").choices[1]
    assert outlet.text == 'rác outlet:"host:new.example"'
    assert view(index, outlet.text).results.total == 1


def test_what_is_chosen_is_ticked_and_the_other_values_tell_what_they_would_add(index: SearchIndex) -> None:
    shown = view(index, "rác lang:en")
    assert shown.results.total == 2
    assert counts(shown, "lang") == [
        ("English", 2, True),
        ("Vietnamese", 1, False),
        ("Chinese", 1, False),
        ("Traditional Chinese", 1, False),
    ]
    assert counts(shown, "country") == [("Vietnam", 2, False)]
    assert facet(shown, "lang").text_without == "rác"
    more = facet(shown, "lang").choices[1].text
    assert more == "rác lang:(en OR vi)"
    assert view(index, more).results.total == 3
    nothing = view(index, "rác lang:ja")
    assert counts(nothing, "lang")[0] == ("Japanese", 0, True)


def test_a_facet_shows_its_most_frequent_values_and_what_is_chosen(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_CHOICES", 1)
    shown = view(index, "rác lang:zh")
    assert counts(shown, "lang") == [("English", 2, False), ("Chinese", 1, True)]
    assert facet(shown, "lang").others == 2


def test_blank_text_is_a_search_of_everything(index: SearchIndex) -> None:
    shown = view(index, "  ")
    assert shown.results.total == 5
    assert [hit.id for hit in shown.results.hits] == ["e", "b", "c", "a", "d"]
    assert facet(shown, "country").choices[0].text == "country:VN"


def test_the_histogram_is_of_months_and_its_bars_narrow_the_query(index: SearchIndex) -> None:
    bars = view(index, "rác OR 綠耕隊").histogram
    assert (bars.period, bars.undated, bars.text_without) == ("month", 1, None)
    assert [(one.label, one.count, one.share) for one in bars.bars] == [
        ("September 2014", 1, 50),
        ("October 2014", 2, 100),
        ("November 2014", 0, 0),
        ("December 2014", 1, 50),
    ]
    assert bars.bars[1].text == "(rác OR 綠耕隊) date:2014-10"

    narrowed = view(index, bars.bars[1].text).histogram
    assert (narrowed.period, narrowed.text_without) == ("day", "(rác OR 綠耕隊)")
    assert [(one.label, one.count, one.text) for one in narrowed.bars] == [
        ("2 Oct 2014", 2, "(rác OR 綠耕隊) date:2014-10-02")
    ]


def test_a_histogram_of_one_month_is_of_days_and_one_of_many_years_of_years(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "i")
    index.write(
        [item(f"a{n}", "rác", date(2014, 10, 1) + timedelta(days=3 * n)) for n in range(3)], [], cursor=1
    )
    days = view(index, "rác").histogram
    assert (days.period, [one.count for one in days.bars]) == ("day", [1, 0, 0, 1, 0, 0, 1])

    index.write([item("old", "rác", date(2004, 2, 29)), item("odd", "nước", date(1, 1, 1))], [], cursor=2)
    years = view(index, "rác").histogram
    assert years.period == "year"
    assert [(one.label, one.count) for one in years.bars][::10] == [("2004", 1), ("2014", 3)]
    assert years.bars[0].text == "rác date:2004"
    odd = view(index, "").histogram
    assert [one.label for one in odd.bars] == ["1", "2004", "2014"], "two thousand empty years are left out"
    index.close()


def test_where_nothing_is_found_other_searches_are_offered_that_find_something(index: SearchIndex) -> None:
    shown = view(index, 'rác "nhựa" date:2014-09 lang:en')
    assert [(one.kind, one.asked.text, one.total) for one in shown.suggestions] == [
        ("any-date", 'rác "nhựa" lang:en', 1),
        ("no-conditions", 'rác "nhựa"', 1),
        ("any-word", 'rác OR "nhựa"', 4),
    ]
    assert view(index, "rác").suggestions == ()
    forms = view(index, "đội canh tác xanh", expand=False)
    assert (forms.results.total, forms.suggestions[0].kind) == (0, "forms")
    assert [hit.id for hit in view(index, "đội canh tác xanh").results.hits] == ["e"]
    unquoted = view(index, '"rac"')
    assert [(one.kind, one.asked.text) for one in unquoted.suggestions] == [("unquoted", "rac")]
    assert view(index, '"NOT"').suggestions == ()


def test_a_query_that_cannot_be_read_says_so(index: SearchIndex) -> None:
    with pytest.raises(QuerySyntaxError):
        view(index, "(rác")
    with pytest.raises(QuerySyntaxError):
        every_hit(index, Asked("(rác"), campaigns=())


class Torn(SqliteIndex):
    """An index of which a part stops answering behind the first page."""

    def search(self, query: Query, *, after: str | None = None, **more: Any) -> SearchResult:
        found = super().search(query, after=after, **more)
        return found if after is None else dataclasses.replace(found, trouble="1 of 2 parts did not answer.")


def test_what_cannot_be_told_to_its_end_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "STREAM_PAGE", 2)
    index = Torn(tmp_path / "i")
    index.write([item(f"k{n}", "rác") for n in range(5)], [], cursor=1)
    hits = every_hit(index, Asked("rác"), campaigns=())
    assert [next(hits).id, next(hits).id] == ["k0", "k1"]
    with pytest.raises(SearchUnavailableError, match="did not answer"):
        next(hits)
    index.close()


def test_a_place_of_another_list_is_refused(index: SearchIndex) -> None:
    place = view_search(index, Asked("rác"), campaigns=(), names=value_names(), limit=1).results.next
    assert place is not None
    assert view(index, "rác", after=place).results.hits[0].id == "c"
    for after in ("nonsense", place[:-5]):
        with pytest.raises(PlaceError):
            view(index, "rác", after=after)
    with pytest.raises(PlaceError):
        view(index, "rác", after=place, order="relevance")


def test_headlines_have_their_marks(index: SearchIndex) -> None:
    (hit,) = view(index, "nhựa").results.hits
    assert [hit.title[start:end] for start, end in hit.marks] == ["nhựa"]


@pytest.mark.parametrize("order", ["newest", "relevance"])
@pytest.mark.parametrize("collapse", [False, True])
def test_every_hit_is_told_once_in_order_and_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str, collapse: bool
) -> None:
    monkeypatch.setattr(searching, "STREAM_PAGE", 10)
    index = SqliteIndex(tmp_path / "i")
    index.write(
        [
            item(
                f"k{n:02}", "rác" if n % 3 else "nước", date(2014, 9, 1) + timedelta(days=n % 5),
                body="rác", story=f"s{n // 2}",
            )
            for n in range(57)
        ],
        [],
        cursor=1,
    )  # fmt: skip
    asked = Asked("rác", order=order, collapse=collapse)  # type: ignore[arg-type]
    whole = view_search(index, asked, campaigns=(), names=value_names(), limit=1000).results

    hits = list(every_hit(index, asked, campaigns=()))

    assert [one.id for one in hits] == [one.id for one in whole.hits]
    assert len(hits) == (29 if collapse else 57)
    index.close()
