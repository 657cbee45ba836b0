"""One analysis of text: what is the same, what is not, and where it stands in the original."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.text import MAX_TOKEN_UNITS, analyse, fold_keyword, loose_tokens
from tests.resound.query.generated import texts


def exact(text: str) -> list[str]:
    return [token.exact for token in analyse(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("綠耕隊", "绿耕队"),
        ("臺灣", "台湾"),
        ("着手", "著手"),
        ("ＥＰＲ", "epr"),
        ("hòa bình", "hoà bình"),
        ("Ngô Quý Việt", "ngô qúy việt"),
        ("Việt", unicodedata.normalize("NFD", "Việt")),
        ("Đà Nẵng", "ĐÀ NẴNG"),
        ("re\u00adcycling", "recycling"),
    ],
)
def test_the_same_in_both_forms(one: str, other: str) -> None:
    assert loose_tokens(one) == loose_tokens(other)
    assert exact(one) == exact(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("rác thải", "rac thai"), ("đường", "duong"), ("recycling", "recycled"), ("governments", "government")],
)
def test_the_same_in_the_loose_form_only(one: str, other: str) -> None:
    assert loose_tokens(one) == loose_tokens(other)
    assert exact(one) != exact(other)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("綠耕隊APO訪問", ["绿", "耕", "队", "apo", "访", "问"]),
        ("e-waste, CO2", ["e", "waste", "co2"]),
        ("Lemna™ 25℃", ["lemna", "25", "c"]),
        ("ガラス", ["ガ", "ラ", "ス"]),
        ("_ — … 🌿 ★", []),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert exact(text) == tokens


@given(st.one_of(st.text(), texts(12)))
def test_a_token_is_what_its_part_of_the_original_says(text: str) -> None:
    before = 0
    for token in analyse(text):
        assert before <= token.start < token.end <= len(text)
        before = token.start
        inside = analyse(text[token.start : token.end])
        assert (token.loose, token.exact) in [(one.loose, one.exact) for one in inside]


@given(st.one_of(st.text(), texts(12)))
def test_tokens_are_what_the_indexes_can_hold(text: str) -> None:
    for token in analyse(text):
        for form in (token.loose, token.exact):
            assert form
            assert len(form.encode("utf-16-le", "surrogatepass")) <= 2 * MAX_TOKEN_UNITS
            assert not any(char.isspace() or unicodedata.category(char) == "Cc" for char in form)
            assert form.isascii() is False or form.isalnum()


@given(texts(8), texts(8))
def test_a_paragraph_is_analysed_alone(one: str, other: str) -> None:
    assert loose_tokens(f"{one}\n{other}") == loose_tokens(one) + loose_tokens(other)


@given(texts(10))
def test_the_tokens_of_tokens_are_themselves(text: str) -> None:
    assert exact(" ".join(exact(text))) == exact(text)


def test_a_monster_costs_little() -> None:
    assert len(analyse("a\u0301" + "\u0302\u0323" * 100_000)) == 1
    assert [len(token.exact) for token in analyse("x" * 100_000)] == [MAX_TOKEN_UNITS]


def test_keywords_are_folded() -> None:
    assert fold_keyword(" Báo  Tin-Tức ") == fold_keyword("bao tin tuc")
    assert fold_keyword("自由時報") == fold_keyword("自由时报")
    assert fold_keyword("C++") != fold_keyword("☆")


def test_naughty_strings(shared_data: Path) -> None:
    for text in json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8")):
        for token in analyse(text):
            assert text[token.start : token.end]
