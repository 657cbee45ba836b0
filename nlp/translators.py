"""Translators: CTranslate2 (int8, no torch) and the reference it is held to, transformers' own `generate`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlp.engines import Identity, Translated
from nlp.runtime import MAX_TOKENS, batches_of, to_device, told_reasons

BATCH_TOKENS = 4096
BATCH_SENTENCES = 32
"""Of CTranslate2, which sorts them by length: small enough that every thread has one."""
PATIENCE = 2.0
"""CTranslate2 ends a search with as many finished hypotheses as the beam is wide, and short wrong ones finish first."""


class Sentences:
    """Text to tokens and back, with what the model wants before a sentence."""

    def __init__(self, tokenizer: Any, before: str, positions: int) -> None:
        self.tokenizer, self.before = tokenizer, before
        self.special = len(self.ids(""))
        self.max_tokens = min(MAX_TOKENS, positions - self.special)

    def ids(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer(self.before + text, truncation=False)["input_ids"]
        return found

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(self.ids(text)) - self.special for text in texts]

    def checked(self, texts: Sequence[str]) -> list[list[int]]:
        made = [self.ids(text) for text in texts]
        longest = max((len(one) - self.special for one in made), default=0)
        if longest > self.max_tokens:
            raise ValueError(f"a sentence of {longest} tokens; at most {self.max_tokens} are taken")
        return made

    def text(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True)).strip()


class FastTranslator:
    """CTranslate2, int8: one thread a batch and as many batches at once as there are cores."""

    def __init__(
        self, folder: Path, identity: Identity, sentences: Sentences, first: str | None, threads: int
    ) -> None:
        import ctranslate2

        self.identity, self._sentences, self._first = identity, sentences, first
        self.max_tokens = sentences.max_tokens
        self._limit = sentences.max_tokens
        self._model = ctranslate2.Translator(
            str(folder / "fast"),
            device="cpu",
            compute_type="int8",
            inter_threads=threads or os.cpu_count() or 1,
            intra_threads=1,
        )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._sentences.count(texts)

    def translate(
        self,
        texts: Sequence[str],
        *,
        beam: int = 2,
        repetition_penalty: float = 1.0,
        no_repeat_ngram: int = 0,
    ) -> list[Translated]:
        if not texts:
            return []
        tokenizer = self._sentences.tokenizer
        tokens = [tokenizer.convert_ids_to_tokens(ids) for ids in self._sentences.checked(texts)]
        with told_reasons():
            found = self._model.translate_batch(
                tokens,
                target_prefix=[[self._first]] * len(tokens) if self._first else None,
                beam_size=beam,
                patience=PATIENCE if beam > 1 else 1.0,
                max_batch_size=BATCH_SENTENCES,
                repetition_penalty=repetition_penalty,
                no_repeat_ngram_size=no_repeat_ngram,
                max_decoding_length=self._limit,
                return_scores=True,
            )
        made = []
        for one in found:
            best = one.hypotheses[0]
            words = best[1:] if self._first and best[:1] == [self._first] else best
            text = self._sentences.text(tokenizer.convert_tokens_to_ids(words))
            made.append(Translated(text, round(float(one.scores[0]), 4), len(best) >= self._limit))
        return made


class TorchTranslator:
    """transformers' own `generate`: fp32 on a CPU, bf16 on a GPU."""

    def __init__(self, folder: Path, identity: Identity, sentences: Sentences, first: str | None) -> None:
        from transformers import AutoModelForSeq2SeqLM

        self.identity, self._sentences = identity, sentences
        self.max_tokens = sentences.max_tokens
        self._model = to_device(AutoModelForSeq2SeqLM, folder, identity)
        self._first = sentences.tokenizer.convert_tokens_to_ids(first) if first else None

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._sentences.count(texts)

    def translate(
        self,
        texts: Sequence[str],
        *,
        beam: int = 2,
        repetition_penalty: float = 1.0,
        no_repeat_ngram: int = 0,
    ) -> list[Translated]:
        import torch

        ids = self._sentences.checked(texts)
        made: dict[int, Translated] = {}
        for batch in batches_of([len(one) for one in ids], BATCH_TOKENS):
            padded = self._sentences.tokenizer.pad(
                {"input_ids": [ids[at] for at in batch]}, return_tensors="pt"
            ).to(self._model.device)
            with told_reasons(), torch.inference_mode():
                found = self._model.generate(
                    input_ids=padded["input_ids"],
                    attention_mask=padded["attention_mask"],
                    num_beams=beam,
                    repetition_penalty=repetition_penalty,
                    no_repeat_ngram_size=no_repeat_ngram,
                    max_new_tokens=self.max_tokens,
                    forced_bos_token_id=self._first,
                    output_scores=True,
                    return_dict_in_generate=True,
                )
            scores = self._mean_scores(found, beam)
            end = self._model.config.eos_token_id
            for at, sequence, score in zip(batch, found.sequences.tolist(), scores, strict=True):
                is_cut = end not in sequence[1:]
                words = [one for one in sequence if one != self._first]
                made[at] = Translated(self._sentences.text(words), round(score, 4), is_cut)
        return [made[at] for at in range(len(ids))]

    def _mean_scores(self, found: Any, beam: int) -> list[float]:
        if beam > 1:
            return [float(score) for score in found.sequences_scores]
        steps = self._model.compute_transition_scores(found.sequences, found.scores, normalize_logits=True)
        kept = steps.isfinite() & (found.sequences[:, 1:] != self._model.config.pad_token_id)
        total = (steps.masked_fill(~kept, 0.0)).sum(1) / kept.sum(1).clamp(min=1)
        return [float(score) for score in total]
