"""Downloads through the crawl's own settings in a process of its own; `ask` starts one, tests of the guard call it.

It can take protections away one by one, to show that each holds alone and that the canary would hear without any.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

from twisted.internet.address import IPv4Address

from crawlers.dialer import PinningResolver, _Resolution
from crawlers.fetch import explain_failure
from crawlers.guard import FetchRules

AT_ONCE = 100


def ask(
    urls: Sequence[str],
    *,
    allow: Sequence[str],
    ports: Sequence[int],
    resolver: str = "",
    is_blind: bool = False,
    is_bare: bool = False,
    deadline: float = 10.0,
) -> list[str]:
    """The reason of each failure, or `fetched`.

    `is_blind`: URLs are not looked at and robots.txt is not asked, so that only the dialer guards. `is_bare`: nothing does.
    """
    told = {"urls": urls, "allow": allow, "ports": ports, "resolver": resolver, "deadline": deadline}
    order = json.dumps({**told, "is_blind": is_blind, "is_bare": is_bare})
    command = [sys.executable, "-m", "tests.crawlers.asking"]
    ran = subprocess.run(command, input=order, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    reasons: list[str] = json.loads(ran.stdout)
    return reasons


class RebindingResolver(PinningResolver):
    """Says the pinned address at the first look at a name, and loopback at the next."""

    seen: dict[str, int] = {}

    def resolveHostName(self, receiver: Any, name: str, portNumber: int = 0, **others: Any) -> Any:  # noqa: N802, N803
        self.seen[name] = self.seen.get(name, 0) + 1
        if self.seen[name] == 1:
            return super().resolveHostName(receiver, name, portNumber, **others)
        resolution = _Resolution(name)
        receiver.resolutionBegan(resolution)
        receiver.addressResolved(IPv4Address("TCP", "127.0.0.1", portNumber))
        receiver.resolutionComplete()
        return resolution


class SilentResolver(PinningResolver):
    """Never answers."""

    def resolveHostName(self, receiver: Any, name: str, *more: Any, **others: Any) -> Any:  # noqa: N802
        resolution = _Resolution(name)
        receiver.resolutionBegan(resolution)
        return resolution


def main() -> None:
    from scrapy import Request, Spider
    from scrapy.crawler import CrawlerProcess

    from crawlers import bounds, dialer
    from crawlers.settings import scrapy_settings

    told = json.load(sys.stdin)
    reasons: list[str] = []

    class Asker(Spider):
        name = "asker"

        async def start(self) -> AsyncIterator[Any]:
            engine = self.crawler.engine
            assert engine is not None

            async def fetch(url: str) -> str:
                try:
                    await engine.download_async(Request(url, dont_filter=True))
                except Exception as err:
                    return explain_failure(err, url).reason
                return "fetched"

            for start in range(0, len(told["urls"]), AT_ONCE):
                some = told["urls"][start : start + AT_ONCE]
                reasons.extend(await asyncio.gather(*(fetch(url) for url in some)))
            for nothing in ():
                yield nothing

    rules = FetchRules(
        "Resound/0 (+x@y.example)",
        "x@y.example",
        allow=tuple(told["allow"]),
        ports=tuple(told["ports"]),
        delay_s=0.0,
        deadline_s=told["deadline"],
    )
    settings = scrapy_settings(rules)
    if told["resolver"]:
        settings["TWISTED_DNS_RESOLVER"] = f"tests.crawlers.asking.{told['resolver']}"
    if told["is_blind"] or told["is_bare"]:
        bounds.check_url = lambda _url, _rules: None
        settings["DOWNLOADER_MIDDLEWARES"]["crawlers.robots.RobotsRules"] = None
    if told["is_bare"]:
        dialer.check_connection = lambda _address, _port, _rules: None
    process = CrawlerProcess(settings)
    process.crawl(Asker)
    process.start()
    print(json.dumps(reasons))


if __name__ == "__main__":
    from tests.crawlers import asking

    asking.main()  # the module's own name, under which Scrapy loads the resolvers
