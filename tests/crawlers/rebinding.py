"""A resolver that says the pinned address at the first look at a name, and loopback at the next; run by test_guard."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from twisted.internet.address import IPv4Address

from crawlers.dialer import PinningResolver, _Resolution
from crawlers.fetch import explain_failure
from crawlers.guard import FetchRules


class RebindingResolver(PinningResolver):
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


def main() -> None:
    from scrapy import Request, Spider
    from scrapy.crawler import CrawlerProcess

    from crawlers.settings import scrapy_settings

    asked = json.loads(sys.argv[1])
    reasons: list[str] = []

    class Asker(Spider):
        name = "asker"

        async def start(self) -> AsyncIterator[Any]:
            engine = self.crawler.engine
            assert engine is not None

            async def ask(number: int) -> str:
                url = f"http://r{number}.example:{asked['port']}/page"
                try:
                    await engine.download_async(Request(url, dont_filter=True))
                except Exception as err:
                    return explain_failure(err, url).reason
                return "fetched"

            for start in range(0, asked["count"], 20):
                numbers = range(start, min(start + 20, asked["count"]))
                reasons.extend(await asyncio.gather(*(ask(number) for number in numbers)))
            for nothing in ():
                yield nothing

    rules = FetchRules(
        "Resound/0 (+x@y.example)",
        "x@y.example",
        allow=tuple(asked["allow"]),
        ports=(80, 443, asked["port"]),
        delay_s=0.0,
    )
    settings = scrapy_settings(rules, TWISTED_DNS_RESOLVER="tests.crawlers.rebinding.RebindingResolver")
    process = CrawlerProcess(settings)
    process.crawl(Asker)
    process.start()
    print(json.dumps(reasons))


if __name__ == "__main__":
    from tests.crawlers import rebinding

    rebinding.main()  # the module's own name, under which Scrapy loads the resolver
