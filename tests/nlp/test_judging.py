"""Tone of passages and topics: the logic by rule, the models by the tiny ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp.engines import EmbeddingKind, Identity
from nlp.models import open_profile
from nlp.stages import stage_tone, stage_topics, stage_translate
from nlp.tone import find_passages, judge_tones, tone_labels
from nlp.topics import TopicTagger, load_topics, read_topics
from resound.errors import DefinitionError, ModelError
from tests.nlp.tiny import PAIRS

ME = Identity("by rule", "1", "torch-fp32")


@dataclass
class Feeling:
    """Positive where there is a +, negative where there is a -."""

    labels: tuple[str, ...] = ("negative", "neutral", "positive")
    max_tokens: int = 100
    identity: Identity = ME

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(one) for one in texts]

    def probabilities(self, texts: Sequence[str]) -> Any:
        rows = {"+": [0.1, 0.1, 0.8], "-": [0.8, 0.1, 0.1]}
        return np.array([rows.get(next((c for c in one if c in "+-"), ""), [0.1, 0.8, 0.1]) for one in texts])


def test_a_passage_is_the_sentence_with_its_neighbours_once() -> None:
    text = "甲。乙。綠耕隊。丙。丁。戊。綠耕隊。己。綠耕隊。\n綠耕隊也。"
    places = [("body", at, at + 3) for at in range(len(text)) if text.startswith("綠耕隊", at)]
    found = find_passages({"title": "x", "body": text}, places)  # type: ignore[arg-type]
    assert [one.text for one in found] == ["乙。綠耕隊。丙。", "戊。綠耕隊。己。綠耕隊。", "綠耕隊也。"]
    assert all(text[one.start : one.end] == one.text for one in found)
    assert find_passages({"body": "甲。"}, [("body", 99, 100), ("title", 0, 1)]) == []


def test_tones_are_put_together_with_how_sure_that_is() -> None:
    def result(*fields: tuple[str, str]) -> Any:
        passages = [one for name, text in fields for one in find_passages({name: text}, [(name, 0, 1)])]  # type: ignore[dict-item, list-item]
        return judge_tones([passages], Feeling())[0]

    good = result(("body", "+"), ("lead", "+"))
    assert (good.label, good.is_uncertain, good.spread) == ("positive", False, 0.0)
    torn = result(("body", "+"), ("lead", "-"))
    assert torn.is_uncertain
    assert torn.spread > 0.5
    assert result(("title", "+"), ("body", "-")).label == "positive", "the headline is read by most"
    assert abs(sum(good.scores.values()) - 1) < 0.01
    assert judge_tones([[]], Feeling())[0].label is None
    assert judge_tones([], Feeling()) == []


def test_labels_are_read_and_never_guessed() -> None:
    assert tone_labels(Feeling(labels=("pos", "neu", "neg"))) == ["positive", "neutral", "negative"]
    for labels in (("label_0", "label_1", "label_2"), ("positive", "negative"), ("joy", "anger", "fear")):
        with pytest.raises(ModelError, match="never guessed"):
            tone_labels(Feeling(labels=labels))


@dataclass
class Words:
    """Vectors of which characters a text has."""

    dimensions: int = 64
    identity: Identity = ME

    def embed(self, texts: Sequence[str], *, kind: EmbeddingKind = "passage") -> Any:
        made = np.full((len(texts), self.dimensions), 1e-6, dtype=np.float32)
        for at, text in enumerate(texts):
            for char in text:
                made[at, ord(char) % self.dimensions] += 1
        return made / np.linalg.norm(made, axis=1, keepdims=True)


@dataclass
class Judge:
    yes: str
    identity: Identity = ME

    def entailment(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        return [0.9 if self.yes in hypothesis else 0.1 for _, hypothesis in pairs]


def test_topics_are_several_or_none_and_inference_has_the_last_word() -> None:
    topics = load_topics()
    assert {"e-waste", "plastic-waste", "incineration", "wastewater"} <= {one.id for one in topics}
    own = f"{topics[2].label['en']}: {topics[2].describe['en'][0]}"
    tagger = TopicTagger(Words(), topics, threshold=0.999)
    (found, none, empty) = tagger.tag([[own], ["zzz"], []])
    assert [one.topic for one in found] == ["e-waste"]
    assert (none, empty) == ((), ())
    many = TopicTagger(Words(), topics, threshold=0.0).tag([[own]])[0]
    assert len(many) == len(topics)
    assert [one.score for one in many] == sorted((one.score for one in many), reverse=True)
    judged = TopicTagger(Words(), topics, threshold=0.0, judge=Judge("Wastewater")).tag([[own]])[0]
    assert [one.topic for one in judged] == ["wastewater"]


def test_wrong_topics_are_named() -> None:
    with pytest.raises(DefinitionError, match="a list of topics"):
        read_topics("x: 1", where="my.yml")
    with pytest.raises(DefinitionError, match=r"my\.yml: label"):
        read_topics("topics: [{id: a, describe: {}}]", where="my.yml")


def test_stages_answer_line_for_line(tiny_models: Path) -> None:
    models = open_profile("tiny", tiny_models, is_demo=False)
    lines: list[object] = [
        {"text": PAIRS[0][0], "language": "zh-Hant"},
        "no object",
        {"text": 3},
        {"text": PAIRS[5][0] + "\n" + PAIRS[6][0], "language": "zh-Hant", "target": "en"},
        {"text": "Đội đến.", "language": "vi"},
        {"text": "x", "target": "fr"},
        {"text": "Already English.", "language": "en"},
    ]
    found = list(stage_translate(lines, models))
    assert found[0]["translation"] == PAIRS[0][1]
    assert found[0]["model"] == "tiny/zh-en"
    assert found[0]["note"] == "machine work, tiny model"
    assert found[3]["translation"] == f"{PAIRS[5][1]}\n{PAIRS[6][1]}"
    assert [one["error"] is None for one in found] == [True, False, False, True, False, False, True]
    assert "translates vi into en" in found[4]["error"]
    tones = list(
        stage_tone(
            [{"text": "The team came.", "from": 4, "to": 8}, {"text": "x", "from": 5, "to": 9}, 3], models
        )
    )
    assert tones[0]["label"] in ("positive", "neutral", "negative")
    assert tones[0]["error"] is None
    assert [one["label"] for one in tones[1:]] == [None, None]
    topics = list(stage_topics([{"text": "電子廢棄物"}, {}], models))
    assert topics[0]["error"] is None
    assert topics[1]["error"]
