"""Whether a model is there, whole and as it was pulled, seen from outside."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import demo
from nlp.models import find_profile
from nlp.standing import ModelStanding, stand_models


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo.MODELS, tmp_path / "models"))


def stand(folder: Path, name: str = "zh-en", **more: int) -> ModelStanding:
    return next(one for one in stand_models(find_profile("demo", folder), folder, **more) if one.id == name)


def test_models_that_are_there_name_licence_revision_and_engine(folder: Path) -> None:
    found = stand(folder)
    assert (found.state, found.problem, found.is_missed) == ("there", "", False)
    assert found.licence == "Apache-2.0"
    assert (found.commit or "").startswith("folder-")
    assert found.engine == "ctranslate2"
    assert stand(folder, "tone").engine == "onnxruntime"


def test_a_changed_file_is_seen(folder: Path) -> None:
    (folder / "zh-en" / "config.json").write_text("{}", encoding="utf-8")
    found = stand(folder)
    assert found.state == "changed"
    assert "config.json" in found.problem
    assert found.is_missed


def test_a_large_file_is_seen_only_where_it_is_hashed(folder: Path) -> None:
    weights = folder / "zh-en" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert stand(folder, hash_up_to=1000).state == "there"
    assert stand(folder).state == "changed"


def test_a_missing_file_a_missing_folder_and_one_that_nobody_locked(folder: Path) -> None:
    (folder / "zh-en" / "vocab.json").unlink()
    assert stand(folder).state == "not whole"
    shutil.rmtree(folder / "zh-en")
    assert stand(folder).state == "not pulled"
    (folder / "zh-en.part").mkdir()
    assert stand(folder).state == "begun, not whole"
    (folder / "lock.json").unlink()
    assert stand(folder, "tone").state == "not in the lock file"


def test_an_optional_model_that_nobody_pulled_is_not_missed(tmp_path: Path) -> None:
    found = {one.id: one for one in stand_models(find_profile("standard", tmp_path), tmp_path)}
    assert found["tone"].is_missed
    assert not found["nli"].is_missed
