"""Serves the demo newsroom on this machine's loopback; the site is chosen by the Host header.

`python -m demo.server` serves it for looking at: `/` lists the sites.
"""

from __future__ import annotations

import gzip
import html
import re
import threading
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from demo.channels import render_feed, render_sitemap, render_sitemap_index
from demo.designs import render_listing, render_page, render_paywall
from demo.newsroom import EDITIONS, Site, load_sites

SLOW_SECONDS = 1.0
Answer = tuple[int, dict[str, str], bytes]


class DemoServer:
    """A context manager. `edition` counts from 0; `advance` brings out the next one."""

    editions = EDITIONS

    def __init__(self, *, edition: int = 0, port: int = 0) -> None:
        self.edition = edition
        self.requests: list[tuple[str, str]] = []
        """(host, path) of everything that was asked, for tests."""
        self._busy_once = set[str]()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host = (self.headers.get("Host") or "").split(":")[0]
                server.requests.append((host, self.path))
                status, headers, body = server.answer(host, self.path, self.headers)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
                """The demo says what it does by itself."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`"""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def allow(self) -> tuple[str, ...]:
        """For `FetchRules.allow`: the demo's names live here."""
        return (f"*.example={self.address}",)

    def advance(self) -> None:
        """Bring out the next edition."""
        self.edition = min(self.edition + 1, self.editions - 1)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, host: str, target: str, headers: Any) -> Answer:
        """What a host says to a request."""
        site = load_sites().get(host)
        if site is None:
            return _overview() if host in ("127.0.0.1", "localhost") else _not_found()
        path = target if site.find(target) is not None else urlsplit(target).path
        if path == "/robots.txt":
            rules = f"User-agent: *\n{site.robots}\n" if site.robots else "User-agent: *\nDisallow:\n"
            return 200, {"Content-Type": "text/plain"}, rules.encode()
        if path == "/feed":
            return self._feed(site, headers)
        if path == "/sitemap.xml" and site.sitemap:
            return 200, {"Content-Type": "application/xml"}, render_sitemap_index(site)
        month = re.fullmatch(r"/sitemap-(\d{4}-\d{2})\.xml", path)
        if month and site.sitemap:
            return 200, {"Content-Type": "application/xml"}, render_sitemap(site, month[1], self.edition)
        if path == "/":
            return 200, {"Content-Type": f"text/html; charset={site.charset}"}, render_listing(site)
        return self._page(site, path)

    def _feed(self, site: Site, headers: Any) -> Answer:
        if site.feed == "none":
            return _not_found()
        if site.trick == "busy feed" and self.edition == 0:
            return 429, {"Retry-After": "1", "Content-Type": "text/plain"}, b"Too many requests"
        if site.trick == "slow feed":
            time.sleep(SLOW_SECONDS)
        body, kind = render_feed(site, self.edition)
        tag = f'"{sha256(body).hexdigest()[:16]}"'
        if headers.get("If-None-Match") == tag:
            return 304, {"ETag": tag}, b""
        return 200, {"Content-Type": kind, "ETag": tag}, body

    def _page(self, site: Site, path: str) -> Answer:
        article = site.find(path)
        if article is None:
            return _not_found()
        if article.trick == "redirect to loopback":
            return 302, {"Location": f"http://{self.address}/admin"}, b""
        if article.trick == "gzip bomb":
            body = gzip.compress(b"<p>" + b"0" * 40_000_000)
            return 200, {"Content-Type": "text/html", "Content-Encoding": "gzip"}, body
        if article.trick == "paywall":
            return 200, {"Content-Type": "text/html; charset=utf-8"}, render_paywall(site, article)
        if article.trick == "gone":
            return 410, {"Content-Type": "text/plain"}, b"Gone"
        # Old sites say nothing of their charset in the header; it stands in the page.
        kind = "text/html" if site.design == "old" else f"text/html; charset={site.charset}"
        return 200, {"Content-Type": kind}, render_page(site, article, self.edition)


def _not_found() -> Answer:
    return 404, {"Content-Type": "text/plain"}, b"Not found"


def _overview() -> Answer:
    rows = "".join(
        f"<li><b>{html.escape(site.name)}</b> ({site.host}): {len(site.articles)} pages</li>"
        for site in load_sites().values()
    )
    body = f"<!DOCTYPE html><meta charset=utf-8><title>Demo newsroom</title><ul>{rows}</ul>"
    return 200, {"Content-Type": "text/html; charset=utf-8"}, body.encode()


def main() -> None:
    """Serve until Ctrl-C."""
    with DemoServer(port=8014) as server:
        print(f"The demo newsroom: http://{server.address}/")
        print(f"A page of it: curl -H 'Host: agency.example' http://{server.address}/")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
