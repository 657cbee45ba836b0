"""Clips that cannot be crawled (television, radio, print, behind a wall) into the store, each with evidence.

The row as it was given is evidence, and so is the file that it names; both are kept under the hash of their bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from resound.article import DetectLanguage
from resound.clips import ClipProblem, ClipRow, clip_key, original_url
from resound.facts import PROVISIONAL
from resound.source import Edition, Source
from resound.store import Store, work
from resound.store.articles import Placement, find_article, store_article
from resound.store.database import insert_new
from resound.store.registry import load_sources
from resound.store.tables import clip
from resound.urls import canonical_url

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
    source, edition = _outlet(row, sources)
    medium = row.medium or (source.medium if source is not None else "online")
    url = canonical_url(original_url(row.url)) if row.url else ""
    known = find_article(connection, url) if url and medium == "online" else None
    key = known or (None if url and medium == "online" else clip_key(row))
    if known is None and (key is None or find_article(connection, key) is None):
        prior = edition.language if edition is not None else row.language or None
        article = _article(row, url or f"clip:{key}", detect, prior)
        outlet = source.id if source is not None else f"{PROVISIONAL}{row.outlet.casefold() or url}"
        place = Placement("item", outlet, edition.id if edition is not None else article.language.tag, medium)
        stored = store_article(connection, article, place, key=key, seen=now)
        key = stored.article
        work.reopen(connection, "match", [key])
        work.reopen(connection, "group", [key])
        result: Literal["added", "known"] = "added"
        message = f"added: {row.title or url}"
    else:
        result, message = "known", f"known already: {row.title or url}"
    rows = [
        {"article": key, "sha256": digest, "name": name, "row": _plain(row), "who": who, "at": now}
        for digest, name in kept
    ]
    insert_new(connection, clip, rows)
    return ClipResult(row.row, result, key, message)


def _outlet(row: ClipRow, sources: Mapping[str, Source]) -> tuple[Source | None, Edition | None]:
    """The row's outlet: by the host of its URL, else by id or by a name as people write it, in any language."""
    found = find_edition(original_url(row.url), sources.values()) if row.url else None
    if found is not None and found[0].type == "outlet":
        return found
    wanted = row.outlet.casefold().strip()
    for source in sources.values():
        names = {source.id, *(name.casefold() for name in (source.names.zh_hant, source.names.en, source.names.vi) if name)}
        if wanted and wanted in names and source.editions:
            language = row.edition or row.language
            fitting = [one for one in source.editions if language and language in (one.id, one.language)]
            return source, (fitting or list(source.editions))[0]
    return None, None


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
    )


def _as_given(row: ClipRow) -> bytes:
    return json.dumps(_plain(row), ensure_ascii=False, sort_keys=True).encode()


def _plain(row: ClipRow) -> dict[str, str]:
    """The row's cells by column, without its number: the same row elsewhere in another table is the same clip."""
    return {name: str(value) for name, value in asdict(row).items() if name != "row" and value not in (None, "")}


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
