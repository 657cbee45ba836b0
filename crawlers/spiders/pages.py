"""One article page: fetched, written to the evidence, named in the store; or ended with a reason."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle
from typing import Literal
from urllib.parse import urlsplit

from scrapy.http import Response

from crawlers.ledger import Ledger
from crawlers.polling import read_retry_after
from crawlers.recorder import Recorder
from crawlers.report import Tally
from crawlers.spiders.downloads import Downloads, header, raw_headers
from resound.article import RawPage
from resound.errors import EvidenceError, FetchError
from resound.outcome import Outcome
from resound.store.frontier import FetchJob

WAIT_UNASKED = timedelta(minutes=15)
"""How long a page waits where its server is busy and does not say how long."""
SHORT_WAIT = timedelta(seconds=5)
"""What a server asks for and this run can simply wait."""

PASSING = frozenset(("timeout", "connection", "dns"))
"""Reasons for which a page is tried again in this run."""
FINAL = frozenset(("robots-denied", "forbidden-address", "bad-url", "too-large", "too-many-redirects"))
"""Reasons that trying again would not change. Every other one waits in quarantine."""

_log = logging.getLogger("resound.crawl")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is done with a page: `store` it, `end` it, try it `again` in this run, or `later` because its server is busy."""

    action: Literal["store", "end", "again", "later"]
    outcome: Outcome = field(default_factory=Outcome.done)
    wait: timedelta = timedelta()
    status: int | None = None


def judge_response(status: int, retry_after: str, *, now: datetime) -> Verdict:
    """Decide by the status. Whether a page holds an article, is for the extraction to say."""
    if 200 <= status < 300:
        return Verdict("store", status=status)
    if status in (429, 503):
        told = Outcome.quarantined("busy", f"The server asks to be left alone (HTTP {status}).")
        asked = read_retry_after(retry_after, now=now)
        return Verdict("later", told, WAIT_UNASKED if asked is None else asked, status)
    if status in (404, 410):
        told = Outcome.rejected("gone", f"The server says that it is not there (HTTP {status}).")
        return Verdict("end", told, status=status)
    if status == 402:
        return Verdict("end", Outcome.rejected("paywall", "It is sold (HTTP 402)."), status=status)
    if status == 451:
        told = Outcome.rejected("http-451", "It may not be shown for legal reasons (HTTP 451).")
        return Verdict("end", told, status=status)
    told = Outcome.quarantined(f"http-{status}", f"The server answered HTTP {status}.")
    return Verdict("again" if status >= 500 or status in (408, 425) else "end", told, status=status)


def judge_failure(error: FetchError) -> Verdict:
    """Decide by a fetch that brought no response."""
    if error.reason == "robots-unknown":
        return Verdict("later", Outcome.quarantined(error.reason, str(error)), WAIT_UNASKED)
    if error.reason in FINAL:
        return Verdict("end", Outcome.rejected(error.reason, str(error)))
    action: Literal["again", "end"] = "again" if error.reason in PASSING else "end"
    return Verdict(action, Outcome.quarantined(error.reason, str(error)))


class PageFetcher:
    """Fetches claimed pages. Every page that it is given ends, is postponed, or is given back."""

    def __init__(
        self,
        downloads: Downloads,
        ledger: Ledger,
        recorders: Sequence[Recorder[FetchJob]],
        tally: Tally,
        *,
        now: Callable[[], datetime],
        retry_waits: Sequence[float],
    ) -> None:
        self._downloads = downloads
        self._ledger = ledger
        self._recorders = cycle(recorders)
        self._tally = tally
        self._now = now
        self._retry_waits = retry_waits
        self._busy_until: dict[str, datetime] = {}

    async def fetch(self, job: FetchJob) -> None:
        """Take one page to its end."""
        pauses = list(self._retry_waits)
        while True:
            async with self._downloads.turn(job.url):
                verdict, page = await self._try(job)
            if page is not None:
                return await self._store(job, page)
            if verdict.action == "again" and pauses:
                await asyncio.sleep(pauses.pop(0))
            elif verdict.action == "later" and verdict.wait <= SHORT_WAIT and pauses:
                pauses.pop(0)
                await asyncio.sleep(verdict.wait.total_seconds())
            elif verdict.action == "later":
                return await self._postpone(job, verdict)
            else:
                return await self._end(job, verdict.outcome, verdict.status)

    async def _try(self, job: FetchJob) -> tuple[Verdict, RawPage | None]:
        """Ask once, unless the host asked this run to leave it alone."""
        host = urlsplit(job.url).hostname or ""
        busy = self._busy_until.get(host)
        if busy is not None and busy > self._now():
            told = f"Its server asked to be left alone until {busy:%Y-%m-%d %H:%M} UTC."
            return Verdict("later", Outcome.quarantined("busy", told), busy - self._now()), None
        try:
            response = await self._downloads.get(job.url)
        except FetchError as err:
            verdict = judge_failure(err)
        else:
            verdict = judge_response(response.status, header(response, "Retry-After"), now=self._now())
            if verdict.action == "store":
                return verdict, self._page(job, response)
        if verdict.action == "later" and verdict.wait > SHORT_WAIT:
            self._busy_until[host] = self._now() + verdict.wait
        return verdict, None

    def _page(self, job: FetchJob, response: Response) -> RawPage:
        return RawPage(
            url=job.url,
            final_url=response.url,
            status=response.status,
            headers=raw_headers(response),
            body=response.body,
            fetched_at=self._now(),
            entry=job.entry,
        )

    async def _store(self, job: FetchJob, page: RawPage) -> None:
        try:
            await next(self._recorders).record(page, job)
        except EvidenceError as err:
            await self._end(job, Outcome.quarantined("evidence", str(err)), page.status)
            return
        self._tally.stored += 1

    async def _end(self, job: FetchJob, outcome: Outcome, status: int | None) -> None:
        await self._ledger.end(job, outcome, status=status)
        self._tally.ended[outcome.reason] += 1
        _log.info("page ended", extra={"url": job.url, "reason": outcome.reason, "detail": outcome.detail})

    async def _postpone(self, job: FetchJob, verdict: Verdict) -> None:
        until = self._now() + verdict.wait
        told = verdict.outcome
        await self._ledger.postpone(job, until=until, reason=told.reason, detail=told.detail)
        self._tally.postponed += 1
        _log.info("page postponed", extra={"url": job.url, "until": until.isoformat()})
