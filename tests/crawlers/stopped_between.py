"""`python -m tests.crawlers.stopped_between FOLDER PORT`: one crawl, whose stop comes when no request is under way.

The rarest moment, and the worst: Scrapy's engine then takes itself for idle, closes, and fails on a request that begins
before the spider hears of the end. The child process of the crawl reads this module too (as `__mp_main__`).
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from scrapy.core.engine import ExecutionEngine

from tests.crawlers.desk import Desk

_stop_at_once = ExecutionEngine.stop_async


async def _stop_between(self: ExecutionEngine) -> None:
    while self._slot is not None and self._slot.inprogress:
        await asyncio.sleep(0)
    await _stop_at_once(self)


if __name__ == "__mp_main__":
    ExecutionEngine.stop_async = _stop_between  # type: ignore[method-assign]
if __name__ == "__main__":
    Desk(Path(sys.argv[1]), int(sys.argv[2])).crawl(due=False)
