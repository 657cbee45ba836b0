"""Claims with real databases and real processes: nothing twice, nothing lost, whatever dies when."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resound.outcome import Outcome
from resound.store import Store, work

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)

WORKER = """
import os, sys
from datetime import UTC, datetime
from resound.outcome import Outcome
from resound.store import open_store, work
store = open_store(sys.argv[1])
batch = int(sys.argv[2])
done = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
while True:
    with store.lease() as connection:
        claims = work.claim(connection, "extract", limit=batch, now=datetime.now(UTC))
    if not claims:
        break
    with store.write() as connection:
        for one in claims:
            assert work.finish(connection, one, Outcome.done(), now=datetime.now(UTC))
    os.write(done, "".join(f"{one.subject}\\n" for one in claims).encode())
"""


def start(address: str, folder: Path, number: int, batch: int = 7) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, address, str(batch), str(folder / f"done{number}")]
    )


def release_all_dead(store: Store) -> None:
    """Of processes that were just killed. PostgreSQL may still be ending what one of them had asked for last."""
    deadline = time.monotonic() + 10
    while True:
        with store.write() as connection:
            work.release_dead(connection)
        if ("extract", "leased") not in tally(store, datetime.now(UTC)) or time.monotonic() > deadline:
            return
        time.sleep(0.02)


def tally(store: Store, now: datetime = NOW) -> dict[tuple[str, str], int]:
    with store.read() as connection:
        return {(one.stage, one.outcome): one.count for one in work.tallies(connection, now=now)}


@pytest.mark.slow_on_postgres
def test_several_processes_never_do_one_thing_twice(tmp_path: Path, store: Store, store_address: str) -> None:
    with store.write() as connection:
        work.enqueue(connection, "extract", [str(n) for n in range(400)])
    workers = [start(store_address, tmp_path, n) for n in range(3)]
    assert [one.wait(60) for one in workers] == [0, 0, 0]
    done = [line for n in range(3) for line in (tmp_path / f"done{n}").read_text().split()]
    assert sorted(done, key=int) == [str(n) for n in range(400)]
    assert tally(store) == {("extract", "done"): 400}


@pytest.mark.slow_on_postgres
def test_kill_9_between_claim_and_finish_loses_nothing(
    tmp_path: Path, store: Store, store_address: str
) -> None:
    total = 3000
    with store.write() as connection:
        work.enqueue(connection, "extract", [str(n) for n in range(total)])
    chance = random.Random(7)
    killed = 0
    for number in range(6):
        worker = start(store_address, tmp_path, number, batch=2)
        deadline = time.monotonic() + 20
        while (
            not (tmp_path / f"done{number}").exists()
            and worker.poll() is None
            and time.monotonic() < deadline
        ):
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        worker.send_signal(signal.SIGKILL)
        killed += worker.wait() == -signal.SIGKILL
        release_all_dead(store)
    assert killed >= 4
    assert tally(store)[("extract", "waiting")] > 0, "the work was over before the end of the killing"
    assert ("extract", "leased") not in tally(store, datetime.now(UTC))
    last = [start(store_address, tmp_path, number) for number in (90, 91)]
    assert [one.wait(60) for one in last] == [0, 0]
    assert tally(store) == {("extract", "done"): total}
    told = [line for path in tmp_path.glob("done*") for line in path.read_text().split()]
    assert len(told) == len(set(told)), "something that was ended and told was given out again"
    if not store.is_postgres:
        with sqlite3.connect(tmp_path / "resound.sqlite") as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_four_workers_of_which_two_are_killed(tmp_path: Path, store: Store, store_address: str) -> None:
    """All four at once on one queue; two die in the middle. Nothing is done twice, nothing is left."""
    total = 2000
    with store.write() as connection:
        work.enqueue(connection, "extract", [str(n) for n in range(total)])
    workers = [start(store_address, tmp_path, number, batch=5) for number in range(4)]
    deadline = time.monotonic() + 30
    while not all((tmp_path / f"done{n}").exists() for n in range(4)) and time.monotonic() < deadline:
        time.sleep(0.005)
    for one in workers[:2]:
        one.send_signal(signal.SIGKILL)
    assert [one.wait(60) for one in workers] == [-signal.SIGKILL, -signal.SIGKILL, 0, 0]
    release_all_dead(store)
    assert start(store_address, tmp_path, 9).wait(60) == 0
    assert tally(store) == {("extract", "done"): total}
    told = [line for path in tmp_path.glob("done*") for line in path.read_text().split()]
    assert len(told) == len(set(told)), "something was done twice"
    # What a worker ended and could not tell any more when it was killed: at most its last batch.
    assert total - len(told) <= 2 * 5


def test_the_oldest_comes_first_and_a_lease_hides_work_until_it_ends(store: Store) -> None:
    with store.write() as connection:
        work.enqueue(connection, "match", ["a", "b", "c"])
        first = work.claim(connection, "match", limit=2, now=NOW, lease=60)
        assert [one.subject for one in first] == ["a", "b"]
        assert [one.subject for one in work.claim(connection, "match", limit=9, now=NOW)] == ["c"]
        assert work.claim(connection, "match", limit=9, now=NOW + timedelta(seconds=59)) == []
        again = work.claim(connection, "match", limit=9, now=NOW + timedelta(seconds=61))
        assert [(one.subject, one.attempts) for one in again] == [("a", 2), ("b", 2)]
        # The first holder comes back late: its lease is another's now, and what it says is not taken.
        assert not work.finish(connection, first[0], Outcome.done(), now=NOW)
        assert work.finish(connection, again[0], Outcome.done(), now=NOW)


def test_an_outcome_is_counted_and_kept(store: Store) -> None:
    with store.write() as connection:
        work.enqueue(connection, "extract", ["a", "b", "c", "d"])
        outcomes = [
            Outcome.done(),
            Outcome.duplicate("same-text", "of x"),
            Outcome.rejected("not-an-article"),
            Outcome.quarantined("crashed", "x" * 5000),
        ]
        for one, outcome in zip(work.claim(connection, "extract", limit=9, now=NOW), outcomes, strict=True):
            assert work.finish(connection, one, outcome, now=NOW)
        work.enqueue(connection, "extract", ["a"])  # known: stays done
        assert work.is_finished(connection, "extract", "a")
    assert tally(store) == {("extract", kind): 1 for kind in ("done", "duplicate", "rejected", "quarantined")}


def test_requeue_opens_quarantine_and_only_it(store: Store) -> None:
    with store.write() as connection:
        for stage in ("extract", "match"):
            work.enqueue(connection, stage, ["a", "b"])  # type: ignore[arg-type]
            a, b = work.claim(connection, stage, limit=9, now=NOW)  # type: ignore[arg-type]
            work.finish(connection, a, Outcome.quarantined("crashed"), now=NOW)
            work.finish(connection, b, Outcome.rejected("not-html"), now=NOW)
        assert work.requeue(connection, stage="extract", reason="other") == 0
        assert work.requeue(connection, stage="extract") == 1
        assert [one.subject for one in work.claim(connection, "extract", limit=9, now=NOW)] == ["a"]
        assert work.requeue(connection) == 1
        assert work.requeue(connection, outcome="rejected", reason="not-html") == 2


def test_what_never_ends_is_given_up_after_many_attempts(store: Store) -> None:
    with store.write() as connection:
        work.enqueue(connection, "extract", ["a"])
        for number in range(work.MAX_ATTEMPTS):
            moment = NOW + timedelta(hours=number)
            assert len(work.claim(connection, "extract", limit=1, now=moment)) == 1
        assert work.claim(connection, "extract", limit=1, now=NOW + timedelta(hours=99)) == []
        (left,) = work.tallies(connection, now=NOW)
        assert (left.outcome, left.reason) == ("quarantined", "gave-up")


def test_giving_back_and_postponing(store: Store) -> None:
    with store.write() as connection:
        work.enqueue(connection, "fetch", ["a", "b"])
        a, b = work.claim(connection, "fetch", limit=9, now=NOW)
        work.release(connection, [a])
        work.postpone(connection, b, until=NOW + timedelta(hours=1), reason="429", detail="later")
        (again,) = work.claim(connection, "fetch", limit=9, now=NOW + timedelta(seconds=1))
        assert (again.subject, again.attempts) == ("a", 1)
        assert not work.finish(connection, a, Outcome.done(), now=NOW)
    assert tally(store) == {("fetch", "leased"): 1, ("fetch", "planned"): 1}
    with store.read() as connection:
        assert work.is_idle(connection, "fetch", now=NOW)
        assert not work.is_idle(connection, "fetch", now=NOW + timedelta(hours=2))


def test_asking_again_takes_the_lease_from_its_holder(store: Store) -> None:
    """An article edited while it is being matched must be matched once more."""
    with store.write() as connection:
        work.enqueue(connection, "match", ["a"])
        (held,) = work.claim(connection, "match", limit=1, now=NOW)
        work.reopen(connection, "match", ["a", "new"])
        assert not work.finish(connection, held, Outcome.done(), now=NOW)
        assert {one.subject for one in work.claim(connection, "match", limit=9, now=NOW)} == {"a", "new"}


def test_only_the_dead_lose_their_leases(tmp_path: Path, store: Store) -> None:
    from sqlalchemy import update

    from resound.store.tables import work as table

    with store.write() as connection:
        work.enqueue(connection, "extract", ["mine", "reborn", "far"])
        claims = work.claim(connection, "extract", limit=9, now=NOW)
        own = connection.execute(table.select()).first()
        assert own is not None
        host, pid, _ = own.holder.rsplit("|", 2)
        holders = {
            "reborn": f"{host}|{pid}|1",
            "far": "another-machine|1|1",
        }  # my number, another's start; far away
        for one in claims:
            if one.subject in holders:
                connection.execute(
                    update(table).where(table.c.id == one.id).values(holder=holders[one.subject])
                )
        assert work.release_dead(connection) == 1
        assert [one.subject for one in work.claim(connection, "extract", limit=9, now=NOW)] == ["reborn"]
    assert int(pid) == os.getpid()
