"""One file with everything that cannot be made again: the store, the evidence, clips, and what the folder is for.

It is made while Resound works. First the store's view is fixed; a page's evidence is on the disk before the store names
it, so what is copied afterwards holds everything that the view names. The search index and the language models are
not in it (both can be made or fetched again), and nothing that lets anybody in is: settings go in by a list of harmless
ones, people without their passwords and keys. (`resound.store.portable` says what is secret in it all the same.)
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, func, select

from crawlers.evidence import evidence_in_use, list_files, whole_length
from resound import __version__
from resound.errors import BackupError
from resound.keeping.archive import ArchiveWriter
from resound.store import Store
from resound.store.database import schema_revision
from resound.store.portable import (
    Summer,
    TableForm,
    TableSum,
    count_rows,
    last_numbers,
    read_table,
    store_forms,
)
from resound.store.tables import capture, clip

LEFT_OUT = (
    "the search index and language models (they are derived or can be pulled again), passwords, API keys, sessions and "
    "one-time links"
)
FORMAT = 1
MAX_LINE_BYTES = 256_000_000
"""No row of ours comes near: a page is at most 10 MB."""
_GZIP_LEVEL = 5
_CLIP = re.compile(r"[0-9a-f]{64}")

Progress = Callable[[str, int, int], None]
"""(what, done, total): rows while the store is read, bytes while files are copied."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What is in the file. `problems`: evidence that the store names and that is not (wholly) there, in sentences."""

    tables: dict[str, TableSum]
    files: int
    bytes: int
    problems: tuple[str, ...]


def make_backup(
    store: Store,
    evidence: Path,
    path: Path,
    *,
    own: Iterable[Path] = (),
    settings: Mapping[str, str],
    now: datetime,
    progress: Progress | None = None,
) -> BackedUp:
    """Write a backup. It appears under `path` only when it is whole and on the disk; what stands there is not replaced.

    Args:
        own: small JSON files that say what the data folder is (`demo.json`); those that are there go in.
        settings: harmless settings by variable, to be shown to whoever restores.

    Raises:
        BackupError: there is a file of that name, or it cannot be written.
    """
    if path.exists():
        raise BackupError(f"{path} is there already; name a new file (backups are never overwritten).")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with evidence_in_use(evidence), ArchiveWriter(path, now=now) as archive, store.read() as connection:
            manifest = {
                "format": FORMAT,
                "made_by": f"Resound {__version__}",
                "made_at": now.isoformat(),
                "schema": schema_revision(connection),
                "database": "PostgreSQL" if store.is_postgres else "SQLite",
                "left_out": LEFT_OUT,
            }
            tables = _add_tables(archive, connection, path.parent, progress)
            ends = _named_ends(connection)
            clips = set(connection.execute(select(clip.c.sha256).distinct()).scalars())
            numbers = last_numbers(connection, store_forms())
            problems = _add_files(archive, evidence, ends, clips, progress)
            _add_settings(archive, own, settings)
            told = [
                {
                    **form.to_json(),
                    "rows": total.rows,
                    "keys": total.keys,
                    "sha256": total.sha256,
                    "bytes": size,
                }
                for form, total, size in tables
            ]
            archive.finish({**manifest, "tables": told, "numbers": numbers})
            files = [one for one in archive.members if one.name.startswith("evidence/")]
    except OSError as err:
        raise BackupError(f"The backup could not be written to {path}: {err.strerror or err}.") from err
    return BackedUp(
        {form.name: total for form, total, _ in tables}, len(files), path.stat().st_size, tuple(problems)
    )


def _add_tables(
    archive: ArchiveWriter, connection: Connection, folder: Path, progress: Progress | None
) -> list[tuple[TableForm, TableSum, int]]:
    forms = store_forms()
    total = sum(count_rows(connection, forms).values())
    made = []
    done = 0
    for form in forms:
        summer = Summer(form)
        size = 0
        # A tar names a member's length before its bytes, so they wait in a file without a name, on the backup's disk.
        with tempfile.TemporaryFile(dir=folder) as spool:
            with gzip.GzipFile(fileobj=spool, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0) as packed:
                for row, line in read_table(connection, form, with_secrets=False):
                    summer.add(row, line)
                    data = line.encode() + b"\n"
                    packed.write(data)
                    size += len(data)
                    done += 1
                    if progress is not None and done % 500 == 0:
                        progress(form.name, done, total)
            length = spool.tell()
            spool.seek(0)
            archive.add(f"store/{form.name}.jsonl.gz", spool, length)
        made.append((form, summer.total(), size))
    return made


def _named_ends(connection: Connection) -> dict[str, int]:
    """WARC file → the end of the last page that the store names in it."""
    rows = connection.execute(
        select(capture.c.file, func.max(capture.c.offset + capture.c.length)).group_by(capture.c.file)
    )
    return {row[0]: int(row[1]) for row in rows}


def _add_files(
    archive: ArchiveWriter,
    evidence: Path,
    ends: Mapping[str, int],
    clips: set[str],
    progress: Progress | None,
) -> list[str]:
    problems = []
    wanted: list[tuple[str, Path, int]] = []
    for path in list_files(evidence):
        named = ends.get(path.name, 0)
        length = whole_length(path, named)
        if length < named:
            problems.append(f"{path.name} ends before the last page that the store names in it.")
        if length:
            wanted.append((f"evidence/{path.name}", path, length))
    there = {name.removeprefix("evidence/") for name, _, _ in wanted}
    problems += [f"{name} is missing; the store names pages in it." for name in sorted(set(ends) - there)]
    folder = evidence / "clips"
    files = {one.name: one for one in folder.iterdir()} if folder.is_dir() else {}
    kept = {name: path for name, path in files.items() if _CLIP.fullmatch(name) and path.is_file()}
    problems += [f"clips/{name} is missing; the store names it." for name in sorted(clips - set(kept))]
    wanted += [(f"evidence/clips/{name}", path, path.stat().st_size) for name, path in sorted(kept.items())]
    total = sum(length for _, _, length in wanted)
    done = 0
    for name, path, length in wanted:
        with path.open("rb") as file:
            archive.add(name, file, length)
        done += length
        if progress is not None:
            progress("evidence", done, total)
    return problems


def _add_settings(archive: ArchiveWriter, own: Iterable[Path], settings: Mapping[str, str]) -> None:
    for path in own:
        if path.is_file():
            told = path.read_bytes()
            archive.add(f"data/{path.name}", io.BytesIO(told), len(told))
    written = json.dumps(dict(settings), ensure_ascii=False, indent=1, sort_keys=True).encode()
    archive.add("data/settings.json", io.BytesIO(written), len(written))


def open_lines(file: BinaryIO, *, most: int, name: str) -> Iterator[str]:
    """The lines of a packed table, of at most `most` bytes unpacked. Raises BackupError for more, or for no such file."""
    done = 0
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as plain:
            while line := plain.readline(min(most - done + 1, MAX_LINE_BYTES)):
                done += len(line)
                if done > most or not line.endswith(b"\n"):
                    raise BackupError(
                        f"The table {name} is larger than the backup's manifest says, or a row is absurd."
                    )
                yield line[:-1].decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as err:
        raise BackupError(f"The table {name} cannot be unpacked: {err}.") from err


def harmless_settings(settings: Any) -> dict[str, str]:
    """Settings that may be shown to anybody, by variable. A new one goes in when it is named here, never by itself."""
    names = (
        "contact", "ports", "max_bytes", "max_redirects", "deadline", "profile", "engine", "threads",
        "model_seconds", "enrich", "language",
    )  # fmt: skip
    found = {name: getattr(settings, name) for name in names}
    return {
        f"RESOUND_{name.upper()}": ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in found.items()
        if value is not None
    }
