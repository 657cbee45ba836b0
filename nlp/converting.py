"""Once, when a model is pulled: from safetensors to the fast engine's form, held to the reference on a few sentences.

Needs torch. Marian and M2M100 become CTranslate2 (int8), encoders ONNX (int8, dynamic). What differs too much from
the reference is refused: a wrong fast model would be wrong in silence ever after.
"""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlp import backends
from nlp.engines import Identity
from nlp.profiles import ModelSpec
from resound.errors import ModelError

LEAST_AGREEMENT = 0.7
"""Of translations: mean similarity (0 … 1) of fast and reference. int8 rounds; a broken conversion is near 0."""
MOST_DIFFERENCE = 0.15
"""Of probabilities."""
LEAST_COSINE = 0.95
"""Of vectors."""
OPSET = 17


@dataclass(frozen=True, slots=True)
class Conversion:
    """How near the fast form is to the reference: `agreement` is 1 where they say the same of every sentence."""

    engine: str
    agreement: float
    sentences: int


def convert(folder: Path, spec: ModelSpec, *, check: Sequence[str]) -> Conversion:
    """Make `fast/` in a model's folder, and `fast/resound.json` beside it.

    Raises:
        ModelError: torch is missing, the model cannot be converted, or the result is not the same model.
    """
    try:
        import torch  # noqa: F401
    except ImportError as err:
        raise ModelError(
            'Converting a model needs torch: pip install "resound[nlp-torch]"', reason="engine-missing"
        ) from err
    part = folder / ".fast.part"
    shutil.rmtree(part, ignore_errors=True)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    logging.getLogger().addFilter(_is_not_advice)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if spec.task == "translation":
                _to_ctranslate2(folder, part)
            else:
                _to_onnx(folder, part, spec.architecture)
        shutil.rmtree(folder / "fast", ignore_errors=True)
        part.rename(folder / "fast")
        made = _compare(folder, spec, check)
    except ModelError:
        shutil.rmtree(folder / "fast", ignore_errors=True)
        raise
    except (RuntimeError, ValueError, OSError, KeyError) as err:
        shutil.rmtree(folder / "fast", ignore_errors=True)
        raise ModelError(f"{spec.id} cannot be converted: {err}"[:500], reason="failed") from err
    finally:
        logging.getLogger().removeFilter(_is_not_advice)
        shutil.rmtree(part, ignore_errors=True)
    (folder / "fast" / "resound.json").write_text(json.dumps(asdict(made)) + "\n", encoding="utf-8")
    return made


def _is_not_advice(record: logging.LogRecord) -> bool:
    """onnxruntime tells the root logger to preprocess image models, whatever the model is."""
    return "pre-processing before quantization" not in record.getMessage()


def _to_ctranslate2(folder: Path, to: Path) -> None:
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        def load_tokenizer(self, kind: Any, name: str, **more: Any) -> Any:
            return _with_codes(super().load_tokenizer(kind, name, local_files_only=True, **more))

    Converter(str(folder)).convert(str(to), quantization="int8")


def _with_codes(tokenizer: Any) -> Any:
    """M2M100's language codes, where CTranslate2 looks for them: transformers 5 lists them elsewhere."""
    places: dict[str, int] | None = getattr(tokenizer, "lang_token_to_id", None)
    if places is not None and "additional_special_tokens" not in tokenizer.special_tokens_map:
        codes = sorted(places, key=places.__getitem__)
        known = {**tokenizer.special_tokens_map, "additional_special_tokens": codes}
        kind = type(tokenizer)
        tokenizer.__class__ = type(kind.__name__, (kind,), {"special_tokens_map": known})
    return tokenizer


def _to_onnx(folder: Path, to: Path, architecture: str) -> None:
    import torch
    import transformers
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = getattr(
        transformers, architecture
    ).from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        attn_implementation="eager",
        dtype=torch.float32,  # weights that were saved by halves: ONNX Runtime opens no quantised model of those
    )
    model.eval()
    has_types = int(getattr(model.config, "type_vocab_size", 1)) > 1
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if has_types else [])]

    class FirstOutput(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *given: Any) -> Any:
            return self.model(**dict(zip(names, given, strict=True)))[0]

    example = tuple(torch.ones(2, 8, dtype=torch.long) for _ in names)
    to.mkdir()
    whole = to / "whole.onnx"
    axes = {name: {0: "texts", 1: "tokens"} for name in names}
    is_classifier = architecture.endswith("ForSequenceClassification")
    out = {"out": {0: "texts"} if is_classifier else {0: "texts", 1: "tokens"}}
    with torch.inference_mode():
        torch.onnx.export(
            FirstOutput(),
            example,
            str(whole),
            dynamo=False,
            input_names=names,
            output_names=["out"],
            dynamic_axes={**axes, **out},
            opset_version=OPSET,
        )
    # One scale a row of weights: with one for the whole matrix all-MiniLM-L6-v2 came out at a cosine of 0.91, with this
    # at 0.98.
    quantize_dynamic(whole, to / "model.onnx", weight_type=QuantType.QInt8, per_channel=True)
    for left in to.glob("whole*"):
        left.unlink()


def _compare(folder: Path, spec: ModelSpec, check: Sequence[str]) -> Conversion:
    fast = "ctranslate2-int8" if spec.task == "translation" else "onnxruntime-int8"
    said = [_answers(folder, spec, Identity(spec.hub, "", engine), check) for engine in ("torch-fp32", fast)]
    agreement = _agreement(spec, *said)
    least = {"translation": LEAST_AGREEMENT, "embedding": LEAST_COSINE}.get(spec.task, 1 - MOST_DIFFERENCE)
    if agreement < least:
        raise ModelError(
            f"The fast form of {spec.id} does not say what the model says (agreement {agreement:.2f}, at least "
            f"{least:.2f} is asked for); it is not used.",
            reason="failed",
        )
    return Conversion(fast, round(agreement, 4), len(check))


def _answers(folder: Path, spec: ModelSpec, identity: Identity, check: Sequence[str]) -> Any:
    common: dict[str, Any] = {"architecture": spec.architecture, "identity": identity}
    if spec.task == "translation":
        direction = spec.directions[0]
        source = (
            next(one for one in spec.languages if one != direction.target)
            if direction.source == "*"
            else direction.source
        )
        translator = backends.load_translator(
            folder,
            source=source,
            target=direction.target,
            token=direction.token,
            code=direction.code,
            **common,
        )
        return [one.text for one in translator.translate(check, beam=1)]
    if spec.task == "tone":
        return backends.load_classifier(folder, **common).probabilities(check)
    if spec.task == "nli":
        return backends.load_judge(folder, **common).entailment([(one, check[0]) for one in check])
    embedder = backends.load_embedder(
        folder, query_prefix=spec.query_prefix, passage_prefix=spec.passage_prefix, **common
    )
    return embedder.embed(check)


def _agreement(spec: ModelSpec, reference: Any, fast: Any) -> float:
    import numpy as np
    from rapidfuzz.fuzz import ratio

    if spec.task == "translation":
        return (
            sum(ratio(one, other) for one, other in zip(reference, fast, strict=True)) / 100 / len(reference)
        )
    if spec.task == "embedding":
        return float((reference * fast).sum(1).min())
    return 1 - float(np.abs(np.asarray(reference) - np.asarray(fast)).max())
