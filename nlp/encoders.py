"""Encoders: texts to labels, to judgements of pairs, to vectors. ONNX Runtime (int8, no torch), or transformers on torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlp.engines import EmbeddingKind, Identity
from nlp.runtime import MAX_TOKENS, batches_of, count_positions, to_device, told_reasons
from resound.errors import ModelError

if TYPE_CHECKING:
    from nlp.engines import Vectors

ENCODED_TOKENS = 1024
"""Of an encoder's batch: what fits a core's cache is quicker than what fits its memory."""


class Encoder:
    """Texts (or pairs) to a network's output, in length-sorted batches; the order of the texts is kept."""

    def __init__(
        self, folder: Path, run: Callable[[dict[str, Any]], Any], names: Sequence[str], callers: int
    ) -> None:
        from transformers import AutoConfig, AutoTokenizer

        if not (folder / "tokenizer.json").exists():
            raise ModelError(
                f"{folder.name} has no tokenizer.json: without it words become wrong numbers in silence.",
                reason="missing",
            )
        self.config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        self.tokenizer: Any = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        self.special = int(self.tokenizer.num_special_tokens_to_add())
        self.max_tokens = min(MAX_TOKENS, count_positions(folder) - self.special)
        self._run, self._names, self._callers = run, names, callers

    def count(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        return [len(one) for one in self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def outputs(self, texts: Sequence[Any]) -> Iterator[tuple[int, Any, Any]]:
        """(place, network's output row, attention mask row) of each text, in any order."""
        pairs = bool(texts) and isinstance(texts[0], tuple)
        firsts = [one[0] for one in texts] if pairs else list(texts)
        seconds = [one[1] for one in texts] if pairs else None
        if not firsts:
            return
        ids = self.tokenizer(
            firsts,
            seconds,
            truncation="only_first" if pairs else True,
            max_length=self.max_tokens + self.special,
        )
        batches = batches_of([len(one) for one in ids["input_ids"]], ENCODED_TOKENS)

        def run(batch: list[int]) -> tuple[list[int], Any, Any]:
            padded = self.tokenizer.pad(
                {name: [ids[name][at] for at in batch] for name in ids if name in self._names},
                return_tensors="np",
            )
            return batch, self._run(dict(padded)), padded["attention_mask"]

        with told_reasons(), ThreadPoolExecutor(self._callers) as pool:
            for batch, rows, masks in pool.map(run, batches):
                yield from zip(batch, rows, masks, strict=True)


def open_encoder(folder: Path, architecture: str, identity: Identity, threads: int) -> Encoder:
    """A folder's encoder, on the engine that the identity names."""
    if identity.engine == "onnxruntime-int8":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = (
            1  # several callers beat several threads
        )
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # an arena keeps the longest batch's memory for ever
        session = onnxruntime.InferenceSession(
            str(folder / "fast" / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        names = [one.name for one in session.get_inputs()]

        def run_onnx(inputs: dict[str, Any]) -> Any:
            return session.run(None, {name: inputs[name].astype("int64") for name in names})[0]

        return Encoder(folder, run_onnx, names, threads or os.cpu_count() or 1)
    import torch
    import transformers

    model = to_device(getattr(transformers, architecture), folder, identity)

    def run_torch(inputs: dict[str, Any]) -> Any:
        with torch.inference_mode():
            given = {name: torch.from_numpy(value).to(model.device) for name, value in inputs.items()}
            return model(**given)[0].float().cpu().numpy()

    names = ["input_ids", "attention_mask"]
    names += ["token_type_ids"] if getattr(model.config, "type_vocab_size", 1) > 1 else []
    return Encoder(folder, run_torch, names, 1)


class EncoderClassifier:
    def __init__(self, encoder: Encoder, identity: Identity) -> None:
        self._encoder, self.identity = encoder, identity
        names = encoder.config.id2label
        self.labels = tuple(str(names[at]).casefold() for at in sorted(names))
        self.max_tokens = encoder.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._encoder.count(texts)

    def probabilities(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        made = np.zeros((len(texts), len(self.labels)), dtype=np.float32)
        for at, logits, _ in self._encoder.outputs(texts):
            made[at] = _softmax(logits)
        return made


class EncoderJudge:
    def __init__(self, encoder: Encoder, identity: Identity) -> None:
        self._encoder, self.identity = encoder, identity
        places = {str(name).casefold(): int(at) for at, name in encoder.config.id2label.items()}
        if "entailment" not in places or "contradiction" not in places:
            raise ModelError(
                f"{identity.model} names no entailment and contradiction among its labels ({', '.join(places)}).",
                reason="failed",
            )
        self._places = [places["contradiction"], places["entailment"]]

    def entailment(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        made = [0.0] * len(pairs)
        for at, logits, _ in self._encoder.outputs(list(pairs)):
            made[at] = float(_softmax(logits[self._places])[1])
        return made


class MeanEmbedder:
    def __init__(self, encoder: Encoder, identity: Identity, prefixes: dict[EmbeddingKind, str]) -> None:
        self._encoder, self.identity, self._prefixes = encoder, identity, prefixes
        self.dimensions = int(encoder.config.hidden_size)

    def embed(self, texts: Sequence[str], *, kind: EmbeddingKind = "passage") -> Vectors:
        import numpy as np

        made = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for at, hidden, mask in self._encoder.outputs([self._prefixes[kind] + text for text in texts]):
            mean = (hidden * mask[:, None]).sum(0) / max(int(mask.sum()), 1)
            made[at] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return made


def _softmax(logits: Any) -> Any:
    import numpy as np

    raised = np.exp(logits - logits.max())
    return raised / raised.sum()
