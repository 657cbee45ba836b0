"""Extraction: what is read from each saved real page, F1 against the given texts, and pages a second on one core.

    .venv/bin/python benchmarks/bench_extraction.py [--rounds 3] [--data ../shared/data]

Prints Markdown. Trafilatura (`bare_extraction`, with metadata) and readability read the same bytes in the same process.
The `.json` texts beside some pages are another tool's output: the one of its versions that is nearest is compared with.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import os
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from crawlers.extract import extract
from crawlers.extract.blocks import read_blocks
from nlp.language import detect_language
from resound.article import Article, RawPage
from resound.errors import ExtractError

ZONES = {"en": "UTC", "vi": "Asia/Ho_Chi_Minh", "zh-Hans": "Asia/Shanghai", "zh-Hant": "Asia/Taipei"}
# Site rules are found by address; the saved pages do not keep theirs.
HOSTS = {"ltn": "news.ltn.com.tw", "udn": "udn.com", "cna": "www.cna.com.tw", "VnExpress": "vnexpress.net"}


@dataclass(frozen=True)
class Saved:
    name: str
    language: str
    body: bytes
    texts: tuple[str, ...]


def main() -> None:
    default = os.environ.get("RESOUND_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    pages = list(load(options.data / "pages"))
    if not pages:
        parser.error(f"no pages under {options.data}")
    print_pages(pages)
    print_f1(pages)
    print_speed(pages, options.rounds)


def load(folder: Path) -> Iterator[Saved]:
    for path in sorted(folder.glob("*/*.html.gz")):
        stem = path.name.removesuffix(".html.gz")
        texts: tuple[str, ...] = ()
        beside = path.with_name(f"{stem}.txt")
        other = path.with_name(re.sub(r"_20\d\d_.*", "", stem) + ".json")
        if beside.is_file():
            texts = (beside.read_text(encoding="utf-8"),)
        elif other.is_file():
            texts = tuple(_texts_of(json.loads(other.read_text(encoding="utf-8"))))
        yield Saved(f"{path.parent.name}/{stem}", path.parent.name, gzip.decompress(path.read_bytes()), texts)


def _texts_of(versions: dict[str, dict[str, dict[str, list]]]) -> Iterator[str]:
    for version in versions.values():
        body = version.get("body")
        if body:
            parts = [*body["summary"]]
            for section in body["sections"]:
                parts += [*section["headline"], *section["paragraphs"]]
            yield "\n".join(parts)


def ours(page: Saved) -> Article | None:
    host = next((host for word, host in HOSTS.items() if word in page.name), "news.example")
    url = f"https://{host}/a/b"
    raw = RawPage(url, url, 200, {}, page.body, datetime.now(UTC))
    try:
        return extract(raw, zone=ZoneInfo(ZONES[page.language]), prior_language=None, detect=detect_language)
    except ExtractError:
        return None


def trafilatura(page: Saved) -> tuple[str, str, str]:
    from trafilatura import bare_extraction

    found = bare_extraction(page.body, with_metadata=True, include_comments=False)
    return (found.text or "", found.title or "", found.date or "") if found is not None else ("", "", "")


def readability(page: Saved) -> str:
    from readability import Document
    from selectolax.lexbor import LexborHTMLParser

    summary = Document(page.body.decode("utf-8", "replace")).summary(html_partial=True)
    return "\n".join(block.text for block in read_blocks(LexborHTMLParser(summary)).blocks)


def print_pages(pages: list[Saved]) -> None:
    print(
        "| page | title found | characters | captions | byline | published (from) | extractor | trafilatura: characters, date |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for page in pages:
        article, other = ours(page), trafilatura(page)
        theirs = f"{len(other[0])}, {other[2]}"
        if article is None:
            print(f"| {page.name} | - | 0 | | | | refused | {theirs} |")
            continue
        found = article.published
        when = "-"
        if found is not None:
            value = found.day or (found.at.isoformat(timespec="minutes") if found.at else "")
            when = f"{value} ({found.origin}{', ' + found.suspect if found.suspect else ''})"
        print(
            f"| {page.name} | {article.title[:40].replace('|', '/')} | {len(article.text)} | {len(article.captions)}"
            f" | {article.byline[:30]} | {when} | {article.extractor} | {theirs} |"
        )
    print()


def print_f1(pages: list[Saved]) -> None:
    print("| page (reference) | Resound | trafilatura | readability |")
    print("|---|---|---|---|")
    rows = []
    for page in pages:
        if not page.texts:
            continue
        article = ours(page)
        texts = (article.text if article else "", trafilatura(page)[0], readability(page))
        if article is not None and max(f1(article.text, text) for text in page.texts) < 0.3:
            continue  # the other tool's output is of another article
        rows.append([max(f1(text, given) for given in page.texts) for text in texts])
        print(f"| {page.name} | " + " | ".join(f"{value:.3f}" for value in rows[-1]) + " |")
    print(
        "| **mean** | "
        + " | ".join(f"**{statistics.mean(row[n] for row in rows):.3f}**" for n in range(3))
        + " |\n"
    )


def f1(one: str, two: str) -> float:
    """Over tokens with their counts: words, and single Han characters."""
    first, second = (
        Counter(re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", text.lower())) for text in (one, two)
    )
    together = first.total() + second.total()
    return 2 * (first & second).total() / together if together else 1.0


def print_speed(pages: list[Saved], rounds: int) -> None:
    size = sum(len(page.body) for page in pages) / len(pages) / 1000
    print(
        f"Pages a second on one core, {len(pages)} pages of {size:.0f} kB, best of {rounds} rounds, warm:\n"
    )
    print("| what | ms a page | pages/s | of trafilatura's time |")
    print("|---|---|---|---|")
    readers: dict[str, Callable[[Saved], object]] = {
        "trafilatura with metadata": trafilatura,
        "readability": readability,
        "Resound (language, dates, all fields)": ours,
    }
    base = 0.0
    for name, read in readers.items():
        best = min(_seconds(read, pages) for _ in range(rounds + 1)) / len(pages)
        base = base or best
        print(f"| {name} | {best * 1000:.1f} | {1 / best:.0f} | {best / base:.2f} |")


def _seconds(read: Callable[[Saved], object], pages: list[Saved]) -> float:
    start = time.process_time()
    for page in pages:
        read(page)
    return time.process_time() - start


if __name__ == "__main__":
    main()
