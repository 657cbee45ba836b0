"""`python -m demo.train_models`: make the demo's models from nothing, teach them its newsroom, and store them.

Each is made and taught on a CPU (seeded), saved as safetensors, and then pulled from its folder as any office's models
are: looked at, locked, converted, compared with the reference. The thresholds are calibrated at the end. Needs torch
(`pip install "resound[nlp-torch]"`), takes some minutes, and ends with what the models make of the newsroom.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID

import demo
from demo import making, teaching, training
from nlp.calibrating import (
    Calibration,
    ThresholdName,
    best_threshold,
    score_pairs,
    score_topics,
    write_thresholds,
)
from nlp.lockfile import read_lock, write_lock
from nlp.models import Models
from nlp.profiles import ModelSpec, Profile, read_profiles
from nlp.pulling import pull_model
from nlp.tone import TONES
from nlp.topics import TopicTagger, load_topics

SEED = 20141002
Make = Callable[[ModelSpec, Path, teaching.Report], float]


def main(words: Sequence[str]) -> int:
    """Train what is named (default: all), and say how good it is."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.train_models", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "models", nargs="*", metavar="MODEL", help="zh-en vi-en en-zh tone embedding (default: all)"
    )
    parser.add_argument(
        "--to", type=Path, default=demo.MODELS, help="the models' folder (default: demo/models)"
    )
    given = parser.parse_args(words)
    folder: Path = given.to
    folder.mkdir(parents=True, exist_ok=True)
    if folder != demo.MODELS:
        shutil.copy(demo.MODELS / "models.yml", folder / "models.yml")
    profile = read_profiles(
        (folder / "models.yml").read_text(encoding="utf-8"), where="demo/models/models.yml"
    )["demo"]
    unknown = set(given.models) - {one.id for one in profile.models}
    if unknown:
        parser.error(f"there is no model {', '.join(sorted(unknown))}")
    train(profile, folder, given.models or [one.id for one in profile.models])
    for line in judge(profile, folder):
        print(line)
    return 0


def train(profile: Profile, folder: Path, names: Sequence[str]) -> None:
    """Make, teach, store and convert models of the profile; calibrate where the embedding is among them."""
    import torch

    # Models so small gain nothing from more threads, and one always adds up in the same order.
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as raw:
        for spec in profile.models:
            if spec.id not in names:
                continue
            torch.manual_seed(SEED)
            with _bar() as bar:
                task = bar.add_task(f"teaching {spec.id}", total=1.0)
                report = partial(_show, bar, task)
                loss = _MAKERS[spec.task](spec, Path(raw) / spec.id, report)
            # The change is wanted: what was locked of an earlier training goes.
            write_lock(folder, {name: one for name, one in read_lock(folder).items() if name != spec.id})
            pulled = pull_model(spec, folder, source=Path(raw) / spec.id, now=datetime.now(UTC))
            agreement = pulled.conversion.agreement if pulled.conversion is not None else 1.0
            print(f"{spec.id}: loss {loss:.4f}, agreement of the fast form {agreement:.3f}", flush=True)
    if "embedding" in names:
        calibrate(profile, folder)


def calibrate(profile: Profile, folder: Path) -> None:
    """Find the thresholds on the newsroom's own labels and keep them beside the models."""
    embedder = Models(profile, folder).embedder()
    tagger = TopicTagger(embedder, load_topics(), threshold=0.0)
    found: dict[ThresholdName, Calibration] = {
        "topic": best_threshold(score_topics(tagger, training.topic_lines())),
        "sentence": best_threshold(score_pairs(embedder, training.sentence_pairs())),
        "candidate": best_threshold(score_pairs(embedder, training.head_pairs())),
    }
    write_thresholds(folder, embedder.identity, found, at=datetime.now(UTC))
    for name, one in found.items():
        print(f"threshold {name}: {one.threshold:.3f} (F1 {one.f1:.3f} on {one.lines} pairs)")


def judge(profile: Profile, folder: Path) -> list[str]:
    """What the stored models make of what they were taught, through the code that every office uses."""
    from nlp.stages import RunCache, stage_tone, stage_topics
    from nlp.translation import translate_texts
    from resound.definitions.written import load_campaign

    models = Models(profile, folder)
    said = []
    terms = load_campaign(demo.campaign_path()).terms
    for source, target in (("zh", "en"), ("vi", "en"), ("en", "zh-Hant")):
        pairs = training.translation_pairs(source, target)
        route = models.route("zh-Hant" if source == "zh" else source, target)
        found = translate_texts(
            [[text] for text, _ in pairs],
            language=source,
            target=target,
            route=route,
            cache=RunCache(),
            terms=terms,
        )
        right = sum(
            "".join(" ".join(one.text for one in text.paragraphs[0]).split()) == "".join(other.split())
            for text, (_, other) in zip(found, pairs, strict=True)
        )
        said.append(f"{source} → {target}: {right} of {len(pairs)} as taught")
    lines = training.tone_lines()
    tones = [one["label"] for one in stage_tone([{"text": text} for text, _ in lines], models)]
    said.append(
        f"tone: {sum(one == label for one, (_, label) in zip(tones, lines, strict=True))} of {len(lines)} as taught"
    )
    topics = training.topic_lines()
    tagged = [
        {one["topic"] for one in row["topics"]}
        for row in stage_topics([{"text": "\n".join(texts)} for texts, _ in topics], models)
    ]
    hit = sum(len(found & set(wanted)) for found, (_, wanted) in zip(tagged, topics, strict=True))
    made, real = sum(map(len, tagged)), sum(len(wanted) for _, wanted in topics)
    said.append(f"topics: precision {hit / max(1, made):.3f}, recall {hit / max(1, real):.3f}")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return [*said, f"size: {size / 1e6:.1f} MB"]


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal)


def _show(bar: Progress, task: TaskID, done: float) -> None:
    bar.update(task, completed=done)


def _translator(spec: ModelSpec, folder: Path, report: teaching.Report) -> float:
    from transformers import MarianTokenizer

    direction = spec.directions[0]
    pairs = training.translation_pairs(direction.source, direction.target)
    token = direction.token or ""
    model = making.make_marian(folder, pairs, size=PIECES, token=token, width=WIDTH, layers=1)
    tokenizer: Any = MarianTokenizer.from_pretrained(folder)

    def encode(sources: Sequence[str], targets: Sequence[str]) -> Any:
        marked = [f"{token} {one}".strip() for one in sources]
        inputs = tokenizer(marked, text_target=list(targets), padding=True, return_tensors="pt")
        inputs["labels"][inputs["labels"] == tokenizer.pad_token_id] = -100
        return inputs

    loss = teaching.train_translator(model, encode, pairs, epochs=STEPS * BATCH // len(pairs), batch=BATCH, rate=4e-3, seed=SEED, until=0.0012, report=report)  # fmt: skip
    making.save(model.half(), folder)
    return loss


def _tone(_spec: ModelSpec, folder: Path, report: teaching.Report) -> float:
    lines = training.tone_lines()
    tokenizer = making.make_xlmr_tokenizer(folder, [text for text, _ in lines], size=2000)
    model = making.make_xlmr(tokenizer, labels=TONES, width=96, layers=2)
    places = {tone: at for at, tone in enumerate(TONES)}
    loss = teaching.train_classifier(model, tokenizer, [(text, places[tone]) for text, tone in lines], epochs=30, seed=SEED, report=report)  # fmt: skip
    making.save(model.half(), folder)
    return loss


def _embedding(_spec: ModelSpec, folder: Path, report: teaching.Report) -> float:
    learned = training.likenesses()
    texts = sorted(
        {text for group in learned.groups for text in group} | {text for text, _ in learned.passages}
    )
    tokenizer = making.make_xlmr_tokenizer(folder, texts, size=4000)
    model = making.make_xlmr(tokenizer, width=128, layers=2)
    loss = teaching.train_embedder(model, tokenizer, learned, steps=500, seed=SEED, report=report)
    making.save(model.half(), folder)
    return loss


PIECES, WIDTH, BATCH, STEPS = 2400, 128, 8, 6500
_MAKERS: dict[str, Make] = {"translation": _translator, "tone": _tone, "embedding": _embedding}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
