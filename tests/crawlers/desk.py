"""A store and an evidence folder over a newsroom: what tests of the crawl share.

`python -m tests.crawlers.desk FOLDER PORT` runs one crawl, for tests that kill it.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crawlers.evidence import iter_pages
from crawlers.guard import FetchRules
from crawlers.run import CrawlEvent, CrawlReport, crawl
from resound.source import Source
from resound.store import Store, open_store
from resound.store.captures import list_captures
from resound.store.frontier import list_channels, make_due, set_channels
from resound.store.registry import apply_definition
from resound.store.work import tallies
from tests.crawlers.newsroom import Newsroom, article

DAILY = "http://daily.example"
FEED = f"{DAILY}/rss.xml"
SEPTEMBER = "Mon, 29 Sep 2014 08:00:00 +0800"


class Desk:
    """A store and an evidence folder over a newsroom."""

    def __init__(self, folder: Path, port: int, address: str | None = None) -> None:
        self.folder = folder
        self.allow = (f"*.example=127.0.0.1:{port}",)
        self.store: Store = open_store(address or f"sqlite:///{folder}/resound.sqlite")
        self.evidence = folder / "evidence"
        self.offset = timedelta()
        self.events: list[CrawlEvent] = []

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def follow(self, key: str = "daily", **more: Any) -> Source:
        host = f"{key}.example"
        source = Source.model_validate(
            {
                "id": key,
                "names": {"en": key.title()},
                "home": f"http://{host}/",
                "owner": {"id": key, "name": key},
                "country": "TW",
                "editions": [{"id": "main", "language": "en", "hosts": [host]}],
                "timezone": "Asia/Taipei",
                **more,
            }
        )
        urls = [
            *(one.url for one in source.feeds),
            *(one.url for one in source.sitemaps if not one.is_archive),
            *(one.url for one in source.listings),
        ]
        with self.store.write() as connection:
            body = source.model_dump(mode="json", by_alias=True, exclude_defaults=True)
            apply_definition(
                connection,
                "source",
                key,
                body=body,
                sha256=json.dumps(body),
                came_from="test",
                who="test",
                now=self.now(),
                replace=True,
            )
            set_channels(connection, key, urls)
        return source

    def crawl(self, *, due: bool = True, **more: Any) -> CrawlReport:
        if due:
            with self.store.write() as connection:
                make_due(connection)
        rules = FetchRules(
            user_agent="Resound/test (+tests@resound.example)",
            contact="tests@resound.example",
            allow=self.allow,
            **{"delay_s": 0.0, "deadline_s": 10.0, **more.pop("rules", {})},
        )
        options: dict[str, Any] = {
            "sources": None,
            "since": None,
            "until": None,
            "progress": self.events.append,
        }
        return crawl(self.store, self.evidence, rules, now=self.now, **{**options, **more})

    def outcomes(self) -> dict[tuple[str, str], int]:
        with self.store.read() as connection:
            return {
                (one.outcome, one.reason): one.count
                for one in tallies(connection, now=self.now())
                if one.stage == "fetch"
            }

    def stored(self) -> list[tuple[str, str]]:
        """(URL, hash of the body) of every capture; each stands in the evidence as well."""
        with self.store.read() as connection:
            captures = list_captures(connection)
        kept = {(ref.file, ref.offset): page for ref, page in iter_pages(self.evidence)} if captures else {}
        for one in captures:
            assert kept[one.file, one.offset].url == one.url
        return sorted((one.url, one.payload_sha256) for one in captures)

    def channel(self, url: str = FEED) -> Any:
        with self.store.read() as connection:
            return next(one for one in list_channels(connection) if one.url == url)


def publish(room: Newsroom, count: int, base: str = DAILY) -> list[str]:
    urls = [f"{base}/news/{number}" for number in range(count)]
    for number, url in enumerate(urls):
        room.pages[url] = article(f"Story {number}")
    return urls


if __name__ == "__main__":
    Desk(Path(sys.argv[1]), int(sys.argv[2])).crawl(due=False)
