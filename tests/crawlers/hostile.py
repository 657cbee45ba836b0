"""Spellings of addresses that lead inside: on this machine, in its network, in a cloud's. No test may connect to one."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

LOOPBACK = ("127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0")
PRIVATE = (
    "10.0.0.1", "100.64.0.1", "100.100.100.200", "168.63.129.16", "169.254.169.254", "172.16.0.1", "192.0.0.1",
    "192.0.0.192", "192.168.1.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
)  # fmt: skip
IPV6 = (
    "::", "0:0:0:0:0:0:0:1", "::0001", "fe80::1", "fe80::1%25lo", "::1%25lo", "fc00::1", "fd00:ec2::254", "fec0::1",
    "ff02::1", "100::1", "2001:db8::1", "3fff::1", "64:ff9b:1::7f00:1",
)  # fmt: skip
NAMES = (
    "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "a.localhost", "ⓛocalhost", "ｌｏｃａｌｈｏｓｔ",
    "ip6-localhost", "intranet", "printer.local", "metadata.google.internal", "router.home.arpa",
)  # fmt: skip

_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_CIRCLED = str.maketrans("123456789", "①②③④⑤⑥⑦⑧⑨")
_BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")


def spell_ipv4(address: str) -> Iterator[str]:
    """Host parts that some parser takes for an IPv4 address."""
    number = int(ipaddress.IPv4Address(address))
    a, b, c, d = (number >> shift & 255 for shift in (24, 16, 8, 0))
    yield address
    yield f"{address}."
    yield f"{a}.{b}.{number & 0xFFFF}"
    yield f"{a}.{number & 0xFFFFFF}"
    yield str(number)
    yield hex(number)
    yield f"0X{number:08X}"
    yield f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"
    yield f"0x{a:x}.{number & 0xFFFFFF}"
    yield f"0{number:o}"
    yield f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"
    yield f"0000{a:o}.0{b:o}.{c}.0x{d:x}"
    yield address.translate(_WIDE)
    yield address.translate(_CIRCLED)
    yield address.translate(_BOLD)
    yield address.replace(".", "。")
    yield address.replace(".", "．")
    yield address.replace(".", "｡")
    yield "".join(f"%{ord(char):02x}" if char != "." else char for char in address)


def spell_ipv6(address: str) -> Iterator[str]:
    """IPv6 literals that carry an IPv4 address: mapped, compatible, NAT64, 6to4, Teredo."""
    number = int(ipaddress.IPv4Address(address))
    high, low = number >> 16, number & 0xFFFF
    yield f"[::ffff:{address}]"
    yield f"[::ffff:{high:x}:{low:x}]"
    yield f"[0:0:0:0:0:FFFF:{high:04X}:{low:04X}]"
    yield f"[::{address}]"
    yield f"[::{high:x}:{low:x}]"
    yield f"[64:ff9b::{high:x}:{low:x}]"
    yield f"[64:ff9b::{address}]"
    yield f"[2002:{high:x}:{low:x}::1]"
    yield f"[2001:0:{high:x}:{low:x}::1]"
    yield f"[2001::{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}]"


def loopback_hosts() -> list[str]:
    """Spellings of this machine: a port of the machine's own hears of them where nothing guards."""
    found = [host for address in LOOPBACK for host in (*spell_ipv4(address), *spell_ipv6(address))]
    return list(dict.fromkeys([*found, "0", "127.1", "127.0.1", "[::1]", *(f"[{one}]" for one in IPV6[:3])]))


def private_hosts() -> list[str]:
    """Spellings of addresses of private, reserved and clouds' networks, and names of such."""
    found = [host for address in PRIVATE for host in (*spell_ipv4(address), *spell_ipv6(address))]
    return list(dict.fromkeys([*found, *(f"[{one}]" for one in IPV6[3:]), *NAMES]))


def odd_urls(port: int) -> list[str]:
    """URLs on whose host parsers disagree."""
    return [
        f"http://daily.example@127.0.0.1:{port}/at",
        f"http://daily.example:80@127.0.0.1:{port}/at",
        f"http://daily.example%40127.0.0.1:{port}/at",
        f"http://127.0.0.1:{port}\\@daily.example/back",
        f"http:\\\\127.0.0.1:{port}\\back",
        f"http:/127.0.0.1:{port}/one",
        f"http:127.0.0.1:{port}/none",
        f"http:///127.0.0.1:{port}/three",
        f"//127.0.0.1:{port}/relative",
        f"\\\\127.0.0.1:{port}\\unc",
        f"/\\127.0.0.1:{port}/mixed",
        f"http://127.0.0.1\t:{port}/tab",
        f"ht\ntp://127.0.0.1:{port}/line",
        f" http://127.0.0.1:{port}/space",
        f"http://127.0.0.1:{port}#@daily.example/",
        f"http://127.0.0.1:{port}?@daily.example/",
        f"http://daily.example#@127.0.0.1:{port}/",
        f"http://daily.example\\.127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}%2f@daily.example/",
        f"http://[::1]:{port}@daily.example/",
        f"http://127.0.0.1%00.daily.example:{port}/nul",
        f"ftp://127.0.0.1:{port}/f",
        f"gopher://127.0.0.1:{port}/_x",
        f"file://127.0.0.1:{port}/etc/passwd",
    ]


def hostile_urls(port: int) -> list[str]:
    """Every spelling, once each with http and a few with https, and the odd ones; more than 500."""
    urls = [f"http://{host}:{port}/h{number}" for number, host in enumerate(loopback_hosts())]
    urls += [f"http://{host}:{port}/p{number}" for number, host in enumerate(private_hosts())]
    urls += [f"https://{host}:{port}/s{number}" for number, host in enumerate(loopback_hosts())]
    return [*urls, *odd_urls(port)]
