"""Addresses that lead inside, in two hundred spellings, wherever a newspaper's page could hold one: nothing connects."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from resound.store.frontier import set_channels
from tests.crawlers.desk import DAILY, FEED, Desk
from tests.crawlers.newsroom import Answer, open_newsroom, rss

NUMBER = 0x7F000001
HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "127.000.000.001", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0x7F.0x0.0x0.0x1",
    "0177.0.0.1", "0177.1", "017700000001", "0177.0x0.0.1", "00000177.0.0.1", "127.0.0.1.", "127.0.0.2", "127.255.255.254",
    "１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "127．0．0．1", "%31%32%37.0.0.1", "0", "0.0.0.0", "localhost", "LOCALHOST",
    "localhost.", "localhost.localdomain", "ⓛocalhost", "a.localhost", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:1::1]",
    "[2001:0:7f00:1::1]", "[2001::80ff:fffe]", "[fe80::1]", "[fe80::1%25lo]", "[fd00::1]", "[fec0::1]", "[ff02::1]", "[::1%25lo]",
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "192.0.0.1", "192.88.99.1", "198.18.0.1", "metadata.google.internal", "ip6-localhost",
]  # fmt: skip


def hostile_urls(port: int) -> list[str]:
    """At least two hundred addresses that a canary on loopback or a private network would hear of."""
    urls = [f"http://{host}:{port}/h{number}" for number, host in enumerate(HOSTS)]
    urls += [f"https://{host}:{port}/s{number}" for number, host in enumerate(HOSTS)]
    urls += [f"HTTP://{host}:{port}/u{number}?a=1" for number, host in enumerate(HOSTS)]
    urls += [
        f"http://daily.example@127.0.0.1:{port}/at",
        f"http://daily.example:80@127.0.0.1:{port}/at2",
        f"http://daily.example%40127.0.0.1:{port}/at3",
        f"http://127.0.0.1:{port}\\@daily.example/back",
        f"http:\\\\127.0.0.1:{port}\\back2",
        f"http:/127.0.0.1:{port}/one",
        f"http:127.0.0.1:{port}/none",
        f"//127.0.0.1:{port}/relative",
        f"\\\\127.0.0.1:{port}\\unc",
        f"/\\127.0.0.1:{port}/mixed",
        f"http://127.0.0.1\t:{port}/tab",
        f"ht\ntp://127.0.0.1:{port}/line",
        f"http://127.0.0.1:{port}#@daily.example/",
        f"http://127.0.0.1:{port}?@daily.example/",
        f"http://daily.example#@127.0.0.1:{port}/",
        f"http://daily.example\\.127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}%2f@daily.example/",
        f"http://[::1]:{port}@daily.example/",
    ]
    return urls


@pytest.fixture
def canary() -> Iterator[tuple[int, list[str]]]:
    """A port on loopback (v4 and v6 where there is one) that remembers every connection."""
    heard: list[str] = []
    first = socket.create_server(("127.0.0.1", 0))
    port = first.getsockname()[1]
    servers = [first]
    if socket.has_ipv6:
        with contextlib.suppress(OSError):  # a machine without IPv6 on loopback
            servers.append(socket.create_server(("::1", port), family=socket.AF_INET6))
    for server in servers:
        threading.Thread(target=_listen, args=(server, heard), daemon=True).start()
    yield port, heard
    for server in servers:
        server.close()


def _listen(server: socket.socket, heard: list[str]) -> None:
    while True:
        try:
            connection, address = server.accept()
        except OSError:
            return
        heard.append(str(address))
        connection.close()


def test_the_canary_hears(canary: tuple[int, list[str]]) -> None:
    port, heard = canary
    socket.create_connection(("127.0.0.1", port)).close()
    for _ in range(100):
        if heard:
            return
        threading.Event().wait(0.01)
    pytest.fail("the canary is deaf: the other test would prove nothing")


@pytest.mark.timeout(120)
def test_no_spelling_in_any_place_reaches_the_inside(tmp_path: Path, canary: tuple[int, list[str]]) -> None:
    port, heard = canary
    urls = hostile_urls(port)
    assert len(urls) >= 200
    with open_newsroom() as room:
        desk = Desk(tmp_path, room.port)
        redirects = [f"{DAILY}/redirect/{number}" for number in range(len(urls))]
        for number, (page, url) in enumerate(zip(redirects, urls, strict=True)):
            location = "".join(char for char in url if char not in "\t\n")
            status = (301, 302, 303, 307, 308)[number % 5]
            room.pages[page] = Answer("", status, {"Location": location.encode().decode("latin-1")})
        room.pages[FEED] = rss(*((escape(url), "article", "") for url in [*urls, *redirects]))
        locs = "".join(f"<sitemap><loc>{escape(url)}</loc></sitemap>" for url in urls)
        room.pages[f"{DAILY}/index.xml"] = Answer(f"<sitemapindex>{locs}</sitemapindex>")
        rows = "".join(f"<url><loc>{escape(url)}x</loc></url>" for url in urls)
        room.pages[f"{DAILY}/map.xml"] = Answer(f"<urlset>{rows}</urlset>")
        room.pages[f"{DAILY}/feed-moved"] = Answer("", 302, {"Location": f"http://127.0.0.1:{port}/rss"})
        desk.follow(
            feeds=[{"url": FEED}, {"url": f"{DAILY}/feed-moved"}],
            sitemaps=[{"url": f"{DAILY}/index.xml"}, {"url": f"{DAILY}/map.xml"}],
        )
        with desk.store.write() as connection:  # as no file could bring them: all are polled as feeds
            set_channels(connection, "campaign-hostile", urls)
        window = {"since": date(2014, 9, 1), "until": date(2014, 9, 30)}  # reads every child of the index
        report = desk.crawl(rules={"ports": (80, 443, port)}, **window)
        desk.store.close()
    assert heard == []
    assert report.pages_stored == 0
    assert report.channels_failed == len(urls) + 1
    assert sum(report.pages_ended.values()) >= 2 * len(urls)
    assert report.pages_ended["forbidden-address"] >= len(urls)
