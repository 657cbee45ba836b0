"""Reading queries: what they mean, how they are written again, and what is said of those that cannot be read."""

from __future__ import annotations

import json
import pickle
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.errors import QuerySyntaxError
from resound.query import Query, parse
from resound.query.mistakes import Problem
from resound.query.tree import MAX_DEPTH, MAX_LEAVES, And, DateRange, Keyword, Leaf, Near, Not, Or
from tests.resound.query.generated import queries


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a b c", "a AND b AND c"),
        ("a OR b c", "a OR b AND c"),
        ("(a OR b) c", "(a OR b) AND c"),
        ("a -b", "a AND NOT b"),
        ("NOT NOT a", "a"),
        ("a AND (b AND (c))", "a AND b AND c"),
        ("e-waste", "e-waste"),
        ("rác thải", "rác AND thải"),
        ("「綠耕隊」　（STAMEQ　OR　APO）", '"綠耕隊" AND (STAMEQ OR APO)'),
        ("“Ngô Quý Việt” NEAR/5 STAMEQ", '"Ngô Quý Việt" NEAR/5 STAMEQ'),
        ("a NEAR/3 b NEAR/5 c", "a NEAR/3 b AND b NEAR/5 c"),
        ("title:(綠 OR lục) ＬＡＮＧ：vi", "(title:綠 OR title:lục) AND lang:vi"),
        ("lang:(vi OR en)", "lang:vi OR lang:en"),
        ("date:2014-10", "date:2014-10-01..2014-10-31"),
        ("date:2014-10-02..", "date:2014-10-02.."),
        ("recycl*", "recycl*"),
        ("綠*", "綠"),
        ('outlet:"AND"', 'outlet:"AND"'),
        ("and or not", "and AND or AND not"),
        ("Vietnam: a headline – and more", "Vietnam AND a AND headline AND and AND more"),
        ("https://a.example/x", "https-a-example-x"),
    ],
)
def test_reading(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


def test_the_tree() -> None:
    tree = parse('(a OR "b c") AND NOT lang:zh AND date:..2014 AND d NEAR/2 e').tree
    assert isinstance(tree, And)
    either, no_chinese, days, near = tree.children
    assert isinstance(either, Or)
    assert [leaf.quoted for leaf in either.children if isinstance(leaf, Leaf)] == [False, True]
    assert no_chinese == Not(Keyword("lang", "zh", "zh"))
    assert days == DateRange(None, date(2014, 12, 31))
    assert isinstance(near, Near)
    assert near.distance == 2


@given(queries())
def test_what_is_written_is_read_as_the_same_tree(text: str) -> None:
    query = parse(text)
    again = parse(str(query))
    assert again.tree == query.tree
    assert str(again) == str(query)


MISPLACED = ("a NEAR/3 title:b", "a) b", "lang:(vi en)", "lang:(vi (en))", 'lang:(vi "en")')
"""A field, a word, a parenthesis and a phrase where none can stand."""
WRONG = [
    ("", 0, "no word", "a word"),
    ("   … ", 0, "no word", "a word"),
    ("(a OR b", 7, "( at character 1 is not closed", ")"),
    ("a b)", 3, "closes nothing", "("),
    ("a AND", 5, "ends too early", "a word"),
    ("a AND OR b", 6, "this OR cannot stand here", "a word"),
    ("AND a", 0, "this AND cannot stand here", "a word"),
    ("a NOT", 5, "ends too early", "a word"),
    ("()", 1, "too early", "a word"),
    ('綠 "rác thải', 2, "not closed", '"'),
    ("「綠耕隊", 0, "not closed", "」"),
    ('"…"', 0, "no letter or digit", "a word"),
    ("a NEAR b", 2, "needs a distance", "NEAR/5"),
    ("a NEAR/21 b", 2, "too far", "0 to 20"),
    ("a NEAR/3", 8, "ends too early", "after NEAR"),
    ("a NEAR/3 (b AND c)", 9, "NEAR joins", "on both sides"),
    ("(a NOT b) NEAR/3 c", 0, "NEAR joins", "on both sides"),
    ("a NEAR/3 lang:vi", 9, "cannot stand here", "after NEAR"),
    ("title:a NEAR/3 b", 8, "one word here", "title:(a NEAR/3 b)"),
    ("(title:a) NEAR/3 b", 0, "cannot stand inside NEAR", "title:(a NEAR/3 b)"),
    ("re*cycle", 0, "end of a word", "recycl*"),
    ("*", 0, "alone finds nothing", "2 letters"),
    ("a*", 0, "too many words begin", "2 letters"),
    ("colour:red", 0, "no field colour:", "lang:"),
    ("title:", 6, "ends too early", "after title:"),
    ("lang:", 5, "ends too early", "after lang:"),
    ("lang:v*", 5, "whole values", "lang:vi"),
    ("lang:(vi AND en)", 9, "cannot stand here", "OR or )"),
    ("date:soon", 5, "not a date", "2014-10"),
    ("date:2014-02-30", 5, "no day", "2014-10"),
    ("date:..", 5, "at least one", "2014-10"),
    ("date:2015..2014", 5, "before it begins", "2014-10"),
    ("a " * 1_001, 2_000, "longer than 2,000", "shorter"),
    ("a " * (MAX_LEAVES + 1), 2 * MAX_LEAVES, "more than 256", "shorter"),
    ('"' + "a " * 65 + '"', 0, "65 words is too long", "64"),
    ("(" * 101 + "a" + ")" * 101, 100, "100 parentheses", "fewer"),
    ("".join("(a OR (b AND " for _ in range(7)) + "c" + "))" * 7, 0, "deeper than 12", "fewer"),
    (
        f"({' OR '.join('abcdefghijklmnopqrstuvwx')}) NEAR/2 ({' OR '.join('bcdefghijklmnopqrstuvwxy')})",
        119,
        "too many alternatives",
        "fewer",
    ),
]
"""(text, position, problem, expected)"""


@pytest.mark.parametrize(("text", "position", "problem", "expected"), WRONG)
def test_errors_say_where_and_what_was_expected(
    text: str, position: int, problem: str, expected: str
) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        parse(text)
    error = raised.value
    assert error.position == position
    assert problem in str(error)
    assert expected in error.expected
    assert f"at character {position + 1}" in str(error)
    assert error.query == text
    said = f"{fill(error.mistake.problem, error)}; expected {fill(error.mistake.expected, error)}."
    assert str(error).endswith(said)


def fill(text: str, error: QuerySyntaxError) -> str:
    """A text of the mistake as English has it; other languages fill the same places."""
    values = error.mistake.values.items()
    return text % {name: f"{value:,}" if isinstance(value, int) else value for name, value in values}


def test_every_problem_has_its_code() -> None:
    met = set()
    for text in (*(text for text, *_ in WRONG), *MISPLACED):
        with pytest.raises(QuerySyntaxError) as raised:
            parse(text)
        met.add(raised.value.mistake.code)
    assert met == {one.code for one in Problem}


def test_an_error_comes_back_whole_from_another_process() -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        parse("date:soon")
    error = raised.value
    again = pickle.loads(pickle.dumps(error))
    assert (again.mistake, again.position, str(again)) == (error.mistake, error.position, str(error))


def test_an_error_says_whose_query_it_is() -> None:
    with pytest.raises(QuerySyntaxError, match="campaign green, message m1: the query cannot be read"):
        parse("(a", where="campaign green, message m1")


def test_the_bounds_themselves_are_allowed() -> None:
    assert parse("a " * MAX_LEAVES)
    assert parse("(" * 100 + "a" + ")" * 100)
    nested = "c"
    for number in range(MAX_DEPTH - 1):
        nested = f"(a{number} {'OR' if number % 2 else 'AND'} {nested})"
    assert parse(nested)


def read_or_refuse(text: str) -> Query | None:
    """Any other exception fails the test."""
    try:
        return parse(text)
    except QuerySyntaxError as error:
        is_helpful = 0 <= error.position <= len(text) and error.expected
        if not is_helpful:
            raise AssertionError(text) from error
        return None


@given(st.one_of(st.text(), st.text(alphabet='ab綠"()*:-/NEARORDT 5「」.')))
def test_any_text_is_read_or_refused(text: str) -> None:
    query = read_or_refuse(text)
    if query is not None:
        assert parse(str(query)).tree == query.tree


def test_naughty_strings(shared_data: Path) -> None:
    naughty = json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))
    written = [query for text in naughty for query in (text, f'"{text}"', f"title:({text})")]
    read = [query for query in map(read_or_refuse, written) if query is not None]
    assert len(written) > 1500
    assert 100 < len(read) < len(written)
