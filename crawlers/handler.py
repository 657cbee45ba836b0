"""Scrapy's http handler, with a bound on what it leaves unbounded: the headers of an answer.

Twisted bounds a line (16 kB) and Scrapy the body, but neither the number of header lines nor of `100 Continue` answers
before the real one: a hostile server could fill the memory until the deadline.
"""

from __future__ import annotations

from typing import Any

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web._newclient import BODY, DONE

from resound.errors import FetchError

MAX_HEADER_BYTES = 256_000
"""Of one answer, all that comes before its body. Servers and browsers commonly stop at 8 to 256 kB."""


class BoundedHandler(HTTP11DownloadHandler):
    """As Scrapy's; an answer whose headers do not end is given up (`too-large`)."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _BoundedFactory


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    _heard = 0

    def request(self, request: Any) -> Any:
        self._heard = 0  # a kept connection serves several requests
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        parser = self._parser
        if parser is not None and parser.state not in (BODY, DONE):
            # The read that ends the headers brings some of the body: at most 64 kB, far below the bound.
            self._heard += len(data)
            if self._heard > MAX_HEADER_BYTES:
                error = FetchError("The headers of the answer do not end.", reason="too-large")
                self._giveUp(Failure(error))  # type: ignore[no-untyped-call]
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class _BoundedFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> _BoundedProtocol:  # noqa: ARG002, N802
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
