"""`resound decide` as it is typed: coding for the only campaign, the second coder, undoing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from resound.cli import app
from resound.errors import ResoundError
from resound.store import open_store
from tests.resound.newsdesk import apply, campaign, put, source

URL = f"https://alpha.example/story-{1:05}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    opened = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    apply(opened, campaign(), source("alpha"))
    put(opened, "alpha", 1)
    opened.close()
    return tmp_path


def decide(data: Path, *words: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["--data", str(data), "decide", *words, "--why", "read it", "--json"])
    if isinstance(result.exception, ResoundError):
        raise result.exception
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.output)
    return said


def test_coding_is_typed_like_every_decision(data: Path) -> None:
    made = decide(data, URL, "tone", "positive", "--basis", "translation", "--who", "Lin")
    assert (made["campaign"], made["basis"], made["round"]) == ("c", "translation", 1)
    with pytest.raises(ResoundError, match="must come from another person"):
        decide(data, URL, "tone", "neutral", "--basis", "original", "--second", "--who", "Lin")
    second = decide(data, URL, "tone", "neutral", "--basis", "original", "--second", "--who", "Chen")
    assert (second["round"], second["who"]) == (2, "Chen")
    assert decide(data, str(made["id"]), "undo", "--who", "Lin")["undoes"] == made["id"]
    with pytest.raises(ResoundError, match="--basis original"):
        decide(data, URL, "tone", "positive")


def test_what_was_coded_is_told(data: Path) -> None:
    decide(data, URL, "accept", "--who", "Lin")
    decide(data, URL, "tone", "positive", "--basis", "translation", "--who", "Lin")
    words = ["--data", str(data), "coding", "c"]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output
    for sentence in ("1 counted items", "Agreement on tone: not available (one coder)."):
        assert sentence in told.output
    found = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert found["tone"][0] == {
        "value": "positive", "items": 1, "original": 0, "translation": 1, "members": found["tone"][0]["members"],
    }  # fmt: skip
