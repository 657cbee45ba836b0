"""Tiny models, made once a session and shared by its processes."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A models' folder with the profile `tiny`: every class, trained, converted and locked."""
    pytest.importorskip("torch", reason="torch makes the tiny models: make setup")
    from tests.nlp.tiny import make_all

    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "tiny-models"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "models.yml").exists():
            make_all(folder)
    return folder
