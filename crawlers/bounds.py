"""Downloader middlewares that bound every fetch: its address at every hop, and its time as a whole."""

from __future__ import annotations

from time import monotonic
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.guard import FetchRules, check_url
from resound.errors import FetchError

RULES = "RESOUND_FETCH_RULES"
"""The setting under which Scrapy carries the rules."""


class AddressBounds:
    """Looks at every URL before it is asked for: a channel's, a page's, robots.txt's, each redirect's."""

    def __init__(self, rules: FetchRules) -> None:
        self._rules = rules

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making one; the dialer gets the same rules."""
        from twisted.internet import reactor

        from crawlers.dialer import GuardedReactor

        rules: FetchRules = crawler.settings[RULES]
        if not isinstance(reactor, GuardedReactor):
            raise RuntimeError("fetching needs the guarded reactor (TWISTED_REACTOR of crawlers.settings)")
        reactor.rules = rules
        return cls(rules)

    def process_request(self, request: Request) -> None:
        """Raises FetchError for what must not be asked for."""
        check_url(request.url, self._rules)
        request.meta.setdefault("fetch_began", monotonic())

    def process_response(self, request: Request, response: Response) -> Response:
        """Raises FetchError for a redirect that Scrapy does not follow: to `file:`, `ftp:`, `javascript:` …"""
        target = response.headers.get("Location")
        if response.status in (301, 302, 303, 307, 308) and target is not None:
            raise FetchError(
                f"{request.url} redirects to {target[:200].decode('latin-1')!r}; only http and https are fetched.",
                reason="bad-url",
            )
        return response


class TimeBounds:
    """One deadline for a fetch with all its redirects, down to the last byte of the body."""

    def __init__(self, rules: FetchRules) -> None:
        self._rules = rules

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making one."""
        return cls(crawler.settings[RULES])

    def process_request(self, request: Request) -> None:
        """Give the download what is left of the time."""
        left = self._rules.deadline_s - (monotonic() - request.meta["fetch_began"])
        if left <= 0:
            raise FetchError(
                f"It took more than {self._rules.deadline_s:g} seconds, redirects included.",
                reason="deadline",
            )
        request.meta["download_timeout"] = left
