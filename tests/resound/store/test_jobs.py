"""A job is done once in its time, by whichever scheduler is first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.store import Store, jobs
from resound.store.jobs import LEASE_SECONDS, JobLease, is_due
from resound.store.tables import job

EVERY = timedelta(minutes=10)
LEASE = timedelta(seconds=LEASE_SECONDS)


def take(store: Store, now: datetime, every: timedelta = EVERY) -> JobLease | None:
    with store.write() as connection:
        return jobs.take_job(connection, "crawl", every=every, now=now)


def end(store: Store, lease: JobLease, now: datetime, trouble: str = "") -> None:
    with store.write() as connection:
        jobs.end_job(connection, lease, trouble=trouble, now=now)


def hold_elsewhere(store: Store) -> None:
    """As if a process of another machine, of which nothing can be known, had the lease."""
    with store.write() as connection:
        connection.execute(job.update().values(holder="elsewhere|1|1"))


def test_one_takes_it_and_it_is_due_again_after_its_interval(store: Store, now: datetime) -> None:
    lease = take(store, now)
    assert lease is not None
    assert take(store, now + timedelta(seconds=1), every=timedelta(seconds=1)) is None, "this process has it"
    end(store, lease, now + timedelta(seconds=3))
    assert take(store, now + EVERY * 0.5) is None
    again = take(store, now + EVERY)
    assert again is not None


def test_while_it_is_held_nobody_else_gets_it_and_its_lease_is_renewed(store: Store, now: datetime) -> None:
    lease = take(store, now)
    assert lease is not None
    hold_elsewhere(store)
    moment = now
    for _ in range(20):
        moment += LEASE / 2
        assert take(store, moment, every=timedelta(seconds=1)) is None
        with store.write() as connection:
            renewed = jobs.renew_job(connection, lease, now=moment)
        assert renewed is not None
        lease = renewed
    after = moment + LEASE + timedelta(seconds=1)
    taken = take(store, after, every=timedelta(seconds=1))
    assert taken is not None, "who is gone holds nothing for ever"
    with store.write() as connection:
        assert jobs.renew_job(connection, lease, now=after) is None
    end(store, lease, after, trouble="too late")
    with store.read() as connection:
        (state,) = jobs.list_jobs(connection)
    assert (state.holder is not None, state.trouble) == (True, ""), (
        "whose lease was lost says nothing any more"
    )
    end(store, taken, after, trouble="The disk is full.")
    with store.read() as connection:
        (state,) = jobs.list_jobs(connection)
        assert jobs.live_holders(connection, now=after) == {}
    assert (state.holder, state.trouble, state.ended_at) == (None, "The disk is full.", after)


def test_what_a_dead_process_held_is_free_at_once(store: Store, now: datetime) -> None:
    assert take(store, now) is not None
    with store.write() as connection:
        me = connection.execute(job.select()).one().holder
        host, pid, _ = me.rsplit("|", 2)
        connection.execute(
            job.update().values(holder=f"{host}|{pid}|1")
        )  # a process of that number, long ago
    assert take(store, now + EVERY) is not None


@pytest.mark.parametrize(
    ("passed", "due"),
    [(timedelta(0), False), (EVERY * 0.89, False), (EVERY * 0.91, True), (EVERY, True), (-EVERY, False), (-EVERY * 1.1, True)],
)  # fmt: skip
def test_when_it_is_due(now: datetime, passed: timedelta, due: bool) -> None:
    assert is_due(now, EVERY, now=now + passed) == due


@given(st.lists(st.integers(-5 * 86_400, 5 * 86_400), max_size=40))
def test_however_the_clock_jumps_it_waits_at_most_two_intervals(jumps: list[int]) -> None:
    began = now = datetime(2026, 1, 15, tzinfo=UTC)
    for jump in jumps:
        now += timedelta(seconds=jump)
        waited = timedelta(0)
        while not is_due(began, EVERY, now=now):
            now += timedelta(seconds=30)
            waited += timedelta(seconds=30)
        assert waited <= 2 * EVERY
        began = now
