"""Numbers in a translation, and loops."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.numbers import compare_numbers
from nlp.repetition import has_loop, is_swollen


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("2014年10月2日，30家企業", "On 2 October 2014, 30 firms"),
        ("每天3萬噸，投資1.2億元", "30,000 tonnes a day and 120 million dollars"),
        ("2.500 tấn và 1,2 triệu đồng", "2,500 tonnes and 1.2 million dong"),
        ("民國103年", "in 2014"),
        ("三十家媒體", "30 media"),
        ("30家媒體", "thirty media"),
        ("5%", "5 percent"),
        ("ba nhà máy", "three factories"),
        ("no numbers", "沒有數字"),
        ("ngày 2.10.2014", "2 October 2014"),
    ],
)
def test_numbers_that_are_the_same(source: str, translation: str) -> None:
    assert compare_numbers(source, translation) == []


@pytest.mark.parametrize(
    ("source", "translation", "said"),
    [
        ("30 firms", "31家", ["number-lost:30", "number-new:31"]),
        ("30 firms", "企業", ["number-lost:30"]),
        ("firms", "12家企業", ["number-new:12"]),
        ("3萬噸", "3,000 tonnes", ["number-lost:3", "number-new:3,000"]),
    ],
)
def test_numbers_that_are_not(source: str, translation: str, said: list[str]) -> None:
    assert compare_numbers(source, translation) == said


@given(st.text(max_size=80))
def test_a_text_agrees_with_itself(text: str) -> None:
    assert compare_numbers(text, text) == []


def test_loops() -> None:
    assert has_loop("the the the the the the")
    assert has_loop("go on and go on and go on and go on and")
    assert has_loop("好的，" * 5)
    assert not has_loop("哈哈哈哈哈哈", "哈哈哈哈哈哈")
    assert not has_loop("The team visited the landfill and the plant and the farm.")
    assert is_swollen(200, 10)
    assert not is_swollen(20, 10)
