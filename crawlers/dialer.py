"""The reactor that checks every connection where it is made: `connectTCP`, reached by http, https and redirects.

Scrapy's agents are private and its resolver skips literal addresses; this is the one place that all of them pass
(Twisted's `IReactorTCP`). `TWISTED_REACTOR` names the class, Scrapy calls `install`. Before a run has given its rules
nothing is connected to.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from typing import Any

from scrapy.resolver import CachingHostnameResolver
from twisted.internet.address import IPv6Address
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.interfaces import IHostResolution
from twisted.internet.main import installReactor
from zope.interface import implementer

from crawlers.guard import FetchRules, check_connection
from resound.errors import ForbiddenAddressError


class GuardedReactor(AsyncioSelectorReactor):
    """Connects to what the rules permit.

    A pinned name resolves to a stand-in address that nobody can guess (random, of this process); `connectTCP` turns it
    into the pin's address. So a URL or a DNS answer with the real address gains nothing from the pin.
    """

    def __init__(self, eventloop: Any = None) -> None:
        super().__init__(eventloop)
        self.rules: FetchRules | None = None
        self._stand_ins: dict[str, tuple[str, int]] = {}
        self._prefix = 0xFD << 120 | secrets.randbits(88) << 32

    def stand_in(self, address: str, port: int) -> str:
        """The address that a name pinned to `address` and `port` resolves to."""
        for known, place in self._stand_ins.items():
            if place == (address, port):
                return known
        made = str(ipaddress.IPv6Address(self._prefix | len(self._stand_ins) + 1))
        self._stand_ins[made] = (address, port)
        return made

    def connectTCP(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:  # noqa: N802 (Twisted's name)
        """As Twisted's, for permitted addresses only. Raises ForbiddenAddressError before any packet is sent."""
        pinned = self._stand_ins.get(host)
        if pinned is not None:
            return super().connectTCP(*pinned, *args, **kwargs)
        if self.rules is None:
            raise ForbiddenAddressError("Nothing may be connected to before the rules are known.")
        check_connection(host, port, self.rules)
        return super().connectTCP(host, port, *args, **kwargs)


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing is under way."""


class PinningResolver(CachingHostnameResolver):
    """Names that are pinned live where the rules say; all others are asked of the system (IPv4 and IPv6)."""

    def resolveHostName(  # noqa: N802 (Twisted's name)
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """See Twisted's IHostnameResolver."""
        reactor: Any = self.reactor
        rules: FetchRules | None = reactor.rules
        pin = rules.find_pin(hostName) if rules is not None else None
        if pin is None:
            return super().resolveHostName(
                resolutionReceiver, hostName, portNumber, addressTypes, transportSemantics
            )
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        resolutionReceiver.addressResolved(IPv6Address("TCP", reactor.stand_in(*pin), portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution


def install() -> None:
    """Make this process's reactor a guarded one. Called by Scrapy."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    installReactor(GuardedReactor(loop))  # type: ignore[no-untyped-call]
