"""`resound freeze` and `resound snapshots`, as people call them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from resound.cli import app
from resound.coding.deciding import decide
from resound.coverage.figures import campaign_figures
from resound.store import open_store
from tests.resound.newsdesk import NOW

DEMO = "apo-coe-gp-vietnam-2014"


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "220")
    monkeypatch.setenv("RESOUND_CODER", "lin")


def call(data: Path, *words: str) -> str:
    ran = CliRunner().invoke(app, ["--data", str(data), *words])
    assert ran.exit_code == 0, ran.output
    return ran.output


def refused(data: Path, *words: str) -> str:
    ran = CliRunner().invoke(app, ["--data", str(data), *words])
    assert ran.exit_code != 0
    return str(ran.exception)


def reject_one(data: Path) -> str:
    store = open_store(f"sqlite:///{data / 'resound.sqlite'}")
    with store.write() as connection:
        key = campaign_figures(connection, DEMO, now=NOW).lists["counted"][0]
        decide(connection, key, "reject", campaign=DEMO, why="\x1b[2Jnot\x07 ours", who="chen", now=NOW)
    store.close()
    return key


def test_frozen_listed_shown_and_compared(demo_copy: Path) -> None:
    assert f"resound freeze {DEMO}" in call(demo_copy, "snapshots", DEMO)
    first = call(demo_copy, "freeze", DEMO, "--why", "interim report")
    assert "Frozen as snapshot 1" in first
    assert "30 items · 17 stories · 19 outlets · 16 publisher groups" in first
    assert "nothing to compare it with yet" in first
    key = reject_one(demo_copy)
    second = call(demo_copy, "freeze", DEMO, "--who", "chen")
    assert "29 items" in second
    assert "Removed: 1" in second
    assert "chen rejected it on 2026-01-15" in second
    assert "\x1b[2J" not in second
    listed = call(demo_copy, "snapshots", DEMO)
    for cell in ("interim report", "lin", "chen"):
        assert cell in listed
    shown = call(demo_copy, "snapshots", DEMO, "--show", "1")
    assert "Snapshot 1, frozen by lin with Resound" in shown
    assert "30 items" in shown
    compared: Any = json.loads(call(demo_copy, "snapshots", DEMO, "--compare", "2", "1", "--json"))
    assert compared["counts"]["items"] == {"before": 30, "added": 0, "removed": 1, "after": 29}
    assert [one["item"] for one in compared["removed"]] == [key]
    made: Any = json.loads(call(demo_copy, "freeze", DEMO, "--json"))
    assert (made["number"], made["counts"]["items"], made["who"]) == (3, 29, "lin")
    assert made["since"]["counts"]["items"]["removed"] == 0
    rows: Any = json.loads(call(demo_copy, "snapshots", DEMO, "--json"))
    assert [one["number"] for one in rows] == [3, 2, 1]
    assert rows[0]["sha256"] == made["sha256"]
    only: Any = json.loads(call(demo_copy, "snapshots", DEMO, "--show", "2", "--json"))
    assert only["figures"]["counts"]["items"] == 29


def test_what_cannot_be_done_is_told(demo_copy: Path) -> None:
    assert "no campaign 'nobody'" in refused(demo_copy, "freeze", "nobody")
    assert "no campaign 'nobody'" in refused(demo_copy, "snapshots", "nobody")
    assert "no snapshot 4" in refused(demo_copy, "snapshots", DEMO, "--show", "4")
    call(demo_copy, "freeze", DEMO, "--why", "to be named")
    told = " ".join(refused(demo_copy, "report", DEMO, "--snapshot", "9").split())
    assert "no snapshot 9. The only one is 1" in told
    assert "makes one" not in told
    assert "two different" in refused(demo_copy, "snapshots", DEMO, "--compare", "1", "1")
    assert "Either --show" in refused(demo_copy, "snapshots", DEMO, "--compare", "1", "2", "--show", "1")
