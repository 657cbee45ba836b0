"""One channel: a feed, a sitemap with its children, or a listing with its next pages. What it lists goes on the frontier."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scrapy.http import Response

from crawlers.feeds import parse_feed
from crawlers.ledger import Ledger
from crawlers.listings import parse_listing
from crawlers.plan import ChannelJob, Window, newest_moment, shown_days, sort_entries
from crawlers.polling import PollResult, longest, read_max_age, read_retry_after
from crawlers.report import Tally
from crawlers.sitemaps import ChildSitemap, parse_sitemap, select_children
from crawlers.spiders.downloads import Downloads, header
from resound.article import Entry
from resound.errors import FetchError
from resound.store.frontier import Added

MAX_CHILDREN = 20
"""Files of a sitemap index that one poll reads: those that changed since the last one."""
MAX_CHILDREN_OF_WINDOW = 500
MAX_DEPTH = 3
"""An index may name indexes; deeper is a maze."""

_log = logging.getLogger("resound.crawl")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a channel, read. `more` are documents that belong to it as well."""

    entries: tuple[Entry, ...] = ()
    more: tuple[str, ...] = ()
    problem: str = ""
    is_broken: bool = False
    ttl: int | None = None


@dataclass(slots=True)
class _Gathered:
    """What the documents of one channel came to."""

    new: int = 0
    entries: int = 0
    newest: datetime | None = None
    first: Window | None = None
    problem: str = ""

    def take(self, entries: Sequence[Entry], added: Added, job: ChannelJob, now: datetime) -> None:
        self.new += added.new
        self.entries += len(entries)
        moment = newest_moment(entries, job.zone)
        if moment is not None and moment <= now:
            self.newest = moment if self.newest is None else max(self.newest, moment)
        days = shown_days(entries, job.zone, now=now)
        if days is not None:
            known = self.first or days
            self.first = (min(known[0], days[0]), max(known[1], days[1]))


class ChannelReader:
    """Polls channels. Whatever one of them does, its poll is recorded and the others go on."""

    def __init__(
        self, downloads: Downloads, ledger: Ledger, tally: Tally, *, now: Callable[[], datetime]
    ) -> None:
        self._downloads = downloads
        self._ledger = ledger
        self._tally = tally
        self._now = now

    async def poll(self, job: ChannelJob) -> None:
        """Read a channel, put what it lists on the frontier, record how it went and which days it showed."""
        gathered = _Gathered()
        try:
            result = await self._read(job, gathered)
        except FetchError as err:
            result = PollResult("failed", problem=str(err))
        except Exception as err:  # noqa: BLE001 (one bad channel never stops the others; the poll is a failed one)
            _log.exception("channel defect", extra={"url": job.url})
            result = PollResult("failed", problem=f"It could not be read ({type(err).__name__}: {err}).")
        await self._ledger.record(job, result, self._days(job, result, gathered))
        self._tally.channels[result.kind] += 1
        if result.problem:
            self._tally.problem(f"{job.source}: {job.url}: {result.problem}")
        _log.info(
            "channel polled",
            extra={"url": job.url, "result": result.kind, "new": result.new, "problem": result.problem},
        )

    async def _read(self, job: ChannelJob, gathered: _Gathered) -> PollResult:
        response = await self._get(job.url, _validators(job))
        result = judge_poll(response, now=self._now())
        if result.kind != "read":
            return result
        document = await self._take(job, response, gathered)
        if document.is_broken:
            return PollResult("failed", response.status, document.problem, wait=result.wait)
        await self._read_more(job, document, gathered)
        ttl = timedelta(seconds=document.ttl) if document.ttl else None
        return PollResult(
            "read",
            response.status,
            gathered.problem,
            new=gathered.new,
            entries=gathered.entries,
            newest=gathered.newest,
            wait=longest(result.wait, ttl),
            etag=result.etag,
            last_modified=result.last_modified,
        )

    async def _read_more(self, job: ChannelJob, document: Document, gathered: _Gathered) -> None:
        """Children of an index, next pages of a listing. One that fails is a problem, not the channel's failure."""
        seen = {job.url}
        waiting = [(url, 1) for url in document.more]
        while waiting:
            url, depth = waiting.pop(0)
            if url in seen or depth > (MAX_DEPTH if job.listing is None else job.listing.pages - 1):
                continue
            seen.add(url)
            try:
                response = await self._get(url, {})
                result = judge_poll(response, now=self._now())
                problem = result.problem
                found = (
                    await self._take(job, response, gathered, url) if result.kind == "read" else Document()
                )
                waiting += [(more, depth + 1) for more in found.more]
            except FetchError as err:
                problem = str(err)
            if problem:
                gathered.problem = gathered.problem or f"{url}: {problem}"

    async def _take(
        self, job: ChannelJob, response: Response, gathered: _Gathered, url: str | None = None
    ) -> Document:
        """Read one document and put its entries on the frontier."""
        now = self._now()
        document = await asyncio.to_thread(read_document, job, response, now=now)
        found = sort_entries(job, document.entries, now=now)
        added = await self._ledger.add(job, found)
        gathered.take(document.entries, added, job, now)
        self._tally.new += added.new
        self._tally.updated += added.updated
        self._tally.leads += len(found.leads)
        if document.problem:
            told = document.problem if url is None else f"{url}: {document.problem}"
            gathered.problem = gathered.problem or told
        if job.kind == "listing" and not _goes_on(job, document.entries, added, now):
            return Document(document.entries, (), document.problem, document.is_broken)
        return document

    async def _get(self, url: str, headers: dict[str, str]) -> Response:
        async with self._downloads.turn(url):
            return await self._downloads.get(url, headers)

    def _days(self, job: ChannelJob, result: PollResult, gathered: _Gathered) -> list[Window]:
        """The days that this poll really read: those that were shown, and today, on which nothing else was to be seen."""
        today = self._now().astimezone(job.zone).date()
        if result.kind == "read" and job.kind == "archive" and job.window is not None:
            return [job.window] if not gathered.problem or gathered.entries else []
        if result.kind == "unchanged" and not job.state.failures and job.state.read_at is not None:
            return [(today, today)]
        if result.kind != "read":
            return []
        shown = gathered.first
        return [(today, today)] if shown is None or shown[1] >= today else [shown, (today, today)]


def judge_poll(response: Response, *, now: datetime) -> PollResult:
    """What the status and the headers say; `read` means that the body is to be read."""
    status = response.status
    asked = read_retry_after(header(response, "Retry-After"), now=now)
    if status == 304:
        return PollResult("unchanged", status, wait=read_max_age(header(response, "Cache-Control")))
    if status in (410, 451):
        return PollResult("gone", status)
    if not 200 <= status < 300:
        return PollResult("failed", status, f"The server answered HTTP {status}.", wait=asked)
    return PollResult(
        "read",
        status,
        wait=longest(asked, read_max_age(header(response, "Cache-Control"))),
        etag=header(response, "ETag"),
        last_modified=header(response, "Last-Modified"),
    )


def read_document(job: ChannelJob, response: Response, *, now: datetime) -> Document:
    """Read one document as the kind of channel that it is. Pure; may take a second for a large one."""
    body, url, content_type = response.body, response.url, header(response, "Content-Type")
    if job.kind == "feed":
        feed = parse_feed(body, url=url, content_type=content_type, zone=job.zone, now=now)
        return Document(feed.entries, (), feed.problem, feed.is_broken, feed.ttl)
    if job.listing is not None:
        page = parse_listing(
            body, url=url, listing=job.listing, zone=job.zone, now=now, content_type=content_type
        )
        more = (page.next_page,) if page.next_page else ()
        return Document(page.entries, more, page.problem, page.is_broken)
    sitemap = parse_sitemap(body, url=url, zone=job.zone, now=now)
    children = choose_children(job, sitemap.children)
    return Document(sitemap.entries, children, sitemap.problem, sitemap.is_broken)


def choose_children(job: ChannelJob, children: Sequence[ChildSitemap]) -> tuple[str, ...]:
    """The files of an index to read: those that can hold the window, or those that changed since the last poll."""
    if job.window is not None:
        return tuple(one.url for one in select_children(children, *job.window)[:MAX_CHILDREN_OF_WINDOW])
    last = job.state.read_at
    since = (last - timedelta(days=1)).date() if last is not None else None
    chosen = select_children(children, None, None)
    if since is not None:
        chosen = tuple(
            one
            for one in chosen
            if one.changed is None
            or (one.changed.at.date() if one.changed.at else one.changed.day or since) >= since
        )
    return tuple(one.url for one in chosen[:MAX_CHILDREN])


def _validators(job: ChannelJob) -> dict[str, str]:
    if job.window is not None:
        return {}
    found = {"If-None-Match": job.state.etag, "If-Modified-Since": job.state.last_modified}
    return {name: value for name, value in found.items() if value}


def _goes_on(job: ChannelJob, entries: Sequence[Entry], added: Added, now: datetime) -> bool:
    """Whether the next page of a listing can hold something: this one had news, or is not yet before the window."""
    if job.window is None:
        return added.new > 0
    days = shown_days(entries, job.zone, now=now)
    return days is None or days[1] >= job.window[0]
