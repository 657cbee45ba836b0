"""Each thing that readiness looks at, holding and failing; what is not needed never makes it fail."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import demo
from resound.cli import app
from resound.cli.office import Office
from resound.errors import ResoundError
from resound.index.base import SearchIndex
from resound.store import open_store
from resound.watching.readiness import Check, check_public_url, check_readiness, is_ready
from tests.resound.searching.test_indexing import open_with_sources, put


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a store at this schema."""
    open_with_sources(tmp_path / "data").close()
    return tmp_path / "data"


def look(
    data: Path,
    *,
    models: tuple[str, Path] | None = None,
    open_index: Callable[[], SearchIndex] | None = None,
    **more: Any,
) -> dict[str, Check]:
    office = Office(data)
    try:
        found = check_readiness(
            office.settings,
            open_index=open_index or (lambda: office.index),
            models_in_use=lambda: models,
            **more,
        )
    finally:
        office.close()
    assert [one.name for one in found] == ["store", "evidence", "disk", "index", "models", "public address"]
    assert {one.name for one in found if one.is_needed} == {"store", "evidence", "disk"}
    assert all(one.sentence for one in found)
    return {one.name: one for one in found}


def failing(found: dict[str, Check]) -> set[str]:
    return {name for name, one in found.items() if not one.is_ok}


def test_everything_holds(data: Path) -> None:
    found = look(data, models=("demo", demo.MODELS))
    assert failing(found) == set()
    assert is_ready(tuple(found.values()))
    assert "up to date" in found["index"].sentence
    assert not (data / "evidence").exists(), "looking makes no folder"


def test_there_is_no_store_yet_and_none_is_made(tmp_path: Path) -> None:
    found = look(tmp_path / "data", models=("demo", demo.MODELS))
    assert failing(found) == {"store", "index"}
    assert "no store" in found["store"].sentence
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("revision", "said"), [("9999", "written by a newer Resound"), ("0001", "waits to be brought to")]
)
def test_a_store_of_another_schema_is_left_alone(tmp_path: Path, revision: str, said: str) -> None:
    path = tmp_path / "resound.sqlite"
    open_store(f"sqlite:///{path}", revision="0001").close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    found = look(tmp_path)
    assert not found["store"].is_ok
    assert said in found["store"].sentence
    assert not is_ready(tuple(found.values()))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)


def test_a_store_that_is_no_database_or_empty(tmp_path: Path) -> None:
    (tmp_path / "resound.sqlite").write_bytes(b"")
    assert "is empty" in look(tmp_path)["store"].sentence
    (tmp_path / "resound.sqlite").write_bytes(b"this is no database" * 1000)
    assert "cannot be opened" in look(tmp_path)["store"].sentence


def test_evidence_cannot_be_written(data: Path) -> None:
    (data / "evidence").write_text("a file in the folder's place", encoding="utf-8")
    found = look(data, models=("demo", demo.MODELS))
    assert failing(found) == {"evidence"}
    assert str(data / "evidence") in found["evidence"].sentence
    assert not is_ready(tuple(found.values()))


def test_looking_leaves_nothing_in_the_evidence(data: Path) -> None:
    (data / "evidence").mkdir()
    assert look(data)["evidence"].is_ok
    assert not list((data / "evidence").iterdir())


def test_the_disk_is_nearly_full(data: Path) -> None:
    found = look(data, models=("demo", demo.MODELS), room=1 << 80)
    assert failing(found) == {"disk"}
    assert "nearly full" in found["disk"].sentence
    assert not is_ready(tuple(found.values()))


def test_an_index_that_cannot_be_read_is_not_needed(data: Path) -> None:
    store = open_with_sources(data)
    put(store, "one", 1)
    store.close()
    (data / "index.sqlite").write_bytes(b"this is no database" * 1000)
    found = look(data, models=("demo", demo.MODELS))
    assert failing(found) == {"index"}
    assert "cannot be asked" in found["index"].sentence
    assert is_ready(tuple(found.values()))


def test_elasticsearch_that_nobody_answers_for(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("elasticsearch", reason="the client of Elasticsearch is not installed")
    monkeypatch.setenv("RESOUND_ELASTICSEARCH", "http://127.0.0.1:1")
    found = look(data, models=("demo", demo.MODELS))
    assert failing(found) == {"index"}
    assert is_ready(tuple(found.values()))


def test_an_index_that_cannot_be_opened_is_not_needed(data: Path) -> None:
    def refuse() -> SearchIndex:
        raise ResoundError("Its client is not installed.")

    found = look(data, models=("demo", demo.MODELS), open_index=refuse)
    assert found["index"] == Check("index", False, "Its client is not installed.", False)
    assert is_ready(tuple(found.values()))


@pytest.mark.parametrize(
    ("profile", "said"),
    [(None, "No language models are chosen"), ("standard", "are missing"), ("nobody's", "nobody's")],
)
def test_no_models(data: Path, tmp_path: Path, profile: str | None, said: str) -> None:
    found = look(data, models=None if profile is None else (profile, tmp_path / "models"))
    assert failing(found) == {"models"}
    assert said in found["models"].sentence
    assert is_ready(tuple(found.values()))


def test_a_models_folder_that_cannot_be_read(data: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file in the folder's place", encoding="utf-8")
    found = look(data, models=("standard", tmp_path / "models"))
    assert failing(found) == {"models"}
    assert is_ready(tuple(found.values()))


def test_the_command_says_it_all_and_ends_accordingly(data: Path) -> None:
    ran = CliRunner().invoke(app, ["--data", str(data), "ready"])
    assert ran.exit_code == 0, ran.output
    assert [line.split(".")[0] for line in ran.stdout.splitlines()] == [
        "store: ok",
        "evidence: ok",
        "disk: ok",
        "index: ok",
        "models: degraded",
        "public address: ok",
    ]
    (data / "evidence").write_text("", encoding="utf-8")
    ran = CliRunner().invoke(app, ["--data", str(data), "ready", "--json"])
    assert ran.exit_code == 1
    told = json.loads(ran.stdout)
    assert told["ready"] is False
    assert [one["name"] for one in told["checks"] if one["is_needed"] and not one["is_ok"]] == ["evidence"]


@pytest.mark.parametrize(
    ("public_url", "is_demo", "trouble"),
    [
        ("https://resound.example.org", False, ""),
        ("https://resound.example.org/press", False, ""),
        ("https://203.0.113.9", False, "private network"),  # reserved for documentation: nobody reaches it
        ("https://8.8.8.8:8443", False, ""),
        ("http://resound.example.org", False, "not https"),
        ("https://localhost:8000", False, "this machine"),
        ("http://127.0.0.1:8000", False, "this machine"),
        ("http://127.0.0.1:8000", True, ""),
        ("http://[::1]:8000", False, "this machine"),
        ("http://10.0.0.5:8000", False, "private network"),
        ("https://resound.local", False, "private network"),
        ("https://resound", False, "no domain"),
    ],
)
def test_the_public_address_can_be_followed(public_url: str, is_demo: bool, trouble: str) -> None:
    found = check_public_url(public_url, is_mailing=True, is_demo=is_demo)
    assert (found.is_ok, found.is_needed) == (not trouble, False)
    assert trouble in found.sentence
    assert public_url in found.sentence


def test_no_public_address_matters_where_mail_is_sent() -> None:
    assert check_public_url(None, is_mailing=False, is_demo=False).is_ok
    found = check_public_url(None, is_mailing=True, is_demo=False)
    assert not found.is_ok
    assert "RESOUND_PUBLIC_URL is not set" in found.sentence
