"""Headlines and leads in the languages of the region, with marks and without, mixed, and what must be refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.language import detect_language
from nlp.stage import stage_line
from nlp.vietnamese import strip_marks

CASES = Path(__file__).parent / "cases"


def load_cases() -> Iterator[tuple[str, str]]:
    """(text, tag), a Vietnamese text also as it is typed without marks."""
    for tag in ("zh-Hant", "zh-Hans", "en", "vi"):
        for text in (CASES / f"{tag}.txt").read_text(encoding="utf-8").splitlines():
            yield text, tag
            if tag == "vi":
                yield strip_marks(text), tag
    for line in (CASES / "other.tsv").read_text(encoding="utf-8").splitlines():
        tag, text = line.split("\t")
        yield text, tag


def test_at_least_99_in_100_are_right() -> None:
    cases = list(load_cases())
    assert len(cases) >= 300
    wrong = []
    for text, tag in cases:
        guess = detect_language(text)
        expected = {
            "zh-Hant": ("zh", "Hant"),
            "zh-Hans": ("zh", "Hans"),
            "en": ("en", None),
            "vi": ("vi", None),
        }
        if (guess.language, guess.script) != expected.get(tag, ("other", None)):
            wrong.append((text, tag, guess.tag, guess.confidence))
    assert len(wrong) <= len(cases) * 0.01, wrong


def test_the_outlets_edition_decides_what_a_name_alone_cannot() -> None:
    for prior, language in (("vi", "vi"), ("en", "en"), ("zh-Hant", "zh")):
        assert detect_language("Vietstar Lemna", prior).language == language
    assert detect_language("人口", "zh-Hans").script == "Hans"
    assert detect_language("人口", "zh-Hant").script == "Hant"
    assert detect_language("", "vi").tag == "vi"


def test_a_prior_does_not_win_against_the_text() -> None:
    assert detect_language("Thủ tướng chỉ đạo tháo gỡ khó khăn cho sản xuất", "en").language == "vi"
    assert detect_language("資源循環綠耕隊赴胡志明市交流", "vi").tag == "zh-Hant"
    assert detect_language("The workshop was held on Thursday at the Rex Hotel.", "vi").language == "en"


def test_nothing_to_read_is_undetermined() -> None:
    for text in ("", "   ", "12345", "!!!", "https://news.example/1"):
        assert detect_language(text).tag == "und"


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_any_text_has_one_answer(text: str) -> None:
    guess = detect_language(text)
    assert guess == detect_language(text)
    assert 0 <= guess.confidence <= 1
    assert guess.language in ("zh", "en", "vi", "other")
    assert (guess.script is not None) == (guess.language == "zh")


def test_threads_agree() -> None:
    texts = [text for text, _ in load_cases()][::7]
    alone = [detect_language(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detect_language, texts)) == alone


@pytest.mark.parametrize("line", ["{", None, 3, [], {}, {"text": 4}, {"text": "a", "prior": 1}])
def test_a_wrong_line_is_answered(line: object) -> None:
    answer = stage_line(line)
    assert answer["language"] is None
    assert answer["error"]
