"""Tables of clips that came over the web, with their files, between the preview and the import: for a day, one a person.

`uploads/<token>/` in the data folder holds `about.json`, `table/<its name>` and the files under names of our own.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from resound.clips.files import safe_name, unpack
from resound.clips.importing import ClipResult
from resound.clips.rows import read_clips
from resound.errors import NotFoundError, ResoundError
from resound.told import Told, told_from_json, told_to_json

KEPT = timedelta(days=1)
_TOKEN = re.compile(r"[0-9a-f]{32}")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as a browser sends it: the name that it has there, and its bytes."""

    name: str
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class StagedTable:
    """A table that waits for a person's word. `files`: what came with it, by the names that rows may use."""

    token: str
    table: Path
    files: Mapping[str, Path]
    at: datetime


def stage_table(
    root: Path, table: Upload, files: Iterable[Upload], *, who: str, most_bytes: int, now: datetime
) -> StagedTable:
    """Put a table and its files (or zips of them) aside. What the same person had put aside before is gone.

    Raises:
        ClipFileError: a zip cannot be read or holds too much. Nothing stays.
    """
    _sweep(root, who, now)
    token = secrets.token_hex(16)
    folder = root / token
    (folder / "table").mkdir(parents=True)
    (folder / "files").mkdir()
    try:
        path = folder / "table" / safe_name(table.name)
        _write(table.file, path, most=most_bytes)
        found: dict[str, Path] = {}
        for number, one in enumerate(files):
            place = folder / "files" / str(number)
            if _is_zip(one.file):
                place.mkdir()
                found |= unpack(one.file, place, most_each=most_bytes)
            else:
                _write(one.file, place, most=most_bytes)
                found[one.name.replace("\\", "/").lstrip("/")] = place
        about = {
            "who": who,
            "at": now.isoformat(),
            "table": path.name,
            "files": {name: str(place.relative_to(folder)) for name, place in found.items()},
        }
        written = json.dumps(about).encode("ascii")  # half surrogates in foreign names stay escaped
        (folder / "about.json").write_bytes(written)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return StagedTable(token, path, found, now)


def find_staged(root: Path, token: str, *, who: str, now: datetime) -> StagedTable:
    """What a person put aside.

    Raises:
        NotFoundError: it is not there (any more), or somebody else's.
    """
    about = _about(root / token) if _TOKEN.fullmatch(token) else None
    if about is None or about["who"] != who or now - datetime.fromisoformat(about["at"]) > KEPT:
        raise NotFoundError(Told("The table is no longer here; choose the file again."))
    folder = root / token
    return StagedTable(
        token,
        folder / "table" / about["table"],
        {name: folder / place for name, place in about["files"].items()},
        datetime.fromisoformat(about["at"]),
    )


def check_table(staged: StagedTable, *, most_rows: int, now: datetime) -> None:
    """Raise ResoundError where it cannot be read as a table of clips, or has too many rows for somebody who waits."""
    for number, _ in enumerate(read_clips(staged.table, now=now), start=1):
        if number > most_rows:
            raise ResoundError(
                Told("The table has more than %(most)s rows; import it in parts.", most=most_rows)
            )


def write_report(root: Path, staged: StagedTable, results: Iterable[ClipResult]) -> None:
    """Keep what came of the import where the table was; the table and its files go."""
    folder = root / staged.token
    told = [
        {
            "row": one.row,
            "result": one.result,
            "article": one.article,
            "outlet": one.outlet,
            "title": one.title,
            "source": one.source,
            "column": one.column,
            "message": told_to_json(one.message),
        }
        for one in results
    ]
    (folder / "report.json").write_text(json.dumps(told), encoding="ascii")
    for name in ("table", "files"):
        shutil.rmtree(folder / name, ignore_errors=True)


def read_report(root: Path, staged: StagedTable) -> list[ClipResult] | None:
    """What came of the import; None where there was none yet."""
    try:
        told = json.loads((root / staged.token / "report.json").read_bytes())
    except FileNotFoundError:
        return None
    return [ClipResult(**{**one, "message": told_from_json(one["message"])}) for one in told]


def discard_staged(root: Path, token: str) -> None:
    """Forget a table and its files."""
    if _TOKEN.fullmatch(token):
        shutil.rmtree(root / token, ignore_errors=True)


def _sweep(root: Path, who: str, now: datetime) -> None:
    """Remove what is older than a day, what this person had put aside, and what a killed process left."""
    if not root.is_dir():
        return
    for folder in root.iterdir():
        about = _about(folder)
        if about is None:
            is_old = now.timestamp() - folder.stat().st_mtime > KEPT.total_seconds()
        else:
            is_old = about["who"] == who or now - datetime.fromisoformat(about["at"]) > KEPT
        if is_old and _TOKEN.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _about(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / "about.json").read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _is_zip(file: BinaryIO) -> bool:
    head = file.read(4)
    file.seek(0)
    return head in (b"PK\x03\x04", b"PK\x05\x06")


def _write(source: BinaryIO, path: Path, *, most: int) -> None:
    """A file in pieces; of one that is too large so much that whoever looks at it says so."""
    size = 0
    with path.open("xb") as file:
        while size <= most and (chunk := source.read(_CHUNK)):
            size += len(chunk)
            file.write(chunk)
