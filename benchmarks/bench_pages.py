"""The saved real pages, served from loopback under their own hosts, crawled and processed as any newspaper is.

    RESOUND_SHARED_DATA=../shared/data .venv/bin/python benchmarks/bench_pages.py

One row for each page: title, characters of the body, date found against the date that is known, language, extractor.
Ends with 1 where an article page came out without a title or a body, or with another date than the known one.
"""

from __future__ import annotations

import gzip
import os
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ZONES = {"zh-Hant": "Asia/Taipei", "zh-Hans": "Asia/Shanghai", "vi": "Asia/Ho_Chi_Minh", "en": "UTC"}
OTHER_ZONES = {"TaipeiTimes": "Asia/Taipei"}
KNOWN_DAYS = {
    "TaipeiTimes_2024_10_15": "2024-10-16",
    "VoiceOfAmerica_2024_04_28": "2024-04-28",
    "TechCrunch_2024_05_17": "2024-05-16",
    "RestOfWorld_2025_10_21": "2025-10-21",
    "VnExpress_2025_10_22": "2025-10-22",
    "myfeed_dantri1": "2012-12-25",
    "People_2024_04_24": "2024-04-24",
    "chinese_article": "2012-12-10",
    "gne_guancha_guancha": "2019-09-07",
    "gne_sina_1": "2019-11-25",
    "cna": "2016-03-19",
    "ltn": "2018-07-31",
    "udn": "2019-03-18",
}
"""In the outlet's zone, read by a person on the page itself."""

_OWN_URL = re.compile(
    rb"""(?:property="og:url"[^>]*?content|rel="canonical"[^>]*?href)="(https?://[^"]+)\"""", re.I
)


def own_url(name: str, body: bytes) -> str:
    """Where the page was published, as it says itself; over http, for the local server has no certificate."""
    found = _OWN_URL.search(body)
    if found is None:
        return f"http://{name.lower().replace('_', '-')}.example/news/{name}.html"
    return "http" + found[1].decode().partition("http")[2].removeprefix("s")


def main() -> int:
    """Run and print."""
    from crawlers.guard import FetchRules
    from crawlers.run import crawl
    from resound.article import Article
    from resound.pipeline import process_pending
    from resound.processing.reading import PageReader
    from resound.source import Source
    from resound.store import open_store
    from resound.store.articles import list_article_ids, load_articles
    from resound.store.captures import list_captures
    from resound.store.frontier import set_channels
    from resound.store.registry import apply_definition
    from tests.crawlers.newsroom import Answer, open_newsroom, rss

    shared = Path(os.environ.get("RESOUND_SHARED_DATA", ROOT.parent / "shared" / "data"))
    files = sorted((shared / "pages").glob("*/*.html.gz"))
    if not files:
        print(f"There are no saved pages under {shared}; set RESOUND_SHARED_DATA.")
        return 1
    names, zones = {}, {}
    with tempfile.TemporaryDirectory() as folder, open_newsroom() as room:
        data = Path(folder)
        store = open_store(f"sqlite:///{data}/resound.sqlite")
        hosts: dict[str, str] = {}
        for path in files:
            body = gzip.decompress(path.read_bytes())
            name, tag = path.name.removesuffix(".html.gz"), path.parent.name
            url = own_url(name, body)
            names[url] = name
            hosts[urlsplit(url).netloc] = tag
            zones[name] = OTHER_ZONES.get(name.partition("_")[0], ZONES[tag])
            room.pages[url] = Answer(body, headers={"Content-Type": "text/html"})
        feed = "http://list.example/rss.xml"
        room.pages[feed] = rss(*((url, "", "") for url in names))
        with store.write() as connection:
            for url, name in names.items():
                host = urlsplit(url).netloc
                key = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")
                source = Source.model_validate(
                    {
                        "id": key,
                        "names": {"en": key},
                        "home": f"http://{host}/",
                        "owner": {"id": key, "name": key},
                        "country": "ZZ",
                        "editions": [{"id": "main", "language": hosts[host], "hosts": [host]}],
                        "timezone": zones[name],
                    }
                )
                apply_definition(
                    connection,
                    "source",
                    key,
                    body=source.model_dump(mode="json", by_alias=True, exclude_defaults=True),
                    sha256=key,
                    came_from="benchmark",
                    who="benchmark",
                    now=datetime.now(UTC),
                )
            set_channels(connection, "list", [feed])
        pins = tuple(f"{host}=127.0.0.1:{room.port}" for host in [*hosts, "list.example"])
        rules = FetchRules("Resound/bench", "b@resound.example", pins, delay_s=0.0)
        report = crawl(
            store,
            data / "evidence",
            rules,
            sources=None,
            since=None,
            until=None,
            now=lambda: datetime.now(UTC),
            progress=None,
        )
        with PageReader(data / "evidence", workers=2) as reader:
            process_pending(store, reader, clock=lambda: datetime.now(UTC))
        with store.read() as connection:
            captured = {one.version: one.url for one in list_captures(connection) if one.version}
            stored = load_articles(connection, list_article_ids(connection))
        articles: dict[str, Article] = {
            names[captured[one.version]]: one.article for one in stored.values() if one.version in captured
        }
        store.close()
    print(report.sentence())
    print()
    print("| page | title | body chars | date | known | language | extractor |")
    print("|---|---|---:|---|---|---|---|")
    wrong = 0
    for name in names.values():
        known = KNOWN_DAYS.get(name, "")
        article = articles.get(name)
        if article is None:
            print(f"| {name} | – | 0 | – | {known} | – | not an article |")
            wrong += bool(known)
            continue
        day = _day(article, zones[name])
        mark = "" if not known else " ✓" if day == known else " ✗"
        wrong += mark == " ✗" or not article.title or not article.text
        title = article.title[:40].replace("|", "/")
        print(
            f"| {name} | {title} | {len(article.text)} | {day}{mark} | {known} | {article.language.tag} "
            f"| {article.extractor} |"
        )
    print()
    right = sum(
        name in articles and _day(articles[name], zones[name]) == day for name, day in KNOWN_DAYS.items()
    )
    print(f"{len(articles)} of {len(names)} pages read; {right} of {len(KNOWN_DAYS)} known dates right.")
    return 1 if wrong else 0


def _day(article: object, zone: str) -> str:
    from zoneinfo import ZoneInfo

    from resound.article import Article
    from resound.processing.facts import local_day

    if not isinstance(article, Article):
        return "–"
    day = local_day(article.published, ZoneInfo(zone))
    return str(day) if day is not None else "–"


if __name__ == "__main__":
    sys.exit(main())
