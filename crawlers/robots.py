"""robots.txt (RFC 9309), obeyed and failing closed: where it cannot be read, nothing else of that host is.

A robots.txt that is not there (404, 410 and other 4xx) permits everything; 401, 403 and 429 say that we are not wanted,
5xx and silence that nobody knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler

from crawlers.fetch import explain_failure
from resound.errors import FetchError

MAX_BYTES = 500_000
"""As much as RFC 9309 asks a reader to take."""
CLOSED = frozenset((401, 403, 429))

Verdict = Callable[[str], None]
"""Raises FetchError for a URL that may not be fetched."""


class RobotsRules:
    """Downloader middleware: asks each host once in a run."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        # The product token alone: a group "example" must not match the contact address "press@example.org".
        self._agent = str(crawler.settings["USER_AGENT"]).split("/")[0]
        self._known: dict[str, asyncio.Future[Verdict]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making one."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass, or raise FetchError (`robots-denied`, `robots-unknown`, or what the network did)."""
        if request.meta.get("is_robots"):
            return
        parts = urlsplit(request.url)
        place = f"{parts.scheme}://{parts.netloc}"
        if place not in self._known:
            self._known[place] = asyncio.ensure_future(self._ask(place))
        verdict = await asyncio.shield(self._known[place])
        verdict(request.url)

    async def _ask(self, place: str) -> Verdict:
        engine = self._crawler.engine
        if engine is None:
            raise RuntimeError("the engine is not running")
        request = Request(f"{place}/robots.txt", meta={"is_robots": True}, dont_filter=True)
        try:
            response = await engine.download_async(request)
        except Exception as err:  # noqa: BLE001 (whatever it was: nobody knows what is permitted)
            known = explain_failure(err, place)
            return _refuse(known.reason, f"{place}/robots.txt cannot be read: {str(known).rstrip('.')}")
        status = response.status
        if 200 <= status < 300:
            return self._read(place, response.body[:MAX_BYTES])
        if 400 <= status < 500 and status not in CLOSED:
            return _permit
        return _refuse("robots-unknown", f"{place}/robots.txt answers HTTP {status}")

    def _read(self, place: str, body: bytes) -> Verdict:
        rules = Protego.parse(body.decode("utf-8-sig", "replace"))

        def judge(url: str) -> None:
            if not rules.can_fetch(url, self._agent):
                raise FetchError(f"{place}/robots.txt does not permit it.", reason="robots-denied")

        return judge


def _permit(_url: str) -> None:
    return None


def _refuse(reason: str, why: str) -> Verdict:
    def judge(_url: str) -> None:
        raise FetchError(f"{why}; where robots.txt cannot be read, nothing is fetched.", reason=reason)

    return judge
