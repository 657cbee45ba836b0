"""Edits of an article: nothing of either text is lost, and what was edited is told word by word."""

import time
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from resound.article import Article, FoundDate, LanguageGuess
from resound.showing.diffing import DiffPiece, compare_articles, compare_paragraphs, compare_texts

text = st.text(alphabet="ab AB綠耕隊½\u0301。,\n\x00", max_size=30)
paragraphs = st.lists(
    st.one_of(text, st.sampled_from(["one two three", "一二三", "one two four", ""])), max_size=6
)
ARTICLE = Article(
    url="https://news.example/1",
    canonical_url="https://news.example/1",
    title="Thirty-two forms",
    paragraphs=("The team came.", "It received thirty-two forms."),
    language=LanguageGuess("en", None, "en", 1.0),
    lead="The team came.",
)


def side(pieces: tuple[DiffPiece, ...], change: str) -> str:
    return "".join(one.text for one in pieces if one.change in ("kept", change))


@settings(deadline=None)
@given(text, text)
def test_the_pieces_hold_both_texts_whole(old: str, new: str) -> None:
    pieces = compare_texts(old, new)
    assert side(pieces, "removed") == old
    assert side(pieces, "added") == new
    assert all(one.text for one in pieces)


@settings(deadline=None)
@given(text)
def test_a_text_is_not_different_from_itself(written: str) -> None:
    assert all(one.change == "kept" for one in compare_texts(written, written))


@settings(deadline=None)
@given(paragraphs, paragraphs)
def test_every_paragraph_of_either_text_stands_in_one_row(old: list[str], new: list[str]) -> None:
    rows = list(compare_paragraphs(old, new))
    assert [one.old for one in rows if one.old is not None] == old
    assert [one.new for one in rows if one.new is not None] == new
    for one in rows:
        assert side(one.pieces, "removed") == (one.old or "")
        assert side(one.pieces, "added") == (one.new or "")


def test_chinese_is_compared_by_character() -> None:
    assert compare_texts("收到三十二份意見表", "收到三十五份意見表") == (
        DiffPiece("kept", "收到三十"),
        DiffPiece("removed", "二"),
        DiffPiece("added", "五"),
        DiffPiece("kept", "份意見表"),
    )


def test_other_languages_are_compared_by_word() -> None:
    found = compare_texts("Ông Ngô Quý Việt nói", "Ông Ngô Quý Viên nói")
    assert [one.text for one in found] == ["Ông Ngô Quý ", "Việt", "Viên", " nói"]


def test_an_edited_paragraph_stands_beside_what_it_was() -> None:
    rows = list(compare_paragraphs(["a b c d", "x y z"], ["new one here", "a b c e", "x y z"]))
    assert [(one.old, one.new) for one in rows] == [
        (None, "new one here"),
        ("a b c d", "a b c e"),
        ("x y z", "x y z"),
    ]


def test_parts_that_are_the_same_say_so() -> None:
    edited = replace(
        ARTICLE, paragraphs=("The team came.", "It received thirty-five forms."), byline="By Lin"
    )
    parts = {one.name: one for one in compare_articles(ARTICLE, edited)}
    assert set(parts) == {"title", "byline", "text"}
    assert parts["title"].is_same
    assert [one.is_same for one in parts["text"].rows] == [True, False]
    assert parts["byline"].rows[0].old is None


def test_a_long_repetitive_text_takes_no_long_time() -> None:
    begun = time.monotonic()
    pieces = compare_texts("的" * 20_000 + "x", "了" + "的" * 19_000)
    assert side(pieces, "added") == "了" + "的" * 19_000
    rows = list(compare_paragraphs([f"{n} a" for n in range(800)], [f"{n} b" for n in range(800, 1600)]))
    assert len(rows) >= 800
    assert time.monotonic() - begun < 5


def test_another_date_stands_whole_in_the_place_of_the_first() -> None:
    first, second = (FoundDate("meta", "x", day=date(2014, 10, day)) for day in (3, 13))
    parts = compare_articles(replace(ARTICLE, updated=first), replace(ARTICLE, updated=second))
    (row,) = next(one.rows for one in parts if one.name == "updated")
    assert row.pieces == (DiffPiece("removed", "2014-10-03"), DiffPiece("added", "2014-10-13"))
