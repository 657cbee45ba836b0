"""`resound run`: the scheduler. Crawls, processes, indexes, sends and looks after everything, until it is told to stop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resound.cli.office import Office, now
from resound.errors import MailError, ResoundError

if TYPE_CHECKING:
    from threading import Event

    from resound.errors import ModelError
    from resound.processing.modelling import ModelWorker
    from resound.sending.scheduling import Job, ShouldStop

JOBS = ("crawl", "process", "index", "digest", "send", "health")
"""In the order in which `--once` does them: each finds what those before it made."""
LOOK_SECONDS = 5.0
"""How often the clock is looked at."""


def register(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command(
        epilog="""Examples: `resound run` (everything, until SIGTERM or Ctrl-C) · `resound run --without process --without index`
(where a `resound process --follow` does these) · `resound run --once` (each job once, for cron)"""
    )(run)


def run(
    context: typer.Context,
    without: Annotated[list[str] | None, typer.Option(help=f"Leave a job out: {', '.join(JOBS)}.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Do each job that is due once, and end.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read pages. [default: one per core]")
    ] = None,
) -> None:
    """Crawl, process, index, make and send digests, look after everything: each at its time, and once, however many run."""
    from resound.cli.follow import told_to_stop
    from resound.sending.scheduling import log, run_job

    office: Office = context.obj
    for name in without or ():
        if name not in JOBS:
            raise ResoundError(f"{name!r} is no job. One of: {', '.join(JOBS)}.")
    with _jobs(office, workers or os.cpu_count() or 1) as known:
        jobs = [job for job in known if job.name not in (without or ())]
        _refuse_what_cannot_work(office, jobs)
        with told_to_stop() as stop:
            if once:
                results = [run_job(office.store, job, clock=now, should_stop=stop.is_set) for job in jobs]
                if "failed" in results:
                    raise typer.Exit(1)
                return
            log.info("running", jobs=[job.name for job in jobs])
            _run_until_told(office, jobs, stop)
            log.info("stopped")


def _refuse_what_cannot_work(office: Office, jobs: list[Job]) -> None:
    """Say at the start what would fail again and again; and what is off, and why."""
    from resound.sending.mail import mail_server
    from resound.sending.scheduling import log

    names = {job.name for job in jobs}
    _ = office.store
    if "crawl" in names:
        _ = office.settings.user_agent
    if "index" in names:
        _ = office.index
    if not names & {"send", "health"}:
        return
    try:
        mail_server(office.settings)
    except MailError as err:
        log.warning("no mail is sent", reason=str(err))
        return
    if "health" in names and not office.settings.alerts_to:
        log.warning("nobody is written to about trouble", reason="RESOUND_ALERTS_TO is not set.")


def _run_until_told(office: Office, jobs: list[Job], stop: Event) -> None:
    """Give each job a thread at its time. A clock that is set back would make them wait: then all are looked at anew."""
    import logging

    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    from resound.sending.scheduling import run_job, was_set_back

    logging.getLogger("apscheduler").setLevel(
        logging.ERROR
    )  # a job that is still at work is nothing to warn of
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(len(jobs) or 1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )
    for job in jobs:
        scheduler.add_job(
            run_job,
            "interval",
            args=(office.store, job),
            kwargs={"clock": now, "should_stop": stop.is_set},
            id=job.name,
            seconds=job.every.total_seconds(),
            next_run_time=now(),
        )
    scheduler.start()
    wall, steady = now(), time.monotonic()
    while not stop.wait(LOOK_SECONDS):
        passed = timedelta(seconds=time.monotonic() - steady)
        if was_set_back(wall=now() - wall, steady=passed):
            for one in scheduler.get_jobs():
                one.modify(next_run_time=now())
        wall, steady = now(), time.monotonic()
    scheduler.shutdown(wait=True)


@contextmanager
def _jobs(office: Office, workers: int) -> Iterator[list[Job]]:
    """Every job there is; what they hold (language models) is let go with the block."""
    from resound.sending.scheduling import Job

    settings = office.settings
    with _Models(office) as models:
        does: Mapping[str, Callable[[ShouldStop], Mapping[str, Any]]] = {
            "crawl": lambda should_stop: _crawl(office, should_stop),
            "process": lambda should_stop: _process(office, models, workers, should_stop),
            "index": lambda should_stop: _index(office, should_stop),
            "digest": lambda _: _digest(office),
            "send": lambda should_stop: _send(office, should_stop),
            "health": lambda _: _health(office),
        }
        yield [Job(name, timedelta(seconds=getattr(settings, f"{name}_every")), does[name]) for name in JOBS]


class _Models:
    """The models of the profile in use, kept between two rounds; another profile is taken up with the next one."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._open = ExitStack()
        self._in_use: tuple[str, Path] | None = None
        self._models: ModelWorker | ModelError | None = None
        self._lock = Lock()

    def __enter__(self) -> _Models:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def get(self) -> ModelWorker | ModelError:
        """Them, or why there are none."""
        with self._lock:
            in_use = self._office.models_in_use
            if self._models is None or in_use != self._in_use:
                self._open.close()
                self._in_use = in_use
                self._models = self._open.enter_context(self._office.models())
            return self._models


def _crawl(office: Office, should_stop: ShouldStop) -> Mapping[str, Any]:
    from crawlers.run import crawl
    from resound.cli.collect import fetch_rules

    report = crawl(
        office.store,
        office.evidence,
        fetch_rules(office),
        sources=None,
        since=None,
        until=None,
        now=now,
        progress=None,
        should_stop=should_stop,
    )
    told = {
        name: value for name, value in asdict(report).items() if value and name not in ("problems", "seconds")
    }
    if report.problems:
        told["problems"] = len(report.problems)
    return told


def _process(office: Office, models: _Models, workers: int, should_stop: ShouldStop) -> Mapping[str, Any]:
    from resound.cli.follow import describe_round, take_round
    from resound.searching.indexing import IndexUpdate

    done = take_round(office, models.get(), workers, should_stop)
    return describe_round(done, IndexUpdate(), trouble_before="")


def _index(office: Office, should_stop: ShouldStop) -> Mapping[str, Any]:
    from resound.cli.follow import bring_index_up, describe_round
    from resound.errors import SearchUnavailableError
    from resound.pipeline import Processed

    update = bring_index_up(office, should_stop)
    if update.trouble:
        raise SearchUnavailableError(update.sentence)
    return describe_round(Processed(), update, trouble_before="")


def _digest(office: Office) -> Mapping[str, Any]:
    """Make the issues that are due; approve those that need nobody, tell who approves the others, and remind them."""
    from resound.digest.approving import approve_automatic
    from resound.digest.telling import tell_approvers
    from resound.sending.mail import mail_server
    from resound.store.lists import open_issues
    from resound.words import words

    settings = office.settings
    moment: datetime = now()
    with office.store.write() as connection:
        opened = open_issues(connection, now=moment)
    told: dict[str, Any] = {"opened": [one.occasion for one in opened]} if opened else {}
    server = None if settings.smtp_url is None or settings.mail_from is None else mail_server(settings)
    trouble: ResoundError | None = None
    if server is not None:
        try:
            said = tell_approvers(
                office.store,
                server=server,
                public_url=settings.public_url,
                words=words(settings.language),
                now=moment,
            )
            told |= {"told": said} if said else {}
        except ResoundError as err:
            trouble = err  # what needs nobody's approval does not wait for it
    approved = approve_automatic(office.store, server=server, public_url=settings.public_url, now=moment)
    if trouble is not None:
        raise trouble
    return told | ({"approved": [one.issue.occasion for one in approved]} if approved else {})


def _send(office: Office, should_stop: ShouldStop) -> Mapping[str, Any]:
    from resound.sending.mail import mail_server
    from resound.sending.outbox import send_waiting
    from resound.store.outbox import count_states

    try:
        server = mail_server(office.settings)
    except MailError:
        with office.store.read() as connection:
            if not count_states(connection).get("queued"):
                return {}  # nothing is missed by nobody
        raise
    sending = send_waiting(office.store, server, clock=now, should_stop=should_stop)
    if sending.trouble:
        raise MailError(sending.trouble)
    return {str(state): count for state, count in sending.ended.items()}


def _index_in_use(office: Office) -> str | None:
    """Its name; None where it cannot be opened (then its own job fails and says why; the other rules go on)."""
    try:
        return office.index.name
    except ResoundError:
        return None


def _health(office: Office) -> Mapping[str, Any]:
    from resound.sending.alerting import find_alerts, queue_alerts
    from resound.sending.mail import mail_server
    from resound.words import words

    settings = office.settings
    spoken = words(settings.language, settings.timezone)
    moment: datetime = now()
    found = find_alerts(
        office.store,
        [settings.data, settings.evidence],
        index=_index_in_use(office),
        now=moment,
        words=spoken,
    )
    told = {"found": [one.subject for one in found]} if found else {}
    if not settings.alerts_to or settings.smtp_url is None:
        return told
    said = queue_alerts(
        office.store,
        found,
        server=mail_server(settings),
        to=settings.alerts_to,
        public_url=settings.public_url,
        words=spoken,
        now=moment,
    )
    return told | ({"said": len(said)} if said else {})
