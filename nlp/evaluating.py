"""How well a model does on somebody's own labels: the usual figures of each task, from JSON lines.

| task | a line | figures |
|---|---|---|
| language | {"text", "language"} | accuracy, macro-F1, confusions |
| translation | {"text", "language", "target"?, "reference"} | BLEU and chrF (sacrebleu) |
| tone | {"text", "from"?, "to"?, "label"} | accuracy, macro-F1, confusions |
| topics | {"text", "topics": […]} | micro and macro F1, exact sets |
| stories | {"text" or "title", "story"} and, from a grouping, "found" | B-cubed precision, recall, F1 |
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resound.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`figures` by name; `confusion` maps (what it is, what was said) to how often, where labels are compared."""

    task: str
    lines: int
    figures: Mapping[str, float | str]
    confusion: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        rows = [
            {"is": one, "said": other, "count": count}
            for (one, other), count in sorted(self.confusion.items())
        ]
        return {"task": self.task, "lines": self.lines, "figures": dict(self.figures), "confusion": rows}


def read_lines(path: Path, needs: Mapping[str, type]) -> list[dict[str, Any]]:
    """Labelled lines.

    Raises:
        DefinitionError: names the line and what it lacks.
    """
    found = []
    with path.open(encoding="utf-8") as stream:
        for number, raw in enumerate(stream, 1):
            if not raw.strip():
                continue
            try:
                line = json.loads(raw)
            except ValueError as err:
                raise DefinitionError(f"{path}, line {number}: this is no JSON: {err}") from err
            for name, kind in needs.items():
                if not isinstance(line, dict) or not isinstance(line.get(name), kind):
                    wanted = "a list" if kind is list else "text"
                    raise DefinitionError(f'{path}, line {number}: "{name}" is missing; {wanted} is needed.')
            found.append(line)
    if not found:
        raise DefinitionError(f"{path} holds no lines.")
    return found


def judge_labels(task: str, is_: Sequence[str], said: Sequence[str]) -> Evaluation:
    """Accuracy and macro-F1 (the mean over the labels that are there, scikit-learn's definition)."""
    pairs = Counter(zip(is_, said, strict=True))
    right = sum(count for (one, other), count in pairs.items() if one == other)
    by_label = {label: f1(*_label_counts(pairs, label)) for label in sorted(set(is_))}
    figures = {
        "accuracy": round(right / len(is_), 4),
        "macro-F1": round(sum(by_label.values()) / len(by_label), 4),
    }
    return Evaluation(
        task, len(is_), {**figures, **{f"F1 {name}": round(one, 4) for name, one in by_label.items()}}, pairs
    )


def judge_sets(task: str, is_: Sequence[Iterable[str]], said: Sequence[Iterable[str]]) -> Evaluation:
    """F1 over (line, label) pairs, its mean over labels, and how often the whole set is right."""
    hit: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    exact = 0
    for one, other in zip(map(set, is_), map(set, said), strict=True):
        hit.update(one & other)
        extra.update(other - one)
        lost.update(one - other)
        exact += one == other
    labels = sorted(hit.keys() | lost.keys())
    by_label = {label: f1(hit[label], extra[label], lost[label]) for label in labels}
    return Evaluation(
        task,
        len(is_),
        {
            "micro-F1": round(f1(hit.total(), extra.total(), lost.total()), 4),
            "macro-F1": round(sum(by_label.values()) / max(1, len(by_label)), 4),
            "exact": round(exact / len(is_), 4),
            **{f"F1 {name}": round(one, 4) for name, one in by_label.items()},
        },
    )


def judge_groups(task: str, is_: Sequence[str], said: Sequence[str]) -> Evaluation:
    """B-cubed (Bagga and Baldwin 1998): for each line, how much of its group is right, and how much is found."""
    overlap = Counter(zip(is_, said, strict=True))
    true, made = Counter(is_), Counter(said)
    precision = sum(count * count / made[other] for (_, other), count in overlap.items()) / len(is_)
    recall = sum(count * count / true[one] for (one, _), count in overlap.items()) / len(is_)
    f = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    figures = {
        "B-cubed precision": round(precision, 4),
        "B-cubed recall": round(recall, 4),
        "B-cubed F1": round(f, 4),
    }
    return Evaluation(task, len(is_), figures)


def judge_translations(found: Sequence[str], references: Sequence[str], *, target: str) -> Evaluation:
    """Corpus BLEU and chrF by sacrebleu; Chinese is cut into characters (its `zh` tokenizer). Signatures included."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    bleu = BLEU(tokenize="zh" if target.startswith("zh") else "13a")
    chrf = CHRF()
    figures: dict[str, float | str] = {
        "BLEU": round(bleu.corpus_score(list(found), [list(references)]).score, 2),
        "chrF": round(chrf.corpus_score(list(found), [list(references)]).score, 2),
        "BLEU signature": str(bleu.get_signature()),
        "chrF signature": str(chrf.get_signature()),
    }
    return Evaluation(f"translation into {target}", len(found), figures)


def f1(hit: int, extra: int, lost: int) -> float:
    """The harmonic mean of precision and recall; 0 where nothing is right."""
    return 2 * hit / (2 * hit + extra + lost) if hit else 0.0


def _label_counts(pairs: Mapping[tuple[str, str], int], label: str) -> tuple[int, int, int]:
    hit = pairs.get((label, label), 0)
    extra = sum(count for (one, other), count in pairs.items() if other == label and one != label)
    lost = sum(count for (one, other), count in pairs.items() if one == label and other != label)
    return hit, extra, lost
