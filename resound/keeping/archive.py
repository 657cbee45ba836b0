"""A backup's file: a plain tar of regular files whose last two members say what all others must be.

Any `tar` can list and unpack it. Reading it trusts nothing: no links, devices or folders, no name that is not one of
ours, nothing but blocks of bytes whose length and SHA-256 the manifest names. The manifest comes last, with its own
hash behind it, so that an archive which was cut off anywhere has none.
"""

from __future__ import annotations

import fcntl
import glob
import io
import json
import os
import re
import secrets
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from resound.errors import BackupError

MANIFEST = "manifest.json"
MANIFEST_HASH = "manifest.sha256"
MAX_MANIFEST_BYTES = 256_000_000
"""Of a store with a million clips."""
_NAMES = re.compile(
    r"store/[a-z][a-z_]{0,62}\.jsonl\.gz"
    r"|evidence/resound-\d{8}-\d{6}-\d+-[0-9a-f]{16}-\d{5}\.warc\.gz"
    r"|evidence/clips/[0-9a-f]{64}"
    r"|data/(?:demo|settings)\.json"
)
_BLOCK = 512
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive."""

    name: str
    length: int
    sha256: str


class HashingReader:
    """Reads from a file and hashes what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = sha256()
        self.length = 0

    def read(self, size: int = -1) -> bytes:
        """As a file's."""
        data = self._file.read(size)
        self.hash.update(data)
        self.length += len(data)
        return data


class ArchiveWriter:
    """Writes to a file beside the wanted one, which appears under its name only when it is whole and on the disk."""

    def __init__(self, path: Path, *, now: datetime) -> None:
        self._path = path
        _clear_parts(path)
        # not by the process's number: in a container it is the same each time
        self._part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
        self._mtime = int(now.timestamp())
        self._file = self._part.open("xb")
        _hold(self._file)
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.GNU_FORMAT)  # noqa: SIM115
        self.members: list[Member] = []

    def add(self, name: str, file: BinaryIO, length: int) -> Member:
        """Put `length` bytes of a file in. Raises OSError where there are fewer."""
        if not _NAMES.fullmatch(name):
            raise ValueError(f"{name!r} is no member of a backup")
        member = self._add(name, file, length)
        self.members.append(member)
        return member

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest, and let the archive appear under its name, durably."""
        told = {
            **manifest,
            "members": [{"name": m.name, "length": m.length, "sha256": m.sha256} for m in self.members],
        }
        data = json.dumps(told, ensure_ascii=False, indent=1).encode()
        self._add(MANIFEST, io.BytesIO(data), len(data))
        line = f"{sha256(data).hexdigest()}  {MANIFEST}\n".encode()
        self._add(MANIFEST_HASH, io.BytesIO(line), len(line))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)
        sync_folder(self._path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def _add(self, name: str, file: BinaryIO, length: int) -> Member:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = length, self._mtime, 0o600
        reader = HashingReader(file)
        self._tar.addfile(info, reader)
        return Member(name, length, reader.hash.hexdigest())


def _clear_parts(path: Path) -> None:
    """Remove what a killed writer left beside the wanted file; whoever is still writing holds a lock on theirs."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with (
            suppress(OSError),
            part.open("rb") as file,
        ):  # another's, or on a disk that knows no locks: it stays
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def _hold(file: BinaryIO) -> None:
    """Until it is closed or the process ends, however it ends."""
    with suppress(OSError):  # a disk that knows no locks
        fcntl.flock(file, fcntl.LOCK_EX)


def read_members(path: Path) -> Iterator[tuple[str, int, BinaryIO]]:
    """(name, length, a file to read exactly that from) of every member, checked by its header alone.

    Written here and not left to `tarfile`: extended headers, sparse files and links have no place in a backup, and
    what is not understood is refused before a byte of it is used.

    Raises:
        BackupError: it is cut off, or holds anything that a backup does not.
    """
    total = path.stat().st_size
    seen: set[str] = set()
    with path.open("rb") as file:
        at = 0
        while True:
            file.seek(at)
            header = file.read(_BLOCK)
            if header == bytes(_BLOCK):
                return
            if len(header) < _BLOCK:
                raise BackupError(f"{path.name} is cut off: it has no end.")
            name, length = _read_header(path, header)
            if name in seen:
                raise BackupError(f"{path.name} holds {name!r} twice.")
            seen.add(name)
            if at + _BLOCK + length > total:
                raise BackupError(f"{path.name} is cut off in the middle of {name}.")
            yield name, length, file
            at += _BLOCK + -(-length // _BLOCK) * _BLOCK


def _read_header(path: Path, header: bytes) -> tuple[str, int]:
    try:
        info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as err:
        raise BackupError(f"{path.name} is no backup of Resound, or it is damaged ({err}).") from err
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.linkname:
        raise BackupError(
            f"{path.name} holds {info.name[:80]!r}, which is a link, a folder or a device. That is no backup of Resound."
        )
    if info.name not in (MANIFEST, MANIFEST_HASH) and not _NAMES.fullmatch(info.name):
        raise BackupError(f"{path.name} holds {info.name[:80]!r}, which no backup of Resound does.")
    if info.size < 0 or (info.name in (MANIFEST, MANIFEST_HASH) and info.size > MAX_MANIFEST_BYTES):
        raise BackupError(f"{path.name} holds {info.name!r} of an absurd size.")
    return info.name, info.size


def unpack(path: Path, folder: Path, progress: Any = None) -> Mapping[str, Any]:
    """Write every member into `folder`, hash it, and return the manifest once all agree with it.

    Raises:
        BackupError: it is cut off, altered, or holds what a backup does not. What was written stays, for the caller
            to remove.
    """
    found: dict[str, Member] = {}
    told: dict[str, bytes] = {}
    for name, length, file in read_members(path):
        if name in (MANIFEST, MANIFEST_HASH):
            told[name] = file.read(length)
            continue
        if told:
            raise BackupError(f"{path.name} holds {name!r} behind its manifest.")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            digest = _copy(file, out, length, progress)
            out.flush()
            os.fsync(out.fileno())
        found[name] = Member(name, length, digest)
    manifest = _read_manifest(path, told)
    named = {one["name"]: Member(one["name"], one["length"], one["sha256"]) for one in manifest["members"]}
    for name in sorted({*named, *found}):
        if name not in found:
            raise BackupError(f"{path.name} lacks {name}, which its manifest names.")
        if named.get(name) != found[name]:
            raise BackupError(f"{path.name} is damaged or was altered: {name} is not what its manifest says.")
    for one in {folder, *(target.parent for target in (folder / name for name in found))}:
        sync_folder(one)
    return manifest


def _copy(file: BinaryIO, out: BinaryIO, length: int, progress: Any) -> str:
    digest = sha256()
    rest = length
    while rest:
        chunk = file.read(min(_CHUNK, rest))
        if not chunk:
            raise BackupError("The backup became shorter while it was read.")
        digest.update(chunk)
        out.write(chunk)
        rest -= len(chunk)
        if progress is not None:
            progress(len(chunk))
    return digest.hexdigest()


def _read_manifest(path: Path, told: Mapping[str, bytes]) -> Mapping[str, Any]:
    if set(told) != {MANIFEST, MANIFEST_HASH}:
        raise BackupError(f"{path.name} is cut off, or is no backup of Resound: it ends without a manifest.")
    if told[MANIFEST_HASH] != f"{sha256(told[MANIFEST]).hexdigest()}  {MANIFEST}\n".encode():
        raise BackupError(
            f"{path.name} is damaged or was altered: its manifest is not the one that was written."
        )
    try:
        manifest = json.loads(told[MANIFEST])
        members = manifest["members"]
        if manifest["format"] != 1:
            raise BackupError(
                f"{path.name} was made by a newer Resound ({str(manifest.get('made_by'))[:40]}); install that one to restore it."
            )
        if not all(
            isinstance(one["name"], str) and isinstance(one["length"], int) and isinstance(one["sha256"], str)
            for one in members
        ):
            raise TypeError("a member is not described")
    except (ValueError, KeyError, TypeError) as err:
        raise BackupError(f"{path.name} has a manifest that cannot be read ({err}).") from err
    checked: Mapping[str, Any] = manifest
    return checked


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
