"""`kill -9` at random moments, then a run to the end: the same articles, hashes, stories and counts, nothing twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import demo
from tests.whole_way import ask, content, environment, integrity


def kill_once(data: Path, after: float) -> bool:
    """Run the demo and kill its process after so many seconds. Whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "resound", "--data", str(data), "demo", "--json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def run_whole(data: Path) -> float:
    """Run the demo to its end; the seconds that it took."""
    began = time.monotonic()
    printed = ask(data, "demo")
    gold = json.loads(demo.GOLD.read_text(encoding="utf-8"))
    assert printed["counts"] == gold["counts"]
    return time.monotonic() - began


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    data = tmp_path_factory.mktemp("whole") / "data"
    return data, run_whole(data)


def check_folder(data: Path, undisturbed: Path) -> None:
    run_whole(data)
    assert content(data) == content(undisturbed)
    assert integrity(data) == "ok"
    assert ask(data, "evidence", "verify")["problems"] == []


@pytest.mark.slow
def test_killed_three_times(undisturbed: tuple[Path, float], tmp_path: Path) -> None:
    whole, seconds = undisturbed
    dice = random.Random(2014)
    killed = [kill_once(tmp_path / "data", dice.uniform(1.0, seconds)) for _ in range(3)]
    assert any(killed)
    check_folder(tmp_path / "data", whole)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_25_random_moments(undisturbed: tuple[Path, float], tmp_path: Path) -> None:
    whole, seconds = undisturbed
    dice = random.Random()
    killed = 0
    for number in range(100):
        data = tmp_path / f"data-{number}"
        moments = []
        for _ in range(5):  # five in a row on one folder: the later ones meet what the earlier ones left
            moment = dice.uniform(0.5, 0.9 * seconds)
            if not kill_once(data, moment):
                break  # it was done before: another folder
            killed += 1
            moments.append(round(moment, 2))
        print(f"folder {number}: killed after {moments} seconds")
        check_folder(data, whole)
        if killed >= 25:
            break
    assert killed >= 25
