"""Queries and their mistakes, said in three languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.errors import QuerySyntaxError
from resound.query import parse
from resound.query.edit import read
from resound.query.mistakes import Expected, Problem
from resound.searching.query_words import describe, say_meaning, say_mistake
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.words import load_texts, words
from tests.resound.found import CAMPAIGN, value_names
from tests.resound.query.generated import queries


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ()),
        ("綠耕隊", ("“綠耕隊”",)),
        ("rac thai dien tu lang:vi", ("“rac”, “thai”, “dien” and “tu”", "Language: Vietnamese")),
        ('"Ngô Quý Việt" NEAR/5 STAMEQ', ("exactly “Ngô Quý Việt” and “STAMEQ”, at most 5 words apart",)),
        ("a OR b OR recycl*", ("“a”, “b” or words that begin with “recycl”",)),
        ("a NOT (title:b OR c)", ("“a”", "not (“b” in the headline or “c”)")),
        ("a (b OR c d)", ("“a”", "“b” or (“c” and “d”)")),
        ("country:(VN OR TW) outlet:morning", ("Country: Vietnam or Taiwan", "Outlet: The Morning")),
        ("type:tv OR tone:negative", ("Medium: Television or Tone: Negative",)),
        ("campaign:green topic:e-waste origin:owned", ("Campaign: Green team", "Topic: E-waste", "Origin: Owned or a partner's")),
        ("group:north outlet:nobody", ("Publisher group: North Media", "Outlet: nobody")),
        ("date:2014-10", ("Date: October 2014",)),
        ("date:2014", ("Date: 2014",)),
        ("date:2014-10-02", ("Date: 2 Oct 2014",)),
        ("date:2014-10-02..", ("Date: since 2 Oct 2014",)),
        ("date:..2014-10-02", ("Date: until 2 Oct 2014",)),
        ("date:2014-09-30..2014-10-02", ("Date: from 30 Sept 2014 to 2 Oct 2014",)),
    ],
)  # fmt: skip
def test_what_a_query_means(text: str, said: tuple[str, ...]) -> None:
    assert describe(read(text), value_names()) == said


def test_it_is_said_in_the_readers_language() -> None:
    text = "綠耕隊 NOT title:APO lang:(vi OR en) date:2014-10"
    assert describe(read(text), value_names("zh-Hant")) == (
        "「綠耕隊」",
        "排除標題中有「APO」",
        "語言：越南文或英文",
        "日期：2014年10月",
    )
    assert describe(read(text), value_names("vi"))[1:] == (
        "trừ “APO” trong tiêu đề",
        "Ngôn ngữ: Tiếng Việt hoặc Tiếng Anh",
        "Ngày: tháng 10 năm 2014",
    )


@given(queries(), st.sampled_from(UI_LANGUAGES))
def test_any_query_can_be_said(text: str, language: UiLanguage) -> None:
    assert all(describe(parse(text), value_names(language)))


@pytest.mark.parametrize(
    ("text", "before", "piece", "after"),
    [
        ("綠耕隊 (rác colour:red) x", "綠耕隊 (rác ", "colour:red", ") x"),
        ("a AND OR b", "a AND ", "OR", " b"),
        ("a b)", "a b", ")", ""),
        ("(a OR b", "(a OR b", "", ""),
        ("", "", "", ""),
        ('rác "thải nhựa', "rác ", '"thải', " nhựa"),
        ("date:2014-02-30 x", "date:", "2014-02-30", " x"),
    ],
)
def test_the_piece_that_cannot_be_read_is_cut_out(text: str, before: str, piece: str, after: str) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        parse(text)
    said = say_mistake(raised.value, words("en"))
    assert (said.before, said.piece, said.after) == (before, piece, after)


def test_mistakes_are_said_in_the_readers_language() -> None:
    said = say_meaning("a date:soon", value_names("zh-Hant"), glossary=()).mistake
    assert said is not None
    assert said.sentence == "soon 不是日期"
    assert said.fitting == "2014-09-01..2014-12-31、2014-10 或 2014-10-02"
    long = say_meaning("a " * 1001, value_names("vi"), glossary=()).mistake
    assert long is not None
    assert long.sentence == "Dài hơn 2.000 ký tự"


def test_every_mistake_has_its_words_in_every_language() -> None:
    plain = {Expected.CLOSING.value, Expected.TITLE_OF_NEAR.value}  # query language, the same everywhere
    for language in ("zh-Hant", "vi"):
        known = load_texts(language)
        assert {one.value for one in (*Problem, *Expected)} - plain <= set(known)


def test_names_that_find_more_are_told() -> None:
    meaning = say_meaning("đội canh tác xanh lang:vi", value_names(), glossary=[CAMPAIGN])
    assert [(one.term, one.forms) for one in meaning.expansions] == [
        ("đội canh tác xanh", ("綠耕隊", "đội canh tác xanh"))
    ]
    assert say_meaning("đội canh tác xanh", value_names(), glossary=()).expansions == ()
