"""How values of settings are read: lists, files that must be there, secrets that stand in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from resound.errors import DefinitionError

PREFIX = "RESOUND_"


def _find(value: Path) -> Path:
    value = value.expanduser()
    if not value.is_file():
        raise ValueError("there is no such file")
    return value


ExistingFile = Annotated[Path, AfterValidator(_find)]


def split_list(value: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)


def read_secret(name: str, path: Path) -> str:
    """What a file holds, without the line's end; `name` is the setting's without prefix and `_FILE`. Not to be printed.

    Raises:
        DefinitionError: it cannot be read, or is empty. The sentence names the variable.
    """
    variable = f"{PREFIX}{name}_FILE"
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise DefinitionError(f"{variable}: the file {path} cannot be read.") from err
    if not found:
        raise DefinitionError(f"{variable}: the file {path} is empty.")
    return found
