"""One request at a time to a host, with its delay; failures in words and in codes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response

from crawlers.fetch import explain_failure
from resound.errors import FetchError

Download = Callable[[Request], Awaitable[Response]]
"""Scrapy's engine: only the downloader with its middlewares, nothing scheduled."""


class Downloads:
    """Takes every request of a crawl. A request waits outside Scrapy for its turn, so that no deadline runs meanwhile."""

    def __init__(self, download: Download, delays: Mapping[str, float], default_delay: float) -> None:
        self._download = download
        self._delays = delays
        self._default = default_delay
        self._turns: dict[str, asyncio.Lock] = {}
        self._free_at: dict[str, float] = {}

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """The final response, whatever its status. The caller holds the host's turn.

        Raises:
            FetchError: there is none.
            asyncio.CancelledError: the caller was told to end. Whatever else went wrong meanwhile says nothing of the
                server: an engine that closes fails on requests that it lets go.
        """
        request = Request(url, headers=dict(headers or {}), dont_filter=True)
        try:
            return await self._download(request)
        except Exception as err:  # Twisted, Scrapy and OpenSSL raise many kinds; each becomes a reason
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from err
            if isinstance(err, FetchError):
                raise
            raise explain_failure(err, url) from err

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait until nobody else asks this host, and its delay since the last request is over."""
        host = urlsplit(url).hostname or ""
        async with self._turns.setdefault(host, asyncio.Lock()):
            wait = self._free_at.get(host, 0.0) - monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                yield
            finally:
                self._free_at[host] = monotonic() + self._delays.get(host, self._default)


def header(response: Response, name: str) -> str:
    """A header's first value, or the empty string."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value is not None else ""


def raw_headers(response: Response) -> dict[str, str]:
    """The headers as text; several of one name are joined as HTTP allows."""
    return {
        name.decode("latin-1"): ", ".join(value.decode("latin-1") for value in values)
        for name, values in response.headers.items()
    }
