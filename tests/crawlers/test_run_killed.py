"""`kill -9` in the middle of a crawl, then a crawl to the end: the same pages and hashes, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.evidence import EvidenceRef, verify
from resound.store.captures import list_captures
from tests.crawlers.desk import Desk, publish
from tests.crawlers.newsroom import Newsroom, open_newsroom, rss

OUTLETS = 6
PAGES = 25
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with open_newsroom() as one:
        for number in range(OUTLETS):
            publish_outlet(one, number, PAGES)
        yield one


def publish_outlet(room: Newsroom, number: int, pages: int) -> None:
    base = f"http://outlet{number}.example"
    urls = publish(room, pages, base)
    room.pages[f"{base}/rss.xml"] = rss(*((url, "T", "") for url in urls))


def open_desk(folder: Path, room: Newsroom, outlets: int = OUTLETS) -> Desk:
    desk = Desk(folder, room.port)
    for number in range(outlets):
        key = f"outlet{number}"
        desk.follow(key, feeds=[{"url": f"http://{key}.example/rss.xml"}])
    return desk


def crawl_and_kill(folder: Path, room: Newsroom, after: float, *, who: str) -> bool:
    """Start a crawl and kill it (or its child) after so many seconds. Whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crawlers.desk", str(folder), str(room.port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    pids = [int(one) for one in children.read_text().split()] if children.exists() else []
    was_running = process.poll() is None
    for pid in pids if who == "child" else [process.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            was_running = False
    process.wait(30)
    wait_until_gone(pids)
    return was_running


def wait_until_gone(pids: list[int]) -> None:
    """A child whose parent was killed ends by itself, at once."""
    until = time.monotonic() + 5
    for pid in pids:
        while Path(f"/proc/{pid}/stat").exists() and "resound" not in str(pid):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "Z":
                break
            assert time.monotonic() < until, "the child outlived its parent"
            time.sleep(0.02)


def check(folder: Path, room: Newsroom) -> None:
    """Crawl to the end, then hold what is stored against what is published."""
    desk = Desk(folder, room.port)
    desk.crawl()
    assert desk.outcomes() == {("done", ""): OUTLETS * PAGES}
    stored = desk.stored()
    assert [url for url, _ in stored] == sorted(url for url in room.pages if "/news/" in url)
    with desk.store.read() as connection:
        captures = list_captures(connection)
    refs = [EvidenceRef(one.file, one.offset, one.length, one.sha256, one.payload_sha256) for one in captures]
    assert not [one for one in verify(desk.evidence, refs) if one.is_loss]
    desk.store.close()
    connection = sqlite3.connect(folder / "resound.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def kill_often(tmp_path: Path, room: Newsroom, times: int) -> int:
    open_desk(tmp_path / "whole", room).store.close()
    began = time.monotonic()
    check(tmp_path / "whole", room)
    seconds = time.monotonic() - began
    dice = random.Random()
    killed = 0
    for number in range(times * 4):
        folder = tmp_path / f"run{number}"
        open_desk(folder, room).store.close()
        for who in ("parent", "child"):
            killed += crawl_and_kill(folder, room, dice.uniform(0.5, seconds + 0.4), who=who)
        check(folder, room)
        if killed >= times:
            break
    return killed


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_25_random_moments(tmp_path: Path, room: Newsroom) -> None:
    assert kill_often(tmp_path, room, 25) >= 25


def _hear_interrupts() -> None:
    """What a shell starts in the background has them ignored, and hands that down to the tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stop(folder: Path, room: Newsroom, number: signal.Signals, how: str, *, outlets: int = OUTLETS) -> Desk:
    """Begin a crawl, stop it once it has begun with articles, and hold what it left against the promise."""
    desk = open_desk(folder, room, outlets)
    process = subprocess.Popen(
        [sys.executable, "-m", how, str(folder), str(room.port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_hear_interrupts,
    )
    before = len(room.asked)
    while len(room.asked) < before + outlets * 3:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    assert process.wait(15) != 0
    assert {outcome for outcome, _ in desk.outcomes()} <= {"done", "waiting"}
    return desk


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_stop_puts_down_what_is_in_hand(tmp_path: Path, room: Newsroom, number: signal.Signals) -> None:
    stop(tmp_path, room, number, "tests.crawlers.desk").store.close()
    check(tmp_path, room)


def test_a_stop_between_two_requests_ends_no_page(tmp_path: Path) -> None:
    """With one outlet there is such a moment after each page; with several the engine hardly ever meets one."""
    with open_newsroom() as room:
        publish_outlet(room, 0, 400)
        for number in range(2):
            folder = tmp_path / str(number)
            folder.mkdir()
            stop(folder, room, signal.SIGTERM, "tests.crawlers.stopped_between", outlets=1).store.close()
