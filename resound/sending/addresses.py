"""Mail addresses, as people write them and as they are compared."""

from __future__ import annotations

import re

# "press@example.org", "lin+press@mail.example.org": what RFC 5321 calls a dot-string, and a name in the DNS
_LOCAL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL})@{_LABEL}(?:\.{_LABEL})+")
MAX_LENGTH = 254
"""RFC 5321, with its two angle brackets: 256."""


def read_address(text: str) -> str:
    """A mail address in its one form: small letters, an international domain as the DNS has it.

    Raises:
        ValueError: it is none that every mail server takes; the sentence says so.
    """
    name, at, domain = text.strip().rpartition("@")
    try:
        found = f"{name}{at}{domain.encode('idna').decode('ascii')}".lower()
    except UnicodeError:
        found = ""
    matched = _ADDRESS.fullmatch(found)
    if matched is None or len(found) > MAX_LENGTH or len(matched["local"]) > 64:
        raise ValueError(f"{text[:100]!r} is no mail address such as press@example.org")
    return found


def domain_of(address: str) -> str:
    """`press@example.org` → `example.org`."""
    return address.rpartition("@")[2]
