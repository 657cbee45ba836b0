"""`resound process --follow` as a process of its own: work that comes later is done, and an end is an end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from resound.cli.follow import describe_round
from resound.index.base import Refusal
from resound.outcome import Outcome
from resound.pipeline import Processed, process_pending
from resound.processing.reading import PageReader
from resound.searching.indexing import IndexUpdate
from resound.store import Store, work
from resound.store.tables import work as work_table
from tests.resound.searching.test_indexing import NOW, open_with_sources, put
from tests.whole_way import ask, command, environment


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_with_sources(tmp_path)
    yield made
    made.close()


@pytest.fixture
def worker(tmp_path: Path, store: Store) -> Iterator[subprocess.Popen[str]]:
    """A worker that follows the store of `tmp_path`, and writes its lines to the file `lines`."""
    with (tmp_path / "lines").open("w") as lines:
        process = subprocess.Popen(
            follow(tmp_path),
            stdout=lines,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(),
        )
    try:
        wait_until(lambda: "following" in said(tmp_path))
        yield process
    finally:
        process.kill()
        process.wait()


def follow(folder: Path) -> list[str]:
    where = [sys.executable, "-m", "resound", "--data", str(folder)]
    return [*where, "process", "--follow", "--every", "0.2", "--workers", "1"]


def said(folder: Path) -> str:
    return (folder / "lines").read_text(encoding="utf-8")


def wait_until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.05)


def waiting(store: Store) -> int:
    with store.read() as connection:
        return len(
            connection.execute(
                work_table.select().where(
                    work_table.c.due.is_not(None), work_table.c.stage.in_(["match", "group"])
                )
            ).all()
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_comes_later_is_done_and_a_signal_ends_it(
    tmp_path: Path, store: Store, worker: subprocess.Popen[str], number: signal.Signals
) -> None:
    for n in range(2):  # twice: it looks again after a round that did something
        put(store, "one", n, n)
        wait_until(lambda: waiting(store) == 0)
        wait_until(lambda n=n: said(tmp_path).count("group_done=1") == n + 1)  # type: ignore[misc]
    assert ask(tmp_path, "search", "reporter", "--json")["total"] == 1

    told = time.monotonic()
    worker.send_signal(number)
    assert worker.wait(30) == 0
    assert time.monotonic() - told < 10
    lines = said(tmp_path)
    assert "Traceback" not in lines
    rounds = [one for one in lines.splitlines() if "round" in one]
    assert all("indexed=1" in one for one in rounds), "idle rounds say nothing"
    assert 2 <= len(rounds) <= 4, "what comes between matching and indexing has a line of its own"
    assert "stopped" in lines.splitlines()[-1]
    with store.read() as connection:
        assert not [one for one in work.tallies(connection, now=NOW) if one.outcome == "leased"]


def test_an_index_that_cannot_be_written_stops_nothing(
    tmp_path: Path, store: Store, worker: subprocess.Popen[str]
) -> None:
    put(store, "one", 1, 0)
    wait_until(lambda: "group_done=1" in said(tmp_path))
    for one in tmp_path.glob("index.sqlite*"):
        one.unlink()
    (tmp_path / "index.sqlite").mkdir()  # nothing can be a database there
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    put(store, "one", 2, 1)
    with (tmp_path / "lines").open("w") as lines:
        again = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "resound",
                "--data",
                str(tmp_path),
                "process",
                "--follow",
                "--every",
                "0.2",
            ],
            stdout=lines,
            stderr=subprocess.STDOUT,
            env=environment(),
        )
    try:
        wait_until(lambda: waiting(store) == 0 and "index_trouble" in said(tmp_path))
        put(store, "one", 3, 2)
        wait_until(lambda: said(tmp_path).count("round") == 2)
        assert waiting(store) == 0
        again.send_signal(signal.SIGTERM)
        assert again.wait(30) == 0
    finally:
        again.kill()
        again.wait()


def test_between_batches_it_can_be_stopped(tmp_path: Path, store: Store) -> None:
    """What was told to stop before it began does nothing; the rest waits."""
    put(store, "one", 1, 0)
    before = waiting(store)
    with PageReader(tmp_path, workers=1) as reader:
        done = process_pending(store, reader, clock=lambda: NOW, should_stop=lambda: True)
        assert (done.total(), waiting(store)) == (0, before)
        asked = iter([False, True])
        done = process_pending(store, reader, clock=lambda: NOW, should_stop=lambda: next(asked, True))
    assert done.total("match") == done.total("group") == 1


def test_a_line_says_what_was_done_and_new_trouble_once() -> None:
    nothing, some = Processed(), Processed()
    some.add("match", Outcome.done("matched"))
    some.add("match", Outcome.done("matched"))
    some.add("extract", Outcome.rejected("no-text"))
    away = IndexUpdate(behind=3, trouble="It does not answer.")
    assert describe_round(nothing, IndexUpdate(), trouble_before="") == {}
    assert describe_round(nothing, away, trouble_before=away.trouble) == {}
    told = {"index_behind": 3, "index_trouble": away.trouble}
    assert describe_round(nothing, away, trouble_before="") == told
    assert describe_round(some, away, trouble_before=away.trouble) == {
        "extract_rejected": 1,
        "match_done": 2,
        **told,
    }
    refused = IndexUpdate(looked_at=3, refused=(Refusal("a", "too long"),))
    assert describe_round(nothing, refused, trouble_before=away.trouble) == {
        "indexed": 2,
        "index_refused": 1,
        "index_behind": 0,
        "index_trouble": "",
    }


@pytest.mark.parametrize("words", [["--every", "5"], ["--follow", "--json"]])
def test_options_that_do_not_belong_together_are_refused(tmp_path: Path, words: list[str]) -> None:
    ran = command(tmp_path, "process", *words)
    assert ran.returncode == 1
    assert "--follow" in ran.stderr
