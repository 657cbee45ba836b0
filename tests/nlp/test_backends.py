"""Both engines, on trained models of the real classes: the same answers, in order, whatever the batch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nlp import backends
from nlp.engines import Identity
from nlp.models import Models, open_profile
from resound.errors import ModelError
from tests.nlp.tiny import PAIRS, spec


@pytest.fixture(scope="module", params=["fast", "torch"])
def models(request: pytest.FixtureRequest, tiny_models: Path) -> Models:
    return open_profile("tiny", tiny_models, is_demo=False, engine=request.param, threads=1)


def test_marian_and_m2m100_give_the_translations_that_they_were_taught(models: Models) -> None:
    sources, targets = [zh for zh, _ in PAIRS], [en for _, en in PAIRS]
    for name, kind in (("zh-en", "MarianMTModel"), ("any", "M2M100ForConditionalGeneration")):
        translator = backends.load_translator(
            models.folder / name,
            architecture=kind,
            identity=Identity("tiny", "", models.route("zh", "en").steps[0].identity.engine),
            source="zh",
            target="en",
        )
        for beam in (1, 2):
            found = translator.translate(sources, beam=beam)
            assert [one.text for one in found] == targets, name
            assert not any(one.is_cut for one in found)
            assert all(-0.5 < one.score <= 0 for one in found)


def test_one_by_one_is_the_same_as_together(models: Models) -> None:
    translator = models.route("zh", "en").steps[0]
    sources = [zh for zh, _ in PAIRS[:12]]
    together = translator.translate(sources)
    assert [one.text for one in together] == [translator.translate([one])[0].text for one in sources]
    assert translator.translate([]) == []
    assert translator.count_tokens([]) == []


def test_a_sentence_that_is_too_long_is_the_callers_defect(models: Models) -> None:
    translator = models.route("zh", "en").steps[0]
    with pytest.raises(ValueError, match="tokens; at most"):
        translator.translate(["綠" * 2000])


def test_probabilities_are_probabilities_in_the_order_of_the_texts(models: Models) -> None:
    tone = models.tone()
    texts = [en for _, en in PAIRS[:20]] + ["", "🌿", "x" * 5000]
    found = tone.probabilities(texts)
    assert tone.labels == ("negative", "neutral", "positive")
    assert found.shape == (len(texts), 3)
    assert np.allclose(found.sum(1), 1, atol=1e-5)
    alone = np.concatenate([tone.probabilities([one]) for one in texts])
    assert np.abs(found - alone).max() < 0.01
    assert tone.probabilities([]).shape == (0, 3)


def test_vectors_have_length_one_and_the_prefix_matters(models: Models) -> None:
    embedder = models.embedder()
    found = embedder.embed([zh for zh, _ in PAIRS[:9]])
    assert found.shape == (9, embedder.dimensions)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.abs(embedder.embed(["綠耕隊"]) - embedder.embed(["綠耕隊"], kind="query")).max() > 1e-4
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_the_fast_engines_say_what_the_reference_says(tiny_models: Path) -> None:
    fast, reference = (
        open_profile("tiny", tiny_models, is_demo=False, engine=one) for one in ("fast", "torch")
    )
    texts = [text for pair in PAIRS[:20] for text in pair]
    assert np.abs(fast.tone().probabilities(texts) - reference.tone().probabilities(texts)).max() < 0.05
    assert (fast.embedder().embed(texts) * reference.embedder().embed(texts)).sum(1).min() > 0.99
    judges = fast.judge(), reference.judge()
    pairs = [(zh, en) for zh, en in PAIRS[:10]]
    said = [one.entailment(pairs) for one in judges if one is not None]
    assert len(said) == 2
    assert np.abs(np.array(said[0]) - np.array(said[1])).max() < 0.05


def test_bert_is_read_as_xlm_r_is(tiny_models: Path) -> None:
    made = []
    for engine in ("onnxruntime-int8", "torch-fp32"):
        one = backends.load_embedder(
            tiny_models / "bert", architecture="BertModel", identity=Identity("tiny/bert", "", engine)
        )
        made.append(one.embed([en for _, en in PAIRS[:8]]))
    assert (made[0] * made[1]).sum(1).min() > 0.99


def test_a_judge_whose_labels_say_nothing_is_refused(tiny_models: Path) -> None:
    with pytest.raises(ModelError, match="names no entailment"):
        backends.load_judge(
            tiny_models / "tone",
            architecture=spec("tone").architecture,
            identity=Identity("tiny/tone", "", "onnxruntime-int8"),
        )


def test_engines_that_are_there_are_told_with_their_versions() -> None:
    found = backends.available_engines()
    assert {"transformers", "ctranslate2", "onnxruntime", "torch"} <= set(found)
    assert "CPU" in found["torch"] or "GPU" in found["torch"]


def test_the_fast_engines_need_no_torch(tiny_models: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path; from nlp.models import open_profile\n"
        "models = open_profile('tiny', Path(sys.argv[1]), is_demo=False)\n"
        "print(models.route('zh-Hant', 'en').steps[0].translate([sys.argv[2]])[0].text)\n"
        "print(models.tone().probabilities(['x']).shape, models.embedder().embed(['x']).shape[0])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(tiny_models), PAIRS[0][0]],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert said.stdout.splitlines() == [PAIRS[0][1], "(1, 3) 1"]
