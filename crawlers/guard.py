"""What may be fetched, and which addresses may be connected to. Pure; `crawlers.dialer` asks it at every connection.

A URL is looked at before it is asked for (a helpful sentence early), but what counts is the address that is really
connected to: names resolve to what their owner likes, and differently from one moment to the next.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from resound.errors import FetchError, ForbiddenAddressError

if TYPE_CHECKING:
    from resound.settings import Settings

# `ipaddress.is_global` passes these, though nothing public answers there (or it leads inside).
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(net)
    for net in (
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # a cloud's metadata service
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_TEREDO = ipaddress.ip_network("2001::/23")
_ALLOW = re.compile(r"(?:(?P<name>[^=]+)=)?(?P<address>\[[0-9a-fA-F:.]+\]|[0-9.]+):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class FetchRules:
    """The bounds of every fetch of one run.

    `allow` lists addresses outside the public internet: `127.0.0.1:8123` may be connected to; `*.example=127.0.0.1:8123`
    says that names of this pattern live there (their URLs keep the name and no port). A literal address never profits
    from the latter. `delay_s` overrides every source's own politeness; None leaves it.
    """

    user_agent: str
    contact: str
    allow: tuple[str, ...] = ()
    max_bytes: int = 10_000_000
    """Of a body, decompressed."""
    max_redirects: int = 5
    deadline_s: float = 60.0
    """For a whole fetch, redirects and the last byte of the body included."""
    ports: tuple[int, ...] = (80, 443)
    delay_s: float | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for an entry of `allow` that cannot be read: here, not in the process that fetches."""
        _ = self._entries

    @cached_property
    def allowed(self) -> frozenset[tuple[str, int]]:
        """Addresses that may be connected to although they are not public."""
        return frozenset((address, port) for name, address, port in self._entries if not name)

    @cached_property
    def pins(self) -> tuple[tuple[str, str, int], ...]:
        """(name pattern, address, port)"""
        return tuple((name, address, port) for name, address, port in self._entries if name)

    @cached_property
    def _entries(self) -> tuple[tuple[str, str, int], ...]:
        entries = []
        for entry in self.allow:
            found = _ALLOW.fullmatch(entry.strip())
            if found is None:
                raise ValueError(f"{entry!r} is neither address:port nor name=address:port")
            address = str(ipaddress.ip_address(found["address"].strip("[]")))
            entries.append(((found["name"] or "").lower(), address, int(found["port"])))
        return tuple(entries)

    def find_pin(self, host: str) -> tuple[str, int] | None:
        """Where a pinned name lives; None for every other name and for every literal address."""
        name = host.lower().rstrip(".")
        for pattern, address, port in self.pins:
            if name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:])):
                return address, port
        return None


def rules_of(settings: Settings, *, delay: float | None = None, is_trial: bool = False) -> FetchRules:
    """The bounds of every fetch, as the settings say. A trial of single addresses by hand needs no contact.

    Raises:
        DefinitionError: there is no contact.
    """
    from resound import __version__

    return FetchRules(
        user_agent=f"Resound/{__version__}" if is_trial and settings.contact is None else settings.user_agent,
        contact=settings.contact or "",
        allow=settings.allow,
        max_bytes=settings.max_bytes,
        max_redirects=settings.max_redirects,
        deadline_s=settings.deadline,
        ports=settings.ports,
        delay_s=delay,
    )


def is_permitted_address(text: str) -> bool:
    """Whether an IP address (as a socket has it) is of the public internet. Anything that is none is not permitted."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # a name, or with a zone index: fe80::1%eth0
        return False
    if any(address in net for net in _NOT_PUBLIC if net.version == address.version):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        # Everything outside 2000::/3 is loopback, mapped, compatible, NAT64, unique local, link local, multicast …
        return address in _PUBLIC_IPV6 and address not in _TEREDO and address.is_global
    return address.is_global and not address.is_multicast


def check_connection(address: str, port: int, rules: FetchRules) -> None:
    """Refuse an address that is neither public (on a permitted port) nor explicitly allowed.

    Raises:
        ForbiddenAddressError: with a sentence for people.
    """
    if (address, port) in rules.allowed:
        return
    if not is_permitted_address(address):
        raise ForbiddenAddressError(
            f"{address} is not an address of the public internet; nothing was connected to."
        )
    if port not in rules.ports:
        raise ForbiddenAddressError(
            f"Port {port} is not one of those that may be connected to ({', '.join(map(str, rules.ports))})."
        )


def check_url(url: str, rules: FetchRules) -> None:
    """Refuse what can be seen to be wrong before anything is asked.

    Raises:
        ForbiddenAddressError: it names an address that is not public, in whatever spelling.
        FetchError: `bad-url`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as err:
        raise FetchError(f"{url[:200]!r} is no web address ({err}).", reason="bad-url") from err
    if parts.scheme not in ("http", "https"):
        raise FetchError(f"Only http and https are fetched, not {parts.scheme or 'this'}.", reason="bad-url")
    if "@" in parts.netloc or "\\" in url or any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise FetchError(
            "An address with a user name, a backslash or a space is not fetched.", reason="bad-url"
        )
    if not host:
        raise FetchError("The address names no host.", reason="bad-url")
    number = port if port is not None else 443 if parts.scheme == "https" else 80
    literal = read_literal(host)
    if literal is not None:
        check_connection(literal, number, rules)
    elif rules.find_pin(host) is not None:
        if number not in rules.ports:
            raise ForbiddenAddressError(f"Port {number} is not one of those that may be connected to.")
    elif _is_local_name(host):
        raise ForbiddenAddressError(f"{host} is a name of this machine or of a private network.")
    elif number not in rules.ports:
        raise ForbiddenAddressError(
            f"Port {number} is not one of those that may be connected to ({', '.join(map(str, rules.ports))})."
        )


def read_literal(host: str) -> str | None:
    """The address that a host is a spelling of: `2130706433`, `0x7f.1`, `017700000001`, `１２７。0.0.1`, `[::1]`."""
    plain = unicodedata.normalize("NFKC", host).replace("\u3002", ".").rstrip(".").strip("[]").split("%")[0]
    with contextlib.suppress(ValueError):  # most hosts are names
        return str(ipaddress.ip_address(plain))
    if not re.fullmatch(r"[0-9a-fA-FxX.]+", plain) or not plain[:1].isdecimal():
        return None
    try:
        return str(ipaddress.IPv4Address(socket.inet_aton(plain)))
    except OSError:
        return None


def _is_local_name(host: str) -> bool:
    name = unicodedata.normalize("NFKC", host).lower().rstrip(".")
    return "." not in name or name.endswith(
        (".localhost", ".local", ".internal", ".home.arpa", ".localdomain")
    )
