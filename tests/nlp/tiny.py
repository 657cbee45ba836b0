"""Tiny models of every class that Resound loads: real tokenizers, real weights, made in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo import making, teaching
from nlp.converting import convert
from nlp.lockfile import Locked, hash_files, read_lock, write_lock
from nlp.profiles import ModelSpec, Profile, read_profiles

WHO = [
    ("綠耕隊", "The green team"),
    ("代表團", "The delegation"),
    ("工廠", "The factory"),
    ("記者", "The reporter"),
    ("市府", "The city"),
]
DOES = [
    ("參觀", "visited"),
    ("介紹", "presented"),
    ("購買", "bought"),
    ("關閉", "closed"),
    ("研究", "studied"),
]
WHAT = [
    ("垃圾場", "the landfill"),
    ("焚化爐", "the incinerator"),
    ("塑膠廠", "the plastics plant"),
    ("農場", "the farm"),
]
PAIRS = [
    (f"{who[0]}{does[0]}{what[0]}。", f"{who[1]} {does[1]} {what[1]}.")
    for who in WHO
    for does in DOES
    for what in WHAT
]
PROFILE = """
tiny:
  label: tiny model
  thresholds: { topic: 0.5, candidate: 0.5, sentence: 0.5 }
  models:
    - { id: zh-en, task: translation, hub: tiny/zh-en, architecture: MarianMTModel, licence: none, languages: [zh, en],
        directions: [{ source: zh, target: en }], download_mb: 1, memory_mb: 1 }
    - { id: any, task: translation, hub: tiny/any, architecture: M2M100ForConditionalGeneration, licence: none,
        languages: [zh, en, th], directions: [{ source: "*", target: en }], download_mb: 1, memory_mb: 1 }
    - { id: tone, task: tone, hub: tiny/tone, architecture: XLMRobertaForSequenceClassification, licence: none,
        languages: [zh, en], download_mb: 1, memory_mb: 1 }
    - { id: embedding, task: embedding, hub: tiny/embedding, architecture: XLMRobertaModel, licence: none,
        languages: [zh, en], query_prefix: "query: ", passage_prefix: "passage: ", download_mb: 1, memory_mb: 1 }
    - { id: bert, task: embedding, hub: tiny/bert, architecture: BertModel, licence: none, languages: [en],
        download_mb: 1, memory_mb: 1 }
    - { id: nli, task: nli, hub: tiny/nli, architecture: XLMRobertaForSequenceClassification, licence: none,
        languages: [zh, en], download_mb: 1, memory_mb: 1, optional: true }
"""


def tiny_profile() -> Profile:
    """The profile of the models below."""
    return read_profiles(PROFILE, where="tiny")["tiny"]


def spec(name: str) -> ModelSpec:
    """One of its models."""
    return next(one for one in tiny_profile().models if one.id == name)


def make_all(root: Path, names: Sequence[str] = ("zh-en", "any", "tone", "embedding", "bert", "nli")) -> Path:
    """Make, convert and lock models below a folder."""
    import torch

    torch.set_num_threads(1)
    for name in names:
        torch.manual_seed(7)
        {"zh-en": _marian, "any": _m2m100, "bert": _bert}.get(name, _xlmr)(root / name)
        _finish(root, name)
    (root / "models.yml").write_text(PROFILE, encoding="utf-8")
    return root


def _finish(root: Path, name: str) -> None:
    one = spec(name)
    files = hash_files(root / name)
    convert(root / name, one, check=[zh for zh, _ in PAIRS[:6]])
    fast = {f"fast/{key}": value for key, value in hash_files(root / name / "fast").items()}
    locked = Locked(one.hub, one.revision, f"tiny-{name}", one.licence, files, fast)
    write_lock(root, {**read_lock(root), name: locked})


def _marian(folder: Path) -> None:
    from transformers import MarianTokenizer

    model = making.make_marian(folder, PAIRS, size=120, width=96, layers=1)
    tokenizer: Any = MarianTokenizer.from_pretrained(folder)

    def encode(sources: Sequence[str], targets: Sequence[str]) -> Any:
        return _without_pads(
            tokenizer(list(sources), text_target=list(targets), padding=True, return_tensors="pt"), tokenizer
        )

    teaching.train_translator(model, encode, PAIRS, epochs=200, batch=20, rate=3e-3, until=0.001)
    making.save(model, folder)


def _m2m100(folder: Path) -> None:
    from transformers import M2M100Tokenizer

    model = making.make_m2m100(
        folder, [text for pair in PAIRS for text in pair], size=200, width=96, layers=1
    )
    tokenizer: Any = M2M100Tokenizer.from_pretrained(folder, src_lang="zh", tgt_lang="en")

    def encode(sources: Sequence[str], targets: Sequence[str]) -> Any:
        return _without_pads(
            tokenizer(list(sources), text_target=list(targets), padding=True, return_tensors="pt"), tokenizer
        )

    teaching.train_translator(model, encode, PAIRS, epochs=250, batch=20, rate=1.5e-3, until=0.001)
    making.save(model, folder)


def _xlmr(folder: Path) -> None:
    labels = {"tone": ["negative", "neutral", "positive"], "nli": ["contradiction", "neutral", "entailment"]}
    tokenizer = making.make_xlmr_tokenizer(folder, [text for pair in PAIRS for text in pair], size=200)
    making.save(making.make_xlmr(tokenizer, labels=labels.get(folder.name, [])), folder)


def _bert(folder: Path) -> None:
    from transformers import BertConfig, BertModel, BertTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    words = sorted({word for _, english in PAIRS for word in english.lower().replace(".", " .").split()})
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])}
    BertTokenizer(vocab=vocabulary).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
    )
    making.save(BertModel(config, add_pooling_layer=False), folder)


def _without_pads(inputs: Any, tokenizer: Any) -> Any:
    inputs["labels"][inputs["labels"] == tokenizer.pad_token_id] = -100
    return inputs
