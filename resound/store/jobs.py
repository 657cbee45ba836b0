"""Leases of the scheduler's jobs: of several schedulers one does each thing, and the others see that it was done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from resound.store.database import insert_new
from resound.store.holder import is_dead, me, name_holder
from resound.store.tables import job

LEASE_SECONDS = 120.0
"""A machine that is gone holds a job no longer than this; who is at work renews its lease in time."""
MAX_TROUBLE = 2000
SLACK = 0.1
"""Timers are not exact: a job is due when nine tenths of its interval have passed."""


@dataclass(frozen=True, slots=True)
class JobLease:
    """`until` (epoch seconds) is the lease's end, and proves that it is still ours. `trouble`: why the run before this failed."""

    name: str
    until: float
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class JobState:
    """A job's last run. `holder` (`host, process id`) runs it now; `trouble` says why the last run failed."""

    name: str
    holder: str | None
    began_at: datetime
    ended_at: datetime | None
    trouble: str


def is_due(began_at: datetime, every: timedelta, *, now: datetime) -> bool:
    """Whether a job that was begun then is due. A beginning in the far future is one of a clock that was wrong."""
    return now - began_at >= every * (1 - SLACK) or began_at - now > every


def take_job(connection: Connection, name: str, *, every: timedelta, now: datetime) -> JobLease | None:
    """Lease a job where it is due and nobody runs it; it has begun then. Made in `Store.write()`, alone."""
    row = connection.execute(select(job).where(job.c.name == name)).first()
    moment = now.timestamp()
    if row is not None:
        is_held = row.holder is not None and row.until > moment and not is_dead(row.holder)
        if is_held or not is_due(row.began_at, every, now=now):
            return None
    lease = JobLease(name, moment + LEASE_SECONDS, "" if row is None else row.trouble)
    values = {"holder": me(), "until": lease.until, "began_at": now, "ended_at": None}
    if row is None:
        insert_new(connection, job, [{"name": name, "trouble": "", **values}])
    else:
        connection.execute(update(job).where(job.c.name == name).values(**values))
    return lease


def renew_job(connection: Connection, lease: JobLease, *, now: datetime) -> JobLease | None:
    """The same lease with a later end; None where it was lost."""
    until = now.timestamp() + LEASE_SECONDS
    renewed = connection.execute(
        update(job).where(job.c.name == lease.name, job.c.until == lease.until).values(until=until)
    )
    return replace(lease, until=until) if renewed.rowcount == 1 else None


def end_job(connection: Connection, lease: JobLease, *, trouble: str, now: datetime) -> None:
    """Give a job back, and say how it went; nothing where the lease was lost."""
    connection.execute(
        update(job)
        .where(job.c.name == lease.name, job.c.until == lease.until)
        .values(holder=None, until=0.0, ended_at=now, trouble=trouble[:MAX_TROUBLE])
    )


def list_jobs(connection: Connection) -> list[JobState]:
    """Every job that ever ran, by name."""
    return [
        JobState(
            row.name,
            None if row.holder is None else name_holder(row.holder),
            row.began_at,
            row.ended_at,
            row.trouble,
        )
        for row in connection.execute(select(job).order_by(job.c.name))
    ]


def live_holders(connection: Connection, *, now: datetime) -> dict[str, int]:
    """`host, process id` → how many jobs it runs, of processes that may be alive."""
    holders = connection.execute(
        select(job.c.holder).where(job.c.holder.is_not(None), job.c.until > now.timestamp())
    ).scalars()
    found: dict[str, int] = {}
    for one in holders:
        if not is_dead(one):
            found[name_holder(one)] = found.get(name_holder(one), 0) + 1
    return found
