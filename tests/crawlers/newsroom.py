"""A small newsroom on a loopback port: pages are set by tests, every request is remembered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What is served at a URL. `seconds` is how long it takes to begin."""

    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    etag: str = ""
    """Answers 304 where it is asked for with this validator."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    url: str
    headers: Mapping[str, str]
    began: float
    ended: float


Page = Answer | str | bytes | Callable[[int], Answer]
"""A function gets how often the URL was asked for before."""


class Newsroom:
    """Serves `pages` by `http://host/path`; hosts of all kinds live on one port. Unknown pages are 404, robots.txt too."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    @property
    def allow(self) -> tuple[str, ...]:
        """For `FetchRules`: names under `.example` live here."""
        return (f"*.example=127.0.0.1:{self.port}",)

    def urls(self, *, robots: bool = False) -> list[str]:
        """What was asked for, in order."""
        with self._lock:
            return [one.url for one in self.asked if robots or not one.url.endswith("/robots.txt")]

    def forget(self) -> None:
        """Begin to remember anew."""
        with self._lock:
            self.asked.clear()

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, url: str) -> Answer:
        with self._lock:
            before = sum(one.url == url for one in self.asked)
        page = self.pages.get(url)
        if page is None:
            return Answer(b"not here", 404)
        if callable(page):
            page = page(before)
        return page if isinstance(page, Answer) else Answer(page)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        room = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: else each answer waits for a delayed acknowledgement

            def do_GET(self) -> None:
                began = time.monotonic()
                url = f"http://{self.headers.get('Host', '')}{self.path}"
                answer = room._answer(url)
                if answer.seconds:
                    time.sleep(answer.seconds)
                if answer.etag and self.headers.get("If-None-Match") == answer.etag:
                    answer = Answer(b"", 304, {"ETag": answer.etag})
                body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                with room._lock:
                    room.asked.append(Asked(url, dict(self.headers), began, time.monotonic()))
                self.send_response(answer.status)
                headers = {"Content-Type": "text/html; charset=utf-8", **answer.headers}
                if answer.etag:
                    headers["ETag"] = answer.etag
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if answer.status != 304:
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        return Handler


@contextmanager
def open_newsroom() -> Iterator[Newsroom]:
    """A newsroom that serves inside the block."""
    room = Newsroom()
    room.start()
    try:
        yield room
    finally:
        room.stop()


def article(title: str, *paragraphs: str) -> str:
    """A simple article page."""
    text = "".join(f"<p>{one}</p>" for one in paragraphs or ("The green team met the press today.",) * 4)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><article><h1>{title}</h1>{text}</article></body></html>"
    )


def rss(*items: tuple[str, str, str]) -> Answer:
    """A feed of (URL, title, RFC 822 date or empty)."""
    rows = "".join(
        f"<item><title>{title}</title><link>{url}</link>{f'<pubDate>{day}</pubDate>' if day else ''}</item>"
        for url, title, day in items
    )
    body = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Feed</title>{rows}</channel></rss>'
    return Answer(body, headers={"Content-Type": "application/rss+xml"})


def urlset(*rows: tuple[str, str]) -> Answer:
    """A sitemap of (URL, lastmod or empty)."""
    lines = "".join(f"<url><loc>{u}</loc>{f'<lastmod>{d}</lastmod>' if d else ''}</url>" for u, d in rows)
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    return Answer(f"<urlset {space}>{lines}</urlset>", headers={"Content-Type": "application/xml"})
