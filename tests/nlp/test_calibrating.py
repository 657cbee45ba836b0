"""Thresholds on labels: the best F1 there is, kept for one commit of one model."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.calibrating import (
    FILE,
    Calibration,
    best_threshold,
    f1_at,
    read_thresholds,
    write_thresholds,
)
from nlp.engines import Identity
from nlp.profiles import Thresholds
from resound.errors import DefinitionError

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GIVEN = Thresholds(topic=0.1, candidate=0.2, sentence=0.3)
ONE = Identity("a/model", "commit-1", "onnxruntime-int8")
SCORED = st.lists(
    st.tuples(st.sampled_from([n / 20 for n in range(21)]), st.booleans()), min_size=2, max_size=30
)


@settings(deadline=None)
@given(SCORED.filter(lambda rows: 0 < sum(is_so for _, is_so in rows) < len(rows)))
def test_no_other_threshold_is_better(scored: list[tuple[float, bool]]) -> None:
    best = best_threshold(scored)
    assert 0 <= best.threshold <= 1
    assert best.f1 == f1_at(scored, best.threshold)
    assert all(f1_at(scored, other / 40) <= best.f1 for other in range(41))


def test_it_stands_in_the_middle_of_the_widest_gap() -> None:
    assert best_threshold([(0.9, True), (0.8, True), (0.4, False), (0.3, False)]).threshold == 0.6


@pytest.mark.parametrize("answer", [True, False])
def test_labels_of_one_kind_give_no_threshold(answer: bool) -> None:
    with pytest.raises(DefinitionError, match="both kinds"):
        best_threshold([(0.5, answer), (0.6, answer)])


def test_what_is_kept_belongs_to_one_commit(tmp_path: Path) -> None:
    write_thresholds(tmp_path, ONE, {"topic": Calibration(0.7, 0.9, 10)}, at=NOW)
    write_thresholds(tmp_path, ONE, {"sentence": Calibration(0.8, 0.95, 10)}, at=NOW)
    assert read_thresholds(tmp_path, "commit-1", GIVEN) == Thresholds(topic=0.7, candidate=0.2, sentence=0.8)
    assert read_thresholds(tmp_path, "commit-2", GIVEN) == GIVEN


@pytest.mark.parametrize("text", ["{", "[]", '{"commit-1": 3}', '{"commit-1": {"topic": {}}}'])
def test_a_broken_file_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match="is broken"):
        read_thresholds(tmp_path, "commit-1", GIVEN)
