"""What may be loaded: safetensors, of known classes, with their tokenizers, and no code. Everything else is refused.

A model is foreign input. Pickled weights run whatever they like when they are opened, `auto_map` names code that
comes with the model, and a missing tokenizer file turns words into wrong numbers in silence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from resound.errors import ModelError

PICKLED = (
    ".bin",
    ".pt",
    ".pth",
    ".pkl",
    ".pickle",
    ".ckpt",
    ".h5",
    ".msgpack",
    ".ot",
    ".joblib",
    ".npy",
    ".npz",
)
CODE = (".py", ".so", ".dll", ".dylib", ".pyc", ".sh")
LONGEST_HEADER = 100_000_000  # of a safetensors file (its own library's bound)
_MARIAN = ("source.spm", "target.spm", "vocab.json")
_M2M100 = ("sentencepiece.bpe.model", "vocab.json")
_FAST = ("tokenizer.json",)
TOKENIZERS: Mapping[str, tuple[str, ...]] = {
    "MarianMTModel": _MARIAN,
    "M2M100ForConditionalGeneration": _M2M100,
    "XLMRobertaForSequenceClassification": _FAST,
    "XLMRobertaModel": _FAST,
    "BertModel": _FAST,
}
"""The classes that are loaded, and the tokenizer files without which each must not be."""
_MORE = (
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "sentencepiece.bpe.model",
    "vocab.txt",
)


def choose_files(names: Iterable[str], architecture: str, *, model: str) -> list[str]:
    """Of a repository's files those that are needed; nothing else is ever downloaded.

    Raises:
        ModelError: unsafe, where the weights are not safetensors; missing, where a tokenizer file is not there.
    """
    known = {name for name in names if _is_plain(name)}
    weights = sorted(
        name
        for name in known
        if name == "model.safetensors"
        or (name.startswith("model-") and name.endswith(".safetensors"))
        or name == "model.safetensors.index.json"
    )
    if not any(name.endswith(".safetensors") for name in weights):
        raise ModelError(
            f"{model} holds no safetensors at this revision, and pickled weights are never read. "
            "A revision that has them (often refs/pr/NN) can be pinned in the profile.",
            reason="unsafe",
        )
    needed = tokenizer_files(architecture)
    missing = [name for name in ("config.json", *needed) if name not in known]
    if missing:
        raise ModelError(f"{model} has no {', '.join(missing)}.", reason="missing")
    return sorted({*weights, *needed, *(name for name in _MORE if name in known)})


def vet_folder(folder: Path, architecture: str) -> None:
    """Look at every file of a model before a library does.

    Raises:
        ModelError: unsafe or missing; names the file.
    """
    if not folder.is_dir():
        raise ModelError(
            f"The model {folder.name} is not there. `resound models pull` brings it.", reason="missing"
        )
    needed = tokenizer_files(architecture)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise _unsafe(folder, name, "it leads out of the model's folder")
        if path.is_dir():
            continue
        is_fast = name in ("fast/model.bin",)  # CTranslate2's own format: numbers, no objects
        if path.suffix.lower() in PICKLED and not is_fast:
            raise _unsafe(folder, name, "weights in this format can run code; only safetensors are read")
        if path.suffix.lower() in CODE:
            raise _unsafe(folder, name, "a model brings no code")
        if path.suffix.lower() == ".safetensors":
            _vet_safetensors(folder, path)
        if path.suffix.lower() == ".json" and _has_key(_json(folder, path), "auto_map"):
            raise _unsafe(folder, name, "it asks for code of its own (auto_map)")
    for name in ("config.json", *needed):
        if not (folder / name).is_file():
            raise ModelError(f"The model {folder.name} has no {name}.", reason="missing")
    stated = _json(folder, folder / "config.json").get("architectures") or []
    if architecture not in stated:
        raise _unsafe(
            folder,
            "config.json",
            f"it is a {', '.join(map(str, stated)) or 'nameless class'}, not a {architecture}",
        )


def tokenizer_files(architecture: str) -> tuple[str, ...]:
    """What a class cannot do without. Raises ModelError (unsafe) for a class that is not on the list."""
    found = TOKENIZERS.get(architecture)
    if found is None:
        raise ModelError(
            f"Models of the class {architecture} are not loaded. Those that are: {', '.join(TOKENIZERS)}.",
            reason="unsafe",
        )
    return found


def _vet_safetensors(folder: Path, path: Path) -> None:
    """A header's length in eight bytes, the header in JSON: what a renamed pickle does not have."""
    name = path.relative_to(folder).as_posix()
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if not 2 <= length <= min(LONGEST_HEADER, path.stat().st_size - 8):
            raise _unsafe(folder, name, "it is no safetensors file, whatever its name says")
        header = stream.read(length)
    try:
        loaded = json.loads(header)
    except ValueError as err:
        raise _unsafe(folder, name, "it is no safetensors file, whatever its name says") from err
    if not isinstance(loaded, dict):
        raise _unsafe(folder, name, "it is no safetensors file, whatever its name says")


def _json(folder: Path, path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as err:
        raise _unsafe(folder, path.relative_to(folder).as_posix(), "it is no JSON") from err
    return loaded if isinstance(loaded, dict) else {}


def _has_key(value: Any, key: str) -> bool:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if key in one:
                return True
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return False


def _is_plain(name: str) -> bool:
    """A file of the repository's own top folder, by a name that leads nowhere else."""
    path = PurePosixPath(name)
    return len(path.parts) == 1 and name == path.name and not name.startswith(".") and "\\" not in name


def _unsafe(folder: Path, name: str, why: str) -> ModelError:
    return ModelError(f"The model {folder.name} is refused: {name}: {why}.", reason="unsafe")
