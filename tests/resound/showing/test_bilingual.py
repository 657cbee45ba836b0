"""Originals beside translations: what stands where, and what is said of what is not translated."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from resound.article import Article, LanguageGuess
from resound.showing.bilingual import Doubt, Row, list_rows, tell_rendering, translated_lines
from resound.showing.marking import Mark, Placed
from resound.store.enrichments import StoredTranslation
from resound.store.work import WorkState

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ARTICLE = Article(
    url="https://news.example/1",
    canonical_url="https://news.example/1",
    title="綠耕隊訪越",
    paragraphs=("綠耕隊來了。他們簽約。", "共三十五人。"),
    language=LanguageGuess("zh", "Hant", "zh-Hant", 1.0),
    lead="綠耕隊來了。",
    captions=("簽約儀式",),
)


def said(source: str, text: str, *flags: str) -> dict[str, Any]:
    return {"source": source, "text": text, "flags": list(flags)}


WHOLE = StoredTranslation(
    version="v",
    target="en",
    part="whole",
    title=[said("綠耕隊訪越", "The team visits", "name-missing:green-team")],
    lead=[[said("綠耕隊來了。", "The team came.")]],
    paragraphs=[
        [said("綠耕隊來了。", "The team came."), said("他們簽約。", "They signed signed signed.", "loops")],
        [said("共三十五人。", "There were 53.", "number-lost:35", "number-new:53")],
    ],
    flags=[],
    made_by=[{"model": "m", "revision": "r", "engine": "e", "label": "demo model"}],
    at=NOW,
)
HEADLINE = replace(WHOLE, part="headline", paragraphs=[])


def rows(article: Article, *translations: StoredTranslation, **more: Any) -> tuple[Row, ...]:
    arguments: dict[str, Any] = {"marks": {}, "found": {}, "names": {"green-team": "綠耕隊"}, **more}
    return list_rows(article, {one.target: one for one in translations}, **arguments)


def text(row: Row, target: str = "en") -> str | None:
    found = row.rendered.get(target)
    return None if found is None else " ".join(piece.text for one in found.sentences for piece in one.pieces)


def test_every_paragraph_stands_beside_its_own_translation() -> None:
    found = rows(ARTICLE, WHOLE)
    assert [(one.part, one.number, text(one)) for one in found] == [
        ("title", 0, "The team visits"),
        ("paragraph", 0, "The team came. They signed signed signed."),
        ("paragraph", 1, "There were 53."),
        ("caption", 0, None),  # captions are not translated: nothing, and not a blank
    ]
    doubts = [
        doubt
        for one in found
        for sentence in (one.rendered["en"].sentences if one.rendered else ())
        for doubt in sentence.doubts
    ]
    assert doubts == [
        Doubt("name-missing", "綠耕隊"),
        Doubt("loops"),
        Doubt("number-lost", "35"),
        Doubt("number-new", "53"),
    ]


def test_a_headline_alone_leaves_the_rest_untold_and_the_lead_partial() -> None:
    found = rows(ARTICLE, HEADLINE)
    assert [text(one) for one in found] == ["The team visits", "The team came.", None, None]
    assert found[1].rendered["en"].is_partial
    whole_lead = rows(replace(ARTICLE, lead=""), HEADLINE)
    assert not whole_lead[1].rendered["en"].is_partial


def test_a_lead_of_its_own_has_a_row_of_its_own() -> None:
    article = replace(ARTICLE, lead="另一段導言。")
    found = rows(article, HEADLINE)
    assert [(one.part, text(one)) for one in found][:3] == [
        ("title", "The team visits"),
        ("lead", "The team came."),
        ("paragraph", None),
    ]


def test_a_translation_of_another_shape_is_never_shown_beside_the_wrong_paragraph() -> None:
    found = rows(replace(ARTICLE, paragraphs=(*ARTICLE.paragraphs, "新的一段。")), WHOLE)
    assert [text(one) for one in found] == ["The team visits", "The team came.", None, None, None]


def test_a_sentence_that_came_back_empty_says_so() -> None:
    empty = replace(WHOLE, title=[said("綠耕隊訪越", " ")])
    assert rows(ARTICLE, empty)[0].rendered["en"].sentences[0].doubts == (Doubt("empty"),)


def test_flags_that_are_not_known_yet_are_told_as_they_are() -> None:
    odd = replace(WHOLE, title=[said("綠耕隊訪越", "x", "new-flag:1")])
    assert rows(ARTICLE, odd)[0].rendered["en"].sentences[0].doubts == (Doubt("other", "new-flag:1"),)


def test_marks_of_the_search_lie_on_the_translated_sentence() -> None:
    chinese = replace(WHOLE, target="zh-Hant")
    lines, where = translated_lines(ARTICLE, {"en": WHOLE, "zh-Hant": chinese})
    for one in where:
        target, part, number, at = one.of
        sentence = lines[one.first : one.first + one.length]
        row = next(row for row in rows(ARTICLE, WHOLE, chinese) if (row.part, row.number) == (part, number))
        assert sentence == "".join(piece.text for piece in row.rendered[target].sentences[at].pieces)
    assert "The team came. They signed signed signed." in lines.split("\n")[1]
    mark = Mark("search")
    found = rows(ARTICLE, WHOLE, found={("en", "paragraph", 0, 1): [Placed(5, 11, mark)]})
    assert [piece.text for piece in found[1].rendered["en"].sentences[1].pieces if piece.marks] == ["signed"]


@pytest.mark.parametrize(
    ("tag", "target", "translation", "state", "told"),
    [
        ("zh-Hant", "en", WHOLE, None, ("whole", "", "")),
        ("en", "en", None, None, ("same-language", "", "")),
        ("en-GB", "en", None, None, ("same-language", "", "")),
        ("und", "en", None, None, ("unknown-language", "", "")),
        ("vi", "en", None, None, ("not-asked", "", "")),
        (
            "vi",
            "en",
            None,
            WorkState(False, "", "no-profile", "No models."),
            ("waits", "no-profile", "No models."),
        ),
        (
            "vi",
            "en",
            None,
            WorkState(True, "quarantined", "gave-up", "It hung."),
            ("failed", "gave-up", "It hung."),
        ),
        ("vi", "zh-Hant", None, WorkState(True, "done", "", ""), ("not-asked", "", "")),
        ("vi", "en", HEADLINE, WorkState(False, "", "", ""), ("headline", "waits", "")),
        ("vi", "en", HEADLINE, WorkState(False, "", "no-route", "None."), ("headline", "no-route", "None.")),
    ],
)
def test_what_is_not_translated_says_why(
    tag: str,
    target: str,
    translation: StoredTranslation | None,
    state: WorkState | None,
    told: tuple[str, str, str],
) -> None:
    found = tell_rendering(target, tag, translation, {} if state is None else {"translate": state})
    assert (found.state, found.reason, found.detail) == told
    assert found.has_text == (translation is not None)
