"""Conditions are added to the text of a query and taken out of it; the rest stays as it was written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resound.query import EVERYTHING, parse
from resound.query.edit import Conditions, read, write_dates, write_keyword
from resound.query.tree import KEYWORDS, And, DateRange, Keyword, Node, Not, Or
from resound.text import fold_keyword
from tests.resound.query.generated import KEYWORDS as VALUES
from tests.resound.query.generated import queries

SEPTEMBER = DateRange(date(2014, 9, 1), date(2014, 9, 30))


@pytest.mark.parametrize(
    ("text", "on", "off_again"),
    [
        ("", "lang:vi", ""),
        ("  ", "lang:vi", ""),
        ("綠耕隊", "綠耕隊 lang:vi", "綠耕隊"),
        ("「綠耕隊」　Ngô-Quý-Việt, x", "「綠耕隊」　Ngô-Quý-Việt, x lang:vi", "「綠耕隊」　Ngô-Quý-Việt, x"),
        ("a AND -b", "a AND -b lang:vi", "a AND -b"),
        ("a OR b", "(a OR b) lang:vi", "(a OR b)"),
        ("a lang:en AND c", "a lang:(en OR vi) AND c", "a lang:en AND c"),
        ("lang:(en OR zh-Hant)", "lang:(en OR zh-Hant OR vi)", "lang:(en OR zh-Hant)"),
        ("a NOT lang:vi", "a NOT lang:vi lang:vi", "a NOT lang:vi"),
        ("a (lang:vi OR b)", "a (lang:vi OR b) lang:vi", "a (lang:vi OR b)"),
    ],
)
def test_a_value_is_ticked_and_unticked(text: str, on: str, off_again: str) -> None:
    assert Conditions(text).toggle("lang", "vi") == on
    assert Conditions(on).toggle("lang", "vi") == off_again


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("lang:vi", ""),
        ("LANG：VI rác", "rác"),
        ("rác AND lang:vi AND thải", "rác AND thải"),
        ("lang:vi AND rác", "rác"),
        ("rác AND lang:vi", "rác"),
        ("lang:vi rác lang:(vi OR en)", "rác lang:en"),
    ],
)
def test_a_value_that_was_typed_is_unticked(text: str, without: str) -> None:
    assert Conditions(text).values("lang")
    assert Conditions(text).toggle("lang", "vi") == without


def test_what_is_ticked() -> None:
    text = 'a outlet:("Báo Tin Tức" OR cna) lang:vi NOT country:TW'
    assert Conditions(text).values("outlet") == ("Báo Tin Tức", "cna")
    assert Conditions(text).values("country") == ()
    assert Conditions("a OR lang:vi").values("lang") == ()
    assert Conditions(text).without("outlet") == "a lang:vi NOT country:TW"


def test_dates_are_put_in_the_place_of_others() -> None:
    assert Conditions("a").on(SEPTEMBER) == "a date:2014-09"
    assert Conditions("a date:2013.. b date:..2015").on(SEPTEMBER) == "a date:2014-09 b"
    assert Conditions("a date:2014-01..2014-10 date:2014-09..").dates == DateRange(
        date(2014, 9, 1), date(2014, 10, 31)
    )
    assert Conditions("a NOT date:2014").dates is None
    assert Conditions("a date:2014-09 b").on_any_day() == "a b"
    assert Conditions("a").on_any_day() == "a"
    assert [
        write_dates(one)
        for one in (
            SEPTEMBER,
            DateRange(date(2014, 1, 1), date(2014, 12, 31)),
            DateRange(date(2014, 9, 2), date(2014, 9, 2)),
            DateRange(date(2014, 9, 2), None),
            DateRange(date(1, 1, 1), date(1, 1, 31)),
        )
    ] == ["date:2014-09", "date:2014", "date:2014-09-02", "date:2014-09-02..", "date:0001-01"]


def test_any_of_the_words() -> None:
    assert Conditions("rác “thải nhựa” title:綠*").any_word() == "rác OR “thải nhựa” OR title:綠*"
    assert Conditions("rác").any_word() is None
    assert Conditions("rác lang:vi").any_word() is None


def alike(node: Node) -> object:
    """A tree of which the order of parts and alternatives is forgotten, as is what stands there twice."""
    match node:
        case And(children) | Or(children):
            return (type(node).__name__, frozenset(alike(child) for child in children))
        case Not(child):
            return ("Not", alike(child))
        case _:
            return node


FIELD_VALUES = [(name, value) for name, values in VALUES.items() for value in values]


@given(st.one_of(queries(), st.just("")), st.sampled_from(FIELD_VALUES))
def test_toggling_twice_gives_the_same_query_back(text: str, field: tuple[str, str]) -> None:
    name, value = field
    tree = read(text).tree
    parts = tree.children if isinstance(tree, And) else (tree,)
    assume(sum(isinstance(one, Keyword) and one.name == name for one in parts) < 2)

    once = Conditions(text).toggle(name, value)
    twice = Conditions(once).toggle(name, value)

    was, now = (
        fold_keyword(value) in map(fold_keyword, Conditions(one).values(name)) for one in (text, once)
    )
    assert was is not now
    assert alike(read(twice).tree) == alike(tree)


@given(st.one_of(queries(), st.just("")), st.dates(), st.dates())
def test_dates_narrow_a_query_and_leave_the_rest(text: str, one: date, other: date) -> None:
    days = DateRange(min(one, other), max(one, other))
    bare = Conditions(text).on_any_day()
    narrowed = Conditions(text).on(days)
    assert Conditions(narrowed).dates == days
    assert alike(read(Conditions(narrowed).on_any_day()).tree) == alike(read(bare).tree)
    rest = read(bare)
    if rest != EVERYTHING:
        assert alike(parse(f"({bare}) {write_dates(days)}").tree) == alike(read(narrowed).tree)


HOSTILE = st.text(alphabet="ab綠ạĐ\"“”*＊:()OR AND- \n\t,、.…<>&'\\😀", min_size=1, max_size=12)


@given(st.sampled_from(KEYWORDS), st.one_of(HOSTILE, st.text(max_size=30)))
def test_any_value_is_quoted_right_or_refused(name: str, value: str) -> None:
    try:
        written = write_keyword(name, value)
    except ValueError:
        assert not any(char.isalnum() for char in value)
        return
    assert parse(written).tree == Keyword(name, value, fold_keyword(value))
    assert read(Conditions("x OR y").toggle(name, value)).tree == parse(f"(x OR y) {written}").tree
