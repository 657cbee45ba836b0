"""The evidence of one article: what was fetched and what people brought, and single pieces of it to take away.

Whatever is handed out was hashed just before; a piece that is missing, changed or expired is told, never replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from crawlers.evidence import EvidenceRef, read_record
from resound.clips.files import FileKind, kept_path, kind_of, written_row
from resound.errors import EvidenceError, NotFoundError
from resound.people.sight import EVERYTHING, Sight
from resound.store.articles import StoredVersion, load_versions
from resound.store.captures import Capture, captures_of
from resound.store.tables import clip
from resound.told import Told


@dataclass(frozen=True, slots=True)
class NumberedVersion:
    """A wording of an article, counted from 1, the first that was seen."""

    number: int
    stored: StoredVersion
    is_current: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response whose record is kept. `version` is the number of the wording that was read out of it."""

    capture: Capture
    version: int | None


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that came with a clip, or the row of cells that it was (`is_row`).

    `size` is None where the file is not there; `kind` where it is none of those that are taken today.
    """

    sha256: str
    name: str
    is_row: bool
    row: Mapping[str, str]
    who: str
    at: datetime
    size: int | None
    kind: FileKind | None


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything that shows that an article was there, and said what it is read as."""

    versions: tuple[NumberedVersion, ...]
    fetched: tuple[Fetched, ...]
    brought: tuple[Brought, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A WARC file of one page, ready to be handed out."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ClipFile:
    """A kept file, ready to be handed out. `name` is how whoever brought it called it."""

    path: Path
    name: str
    kind: FileKind | None


def prove(connection: Connection, article: str, current: str, *, evidence: Path) -> Proof:
    """The evidence of an article. Files are looked for, not hashed.

    Args:
        current: the id of the version that is read now.
    """
    versions = tuple(
        NumberedVersion(number, one, one.id == current)
        for number, one in enumerate(load_versions(connection, article), start=1)
    )
    numbers = {one.stored.id: one.number for one in versions}
    rows = connection.execute(select(clip).where(clip.c.article == article).order_by(clip.c.at, clip.c.name))
    return Proof(
        versions,
        tuple(
            Fetched(one, numbers.get(one.version) if one.version is not None else None)
            for one in captures_of(connection, article)
        ),
        tuple(_brought(row, evidence) for row in rows),
    )


def take_record(connection: Connection, article: str, digest: str, *, evidence: Path) -> Record:
    """The record of an article's page that has this SHA-256, as it is stored, hashed again.

    Raises:
        NotFoundError: the article has no such record.
        EvidenceError: it expired, or it is missing, torn or changed.
    """
    found = next((one for one in captures_of(connection, article) if one.sha256 == digest), None)
    if found is None:
        raise NotFoundError(Told("There is no such record of this article."))
    if found.expired_at is not None:
        raise EvidenceError(
            Told(
                "This record expired on %(day)s, because the page belonged to no campaign. Its hash and what was read "
                "of it stay.",
                day=found.expired_at.date().isoformat(),
            )
        )
    ref = EvidenceRef(found.file, found.offset, found.length, found.sha256, found.payload_sha256)
    return Record(f"{article}-{found.fetched_at:%Y%m%dT%H%M%SZ}.warc.gz", read_record(evidence, ref))


def take_file(connection: Connection, digest: str, *, evidence: Path, sight: Sight = EVERYTHING) -> ClipFile:
    """The file of a clip that has this SHA-256, hashed again.

    Raises:
        NotFoundError: no clip in sight names such a file.
        EvidenceError: it is missing or changed.
    """
    rows = connection.execute(select(clip).where(clip.c.sha256 == digest).order_by(clip.c.at)).all()
    shown = sight.seen(connection, [one.article for one in rows])
    row = next((one for one in rows if one.article in shown), None)
    if row is None:
        raise NotFoundError(Told("No clip has such a file."))
    path = kept_path(evidence, row.sha256)
    try:
        with path.open("rb") as file:
            seen = file_digest(file, "sha256").hexdigest()
    except OSError as err:
        raise EvidenceError(Told("The file of this clip is missing from the evidence folder.")) from err
    if seen != row.sha256:
        raise EvidenceError(Told("The file of this clip is not what was brought: its SHA-256 differs."))
    name = "clip-row.json" if is_row(row.row, row.sha256) else row.name
    return ClipFile(path, name, kind_of(path))


def _brought(row: Any, evidence: Path) -> Brought:
    path = kept_path(evidence, row.sha256)
    is_there = path.is_file()
    return Brought(
        sha256=row.sha256,
        name=row.name,
        is_row=is_row(row.row, row.sha256),
        row=row.row,
        who=row.who,
        at=row.at,
        size=path.stat().st_size if is_there else None,
        kind=kind_of(path) if is_there else None,
    )


def is_row(cells: Mapping[str, str], digest: str) -> bool:
    """Whether a kept file is the row itself, as `resound.clips.importing` writes it."""
    return sha256(written_row(cells)).hexdigest() == digest
