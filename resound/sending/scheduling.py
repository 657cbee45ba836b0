"""Jobs that are done again and again, each under a lease: of several schedulers one does each thing once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from resound.errors import ResoundError
from resound.store import Store
from resound.store.jobs import MAX_TROUBLE, JobLease, end_job, take_job
from resound.store.leasing import keep_lease

Clock = Callable[[], datetime]
ShouldStop = Callable[[], bool]
Ran = Literal["done", "failed", "not-due"]
JUMP = timedelta(seconds=30)
"""So far a clock may be away from where it should be before it is taken to have been set back."""

log = structlog.get_logger("resound.run")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so often. `run` is told when to stop, and returns what its line in the log says (nothing: no line)."""

    name: str
    every: timedelta
    run: Callable[[ShouldStop], Mapping[str, Any]]


def run_job(store: Store, job: Job, *, clock: Clock, should_stop: ShouldStop) -> Ran:
    """Do a job where it is due and no other scheduler is at it. What it raises is logged and remembered, never raised."""
    if should_stop():
        return "not-due"
    try:
        with store.write() as connection:
            lease = take_job(connection, job.name, every=job.every, now=clock())
    except (ResoundError, SQLAlchemyError) as err:
        log.error("job not begun", job=job.name, reason=_said(err))
        return "failed"
    if lease is None:
        return "not-due"
    with keep_lease(store, lease, clock) as held:
        trouble = _do(job, lease, should_stop)
    try:
        with store.write() as connection:
            end_job(connection, held[0], trouble=trouble, now=clock())
    except (ResoundError, SQLAlchemyError) as err:  # the lease ends by itself
        log.error("job not ended", job=job.name, reason=_said(err))
    return "failed" if trouble else "done"


def _do(job: Job, lease: JobLease, should_stop: ShouldStop) -> str:
    """Why it failed; empty where it did not. Trouble that goes on has one line in the log, not one a run."""
    try:
        fields = job.run(should_stop)
    except (ResoundError, SQLAlchemyError) as err:
        trouble = _said(err)[:MAX_TROUBLE]
        if trouble != lease.trouble:
            log.error("job failed", job=job.name, reason=trouble)
        return trouble
    except Exception as err:
        log.exception("job failed", job=job.name)
        return f"{type(err).__name__}: {err}"[:MAX_TROUBLE]
    if fields or lease.trouble:
        log.info("job", job=job.name, **fields)
    return ""


def was_set_back(*, wall: timedelta, steady: timedelta) -> bool:
    """Whether a clock was set back while so much time passed by a steady one: what waits for its hour would wait too long."""
    return steady - wall > JUMP


def _said(error: Exception) -> str:
    """For a log: an error of the database may quote whole statements."""
    return str(error) if isinstance(error, ResoundError) else str(error).splitlines()[0][:300]
