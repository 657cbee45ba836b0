"""Elasticsearch: how fast documents go in, beside the client's own helpers; how fast they are found, beside SQLite.

    RESOUND_TEST_ELASTICSEARCH=../shared/elasticsearch .venv/bin/python benchmarks/bench_elastic.py [--documents 20000]

A node is started for the run (or RESOUND_TEST_ELASTICSEARCH_URL names one). The articles are those of `bench_search`.
Writing is measured on documents that were analysed beforehand, the same ones for each way, each into an index of its own;
the ways take turns (`--rounds`), so that what else the machine does falls on all of them. "Bare" is the same query without
facets, unique counts and a total. Aim (DESIGN 9): at least 1.8 times `streaming_bulk`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from bench_search import Corpus, make_documents, make_queries  # beside this file
from elasticsearch import Elasticsearch, helpers

from resound.index.base import FACETS, IndexDocument, SearchIndex
from resound.index.elastic import ElasticIndex
from resound.index.elastic_bulk import BulkWriter, Patience
from resound.index.elastic_client import ElasticAddress, connect
from resound.index.elastic_documents import Operation, put
from resound.index.elastic_indices import Indices
from resound.index.elastic_query import compile_tree
from resound.index.sqlite import SqliteIndex
from resound.query import parse

BATCH = 4_000


def as_actions(operations: Sequence[Operation], index: str) -> Iterator[dict[str, Any]]:
    """The same documents as the helpers take them."""
    for one in operations:
        meta, source = one.lines.splitlines()
        said = json.loads(meta)["index"]
        yield {
            "_op_type": "index",
            "_index": index,
            "_id": said["_id"],
            "version": said["version"],
            "version_type": said["version_type"],
            "_source": json.loads(source),
        }


def measure_writing(address: ElasticAddress, operations: Sequence[Operation], rounds: int) -> None:
    """Documents a second of each way, the median of the rounds."""
    client = connect(address).options(request_timeout=120)
    indices = Indices(client, address.prefix)

    def ours(name: str) -> None:
        assert BulkWriter(client, address, Patience()).send(name, operations) == []

    def streaming(name: str) -> None:
        deque(helpers.streaming_bulk(client, actions(name), chunk_size=500), maxlen=0)

    def parallel(name: str) -> None:
        made = helpers.parallel_bulk(client, actions(name), thread_count=2, chunk_size=500, queue_size=2)
        deque(made, maxlen=0)

    def actions(name: str) -> list[dict[str, Any]]:
        return [{**one, "_index": name} for one in prepared]

    prepared = list(as_actions(operations, ""))
    ways: dict[str, Callable[[str], None]] = {
        "streaming_bulk": streaming,
        "parallel_bulk, 2 threads": parallel,
        "Resound": ours,
    }
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for way, write in ways.items():
            name = indices.create(())
            assert name is not None
            begun = time.perf_counter()
            write(name)
            spent = time.perf_counter() - begun
            client.indices.refresh(index=name)
            assert client.count(index=name)["count"] == len(operations)
            indices.drop(name)
            if number:  # the first round warms the machine up
                speeds[way].append(len(operations) / spent)
    base = statistics.median(speeds["streaming_bulk"])
    print("| way | documents/s | ratio | each round |")
    print("|---|--:|--:|---|")
    for way, found in speeds.items():
        median = statistics.median(found)
        print(
            f"| {way} | {median:,.0f} | {median / base:.2f} | {', '.join(f'{one:,.0f}' for one in found)} |"
        )
    client.close()


def measure_searching(ways: dict[str, Callable[[str], None]], written: dict[str, list[str]]) -> None:
    """Milliseconds, in the second of two rounds."""
    print(f"\n| query | n | {' | '.join(f'{name} p50 | p95' for name in ways)} |")
    print(f"|---|--:|{'--:|' * 2 * len(ways)}")
    for kind, queries in written.items():
        cells = []
        for ask in ways.values():
            for _ in range(2):
                times = []
                for text in queries:
                    begun = time.perf_counter()
                    ask(text)
                    times.append((time.perf_counter() - begun) * 1000)
            p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 5 else max(times)
            cells += [f"{statistics.median(times):.1f}", f"{p95:.1f}"]
        print(f"| {kind} | {len(queries)} | {' | '.join(cells)} |")


def fill(indexes: Sequence[SearchIndex], documents: Iterator[IndexDocument]) -> list[float]:
    """Seconds of each index for all of them, analysis included. Only one batch is in memory at a time."""
    spent = [0.0 for _ in indexes]
    written = 0
    while batch := list(islice(documents, BATCH)):
        written += len(batch)
        for place, index in enumerate(indexes):
            begun = time.perf_counter()
            index.write(batch, [], cursor=written)
            spent[place] += time.perf_counter() - begun
        if written % (25 * BATCH) == 0:
            print(f"{written:,} documents are in.", file=sys.stderr, flush=True)
    return spent


def start_node(folder: str) -> tuple[str, subprocess.Popen[str] | None]:
    """The address of a cluster, and the node that was started for it."""
    url = os.environ.get("RESOUND_TEST_ELASTICSEARCH_URL")
    if url:
        return url, None
    home = Path(
        os.environ.get("RESOUND_TEST_ELASTICSEARCH", Path(__file__).parents[2] / "shared" / "elasticsearch")
    )
    if not (home / "start.py").is_file():
        raise SystemExit(
            "There is no Elasticsearch: set RESOUND_TEST_ELASTICSEARCH_URL or RESOUND_TEST_ELASTICSEARCH."
        )
    command = [sys.executable, str(home / "start.py"), "--data", folder, "--http-port", "0"]
    node = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    return json.loads(node.stdout.readline())["url"], node


def bare(client: Elasticsearch, index: str) -> Callable[[str], None]:
    """Twenty hits, newest first, and nothing else."""

    def ask(text: str) -> None:
        query = {"constant_score": {"filter": compile_tree(parse(text).tree)}}
        client.search(
            index=index,
            query=query,
            sort=[{"published": "desc"}, {"id": "asc"}],
            size=20,
            track_total_hits=False,
            source_includes=["shown"],
        )

    return ask


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--written", type=int, default=10_000, help="documents of one round of writing; 0: none"
    )
    parser.add_argument("--queries", type=int, default=30, help="of each kind")
    parser.add_argument(
        "--folder", type=Path, help="keep both indexes there, and use them again where they are whole"
    )
    arguments = parser.parse_args()
    data = Path(os.environ.get("RESOUND_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (data / "corpus").is_dir():
        raise SystemExit(f"There is no corpus at {data} (set RESOUND_SHARED_DATA).")
    corpus = Corpus(data / "corpus")
    with ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        url, node = start_node(f"{folder}/node")
        address = ElasticAddress(urls=(url,), prefix="benchmark", timeout=30)
        elastic, sqlite = ElasticIndex(address), SqliteIndex(folder / "index.sqlite")
        try:
            if arguments.written:
                first = islice(make_documents(corpus, arguments.documents), arguments.written)
                measure_writing(address, [put(one) for one in first], arguments.rounds)
            indexes = (elastic, sqlite)
            if any(index.cursor() != arguments.documents for index in indexes):
                for index in indexes:
                    index.clear()
                taken = fill(indexes, make_documents(corpus, arguments.documents))
                for index, spent in zip(indexes, taken, strict=True):
                    speed = arguments.documents / spent
                    print(f"\n{index.describe()}: {speed:,.0f} documents/s, analysis included.", flush=True)
            client = connect(address)
            client.options(request_timeout=3600).indices.forcemerge(
                index="benchmark-items", max_num_segments=1
            )
            print(f"\nMerged: {elastic.describe()}")

            def asking(index: SearchIndex, *, collapse: bool = False) -> Callable[[str], None]:
                return lambda text: void(index.search(parse(text), facets=FACETS, collapse=collapse))

            ways = {
                "bare": bare(client, "benchmark-items"),
                "Elasticsearch": asking(elastic),
                "collapsed": asking(elastic, collapse=True),
                "SQLite": asking(sqlite),
            }
            written = {kind: some[: arguments.queries] for kind, some in make_queries(corpus).items()}
            measure_searching(ways, written)
            client.close()
            if arguments.folder is None:
                elastic.clear()
        finally:
            elastic.close()
            sqlite.close()
            if node is not None:
                node.terminate()
                node.wait(60)


def void(_: object) -> None:
    """Nothing is done with it."""


if __name__ == "__main__":
    main()
