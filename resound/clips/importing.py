"""Clips that cannot be crawled (television, radio, print, behind a wall) into the store, each with evidence.

The row as it was given is evidence, and so is the file that it names; both are kept under the hash of their bytes.
A table, a form and the preview of a table go the same way; a preview decides everything and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from sqlalchemy import Connection

from resound.article import Article, DetectLanguage, FoundDate, date_to_json
from resound.clips.files import (
    MOST_BYTES,
    ClipFileError,
    OpenFile,
    check_file,
    keep_file,
    keep_row,
    safe_name,
)
from resound.clips.rows import COLUMNS, ClipProblem, ClipRow, check_cells, clip_key
from resound.clips.table import tidy
from resound.processing.facts import PROVISIONAL, edition_of
from resound.searching.documents import outlet_name
from resound.source import Edition, Source
from resound.store import Store, work
from resound.store.articles import Placement, find_article, list_provisional, store_article
from resound.store.cleaning import clean_text
from resound.store.database import insert_new
from resound.store.registry import load_sources
from resound.store.tables import clip
from resound.told import Told
from resound.urls import article_id, bare_host, canonical_url, find_edition, host_of
from resound.web_archives import is_capture, original_url


@dataclass(frozen=True, slots=True)
class ClipResult:
    """What became of one row (in a preview: would become); `row` counts as a spreadsheet does, the header being row 1.

    `column` is the cell that a problem is about, where it is about one. `outlet` is told for what has a place.
    """

    row: int
    result: Literal["added", "known", "problem"]
    article: str | None
    message: str
    clip: ClipRow | None = None
    column: str = ""
    outlet: str = ""
    is_new_outlet: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where a row goes. `known`: the article that is there already."""

    key: str
    url: str
    is_page: bool
    place: Placement
    known: str | None


def import_clips(
    store: Store,
    rows: Iterable[ClipRow | ClipProblem],
    *,
    open_file: OpenFile,
    evidence: Path,
    detect: DetectLanguage,
    who: str,
    now: datetime,
    most_bytes: int = MOST_BYTES,
) -> Iterator[ClipResult]:
    """Store clips, one transaction each. Every row gets one result; a row that is there already adds nothing.

    Args:
        open_file: opens the files that rows name.
        evidence: the evidence folder; clips go to its `clips/`.
        most_bytes: larger files are refused.
    """
    with store.read() as connection:
        sources = load_sources(connection)
    for row in rows:
        if isinstance(row, ClipProblem):
            yield _refused(row)
            continue
        try:
            with store.read() as connection:
                _plan(connection, row, sources)
            # Kept before the store names it: what is durable first is never missed.
            kept = []
            if row.file:
                with open_file(row.file) as file:
                    kept.append(
                        (keep_file(evidence, file, row.file, most=most_bytes).sha256, safe_name(row.file))
                    )
            kept.append((keep_row(evidence, _plain(row)), f"row {row.row}" if row.row else "form"))
        except _UnfitRowError as err:
            yield ClipResult(row.row, "problem", None, err.sentence, row, err.column)
            continue
        except ClipFileError as err:
            yield ClipResult(row.row, "problem", None, _sentence(err), row, "file")
            continue
        with store.write() as connection:
            plan = _plan(connection, row, sources)
            article = plan.known or _store(connection, row, plan, sources, detect, now)
            insert_new(
                connection,
                clip,
                [
                    {
                        "article": article,
                        "sha256": digest,
                        "name": name,
                        "row": _plain(row),
                        "who": who,
                        "at": now,
                    }
                    for digest, name in kept
                ],
            )
        yield _result(row, plan, sources, article=article)


def add_clip(
    store: Store,
    cells: Mapping[str, str],
    file: tuple[str, BinaryIO] | None,
    *,
    evidence: Path,
    detect: DetectLanguage,
    who: str,
    now: datetime,
    most_bytes: int = MOST_BYTES,
) -> ClipResult:
    """One clip out of a form: its cells by column, and the file that came with it (name, bytes)."""
    given = {name: tidy(cells.get(name, "")) for name in COLUMNS if name != "file"}
    files: dict[str, BinaryIO] = {}
    if file is not None:
        given["file"] = safe_name(file[0])
        files[given["file"]] = file[1]
    (result,) = import_clips(
        store,
        [check_cells(0, given, now)],
        open_file=files.__getitem__,
        evidence=evidence,
        detect=detect,
        who=who,
        now=now,
        most_bytes=most_bytes,
    )
    return result


def preview_clips(
    store: Store,
    rows: Iterable[ClipRow | ClipProblem],
    *,
    open_file: OpenFile,
    most_bytes: int = MOST_BYTES,
) -> Iterator[ClipResult]:
    """What `import_clips` would make of the rows, files included. Nothing is written."""
    with store.read() as connection:
        sources = load_sources(connection)
    seen: dict[str, int] = {}
    for row in rows:
        if isinstance(row, ClipProblem):
            yield _refused(row)
            continue
        try:
            with store.read() as connection:
                plan = _plan(connection, row, sources)
            if row.file:
                with open_file(row.file) as file:
                    check_file(file, row.file, most=most_bytes)
        except _UnfitRowError as err:
            yield ClipResult(row.row, "problem", None, err.sentence, row, err.column)
            continue
        except ClipFileError as err:
            yield ClipResult(row.row, "problem", None, _sentence(err), row, "file")
            continue
        first = seen.setdefault(plan.key, row.row)
        made = _result(row, plan, sources, article=plan.known)
        if plan.known is None and first != row.row:
            made = replace(
                made, result="known", message=Told("the same as row %(row)s of this table", row=first)
            )
        yield made


def _plan(connection: Connection, row: ClipRow, sources: Mapping[str, Source]) -> _Plan:
    """Decide where a row goes. Raises _UnfitRowError where that cannot be said."""
    url = canonical_url(original_url(row.url)) if row.url else ""
    # The row alone decides what it stands for, so that sources which are named later do not make another item of it.
    is_page = bool(url) and row.medium in (None, "online", "agency") and not (row.page or row.airtime)
    key = article_id(url) if is_page else clip_key(row)
    place = _place(row, url, sources)
    if place.outlet.startswith(PROVISIONAL):
        place = replace(place, outlet=_as_known(place.outlet, list_provisional(connection, PROVISIONAL)))
    return _Plan(key, url, is_page, place, find_article(connection, url if is_page else key))


def _store(
    connection: Connection,
    row: ClipRow,
    plan: _Plan,
    sources: Mapping[str, Source],
    detect: DetectLanguage,
    now: datetime,
) -> str:
    """Store a row as an article of its own, to be matched and grouped; its id."""
    article = _article(
        row, plan.url or f"clip:{plan.key}", detect, row.language or _language(plan.place, sources)
    )
    place = plan.place if plan.place.edition else replace(plan.place, edition=article.language.tag)
    stored = store_article(
        connection, article, place, key=None if plan.is_page else plan.key, seen=now
    ).article
    work.reopen(connection, "match", [stored])
    work.reopen(connection, "group", [stored])
    return stored


def _result(row: ClipRow, plan: _Plan, sources: Mapping[str, Source], *, article: str | None) -> ClipResult:
    title = row.title or plan.url
    source = sources.get(plan.place.outlet)
    name = outlet_name(plan.place.outlet, source)
    if plan.known is not None:
        message = Told("known already: %(title)s", title=title)
    elif plan.place.kind == "copy":
        message = Told(
            "added: %(title)s (a copy on %(name)s: also seen at, never counted; give the outlet's own address to count it)",
            title=title,
            name=name,
        )
    else:
        message = Told("added: %(title)s", title=title)
    return ClipResult(
        row=row.row,
        result="added" if plan.known is None else "known",
        article=article,
        message=message,
        clip=row,
        outlet=name,
        is_new_outlet=source is None,
    )


def _refused(row: ClipProblem) -> ClipResult:
    return ClipResult(row.row, "problem", None, row.message, None, row.column)


def _sentence(err: ClipFileError) -> str:
    """The error's sentence, still with its pattern."""
    return str(err.args[0]) if not isinstance(err.args[0], Told) else err.args[0]


class _UnfitRowError(Exception):
    """A row that goes nowhere; the sentence says what is missing."""

    def __init__(self, column: str, sentence: Told) -> None:
        super().__init__(sentence)
        self.column = column
        self.sentence = sentence


def _place(row: ClipRow, url: str, sources: Mapping[str, Source]) -> Placement:
    """Where a clip was published.

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
        raise _UnfitRowError(
            "medium",
            Told(
                "nobody knows yet what kind of outlet %(outlet)s is: fill in the medium (print, tv, radio …)",
                outlet=repr(row.outlet),
            ),
        )
    return Placement("item", f"{PROVISIONAL}{_called(row.outlet)}"[:255], "", row.medium)


def _called(outlet: str) -> str:
    """A name as it was typed (TTXVN), without needless spaces; a host is written small, as for its pages."""
    name = " ".join(outlet.split())
    return name.casefold() if "." in name and " " not in name else name


def _as_known(outlet: str, known: Iterable[str]) -> str:
    """The spelling under which an outlet came first: `ttxvn` and `TTXVN` are one."""
    folded = outlet.casefold()
    return next((one for one in known if one.casefold() == folded), outlet)


def _named_outlet(row: ClipRow, sources: Mapping[str, Source]) -> tuple[Source, Edition] | None:
    """The outlet that a row names, by id or by a name as people write it, in any language."""
    for source in sources.values():
        if source.is_called(row.outlet) and source.editions and source.type == "outlet":
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


def _plain(row: ClipRow) -> dict[str, str]:
    """The row's cells by column, without its number: the same row elsewhere in another table is the same clip."""
    plain: dict[str, str] = {}
    for one in fields(row):
        value = getattr(row, one.name)
        if isinstance(value, FoundDate):
            written = date_to_json(value) or {}
            plain[one.name] = written.get("at") or written["day"]
        elif value and one.name != "row":
            plain[one.name] = clean_text(str(value))
    return plain
