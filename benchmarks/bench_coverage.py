"""What a campaign's page asks of a store of 100,000 articles: the four counts, and everything that stands beside them.

    RESOUND_SHARED_DATA=../shared/data .venv/bin/python benchmarks/bench_coverage.py [--articles 100000] [--matched 3000]

The store is made up (seeded): the corpus's paragraphs put together anew, from 120 outlets over two years; the reference
campaign's own matcher has read every article into which one of its sentences was put. A data
folder that is there already is used again. Aim: the page's data well under a second.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bench_search import LANGUAGES, PARAGRAPHS, Corpus  # noqa: E402
from resound.article import Article, LanguageGuess, text_fields  # noqa: E402
from resound.campaign import Campaign  # noqa: E402
from resound.definitions.written import canonical_hash, load_campaign, shipped_campaigns  # noqa: E402
from resound.processing.matching import CampaignMatcher, match_to_json  # noqa: E402
from resound.query import analyse_document  # noqa: E402
from resound.searching.documents import document_of  # noqa: E402
from resound.source import Source  # noqa: E402
from resound.store import Store, open_store  # noqa: E402
from resound.store.feed import newest_change  # noqa: E402
from resound.store.registry import apply_definition  # noqa: E402
from resound.store.tables import (  # noqa: E402
    article,
    change,
    decision,
    grouping,
    match,
    reading,
    tone,
    topics,
    translation,
    version,
)
from resound.urls import article_id, content_hash, version_id  # noqa: E402

SEED = 2014
NOW = datetime(2016, 1, 15, 8, tzinfo=UTC)
FIRST, DAYS = date(2014, 1, 1), 730
WINDOW = {"first": "2014-07-01", "last": "2015-06-30"}
OUTLETS = 120
BATCH = 2000
CAMPAIGN = "apo-coe-gp-vietnam-2014"
SAID = {
    "zh": "資源循環綠耕隊與SMEDEC 2在胡志明市簽署備忘錄。「廢棄物就是資源，」鄭祖壽說，臺灣願意分享經驗。",
    "vi": "Đội Xanh Tuần hoàn Tài nguyên ký kết biên bản ghi nhớ với SMEDEC 2. Đài Loan chia sẻ kinh nghiệm tái chế.",
    "en": 'The Resource Recycling Green Team signed a memorandum. "Waste is a resource," said Cheng Tsu-shou of Taiwan.',
}
OTHERS = {
    "zh": "日本JICA在越南推動廢水處理與資源循環。",
    "vi": "Nhật Bản giúp Việt Nam về quản lý chất thải và tái chế.",
    "en": "Japan's JICA helps Vietnam with waste management and recycling.",
}
MADE_BY = {"model": "m", "revision": "r", "engine": "e", "label": "made up", "at": NOW}


def make_store(store: Store, corpus: Corpus, *, articles: int, matched: int) -> None:
    """Fill an empty store; always the same for the same numbers."""
    campaign = load_campaign(shipped_campaigns() / f"{CAMPAIGN}.yml")
    campaign = Campaign.model_validate({**campaign.model_dump(mode="json", by_alias=True), "window": WINDOW})
    matcher = CampaignMatcher(campaign)
    with store.write() as connection:
        for source in [None, *(_source(number) for number in range(OUTLETS))]:
            model = source or campaign
            apply_definition(
                connection, "source" if source else "campaign", model.id,
                body=model.model_dump(mode="json", by_alias=True, exclude_defaults=True),
                sha256=canonical_hash(model), came_from="benchmark", who="benchmark", now=NOW,
            )  # fmt: skip
    rows: dict[Table, list[dict[str, Any]]] = {}
    for number, made in enumerate(_articles(corpus, matcher, articles, matched), 1):
        for table, some in made.items():
            rows.setdefault(table, []).extend(some)
        if number % BATCH == 0 or number == articles:
            with store.write() as connection:
                for table, some in rows.items():
                    connection.execute(insert(table), some)
            rows = {}
    spans = [
        {
            "source": f"outlet-{number}", "url": "https://feed", "read_at": NOW,
            "first_day": (FIRST + timedelta(days=30 * month)).isoformat(),
            "last_day": (FIRST + timedelta(days=30 * month + 28)).isoformat(),
        }
        for number in range(OUTLETS)
        for month in range(24)
    ]  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(reading), spans)


def _source(number: int) -> Source:
    country = ("TW", "VN", "JP", "TW", "VN")[number % 5]
    zone = {"TW": "Asia/Taipei", "VN": "Asia/Ho_Chi_Minh", "JP": "Asia/Tokyo"}[country]
    editions = [{"id": one, "language": one, "hosts": [f"{one}.o{number}.example"]} for one in PARAGRAPHS]
    return Source.model_validate(
        {
            "id": f"outlet-{number}", "names": {"en": f"Outlet {number}"}, "home": f"https://o{number}.example/",
            "owner": {"id": f"group-{number // 3}", "name": f"Group {number // 3}"}, "country": country,
            "editions": editions, "timezone": zone, "medium": ("online", "online", "print", "tv", "agency")[number % 5],
            "relation": "owned" if number == 0 else "independent",
            "feeds": [{"url": f"https://o{number}.example/feed"}],
        }
    )  # fmt: skip


def _articles(
    corpus: Corpus, matcher: CampaignMatcher, count: int, matched: int
) -> Iterator[dict[Table, list[dict[str, Any]]]]:
    chance = random.Random(SEED)
    chosen = set(chance.sample(range(count), matched))
    first_of: dict[int, str] = {}
    for number in range(count):
        language = chance.choice(LANGUAGES)
        tag = {"zh": "zh-Hant"}.get(language, language)
        paragraphs = [
            chance.choice(corpus.paragraphs[language]) for _ in range(chance.randint(*PARAGRAPHS[language]))
        ]
        if number in chosen:
            paragraphs.insert(chance.randrange(len(paragraphs)), SAID[language])
            day = date(2014, 7, 1) + timedelta(days=int(chance.triangular(-10, 372, 95)))
        else:
            day = FIRST + timedelta(days=chance.randrange(DAYS))
            if chance.random() < 0.02:
                paragraphs.append(OTHERS[language])
        outlet = chance.randrange(OUTLETS)
        url = f"https://{language}.o{outlet}.example/{number}"
        at = datetime(day.year, day.month, day.day, chance.randrange(24), tzinfo=UTC)
        read = Article(
            url=url, canonical_url=url, title=chance.choice(corpus.titles[language]), paragraphs=tuple(paragraphs),
            lead=paragraphs[0], language=LanguageGuess(language, None, tag, 1.0),  # type: ignore[arg-type]
        )  # fmt: skip
        key = article_id(url)
        digest = content_hash(read.title, read.paragraphs)
        current = version_id(key, digest)
        story = first_of.setdefault(number if chance.random() < 0.6 else chance.randrange(number + 1), key)
        rows: dict[Table, list[dict[str, Any]]] = {
            article: [{
                "id": key, "url": url, "kind": "item", "outlet": f"outlet-{outlet}", "edition": language,
                "medium": "online", "first_seen": at, "current": current,
            }],
            version: [{
                "id": current, "article": key, "content_hash": digest, "own": True, "url": url, "title": read.title,
                "lead": read.lead, "paragraphs": paragraphs, "captions": [], "byline": "", "section": "",
                "language": language, "script": None, "tag": tag, "confidence": 1.0,
                "published": {"origin": "meta", "raw": at.isoformat(), "at": at.isoformat()}, "updated": None,
                "extractor": "generic/1", "notes": [], "first_seen": at, "last_seen": at,
            }],
            grouping: [{"article": key, "item": key, "story": story, "re_run_of": None}],
            change: [{"article": key}],
        }  # fmt: skip
        if number in chosen:
            rows |= _judged(chance, matcher, read, key, current)
        yield rows


def _judged(
    chance: random.Random, matcher: CampaignMatcher, read: Article, key: str, current: str
) -> dict[Table, list[dict[str, Any]]]:
    found = matcher.match(analyse_document(document_of(read)))
    if found is None:  # the title is about another country: excluded
        return {}
    name = chance.choice(("positive", "neutral", "negative"))
    fields = text_fields(read)
    passages = [{"field": "body", "start": 0, "end": 80, "scores": {name: 0.9}} for _ in range(5)]
    themes = chance.sample(("e-waste", "plastic-waste", "incineration", "wastewater"), 2)
    sentence = [{"source": read.title, "text": "A headline in English", "flags": []}]
    said = {"campaign": None, "value": None, "why": "read", "who": "Lin", "at": NOW, "article": key}
    decisions = []
    if chance.random() < 0.85:
        decisions.append({**said, "kind": "accept", "campaign": CAMPAIGN})
        decisions.append({**said, "kind": "origin", "value": chance.choice(("original", "agency-pick-up"))})
    return {
        match: [{
            "article": key, "campaign": CAMPAIGN, "matched": True, "fingerprint": matcher.fingerprint,
            "version": current, "prominence": found.prominence, "detail": match_to_json(found), "at": NOW,
        }],
        decision: decisions,
        tone: [{
            "version": current, "campaign": CAMPAIGN, "tone": name, "scores": {name: 0.9}, "spread": 0.1,
            "is_uncertain": chance.random() < 0.2, "passages": passages, **MADE_BY,
        }],
        topics: [{"version": current, "found": [{"topic": one, "score": 0.5} for one in themes], **MADE_BY}],
        translation: [
            {
                "version": current, "target": target, "part": "whole", "title": sentence, "lead": [sentence],
                "paragraphs": [[{"source": line, "text": line, "flags": []}] for line in fields["body"].split("\n")],
                "flags": [], "made_by": [{"model": "m", "revision": "r", "engine": "e", "label": "made up"}], "at": NOW,
            }
            for target in ("en", "zh-Hant")
        ],
    }  # fmt: skip


def timed(what: str, run: Callable[[], Any], rounds: int = 4) -> Any:
    """Run, and print the processor's milliseconds of the first round and the median of the others, and the clock's."""
    spent, passed = [], []
    for _ in range(rounds):
        begun, clock = time.process_time(), time.perf_counter()
        answer = run()
        spent.append((time.process_time() - begun) * 1000)
        passed.append((time.perf_counter() - clock) * 1000)
    again = f"{statistics.median(spent[1:]):,.0f}", f"{statistics.median(passed[1:]):,.0f}"
    print(f"| {what} | {spent[0]:,.0f} | {again[0]} | {again[1]} |", flush=True)
    return answer


def main() -> None:
    """Make the store where needed, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--matched", type=int, default=3_000)
    parser.add_argument("--data", type=Path, default=None, help="a data folder to make and to use again")
    arguments = parser.parse_args()
    shared = Path(os.environ.get("RESOUND_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (shared / "corpus").is_dir():
        raise SystemExit(f"There is no corpus at {shared} (set RESOUND_SHARED_DATA).")
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or Path(folder)
        data.mkdir(parents=True, exist_ok=True)
        store = open_store(f"sqlite:///{data / 'resound.sqlite'}")
        with store.read() as connection:
            is_empty = newest_change(connection) == 0
        if is_empty:
            corpus = Corpus(shared / "corpus")
            make_store(store, corpus, articles=arguments.articles, matched=arguments.matched)
        size = (data / "resound.sqlite").stat().st_size
        print(f"Store: {size / 1e6:,.0f} MB, {arguments.articles:,} articles.\n")
        measure(store)
        measure_pages(data)
        store.close()


def measure(store: Store) -> None:
    """What pages, reports and the API ask for."""
    from resound.coding.item import coding_figures
    from resound.coverage.campaign import Coverages, campaign_coverage
    from resound.coverage.comparators import Comparators, bring_up
    from resound.coverage.figure_cache import FigureCache
    from resound.coverage.figures import campaign_figures
    from resound.coverage.voice import measure_voice
    from resound.store.registry import load_campaign as stored_campaign

    kept, counted, comparators = Coverages(), FigureCache(), Comparators()

    def asked(what: Callable[[Any], Any]) -> Callable[[], Any]:
        def run() -> Any:
            with store.read() as connection:
                return what(connection)

        return run

    print("| what | first, CPU ms | again, CPU ms | again, ms |\n|---|--:|--:|--:|")
    figures = timed("the four counts and tables", asked(lambda one: campaign_figures(one, CAMPAIGN, now=NOW)))
    timed("what is coded", asked(lambda one: coding_figures(one, figures)))
    timed("the whole coverage", asked(lambda one: campaign_coverage(one, CAMPAIGN, now=NOW)))
    timed("the same, kept", asked(lambda one: kept.get(one, CAMPAIGN, counted, now=NOW)))
    voice = timed(
        "share of voice, never matched", asked(lambda one: measure_voice(one, figures, comparators))
    )
    with store.read() as connection:
        compared = [stored_campaign(connection, CAMPAIGN)]
    timed("the worker matches the comparators", lambda: bring_up(store, compared))
    timed("share of voice after a restart", asked(lambda one: measure_voice(one, figures, Comparators())))
    print(
        f"\n{figures.counts.items:,} items are counted of {len(figures.items):,} that match; "
        f"{voice.of:,} match the campaign or one of {len(voice.parts) - 1} comparators.\n"
    )


def measure_pages(data: Path) -> None:
    """The campaign's pages, by the application itself without a network."""
    from starlette.testclient import TestClient

    from api.app import create_app
    from resound.settings import load_settings

    app = create_app(load_settings(data=data, coder="lin", language="en"), clock=lambda: NOW)
    page = f"/campaigns/{CAMPAIGN}"
    with TestClient(app, base_url="http://127.0.0.1") as client:
        print("| page | first, CPU ms | again, CPU ms | again, ms |\n|---|--:|--:|--:|")
        answer = timed("the campaign's page", lambda: client.get(page))
        tag = answer.headers["etag"]
        timed("the same, known to the browser", lambda: client.get(page, headers={"if-none-match": tag}))
        timed("50 items behind a figure", lambda: client.get(f"{page}/items?by=language&value=vi"))
        timed("a picture", lambda: client.get(f"{page}/charts/series.svg"))
    print(f"\nThe campaign's page: {len(answer.content) / 1000:,.0f} kB.")


if __name__ == "__main__":
    main()
