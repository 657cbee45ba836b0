"""Clips that cannot be crawled (television, radio, print, behind a wall) into the store, each with evidence.

The row as it was given is evidence, and so is the file that it names; both are kept under the hash of their bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from resound.article import Article, DetectLanguage, FoundDate, date_to_json
from resound.clips import ClipProblem, ClipRow, clip_key, is_capture, original_url
from resound.facts import PROVISIONAL, edition_of
from resound.source import Edition, Source
from resound.store import Store, work
from resound.store.articles import Placement, find_article, store_article
from resound.store.database import insert_new
from resound.store.registry import load_sources
from resound.store.tables import clip
from resound.urls import article_id, bare_host, canonical_url, find_edition, host_of

MAX_FILE_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class ClipResult:
    """What became of one row; `row` counts as a spreadsheet does, the header being row 1."""

    row: int
    result: Literal["added", "known", "problem"]
    article: str | None
    message: str


def import_clips(
    store: Store,
    rows: Iterable[ClipRow | ClipProblem],
    *,
    folder: Path,
    evidence: Path,
    detect: DetectLanguage,
    who: str,
    now: datetime,
) -> Iterator[ClipResult]:
    """Store clips, one transaction each. Every row gets one result; a row that is there already adds nothing.

    Args:
        folder: where the files that rows name lie (relative paths; nothing outside it is read).
        evidence: the evidence folder; clips go to its `clips/`.
    """
    with store.read() as connection:
        sources = load_sources(connection)
    for row in rows:
        if isinstance(row, ClipProblem):
            yield ClipResult(row.row, "problem", None, row.message)
            continue
        attachment = _read_file(folder, row.file) if row.file else None
        if isinstance(attachment, str):
            yield ClipResult(row.row, "problem", None, attachment)
            continue
        kept = [(_keep(evidence, _as_given(row)), f"row {row.row}")]
        if attachment is not None:
            kept.append((_keep(evidence, attachment), Path(row.file).name))
        with store.write() as connection:
            yield _store(connection, row, kept, sources, detect, who, now)


def _store(
    connection: Connection,
    row: ClipRow,
    kept: list[tuple[str, str]],
    sources: Mapping[str, Source],
    detect: DetectLanguage,
    who: str,
    now: datetime,
) -> ClipResult:
    url = canonical_url(original_url(row.url)) if row.url else ""
    place = _place(row, url, sources)
    if isinstance(place, str):
        return ClipResult(row.row, "problem", None, place)
    # The row alone decides what it stands for, so that sources which are named later do not make another item of it.
    is_page = bool(url) and row.medium in (None, "online", "agency") and not (row.page or row.airtime)
    key = article_id(url) if is_page else clip_key(row)
    known = find_article(connection, url if is_page else key)
    if known is None:
        language = row.language or _language(place, sources)
        article = _article(row, url or f"clip:{key}", detect, language)
        if place.edition == "":
            place = replace(place, edition=article.language.tag)
        known = store_article(connection, article, place, key=None if is_page else key, seen=now).article
        work.reopen(connection, "match", [known])
        work.reopen(connection, "group", [known])
        result: Literal["added", "known"] = "added"
        message = f"added: {row.title or url}"
        if place.kind == "copy":
            name = sources[place.outlet].names.best()
            message += (
                f" (a copy on {name}: also seen at, never counted; give the outlet's own address to count it)"
            )
    else:
        result, message = "known", f"known already: {row.title or url}"
    rows = [
        {"article": known, "sha256": digest, "name": name, "row": _plain(row), "who": who, "at": now}
        for digest, name in kept
    ]
    insert_new(connection, clip, rows)
    return ClipResult(row.row, result, known, message)


def _place(row: ClipRow, url: str, sources: Mapping[str, Source]) -> Placement | str:
    """Where a clip was published, or a sentence about why that cannot be said.

    A page is its host's, as for what is crawled. What was printed or aired is the named outlet's, else its host's.
    """
    host = find_edition(url, sources.values()) if url else None
    named = _named_outlet(row, sources)
    is_page = row.medium in (None, "online", "agency") and not (row.page or row.airtime)
    if host is not None and (is_page or named is None):
        source, edition = host
        kind: Literal["item", "copy"] = "item" if source.type == "outlet" else "copy"
        return Placement(kind, source.id, edition.id, row.medium or source.medium)
    if url and (is_page or not row.outlet):
        return Placement("item", f"{PROVISIONAL}{bare_host(host_of(url))}", "", row.medium or "online")
    if named is not None:
        return Placement("item", named[0].id, named[1].id, row.medium or named[0].medium)
    if row.medium is None:
        return (
            f"nobody knows yet what kind of outlet {row.outlet!r} is: fill in the medium (print, tv, radio …)"
        )
    return Placement("item", f"{PROVISIONAL}{' '.join(row.outlet.casefold().split())}"[:255], "", row.medium)


def _named_outlet(row: ClipRow, sources: Mapping[str, Source]) -> tuple[Source, Edition] | None:
    """The outlet that a row names, by id or by a name as people write it, in any language."""
    wanted = " ".join(row.outlet.casefold().split())
    for source in sources.values():
        written = (source.names.zh_hant, source.names.en, source.names.vi)
        names = {source.id, *(" ".join(name.casefold().split()) for name in written if name)}
        if wanted in names and source.editions and source.type == "outlet":
            asked = [one for one in (row.edition, row.language) if one]
            fitting = [
                edition
                for one in asked
                for edition in source.editions
                if one in (edition.id, edition.language)
                or (one.split("-")[0] == edition.language.split("-")[0] and "-" not in one)
            ]
            return source, (fitting or list(source.editions))[0]
    return None


def _language(place: Placement, sources: Mapping[str, Source]) -> str | None:
    source = sources.get(place.outlet)
    edition = edition_of(source, place.edition) if source is not None else None
    return edition.language if edition is not None else None


def _article(row: ClipRow, url: str, detect: DetectLanguage, prior: str | None) -> Article:
    paragraphs = tuple(part.strip() for part in row.text.splitlines() if part.strip())
    guess = detect("\n".join((row.title, *paragraphs)), prior)
    return Article(
        url=url,
        canonical_url=url,
        title=row.title,
        paragraphs=paragraphs,
        language=guess,
        lead=paragraphs[0] if paragraphs else "",
        published=row.date,
        extractor="clip import",
        notes=tuple(
            f"web archive capture: {one}" for one in (row.url, row.archive_url) if one and is_capture(one)
        ),
    )


def _as_given(row: ClipRow) -> bytes:
    return json.dumps(_plain(row), ensure_ascii=False, sort_keys=True).encode()


def _plain(row: ClipRow) -> dict[str, str]:
    """The row's cells by column, without its number: the same row elsewhere in another table is the same clip."""
    plain: dict[str, str] = {}
    for one in fields(row):
        value = getattr(row, one.name)
        if isinstance(value, FoundDate):
            written = date_to_json(value) or {}
            plain[one.name] = written.get("at") or written["day"]
        elif value and one.name != "row":
            plain[one.name] = str(value)
    return plain


def _read_file(folder: Path, name: str) -> bytes | str:
    """The bytes of a file beside the table, or a sentence about why it cannot be taken."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        return f"the file {name!r} lies outside the folder of the table"
    if not path.is_file():
        return f"the file {name!r} is not beside the table"
    if path.stat().st_size > MAX_FILE_BYTES:
        return f"the file {name!r} is larger than {MAX_FILE_BYTES // 1_000_000} MB"
    return path.read_bytes()


def _keep(evidence: Path, data: bytes) -> str:
    """Write bytes under their hash, durable before the row that names them; what is there already stays."""
    digest = sha256(data).hexdigest()
    folder = evidence / "clips"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / digest
    if not path.exists():
        part = folder / f".{digest}.{os.getpid()}"
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    return digest
