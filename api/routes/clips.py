"""Clips that people bring: one in a form, or many in a table that is looked at before it is imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Path, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from api.downloads import download_headers
from api.pages import language_of, render, words_of
from nlp.language import detect_language
from resound.clips.files import KINDS, files_brought
from resound.clips.importing import ClipResult, add_clip, import_clips, preview_clips
from resound.clips.rewording import find_by_hand
from resound.clips.rows import COLUMNS, MEDIA, read_clips
from resound.clips.staging import (
    Upload,
    check_table,
    discard_staged,
    find_staged,
    read_report,
    stage_table,
    write_report,
)
from resound.clips.template import csv_template, xlsx_template
from resound.errors import ResoundError
from resound.pipeline import settle
from resound.searching.indexing import try_to_update_index
from resound.store.registry import load_sources
from resound.told import Told

router = APIRouter(prefix="/clips", dependencies=[requires("coder")], include_in_schema=False)
Coder = Annotated[Visitor, requires("coder")]
ArticleId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
MOST_ROWS = 1_000
"""Of a table over the web: somebody waits for the answer. The command line takes any number."""
INDEX_SECONDS = 5.0
CORRECTED = ("title", "text", "language", "note")
"""Cells that a form to correct a clip takes; the others say which clip it is."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet to choose from."""

    name: str
    medium: str
    country: str


@router.get("/new", name="new_clip_page")
def new_clip_page(request: Request, desk: AtDesk) -> Response:
    """An empty form."""
    return _form(request, desk, {})


async def _cells(request: Request) -> dict[str, str]:
    """The form's fields that are cells of a clip."""
    form = await request.form()
    return {name: value for name in COLUMNS if isinstance(value := form.get(name, ""), str)}


@router.post("/new")
def add_one(
    request: Request,
    desk: AtDesk,
    visitor: Coder,
    cells: Annotated[dict[str, str], Depends(_cells)],
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Add one clip and show it; what is wrong stands at its field."""
    return _bring(request, desk, visitor, cells, file)


@router.get("/{article}/correct", name="correct_clip_page")
def correct_page(request: Request, desk: AtDesk, article: ArticleId) -> Response:
    """The form with what was entered of a clip and the words that it has now."""
    with desk.store.read() as connection:
        cells = find_by_hand(connection, article)
    return _form(request, desk, cells, corrects=article)


@router.post("/{article}/correct")
def correct_one(
    request: Request,
    desk: AtDesk,
    visitor: Coder,
    article: ArticleId,
    cells: Annotated[dict[str, str], Depends(_cells)],
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Give a clip other words: another version of it, kept with who and when."""
    with desk.store.read() as connection:
        entered = find_by_hand(connection, article)
    given = entered | {name: cells[name] for name in CORRECTED if name in cells}
    return _bring(request, desk, visitor, given, file, corrects=article)


def _bring(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    cells: dict[str, str],
    file: UploadFile | None,
    *,
    corrects: str | None = None,
) -> Response:
    """To the clip, as it is then; back to the form where something is wrong."""
    brought = (file.filename or "", file.file) if file is not None and file.filename else None
    result = add_clip(
        desk.store,
        cells,
        brought,
        evidence=desk.evidence,
        detect=detect_language,
        who=visitor.who,
        now=desk.now(),
        most_bytes=desk.settings.max_upload,
        corrects=corrects,
    )
    if result.result == "problem":
        had_file = brought is not None
        return _form(
            request, desk, cells, corrects=corrects, problem=result, had_file=had_file, status_code=422
        )
    _settle(desk, [result])
    return RedirectResponse(f"/articles/{result.article}?came={result.result}", 303)


@router.get("/import", name="import_page")
def import_page(request: Request, desk: AtDesk) -> Response:
    """Where a table is chosen."""
    return _choose(request, desk)


@router.post("/import")
def look_at_table(
    request: Request,
    desk: AtDesk,
    visitor: Coder,
    table: Annotated[UploadFile | None, File()] = None,
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """Put a table aside and show what would become of each row."""
    if table is None or not table.filename:
        return _choose(request, desk, problem=Told("Choose the table first."), status_code=422)
    root, now = desk.settings.uploads, desk.now()
    try:
        staged = stage_table(
            root,
            Upload(table.filename, table.file),
            [Upload(one.filename, one.file) for one in files or () if one.filename],
            who=visitor.who,
            most_bytes=desk.settings.max_upload,
            now=now,
        )
        try:
            check_table(staged, most_rows=MOST_ROWS, now=now)
        except ResoundError:
            discard_staged(root, staged.token)
            raise
    except ResoundError as err:
        return _choose(request, desk, problem=_sentence(err), status_code=422)
    return RedirectResponse(f"/clips/import/{staged.token}", 303)


@router.get("/import/{token}")
def preview_page(request: Request, desk: AtDesk, visitor: Coder, token: str) -> Response:
    """What would become of each row of the table; or, once it was imported, what did."""
    root, now = desk.settings.uploads, desk.now()
    staged = find_staged(root, token, who=visitor.who, now=now)
    with desk.store.read() as connection:
        names = {key: one.names.best(language_of(request)) for key, one in load_sources(connection).items()}
    report = read_report(root, staged)
    if report is not None:
        return render(
            request,
            "clips_report.html",
            results=report,
            counts=_counts(report),
            staged=staged,
            outlet_names=names,
        )
    results = list(
        preview_clips(
            desk.store,
            read_clips(staged.table, now=now),
            open_file=files_brought(staged.files),
            detect=detect_language,
            most_bytes=desk.settings.max_upload,
        )
    )
    return render(
        request,
        "clips_preview.html",
        results=results,
        counts=_counts(results),
        staged=staged,
        outlet_names=names,
    )


@router.post("/import/{token}")
def import_table(
    desk: AtDesk,
    visitor: Coder,
    token: str,
    what: Annotated[Literal["import", "discard"], Form()],
) -> Response:
    """Import what is fine, or forget the table."""
    root, now = desk.settings.uploads, desk.now()
    staged = find_staged(root, token, who=visitor.who, now=now)
    if what == "discard":
        discard_staged(root, token)
        return RedirectResponse("/clips/import", 303)
    if not staged.table.exists():  # sent twice: it is imported already
        return RedirectResponse(f"/clips/import/{token}", 303)
    results = list(
        import_clips(
            desk.store,
            read_clips(staged.table, now=now),
            open_file=files_brought(staged.files),
            evidence=desk.evidence,
            detect=detect_language,
            who=visitor.who,
            now=now,
            most_bytes=desk.settings.max_upload,
        )
    )
    write_report(root, staged, results)
    _settle(desk, results)
    return RedirectResponse(f"/clips/import/{token}", 303)


@router.get("/template.{kind}")
def template(request: Request, kind: Literal["csv", "xlsx"]) -> Response:
    """An empty table with every column explained in the reader's language."""
    language = language_of(request)
    data = csv_template(language) if kind == "csv" else xlsx_template(language)
    media_type = "text/csv" if kind == "csv" else XLSX
    name = words_of(request).gettext("clips")
    return Response(data, media_type=media_type, headers=download_headers(f"{name}.{kind}"))


def _form(
    request: Request,
    desk: Desk,
    cells: dict[str, str],
    *,
    corrects: str | None = None,
    problem: ClipResult | None = None,
    had_file: bool = False,
    status_code: int = 200,
) -> Response:
    language = language_of(request)
    with desk.store.read() as connection:
        sources = load_sources(connection)
    outlets = sorted(
        (
            Outlet(one.names.best(language), one.medium, one.country)
            for one in sources.values()
            if one.type == "outlet"
        ),
        key=lambda one: one.name.casefold(),
    )
    return render(
        request,
        "clip_new.html",
        status_code=status_code,
        cells={name: cells.get(name, "") for name in COLUMNS},
        corrects=corrects,
        problem=problem,
        had_file=had_file,
        outlets=outlets,
        media=MEDIA,
        kinds=[one.name for one in KINDS],
        max_upload=desk.settings.max_upload,
        newest_day=desk.newest_day().isoformat(),
    )


def _choose(request: Request, desk: Desk, *, problem: str = "", status_code: int = 200) -> Response:
    return render(
        request,
        "clips_import.html",
        status_code=status_code,
        problem=problem,
        most_rows=MOST_ROWS,
        kinds=[one.name for one in KINDS],
        max_upload=desk.settings.max_upload,
    )


def _counts(results: Iterable[ClipResult]) -> Counter[str]:
    return Counter(one.result for one in results)


def _sentence(error: ResoundError) -> str:
    """The error's sentence, still with what it was made of."""
    return next((one for one in error.args if isinstance(one, Told)), str(error))


def _settle(desk: Desk, results: Iterable[ClipResult]) -> None:
    """What is new is matched, grouped and found in a search at once, where that does not take long."""
    new = [one.article for one in results if one.result in ("added", "changed") and one.article is not None]
    if new:
        settle(desk.store, new, enrich=desk.settings.enrich, clock=desk.now)
        try_to_update_index(desk.store, desk.index, clock=desk.now, seconds=INDEX_SECONDS)
