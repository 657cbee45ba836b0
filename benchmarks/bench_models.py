"""Language models at their real sizes, with random weights: what the fast engines gain over plain transformers.

Random weights do the same work as trained ones; they only say nothing. Every row is measured in this run.

    .venv/bin/python benchmarks/bench_models.py [--sentences 64]

Needs torch (`make setup`) and RESOUND_SHARED_DATA (or ../shared/data) for real sentences.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from demo import making
from nlp import backends
from nlp.converting import _to_ctranslate2, _to_onnx
from nlp.engines import Identity
from nlp.sentences import split_sentences

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("RESOUND_SHARED_DATA", ROOT.parent / "shared" / "data"))
POSITIONS = 66
"""A random model rarely ends a sentence: all are stopped at the same length, a usual one."""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sentences", type=int, default=128)
    count = parser.parse_args().sentences
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    torch.manual_seed(1)
    sentences = read_sentences("zh", 4000)
    english = read_sentences("en", 4000)
    with tempfile.TemporaryDirectory() as folder:
        translation(Path(folder) / "marian", sentences, english, count)
        encoders(Path(folder), sentences + english, count)


def translation(folder: Path, sources: list[str], targets: list[str], count: int) -> None:
    """Marian of opus-mt's size: 6 + 6 layers of 512, 2048 within."""
    from transformers import MarianMTModel, MarianTokenizer

    pairs = list(zip(sources, targets, strict=False))
    config = making.make_marian(folder, pairs, size=16_000, width=512, layers=6).config
    config.encoder_ffn_dim = config.decoder_ffn_dim = 2048
    config.encoder_attention_heads = config.decoder_attention_heads = 8
    config.max_position_embeddings = POSITIONS
    model = MarianMTModel(config)
    making.save(model, folder)
    tokenizer: Any = MarianTokenizer.from_pretrained(folder)
    some = [one for one in sources if 8 <= len(tokenizer(one)["input_ids"]) <= POSITIONS - 4][:count]
    _to_ctranslate2(folder, folder / "fast")
    fast = backends.load_translator(
        folder,
        architecture="MarianMTModel",
        identity=Identity("", "", "ctranslate2-int8"),
        source="zh",
        target="en",
    )

    def plain(texts: Sequence[str]) -> None:
        import torch

        with torch.inference_mode():
            given = tokenizer(list(texts), return_tensors="pt", padding=True)
            model.generate(**given, num_beams=1, max_new_tokens=POSITIONS - 4)

    def in_batches() -> None:
        ordered = sorted(some, key=len)
        for start in range(0, len(ordered), 32):
            plain(ordered[start : start + 32])

    few = some[: max(4, count // 8)]
    one_by_one = seconds(lambda: [plain([one]) for one in few]) / len(few)
    batched = seconds(in_batches) / len(some)
    quick = seconds(lambda: fast.translate(some, beam=1)) / len(some)
    patient = seconds(lambda: fast.translate(some, beam=2)) / len(some)
    size = sum(one.numel() for one in model.parameters()) / 1e6
    say(
        f"translation, Marian {size:.0f} M parameters, {len(some)} sentences, greedy",
        one_by_one,
        batched,
        quick,
    )
    print(
        f"  beam 2 takes {patient / quick:.2f} x the time of greedy; greedy: {3600 / quick / 20:,.0f} articles of 20 sentences an hour"
    )


def encoders(root: Path, texts: list[str], count: int) -> None:
    """XLM-R base with three classes, and an encoder of e5-small's size."""
    from transformers import pipeline

    passages = [" ".join(texts[at : at + 3]) for at in range(0, 3 * count, 3)]
    tokenizer = making.make_xlmr_tokenizer(root / "tone", texts, size=16_000)
    model = making.make_xlmr(tokenizer, labels=["negative", "neutral", "positive"], width=768, layers=12)
    model = type(model)(resized(model.config, 3072, 12))
    making.save(model, root / "tone")
    tool = pipeline("text-classification", model=model.eval(), tokenizer=tokenizer, top_k=None, device="cpu")
    _to_onnx(root / "tone", root / "tone" / "fast", "XLMRobertaForSequenceClassification")
    fast = backends.load_classifier(
        root / "tone",
        architecture="XLMRobertaForSequenceClassification",
        identity=Identity("", "", "onnxruntime-int8"),
    )
    few = passages[: max(4, count // 8)]
    say(
        f"tone, XLM-R base ({sum(one.numel() for one in model.parameters()) / 1e6:.0f} M), {len(passages)} passages",
        seconds(lambda: [tool(one) for one in few]) / len(few),
        seconds(lambda: tool(passages, batch_size=32)) / len(passages),
        seconds(lambda: fast.probabilities(passages)) / len(passages),
    )
    tokenizer = making.make_xlmr_tokenizer(root / "embedding", texts, size=16_000)
    encoder = making.make_xlmr(tokenizer, width=384, layers=12)
    encoder = type(encoder)(resized(encoder.config, 1536, 12), add_pooling_layer=False)
    making.save(encoder, root / "embedding")
    tool = pipeline("feature-extraction", model=encoder.eval(), tokenizer=tokenizer, device="cpu")
    _to_onnx(root / "embedding", root / "embedding" / "fast", "XLMRobertaModel")
    embedder = backends.load_embedder(
        root / "embedding", architecture="XLMRobertaModel", identity=Identity("", "", "onnxruntime-int8")
    )
    say(
        f"embedding for topics and likeness (e5-small's size), {len(passages)} passages",
        seconds(lambda: [tool(one) for one in few]) / len(few),
        seconds(lambda: tool(passages, batch_size=32)) / len(passages),
        seconds(lambda: embedder.embed(passages)) / len(passages),
    )
    before = resident()
    rounds = max(1, 5000 // len(passages))
    for at in range(rounds):
        embedder.embed(passages)
        fast.probabilities(passages[: 1 + at % 4])
    print(
        f"memory over {rounds * len(passages):,} passages: {before:.0f} MB before, {resident():.0f} MB after (peak {peak():.0f} MB)"
    )


def resized(config: Any, within: int, heads: int) -> Any:
    """The same configuration with another inner width."""
    config.intermediate_size, config.num_attention_heads = within, heads
    return config


def read_sentences(language: str, most: int) -> list[str]:
    """Real sentences of the corpus."""
    found: list[str] = []
    with gzip.open(DATA / "corpus" / f"{language}.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            text = json.loads(line).get("text", "")
            for paragraph in text.split("\n"):
                found += [paragraph[start:end] for start, end in split_sentences(paragraph)]
            if len(found) >= most:
                break
    return [one for one in found if 5 <= len(one) <= 300][:most]


def seconds(work: Callable[[], object]) -> float:
    """The better of two runs."""
    best = float("inf")
    for _ in range(2):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


def say(what: str, one_by_one: float, batched: float, ours: float) -> None:
    """One row."""
    print(what)
    print(
        f"  transformers one by one {one_by_one * 1000:.1f} ms, in its best batching {batched * 1000:.1f} ms, ours "
        f"{ours * 1000:.1f} ms: {one_by_one / ours:.1f} x and {batched / ours:.1f} x"
    )


def resident() -> float:
    """Megabytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    """Megabytes at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
