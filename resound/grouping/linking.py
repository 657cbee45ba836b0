"""Do two articles in different languages tell one original text? Pure: what is known of both → a link, a proposal, nothing.

Likeness is not enough: two independent reports of one event are alike, and stay two stories. A link needs evidence of
one text, a credit line or sentences that say the same in the same order. What is only alike is proposed to a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

MOST_DAYS = 3
"""Between two publications of one text."""
LEAST_SENTENCES = 3
LEAST_SHARE = 0.6
"""Of the shorter text's sentences that have a counterpart."""
LEAST_NUMBERS = 0.5
"""Of the numbers of the text with fewer that stand in the other, where it has any."""
CREDIT = "credit-line"
ALIGNED = "aligned-sentences"
ALIKE = "alike"


@dataclass(frozen=True, slots=True)
class Telling:
    """What of an article decides. `credits`: source → the passage that credits it; `names`: the campaign's that stand in it."""

    article: str
    outlet: str
    language: str
    day: date
    names: frozenset[str]
    credits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two articles compare. `aligned` and `share` are of sentences, `numbers` is (shared, of how many)."""

    cosine: float
    aligned: int
    share: float
    sentence_cosine: float
    numbers: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Link:
    """`a` < `b`. `is_joined`: one story; else a proposal for a person."""

    a: str
    b: str
    method: str
    score: float
    evidence: Mapping[str, Any]
    is_joined: bool


def may_be_one_text(one: Telling, other: Telling, cosine: float, *, candidate: float) -> bool:
    """Whether it is worth comparing their sentences: other languages, near in time, alike in headline and lead."""
    return (
        one.article != other.article
        and one.language.split("-")[0] != other.language.split("-")[0]
        and abs((one.day - other.day).days) <= MOST_DAYS
        and cosine >= candidate
    )


def judge_pair(one: Telling, other: Telling, found: Likeness) -> Link | None:
    """A link where there is evidence of one text, a proposal where there is only likeness, None where not even names agree."""
    a, b = sorted((one, other), key=lambda telling: telling.article)
    shared, of = found.numbers
    numbers_agree = of == 0 or shared / of >= LEAST_NUMBERS
    evidence: dict[str, Any] = {
        "cosine": found.cosine,
        "aligned sentences": found.aligned,
        "share": found.share,
        "numbers": f"{shared} of {of}",
        "names": sorted(one.names & other.names),
    }
    credit = _credit(one, other)
    if credit is not None and numbers_agree:
        return Link(
            a.article, b.article, CREDIT, found.cosine, {**evidence, "credit": credit}, is_joined=True
        )
    if found.aligned >= LEAST_SENTENCES and found.share >= LEAST_SHARE and numbers_agree:
        return Link(a.article, b.article, ALIGNED, found.sentence_cosine, evidence, is_joined=True)
    if one.names & other.names or shared:
        return Link(a.article, b.article, ALIKE, found.cosine, evidence, is_joined=False)
    return None


def _credit(one: Telling, other: Telling) -> str | None:
    """The passage that says the one is from the other, or that both are from one agency."""
    for text, source in ((one, other), (other, one)):
        if source.outlet in text.credits and source.outlet != text.outlet:
            return text.credits[source.outlet]
    for agency in sorted(one.credits.keys() & other.credits.keys()):
        if agency not in (one.outlet, other.outlet):
            return f"{one.credits[agency]} / {other.credits[agency]}"
    return None
