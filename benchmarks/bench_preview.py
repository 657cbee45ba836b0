"""What a changed campaign would add and lose, over 20,000 articles: with a level index, by a quick look, and by the matcher alone.

    RESOUND_SHARED_DATA=../shared/data .venv/bin/python benchmarks/bench_preview.py [--articles 20000] [--campaign FILE]

The articles are `bench_search`'s: paragraphs of the corpus put together anew, one in ten with a sentence that names people
and offices of the reference campaign. The campaign is new to the store, so that every match is an addition. The matcher
alone is measured on the first 2,000 and reckoned up. While a preview runs in a thread, the wait of another thread that
asks for 2 ms of work every 20 ms is taken: that is what other requests feel.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench_search import Corpus, make_documents

from resound.article import Article, FoundDate, LanguageGuess
from resound.campaign import Campaign
from resound.definitions.previewing import preview_change
from resound.definitions.written import load_campaign, shipped_campaigns
from resound.index.sqlite import SqliteIndex
from resound.processing.matching import CampaignMatcher
from resound.query import analyse_document
from resound.searching.documents import document_of
from resound.searching.indexing import update_index
from resound.store import Store, open_store
from resound.store.articles import Placement, list_article_ids, load_articles, store_article
from resound.store.tables import grouping

TAGS = {"zh": ("zh", "Hans", "zh-Hans"), "vi": ("vi", None, "vi"), "en": ("en", None, "en")}
ALONE = 2_000


def fill(store: Store, corpus: Corpus, count: int) -> None:
    """Store the documents of the search benchmark as articles, each an item of its own."""
    rows = []
    with store.write() as connection:
        for number, one in enumerate(make_documents(corpus, count)):
            document = one.document
            language = next(key for key in TAGS if key in document.keywords["lang"])
            at = datetime.fromtimestamp(one.published, UTC)
            url = f"https://outlet-{number % 60}.example/{number}"
            read = Article(
                url=url,
                canonical_url=url,
                title=document.title,
                paragraphs=(document.lead, *document.body.split("\n")),
                language=LanguageGuess(*TAGS[language], 0.99),  # type: ignore[arg-type]
                lead=document.lead,
                published=FoundDate("json-ld", at.isoformat(), at=at),
            )
            place = Placement("item", f"host:outlet-{number % 60}.example", language, "online")
            stored = store_article(connection, read, place, seen=at)
            rows.append({"article": stored.article, "item": stored.article, "story": stored.article})
        connection.execute(grouping.insert(), rows)


def measure(name: str, work: Callable[[], int]) -> None:
    """Time one way, and how long others wait for the interpreter meanwhile."""
    waits: list[float] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.wait(0.02):
            begun = time.perf_counter()
            end = time.thread_time() + 0.002
            while time.thread_time() < end:
                pass
            waits.append(time.perf_counter() - begun)

    asker = threading.Thread(target=ask)
    asker.start()
    begun, cpu = time.perf_counter(), time.process_time()
    found = work()
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    is_over.set()
    asker.join()
    p95 = statistics.quantiles(waits, n=20)[-1] if len(waits) > 20 else max(waits, default=0)
    print(f"| {name} | {wall:.1f} | {cpu:.1f} | {p95 * 1000:.0f} | {found} |", flush=True)


def alone(store: Store, campaign: Campaign) -> int:
    """The matcher on every article."""
    matcher = CampaignMatcher(campaign)
    with store.read() as connection:
        stored = load_articles(connection, list_article_ids(connection)[:ALONE])
    return sum(
        matcher.match(analyse_document(document_of(one.article))) is not None for one in stored.values()
    )


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser()
    options.add_argument("--articles", type=int, default=20_000)
    reference = shipped_campaigns() / "apo-coe-gp-vietnam-2014.yml"
    options.add_argument("--campaign", type=Path, default=reference)
    chosen = options.parse_args()
    data = Path(os.environ.get("RESOUND_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (data / "corpus").is_dir():
        raise SystemExit(f"There is no corpus at {data} (set RESOUND_SHARED_DATA).")
    campaign = load_campaign(chosen.campaign)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/resound.sqlite")
        fill(store, Corpus(data / "corpus"), chosen.articles)
        index = SqliteIndex(Path(folder) / "index.sqlite")
        update_index(store, index)
        print("| what | seconds | of CPU | p95 of another's 2 ms, in ms | found |\n|---|---:|---:|---:|---:|")
        for name, asked in (
            ("a level index, then the matcher", index),
            ("a quick look, then the matcher", None),
        ):
            measure(
                name,
                lambda asked=asked: preview_change(store, campaign, seconds=3600, index=asked).added.total,
            )
        measure(f"the matcher alone, {ALONE:,} articles", lambda: alone(store, campaign))
        index.close()
        store.close()


if __name__ == "__main__":
    main()
