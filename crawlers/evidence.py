"""Evidence: every page as it was received, in WARC files that anyone's tools can read.

One page is two records, one gzip member each, side by side: the `response`, and a `metadata` record (JSON) that holds
what led to it (the entry of the feed, the URL that was asked for). An `EvidenceRef` spans both, so one hash covers both.

The payload is the body as it was parsed: transfer and content encodings are undone, and the headers that spoke of them
are kept as `X-Archive-Orig-…`, as other archiving crawlers do. A file is begun at a process's first page of a UTC day
and never appended to by another process: records after a torn tail would be lost (seen with warcio 1.8).
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from crawlers.warc import (
    MAX_RECORD_BYTES,
    DamageError,
    inflate_member,
    is_expired,
    page_members,
    parse_page,
    warcinfo_member,
)
from resound.article import RawPage
from resound.errors import EvidenceError

MAX_FILE_BYTES = 1_000_000_000
"""The customary size at which a new WARC is begun."""

_FILE_NAME = re.compile(r"resound-\d{8}-\d{6}-\d+-[0-9a-f]{16}-\d{5}\.warc\.gz")
_MEMBER_START = b"\x1f\x8b\x08"
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """Where a page lies. `sha256` is of the `length` bytes as stored (compressed), `payload_sha256` of the body."""

    file: str
    """Name inside the evidence folder."""
    offset: int
    length: int
    sha256: str
    payload_sha256: str


@dataclass(frozen=True, slots=True)
class EvidenceProblem:
    """What is wrong with a stored page, or with a file. `str(problem)` is a whole sentence."""

    kind: str
    """`missing`, `torn`, `changed`, `unreadable`, or `unacknowledged`: a torn tail that no stored row ever named."""
    file: str
    offset: int
    sentence: str
    ref: EvidenceRef | None = None

    @property
    def is_loss(self) -> bool:
        """False for an unacknowledged tail: the process died while it wrote, and will fetch that page again."""
        return self.kind != "unacknowledged"

    def __str__(self) -> str:
        return self.sentence


class EvidenceWriter:
    """Writes pages; they are safe only after `sync`. For one thread of one process; a file is made at the first page."""

    def __init__(self, folder: Path, *, started: datetime) -> None:
        self.folder = folder
        self._started = started.astimezone(UTC)
        self._mark = secrets.token_hex(8)
        self._pid = os.getpid()
        self._sequence = 0
        self._day: date | None = None
        self._name = ""
        self._file: FileIO | None = None
        self._offset = 0

    def write(self, page: RawPage) -> EvidenceRef:
        """Write one page. Raises `EvidenceError` for what is no http page, OSError where the disk fails."""
        if os.getpid() != self._pid:
            raise EvidenceError(
                "An evidence file belongs to the process that began it; begin one of your own."
            )
        file = self._open_for(page.fetched_at.astimezone(UTC).date())
        members = page_members(page, self._name)
        start = self._offset
        self._append(file, members)
        return EvidenceRef(
            file=self._name,
            offset=start,
            length=len(members),
            sha256=sha256(members).hexdigest(),
            payload_sha256=sha256(page.body).hexdigest(),
        )

    def sync(self) -> None:
        """Return when everything written so far is on the disk. Raises OSError."""
        if self._file is None:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError:
            self._abandon()  # after a failed fsync nobody knows what is on the disk
            raise

    def close(self) -> None:
        """Sync and close. A writer that is used again begins another file."""
        self.sync()
        self._abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_for(self, day: date) -> FileIO:
        """The file for a page of `day`. Days only go forward, so that a late page does not begin a file."""
        is_same_day = self._day is not None and day <= self._day
        if self._file is not None and is_same_day and self._offset < MAX_FILE_BYTES:
            return self._file
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._day = day if self._day is None else max(day, self._day)
        self._sequence += 1
        moment = f"{self._day:%Y%m%d}-{self._started:%H%M%S}"
        self._name = f"resound-{moment}-{self._pid}-{self._mark}-{self._sequence:05d}.warc.gz"
        # Unbuffered: a buffer that could not be written would be flushed again when the object dies.
        self._file = FileIO(self.folder / self._name, "xb")
        self._offset = 0
        _sync_folder(self.folder)
        self._append(self._file, warcinfo_member(self._name))
        return self._file

    def _append(self, file: FileIO, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError:
            self._abandon()
            raise
        self._offset += len(data)

    def _abandon(self) -> None:
        """Never write to this file again: after a write that failed half-way (disk full) what follows would be lost."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


def read_page(folder: Path, ref: EvidenceRef) -> RawPage:
    """One page, checked against its hashes. Raises `EvidenceError` where it is missing, torn or changed."""
    try:
        return _read(folder, ref)
    except DamageError as err:
        raise EvidenceError(_sentence(ref, err)) from err


def read_record(folder: Path, ref: EvidenceRef) -> bytes:
    """A page's two records as they are stored (gzip members), checked against their hash: a WARC file of one page.

    Raises:
        EvidenceError: they are missing, torn or changed.
    """
    try:
        span = _read_span(folder, ref)
        _check_span(span, ref)
    except DamageError as err:
        raise EvidenceError(_sentence(ref, err)) from err
    return span


def verify(folder: Path, refs: Iterable[EvidenceRef]) -> Iterator[EvidenceProblem]:
    """Read and hash every page that `refs` name. Afterwards tell of torn tails that none of them names (no loss)."""
    named: dict[str, int] = {}
    for ref in refs:
        named[ref.file] = max(named.get(ref.file, 0), ref.offset + ref.length)
        try:
            _read(folder, ref)
        except DamageError as err:
            yield EvidenceProblem(err.kind, ref.file, ref.offset, _sentence(ref, err), ref)
    for path in list_files(folder):
        yield from _check_tail(path, named.get(path.name, 0))


def iter_pages(
    folder: Path, *, problems: list[EvidenceProblem] | None = None
) -> Iterator[tuple[EvidenceRef, RawPage]]:
    """Every page of every file, by file name and offset: that is by day.

    A damaged place raises `EvidenceError`; with `problems` it is appended there and the pages after it still come.
    """
    for path in list_files(folder):
        for found in _scan(path):
            if not isinstance(found, EvidenceProblem):
                yield found
            elif problems is None:
                raise EvidenceError(found.sentence)
            else:
                problems.append(found)


def list_files(folder: Path) -> list[Path]:
    """Our WARC files, by name."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _FILE_NAME.fullmatch(path.name))


@contextmanager
def evidence_in_use(folder: Path, *, alone: bool = False) -> Iterator[None]:
    """Hold the evidence folder: many may read its files, or one may replace them (`alone`). Crawls need not ask.

    Raises:
        EvidenceError: somebody holds it otherwise.
    """
    if not folder.is_dir():
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise EvidenceError(
                f"The evidence in {folder} is in use by a backup or by `resound evidence expire`; try again when it "
                "is done."
            ) from err
        yield
    finally:
        os.close(handle)


def whole_length(path: Path, named: int) -> int:
    """How many bytes of a file are whole pages: at least those that rows name (`named`), and whole ones after them.

    A file that is being written, or that a killed process left, may end in the middle of a page.
    """
    size = path.stat().st_size
    end = min(named, size)
    with path.open("rb") as file:
        while end < size:
            try:
                ref, _ = _page_at(file, path.name, end)
            except DamageError:
                break
            end = ref.offset + ref.length
    return end


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sentence(ref: EvidenceRef, err: DamageError) -> str:
    return f"A page's evidence is lost: {ref.file}, {ref.length} bytes from byte {ref.offset}: {err}."


def _read(folder: Path, ref: EvidenceRef) -> RawPage:
    span = _read_span(folder, ref)
    _check_span(span, ref)
    first, rest = inflate_member(span)
    second, rest = inflate_member(rest)
    if rest:
        raise DamageError("unreadable", "more than two records are there")
    page = parse_page(first, second, ref.file)
    if sha256(page.body).hexdigest() != ref.payload_sha256:
        raise DamageError("changed", "the body is not the one that was stored (its SHA-256 differs)")
    return page


def _read_span(folder: Path, ref: EvidenceRef) -> bytes:
    if not _FILE_NAME.fullmatch(ref.file):
        raise DamageError("missing", "that is no evidence file's name")
    try:
        with (folder / ref.file).open("rb") as file:
            file.seek(ref.offset)
            span = file.read(ref.length)
    except FileNotFoundError as err:
        raise DamageError("missing", "the file is not there") from err
    except OSError as err:
        raise DamageError("unreadable", f"the file cannot be read ({err.strerror})") from err
    if len(span) < ref.length:
        raise DamageError("torn", f"the file ends after {len(span)} of them")
    return span


def _check_span(span: bytes, ref: EvidenceRef) -> None:
    if sha256(span).hexdigest() != ref.sha256:
        raise DamageError("changed", "they are not what was written (their SHA-256 differs)")


def _scan(path: Path) -> Iterator[tuple[EvidenceRef, RawPage] | EvidenceProblem]:
    """The pages of a file, and a problem for each stretch of bytes that holds none."""
    size = path.stat().st_size
    offset = 0
    with path.open("rb") as file:
        while offset < size:
            try:
                ref, page = _page_at(file, path.name, offset)
            except DamageError as err:
                after = _next_page(file, path.name, offset + 1)
                what = f"{path.name} holds no readable page from byte {offset} to {after or size}: {err}."
                yield EvidenceProblem("torn" if after is None else err.kind, path.name, offset, what)
                offset = size if after is None else after
                continue
            if page is not None:
                yield ref, page
            offset = ref.offset + ref.length


def _page_at(file: BinaryIO, name: str, offset: int) -> tuple[EvidenceRef, RawPage | None]:
    """The page whose records begin at `offset`; None at the record that opens a file, and where a page expired."""
    first, middle = _member_at(file, offset)
    if offset == 0 or is_expired(first):
        return EvidenceRef(name, offset, middle - offset, "", ""), None
    second, end = _member_at(file, middle)
    page = parse_page(first, second, name)
    file.seek(offset)
    stored = sha256(file.read(end - offset)).hexdigest()
    return EvidenceRef(name, offset, end - offset, stored, sha256(page.body).hexdigest()), page


def _member_at(file: BinaryIO, offset: int) -> tuple[bytes, int]:
    """A gzip member and the offset after it."""
    file.seek(offset)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
    parts: list[bytes] = []
    total = 0
    while not unpacker.eof:
        chunk = file.read(_CHUNK)
        if not chunk:
            raise DamageError("torn", "the last record has no end")
        try:
            parts.append(unpacker.decompress(chunk))
        except zlib.error as err:
            raise DamageError("unreadable", "a record is damaged") from err
        total += len(parts[-1])
        if total > MAX_RECORD_BYTES:
            raise DamageError("unreadable", "a record is larger than any of ours")
    return b"".join(parts), file.tell() - len(unpacker.unused_data)


def _next_page(file: BinaryIO, name: str, offset: int) -> int | None:
    """Where the next whole page of this file begins, at or after `offset`."""
    while (offset := _find_member(file, offset)) >= 0:
        try:
            _page_at(file, name, offset)
        except DamageError:
            offset += 1
        else:
            return offset
    return None


def _find_member(file: BinaryIO, offset: int) -> int:
    file.seek(offset)
    window = b""
    while chunk := file.read(_CHUNK):
        window += chunk
        at = window.find(_MEMBER_START)
        if at >= 0:
            return offset + at
        keep = len(_MEMBER_START) - 1
        offset += len(window) - keep
        window = window[-keep:]
    return -1


def _check_tail(path: Path, named: int) -> Iterator[EvidenceProblem]:
    """What lies after the last page that a row names: whole pages are fine (replay finds them), a torn one is told."""
    size = path.stat().st_size
    offset = named
    with path.open("rb") as file:
        while offset < size:
            try:
                ref, _ = _page_at(file, path.name, offset)
            except DamageError as err:
                what = (
                    f"{path.name} ends in {size - offset} bytes that no stored page names: {err}. "
                    "Writing was cut off there; nothing that was acknowledged is missing."
                )
                yield EvidenceProblem("unacknowledged", path.name, offset, what)
                return
            offset = ref.offset + ref.length
