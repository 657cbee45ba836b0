"""Jobs run under a lease: once, however many schedulers there are; what fails is remembered and tried again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from resound.errors import MailError
from resound.sending.scheduling import Job, ShouldStop, run_job, was_set_back
from resound.store import Store, jobs, open_store

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
EVERY = timedelta(minutes=1)


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    yield opened
    opened.close()


def never() -> bool:
    return False


class Work:
    """Something to do that counts how often it was done at once."""

    def __init__(self, fails: BaseException | None = None) -> None:
        self.done = self.at_once = self.most = 0
        self.fails = fails
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, should_stop: ShouldStop) -> Mapping[str, Any]:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.gate.wait(20)
        self.at_once -= 1
        self.done += 1
        if self.fails is not None:
            raise self.fails
        return {"done": self.done}


def run(store: Store, work: Work, at: datetime = NOW) -> str:
    return run_job(store, Job("work", EVERY, work), clock=lambda: at, should_stop=never)


def state(store: Store) -> jobs.JobState:
    with store.read() as connection:
        (only,) = jobs.list_jobs(connection)
    return only


def test_a_job_is_done_at_its_time(store: Store) -> None:
    work = Work()
    assert [run(store, work, NOW + EVERY / 2 * step) for step in range(5)] == ["done", "not-due"] * 2 + [
        "done"
    ]
    assert work.done == 3


def test_of_two_schedulers_one_does_it(store: Store, store_address: str) -> None:
    other = open_store(store_address)
    work = Work()
    work.gate.clear()
    came: list[str] = []

    def scheduler(mine: Store) -> None:
        came.append(run(mine, work))

    threads = [threading.Thread(target=scheduler, args=(one,)) for one in (store, other, store, other)]
    for one in threads:
        one.start()
    while came.count("not-due") < 3:
        assert any(one.is_alive() for one in threads)
        threading.Event().wait(0.01)
    work.gate.set()
    for one in threads:
        one.join(20)
    other.close()
    assert (work.done, work.most) == (1, 1)
    assert sorted(came) == ["done", "not-due", "not-due", "not-due"]


def test_a_long_one_keeps_its_lease(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LEASE_SECONDS", 0.2)
    work = Work()
    work.gate.clear()

    def real() -> datetime:
        return datetime.now(UTC)

    first = threading.Thread(
        target=run_job,
        args=(store, Job("work", timedelta(0), work)),
        kwargs={"clock": real, "should_stop": never},
    )
    first.start()
    for _ in range(15):
        threading.Event().wait(0.1)
        assert run_job(store, Job("work", timedelta(0), work), clock=real, should_stop=never) == "not-due"
    work.gate.set()
    first.join(20)
    assert work.done == 1
    assert state(store).holder is None


@pytest.mark.parametrize("error", [MailError("No mail can be sent."), RuntimeError("a defect")])
def test_what_fails_is_said_once_and_tried_again(store: Store, error: Exception) -> None:
    work = Work(error)
    with capture_logs() as logs:
        assert [run(store, work, NOW + EVERY * step) for step in range(3)] == ["failed"] * 3
        assert str(error) in state(store).trouble
        work.fails = None
        assert run(store, work, NOW + EVERY * 3) == "done"
    assert state(store).trouble == ""
    levels = [one["log_level"] for one in logs]
    assert levels == (["error", "info"] if isinstance(error, MailError) else ["error"] * 3 + ["info"])


def test_who_was_told_to_stop_begins_nothing(store: Store) -> None:
    work = Work()
    job = Job("work", EVERY, work)
    assert run_job(store, job, clock=lambda: NOW, should_stop=lambda: True) == "not-due"
    assert work.done == 0


@pytest.mark.parametrize(
    ("wall", "steady", "back"),
    [(5, 5, False), (5, 20, False), (-86_400, 5, True), (86_400, 5, False), (0, 31, True)],
)
def test_a_clock_that_was_set_back_is_noticed(wall: int, steady: int, back: bool) -> None:
    assert was_set_back(wall=timedelta(seconds=wall), steady=timedelta(seconds=steady)) == back
