"""One line for every line, through the very downloader that crawls: its bounds in time, bytes, hops and trust."""

from __future__ import annotations

import gzip
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from crawlers.fetch import fetch_many, stage_lines
from crawlers.guard import FetchRules
from resound.article import RawPage
from resound.errors import FetchError

AGENT = "Resound/0 (+x@y.example)"


class Site(BaseHTTPRequestHandler):
    asked: list[tuple[str, str, str]] = []

    def do_GET(self) -> None:
        self.asked.append((self.headers["Host"], self.path, self.headers["User-Agent"]))
        path = self.path
        if path == "/robots.txt":
            host = self.headers["Host"]
            if host.startswith("shut."):
                return self.say(503, b"")
            if host.startswith("away."):
                return self.say(404, b"")
            return self.say(200, b"User-agent: *\nDisallow: /private\n")
        if path.startswith("/hop/"):
            left = int(path.removeprefix("/hop/"))
            return self.say(302, b"", Location=f"/hop/{left - 1}" if left > 1 else "/page")
        if path == "/bomb":
            return self.say(200, gzip.compress(b"0" * 20_000_000), **{"Content-Encoding": "gzip"})
        if path == "/large":
            return self.say(200, b"0" * 3_000_000)
        if path == "/lie":
            return self.say(200, b"plain", **{"Content-Encoding": "gzip"})
        if path == "/drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(60):
                try:
                    self.wfile.write(b"x")
                    self.wfile.flush()
                except OSError:
                    return None
                time.sleep(0.1)
            return None
        return self.say(200, b"<p>hello</p>", **{"Content-Type": "text/html"})

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def site() -> Iterator[FetchRules]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield FetchRules(
        AGENT,
        "x@y.example",
        allow=(f"*.example=127.0.0.1:{server.server_port}",),
        max_bytes=2_000_000,
        deadline_s=2.0,
        delay_s=0.0,
    )
    server.shutdown()
    server.server_close()


def test_each_bound_has_its_reason_and_each_line_its_answer(site: FetchRules) -> None:
    expected: dict[str, Any] = {
        "http://news.example/page": 200,
        "http://news.example/hop/5": 200,
        "http://news.example/hop/6": "too-many-redirects",
        "http://news.example/private/1": "robots-denied",
        "http://shut.example/page": "robots-unknown",
        "http://away.example/page": 200,
        "http://bomb.example/bomb": "too-large",
        "http://large.example/large": "too-large",
        "http://drip.example/drip": "timeout",
        "http://lie.example/lie": "bad-encoding",
        "http://nowhere.invalid/": "dns",
        "http://127.0.0.1/": "forbidden-address",
        "ftp://news.example/": "bad-url",
    }
    lines: list[object] = [{"url": url} for url in expected]
    odd: list[object] = ["{", None, 7, [], {}, {"url": None}]
    began = time.monotonic()
    answers = list(stage_lines([*lines, *odd], site))
    assert time.monotonic() - began < 20
    got = {one["url"]: one["status"] or one["reason"] for one in answers[: len(lines)]}
    assert got == expected
    assert [one["reason"] for one in answers[len(lines) :]] == ["bad-line"] * len(odd)
    assert all((one["error"] is None) == (one["status"] is not None) for one in answers)
    page = answers[0]
    assert (page["final_url"], page["bytes"], page["content_type"]) == (
        "http://news.example/page",
        12,
        "text/html",
    )
    assert {agent for _, _, agent in Site.asked} == {AGENT}


def test_environment_proxies_are_not_asked(site: FetchRules, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    (answer,) = fetch_many(["http://news.example/page"], site)
    assert isinstance(answer, RawPage)
    assert answer.body == b"<p>hello</p>"


def test_a_certificate_that_nobody_signed_is_not_trusted(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=news.example",
            "-addext",
            "subjectAltName=DNS:news.example",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("there is no openssl command to make a certificate with")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rules = FetchRules(
        AGENT, "x@y.example", allow=(f"news.example=127.0.0.1:{server.server_port}",), delay_s=0.0
    )
    try:
        (answer,) = fetch_many(["https://news.example/page"], rules)
    finally:
        server.shutdown()
        server.server_close()
    assert isinstance(answer, FetchError)
    assert answer.reason == "tls"
