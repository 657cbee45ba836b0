"""A WARC file without some of its pages: everything else stays at its byte, so no other page's place or hash changes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from crawlers.evidence import EvidenceRef
from crawlers.warc import expired_member
from resound.errors import EvidenceError

_CHUNK = 1 << 20
_HOLE = 4096


def beside(path: Path) -> Path:
    """Where the new file is written, until it takes the old one's place."""
    return path.with_name(f".{path.name}.expiring")


def write_without(
    path: Path, expired: Iterable[EvidenceRef], kept: Iterable[EvidenceRef], *, at: datetime
) -> Path:
    """Write the file anew beside it, durably, with a filling record of the same length for each page that expired.

    Every page that is kept is hashed in the new file. Returns the new file's path.

    Raises:
        EvidenceError: a page that is kept is not whole there. The new file stays, for the caller to remove.
    """
    new = beside(path)
    size = path.stat().st_size
    with path.open("rb") as old, new.open("w+b") as out:
        done = 0
        for one in sorted(expired, key=lambda ref: ref.offset):
            _copy(old, out, done, one.offset)
            _write_sparsely(out, one.offset, expired_member(path.name, one.offset, one.length, at))
            done = one.offset + one.length
        _copy(old, out, done, size)
        out.truncate(size)
        for one in kept:
            out.seek(one.offset)
            if sha256(out.read(one.length)).hexdigest() != one.sha256:
                raise EvidenceError(
                    f"{path.name} was left as it is: the page at byte {one.offset} is damaged. `resound evidence "
                    "verify` tells more."
                )
        out.flush()
        os.fsync(out.fileno())
    return new


def is_still_there(path: Path, ref: EvidenceRef) -> bool:
    """Whether a page's bytes are in the file."""
    with path.open("rb") as file:
        file.seek(ref.offset)
        return sha256(file.read(ref.length)).hexdigest() == ref.sha256


def _copy(source: BinaryIO, target: BinaryIO, start: int, end: int) -> None:
    source.seek(start)
    target.seek(start)
    rest = end - start
    while rest > 0:
        chunk = source.read(min(_CHUNK, rest))
        if not chunk:
            raise EvidenceError("An evidence file became shorter while it was read.")
        target.write(chunk)
        rest -= len(chunk)


def _write_sparsely(target: BinaryIO, offset: int, data: bytes) -> None:
    """Leave out whole blocks of zeros: the file system gives zeros back and stores nothing."""
    at = 0
    while at < len(data):
        end = min(at + _HOLE - (offset + at) % _HOLE, len(data))
        part = data[at:end]
        if len(part) < _HOLE or part.count(0) != len(part):
            target.seek(offset + at)
            target.write(part)
        at = end
