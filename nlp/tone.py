"""How the passages that name a campaign sound: each is judged, then they are put together, with how sure that is.

A passage is the sentence in which a name stands, with the sentence before and after it. A sentence belongs to one
passage only, so that a text that says the name twice in a row is not heard twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from nlp.sentences import split_sentences
from resound.article import Field, Tone
from resound.errors import ModelError

if TYPE_CHECKING:
    from nlp.engines import Classifier, Identity

TONES: tuple[Tone, ...] = get_args(Tone)
UNCERTAIN_MARGIN = 0.15
"""Where the best tone leads the second by less, a person should look."""
UNCERTAIN_SPREAD = 0.35
"""Where passages disagree by more (standard deviation of positive minus negative, 0 … 1), a person should look."""
_WORDS: Mapping[str, Tone] = {
    "positive": "positive", "pos": "positive", "good": "positive", "favourable": "positive", "favorable": "positive",
    "neutral": "neutral", "neu": "neutral", "mixed": "neutral", "balanced": "neutral",
    "negative": "negative", "neg": "negative", "bad": "negative", "unfavourable": "negative", "unfavorable": "negative",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of one field's original text that names the campaign."""

    field: Field
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class JudgedPassage:
    """A passage with the probability of each tone."""

    passage: Passage
    scores: Mapping[Tone, float]


@dataclass(frozen=True, slots=True)
class ToneResult:
    """`label` is None where no passage names the campaign. `spread` is how much the passages disagree (0 … 1)."""

    label: Tone | None
    scores: Mapping[Tone, float]
    spread: float
    is_uncertain: bool
    passages: tuple[JudgedPassage, ...]
    identity: Identity


def find_passages(
    texts: Mapping[Field, str], spans: Sequence[tuple[Field, int, int]], *, around: int = 1
) -> list[Passage]:
    """The passages around spans, in the order of the fields and of the text.

    Args:
        around: how many sentences before and after the one with the span belong to its passage.
        texts: field → its text, paragraphs parted by newlines (`resound.article.text_fields`).
        spans: (field, start, end) of the names; those outside a text are passed over.
    """
    made: list[Passage] = []
    for name, text in texts.items():
        places = sorted(
            {(start, end) for field, start, end in spans if field == name and 0 <= start < len(text)}
        )
        if not places:
            continue
        base = 0
        for line in text.split("\n"):
            inside = [
                (start - base, end - base) for start, end in places if base <= start <= base + len(line)
            ]
            if inside:
                made += [
                    Passage(name, base + first, base + last, line[first:last])
                    for first, last in _around(split_sentences(line), inside, around)
                ]
            base += len(line) + 1
    return made


def judge_tones(jobs: Sequence[Sequence[Passage]], classifier: Classifier) -> list[ToneResult]:
    """One result for each list of passages; all passages go to the model together.

    Raises:
        ModelError: the model's labels are none that Resound knows; nothing is guessed.
    """
    order = tone_labels(classifier)
    flat = [passage.text for passages in jobs for passage in passages]
    rows = classifier.probabilities(flat).tolist() if flat else []
    made, at = [], 0
    for passages in jobs:
        scored = []
        for passage, row in zip(passages, rows[at : at + len(passages)], strict=True):
            scores = {
                tone: round(sum(p for p, one in zip(row, order, strict=True) if one == tone), 4)
                for tone in TONES
            }
            scored.append(JudgedPassage(passage, scores))
        at += len(passages)
        made.append(_together(scored, classifier.identity))
    return made


def tone_labels(classifier: Classifier) -> list[Tone]:
    """The model's own labels as tones, in its order. Raises ModelError (failed) for names that say nothing."""
    found = [_WORDS.get(label) for label in classifier.labels]
    if None in found or set(found) != set(TONES):
        raise ModelError(
            f"{classifier.identity.model} calls its labels {', '.join(classifier.labels)}; positive, neutral and "
            "negative are needed, and which is which is never guessed.",
            reason="failed",
        )
    return [one for one in found if one is not None]


def _together(scored: Sequence[JudgedPassage], identity: Identity) -> ToneResult:
    if not scored:
        return ToneResult(None, {}, 0.0, False, (), identity)
    weights = [_weight(one.passage) for one in scored]
    total = sum(weights)
    scores = {
        tone: round(
            sum(one.scores[tone] * weight for one, weight in zip(scored, weights, strict=True)) / total, 4
        )
        for tone in TONES
    }
    best, second = sorted(scores.values(), reverse=True)[:2]
    label = max(TONES, key=lambda tone: scores[tone])
    leanings = [one.scores["positive"] - one.scores["negative"] for one in scored]
    mean = sum(leanings) / len(leanings)
    spread = round(math.sqrt(sum((one - mean) ** 2 for one in leanings) / len(leanings)), 4)
    is_uncertain = best - second < UNCERTAIN_MARGIN or spread > UNCERTAIN_SPREAD
    return ToneResult(label, scores, spread, is_uncertain, tuple(scored), identity)


def _weight(passage: Passage) -> float:
    """What stands in headline and lead is read by most."""
    return {"title": 2.0, "lead": 1.5}.get(passage.field, 1.0)


def _around(
    sentences: Sequence[tuple[int, int]], places: Sequence[tuple[int, int]], reach: int
) -> list[tuple[int, int]]:
    """Sentences with a name, each with its neighbours; what touches becomes one passage."""
    named = sorted(
        {
            at
            for at, (start, end) in enumerate(sentences)
            for first, last in places
            if start < last and first < end
        }
    )
    made: list[tuple[int, int]] = []
    for at in named:
        first, last = max(0, at - reach), min(len(sentences) - 1, at + reach)
        if made and first <= made[-1][1]:
            made[-1] = (made[-1][0], last)
        else:
            made.append((first, last))
    return [(sentences[first][0], sentences[last][1]) for first, last in made]
