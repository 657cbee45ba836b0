"""Where sentences end, and that nothing is lost between them."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.clauses import split_clauses
from nlp.sentences import sentence_at, split_sentences

PIECES = [
    "綠耕隊",
    "。",
    "「",
    "」",
    "！",
    "TP.",
    "PGS.TS.",
    " ",
    "U.S.",
    "2.5",
    "The team",
    "came.",
    "\u200b",
    "…",
    '"',
    "“",
    "”",
    "\n",
]
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=60)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["綠耕隊2日抵達。", "團長說：「很高興！」", "雙方簽約。"],
        ["「我們來學習。也來分享。」", "他說。"],
        ["他問：「真的嗎？」", "沒有人回答……", "會議結束。"],
        ["民國103年10月2日。", "共30人"],
        [
            "PGS.TS. Lê Ngọc Trung làm việc ở TP. Hồ Chí Minh.",
            "Giá là 2.500 đồng.",
            "Ngày 2.10.2014 đoàn đến TP.HCM.",
        ],
        ["Anh nói: “Chúng tôi đến. Chúng tôi học.”", "Rồi đi."],
        ["The U.S. team met Mr. Smith on Oct. 2.", "It paid $2.5 million.", '"We came. We saw," he said.'],
        ["J. Smith came at 5 p.m. on Monday.", "See www.news.example or mail a.b@news.example now!", "Why?"],
        ["It left the U.S.", "The team was tired."],
        ["He wrote e.g. this.", "No. 5 is alive."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    has_han = any("\u4e00" <= char <= "\u9fff" for char in parts[0])
    assert sentences(("" if has_han else " ").join(parts)) == parts


@given(texts)
def test_every_character_that_is_no_space_is_in_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
    assert all(start < end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    for at, (start, end) in enumerate(spans):
        assert sentence_at(spans, start) == sentence_at(spans, end - 1) == at
        assert not text[start].isspace()


@pytest.mark.parametrize(
    "text", ["「" * 50_000, "a. " * 50_000, "。" * 100_000, '"' * 50_000, "(" * 50_000 + ")", "." * 100_000]
)
def test_hostile_texts_are_quick(text: str) -> None:
    begun = time.monotonic()
    split_sentences(text)
    assert time.monotonic() - begun < 5


@given(st.text(alphabet="甲乙，；。 ab.", min_size=1, max_size=200), st.integers(2, 30))
def test_clauses_make_the_sentence_again_and_fit(text: str, most: int) -> None:
    parts = split_clauses(text, lambda some: [len(one) for one in some], most)
    assert "".join(parts) == text
    assert all(len(one) <= most for one in parts)


def test_clauses_end_at_marks_first() -> None:
    parts = split_clauses("甲乙丙丁，戊己庚辛，壬癸。", lambda some: [len(one) for one in some], 8)
    assert parts == ["甲乙丙丁，", "戊己庚辛，壬癸。"] or parts == ["甲乙丙丁，", "戊己庚辛，", "壬癸。"]
