"""What running a model needs whatever it does: where it runs, how texts are batched, what a failure is called.

With `nlp.backends`, `nlp.translators`, `nlp.encoders` and `nlp.converting` the only place that knows transformers,
ctranslate2, onnxruntime and torch.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nlp.engines import Identity
from resound.errors import ModelError

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

MAX_TOKENS = 510
"""Longer sentences and passages are split before they come here, whatever a model could take."""


def to_device(kind: Any, folder: Path, identity: Identity) -> Any:
    """A torch model from a folder: bf16 on a GPU where the identity says so, else fp32."""
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


def count_positions(folder: Path) -> int:
    """How many tokens the model has places for."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    # XLM-R counts places from its padding number on, so two of its table are never used.
    unused = 2 if config.model_type == "xlm-roberta" else 0
    return int(getattr(config, "max_position_embeddings", 512)) - unused


def batches_of(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Places in order of length, in batches of about so many tokens, padding counted."""
    made: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lambda one: (lengths[one], one)):
        if made and (len(made[-1]) + 1) * lengths[at] <= tokens:
            made[-1].append(at)
        else:
            made.append([at])
    return made


@contextmanager
def told_reasons(folder: Path | None = None) -> Iterator[None]:
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
    except Exception as err:
        if not isinstance(err, OSError | RuntimeError) and not type(err).__module__.startswith("onnxruntime"):
            raise  # a defect of ours
        if "out of memory" in str(err).lower() or "bad_alloc" in str(err) or "allocate" in str(err):
            raise ModelError("There is not enough memory for the model.", reason="out-of-memory") from err
        where = f"{folder.name} cannot be opened" if folder is not None else "The model failed"
        raise ModelError(f"{where}: {err}"[:500], reason="missing" if folder else "failed") from err
