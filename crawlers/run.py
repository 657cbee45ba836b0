"""`crawl`: polls what is due and fetches new pages, in a child process (Twisted's reactor runs once in a process).

Either process may be killed at any moment: a page is named in the store only after its evidence is on disk, and what
the dead process held is given back at the next start.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from crawlers.report import CrawlEvent, CrawlReport, Tally
from resound.errors import ResoundError

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from crawlers.guard import FetchRules
    from crawlers.plan import ChannelJob
    from resound.store import Store

__all__ = ["CrawlEvent", "CrawlReport", "crawl"]

RETRY_WAITS = (2.0, 10.0)
"""Seconds before a page that could not be had for a passing reason is tried again."""
SAY_EVERY = 0.1
"""Seconds between two words of progress."""
RECORDERS = 2
"""Each with a thread and an evidence file of its own: one packs pages while the other commits."""
MAX_UNSAFE = 128
"""Pages in memory, at up to 10 MB each, that are not yet safe."""
LOOK_EVERY = 0.5
"""Seconds between two looks whether to stop."""
STOP_SECONDS = 20.0
"""How long the child may take to put down what it holds."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What the child process is told."""

    store: str
    evidence: Path
    rules: FetchRules
    sources: tuple[str, ...] | None
    since: date | None
    until: date | None
    clock_offset: timedelta
    retry_waits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why the child process gave up: a sentence for people."""

    sentence: str


def crawl(
    store: Store,
    evidence: Path,
    rules: FetchRules,
    *,
    sources: Sequence[str] | None,
    since: date | None,
    until: date | None,
    now: Callable[[], datetime],
    progress: Callable[[CrawlEvent], None] | None,
    should_stop: Callable[[], bool] = lambda: False,
) -> CrawlReport:
    """Poll channels that are due (of `sources`, or all), read archives of the window, fetch pages until none is ready.

    `now` must run as fast as the clock does: the child process keeps its distance to it. Once `should_stop` says yes, what
    is in hand is put down and the crawl ends; it says so in its report.

    Raises:
        ResoundError: the store or the evidence folder cannot be written; what was acknowledged before is safe.
        KeyboardInterrupt: a person stopped it; what was in hand was given back.
    """
    order = _Order(
        store=store.engine.url.render_as_string(hide_password=False),
        evidence=evidence,
        rules=rules,
        sources=None if sources is None else tuple(sources),
        since=since,
        until=until,
        clock_offset=now() - datetime.now(UTC),
        retry_waits=tuple(RETRY_WAITS),
    )
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_run_child, args=(order, theirs), name="resound-crawl")
    with _termination_as_exit():
        child.start()
        theirs.close()
        try:
            report = _listen(ours, progress, should_stop, child.terminate)
        except BaseException:
            _stop(child)
            raise
        finally:
            ours.close()
        child.join(STOP_SECONDS)
        _stop(child)
    if report is None and should_stop():  # it was told before it had begun
        return Tally().report(seconds=0.0, was_stopped=True)
    if report is None:
        raise ResoundError(
            f"The crawl's process ended unexpectedly (code {child.exitcode}). Every page that was acknowledged is safe; "
            "run `resound crawl` again to go on."
        )
    return report


def _listen(
    pipe: Connection,
    progress: Callable[[CrawlEvent], None] | None,
    should_stop: Callable[[], bool],
    end: Callable[[], None],
) -> CrawlReport | None:
    is_told = False
    while True:
        if not is_told and should_stop():
            end()
            is_told = True
        try:
            if not pipe.poll(LOOK_EVERY):
                continue
            message = pipe.recv()
        except (EOFError, ConnectionResetError):
            return None
        if isinstance(message, CrawlReport):
            return message
        if isinstance(message, _Failure):
            raise ResoundError(message.sentence)
        if progress is not None:
            progress(message)


def _stop(child: object) -> None:
    from multiprocessing.process import BaseProcess

    if not isinstance(child, BaseProcess) or not child.is_alive():
        return
    child.terminate()
    child.join(STOP_SECONDS)
    if child.is_alive():
        child.kill()
        child.join()


@contextlib.contextmanager
def _termination_as_exit() -> Iterator[None]:
    """SIGTERM unwinds the stack here, so that the child is told and puts down what it holds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# --- the child -----------------------------------------------------------------------------------------------------


def _run_child(order: _Order, pipe: Connection) -> None:
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the parent decides and terminates
    threading.Thread(target=_die_with_parent, args=(pipe,), daemon=True).start()
    _set_up_logs()
    try:
        pipe.send(_crawl_here(order, pipe))
    except ResoundError as err:
        pipe.send(_Failure(str(err)))
    except Exception as err:
        logging.getLogger("resound.crawl").exception("crawl failed")
        pipe.send(_Failure(f"The crawl stopped: {type(err).__name__}: {err}."))


def _die_with_parent(pipe: Connection) -> None:
    """The parent never sends: the pipe ends when it dies. What is in hand is leased, and freed at the next start."""
    with contextlib.suppress(EOFError, OSError):
        pipe.recv()
    os._exit(1)


def _set_up_logs() -> None:
    """JSON lines on stderr where nobody watches; silence on a terminal, where a progress bar stands."""
    import sys

    from crawlers.logs import log_as_json

    log_as_json(logging.WARNING if sys.stderr.isatty() else logging.INFO)


def _crawl_here(order: _Order, pipe: Connection) -> CrawlReport:
    from scrapy.crawler import CrawlerProcess

    from crawlers.evidence import EvidenceWriter
    from crawlers.ledger import Ledger
    from crawlers.plan import DEFAULT_DELAY, host_delays
    from crawlers.recorder import Recorder
    from crawlers.settings import scrapy_settings
    from crawlers.spiders.news import Errand, NewsSpider
    from resound.store import open_store
    from resound.store.registry import load_sources

    def now() -> datetime:
        return datetime.now(UTC) + order.clock_offset

    began = time.monotonic()
    tally = Tally()
    store = open_store(order.store)
    try:
        channels = _plan(store, order, now=now())
        with store.read() as connection:
            delays = host_delays(load_sources(connection).values())
        default = DEFAULT_DELAY
        if order.rules.delay_s is not None:
            delays, default = {}, order.rules.delay_s
        ledger = Ledger(store, now)
        recorders = [
            Recorder(
                EvidenceWriter(order.evidence, started=now()),
                ledger.commit,
                max_waiting=MAX_UNSAFE // RECORDERS,
            )
            for _ in range(RECORDERS)
        ]
        errand = Errand(
            channels=channels,
            ledger=ledger,
            recorders=recorders,
            tally=tally,
            delays=delays,
            default_delay=default,
            retry_waits=order.retry_waits,
            now=now,
            say=_Teller(pipe),
        )
        settings = scrapy_settings(
            order.rules,
            DOWNLOAD_DELAY=default,
            DOWNLOAD_DELAY_JITTER=0.0,
            DOWNLOAD_SLOTS={
                host: {"concurrency": 1, "delay": delay, "jitter": 0.0} for host, delay in delays.items()
            },
            RETRY_ENABLED=False,
            LOG_INSTALL_ROOT_HANDLER=False,
        )
        process = CrawlerProcess(settings)  # not the asyncio one: it insists on Twisted's own reactor class
        crawler = process.create_crawler(NewsSpider)
        broken: list[BaseException] = []

        def keep(failure: Failure) -> None:
            broken.append(failure.value or ResoundError("The spider could not be started."))

        process.crawl(crawler, errand=errand).addErrback(keep)
        process.start()
        for recorder in recorders:
            recorder.close()
        ledger.close()
        if broken:
            raise broken[0]
        spider = crawler.spider
        if not isinstance(spider, NewsSpider):
            raise ResoundError("The spider could not be started.")
        if spider.failure is not None:
            raise spider.failure
        return tally.report(seconds=time.monotonic() - began, was_stopped=not spider.is_done)
    finally:
        store.close()


def _plan(store: Store, order: _Order, *, now: datetime) -> list[ChannelJob]:
    from crawlers.plan import plan_archives, plan_channels
    from resound.store import work
    from resound.store.frontier import list_channels
    from resound.store.registry import load_sources

    window = (order.since, order.until) if order.since is not None and order.until is not None else None
    with store.write() as connection:
        work.release_dead(connection)
    with store.read() as connection:
        sources = load_sources(connection)
        due = list_channels(connection, due=now, sources=order.sources)
        every = list_channels(connection, sources=order.sources) if window is not None else []
    known = {(one.source, one.url) for one in due}
    others = [one for one in every if one.stopped is None and (one.source, one.url) not in known]
    jobs = plan_channels(due, others, sources, window=window)
    if window is not None:
        wanted = [one for key, one in sources.items() if order.sources is None or key in order.sources]
        jobs += plan_archives(wanted, window)
    return jobs


class _Teller:
    """Sends progress, not too often."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._next = 0.0

    def __call__(self, event: CrawlEvent) -> None:
        moment = time.monotonic()
        if moment >= self._next or event.done == event.known:
            self._next = moment + SAY_EVERY
            with contextlib.suppress(
                BrokenPipeError
            ):  # the parent is gone; the other thread ends this process
                self._pipe.send(event)
