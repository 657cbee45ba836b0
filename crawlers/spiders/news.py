"""The spider: reads the channels that are due, then fetches pages until nothing on the frontier is ready.

The database is the frontier. Requests go through Scrapy's engine and downloader (guard, robots, bounds), not through its
scheduler: what is in hand is leased in the database, so a killed process loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from crawlers.ledger import Ledger
from crawlers.plan import ChannelJob
from crawlers.recorder import Recorder
from crawlers.report import CrawlEvent, Tally
from crawlers.spiders.channels import ChannelReader
from crawlers.spiders.downloads import Downloads
from crawlers.spiders.pages import PageFetcher
from resound.store.frontier import FetchJob

CLAIM = 50
"""Pages leased in one transaction."""
IN_HAND = 1_000
"""Leased pages that may wait for their hosts: a slow host must not keep the others idle."""

NOTHING: tuple[Any, ...] = ()

_log = logging.getLogger("resound.crawl")


@dataclass(frozen=True, slots=True)
class Errand:
    """All that the spider needs. `say` gets progress and must not block."""

    channels: Sequence[ChannelJob]
    ledger: Ledger
    recorders: Sequence[Recorder[FetchJob]]
    tally: Tally
    delays: Mapping[str, float]
    default_delay: float
    retry_waits: Sequence[float]
    now: Callable[[], datetime]
    say: Callable[[CrawlEvent], None]


class NewsSpider(Spider):
    """Runs one errand."""

    name = "news"
    handle_httpstatus_all: ClassVar[bool] = True

    def __init__(self, errand: Errand, **more: Any) -> None:
        super().__init__(**more)
        self.errand = errand
        self._in_hand: dict[asyncio.Task[None], FetchJob | None] = {}
        self._claiming: asyncio.Future[list[FetchJob]] | None = None
        self._moved = asyncio.Event()
        self._ended = asyncio.Event()
        self._has_begun = False
        self._failure: BaseException | None = None
        self.is_done = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> NewsSpider:
        """Scrapy's way of making a spider."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._wait_for_end, signal=signals.spider_closed)
        return spider

    @property
    def failure(self) -> BaseException | None:
        """What stopped the crawl, if anything did: the disk or the store."""
        return self._failure

    async def start(self) -> AsyncIterator[Any]:
        """Do everything; yields nothing, for nothing goes through Scrapy's scheduler."""
        self._has_begun = True
        try:
            await self._run()
            self.is_done = True
        except Exception as err:  # noqa: BLE001 (raised again by the process that began the crawl)
            self._failure = err
        finally:
            await self._put_down()
            self._ended.set()
        for nothing in NOTHING:
            yield nothing

    async def _run(self) -> None:
        errand = self.errand
        engine = self.crawler.engine
        if engine is None:
            raise RuntimeError("the engine is not running")
        downloads = Downloads(engine.download_async, errand.delays, errand.default_delay)
        reader = ChannelReader(downloads, errand.ledger, errand.tally, now=errand.now)
        fetcher = PageFetcher(
            downloads,
            errand.ledger,
            errand.recorders,
            errand.tally,
            now=errand.now,
            retry_waits=errand.retry_waits,
        )
        for job in errand.channels:
            self._begin(reader.poll(job), None)
        while True:
            self._moved.clear()
            claimed = 0
            if len(self._in_hand) < IN_HAND:
                self._claiming = asyncio.ensure_future(errand.ledger.claim(CLAIM))
                pages = await asyncio.shield(self._claiming)
                self._claiming = None
                claimed = len(pages)
                for page in pages:
                    self._begin(fetcher.fetch(page), page)
            if self._failure is not None:
                raise self._failure
            if claimed:
                continue
            if not self._in_hand:
                return
            await self._moved.wait()

    def _begin(self, what: Any, job: FetchJob | None) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(what)
        self._in_hand[task] = job
        self.errand.tally.known += 1
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return  # `_put_down` gives its page back
        job = self._in_hand.pop(task, None)
        tally = self.errand.tally
        tally.done += 1
        error = task.exception()
        if error is not None and self._failure is None:
            _log.error("crawl stopped", exc_info=error)
            self._failure = error
        self.errand.say(CrawlEvent(tally.done, tally.known, job.url if job is not None else "channels"))
        self._moved.set()

    async def _put_down(self) -> None:
        """Give back what is in hand, when a person or a failure ends the crawl early."""
        tasks = dict(self._in_hand)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
        jobs = [job for task, job in tasks.items() if job is not None and task.cancelled()]
        if self._claiming is not None and self._failure is None:
            jobs += await self._claiming  # the claim was under way when the end came
        if jobs and self._failure is None:
            for recorder in self.errand.recorders:  # what they hold ends as done, not as given back
                await asyncio.to_thread(recorder.close)
            await self.errand.ledger.release(jobs)

    async def _wait_for_end(self) -> None:
        if self._has_begun:
            await self._ended.wait()
