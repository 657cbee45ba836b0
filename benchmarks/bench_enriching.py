"""The models' stages from the queue to the store: articles an hour, and memory over many articles.

    .venv/bin/python benchmarks/bench_enriching.py [--articles 120]           # models of the real sizes, random weights
    .venv/bin/python benchmarks/bench_enriching.py --articles 5000 --small    # small models: is memory flat?

Each article has 20 real sentences and matches a campaign; it is translated (headline, then whole), judged, tagged and
compared with other languages; beam 2, the default. Random weights never end a sentence: all are stopped at a usual length,
and what looks like a loop is asked twice (the share is printed). Needs torch and RESOUND_SHARED_DATA.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench_models import POSITIONS, read_sentences, resized
from sqlalchemy import select

from demo import making
from nlp.converting import _to_ctranslate2, _to_onnx
from nlp.lockfile import Locked, hash_files, write_lock
from resound.article import Article, FoundDate, LanguageGuess
from resound.definitions.applying import apply_definitions
from resound.definitions.written import load_path
from resound.outcome import Stage
from resound.pipeline import process_pending
from resound.processing.modelling import ModelSetup, ModelWorker
from resound.processing.reading import PageReader
from resound.store import Store, open_store, work
from resound.store.articles import Placement, store_article
from resound.store.tables import sentence

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CAMPAIGN = """
id: bench
name: { en: Bench }
window: { first: 2014-09-01, last: 2014-12-31 }
names: [{ id: green-team, forms: { zh-Hant: [綠耕隊] } }]
"""
PROFILE = """
bench:
  label: random weights
  thresholds: { topic: 0.9, candidate: 0.97, sentence: 0.97 }
  models:
    - { id: zh-en, task: translation, hub: bench/zh-en, architecture: MarianMTModel, licence: none, languages: [zh, en],
        directions: [{ source: zh, target: en }], download_mb: 1, memory_mb: 1 }
    - { id: tone, task: tone, hub: bench/tone, architecture: XLMRobertaForSequenceClassification, licence: none,
        languages: [zh], download_mb: 1, memory_mb: 1 }
    - { id: embedding, task: embedding, hub: bench/embedding, architecture: XLMRobertaModel, licence: none,
        languages: [zh], download_mb: 1, memory_mb: 1 }
"""


def main() -> None:
    """Make models and articles, run the stages, print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=120)
    parser.add_argument("--small", action="store_true", help="small models")
    given = parser.parse_args()
    sentences = read_sentences("zh", 20_000)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_models(root / "models", sentences[:4000], read_sentences("en", 4000), small=given.small)
        address = f"sqlite:///{root}/resound.sqlite"
        store = open_store(address)
        fill(store, root, sentences, given.articles)
        setup = ModelSetup("bench", root / "models", "fast", 0, address, False)
        spent: dict[str, float] = {}
        done: dict[str, int] = {}
        begun = last = time.perf_counter()
        with ModelWorker(setup, seconds=600) as worker, PageReader(root, workers=1) as reader:

            def report(stage: Stage, count: int) -> None:
                nonlocal last
                now = time.perf_counter()
                spent[stage] = spent.get(stage, 0.0) + now - last
                done[stage] = done.get(stage, 0) + count
                last = now
                if sum(done.values()) % 1000 < count:
                    memory = f"{resident('self'):.0f} MB, models' process {child_memory():.0f} MB"
                    print(f"memory after {sum(done.values()):,} pieces of work: {memory}", flush=True)

            process_pending(store, reader, models=worker, clock=lambda: datetime.now(UTC), progress=report)
        whole = time.perf_counter() - begun
        for stage, count in done.items():
            print(f"{stage}: {count} articles in {spent[stage]:.1f} s")
        print(
            f"whole: {given.articles} articles in {whole:.1f} s, {3600 * given.articles / whole:,.0f} an hour"
        )
        with store.read() as connection:
            told = [
                json.loads(row) if isinstance(row, str) else row
                for row in connection.execute(select(sentence.c.flags)).scalars()
            ]
        print(f"{len(told)} sentences in the cache, {sum('loops' in one for one in told)} asked twice")
        store.close()


def fill(store: Store, root: Path, sentences: list[str], count: int) -> None:
    """Articles of 20 sentences in five paragraphs; the first names the campaign."""
    (root / "bench.yml").write_text(CAMPAIGN, encoding="utf-8")
    apply_definitions(store, load_path(root / "bench.yml"), who="bench", now=NOW)
    guess = LanguageGuess("zh", "Hans", "zh-Hans", 1.0)
    with store.write() as connection:
        for number in range(count):
            chosen = [sentences[(number * 20 + at) % len(sentences)] for at in range(20)]
            paragraphs = tuple("".join(chosen[at : at + 4]) for at in range(0, 20, 4))
            day = NOW - timedelta(days=number % 400)
            article = Article(
                url=f"https://news.example/{number}",
                canonical_url=f"https://news.example/{number}",
                title=f"綠耕隊 {chosen[0]}"[:60],
                paragraphs=paragraphs,
                lead=paragraphs[0],
                language=guess,
                published=FoundDate("json-ld", str(day.date()), at=day),
            )
            stored = store_article(
                connection, article, Placement("item", "host:news.example", "", "online"), seen=NOW
            )
            work.reopen(connection, "match", [stored.article])


def make_models(folder: Path, sources: list[str], targets: list[str], *, small: bool) -> None:
    """Models of the real sizes (opus-mt, XLM-R base, e5-small), or small ones, with random weights."""
    from transformers import MarianMTModel

    width, layers, within = (64, 1, 128) if small else (512, 6, 2048)
    # Short pieces on both sides, and places that outweigh words: what comes out is nonsense, but no loop.
    pairs = list(pairwise(sources))
    config = making.make_marian(folder / "zh-en", pairs, size=16_000, width=width, layers=layers).config
    config.encoder_ffn_dim = config.decoder_ffn_dim = within
    config.max_position_embeddings, config.scale_embedding = POSITIONS, False
    making.save(MarianMTModel(config), folder / "zh-en")
    _to_ctranslate2(folder / "zh-en", folder / "zh-en" / "fast")
    for name, labels, big in (("tone", ["negative", "neutral", "positive"], 768), ("embedding", [], 384)):
        tokenizer: Any = making.make_xlmr_tokenizer(folder / name, sources + targets, size=16_000)
        model = making.make_xlmr(
            tokenizer, labels=labels, width=64 if small else big, layers=1 if small else 12
        )
        if not small:
            more = {} if labels else {"add_pooling_layer": False}
            model = type(model)(resized(model.config, 4 * big, 12), **more)
        making.save(model, folder / name)
        kind = "XLMRobertaForSequenceClassification" if labels else "XLMRobertaModel"
        _to_onnx(folder / name, folder / name / "fast", kind)
    (folder / "models.yml").write_text(PROFILE, encoding="utf-8")
    locked = {}
    for name in ("zh-en", "tone", "embedding"):
        files = hash_files(folder / name)
        fast = {key: one for key, one in files.items() if key.startswith("fast/")}
        kept = {key: one for key, one in files.items() if key not in fast}
        locked[name] = Locked(f"bench/{name}", "main", "random", "none", kept, fast)
    write_lock(folder, locked)


def resident(process: str) -> float:
    """Megabytes in memory now."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def child_memory() -> float:
    """Of the largest process below this one: the models'."""
    import os

    found = [0.0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            group = os.getsid(int(status.parent.name))
        except (OSError, ValueError):
            continue
        if group == os.getsid(0) and int(lines["Pid"]) != os.getpid() and "python" in lines["Name"]:
            found.append(int(lines.get("VmRSS", "0 kB").split()[0]) / 1000)
    return max(found)


if __name__ == "__main__":
    main()
