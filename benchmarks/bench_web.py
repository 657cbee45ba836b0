"""Each page at 100,000 articles with 20 people at once: p50, p95 and what the first view weighs.

    RESOUND_SHARED_DATA=../shared/data .venv/bin/python benchmarks/bench_web.py [--articles 100000] [--folder FOLDER]

The store is made by `big_store.py`; one that is already in FOLDER is used again. A real uvicorn process serves it on
loopback, as `resound serve` does, but for the bounds on how often one person may ask; a second one serves a bare FastAPI
page that says hello. Twenty users ask for one page after the other, each with a connection of its own, as fast as they are
answered. Beside them: the search alone, in this process, one at a time. Weights are bytes as transferred with gzip, of the
page and everything that it loads but charts (aim: below 200 kB).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import quote, urljoin

import httpx
from bench_search import SEED, Corpus, make_queries
from big_store import CAMPAIGNS, build_store, find_corpus

QUERIES = 40
"""Different searches and articles are asked for in turn, so that no answer is always the one before."""
# href="/static/resound.css?v=…", src="…"
_LOADED = re.compile(r'<(?:link|script|img)\b[^>]*?(?:href|src)="(?P<url>[^"]+)"')
_CHARTS = re.compile(r"vega|charts?/")


@dataclass(frozen=True, slots=True)
class Page:
    """A page under the addresses by which it is asked for."""

    name: str
    paths: Sequence[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of each answer, and how many came in a second."""

    times: Sequence[float]
    rate: float

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """What one in twenty takes longer than."""
        return statistics.quantiles(self.times, n=20)[-1]


def list_pages(corpus: Corpus, articles: Sequence[str]) -> list[Page]:
    """Every page that has its own work to do."""
    chance = random.Random(SEED)
    queries = make_queries(corpus)
    terms, booleans = queries["term"][:QUERIES], queries["filtered boolean"][:QUERIES]
    keys = chance.sample(list(articles), min(QUERIES, len(articles)))
    campaigns = [f"campaign-{number}" for number in range(CAMPAIGNS)]
    return [
        Page("search: nothing asked", ["/"]),
        Page("search: a term", [f"/?q={quote(one)}" for one in terms]),
        Page("search: a filtered boolean", [f"/?q={quote(one)}" for one in booleans]),
        Page("search: API", [f"/api/v1/search?q={quote(one)}" for one in terms]),
        Page("article", [f"/articles/{one}" for one in keys]),
        Page("article: versions", [f"/articles/{one}/changes" for one in keys]),
        Page("campaigns", ["/campaigns"]),
        Page("campaign", [f"/campaigns/{one}" for one in campaigns]),
        Page("campaign: items", [f"/campaigns/{one}/items" for one in campaigns]),
        Page("campaign: stories", [f"/campaigns/{one}/stories" for one in campaigns]),
        Page("campaign: editor", [f"/campaigns/{one}/edit" for one in campaigns]),
        Page("review queue", [f"/review/{one}" for one in campaigns]),
        Page("add a clip", ["/clips/new"]),
        Page("sources", ["/sources"]),
        Page("source", [f"/sources/outlet-zh-{number}" for number in range(10)]),
        Page("people", ["/people"]),
        Page("system", ["/system"]),
        Page("quarantine", ["/system/quarantine", "/system/quarantine?stage=extract&reason=timeout"]),
        Page("API: search", [f"/api/v1/search?q={quote(one)}" for one in terms]),
        Page("API: counts", [f"/api/v1/campaigns/{one}/counts" for one in campaigns]),
        Page("API: items", [f"/api/v1/campaigns/{one}/items" for one in campaigns]),
        Page("API: an item", [f"/api/v1/items/{one}" for one in keys]),
        Page("API: sources", ["/api/v1/sources"]),
        Page("API: status", ["/api/v1/status"]),
    ]


async def measure(address: str, paths: Sequence[str], *, users: int, seconds: float) -> Measured:
    """Everybody asks again as soon as they are answered. Raises where an answer is no answer."""
    times: list[float] = []
    ends = time.perf_counter() + seconds

    async def one_user(number: int) -> None:
        async with httpx.AsyncClient(base_url=address, timeout=120) as client:
            at = number
            while time.perf_counter() < ends:
                begun = time.perf_counter()
                answer = await client.get(paths[at % len(paths)])
                times.append((time.perf_counter() - begun) * 1000)
                answer.raise_for_status()
                at += users

    begun = time.perf_counter()
    await asyncio.gather(*(one_user(number) for number in range(users)))
    return Measured(times, len(times) / (time.perf_counter() - begun))


def weigh(address: str, path: str) -> tuple[int, int]:
    """(bytes of the page, bytes of the page and everything it loads but charts), as transferred."""
    with httpx.Client(base_url=address, timeout=120, headers={"accept-encoding": "gzip"}) as client:
        page = client.get(path)
        found = {urljoin(path, unescape(one["url"])) for one in _LOADED.finditer(page.text)}
        loaded = [client.get(one) for one in sorted(found) if not _CHARTS.search(one)]
    own = page.num_bytes_downloaded
    return own, own + sum(one.num_bytes_downloaded for one in loaded)


def time_search(folder: Path, queries: Sequence[str]) -> Measured:
    """The search alone: one at a time, in the second of two rounds."""
    from resound.index.sqlite import SqliteIndex
    from resound.searching.search import search

    index = SqliteIndex(folder / "index.sqlite")
    for _ in range(2):
        times = []
        for one in queries:
            begun = time.perf_counter()
            search(index, one)
            times.append((time.perf_counter() - begun) * 1000)
    index.close()
    return Measured(times, 1000 / statistics.mean(times))


def some_articles(folder: Path) -> list[str]:
    """Articles of campaigns, which have everything that a page can show."""
    from sqlalchemy import select

    from resound.store import open_store
    from resound.store.tables import match

    store = open_store(f"sqlite:///{folder / 'resound.sqlite'}")
    with store.read() as connection:
        found = list(
            connection.execute(select(match.c.article).order_by(match.c.article).limit(500)).scalars()
        )
    store.close()
    return found


@contextmanager
def served(*words: str) -> Iterator[str]:
    """This script as a server on a free port, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, __file__, *words, "--port", str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise SystemExit("the server ended by itself")
            try:
                httpx.get(f"{address}/healthz", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def serve(folder: Path | None, port: int, at_once: int | None) -> None:
    """Resound over a folder, without its bounds on how often one person may ask; or, without a folder, hello."""
    import uvicorn
    from fastapi import FastAPI
    from limits import parse
    from starlette.responses import HTMLResponse

    if folder is None:
        app = FastAPI()

        @app.get("/healthz")
        @app.get("/", response_class=HTMLResponse)
        def hello() -> str:
            return "<!doctype html><html lang=en><title>Hello</title><h1>Hello</h1></html>"

    else:
        import api.app
        from api.app import create_app
        from api.safety import LIMITS
        from resound.settings import load_settings

        api.app.AT_ONCE = at_once or api.app.AT_ONCE

        for kind in LIMITS:
            LIMITS[kind] = parse("100000000/minute")  # type: ignore[index]
        app = create_app(load_settings(data=folder, coder="bench", language="en"), is_local=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


def report(folder: Path, corpus: Corpus, *, users: int, seconds: float, more: Sequence[str]) -> None:
    """Measure and print."""
    queries = make_queries(corpus)
    with served("--hello") as address:
        hello = asyncio.run(measure(address, ["/"], users=users, seconds=seconds))
    alone = {kind: time_search(folder, queries[kind][:QUERIES]) for kind in ("term", "filtered boolean")}
    print(
        f"\n{users} users:\n\n| page | answers/s | p50 ms | p95 ms | of hello's p50 | one user: p50 ms | p95 ms | page kB | first view kB |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    print(f"| a bare FastAPI page | {hello.rate:,.0f} | {hello.p50:.0f} | {hello.p95:.0f} | 1 | | | | |")
    with served("--serve", str(folder), *more) as address:
        for page in list_pages(corpus, some_articles(folder)):
            status = httpx.get(f"{address}{page.paths[0]}", timeout=120).status_code
            if status != 200:
                print(f"| {page.name} | {page.paths[0].partition('?')[0]} answers {status} | | | | | | | |")
                continue
            found = asyncio.run(measure(address, page.paths, users=users, seconds=seconds))
            single = asyncio.run(measure(address, page.paths, users=1, seconds=seconds / 2))
            own, whole = weigh(address, page.paths[0])
            is_api = page.paths[0].startswith("/api/")
            print(
                f"| {page.name} | {found.rate:,.0f} | {found.p50:.0f} | {found.p95:.0f} | {found.p50 / hello.p50:.1f} "
                f"| {single.p50:.0f} | {single.p95:.0f} "
                f"| {own / 1000:.1f} | {'' if is_api else f'{whole / 1000:.0f}'} |",
                flush=True,
            )
    for kind, one in alone.items():
        print(
            f"| the search alone, one at a time: {kind} | {one.rate:,.0f} | | | | {one.p50:.0f} | {one.p95:.0f} | | |"
        )


def main() -> None:
    """Build where needed, measure, print; or serve for another process of this script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="Where store and index are made, and found again.")
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=8.0, help="For each page.")
    parser.add_argument(
        "--at-once", type=int, help="Answers that are worked on at a time. [default: the product's]"
    )
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--hello", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.hello or arguments.serve:
        serve(arguments.serve, arguments.port, arguments.at_once)
        return
    corpus = find_corpus()
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.folder or Path(made)
        build_store(folder, corpus, arguments.articles, print)
        more = [] if arguments.at_once is None else ["--at-once", str(arguments.at_once)]
        report(folder, corpus, users=arguments.users, seconds=arguments.seconds, more=more)


if __name__ == "__main__":
    sys.path.insert(0, os.fspath(Path(__file__).parents[1]))
    main()
