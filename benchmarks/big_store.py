"""A data folder with a large store and its index, made quickly and always the same: what page and status benchmarks stand on.

    RESOUND_SHARED_DATA=../shared/data .venv/bin/python benchmarks/big_store.py FOLDER [--articles 100000]

The texts are those of `bench_search.py` (the corpus's paragraphs put together anew, seeded). Everything that hangs on an
article is there as a crawl leaves it: page, capture, version, grouping, work of every stage, and for one in ten a match,
models' results and a person's decision. Rows go in by the thousand and past the crawler: the evidence they name is not there.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench_search import COUNTRY, PARAGRAPHS, SEED, Corpus, make_documents
from sqlalchemy import Connection

from resound.campaign import Campaign
from resound.definitions.applying import apply_definitions
from resound.definitions.written import Loaded
from resound.index.base import IndexDocument
from resound.index.sqlite import SqliteIndex
from resound.outcome import MODEL_STAGES
from resound.processing.matching import CampaignMatcher, match_to_json
from resound.query import analyse_document
from resound.searching.indexing import update_index
from resound.source import Source
from resound.store import Store, open_store, tables
from resound.store.feed import newest_change
from resound.urls import article_id, content_hash, version_id

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
BATCH = 2000
CAMPAIGNS = 6
OUTLETS = 60
TAGS = {"zh": "zh-Hans", "vi": "vi", "en": "en"}
ZONES = {"zh": "Asia/Taipei", "vi": "Asia/Ho_Chi_Minh", "en": "Asia/Ho_Chi_Minh"}
MEDIA = ("online", "online", "print", "tv", "agency")
MADE = {"model": "bench/model", "revision": "bench", "engine": "none", "label": "bench model", "at": NOW}
QUARANTINE = {
    "fetch": (
        ("http-503", "The server answered HTTP 503."),
        ("busy", "The server asks to be left alone (HTTP 429)."),
    ),
    "extract": (
        ("timeout", "Reading the page took more than 20 seconds."),
        ("defect", "ValueError: odd charset"),
    ),
}


def definitions() -> list[Loaded]:
    """180 outlets of 15 owners, and six campaigns that all look for the same names."""
    sources = [
        {
            "id": f"outlet-{language}-{number}",
            "names": {"en": f"Outlet {number} ({language})"},
            "home": f"https://{language}-{number}.example/",
            "owner": {"id": f"group-{number // 4}", "name": f"Group {number // 4}"},
            "country": COUNTRY[language],
            "timezone": ZONES[language],
            "editions": [
                {"id": language, "language": TAGS[language], "hosts": [f"{language}-{number}.example"]}
            ],
            "feeds": [{"url": f"https://{language}-{number}.example/rss"}],
            "medium": MEDIA[number % 5],
            "expected": {"min": 1, "max": 1000},
        }
        for language in PARAGRAPHS
        for number in range(OUTLETS)
    ]
    campaigns = [
        {
            "id": f"campaign-{number}",
            "name": {"en": f"Campaign {number}", "zh-Hant": f"宣傳{number}", "vi": f"Chiến dịch {number}"},
            "window": {"first": f"{2012 + 2 * number}-01-01", "last": f"{2013 + 2 * number}-12-31"},
            "names": [
                {"id": "team", "forms": {"zh-Hant": ["綠耕隊"], "en": ["STAMEQ"], "vi": ["Ngô Quý Việt"]}},
            ],
        }
        for number in range(CAMPAIGNS)
    ]
    return [
        *(Loaded(Source.model_validate(body), f"{body['id']}.yml", None) for body in sources),
        *(Loaded(Campaign.model_validate(body), f"{body['id']}.yml", None) for body in campaigns),
    ]


def build_store(folder: Path, corpus: Corpus, articles: int, say: Callable[[str], None]) -> None:
    """Make store and index in a folder, unless a store of this many articles is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / f"built-{articles}"
    if done.exists():
        return
    begun = time.perf_counter()
    store = open_store(f"sqlite:///{folder / 'resound.sqlite'}")
    apply_definitions(store, definitions(), who="bench", now=NOW)
    matcher = CampaignMatcher(next(one.model for one in definitions() if isinstance(one.model, Campaign)))
    rows = _Rows(random.Random(SEED), matcher)
    for number, document in enumerate(make_documents(corpus, articles)):
        rows.add(number, document)
        if len(rows.made["article"]) == BATCH or number + 1 == articles:
            with store.write() as connection:
                rows.write(connection)
    with store.write() as connection:
        _read_sources(connection)
    if not store.is_postgres:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    say(f"{articles:,} articles stored in {time.perf_counter() - begun:.0f} s")
    begun = time.perf_counter()
    index = SqliteIndex(folder / "index.sqlite")
    update_index(store, index, clock=lambda: NOW)
    say(f"{index.count():,} items indexed in {time.perf_counter() - begun:.0f} s")
    index.close()
    _close(store)
    (folder / "evidence").mkdir(exist_ok=True)
    done.touch()


class _Rows:
    """Rows of every table for the articles that were added since they were last written."""

    def __init__(self, chance: random.Random, matcher: CampaignMatcher) -> None:
        self._chance, self._matcher = chance, matcher
        self.made: dict[str, list[dict[str, Any]]] = {name: [] for name in tables.metadata.tables}
        self._stories: dict[str, str] = {}

    def write(self, connection: Connection) -> None:
        for table in tables.metadata.sorted_tables:
            if rows := self.made[table.name]:
                connection.execute(table.insert(), rows)
                rows.clear()

    def add(self, number: int, document: IndexDocument) -> None:
        text, keywords = document.document, document.document.keywords
        (outlet,) = keywords["outlet"]
        language = outlet.split("-")[1]
        assert text.date is not None
        seen = datetime(text.date.year, text.date.month, text.date.day, 6, tzinfo=UTC) + timedelta(
            seconds=number % 3600
        )
        url = f"https://{outlet.removeprefix('outlet-')}.example/news/{number}"
        key = article_id(url)
        paragraphs = [text.lead, *text.body.split("\n")]
        digest = content_hash(text.title, paragraphs)
        version = version_id(key, digest)
        made = self.made
        made["page"].append(
            {
                "id": key, "url": url, "source": outlet, "entry": {"url": url, "title": text.title}, "first_seen": seen,
                "fetched_at": seen, "status": 200, "article": key,
            }
        )  # fmt: skip
        made["capture"].append(
            {
                "id": number + 1, "page": key, "source": outlet, "url": url, "final_url": url, "status": 200,
                "fetched_at": seen, "file": f"resound-20260115-080000-1-{number // 5000:016x}-00001.warc.gz",
                "offset": number % 5000 * 4000, "length": 4000, "sha256": digest, "payload_sha256": digest,
                "version": version,
            }
        )  # fmt: skip
        made["article"].append(
            {
                "id": key, "url": url, "kind": "item", "outlet": outlet, "edition": language,
                "medium": next(iter(keywords["type"])), "first_seen": seen, "current": version,
                "signature": self._chance.randbytes(512),
            }
        )  # fmt: skip
        made["version"].append(
            {
                "id": version, "article": key, "content_hash": digest, "own": True, "url": url, "title": text.title,
                "lead": text.lead, "paragraphs": paragraphs, "captions": [], "byline": "Bench", "section": "",
                "language": language, "script": "Hans" if language == "zh" else None, "tag": TAGS[language],
                "confidence": 0.99, "published": {"origin": "json-ld", "raw": str(text.date), "at": seen.isoformat()},
                "extractor": "generic/1", "notes": [], "first_seen": seen, "last_seen": seen,
            }
        )  # fmt: skip
        story = self._stories.setdefault(document.story, key)
        made["grouping"].append({"article": key, "item": key, "story": story})
        made["change"].append({"article": key})
        self._add_work("fetch", key, seen, number)
        self._add_work("extract", str(number + 1), seen, number)
        self._add_work("group", key, seen, number)
        self._add_work("match", key, seen, number)
        if "campaign" in keywords:
            self._add_match(key, version, document, seen)
            for stage in MODEL_STAGES:
                self._add_work(stage, key, seen, number)

    def _add_work(self, stage: str, subject: str, at: datetime, number: int) -> None:
        row: dict[str, Any] = {
            "stage": stage, "subject": subject, "due": None, "attempts": 1, "outcome": "done", "reason": "",
            "detail": "", "finished_at": at,
        }  # fmt: skip
        if stage in QUARANTINE and number % 200 == 7:
            reason, detail = QUARANTINE[stage][number % 3 % 2]
            row |= {"outcome": "quarantined", "reason": reason, "detail": detail}
        elif number % 100 == 3:
            row |= {"due": 0.0, "outcome": None, "reason": None, "detail": None, "finished_at": None}
        self.made["work"].append(row)

    def _add_match(self, key: str, version: str, document: IndexDocument, at: datetime) -> None:
        (campaign,) = document.document.keywords["campaign"]
        found = self._matcher.match(analyse_document(document.document))
        assert found is not None, "each of them names the team"
        made, text = self.made, document.document
        made["match"].append(
            {
                "article": key, "campaign": campaign, "matched": True, "fingerprint": self._matcher.fingerprint,
                "version": version, "prominence": found.prominence, "detail": match_to_json(found), "at": at,
            }
        )  # fmt: skip
        (tone,) = text.keywords["tone"]
        made["tone"].append(
            {
                "version": version, "campaign": campaign, "tone": tone, "scores": {tone: 0.8}, "spread": 0.1,
                "is_uncertain": False, "passages": [], **MADE,
            }
        )  # fmt: skip
        topics = [{"topic": one, "score": 0.8} for one in sorted(text.keywords["topic"])]
        made["topics"].append({"version": version, "found": topics, **MADE})
        made["vector"].append(
            {
                "version": version, "article": key, "language": "en", "day": str(text.date),
                "vector": _vector(self._chance), **MADE,
            }
        )  # fmt: skip
        lines = [text.lead, *text.body.split("\n")]
        whole = [[{"source": one, "text": f"In English: {one}", "flags": []}] for one in lines]
        made["translation"].append(
            {
                "version": version, "target": "en", "part": "whole",
                "title": [{"source": text.title, "text": f"In English: {text.title}", "flags": []}], "lead": whole[:1],
                "paragraphs": whole, "flags": [], "at": NOW,
                "made_by": [{name: MADE[name] for name in ("model", "revision", "engine", "label")}],
            }
        )  # fmt: skip
        if (chance := self._chance.random()) < 0.7:
            made["decision"].append(
                {
                    "kind": "accept" if chance < 0.6 else "reject", "article": key, "campaign": campaign,
                    "why": "read it", "who": "bench", "at": NOW,
                }
            )  # fmt: skip


def _read_sources(connection: Connection) -> None:
    """Every source was read, the last time an hour ago; every twentieth fails."""
    for number, row in enumerate(connection.execute(tables.channel.select()).all()):
        state = {
            "newest": NOW.timestamp(),
            **({"failures": 3, "last_error": "HTTP 503"} if number % 20 == 0 else {}),
        }
        connection.execute(
            tables.channel.update()
            .where(tables.channel.c.url == row.url, tables.channel.c.source == row.source)
            .values(state=state)
        )
        days = [NOW.date() - timedelta(days=7 * week) for week in range(520)]
        connection.execute(
            tables.reading.insert(),
            [
                {
                    "source": row.source, "url": row.url, "first_day": str(day - timedelta(days=6)), "last_day": str(day),
                    "read_at": NOW - timedelta(hours=1),
                }
                for day in days
            ],
        )  # fmt: skip


def _vector(chance: random.Random) -> bytes:
    import numpy as np

    made = np.frombuffer(chance.randbytes(384 * 2), dtype=np.uint16).astype(np.float32) / 65535 - 0.5
    return (made / np.linalg.norm(made)).astype("<f2").tobytes()


def _close(store: Store) -> None:
    with store.read() as connection:
        assert newest_change(connection) > 0
    store.close()


def find_corpus() -> Corpus:
    """The texts, from RESOUND_SHARED_DATA. Ends the program with a word where there are none."""
    data = Path(os.environ.get("RESOUND_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (data / "corpus").is_dir():
        raise SystemExit(f"There is no corpus at {data} (set RESOUND_SHARED_DATA).")
    return Corpus(data / "corpus")


def main() -> None:
    """Build it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=100_000)
    arguments = parser.parse_args()
    build_store(arguments.folder, find_corpus(), arguments.articles, print)


if __name__ == "__main__":
    main()
