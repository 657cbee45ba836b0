"""Transformers, whichever engine runs them. The only import of transformers, ctranslate2, onnxruntime and torch at run time.

Models, tokenizers and configurations are transformers' own and come from a local folder: nothing is downloaded here,
no code of a model runs, and only safetensors are read. The fast engines need no torch: CTranslate2 (int8) for
translation, ONNX Runtime (int8) for encoders. torch is the reference they are held to, and uses a GPU in bf16.
"""

from __future__ import annotations

import importlib.metadata
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlp.engines import Classifier, Embedder, EmbeddingKind, Identity, PairJudge, Translated, Translator
from resound.errors import ModelError

if TYPE_CHECKING:
    from nlp.engines import Vectors

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

MAX_TOKENS = 510
"""Longer sentences and passages are split before they come here, whatever a model could take."""
BATCH_TOKENS = 4096
BATCH_SENTENCES = 32
"""Of CTranslate2, which sorts them by length: small enough that every thread has one."""
ENCODED_TOKENS = 1024
"""Of an encoder's batch: what fits a core's cache is quicker than what fits its memory."""
PATIENCE = 2.0
"""CTranslate2 ends a search with as many finished hypotheses as the beam is wide, and short wrong ones finish first."""
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
    with _reasons(folder):
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
        prepare = _Sentences(tokenizer, f"{token} " if token else "", _positions(folder))
        if identity.engine == "ctranslate2-int8":
            return _FastTranslator(folder, identity, prepare, first, threads)
        return _TorchTranslator(folder, identity, prepare, first)


def load_classifier(folder: Path, *, architecture: str, identity: Identity, threads: int = 0) -> Classifier:
    """A sequence classifier; its labels are those of its configuration. Raises ModelError."""
    with _reasons(folder):
        return _Classifier(_encoder(folder, architecture, identity, threads), identity)


def load_judge(folder: Path, *, architecture: str, identity: Identity, threads: int = 0) -> PairJudge:
    """A classifier of pairs (natural-language inference). Raises ModelError where it names no entailment."""
    with _reasons(folder):
        return _Judge(_encoder(folder, architecture, identity, threads), identity)


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
    with _reasons(folder):
        encoder = _encoder(folder, architecture, identity, threads)
        return _Embedder(encoder, identity, {"query": query_prefix, "passage": passage_prefix})


class _Sentences:
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


class _FastTranslator:
    """CTranslate2, int8: one thread a batch and as many batches at once as there are cores."""

    def __init__(
        self, folder: Path, identity: Identity, sentences: _Sentences, first: str | None, threads: int
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
        with _reasons():
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


class _TorchTranslator:
    """transformers' own `generate`: fp32 on a CPU, bf16 on a GPU."""

    def __init__(self, folder: Path, identity: Identity, sentences: _Sentences, first: str | None) -> None:
        from transformers import AutoModelForSeq2SeqLM

        self.identity, self._sentences = identity, sentences
        self.max_tokens = sentences.max_tokens
        self._model = _to_device(AutoModelForSeq2SeqLM, folder, identity)
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
        for batch in _batches([len(one) for one in ids], BATCH_TOKENS):
            padded = self._sentences.tokenizer.pad(
                {"input_ids": [ids[at] for at in batch]}, return_tensors="pt"
            ).to(self._model.device)
            with _reasons(), torch.inference_mode():
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


class _Encoder:
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
        self.max_tokens = min(MAX_TOKENS, _positions(folder) - self.special)
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
        batches = _batches([len(one) for one in ids["input_ids"]], ENCODED_TOKENS)

        def run(batch: list[int]) -> tuple[list[int], Any, Any]:
            padded = self.tokenizer.pad(
                {name: [ids[name][at] for at in batch] for name in ids if name in self._names},
                return_tensors="np",
            )
            return batch, self._run(dict(padded)), padded["attention_mask"]

        with _reasons(), ThreadPoolExecutor(self._callers) as pool:
            for batch, rows, masks in pool.map(run, batches):
                yield from zip(batch, rows, masks, strict=True)


def _encoder(folder: Path, architecture: str, identity: Identity, threads: int) -> _Encoder:
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

        return _Encoder(folder, run_onnx, names, threads or os.cpu_count() or 1)
    import torch
    import transformers

    model = _to_device(getattr(transformers, architecture), folder, identity)

    def run_torch(inputs: dict[str, Any]) -> Any:
        with torch.inference_mode():
            given = {name: torch.from_numpy(value).to(model.device) for name, value in inputs.items()}
            return model(**given)[0].float().cpu().numpy()

    names = ["input_ids", "attention_mask"]
    names += ["token_type_ids"] if getattr(model.config, "type_vocab_size", 1) > 1 else []
    return _Encoder(folder, run_torch, names, 1)


class _Classifier:
    def __init__(self, encoder: _Encoder, identity: Identity) -> None:
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


class _Judge:
    def __init__(self, encoder: _Encoder, identity: Identity) -> None:
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


class _Embedder:
    def __init__(self, encoder: _Encoder, identity: Identity, prefixes: dict[EmbeddingKind, str]) -> None:
        self._encoder, self.identity, self._prefixes = encoder, identity, prefixes
        self.dimensions = int(encoder.config.hidden_size)

    def embed(self, texts: Sequence[str], *, kind: EmbeddingKind = "passage") -> Vectors:
        import numpy as np

        made = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for at, hidden, mask in self._encoder.outputs([self._prefixes[kind] + text for text in texts]):
            mean = (hidden * mask[:, None]).sum(0) / max(int(mask.sum()), 1)
            made[at] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return made


def _to_device(kind: Any, folder: Path, identity: Identity) -> Any:
    import torch

    on_gpu = identity.engine == "torch-bf16"
    model = kind.from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        dtype=torch.bfloat16 if on_gpu else torch.float32,
    )
    return model.to("cuda" if on_gpu else "cpu").eval()


def _positions(folder: Path) -> int:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    # XLM-R counts places from its padding number on, so two of its table are never used.
    unused = 2 if config.model_type == "xlm-roberta" else 0
    return int(getattr(config, "max_position_embeddings", 512)) - unused


def _softmax(logits: Any) -> Any:
    import numpy as np

    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


def _batches(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Places in order of length, in batches of about so many tokens, padding counted."""
    made: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lambda one: (lengths[one], one)):
        if made and (len(made[-1]) + 1) * lengths[at] <= tokens:
            made[-1].append(at)
        else:
            made.append([at])
    return made


@contextmanager
def _reasons(folder: Path | None = None) -> Iterator[None]:
    """What libraries raise, as a reason that can be stored."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*sacremoses.*")
            yield
    except (ModelError, ImportError, ValueError) as err:
        if folder is None or not isinstance(err, ValueError):
            raise
        raise ModelError(f"{folder.name} cannot be opened: {err}", reason="failed") from err
    except MemoryError as err:
        raise ModelError("There is not enough memory for the model.", reason="out-of-memory") from err
    except (OSError, RuntimeError) as err:
        if "out of memory" in str(err).lower() or "bad_alloc" in str(err) or "allocate" in str(err):
            raise ModelError("There is not enough memory for the model.", reason="out-of-memory") from err
        where = f"{folder.name} cannot be opened" if folder is not None else "The model failed"
        raise ModelError(f"{where}: {err}"[:500], reason="missing" if folder else "failed") from err
