"""A job's lease, kept by a thread for as long as the job takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from resound.errors import ResoundError
from resound.store import jobs
from resound.store.database import Store

Clock = Callable[[], datetime]
log = structlog.get_logger("resound.run")


@contextmanager
def keep_lease(store: Store, lease: jobs.JobLease, clock: Clock) -> Iterator[list[jobs.JobLease]]:
    """Keep a lease for the length of the block, however long; the list holds it as it is then."""
    held = [lease]
    is_over = threading.Event()

    def renew() -> None:
        while not is_over.wait(jobs.LEASE_SECONDS / 4):
            try:
                with store.write() as connection:
                    renewed = jobs.renew_job(connection, held[0], now=clock())
            except (ResoundError, SQLAlchemyError) as err:
                log.warning("lease not renewed", job=lease.name, reason=str(err).splitlines()[0][:300])
                continue
            if renewed is None:
                log.warning("lease lost", job=lease.name)
                return
            held[0] = renewed

    keeper = threading.Thread(target=renew, name=f"lease-{lease.name}", daemon=True)
    keeper.start()
    try:
        yield held
    finally:
        is_over.set()
        keeper.join()
