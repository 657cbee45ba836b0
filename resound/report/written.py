"""A file that is there whole or not at all: written beside its place, and put there when it is done."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from resound.keeping.archive import sync_folder


@contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it takes its name when the block ends, and is gone where the block fails. Raises OSError."""
    part = path.with_name(f".{path.name[:100]}.part-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)
