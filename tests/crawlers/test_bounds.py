"""What a hostile or broken server can send costs its own fetch, within bytes, hops and time, and says why."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest

from crawlers.fetch import fetch_many
from crawlers.handler import MAX_HEADER_BYTES
from resound.article import RawPage
from resound.errors import FetchError
from tests.crawlers.places import Asked, open_place

ZEROS = b"0" * 5_000_000
PLAIN = b"<p>hello</p>"
ENCODED: dict[str, tuple[str, bytes]] = {
    "gzip-bomb": ("gzip", gzip.compress(ZEROS)),
    "deflate-bomb": ("deflate", zlib.compress(ZEROS)),
    "brotli-bomb": ("br", brotli.compress(ZEROS)),
    "layered-bomb": ("gzip, gzip", gzip.compress(gzip.compress(ZEROS))),
    "gzip-lie": ("gzip", PLAIN),
    "deflate-lie": ("deflate", PLAIN),
    "brotli-lie": ("br", PLAIN),
    "zstd-lie": ("zstd", PLAIN),
    "gzip-cut": ("gzip", gzip.compress(ZEROS[:900_000])[:-20]),
    "gzip": ("gzip", gzip.compress(PLAIN)),
    "brotli": ("br", brotli.compress(PLAIN)),
    "unknown": ("utf-8", PLAIN),  # a common mistake; the body is what it is
}
LOCATIONS = {
    "to-file": "file:///etc/passwd",
    "to-data": "data:text/html,x",
    "to-script": "javascript:alert(1)",
    "to-nothing": "http://[::1/",
    "to-self": "/to-self",
    "to-loopback": "http://127.0.0.1/",
    "to-user": "http://a@b.example/",
}
EXPECTED = {
    "gzip-bomb": "too-large",
    "deflate-bomb": "too-large",
    "brotli-bomb": "too-large",
    "layered-bomb": "too-large",
    "gzip-lie": "bad-encoding",
    "deflate-lie": "bad-encoding",
    "brotli-lie": "bad-encoding",
    "zstd-lie": "bad-encoding",
    "gzip-cut": "bad-encoding",
    "gzip": PLAIN,
    "brotli": PLAIN,
    "unknown": PLAIN,
    "to-file": "bad-url",
    "to-data": "bad-url",
    "to-script": "bad-url",
    "to-nothing": "bad-url",
    "to-self": "too-many-redirects",
    "to-loopback": "forbidden-address",
    "to-user": "bad-url",
    "announced": "too-large",
    "short": "connection",
    "no-http": "connection",
    "endless-headers": "too-large",
    "endless-continue": "too-large",
    "endless-body": "too-large",
    "drip-headers": "timeout",
    "drip-body": "timeout",
    "drip-hops": "deadline",
    "silent": "timeout",
}


def drip(asked: Asked, start: bytes, piece: bytes) -> None:
    asked.close_connection = True
    try:
        asked.wfile.write(start)
        for _ in range(60):
            asked.wfile.write(piece)
            asked.wfile.flush()
            time.sleep(0.1)
    except OSError:
        return


def answer_hostile(asked: Asked, sent: dict[str, int]) -> None:
    name = asked.path.strip("/")
    if asked.path == "/robots.txt":
        asked.say(404)
    elif name in ENCODED:
        encoding, body = ENCODED[name]
        asked.say(200, body, {"Content-Encoding": encoding})
    elif name in LOCATIONS:
        asked.say(302, b"", {"Location": LOCATIONS[name]})
    elif name == "announced":
        asked.say(200, b"0" * 1_000_001)
    elif name == "short":
        asked.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort")
        asked.close_connection = True
    elif name == "no-http":
        asked.wfile.write(b"220 mail.example ESMTP\r\n\r\n")
        asked.close_connection = True
    elif name == "endless-headers":
        sent[name] = asked.pour(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 1000, most=200_000_000)
    elif name == "endless-continue":
        sent[name] = asked.pour(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, most=200_000_000)
    elif name == "endless-body":
        sent[name] = asked.pour(b"HTTP/1.1 200 OK\r\n\r\n", b"0" * 10_000, most=200_000_000)
    elif name == "drip-headers":
        drip(asked, b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")
    elif name == "drip-body":
        drip(asked, b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n", b"x")
    elif name.startswith("drip-hops"):
        time.sleep(1.1)  # each hop is quick enough, together they are not
        asked.say(302, b"", {"Location": asked.path + "x"})
    elif name == "silent":
        time.sleep(5)
        asked.close_connection = True
    else:
        asked.say(200, PLAIN)


@pytest.mark.slow
def test_every_trick_ends_in_time_with_its_reason() -> None:
    sent: dict[str, int] = {}
    with open_place(lambda asked: answer_hostile(asked, sent)) as rules:
        urls = [f"http://h{number}.example/{name}" for number, name in enumerate(EXPECTED)]
        began = time.monotonic()
        answers = list(fetch_many(urls, rules(deadline_s=3.0)))
        took = time.monotonic() - began
    got = {
        name: one.reason if isinstance(one, FetchError) else one.body
        for name, one in zip(EXPECTED, answers, strict=True)
    }
    allowed = EXPECTED | ({"drip-hops": "timeout"} if got["drip-hops"] == "timeout" else {})  # within a hop
    assert got == allowed
    assert all(
        str(one).endswith(".") and "<" not in str(one) for one in answers if isinstance(one, FetchError)
    )
    assert took < 15
    # What the kernels' buffers take comes on top.
    assert max(sent.values()) < MAX_HEADER_BYTES + 20_000_000


@pytest.mark.slow
def test_hosts_are_asked_one_at_a_time_and_waiting_costs_no_deadline() -> None:
    at_once, most = [0], [0]

    def answer(asked: Asked) -> None:
        if asked.path == "/robots.txt":
            asked.say(404)
            return
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.15)
        at_once[0] -= 1
        if asked.path.startswith("/old"):
            asked.say(301, b"", {"Location": asked.path.replace("old", "new")})
        else:
            asked.say(200, PLAIN)

    with open_place(answer) as rules:
        urls = [f"http://news.example/old/{number}" for number in range(8)]
        answers = list(fetch_many(urls, rules(deadline_s=1.5)))  # all together they take 2.4 s
    assert [isinstance(one, RawPage) and one.final_url for one in answers] == [
        url.replace("old", "new") for url in urls
    ]
    assert most == [1]


def test_answers_come_in_order_and_a_caller_may_leave() -> None:
    def answer(asked: Asked) -> None:
        if asked.path == "/slow":
            time.sleep(3)
        asked.say(404 if asked.path == "/robots.txt" else 200, PLAIN)

    with open_place(answer) as rules:
        answers = fetch_many(["http://a.example/1", "http://b.example/slow"], rules())
        first = next(answers)
        assert isinstance(first, RawPage)
        began = time.monotonic()
        answers.close()
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("tool", ["fetch", "shell"])
def test_scrapys_own_tools_are_guarded_here_too(tool: str) -> None:
    heard: list[str] = []

    def answer(asked: Asked) -> None:
        heard.append(asked.path)
        asked.say(200, PLAIN)

    place: Callable[..., object]
    with open_place(answer) as place:
        (pin,) = place().allow  # type: ignore[attr-defined]
        url = f"http://{pin.partition('=')[2]}/x"
        more = ["-c", "1"] if tool == "shell" else []
        subprocess.run(
            [sys.executable, "-m", "scrapy.cmdline", tool, url, *more],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert heard == []
