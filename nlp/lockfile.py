"""The lock file: which commit, which files with which hashes, which licence. Written at the first pull; later ones must match.

`lock.json` lies in the models' folder: {id: {hub, revision, commit, licence, files: {name: sha256}, fast: {…}, at}}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from resound.errors import DefinitionError, ModelError

LOCK = "lock.json"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Locked:
    """What was pulled of one model. `files` are hashes of what came, `fast` of what was converted from it."""

    hub: str
    revision: str
    commit: str
    licence: str
    files: Mapping[str, str]
    fast: Mapping[str, str] = field(default_factory=dict)
    at: str = ""


def read_lock(folder: Path) -> dict[str, Locked]:
    """The lock file of a models' folder; empty where there is none.

    Raises:
        DefinitionError: it cannot be read.
    """
    path = folder / LOCK
    if not path.exists():
        return {}
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        return {name: Locked(**body) for name, body in loaded.items()}
    except (ValueError, TypeError, AttributeError) as err:
        raise DefinitionError(f"{path} is broken: {err}. Pull the models again, or bring it back.") from err


def write_lock(folder: Path, locked: Mapping[str, Locked]) -> None:
    """Write the lock file whole or not at all."""
    part = folder / f".{LOCK}"
    text = json.dumps({name: asdict(locked[name]) for name in sorted(locked)}, indent=2, ensure_ascii=False)
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(folder / LOCK)


def hash_files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path there; what begins with a dot is no part of it."""
    return {
        path.relative_to(folder).as_posix(): hash_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def hash_file(path: Path) -> str:
    """SHA-256 of one file."""
    made = sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            made.update(chunk)
    return made.hexdigest()


def check_files(folder: Path, name: str, expected: Mapping[str, str]) -> None:
    """Hold the files of a model to the lock. Each file is hashed once in a process while it stays as it is.

    Raises:
        ModelError: missing or wrong-hash; names the file.
    """
    for file, digest in expected.items():
        path = folder / file
        try:
            stat = path.stat()
        except FileNotFoundError as err:
            raise ModelError(
                f"The model {name} is not whole: {file} is missing. `resound models pull` brings it.",
                reason="missing",
            ) from err
        if _known(path, stat.st_size, stat.st_mtime_ns) != digest:
            raise ModelError(
                f"The model {name} is not what was pulled: {file} has another hash than the lock file says. "
                f"Remove the folder {folder.name} and pull it again.",
                reason="wrong-hash",
            )


@cache
def _known(path: Path, _size: int, _changed: int) -> str:
    return hash_file(path)
