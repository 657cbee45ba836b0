"""Pages a second of `crawl()` with evidence and a durable row, against a bare Scrapy spider on the same server.

    .venv/bin/python benchmarks/bench_crawl.py [--pages 1200] [--hosts 24] [--rounds 3]

Both read the same pages of 100 kB (invented text, a tenth of it markup) from one loopback server in a process of its
own; the bare spider has Scrapy's defaults but `CONCURRENT_ITEMS=4`, and stores nothing. The rounds alternate.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

BYTES = 100_000
WORDS = [f"word{number}" for number in range(4_000)] + list("綠耕隊赴胡志明市舉辦社會工作坊資源循環")


def make_page(number: int) -> bytes:
    """A page of about 100 kB, text and markup in turns; it packs to a quarter, as saved news pages do."""
    dice = random.Random(number)
    parts = [f"<html><head><title>Story {number}</title></head><body>"]
    size = 0
    while size < BYTES:
        text = " ".join(dice.choices(WORDS, k=12))
        parts.append(
            f'<li class="related-item item-{dice.randrange(40)}"><a href="/category/news/{dice.randrange(10**6)}" '
            f'data-tracking="related-news" class="headline-link">{text}</a></li>\n'
        )
        size += len(parts[-1].encode())
    return "".join([*parts, "</body></html>"]).encode()


def serve(pipe: Connection, pages: int, hosts: int) -> None:
    """A server that does nothing but answer."""
    bodies = [make_page(number) for number in range(20)]

    def answer(path: str, host: str) -> bytes:
        if path.startswith("/rss.xml"):
            here = range(pages // hosts)
            items = "".join(f"<item><title>T{n}</title><link>http://{host}/a/{n}</link></item>" for n in here)
            return f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()
        return bodies[int(path.rpartition("/")[2]) % len(bodies)]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                path = lines[0].split()[1]
                host = next(line[6:] for line in lines if line.lower().startswith("host: "))
                missing = path == "/robots.txt"
                body = b"" if missing else answer(path, host)
                kind = "text/xml" if path.startswith("/rss") else "text/html; charset=utf-8"
                writer.write(
                    f"HTTP/1.1 {'404 Not Found' if missing else '200 OK'}\r\nContent-Type: {kind}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side has what it wanted
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def bare(port: int, pages: int, pipe: Connection) -> None:
    """A plain spider: reads the feeds, fetches every page, keeps nothing."""
    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess

    times: list[float] = []

    class Bare(scrapy.Spider):
        name = "bare"

        async def start(self) -> Any:
            times.append(time.monotonic())
            for number in range(pages):
                yield scrapy.Request(f"http://127.0.0.1:{port}/a/{number}")

        def parse(self, response: Any) -> Any:
            yield {"url": response.url, "size": len(response.body)}

    process = AsyncCrawlerProcess(
        {"CONCURRENT_ITEMS": 4, "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False}
    )
    process.crawl(Bare)
    process.start()
    pipe.send(time.monotonic() - times[0])


def ours(port: int, pages: int, hosts: int, folder: Path) -> float:
    """Seconds from the first page's arrival to the return of `crawl()`; starting is not counted on either side."""
    from crawlers.guard import FetchRules
    from crawlers.run import crawl
    from resound.store import open_store
    from resound.store.captures import list_captures
    from resound.store.frontier import set_channels

    store = open_store(f"sqlite:///{folder}/resound.sqlite")
    with store.write() as connection:
        for number in range(hosts):
            set_channels(connection, f"outlet{number}", [f"http://outlet{number}.example/rss.xml"])
    rules = FetchRules("Resound/bench", "b@resound.example", (f"*.example=127.0.0.1:{port}",), delay_s=0.0)
    report = crawl(
        store,
        folder / "evidence",
        rules,
        sources=None,
        since=None,
        until=None,
        now=lambda: datetime.now(UTC),
        progress=None,
    )
    ended = datetime.now(UTC)
    with store.read() as connection:
        first = list_captures(connection)[0].fetched_at
    store.close()
    if report.pages_stored != pages:
        raise RuntimeError(f"{report.pages_stored} of {pages} pages were stored: {report}")
    return (ended - first).total_seconds()


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--pages", type=int, default=1200)
    options.add_argument("--hosts", type=int, default=24)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only-ours", action="store_true")
    given = options.parse_args()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there, given.pages, given.hosts), daemon=True)
    server.start()
    port = here.recv()
    plain, kept = [], []
    for _ in range(given.rounds):
        if not given.only_ours:
            mine, theirs = context.Pipe()
            child = context.Process(target=bare, args=(port, given.pages, theirs))
            child.start()
            plain.append(given.pages / mine.recv())
            child.join()
        with tempfile.TemporaryDirectory() as folder:
            kept.append(given.pages / ours(port, given.pages, given.hosts, Path(folder)))
    server.terminate()
    print("| what | pages/s (median) | rounds |")
    print("|---|---:|---|")
    for name, rates in (("bare Scrapy spider", plain), ("crawl() with evidence and row", kept)):
        if rates:
            print(
                f"| {name} | {statistics.median(rates):.0f} | {', '.join(f'{rate:.0f}' for rate in rates)} |"
            )
    if plain:
        print(f"| ratio | {statistics.median(kept) / statistics.median(plain):.2f} | |")


if __name__ == "__main__":
    main()
