"""What may be connected to: decided by the address, in any spelling, and checked again where the connection is made."""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.guard import FetchRules, check_connection, check_url, is_permitted_address, read_literal
from resound.errors import FetchError, ForbiddenAddressError

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


# --- where the connection is made ----------------------------------------------------------------------------------


class _Robots(BaseHTTPRequestHandler):
    """Answers robots.txt and closes, so that the page needs another look at the name."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Silent."""


@pytest.fixture
def canary() -> Iterator[tuple[int, list[str]]]:
    heard: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, address = server.accept()
            except OSError:
                return
            heard.append(str(address))
            connection.close()

    threading.Thread(target=listen, daemon=True).start()
    yield server.getsockname()[1], heard
    server.close()


def run_rebinding(count: int, allow: list[str], port: int) -> list[str]:
    """Fetch from `count` names that lead elsewhere at every second look; the reasons of the failures."""
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.crawlers.rebinding",
            json.dumps({"count": count, "allow": allow, "port": port}),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    reasons: list[str] = json.loads(ran.stdout)
    return reasons


def test_a_name_that_changes_its_mind_reaches_nothing(canary: tuple[int, list[str]]) -> None:
    port, heard = canary
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Robots)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pin = f"*.example=127.0.0.1:{server.server_port}"
    try:
        assert run_rebinding(200, [pin], port) == ["forbidden-address"] * 200
        assert heard == []
        # The same with the canary allowed: the names do lead there, and the guard is what stopped them.
        run_rebinding(5, [pin, f"127.0.0.1:{port}"], port)
        assert len(heard) >= 5
    finally:
        server.shutdown()
        server.server_close()
