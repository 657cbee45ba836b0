"""What may be connected to: decided by the address, in any spelling, and checked again where the connection is made."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.guard import FetchRules, check_connection, check_url, is_permitted_address, read_literal
from resound.errors import FetchError, ForbiddenAddressError
from tests.crawlers.asking import ask
from tests.crawlers.hostile import LOOPBACK, NAMES, hostile_urls, loopback_hosts, private_hosts

RULES = FetchRules(
    "Resound/0 (+x@y.example)", "x@y.example", allow=("127.0.0.1:8123", "*.example=127.0.0.1:9")
)
INSIDE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.9.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "203.66.1.1", "2606:4700::1111", "2404:6800:4012::200e"]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_public_is_not_permitted(address: str) -> None:
    assert not is_permitted_address(address)
    with pytest.raises(ForbiddenAddressError):
        check_connection(address, 80, RULES)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted_on_web_ports(address: str) -> None:
    check_connection(address, 443, RULES)
    with pytest.raises(ForbiddenAddressError):
        check_connection(address, 22, RULES)


@given(st.ip_addresses())
def test_nothing_private_is_ever_permitted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_permitted_address(str(address)):
        assert address.is_global
        assert not (address.is_multicast)
        assert not (address.is_loopback)
        assert not (address.is_link_local)
        assert not (address.is_private)


def test_an_allowed_address_is_that_port_only() -> None:
    check_connection("127.0.0.1", 8123, RULES)
    for address, port in (("127.0.0.1", 80), ("127.0.0.2", 8123)):
        with pytest.raises(ForbiddenAddressError):
            check_connection(address, port, RULES)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.1",
        "017700000001",
        "１２７.0.0.1",
        "127。0。0。1",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_every_spelling_is_read(host: str) -> None:
    assert read_literal(host) is not None
    with pytest.raises(ForbiddenAddressError):
        check_url(f"http://{host}/", RULES)


@pytest.mark.parametrize(
    "host", ["news.example.org", "123news.tw", "deadbeef.org", "0x.org", "face.b00c.com"]
)
def test_names_are_no_spellings(host: str) -> None:
    assert read_literal(host) is None
    check_url(f"http://{host}/", RULES)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://news.example.org/",
        "file:///etc/passwd",
        "http://",
        "http://user@news.example.org/",
        "http://news.example.org:99999/",
        "http://[::1/",
        "http://a b.example.org/",
        "http://news.example.org\\@x/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_web_address_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(FetchError) as told:
        check_url(url, RULES)
    assert str(told.value).endswith(".")


@pytest.mark.parametrize(
    "host", ["localhost", "intranet", "printer.local", "metadata.google.internal", "a.localhost"]
)
def test_names_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        check_url(f"http://{host}/", RULES)


def test_a_pin_helps_names_of_its_pattern_only() -> None:
    assert RULES.find_pin("News.Example.") == ("127.0.0.1", 9)
    assert RULES.find_pin("example") is None
    assert RULES.find_pin("example.org") is None
    assert RULES.find_pin("127.0.0.1") is None


@pytest.mark.parametrize("entry", ["", "127.0.0.1", "localhost:80", "999.1.1.1:80", "*.example=nowhere:80"])
def test_an_allowance_that_cannot_be_read_is_told_at_once(entry: str) -> None:
    with pytest.raises(ValueError, match=r"neither address:port|IPv4"):
        FetchRules("Resound/0", "x@y.example", allow=(entry,))


def test_no_hostile_url_passes_the_first_look_as_a_public_address() -> None:
    """Those that do pass are names for the resolver, whose answer the dialer checks."""
    for url in hostile_urls(80):
        try:
            check_url(url, RULES)
        except FetchError:
            continue
        host = urlsplit(url).hostname or ""
        assert "%" in host or host == "daily.example"


# --- where the connection is made ----------------------------------------------------------------------------------


class _Site(BaseHTTPRequestHandler):
    """Answers `/to?url` with a redirect there and everything else with 404, and closes: the next request looks again."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.send_response(302 if parts.path == "/to" else 404)
        if parts.path == "/to":
            target = bytes.fromhex(parse_qs(parts.query)["hex"][0])
            self.send_header("Location", target.decode("latin-1"))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # five by default: the sixth waits a second for its second try


@pytest.fixture
def site() -> Iterator[str]:
    """The pin of a site for every name below `.example`."""
    server = _Server(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"*.example=127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def canary() -> Iterator[tuple[int, list[str]]]:
    """A port of every loopback address (v6 where there is one), and who connected to it."""
    heard: list[str] = []
    servers = [socket.create_server((LOOPBACK[0], 0), backlog=128)]
    port = servers[0].getsockname()[1]
    for address in (*LOOPBACK[1:3], "::1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with contextlib.suppress(OSError):  # a machine that has no such address
            servers.append(socket.create_server((address, port), family=family, backlog=128))

    def listen(server: socket.socket) -> None:
        while True:
            try:
                connection, address = server.accept()
            except OSError:
                return
            heard.append(str(address))
            connection.close()

    for server in servers:
        threading.Thread(target=listen, args=(server,), daemon=True).start()
    yield port, heard
    for server in servers:
        server.close()


def redirects_to(urls: list[str]) -> list[str]:
    """URLs of the site that redirect there, each on a host of its own."""
    plain = ["".join(char for char in url if char not in "\t\n") for url in urls]
    return [f"http://r{number}.example/to?hex={url.encode().hex()}" for number, url in enumerate(plain)]


def test_no_spelling_reaches_the_inside(site: str, canary: tuple[int, list[str]]) -> None:
    port, heard = canary
    urls = hostile_urls(port)
    assert len(urls) >= 500
    direct = ask(urls, allow=[site], ports=[80, 443, port])
    moved = ask(redirects_to(urls), allow=[site], ports=[80, 443, port])
    assert heard == []
    assert set(direct) | set(moved) <= {"forbidden-address", "bad-url", "dns", "fetched"}
    # What is fetched is the site's own 404: `//x` and `/\\x` have no scheme, or `#@x` is a fragment of a pinned name.
    assert direct.count("fetched") + moved.count("fetched") <= 20


@pytest.mark.slow
def test_the_dialer_alone_is_enough(site: str, canary: tuple[int, list[str]]) -> None:
    port, heard = canary
    hosts = [host for host in (*loopback_hosts(), *private_hosts()) if host not in NAMES and "%" not in host]
    urls = [f"http://{host}:{port}/" for host in hosts]
    told = ask([*urls, *redirects_to(urls)], allow=[site], ports=[80, 443, port], is_blind=True)
    assert len(told) >= 400
    assert heard == []
    assert "fetched" not in told


def test_without_any_guard_the_canary_hears(canary: tuple[int, list[str]]) -> None:
    port, heard = canary
    plain = [
        f"http://{host}:{port}/" for host in loopback_hosts() if "[" not in host and "0.0.0.0" not in host
    ]
    ask(plain, allow=[], ports=[80, 443, port], is_bare=True)
    assert len(heard) >= 30
    heard.clear()
    ask([f"http://127.0.0.1:{port}/"], allow=[f"127.0.0.1:{port}"], ports=[80, 443])
    assert heard, "an address that is allowed must be reached"


def test_a_name_that_changes_its_mind_reaches_nothing(site: str, canary: tuple[int, list[str]]) -> None:
    """The first look at each name (for robots.txt) is told the truth, the second 127.0.0.1."""
    port, heard = canary
    urls = [f"http://r{number}.example:{port}/page" for number in range(200)]
    told = ask(urls, allow=[site], ports=[80, 443, port], resolver="RebindingResolver")
    assert told == ["forbidden-address"] * 200
    assert heard == []
    # The same with the canary allowed: the names do lead there, and the guard is what stopped them.
    ask(urls[:5], allow=[site, f"127.0.0.1:{port}"], ports=[80, 443, port], resolver="RebindingResolver")
    assert len(heard) >= 5


def test_a_resolver_that_never_answers_costs_the_deadline(site: str) -> None:
    began = time.monotonic()
    told = ask(["http://a.example/"], allow=[site], ports=[80], resolver="SilentResolver", deadline=1.0)
    assert told == ["timeout"]
    assert time.monotonic() - began < 8
