"""Transformers, whichever engine runs them: a model's folder in, a translator, classifier or embedder out.

Models, tokenizers and configurations are transformers' own and come from a local folder: nothing is downloaded here,
no code of a model runs, and only safetensors are read. The fast engines need no torch: CTranslate2 (int8) for
translation, ONNX Runtime (int8) for encoders. torch is the reference they are held to, and uses a GPU in bf16.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from nlp.encoders import EncoderClassifier, EncoderJudge, MeanEmbedder, open_encoder
from nlp.engines import Classifier, Embedder, Identity, PairJudge, Translator
from nlp.runtime import count_positions, told_reasons
from nlp.translators import FastTranslator, Sentences, TorchTranslator
from resound.errors import ModelError

ENGINES = {
    "transformers": "tokenizers and configurations",
    "sentencepiece": "tokenizers",
    "ctranslate2": "fast translation",
    "onnxruntime": "fast tone, topics and embeddings",
    "torch": "pulls, converts, reference engine, GPU",
}


def available_engines() -> dict[str, str]:
    """The version of each library that is installed; torch's says whether a GPU is there."""
    found = {}
    for name in ENGINES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    if "torch" in found:
        import torch

        found["torch"] += (
            f" (GPU: {torch.cuda.get_device_name(0)})" if torch.cuda.is_available() else " (CPU)"
        )
    return found


def load_translator(
    folder: Path,
    *,
    architecture: str,
    identity: Identity,
    source: str,
    target: str,
    token: str | None = None,
    code: str | None = None,
    threads: int = 0,
) -> Translator:
    """A Marian or M2M100 model for one direction.

    Args:
        source, target: BCP-47 tags, as callers name the direction.
        token: what Marian wants before a source sentence (`>>cmn_Hant<<`).
        code: M2M100's code of the target, where it is not the target's language (`zh`).

    Raises:
        ModelError: the folder holds no such model, or there is not enough memory.
    """
    with told_reasons(folder):
        if architecture == "MarianMTModel":
            from transformers import MarianTokenizer

            tokenizer: Any = MarianTokenizer.from_pretrained(folder, local_files_only=True)
            first = None
        elif architecture == "M2M100ForConditionalGeneration":
            from transformers import M2M100Tokenizer

            tokenizer = M2M100Tokenizer.from_pretrained(folder, local_files_only=True)
            tokenizer.src_lang = source.split("-")[0]
            first = tokenizer.get_lang_token(code or target.split("-")[0])
        else:
            raise ModelError(f"{architecture} is no translation model that Resound knows.", reason="unsafe")
        prepare = Sentences(tokenizer, f"{token} " if token else "", count_positions(folder))
        if identity.engine == "ctranslate2-int8":
            return FastTranslator(folder, identity, prepare, first, threads)
        return TorchTranslator(folder, identity, prepare, first)


def load_classifier(folder: Path, *, architecture: str, identity: Identity, threads: int = 0) -> Classifier:
    """A sequence classifier; its labels are those of its configuration. Raises ModelError."""
    with told_reasons(folder):
        return EncoderClassifier(open_encoder(folder, architecture, identity, threads), identity)


def load_judge(folder: Path, *, architecture: str, identity: Identity, threads: int = 0) -> PairJudge:
    """A classifier of pairs (natural-language inference). Raises ModelError where it names no entailment."""
    with told_reasons(folder):
        return EncoderJudge(open_encoder(folder, architecture, identity, threads), identity)


def load_embedder(
    folder: Path,
    *,
    architecture: str,
    identity: Identity,
    query_prefix: str = "",
    passage_prefix: str = "",
    threads: int = 0,
) -> Embedder:
    """Sentence vectors: the mean over a text's tokens, of length 1. Raises ModelError."""
    with told_reasons(folder):
        encoder = open_encoder(folder, architecture, identity, threads)
        return MeanEmbedder(encoder, identity, {"query": query_prefix, "passage": passage_prefix})
