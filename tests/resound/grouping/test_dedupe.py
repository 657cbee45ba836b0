"""A reprint is found however it was dressed; two reports of one event stay two."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from resound.article import FoundDate
from resound.grouping.dedupe import Publication, band_keys, is_near_duplicate, relation, signature

WORDS = [f"w{number}" for number in range(3000)]
HAN = [chr(0x4E00 + number) for number in range(2500)]


def make_text(seed: int, length: int, *, han: bool = False) -> str:
    dice = random.Random(seed)
    return ("" if han else " ").join(dice.choices(HAN if han else WORDS, k=length))


@pytest.mark.parametrize("han", [False, True])
def test_changed_edges_and_cuts_are_found(han: bool) -> None:
    found = [0, 0]
    for seed in range(60):
        text = make_text(seed, 400, han=han)
        gap = "" if han else " "
        edited = make_text(seed + 1000, 20, han=han) + gap + text
        cut = text[: len(text) * 6 // 10]
        for number, other in enumerate((edited, cut)):
            assert is_near_duplicate(text, other) is not None
            shared = set(band_keys(signature(text) or b"")) & set(band_keys(signature(other) or b""))
            found[number] += bool(shared)
    assert found[0] == 60
    assert found[1] >= 59


def test_other_texts_are_neither_candidates_nor_copies() -> None:
    texts = [make_text(seed, 300, han=bool(seed % 2)) for seed in range(80)]
    keys = [set(band_keys(signature(text) or b"")) for text in texts]
    for first in range(80):
        for second in range(first):
            assert is_near_duplicate(texts[first], texts[second]) is None
            assert not keys[first] & keys[second]


def test_two_reports_that_share_a_quotation_stay_two() -> None:
    quotation = make_text(7, 40)
    one = f"{make_text(1, 120)} {quotation} {make_text(2, 100)}"
    other = f"{make_text(3, 150)} {quotation} {make_text(4, 90)}"
    assert is_near_duplicate(one, other) is None


def test_traditional_and_simplified_are_one_text() -> None:
    traditional = (
        "資源循環綠耕隊訪問胡志明市，舉辦建設友善環境及資源循環社會工作坊，並與當地單位簽署合作備忘錄。"
    )
    simplified = (
        "资源循环绿耕队访问胡志明市，举办建设友善环境及资源循环社会工作坊，并与当地单位签署合作备忘录。"
    )
    near = is_near_duplicate(traditional, simplified)
    assert near is not None
    assert near.score == 1.0


def test_what_is_too_short_is_no_copy() -> None:
    assert signature("胡志明市訊") is None
    assert is_near_duplicate("胡志明市訊", "胡志明市訊") is None


def test_a_signature_is_the_same_in_every_process() -> None:
    text = make_text(5, 200)
    code = f"from resound.grouping.dedupe import signature; print(signature({text!r}).hex())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == (signature(text) or b"").hex()


def published(**at: int) -> FoundDate:
    return FoundDate("meta", "", at=datetime(2014, 10, 2, tzinfo=UTC) + timedelta(**at))


SEEN = datetime(2014, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (published(), published(hours=24), "same-item"),
        (published(), published(hours=25), "re-run"),
        (published(), FoundDate("meta", "", day=date(2014, 10, 3)), "same-item"),
        (published(), FoundDate("meta", "", day=date(2014, 10, 4)), "re-run"),
        (published(), None, "same-item"),
        (published(days=40), published(), "re-run"),
    ],
)
def test_what_one_outlets_two_texts_are(a: FoundDate, b: FoundDate | None, expected: str) -> None:
    one, other = Publication("x", "zh", "online", a, SEEN), Publication("x", "zh", "online", b, SEEN)
    assert relation(one, other) == relation(other, one) == expected


def test_another_outlet_edition_or_medium_is_a_reprint() -> None:
    one = Publication("x", "zh", "online", published(), SEEN)
    for other in (("y", "zh", "online"), ("x", "en", "online"), ("x", "zh", "print")):
        assert relation(one, Publication(*other, published(), SEEN)) == "reprint"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("19:00", "23:00", "re-run"),  # each airing is one
        ("19:00", "19:00", "same-item"),  # brought by two people
        ("", "", "re-run"),  # nobody knows that it is one airing
        ("19:00", "", "re-run"),
        ("19:00", None, "re-run"),  # the broadcaster's page of it
        (None, None, "same-item"),  # two pages of a broadcaster
    ],
)
def test_each_airing_is_one(a: str | None, b: str | None, expected: str) -> None:
    one, other = (Publication("x", "vi", "tv", published(), SEEN, time) for time in (a, b))
    assert relation(one, other) == relation(other, one) == expected


def test_the_same_time_of_another_day_is_another_airing() -> None:
    one = Publication("x", "vi", "tv", FoundDate("import", "", day=date(2014, 10, 2)), SEEN, "19:00")
    other = Publication("x", "vi", "tv", FoundDate("import", "", day=date(2014, 10, 3)), SEEN, "19:00")
    assert relation(one, other) == "re-run"
