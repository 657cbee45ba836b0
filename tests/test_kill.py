"""`kill -9` at random moments, then a run to the end: the same articles, hashes, stories and counts, nothing twice.

Language models are chosen and not there, so that moments fall on crawling, reading, matching and grouping; models that
are killed at work are `test_kill_models`.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.whole_way import ask, content, environment, integrity

NO_MODELS = {"RESOUND_PROFILE": "standard"}


def kill_once(data: Path, after: float) -> bool:
    """Run the demo and kill its process after so many seconds. Whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "resound", "--data", str(data), "demo", "--json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment() | NO_MODELS,
    )
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def run_whole(data: Path) -> Any:
    """Run the demo to its end; what it prints."""
    return ask(data, "demo", **NO_MODELS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kills", [25])
def test_killed_at_random_moments(tmp_path: Path, kills: int) -> None:
    whole = tmp_path / "whole"
    began = time.monotonic()
    counts = run_whole(whole)
    seconds = time.monotonic() - began
    dice = random.Random()
    killed = folders = 0
    while killed < kills:
        folders += 1
        assert folders <= kills, "the demo is done before it can be killed"
        data = tmp_path / f"data-{folders}"
        moments = []
        for _ in range(8):  # in a row on one folder: the later ones meet what the earlier ones left
            moment = dice.uniform(0.5, 0.9 * seconds)
            if not kill_once(data, moment):
                break  # it was done before: another folder
            killed += 1
            moments.append(round(moment, 2))
        print(f"folder {folders}: killed after {moments} seconds")
        assert run_whole(data) == counts
        assert content(data) == content(whole)
        assert integrity(data) == "ok"
        assert ask(data, "evidence", "verify")["problems"] == []
