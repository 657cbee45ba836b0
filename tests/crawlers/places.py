"""A loopback server that answers by path from a table of functions; for tests of fetching."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from crawlers.guard import FetchRules

AGENT = "Resound/0 (+press@y.example)"


class Asked(BaseHTTPRequestHandler):
    """One request. `host` is without a port."""

    protocol_version = "HTTP/1.1"
    answer: Callable[[Asked], None]

    @property
    def host(self) -> str:
        return str(self.headers["Host"]).partition(":")[0]

    def do_GET(self) -> None:
        type(self).answer(self)

    def say(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Answer with these headers and the right length."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pour(self, start: bytes, more: bytes, *, most: int) -> int:
        """Send `start`, then `more` again and again until the other side closes; the bytes that went out."""
        sent = 0
        self.close_connection = True
        try:
            self.wfile.write(start)
            while sent < most:
                self.wfile.write(more)
                sent += len(more)
        except OSError:
            return sent
        return sent

    def log_message(self, *args: object) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


@contextmanager
def open_place(answer: Callable[[Asked], None]) -> Iterator[Callable[..., FetchRules]]:
    """Serve; gives a maker of rules under which every name below `.example` lives here."""
    server = _Server(("127.0.0.1", 0), type("Answering", (Asked,), {"answer": staticmethod(answer)}))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def rules(**more: object) -> FetchRules:
        known: dict[str, object] = {"delay_s": 0.0, "deadline_s": 5.0, "max_bytes": 1_000_000} | more
        pin = f"*.example=127.0.0.1:{server.server_port}"
        return FetchRules(AGENT, "press@y.example", allow=(pin,), **known)  # type: ignore[arg-type]

    try:
        yield rules
    finally:
        server.shutdown()
        server.server_close()
