"""A server on loopback between the client and a node: answers some requests itself, forwards the others."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """`status` 0 closes the connection without a word. Bytes are a page as they are, anything else is JSON."""

    status: int
    body: Any = None


_FORWARDED = frozenset({"accept", "content-type", "content-encoding"})
Rule = Callable[[Request], Answer | None]
"""An answer of the proxy's own, or None to forward."""


@dataclass
class Proxy:
    """Where it listens, what it was asked, what it does."""

    target: str
    rule: Rule = lambda _: None
    seen: list[Request] = field(default_factory=list)
    url: str = ""
    is_product: bool = True
    server: ThreadingHTTPServer | None = None

    def start(self, tls: ssl.SSLContext | None = None) -> Proxy:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                return

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(
                    self.command,
                    self.path,
                    {k.lower(): v for k, v in self.headers.items()},
                    self.rfile.read(length),
                )
                proxy.seen.append(request)
                own = proxy.rule(request)
                if own is not None and not own.status:
                    self.close_connection = True
                    return
                try:
                    status, body, kind = proxy.forward(request) if own is None else proxy.write(own)
                except OSError:
                    self.close_connection = True
                    return
                self.send_response(status)
                if proxy.is_product:
                    self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if request.method != "HEAD":
                    self.wfile.write(body)

        for method in ("GET", "POST", "PUT", "DELETE", "HEAD"):
            setattr(Handler, f"do_{method}", Handler.answer)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def forward(self, request: Request) -> tuple[int, bytes, str]:
        parts = urlsplit(self.target)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        headers = {k: v for k, v in request.headers.items() if k in _FORWARDED}
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body, answer.headers.get("Content-Type", "application/json")

    def write(self, answer: Answer) -> tuple[int, bytes, str]:
        if isinstance(answer.body, bytes):
            return answer.status, answer.body, "text/html; charset=utf-8"
        return answer.status, json.dumps(answer.body).encode(), "application/json"

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
