"""How long somebody waits before another password is looked at. Guessing gets slow; nobody is locked out for good.

Failures count against the login and, separately, against the address they come from. An address from which a login has
signed in before is known: there only its own failures count, so that strangers who try passwords cannot keep the
person out. Waits double and end at a quarter of an hour.

What is stored of a login is 16 bits of its hash, for logins that exist and those that do not alike: people type their
password into the wrong field, and a list of sign-ins should not hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

REMEMBERED = timedelta(days=30)
"""How long sign-ins are stored, and an address counts as known."""
_LOGIN_WINDOW, _LOGIN_FREE = timedelta(hours=24), 5
_ADDRESS_WINDOW, _ADDRESS_FREE = timedelta(hours=1), 20
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in that was tried. One that is still being looked at counts as failed."""

    login: str
    address: str
    ok: bool
    at: datetime


def login_mark(login: str) -> str:
    """What stands for a login in the list of sign-ins."""
    return sha256(login.strip().lower().encode()).hexdigest()[:4]


def address_mark(address: str) -> str:
    """What stands for an address: an IPv6 network as a whole, since whoever has one address of it has 2⁶⁴."""
    try:
        read = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(read, IPv6Address):
        if read.ipv4_mapped is not None:
            return str(read.ipv4_mapped)
        return f"{IPv6Address(int(read) >> 64 << 64)}/64"
    return str(read)


def wait_before(attempts: Sequence[Attempt], *, login: str, address: str, now: datetime) -> timedelta:
    """How long until the next attempt is looked at; zero: now.

    Args:
        attempts: at least those of this login or this address (as marks) within `REMEMBERED`.
    """
    return max(
        _wait(_counted_for_login(attempts, login, address, now), _LOGIN_FREE, now),
        _wait(_counted_for_address(attempts, address, now), _ADDRESS_FREE, now),
    )


def _counted_for_login(
    attempts: Sequence[Attempt], login: str, address: str, now: datetime
) -> list[datetime]:
    own = [one for one in attempts if one.login == login and one.at > now - REMEMBERED]
    last_ok: dict[str, datetime] = {}
    for one in own:
        if one.ok:
            last_ok[one.address] = max(one.at, last_ok.get(one.address, one.at))
    failures = [one for one in own if not one.ok and one.at > now - _LOGIN_WINDOW]
    if address in last_ok:
        return [one.at for one in failures if one.address == address and one.at > last_ok[address]]
    return [one.at for one in failures if one.address not in last_ok]


def _counted_for_address(attempts: Sequence[Attempt], address: str, now: datetime) -> list[datetime]:
    """A success among them takes nothing back: whoever has one account must not guess at others' for ever."""
    return [
        one.at for one in attempts if one.address == address and not one.ok and one.at > now - _ADDRESS_WINDOW
    ]


def _wait(failures: list[datetime], free: int, now: datetime) -> timedelta:
    if len(failures) < free:
        return timedelta(0)
    doubled = min(len(failures) - free, 10)  # beyond that the longest wait holds anyhow
    wait = min(_FIRST_WAIT * (1 << doubled), _LONGEST_WAIT)
    return max(max(failures) + wait - now, timedelta(0))
