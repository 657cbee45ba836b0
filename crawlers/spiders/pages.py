"""One article page: fetched, written to the evidence, named in the store; or ended with a reason."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from scrapy.http import Response

from crawlers.ledger import Ledger
from crawlers.polling import read_retry_after
from crawlers.recorder import Recorder
from crawlers.report import Tally
from crawlers.spiders.downloads import TRANSIENT, Downloads, header, raw_headers
from resound.article import RawPage
from resound.errors import EvidenceError, FetchError
from resound.outcome import Outcome
from resound.store.frontier import FetchJob

WAIT_UNASKED = timedelta(minutes=15)
"""How long a page waits where its server is busy and does not say how long."""
SHORT_WAIT = timedelta(seconds=5)
"""What a server asks for and this run can simply wait."""

_log = logging.getLogger("resound.crawl")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a status means for a page. `store`: it is a page; `later`: the server is busy; `again`: try at once."""

    action: Literal["store", "later", "again", "end"]
    outcome: Outcome = Outcome.done()


def judge_status(status: int) -> Verdict:
    """Decide by the status alone. Whether a page holds an article, is for the extraction to say."""
    if 200 <= status < 300:
        return Verdict("store")
    if status in (404, 410):
        return Verdict("end", Outcome.rejected("gone", f"The server says that it is not there (HTTP {status})."))
    if status in (429, 503):
        return Verdict("later", Outcome.quarantined("busy", f"The server asks to be left alone (HTTP {status})."))
    if status == 402:
        return Verdict("end", Outcome.rejected("paywall", "The server asks for a payment (HTTP 402)."))
    if status == 451:
        return Verdict("end", Outcome.rejected("http-451", "The server may not show it for legal reasons."))
    outcome = Outcome.quarantined(f"http-{status}", f"The server answered HTTP {status}.")
    return Verdict("again" if status >= 500 or status in (408, 425) else "end", outcome)


def judge_failure(error: FetchError) -> Verdict:
    """Decide by a fetch that brought no response."""
    if error.reason in TRANSIENT:
        return Verdict("again", Outcome.quarantined(error.reason, str(error)))
    return Verdict("end", Outcome.rejected(error.reason, str(error)))


class PageFetcher:
    """Fetches claimed pages. Every page that it is given ends, is postponed, or is given back."""

    def __init__(
        self,
        downloads: Downloads,
        ledger: Ledger,
        recorder: Recorder[FetchJob],
        tally: Tally,
        *,
        now: Callable[[], datetime],
        retry_waits: Sequence[float],
    ) -> None:
        self._downloads = downloads
        self._ledger = ledger
        self._recorder = recorder
        self._tally = tally
        self._now = now
        self._retry_waits = retry_waits
        self._busy_until: dict[str, datetime] = {}

    async def fetch(self, job: FetchJob) -> None:
        """Take one page to its end."""
        host = urlsplit(job.url).hostname or ""
        pauses = list(self._retry_waits)
        status: int | None = None
        while True:
            async with self._downloads.turn(job.url):
                busy = self._busy_until.get(host)
                if busy is not None and busy > self._now():
                    verdict, wait = Verdict("later", _busy(busy)), busy - self._now()
                    status = None
                else:
                    verdict, wait, status, page = await self._try(job)
                    if verdict.action == "store" and page is not None:
                        pass
                    elif verdict.action == "later" and wait > SHORT_WAIT:
                        self._busy_until[host] = self._now() + wait
            if verdict.action == "store" and page is not None:
                await self._store(job, page)
                return
            if verdict.action == "again" and pauses:
                await asyncio.sleep(pauses.pop(0))
                continue
            if verdict.action == "later" and wait <= SHORT_WAIT and pauses:
                pauses.pop(0)
                await asyncio.sleep(wait.total_seconds())
                continue
            if verdict.action == "later":
                await self._postpone(job, verdict.outcome, wait)
            else:
                await self._end(job, verdict.outcome, status)
            return

    async def _try(self, job: FetchJob) -> tuple[Verdict, timedelta, int | None, RawPage | None]:
        try:
            response = await self._downloads.get(job.url)
        except FetchError as err:
            return judge_failure(err), timedelta(), None, None
        verdict = judge_status(response.status)
        if verdict.action == "store":
            return verdict, timedelta(), response.status, self._page(job, response)
        asked = read_retry_after(header(response, "Retry-After"), now=self._now())
        return verdict, WAIT_UNASKED if asked is None else asked, response.status, None

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
            await self._recorder.record(page, job)
        except EvidenceError as err:
            await self._end(job, Outcome.quarantined("evidence", str(err)), page.status)
            return
        self._tally.stored += 1

    async def _end(self, job: FetchJob, outcome: Outcome, status: int | None) -> None:
        await self._ledger.end(job, outcome, status=status)
        self._tally.ended[outcome.reason] += 1
        _log.info("page ended", extra={"url": job.url, "reason": outcome.reason, "detail": outcome.detail})

    async def _postpone(self, job: FetchJob, outcome: Outcome, wait: timedelta) -> None:
        until = self._now() + wait
        await self._ledger.postpone([job], until=until, reason=outcome.reason, detail=outcome.detail)
        self._tally.postponed += 1
        _log.info("page postponed", extra={"url": job.url, "until": until.isoformat()})


def _busy(until: datetime) -> Outcome:
    return Outcome.quarantined("busy", f"Its server asked to be left alone until {until:%Y-%m-%d %H:%M} UTC.")
