"""The embedded index at 100,000 articles: writing and searching.

    RESOUND_SHARED_DATA=../shared/data .venv/bin/python benchmarks/bench_search.py [--documents 100000] [--index FILE]

The articles are the corpus's paragraphs put together anew (seeded): Chinese, Vietnamese and English of the usual
length, from 60 outlets over twelve years; one in ten carries a campaign, topics and a tone. An index that is already at
FILE and holds that many documents is used again. Every search asks for 20 hits and, as the command line does, for all
facets, and counts stories and outlets. Aim (DESIGN 9): p95 below 50 ms for a term, a phrase and a filtered boolean with facets.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from resound.index.base import FACETS, IndexDocument, Order, Period
from resound.index.sqlite import SqliteIndex
from resound.query import Document, Query, parse
from resound.text import analyse

SEED = 2014
BATCH = 500
QUERIES = 60
RUNS: tuple[tuple[Order, bool, Period | None], ...] = (
    ("newest", False, None),
    ("newest", False, "month"),
    ("relevance", False, None),
    ("relevance", True, None),
)
"""Order, whether a story shows once, and what is counted over time."""
PARAGRAPHS = {"zh": (2, 4), "vi": (1, 3), "en": (3, 7)}
LANGUAGES = ("zh", "zh", "zh", "vi", "vi", "vi", "en", "en")
COUNTRY = {"zh": "TW", "vi": "VN", "en": "VN"}
NAMES = {
    "zh": "資源循環綠耕隊的吳貴越與STAMEQ代表會談。",
    "vi": "Ông Ngô Quý Việt của STAMEQ nói về rác thải điện tử.",
    "en": "Ngo Quy Viet of STAMEQ spoke about e-waste and EPR.",
}


class Corpus:
    """Paragraphs and titles of each language."""

    def __init__(self, folder: Path) -> None:
        self.titles: dict[str, list[str]] = {}
        self.paragraphs: dict[str, list[str]] = {}
        for language in PARAGRAPHS:
            with gzip.open(folder / f"{language}.jsonl.gz", "rt", encoding="utf-8") as lines:
                read = [json.loads(line) for line in lines]
            self.titles[language] = [one["title"] for one in read]
            self.paragraphs[language] = [p for one in read for p in one["text"].split("\n") if p.strip()]


def make_documents(corpus: Corpus, count: int) -> Iterator[IndexDocument]:
    """Always the same ones for the same count."""
    chance = random.Random(SEED)
    first = date(2012, 1, 1)
    for number in range(count):
        language = chance.choice(LANGUAGES)
        paragraphs = [
            chance.choice(corpus.paragraphs[language]) for _ in range(chance.randint(*PARAGRAPHS[language]))
        ]
        outlet = chance.randrange(60)
        keywords = {
            "lang": frozenset({language} | ({"zh-Hans"} if language == "zh" else set())),
            "country": frozenset({COUNTRY[language]}),
            "outlet": frozenset({f"outlet-{language}-{outlet}"}),
            "group": frozenset({f"group-{outlet // 4}"}),
            "type": frozenset({("online", "online", "print", "tv", "agency")[outlet % 5]}),
        }
        if chance.random() < 0.1:
            paragraphs.insert(chance.randrange(len(paragraphs) + 1), NAMES[language])
            keywords["campaign"] = frozenset({f"campaign-{chance.randrange(6)}"})
            keywords["topic"] = frozenset(f"topic-{chance.randrange(12)}" for _ in range(2))
            keywords["tone"] = frozenset({chance.choice(("positive", "neutral", "negative"))})
            keywords["origin"] = frozenset({chance.choice(("original", "agency", "release"))})
        day = first + timedelta(days=chance.randrange(12 * 365))
        moment = datetime(
            day.year, day.month, day.day, chance.randrange(24), chance.randrange(60), tzinfo=UTC
        )
        yield IndexDocument(
            id=f"{chance.getrandbits(64):016x}",
            seq=number,
            document=Document(
                title=chance.choice(corpus.titles[language]),
                lead=paragraphs[0],
                body="\n".join(paragraphs[1:]),
                keywords=keywords,
                date=day,
            ),
            published=int(moment.timestamp()),
            story=f"story-{number // 3}",
            shown={
                "url": f"https://outlet-{outlet}.example/{number}",
                "outlet": f"outlet-{language}-{outlet}",
                "outlet_name": f"Outlet {outlet}",
                "language": language,
                "day": day.isoformat(),
                "doubt": "",
                "medium": "online",
            },
        )


def make_queries(corpus: Corpus) -> dict[str, list[str]]:
    """Words and phrases as they stand in the corpus: what occurs often is asked for often."""
    chance = random.Random(SEED + 1)
    phrases: dict[str, list[str]] = {language: [] for language in PARAGRAPHS}
    words: dict[str, list[str]] = {language: [] for language in PARAGRAPHS}
    characters: list[str] = []
    for language, paragraphs in corpus.paragraphs.items():
        for _ in range(400):
            text = chance.choice(paragraphs)
            tokens = analyse(text)
            if len(tokens) < 12:
                continue
            at = chance.randrange(len(tokens) - 8)
            length = chance.randint(2, 4)
            phrases[language].append(text[tokens[at].start : tokens[at + length - 1].end])
            word = text[tokens[at].start : tokens[at].end]
            if language == "zh":
                characters.append(word)
                word = text[tokens[at].start : tokens[at + 1].end]  # a Chinese word is mostly two characters
            if len(word) > 1 and word.isalpha():
                words[language].append(word)
    mixed = [words[language][number] for number in range(QUERIES) for language in PARAGRAPHS]
    chance.shuffle(mixed)
    long = [word for word in mixed if word.isascii() and len(word) > 3]

    def pick(language: str) -> str:
        return chance.choice(words[language])

    def filtered() -> str:
        language = chance.choice(LANGUAGES)
        year = chance.randrange(2012, 2020)
        one, other = (" OR ".join(pick(language) for _ in range(count)) for count in (2, 4))
        return (
            f"({one}) AND ({other}) NOT {pick(language)} lang:{language} date:{year}-03-01..{year + 4}-09-30"
        )

    return {
        "term": [f"{one}".lower() for one in mixed[:QUERIES]],
        "phrase": [
            f'"{_bare(one)}"' for one in (phrases["zh"] + phrases["vi"] + phrases["en"])[:: 1200 // QUERIES]
        ],
        "NEAR": ['"Ngô Quý Việt" NEAR/5 STAMEQ', "綠耕隊 NEAR/8 STAMEQ"]
        + [
            f"{pick(language)} NEAR/{chance.randint(2, 12)} {pick(language)}"
            for language in PARAGRAPHS
            for _ in range(QUERIES // 3)
        ],
        "prefix": [f"{word[: chance.randint(3, 5)]}*" for word in long[:QUERIES]],
        "filtered boolean": [filtered() for _ in range(QUERIES)],
        "single Han character": characters[:QUERIES],
        "all, by keyword": [f"lang:{language} type:online" for language in PARAGRAPHS],
    }


def _bare(phrase: str) -> str:
    return "".join(char if char.isalnum() else " " for char in phrase)


def measure(
    index: SqliteIndex, queries: list[Query], order: Order, *, collapse: bool, histogram: Period | None
) -> tuple[list[float], list[int]]:
    """Milliseconds and totals of each query, in the second of two rounds (the first one warms the page cache)."""
    for _ in range(2):
        times, totals = [], []
        for query in queries:
            begun = time.perf_counter()
            found = index.search(
                query, order=order, limit=20, facets=FACETS, collapse=collapse, histogram=histogram
            )
            times.append((time.perf_counter() - begun) * 1000)
            totals.append(found.total)
    return times, totals


def build(index: SqliteIndex, corpus: Corpus, count: int, say: Callable[[str], None]) -> None:
    """Write them all in batches, as the pipeline does."""
    spent = 0.0
    batch: list[IndexDocument] = []
    for number, document in enumerate(make_documents(corpus, count), 1):
        batch.append(document)
        if len(batch) == BATCH or number == count:
            begun = time.perf_counter()
            index.write(batch, [], cursor=number)
            spent += time.perf_counter() - begun
            batch = []
    say(
        f"{count:,} documents written in {spent:.0f} s: {count / spent:,.0f} documents/s, analysis included.\n"
    )


def main() -> None:
    """Build where needed, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--index", type=Path, default=None)
    arguments = parser.parse_args()
    data = Path(os.environ.get("RESOUND_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (data / "corpus").is_dir():
        raise SystemExit(f"There is no corpus at {data} (set RESOUND_SHARED_DATA).")
    corpus = Corpus(data / "corpus")
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.index or Path(folder) / "index.sqlite"
        index = SqliteIndex(path)
        if index.count() != arguments.documents:
            index.clear()
            build(index, corpus, arguments.documents, print)
        index.close()
        index = SqliteIndex(path)
        print(f"Index: {path.stat().st_size / 1e6:,.0f} MB for {index.count():,} documents.\n")
        print("| query | order | n | hits (median) | p50 ms | p95 ms | worst ms |")
        print("|---|---|--:|--:|--:|--:|--:|")
        for kind, written in make_queries(corpus).items():
            queries = [parse(one) for one in written]
            for order, collapse, histogram in RUNS:
                times, totals = measure(index, queries, order, collapse=collapse, histogram=histogram)
                said = f"{order}{', by story' if collapse else ''}{f', {histogram}s' if histogram else ''}"
                p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 5 else max(times)
                print(
                    f"| {kind} | {said} | {len(times)} | {statistics.median(totals):,.0f} "
                    f"| {statistics.median(times):.1f} | {p95:.1f} | {max(times):.1f} |"
                )
        index.close()


if __name__ == "__main__":
    main()
