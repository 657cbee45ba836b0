"""Files that people bring with their clips: taken in pieces, told by their content, kept under the hash of their bytes.

A name or an ending proves nothing, so only the bytes say what a file is; what is none of `KINDS` is refused.
"""

from __future__ import annotations

import codecs
import json
import lzma
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from resound.errors import ResoundError
from resound.keeping.archive import sync_folder
from resound.told import Told

MOST_BYTES = 200_000_000
"""Of a file beside a table on this machine; what comes over the web has a bound of its own (`max_upload`)."""
MOST_MEMBERS = 1_000
MOST_UNPACKED = 2_000_000_000
"""Files of one zip, and their bytes together."""
_BROKEN_ZIP = (zipfile.BadZipFile, NotImplementedError, zlib.error, lzma.LZMAError)
_CHUNK = 1 << 20
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is. `ending` is the one that it is handed out with."""

    name: str
    media_type: str
    ending: str

    @property
    def is_picture(self) -> bool:
        """Whether a browser may show it in a page."""
        return self.media_type.startswith("image/")


PDF = FileKind("PDF", "application/pdf", ".pdf")
JPEG = FileKind("JPEG", "image/jpeg", ".jpg")
PNG = FileKind("PNG", "image/png", ".png")
MP4 = FileKind("MP4", "video/mp4", ".mp4")
MP3 = FileKind("MP3", "audio/mpeg", ".mp3")
WAV = FileKind("WAV", "audio/wav", ".wav")
TEXT = FileKind("text", "text/plain", ".txt")
KINDS: tuple[FileKind, ...] = (PDF, JPEG, PNG, MP4, MP3, WAV, TEXT)

# The brands of films and sound; `heic` and `avif` are pictures in the same wrapping, `qt  ` is QuickTime.
_MP4_BRANDS = re.compile(rb"isom|iso[2-9]|mp4[12]|mp71|avc1|M4[AV] |MSNV|dash|f4v |3g[ep]\w|mmp4")
_MARKUP = re.compile(rb"\s*<(?:!doctype|!--|\?xml|html|head|body|svg|script|[a-z]+[\s>])", re.IGNORECASE)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\x0c\r") + b"\x7f"
FORBIDDEN_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"|?*\\/]+')


class ClipFileError(ResoundError):
    """A file that cannot be taken; the sentence says what would be."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file under its hash."""

    sha256: str
    size: int
    kind: FileKind


OpenFile = Callable[[str], BinaryIO]
"""The file that a row names, opened. Raises ClipFileError with a sentence."""


def files_beside(folder: Path) -> OpenFile:
    """Files are looked for in the table's folder, nothing outside it is read."""

    def open_file(name: str) -> BinaryIO:
        try:
            path = (folder / name).resolve()
            is_file = path.is_file()
        except (OSError, ValueError) as err:  # too long, or with a NUL
            raise _not_there(name) from err
        if not path.is_relative_to(folder.resolve()):
            raise ClipFileError(
                Told("the file %(name)s lies outside the folder of the table", name=repr(name))
            )
        if not is_file:
            raise _not_there(name)
        return path.open("rb")

    return open_file


def files_brought(files: Mapping[str, Path]) -> OpenFile:
    """Files that came with the table, by the names that they had there. A folder before the name may be left out."""
    by_last: dict[str, list[Path]] = {}
    for name, path in files.items():
        by_last.setdefault(PurePosixPath(name).name, []).append(path)

    def open_file(name: str) -> BinaryIO:
        written = name.replace("\\", "/").strip("/")
        if written in files:
            return files[written].open("rb")
        last = by_last.get(PurePosixPath(written).name, [])
        if len(last) > 1:
            raise ClipFileError(
                Told("several files are called %(name)s; write its folder, too", name=repr(name))
            )
        if not last:
            raise _not_there(name)
        return last[0].open("rb")

    return open_file


def check_file(source: BinaryIO, name: str, *, most: int = MOST_BYTES) -> KeptFile:
    """What a file is and would be kept as. Raises ClipFileError where it cannot be taken."""
    return _look_at(source, name, most, lambda _: None)


def keep_file(evidence: Path, source: BinaryIO, name: str, *, most: int = MOST_BYTES) -> KeptFile:
    """Write a file under the hash of its bytes, durable when this returns. It is read in pieces, never whole.

    Raises:
        ClipFileError: it is empty, too large or none of the kinds that are taken. Nothing of it stays.
    """
    with _new_file(evidence) as (file, put):
        kept = _look_at(source, name, most, file.write)
        put(kept.sha256)
    return kept


def written_row(cells: Mapping[str, str]) -> bytes:
    """A row's cells by column as they are kept."""
    return json.dumps(dict(cells), ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


def keep_row(evidence: Path, cells: Mapping[str, str]) -> str:
    """Write a row as it was given under the hash of its bytes, durable when this returns; the hash."""
    data = written_row(cells)
    digest = sha256(data).hexdigest()
    with _new_file(evidence) as (file, put):
        file.write(data)
        put(digest)
    return digest


@contextmanager
def _new_file(evidence: Path) -> Iterator[tuple[BinaryIO, Callable[[str], None]]]:
    """A file to write, and what gives it its name once it is whole; without a name it is gone."""
    folder = evidence / "clips"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".part-{os.getpid()}-{secrets.token_hex(8)}"
    try:
        with part.open("xb") as file:

            def put(digest: str) -> None:
                file.flush()
                os.fsync(file.fileno())
                if not (folder / digest).exists():
                    part.rename(folder / digest)
                    sync_folder(folder)

            yield file, put
    finally:
        part.unlink(missing_ok=True)


def kept_path(evidence: Path, digest: str) -> Path:
    """Where a kept file lies. `digest` must be one that the store names; anything else names no file."""
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ClipFileError("That names no file.")
    return evidence / "clips" / digest


def kind_of(path: Path) -> FileKind | None:
    """What a kept file is, by its first bytes; None where it is none of the kinds that are taken."""
    with path.open("rb") as file:
        return find_kind(file.read(_HEAD))


def find_kind(head: bytes) -> FileKind | None:
    """What the first bytes of a file say it is. Text is only so far none of the others: see `is_text`."""
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[4:8] == b"ftyp":
        return MP4 if _MP4_BRANDS.match(head[8:12]) else None
    if head.startswith(b"RIFF"):
        return WAV if head[8:12] == b"WAVE" else None
    if head.startswith(b"ID3") or _is_mp3_frame(head):
        return MP3
    return TEXT if _TextWatch().feed(head) else None


def unpack(source: BinaryIO, folder: Path, *, most_each: int) -> dict[str, Path]:
    """The files of a zip, by their names there, written to `folder` under names of our own.

    Sizes are counted while they are unpacked: what the zip says of itself is not believed. Of a file that is larger
    than `most_each` only so much is written that whoever looks at it will say so.

    Raises:
        ClipFileError: it is no zip, or holds too much.
    """
    found: dict[str, Path] = {}
    total = 0
    try:
        with zipfile.ZipFile(source) as archive:
            members = [one for one in archive.infolist() if not (one.is_dir() or _is_rubbish(one.filename))]
            if len(members) > MOST_MEMBERS:
                raise ClipFileError(
                    Told(
                        "The zip holds %(count)s files; at most %(most)s are taken.",
                        count=len(members),
                        most=MOST_MEMBERS,
                    )
                )
            for number, member in enumerate(members):
                if member.flag_bits & 1:
                    raise ClipFileError(Told("The zip is protected by a password; make it without one."))
                path = folder / f"{number:05d}"
                with archive.open(member) as packed, path.open("xb") as file:
                    for chunk in _chunks(packed, most=most_each):
                        total += len(chunk)
                        if total > MOST_UNPACKED:
                            raise ClipFileError(Told("The files in the zip are too much together."))
                        file.write(chunk)
                found.setdefault(member.filename.replace("\\", "/").lstrip("/"), path)
    except (*_BROKEN_ZIP, OSError, EOFError, RuntimeError, ValueError) as err:
        raise ClipFileError(Told("The zip cannot be read; make it anew.")) from err
    return found


def safe_name(name: str) -> str:
    """A file's name as it is shown and kept: no folders, no control or direction characters, at most 200 bytes."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    tidy = FORBIDDEN_IN_NAMES.sub(" ", last.encode("utf-8", "replace").decode()).strip(" .")
    stem, dot, ending = tidy.rpartition(".")
    if not dot or len(ending) > 10 or not ending.isascii():
        stem, dot, ending = tidy, "", ""
    room = 200 - len(dot + ending)
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    return f"{stem or 'file'}{dot}{ending}"


def _not_there(name: str) -> ClipFileError:
    return ClipFileError(Told("the file %(name)s is not beside the table", name=repr(name)))


def _look_at(source: BinaryIO, name: str, most: int, write: Callable[[bytes], object]) -> KeptFile:
    """Read a file once: its hash, size and kind; each piece is handed to `write`."""
    digest = sha256()
    size = 0
    kind: FileKind | None = None
    watch = _TextWatch()
    for chunk in _chunks(source):
        if size == 0:
            kind = find_kind(chunk[:_HEAD])
            if kind is None:
                raise _unknown(name)
        size += len(chunk)
        if size > most:
            raise ClipFileError(
                Told("the file %(name)s is larger than %(most)s MB", name=repr(name), most=most // 1_000_000)
            )
        if kind is TEXT and not watch.feed(chunk):
            raise _unknown(name)
        digest.update(chunk)
        write(chunk)
    if kind is None:
        raise ClipFileError(Told("the file %(name)s is empty", name=repr(name)))
    if kind is TEXT and not watch.end():
        raise _unknown(name)
    return KeptFile(digest.hexdigest(), size, kind)


def _unknown(name: str) -> ClipFileError:
    return ClipFileError(
        Told(
            "the file %(name)s is none of what is taken: PDF, JPEG, PNG, MP4, MP3, WAV or plain text",
            name=repr(name),
        )
    )


class _TextWatch:
    """Whether bytes are plain text: UTF-8, UTF-16 with its mark or Big5, without control characters and no markup."""

    def __init__(self) -> None:
        self._decoders: list[codecs.IncrementalDecoder] | None = None
        self._is_wide = False

    def feed(self, data: bytes) -> bool:
        """Whether it may still be text with these next bytes."""
        if self._decoders is None:
            self._is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            names = ("utf-16",) if self._is_wide else ("utf-8", "big5")
            self._decoders = [codecs.getincrementaldecoder(name)("strict") for name in names]
            if _MARKUP.match(data.removeprefix(codecs.BOM_UTF8)):
                return False
        if not self._is_wide and data.translate(None, _CONTROLS) != data:
            return False
        self._decoders = [one for one in self._decoders if self._goes_on(one, data, is_end=False)]
        return bool(self._decoders)

    def end(self) -> bool:
        """Whether it was text to its end."""
        return any(self._goes_on(one, b"", is_end=True) for one in self._decoders or ())

    def _goes_on(self, decoder: codecs.IncrementalDecoder, data: bytes, *, is_end: bool) -> bool:
        try:
            text = decoder.decode(data, final=is_end)
        except UnicodeDecodeError:
            return False
        if not self._is_wide:
            return True
        has_controls = any(ord(char) < 32 and char not in "\t\n\x0c\r" for char in text)
        return not (has_controls or _MARKUP.match(text[:200].encode("utf-8", "replace")))


def _is_mp3_frame(head: bytes) -> bool:
    """Frame sync, layer III, a bit rate and a sample rate that exist."""
    return (
        len(head) > 2
        and head[0] == 0xFF
        and head[1] & 0xE6 == 0xE2
        and head[1] & 0x18 != 0x08
        and head[2] & 0xF0 != 0xF0
        and head[2] & 0x0C != 0x0C
    )


def _chunks(source: IO[bytes], *, most: int | None = None) -> Iterator[bytes]:
    """A file in pieces; no more after `most` bytes were exceeded."""
    size = 0
    while (most is None or size <= most) and (chunk := source.read(_CHUNK)):
        size += len(chunk)
        yield chunk


def _is_rubbish(name: str) -> bool:
    """What systems put beside the files: `__MACOSX/._a.pdf`, `.DS_Store`, `Thumbs.db`."""
    last = name.rpartition("/")[2]
    return (
        name.startswith("__MACOSX/") or last.startswith(".") or last.lower() in ("thumbs.db", "desktop.ini")
    )
