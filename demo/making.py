"""Small models of the real classes, made from nothing: for the demo, and for the tests. Needs torch.

Each comes with a real tokenizer whose sentencepiece model is trained here, and is saved as the hub's are.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

PairBatch = Sequence[tuple[str, str]]


def train_pieces(texts: Iterable[str], to: Path, *, size: int) -> None:
    """A sentencepiece model (unigram) over texts; `size` is an upper bound of its pieces."""
    import sentencepiece

    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=made,
        vocab_size=size,
        hard_vocab_limit=False,
        character_coverage=1.0,
        model_type="unigram",
        normalization_rule_name="identity",  # NFKC would take the full-width marks out of Chinese
        num_threads=1,
        minloglevel=2,
        bos_id=-1,
        pad_id=-1,
        unk_id=0,
        eos_id=1,
    )
    to.write_bytes(made.getvalue())


def pieces_of(path: Path) -> list[tuple[str, float]]:
    """The pieces of a sentencepiece model with their scores, special ones left out."""
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [
        (model.id_to_piece(at), model.get_score(at))
        for at in range(model.get_piece_size())
        if not (model.is_control(at) or model.is_unknown(at))
    ]


def make_marian(
    folder: Path, pairs: PairBatch, *, size: int, token: str = "", width: int = 128, layers: int = 2
) -> Any:
    """An untrained Marian with tokenizers for these pairs. `token` is a target mark such as `>>cmn_Hant<<`."""
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    train_pieces((one for one, _ in pairs), folder / "source.spm", size=size)
    train_pieces((one for _, one in pairs), folder / "target.spm", size=size)
    pieces = dict.fromkeys(
        piece for name in ("source.spm", "target.spm") for piece, _ in pieces_of(folder / name)
    )
    words = ["</s>", "<unk>", *([token] if token else []), *pieces, "<pad>"]
    vocabulary = {word: at for at, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    MarianTokenizer(
        str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json")
    ).save_pretrained(folder)
    pad = vocabulary["<pad>"]
    return MarianMTModel(
        MarianConfig(
            vocab_size=len(words),
            d_model=width,
            encoder_layers=layers,
            decoder_layers=layers,
            encoder_ffn_dim=2 * width,
            decoder_ffn_dim=2 * width,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            pad_token_id=pad,
            eos_token_id=0,
            decoder_start_token_id=pad,
            forced_eos_token_id=0,
            max_position_embeddings=256,
            dropout=0.0,
            attention_dropout=0.0,
            activation_function="swish",
            scale_embedding=True,
        )
    )


def make_m2m100(folder: Path, texts: Sequence[str], *, size: int, width: int = 64, layers: int = 2) -> Any:
    """An untrained M2M100 whose one sentencepiece model knows these texts."""
    from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    train_pieces(texts, folder / "sentencepiece.bpe.model", size=size)
    words = [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        *(piece for piece, _ in pieces_of(folder / "sentencepiece.bpe.model")),
    ]
    (folder / "vocab.json").write_text(
        json.dumps({word: at for at, word in enumerate(words)}, ensure_ascii=False), encoding="utf-8"
    )
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"))
    tokenizer.save_pretrained(folder)
    codes = tokenizer.lang_token_to_id
    return M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(words) + len(codes) + 8,
            d_model=width,
            encoder_layers=layers,
            decoder_layers=layers,
            encoder_ffn_dim=2 * width,
            decoder_ffn_dim=2 * width,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            max_position_embeddings=256,
            dropout=0.0,
            attention_dropout=0.0,
            encoder_layerdrop=0.0,
            decoder_layerdrop=0.0,
        )
    )


def make_xlmr_tokenizer(folder: Path, texts: Sequence[str], *, size: int) -> Any:
    """XLM-R's tokenizer over a sentencepiece model of these texts, saved with its tokenizer.json."""
    from transformers import XLMRobertaTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    train_pieces(texts, folder / ".pieces", size=size)
    special = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
    tokenizer = XLMRobertaTokenizer(vocab=[*special, *pieces_of(folder / ".pieces"), ("<mask>", 0.0)])
    (folder / ".pieces").unlink()
    tokenizer.save_pretrained(folder)
    return tokenizer


def make_xlmr(tokenizer: Any, *, labels: Sequence[str] = (), width: int = 64, layers: int = 2) -> Any:
    """An untrained XLM-R: a classifier where there are labels, else an encoder."""
    import transformers

    config = transformers.XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=2 * width,
        max_position_embeddings=258,
        type_vocab_size=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    if not labels:
        return transformers.XLMRobertaModel(config, add_pooling_layer=False)
    config.id2label = dict(enumerate(labels))
    config.label2id = {name: at for at, name in enumerate(labels)}
    config.num_labels = len(labels)
    return transformers.XLMRobertaForSequenceClassification(config)


def save(model: Any, folder: Path) -> None:
    """As safetensors, with its configuration; what only a trainer needs is left out."""
    model.eval().save_pretrained(folder, safe_serialization=True)
