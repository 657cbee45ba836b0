"""Everything behind a report in one ZIP file, so that anybody can check every clip without Resound.

`README.txt` says how, in three languages. `report.<language>.xlsx` and `.pdf`; `clips/` with a page for each clip;
`evidence/` with its WARC records and what people brought, each named after its SHA-256 and hashed again on its way in;
`snapshot.json`, whose SHA-256 stands in the report; `SHA256SUMS` over all of them. What could not be taken stands in
`MISSING.txt` with the reason. The same snapshot and evidence give the same bytes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from crawlers.evidence import EvidenceRef, read_record
from resound.clips.files import KINDS, kept_path
from resound.errors import EvidenceError, ReportError
from resound.report.bundle_pages import MissingPiece, clip_name, clip_page, missing_text, readme
from resound.report.excerpts import Excerpts, find_excerpts, keep_excerpts, without_texts
from resound.report.making import Opened
from resound.report.pictures import read_pictures
from resound.report.printed import write_pdf
from resound.report.tables import Report
from resound.report.workbook import write_workbook
from resound.report.written import write_whole
from resound.snapshots.model import Evidence
from resound.snapshots.written import content_hash, write_snapshot
from resound.store.snapshots import SnapshotRow
from resound.told import Told

Tell = Callable[[str, int, int], None]
"""(what is done now, how many of it, of how many)"""
_CHUNK = 1 << 20
_ENDINGS = {kind.media_type: kind.ending for kind in KINDS} | {
    "application/warc": ".warc.gz",
    "application/json": ".json",
}
_PACKED = frozenset({".warc.gz", ".jpg", ".png", ".mp4", ".mp3", ".xlsx", ".pdf"})
"""Endings of what is packed already."""


def write_bundle(
    opened: Opened,
    *,
    evidence: Path,
    path: Path,
    excerpts_only: bool = False,
    tell: Tell | None = None,
) -> tuple[MissingPiece, ...]:
    """Write the bundle; it is there whole or not at all. What is told of it comes back: the pieces that are missing.

    Args:
        opened: the snapshot and reports of it, each in another language.
        excerpts_only: passages in place of whole texts, and neither records nor files: their hashes and addresses stay.
        tell: called now and then, for whoever waits.

    Raises:
        TypesettingError: a PDF cannot be made here.
        ReportError: the snapshot is not the one of the row, or there is no report of it.
        OSError: the disk fails, or a file changed while it was read.
    """
    row, snapshot, reports = opened.row, opened.snapshot, opened.reports
    if content_hash(opened.written) != row.sha256:
        raise ReportError(Told("This is not the snapshot that the report names: its SHA-256 differs."))
    if not reports or any(one.snapshot != row for one in reports):
        raise ReportError(Told("A bundle needs reports, all of them of its snapshot."))
    say = tell or (lambda *_: None)
    excerpts = find_excerpts(snapshot) if excerpts_only else None
    if excerpts is not None:
        reports = tuple(keep_excerpts(one, excerpts) for one in reports)
    with write_whole(path) as file, zipfile.ZipFile(file, "w") as archive:
        box = _Box(archive, row)
        missing: list[MissingPiece] = []
        if not excerpts_only:
            missing = list(_put_evidence(box, reports[0], evidence, say))
        _put_reports(box, reports, evidence=evidence, excerpts=excerpts, tell=say)
        read = read_pictures(evidence)
        for at, clip in enumerate(reports[0].clips, 1):
            names = {one.sha256: name for one in clip.evidence if box.has(name := evidence_name(one))}
            page = clip_page(clip, reports, read=read, names=names, excerpts=excerpts)
            box.put(f"clips/{clip_name(clip)}", page.encode())
            say("clips", at, len(reports[0].clips))
        if excerpts is not None:
            box.put("snapshot.excerpts.json", write_snapshot(without_texts(snapshot, excerpts)))
        else:
            box.put("snapshot.json", opened.written)
        if missing:
            box.put("MISSING.txt", missing_text(missing).encode())
        about = readme(row, snapshot, is_excerpts=excerpts_only, is_whole=not missing)
        box.put("README.txt", about.encode())
        box.close()
    return tuple(missing)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the bytes of a piece of evidence come from: in memory, or a file."""

    data: bytes = b""
    path: Path | None = None


class _Box:
    """The ZIP, with the hash of everything that is put in. Every member bears the snapshot's moment: nothing else changes."""

    def __init__(self, archive: zipfile.ZipFile, row: SnapshotRow) -> None:
        self._archive = archive
        self._at = row.as_of.timetuple()[:6]
        self._sums: dict[str, str] = {}

    def put(self, name: str, data: bytes) -> None:
        """Put a file in."""
        self._archive.writestr(self._member(name), data)
        self._sums[name] = sha256(data).hexdigest()

    def put_file(self, name: str, source: BinaryIO) -> str:
        """Put a file in, in pieces; the SHA-256 of what was read."""
        digest = sha256()
        with self._archive.open(self._member(name), "w", force_zip64=True) as member:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                member.write(chunk)
        self._sums[name] = digest.hexdigest()
        return self._sums[name]

    def has(self, name: str) -> bool:
        """Whether there is one of this name."""
        return name in self._sums

    def close(self) -> None:
        """Put the sums in, as `sha256sum` reads them."""
        lines = [f"{self._sums[name]}  {name}\n" for name in sorted(self._sums)]
        self._archive.writestr(self._member("SHA256SUMS"), "".join(lines))

    def _member(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, (max(1980, self._at[0]), *self._at[1:]))
        info.create_system = 3  # Unix, on every system
        info.external_attr = 0o100644 << 16
        packed = any(name.endswith(ending) for ending in _PACKED)
        info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        return info


def _put_reports(
    box: _Box, reports: Sequence[Report], *, evidence: Path, excerpts: Excerpts | None, tell: Tell
) -> None:
    with TemporaryDirectory(prefix="resound-bundle-") as folder:
        for at, report in enumerate(reports):

            def tell_of_one(done: int, every: int, before: int = at) -> None:
                tell("reports", before * every + done, len(reports) * every)

            base = f"report.{report.language}"
            write_workbook([report], Path(folder) / f"{base}.xlsx")
            write_pdf(
                [report],
                Path(folder) / f"{base}.pdf",
                evidence=evidence,
                excerpts=excerpts,
                tell=tell_of_one,
            )
            for name in (f"{base}.xlsx", f"{base}.pdf"):
                with (Path(folder) / name).open("rb") as file:
                    box.put_file(name, file)


def _put_evidence(box: _Box, report: Report, evidence: Path, tell: Tell) -> Iterator[MissingPiece]:
    """Put in every piece that is as it was; tell of every other."""
    for at, clip in enumerate(report.clips, 1):
        for piece in clip.evidence:
            name = evidence_name(piece)
            if box.has(name):  # one scan may show two clips
                continue
            try:
                source = _take(piece, evidence)
            except EvidenceError as err:
                yield MissingPiece(clip.number, piece, err.args[0])
                continue
            if source.path is None:
                box.put(name, source.data)
                continue
            with source.path.open("rb") as file:
                if box.put_file(name, file) != piece.sha256:
                    raise OSError(f"{source.path} changed while it was read.")
        tell("evidence", at, len(report.clips))


def evidence_name(piece: Evidence) -> str:
    """Where a piece lies in the bundle: named after its hash, with an ending that says what it is."""
    return f"evidence/{piece.sha256}{_ENDINGS.get(piece.media_type, '.bin')}"


def _take(piece: Evidence, evidence: Path) -> _Source:
    """A piece, hashed again. Raises EvidenceError, whose sentence says why there is none."""
    if piece.state == "expired":
        raise EvidenceError(Told("The record expired before the counts were frozen; its hash stays."))
    if piece.kind == "record":
        if not piece.file or piece.offset is None or piece.size is None:
            raise EvidenceError(Told("The snapshot does not say where this record lies."))
        ref = EvidenceRef(piece.file, piece.offset, piece.size, piece.sha256, piece.payload_sha256)
        try:
            return _Source(data=read_record(evidence, ref))
        except EvidenceError as err:
            raise EvidenceError(
                Told("The record of this page is missing, torn or changed (%(what)s).", what=str(err))
            ) from err
    path = kept_path(evidence, piece.sha256)
    digest = sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as err:
        raise EvidenceError(Told("The file of this clip is missing from the evidence folder.")) from err
    if digest.hexdigest() != piece.sha256:
        raise EvidenceError(Told("The file of this clip is not what was brought: its SHA-256 differs."))
    return _Source(path=path)
