"""Downloader middlewares that bound every fetch: its address at every hop, and its time as a whole."""

from __future__ import annotations

import zlib
from time import monotonic
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response
from scrapy.utils._compression import _DecompressionMaxSizeExceeded

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


class WholeCompression(HttpCompressionMiddleware):
    """As Scrapy's, which takes a gzip body that was cut short for the whole: half an article must not be evidence."""

    @staticmethod
    def _decode(body: bytes, encoding: bytes, max_size: int) -> bytes:
        if encoding in (b"gzip", b"x-gzip"):
            return unpack_gzip(body, max_size)
        return HttpCompressionMiddleware._decode(body, encoding, max_size)


def unpack_gzip(body: bytes, max_size: int) -> bytes:
    """All members of a gzip body (RFC 1952); what follows them and is none is passed over, as browsers do.

    Raises:
        EOFError: it ends within a member.
        zlib.error: it is no gzip.
    """
    made = bytearray()
    while True:
        reader = zlib.decompressobj(wbits=31)
        made += reader.decompress(body, max_size - len(made) + 1)
        if len(made) > max_size:
            raise _DecompressionMaxSizeExceeded(len(made), max_size)
        if not reader.eof:
            raise EOFError("the compressed body ends too early")
        body = reader.unused_data
        if not body.startswith(b"\x1f\x8b"):
            return bytes(made)
