"""Krippendorff's alpha, against his own worked examples and against its definition by all pairs of values."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.coverage.agreement import Agreement, Metric, measure_agreement

# Krippendorff, “Computing Krippendorff's Alpha-Reliability” (2011); a row for each observer, `.` where a value is missing.
MEG_AND_OWEN = ("0100000010", "1110010000")  # section A
BEN_AND_GERRY = ("aabbdcccedda", "babbbccceddd")  # section B
FOUR_OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")  # sections C and E
VALUES = "abcd"
units_of_values = st.lists(st.lists(st.sampled_from(VALUES), max_size=4), max_size=10)
metrics = st.sampled_from(["nominal", "ordinal"])


def units_of(observers: tuple[str, ...]) -> list[list[str]]:
    return [[value for value in unit if value != "."] for unit in zip(*observers, strict=True)]


@pytest.mark.parametrize(
    ("observers", "metric", "alpha", "units"),
    [
        (MEG_AND_OWEN, "nominal", 0.095, 10),
        (BEN_AND_GERRY, "nominal", 0.692, 12),
        (FOUR_OBSERVERS, "nominal", 0.743, 11),
        (FOUR_OBSERVERS, "ordinal", 0.815, 11),
    ],
)
def test_the_published_examples(observers: tuple[str, ...], metric: Metric, alpha: float, units: int) -> None:
    found = measure_agreement(units_of(observers), metric=metric, order="12345")
    assert found.alpha == pytest.approx(alpha, abs=0.0005)
    assert found.units == units


@given(units_of_values, metrics)
def test_it_is_what_the_definition_says(units: list[list[str]], metric: Metric) -> None:
    """One less the disagreement observed inside units over that expected between any two values: all pairs, one by one."""
    paired = [unit for unit in units if len(unit) > 1]
    pool = [value for unit in paired for value in unit]
    often = Counter(pool)

    def distance(one: str, other: str) -> float:
        if one == other or metric == "nominal":
            return float(one != other)
        low, high = sorted((one, other))
        between = sum(count for value, count in often.items() if low <= value <= high)
        return (between - (often[low] + often[high]) / 2) ** 2

    found = measure_agreement(units, metric=metric, order=VALUES)
    expected = sum(distance(one, other) for one, other in permutations(pool, 2))
    if not expected:
        assert found.alpha is None
        return
    expected /= len(pool) * (len(pool) - 1)
    observed = sum(
        distance(one, other) / (len(unit) - 1) for unit in paired for one, other in permutations(unit, 2)
    ) / len(pool)
    assert found.alpha == pytest.approx(1 - observed / expected)


@given(units_of_values, metrics, st.randoms())
def test_neither_the_order_of_units_nor_of_coders_matters(
    units: list[list[str]], metric: Metric, random: object
) -> None:
    mixed = [sorted(unit, key=lambda _: random.random()) for unit in units]  # type: ignore[attr-defined]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert measure_agreement(mixed, metric=metric, order=VALUES) == measure_agreement(
        units, metric=metric, order=VALUES
    )


@given(units_of_values, metrics)
def test_alpha_is_one_where_all_agree_and_only_there(units: list[list[str]], metric: Metric) -> None:
    found = measure_agreement(units, metric=metric, order=VALUES)
    assert found.alpha is None or found.alpha <= 1
    assert found.agreed <= found.units == sum(len(unit) > 1 for unit in units)
    if found.alpha is not None:
        assert (found.alpha == 1) == (found.agreed == found.units)


@given(units_of_values)
def test_names_of_nominal_values_say_nothing(units: list[list[str]]) -> None:
    renamed = [[{"a": "z", "b": "y", "c": "a", "d": "m"}[value] for value in unit] for unit in units]
    assert measure_agreement(renamed) == measure_agreement(units)


@given(units_of_values, metrics)
def test_what_only_one_coder_coded_changes_nothing(units: list[list[str]], metric: Metric) -> None:
    alone = [[value] for value in VALUES]
    assert measure_agreement([*units, *alone, []], metric=metric, order=VALUES) == measure_agreement(
        units, metric=metric, order=VALUES
    )


@pytest.mark.parametrize("units", list(product(["ab", "ba"], repeat=2)))
def test_agreeing_less_than_chance_would_is_below_nought(units: tuple[str, ...]) -> None:
    found = measure_agreement(units)
    assert found.alpha is not None
    assert found.alpha < 0


def test_a_near_miss_weighs_less_where_values_have_an_order() -> None:
    order = ("negative", "neutral", "positive")
    near = [
        ("negative", "neutral"),
        *combinations(order, 1),
        *[(one, one) for one in order for _ in range(3)],
    ]
    far = [("negative", "positive"), *near[1:]]
    ranked = [measure_agreement(one, metric="ordinal", order=order).alpha for one in (near, far)]
    assert ranked[0] is not None
    assert ranked[1] is not None
    assert ranked[0] > ranked[1]


def test_where_nothing_can_be_said_it_says_why() -> None:
    assert measure_agreement([]) == Agreement(None, 0, 0, "one-coder")
    assert measure_agreement([["a"], ["b"], []]) == Agreement(None, 0, 0, "one-coder")
    assert measure_agreement([["a", "a"], ["a", "a"]]) == Agreement(None, 2, 2, "no-variation")


def test_a_value_without_a_rank_is_refused() -> None:
    with pytest.raises(ValueError, match="without a rank"):
        measure_agreement([["a", "x"]], metric="ordinal", order="ab")
