"""robots.txt: obeyed at every hop, asked once, and where nobody can say what it says, nothing is fetched."""

from __future__ import annotations

import threading
import time
from collections import Counter

from crawlers.fetch import fetch_many
from resound.errors import FetchError
from tests.crawlers.places import Asked, open_place

RULES: dict[str, bytes] = {
    "open": b"",
    "shut": b"User-agent: *\nDisallow: /\n",
    "part": b"User-agent: *\nDisallow: /private\nAllow: /private/press\n",
    "ours": b"User-agent: *\nDisallow:\n\nUser-agent: resound\nDisallow: /\n",
    "theirs": b"User-agent: *\nDisallow: /\n\nUser-agent: Resound\nAllow: /\n",
    "contact": b"User-agent: press\nDisallow: /\n\nUser-agent: y\nDisallow: /\n",  # words of our contact address
    "marked": b"\xef\xbb\xbfUser-agent: *\nDisallow: /private\n",
    "page": b"<html>no robots here</html>",
    "binary": bytes(range(256)) * 40,
    "wild": b"User-agent: *\nDisallow: /" + b"*a" * 40 + b"*z$\n",  # must not cost exponential time
    "long": b"#" * 600_000 + b"\nUser-agent: *\nDisallow: /\n",  # after the 500 kB that a reader need take
    "huge": b"#" * 1_100_000,
}
EXPECTED = {
    "http://open.example/a": 200,
    "http://shut.example/a": "robots-denied",
    "http://part.example/a": 200,
    "http://part.example/private/a": "robots-denied",
    "http://part.example/private/press": 200,
    "http://part.example/to/shut": "robots-denied",
    "http://ours.example/a": "robots-denied",
    "http://theirs.example/a": 200,
    "http://contact.example/a": 200,
    "http://marked.example/private": "robots-denied",
    "http://page.example/a": 200,
    "http://binary.example/a": 200,
    f"http://wild.example/{'a' * 1500}": 200,
    "http://long.example/a": 200,
    "http://huge.example/a": "too-large",
    "http://status400.example/a": 200,
    "http://status401.example/a": "robots-unknown",
    "http://status403.example/a": "robots-unknown",
    "http://status404.example/a": 200,
    "http://status410.example/a": 200,
    "http://status429.example/a": "robots-unknown",
    "http://status500.example/a": "robots-unknown",
    "http://status503.example/a": "robots-unknown",
    "http://status304.example/a": "robots-unknown",
    "http://moved.example/a": "robots-denied",
    "http://inside.example/a": "forbidden-address",
    "http://loop.example/a": "too-many-redirects",
    "http://slow.example/a": "timeout",
}


def answer_robots(asked: Asked) -> None:
    name = asked.host.partition(".")[0]
    if asked.path.startswith("/to/"):
        asked.say(302, b"", {"Location": f"http://{asked.path.removeprefix('/to/')}.example/a"})
    elif asked.path != "/robots.txt":
        asked.say(200, b"<p>hello</p>")
    elif name in RULES:
        asked.say(200, RULES[name])
    elif name.startswith("status"):
        asked.say(int(name.removeprefix("status")))
    elif name == "moved":  # RFC 9309: the rules of the host that was asked for
        asked.say(301, b"", {"Location": "http://shut.example/robots.txt"})
    elif name == "inside":
        asked.say(302, b"", {"Location": "http://127.0.0.1/robots.txt"})
    elif name == "loop":
        asked.say(302, b"", {"Location": "/robots.txt"})
    elif name == "slow":
        time.sleep(4)
        asked.close_connection = True


def test_robots_is_obeyed_and_fails_closed() -> None:
    with open_place(answer_robots) as rules:
        began = time.monotonic()
        answers = list(fetch_many(list(EXPECTED), rules(deadline_s=3.0)))
        assert time.monotonic() - began < 15
    got = {
        url: one.reason if isinstance(one, FetchError) else one.status
        for url, one in zip(EXPECTED, answers, strict=True)
    }
    assert got == EXPECTED
    for one in answers:
        if isinstance(one, FetchError):
            assert "robots.txt" in str(one)


def test_a_host_is_asked_once_for_many_pages() -> None:
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def answer(asked: Asked) -> None:
        with lock:
            seen[asked.host + asked.path] += 1
        answer_robots(asked)

    with open_place(answer) as rules:
        urls = [
            f"http://{name}.example/{number}" for number in range(5) for name in ("open", "shut", "status503")
        ]
        list(fetch_many(urls, rules()))
    asked_robots = {place: count for place, count in seen.items() if place.endswith("/robots.txt")}
    assert asked_robots == {f"{name}.example/robots.txt": 1 for name in ("open", "shut", "status503")}
    assert sum(seen.values()) == 3 + 5
