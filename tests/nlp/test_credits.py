"""Which news agency a text credits: labelled lines, and how many of them are read as they are meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from nlp.agencies import AGENCIES
from nlp.credits import find_agencies, find_credits

LONG = (
    "The people of the city came to see what was done with what they throw away, and asked many questions. "
    * 4
)
CASES = Path(__file__).parent / "cases" / "credits.tsv"


def lines() -> Iterator[tuple[frozenset[str], str, tuple[str, ...]]]:
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            expected, byline, text = line.split("\t")
            paragraphs = tuple(LONG if one == "…" else one for one in text.split("|"))
            yield frozenset(() if expected == "-" else expected.split(" ")), byline, paragraphs


def test_agencies_are_found_where_they_are_credited_and_nowhere_else() -> None:
    """Prints the table (`pytest -s`). No line may be taken for an agency's that is none's."""
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    told = []
    for expected, byline, paragraphs in lines():
        found = frozenset(one.source for one in find_agencies(byline, paragraphs))
        right.update(found & expected)
        wrong.update(found - expected)
        missed.update(expected - found)
        if found != expected:
            told.append(
                f"{sorted(expected)} was read as {sorted(found)}: {byline!r} {[one[:60] for one in paragraphs]}"
            )
    print("\n| agency | labelled | precision | recall |\n|---|--:|--:|--:|")
    for agency in [*(one.id for one in AGENCIES), "all"]:
        of = [sum(one.values()) if agency == "all" else one[agency] for one in (right, wrong, missed)]
        if any(of):
            precision = of[0] / (of[0] + of[1]) if of[0] + of[1] else 1.0
            recall = of[0] / (of[0] + of[2]) if of[0] + of[2] else 1.0
            print(f"| {agency} | {of[0] + of[2]} | {precision:.2f} | {recall:.2f} |")
    print("\n".join(told))
    assert not wrong, told
    assert sum(missed.values()) <= 0.03 * (sum(right.values()) + sum(missed.values())), told


def test_every_credit_shows_its_passage() -> None:
    for _, byline, paragraphs in lines():
        for one in find_agencies(byline, paragraphs):
            assert one.passage
            assert len(one.passage) <= 300


@pytest.mark.parametrize("agency", AGENCIES, ids=lambda one: one.id)
def test_no_two_agencies_share_a_name(agency: object) -> None:
    others = {name for one in AGENCIES if one is not agency for name in (*one.forms, *one.acronyms)}
    assert not others & {*agency.forms, *agency.acronyms}  # type: ignore[attr-defined]


def test_a_short_name_is_not_found_inside_a_longer_one() -> None:
    assert find_credits("APO", ["(APO)"], {"ap": ["AP"]}) == ()
    assert [one.source for one in find_credits("AP", ["x"], {"ap": ["AP"]})] == ["ap"]


def test_hostile_texts_take_no_time() -> None:
    begun = monotonic()
    for text in ("CNA " + "A" * 300_000, "CNA " + "Aa " * 100_000 + "(CNA)", "A" + " " * 300_000 + "(CNA)"):
        find_agencies("", [text])
    assert monotonic() - begun < 5
