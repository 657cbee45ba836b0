"""A secret that stands in a file."""

from __future__ import annotations

from pathlib import Path

from resound.errors import DefinitionError

PREFIX = "RESOUND_"


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
