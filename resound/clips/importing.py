"""Clips that cannot be crawled (television, radio, print, behind a wall) into the store, each with evidence.

The row as it was given is evidence, and so is the file that it names; both are kept under the hash of their bytes.
A table, a form and the preview of a table go the same way; a preview decides everything and writes nothing.
What is there already and is worded otherwise now becomes another version of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
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
from resound.clips.placing import UnfitRowError, as_known, language_of, place_row
from resound.clips.rewording import complete, correct, is_by_hand, read_row, rows_before
from resound.clips.rows import COLUMNS, ClipProblem, ClipRow, check_cells, clip_key
from resound.clips.table import tidy
from resound.outcome import MODEL_STAGES
from resound.processing.facts import PROVISIONAL
from resound.searching.documents import outlet_name
from resound.source import Source
from resound.store import Store, work
from resound.store.articles import (
    Placement,
    StoredArticle,
    find_article,
    list_provisional,
    load_articles,
    place_articles,
    store_article,
)
from resound.store.cleaning import clean_text
from resound.store.database import insert_new
from resound.store.enrichments import forget_translations
from resound.store.matches import list_matches
from resound.store.registry import load_sources
from resound.store.tables import clip
from resound.told import Told
from resound.urls import article_id, canonical_url
from resound.web_archives import original_url


@dataclass(frozen=True, slots=True)
class ClipResult:
    """What became of one row (in a preview: would become); `row` counts as a spreadsheet does, the header being row 1.

    `changed`: it was there, and has another version now. `column` is the cell that a problem is about, where it is
    about one. `outlet` is told for what has a place, `source` where it is one that we know; of a problem
    `title` and `outlet` are what the row says.
    """

    row: int
    result: Literal["added", "changed", "known", "problem"]
    article: str | None
    message: str
    clip: ClipRow | None = None
    column: str = ""
    outlet: str = ""
    is_new_outlet: bool = False
    title: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where a row goes. `known`: the article that is there already, and `before` the rows by which it came; `wording`:
    what it becomes, where that is another.
    """

    key: str
    url: str
    is_page: bool
    place: Placement
    known: StoredArticle | None = None
    wording: Article | None = None
    before: Sequence[Mapping[str, str]] = ()


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
    corrects: str | None = None,
) -> Iterator[ClipResult]:
    """Store clips, one transaction each. Every row gets one result; a row that came before adds nothing.

    Args:
        open_file: opens the files that rows name.
        evidence: the evidence folder; clips go to its `clips/`.
        most_bytes: larger files are refused.
        corrects: the id of the clip that the (one) row words anew, whatever it would stand for by itself.
    """
    with store.read() as connection:
        sources = load_sources(connection)
    for row in rows:
        if isinstance(row, ClipProblem):
            yield _refused(row)
            continue
        try:
            with store.read() as connection:
                _plan(connection, row, sources, detect, corrects)
            # Kept before the store names it: what is durable first is never missed.
            kept = []
            if row.file:
                with open_file(row.file) as file:
                    kept.append(
                        (keep_file(evidence, file, row.file, most=most_bytes).sha256, safe_name(row.file))
                    )
            kept.append((keep_row(evidence, _plain(row)), f"row {row.row}" if row.row else "form"))
        except UnfitRowError as err:
            yield _unfit(row, err.column, err.sentence)
            continue
        except ClipFileError as err:
            yield _unfit(row, "file", _sentence(err))
            continue
        with store.write() as connection:
            plan = _plan(connection, row, sources, detect, corrects)
            if plan.known is None:
                article = _store(connection, row, plan, sources, detect, now)
            else:
                article = plan.known.id
                if plan.wording is not None:
                    _store_wording(connection, plan.known, plan.wording, plan.place, now)
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
    corrects: str | None = None,
) -> ClipResult:
    """One clip out of a form: its cells by column, and the file that came with it (name, bytes).

    Args:
        corrects: the id of the clip that the form shows and changes; `find_by_hand` finds its cells.
    """
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
        corrects=corrects,
    )
    return result


def preview_clips(
    store: Store,
    rows: Iterable[ClipRow | ClipProblem],
    *,
    open_file: OpenFile,
    detect: DetectLanguage,
    most_bytes: int = MOST_BYTES,
) -> Iterator[ClipResult]:
    """What `import_clips` would make of the rows, files included. Nothing is written."""
    with store.read() as connection:
        sources = load_sources(connection)
    drafts: dict[str, _Draft] = {}
    for row in rows:
        if isinstance(row, ClipProblem):
            yield _refused(row)
            continue
        try:
            with store.read() as connection:
                plan = _plan(connection, row, sources, detect)
            if row.file:
                with open_file(row.file) as file:
                    check_file(file, row.file, most=most_bytes)
        except UnfitRowError as err:
            yield _unfit(row, err.column, err.sentence)
            continue
        except ClipFileError as err:
            yield _unfit(row, "file", _sentence(err))
            continue
        draft = drafts.get(plan.key)
        if draft is not None:  # an earlier row of this table will have been stored by then
            plan = replace(plan, wording=_reword(draft.article, row, draft.before, detect, draft.prior))
        made = _result(row, plan, sources, article=plan.known.id if plan.known is not None else None)
        if draft is not None and plan.wording is None:
            made = replace(
                made, result="known", message=Told("the same as row %(row)s of this table", row=draft.row)
            )
        elif draft is not None:
            made = replace(
                made,
                result="changed",
                message=Told("row %(row)s of this table once more, with other words", row=draft.row),
            )
        drafts[plan.key] = _draft(row, plan, draft, sources, detect)
        yield made


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a row of a table that is only looked at would leave for a later row of the same clip to find."""

    row: int
    article: Article
    before: Sequence[Mapping[str, str]]
    prior: str | None


def _draft(
    row: ClipRow, plan: _Plan, earlier: _Draft | None, sources: Mapping[str, Source], detect: DetectLanguage
) -> _Draft:
    if earlier is not None:
        return replace(
            earlier, article=plan.wording or earlier.article, before=[*earlier.before, _plain(row)]
        )
    prior = language_of(plan.known.placement if plan.known is not None else plan.place, sources)
    article = plan.wording or (plan.known.article if plan.known is not None else None)
    if article is None:
        article = read_row(row, plan.url or f"clip:{plan.key}", detect, row.language or prior)
    return _Draft(row.row, article, [*plan.before, _plain(row)], prior)


def _plan(
    connection: Connection,
    row: ClipRow,
    sources: Mapping[str, Source],
    detect: DetectLanguage,
    corrects: str | None = None,
) -> _Plan:
    """Decide where a row goes. Raises UnfitRowError where that cannot be said."""
    url = canonical_url(original_url(row.url)) if row.url else ""
    # The row alone decides what it stands for, so that sources which are named later do not make another item of it.
    is_page = bool(url) and row.medium in (None, "online", "agency") and not (row.page or row.airtime)
    key = article_id(url) if is_page else clip_key(row)
    place = place_row(row, url, sources)
    if place.outlet.startswith(PROVISIONAL):
        place = replace(place, outlet=as_known(place.outlet, list_provisional(connection, PROVISIONAL)))
    plan = _Plan(key, url, is_page, place)
    found = corrects or find_article(connection, url if is_page else key)
    if found is None:
        return plan
    known = load_articles(connection, [found])[found]
    before = rows_before(connection, found)
    prior = language_of(known.placement, sources)
    if corrects is not None:
        wording = correct(known.article, row, detect, prior)
    else:
        wording = _reword(known.article, row, before, detect, prior)
    return replace(plan, known=known, wording=wording, before=before)


def _reword(
    known: Article,
    row: ClipRow,
    before: Sequence[Mapping[str, str]],
    detect: DetectLanguage,
    prior: str | None,
) -> Article | None:
    """What a clip becomes by a row that brings it again; None where it stays as it is."""
    # A row that came before says nothing new: a table that is imported again must not undo what was corrected since.
    if not is_by_hand(known) or _plain(row) in before:
        return None
    return complete(known, row, before, detect, prior)


def _store(
    connection: Connection,
    row: ClipRow,
    plan: _Plan,
    sources: Mapping[str, Source],
    detect: DetectLanguage,
    now: datetime,
) -> str:
    """Store a row as an article of its own, to be matched and grouped; its id."""
    prior = row.language or language_of(plan.place, sources)
    article = read_row(row, plan.url or f"clip:{plan.key}", detect, prior)
    place = plan.place if plan.place.edition else replace(plan.place, edition=article.language.tag)
    stored = store_article(
        connection, article, place, key=None if plan.is_page else plan.key, seen=now
    ).article
    work.reopen(connection, "match", [stored])
    work.reopen(connection, "group", [stored])
    return stored


def _store_wording(
    connection: Connection, known: StoredArticle, wording: Article, place: Placement, now: datetime
) -> None:
    """Store another version of a clip, to be matched, grouped and read by the models again."""
    # Two rows of one table come at one moment: the second one must be the later.
    seen = max(now, known.last_seen + timedelta(microseconds=1))
    made = store_article(connection, wording, known.placement, key=known.id, seen=seen)
    if wording.language.tag != known.article.language.tag:
        # It is read as what it is not; the matcher finds the same as before, and would ask for nothing.
        forget_translations(connection, made.version)
        if any(one.matched for one in list_matches(connection, articles=[known.id], with_detail=False)):
            for stage in MODEL_STAGES:
                work.reopen(connection, stage, [known.id])
        edition = place.edition or wording.language.tag
        if place.outlet == known.placement.outlet and edition != known.placement.edition:
            place_articles(connection, [(known.id, replace(known.placement, edition=edition))])
    work.reopen(connection, "match", [known.id])
    work.reopen(connection, "group", [known.id])


def _result(row: ClipRow, plan: _Plan, sources: Mapping[str, Source], *, article: str | None) -> ClipResult:
    title = row.title or plan.url
    source = sources.get(plan.place.outlet)
    name = outlet_name(plan.place.outlet, source)
    result: Literal["added", "changed", "known"] = "known" if plan.known is not None else "added"
    if plan.known is not None and plan.wording is not None:
        result, title = "changed", plan.wording.title or title
        message = Told("a new version: %(title)s", title=title)
    elif plan.known is not None:
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
        result=result,
        article=article,
        message=message,
        clip=row,
        outlet=name,
        is_new_outlet=source is None,
        title=title,
        source=source.id if source is not None else "",
    )


def _refused(row: ClipProblem) -> ClipResult:
    return ClipResult(
        row.row, "problem", None, row.message, None, row.column, outlet=row.outlet, title=row.title
    )


def _unfit(row: ClipRow, column: str, sentence: str) -> ClipResult:
    return ClipResult(
        row.row, "problem", None, sentence, row, column, outlet=row.outlet, title=row.title or row.url
    )


def _sentence(err: ClipFileError) -> str:
    """The error's sentence, still with its pattern."""
    return str(err.args[0]) if not isinstance(err.args[0], Told) else err.args[0]


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
