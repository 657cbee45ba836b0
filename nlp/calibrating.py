"""Thresholds found on labels: a cosine says something only of the model that it comes from.

`thresholds.json` in the models' folder: {commit of the embedding model: {name: {threshold, f1, lines}, at}}. What stands
there for the model in use goes before the profile's own thresholds, and falls away with another model.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from nlp.engines import Embedder, Identity
from nlp.evaluating import f1
from nlp.profiles import Thresholds
from resound.errors import DefinitionError

if TYPE_CHECKING:
    from nlp.topics import TopicTagger

FILE = "thresholds.json"
ThresholdName = Literal["topic", "candidate", "sentence"]
NAMES: tuple[ThresholdName, ...] = get_args(ThresholdName)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The threshold with the best F1 on labelled pairs; `lines` is how many there were."""

    threshold: float
    f1: float
    lines: int


def best_threshold(scored: Sequence[tuple[float, bool]]) -> Calibration:
    """The middle of the widest gap between scores at which “score ≥ threshold” has the best F1.

    Args:
        scored: (score, whether it should be said) of each pair; at least one should be.

    Raises:
        DefinitionError: nothing should be said, or everything: no threshold can be found.
    """
    wanted = sum(is_so for _, is_so in scored)
    if wanted in (0, len(scored)):
        raise DefinitionError(
            "A threshold needs labelled pairs of both kinds: some that hold, and some that do not."
        )
    ranked = sorted(scored, key=lambda one: -one[0])
    best, hit = (-1.0, 0.0, 0.0), 0
    for at, (score, is_so) in enumerate(ranked):
        hit += is_so
        below = ranked[at + 1][0] if at + 1 < len(ranked) else min(score - 0.02, 0.0)
        if below == score:
            continue
        best = max(best, (f1(hit, at + 1 - hit, wanted - hit), score - below, (score + below) / 2))
    return Calibration(round(min(1.0, max(0.0, best[2])), 4), round(best[0], 4), len(scored))


def score_topics(
    tagger: TopicTagger, lines: Sequence[tuple[Sequence[str], Collection[str]]]
) -> list[tuple[float, bool]]:
    """(cosine, whether the topic was given) of every topic for every text. Lines are (passages, topics)."""
    found = tagger.all_scores([passages for passages, _ in lines])
    return [
        (score, topic in wanted)
        for scores, (_, wanted) in zip(found, lines, strict=True)
        for topic, score in scores.items()
    ]


def score_pairs(embedder: Embedder, lines: Sequence[tuple[str, str, bool]]) -> list[tuple[float, bool]]:
    """(cosine, whether they say the same) of pairs of texts."""
    one, other = embedder.embed([a for a, _, _ in lines]), embedder.embed([b for _, b, _ in lines])
    cosines = (one * other).sum(1).tolist()
    return [(float(cosine), is_so) for cosine, (_, _, is_so) in zip(cosines, lines, strict=True)]


def f1_at(scored: Sequence[tuple[float, bool]], threshold: float) -> float:
    """F1 of “score ≥ threshold”."""
    hit = sum(is_so for score, is_so in scored if score >= threshold)
    said, wanted = sum(score >= threshold for score, _ in scored), sum(is_so for _, is_so in scored)
    return round(f1(hit, said - hit, wanted - hit), 4)


def write_thresholds(
    folder: Path, embedding: Identity, found: Mapping[ThresholdName, Calibration], *, at: datetime
) -> None:
    """Keep thresholds for this embedding model; those of other names stay."""
    kept = _read(folder)
    mine = dict(kept.get(embedding.revision, {}))
    mine |= {name: {**asdict(one), "at": at.isoformat(timespec="seconds")} for name, one in found.items()}
    part = folder / f".{FILE}"
    text = json.dumps({**kept, embedding.revision: mine}, indent=2, sort_keys=True)
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(folder / FILE)


def read_thresholds(folder: Path, commit: str, given: Thresholds) -> Thresholds:
    """The calibrated thresholds of an embedding model; the given ones where there are none.

    Raises:
        DefinitionError: the file is broken.
    """
    mine = _read(folder).get(commit, {})
    try:
        found: dict[str, float] = {name: float(mine[name]["threshold"]) for name in NAMES if name in mine}
    except (KeyError, TypeError, ValueError) as err:
        raise DefinitionError(f"{folder / FILE} is broken; calibrate again, or remove it.") from err
    return given.model_copy(update=found)


def calibrated(folder: Path, commit: str) -> frozenset[str]:
    """The names of the thresholds that were calibrated for an embedding model.

    Raises:
        DefinitionError: the file is broken.
    """
    return frozenset(_read(folder).get(commit, {})) & set(NAMES)


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        loaded = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as err:
        raise DefinitionError(f"{folder / FILE} is broken; calibrate again, or remove it.") from err
    if not isinstance(loaded, dict) or not all(isinstance(one, dict) for one in loaded.values()):
        raise DefinitionError(f"{folder / FILE} is broken; calibrate again, or remove it.")
    return loaded
