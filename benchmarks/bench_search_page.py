"""The search page over 100,000 articles, served on loopback: against the search call alone and against a bare page.

    RESOUND_SHARED_DATA=../shared/data .venv/bin/python benchmarks/bench_search_page.py [--documents 100000] [--folder FOLDER]

The articles and queries are those of `bench_search.py`; the server runs in a process of its own, as `resound serve` does.
First one visitor asks for one page after another, then 20 at once. The search call alone is `SqliteIndex.search` with what
the page needs of it (20 hits, all facets, months), in this process; the bare page is FastAPI answering “hello”.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from bench_search import BATCH, Corpus, make_documents, make_queries

from resound.index.base import FACETS, IndexDocument
from resound.index.sqlite import SqliteIndex
from resound.query import parse

USERS = 20
KINDS = ("term", "phrase", "filtered boolean", "single Han character")
SERVER = """
import json, socket, sys, uvicorn
from pathlib import Path
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else Nagle waits 40 ms
listener.bind(("127.0.0.1", 0))
listener.listen(128)
if sys.argv[1]:
    from api.app import create_app
    from api.safety import LIMITS
    from limits import parse
    from resound.settings import load_settings
    LIMITS["search"] = parse("1000000/minute")  # one visitor stands for many here
    app = create_app(load_settings(data=Path(sys.argv[1]), language="en"), is_local=True)
else:
    from fastapi import FastAPI
    app = FastAPI()
    app.get("/")(lambda: "hello")
print(json.dumps(listener.getsockname()[1]), flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
"""


@contextmanager
def served(data: str) -> Iterator[str]:
    """The address of a server over a data folder, or of the bare page."""
    with subprocess.Popen([sys.executable, "-c", SERVER, data], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


async def ask(address: str, queries: Sequence[str], users: int) -> tuple[list[float], list[int]]:
    """Milliseconds and bytes on the wire of each page, asked for by so many users at once."""
    waiting = list(queries)
    times: list[float] = []
    sizes: list[int] = []

    async def one_user(client: httpx.AsyncClient) -> None:
        while waiting:
            query = waiting.pop()
            begun = time.perf_counter()
            answer = await client.get("/", params={"q": query})
            times.append((time.perf_counter() - begun) * 1000)
            answer.raise_for_status()
            sizes.append(answer.num_bytes_downloaded)

    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        await asyncio.gather(*(one_user(client) for _ in range(users)))
    return times, sizes


def call(index: SqliteIndex, queries: Sequence[str]) -> list[float]:
    """Milliseconds of each search call."""
    times = []
    for query in queries:
        begun = time.perf_counter()
        index.search(parse(query), limit=20, facets=FACETS, histogram="month")
        times.append((time.perf_counter() - begun) * 1000)
    return times


def row(name: str, times: Sequence[float], more: str = "") -> None:
    """One line of the table."""
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"| {name} | {len(times)} | {statistics.median(times):.1f} | {p95:.1f} | {max(times):.1f} | {more} |"
    )


def build(path: Path, corpus: Corpus, count: int) -> None:
    """The index of so many articles, where it is not there yet. Cursor 0: it belongs to a store without changes."""
    index = SqliteIndex(path)
    if index.count() != count:
        index.clear()
        batch: list[IndexDocument] = []
        for number, document in enumerate(make_documents(corpus, count), 1):
            batch.append(document)
            if len(batch) == BATCH or number == count:
                index.write(batch, [], cursor=0)
                batch = []
    index.close()


def main() -> None:
    """Build where needed, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    shared = Path(os.environ.get("RESOUND_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (shared / "corpus").is_dir():
        raise SystemExit(f"There is no corpus at {shared} (set RESOUND_SHARED_DATA).")
    corpus = Corpus(shared / "corpus")
    made = make_queries(corpus)
    queries = [query for kind in KINDS for query in made[kind]]
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.folder or Path(folder)
        data.mkdir(parents=True, exist_ok=True)
        build(data / "index.sqlite", corpus, arguments.documents)
        index = SqliteIndex(data / "index.sqlite")
        call(index, queries)
        print("| what | n | p50 ms | p95 ms | worst ms | |")
        print("|---|--:|--:|--:|--:|---|")
        row("search call alone", call(index, queries))
        index.close()
        for name, place in (("bare page", ""), ("search page", str(data))):
            with served(place) as address:
                asyncio.run(ask(address, queries, 1))
                for users in (1, USERS):
                    begun = time.perf_counter()
                    times, sizes = asyncio.run(ask(address, queries, users))
                    rate = len(times) / (time.perf_counter() - begun)
                    more = f"{rate:.0f} pages/s, {statistics.median(sizes) / 1000:.0f} kB"
                    row(f"{name}, {users} at once", times, more)


if __name__ == "__main__":
    main()
