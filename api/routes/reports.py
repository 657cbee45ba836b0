"""A campaign's reports: counts frozen here, what became of them since, and the files that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from api.access import Visitor, requires
from api.chores import Chore, chores_of
from api.desk import AtDesk, Desk
from api.downloads import download_headers
from api.pages import render, words_of
from api.presses import Make, Presses
from api.safety import limited
from resound.coverage.campaign import Coverage
from resound.coverage.comparators import Comparators
from resound.coverage.model import COLUMNS
from resound.errors import NotFoundError, ReportError
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.snapshots.freezing import freeze_campaign, open_snapshot
from resound.snapshots.model import Clip, Translation
from resound.snapshots.reconciling import reconcile
from resound.snapshots.telling import say_field, say_moved
from resound.store.registry import load_campaign
from resound.store.snapshots import SnapshotRow, list_snapshots
from resound.texts import N_
from resound.told import Told
from resound.words import OWN_NAMES

router = APIRouter(prefix="/campaigns/{campaign}/reports", include_in_schema=False)
CampaignId = Annotated[str, Path(max_length=80)]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Reader = Annotated[Visitor, requires("reader", campaign="campaign")]
Editor = Annotated[Visitor, requires("editor", campaign="campaign")]
Kind = Literal["xlsx", "pdf", "bundle", "excerpts"]
Languages = Literal["zh-Hant", "en", "vi", "all"]

SECONDS = 4.0
"""How long an answer waits for a file before it says that it is being made."""
MOST_SHOWN = 300
"""Changes of one kind on a page; the report has all."""
_MEDIA: dict[Kind, tuple[str, str]] = {
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": ("pdf", "application/pdf"),
    "bundle": ("bundle.zip", "application/zip"),
    "excerpts": ("excerpts.zip", "application/zip"),
}
_NO_SNAPSHOT = N_("There is no such snapshot of this campaign.")
_NOT_INSTALLED = N_(
    "Reports need packages that are not installed here. Whoever runs Resound finds them in its manual."
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that is better done before counts are frozen. `by`, `value`: the items behind it."""

    what: Literal["unreviewed", "waits-for-date", "provisional", "tone", "origin", "gaps", "leads"]
    number: int
    by: str = ""
    value: str = ""


@router.get("", dependencies=[limited("search")])
def reports_page(
    request: Request, desk: AtDesk, visitor: Reader, campaign: CampaignId, frozen: int | None = None
) -> Response:
    """The snapshots there are, with their files; for editors what is not ready, and the way to freeze anew."""
    return _reports(request, desk, visitor, campaign, frozen=frozen)


@router.post("", dependencies=[limited("long")])
def freeze(
    request: Request,
    desk: AtDesk,
    visitor: Editor,
    campaign: CampaignId,
    why: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:
    """Freeze the counts, beside the requests: all evidence is read again."""
    with desk.store.read() as connection:
        load_campaign(connection, campaign)
    now = desk.now()

    def work(_: Chore) -> SnapshotRow:
        return freeze_campaign(
            desk.store,
            campaign,
            evidence=desk.evidence,
            comparators=Comparators(),
            who=visitor.who,
            why=why,
            now=now,
        )

    chore = chores_of(request).start(f"freeze {campaign}", visitor.who, campaign, work)
    return RedirectResponse(f"/campaigns/{campaign}/reports/freezing/{chore.token}", 303)


@router.get("/freezing/{token}")
def freezing_page(
    request: Request, desk: AtDesk, visitor: Editor, campaign: CampaignId, token: str
) -> Response:
    """How far it is; then the list with the new snapshot."""
    chore = chores_of(request).find(token, visitor.who)
    if chore.about != campaign:
        raise NotFoundError(Told(N_("This is no longer known here: it was too long ago. Begin it again.")))
    is_part = "hx-request" in request.headers
    if not chore.is_over:
        name = "_freezing.html" if is_part else "freezing.html"
        return render(request, name, chore=chore, **_frame(desk, campaign, request))
    if chore.state == "failed" and not is_part:
        return _reports(request, desk, visitor, campaign, trouble=chore.trouble)
    here = f"/campaigns/{campaign}/reports"
    where = f"{here}?frozen={chore.result.number}" if chore.state == "done" else f"{here}/freezing/{token}"
    if is_part:
        return Response(status_code=204, headers={"hx-redirect": where})
    return RedirectResponse(where, 303)


@router.get("/{number}/changes", dependencies=[limited("search")])
def changes_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
    number: Number,
    since: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    """What is different from an earlier snapshot (by default the one before), and why."""
    with desk.store.read() as connection:
        rows = {one.number: one for one in list_snapshots(connection, campaign)}
        first = since or max((one for one in rows if one < number), default=0)
        if not first:
            raise NotFoundError(Told(N_("There is no earlier snapshot to compare this one with.")))
        if number not in rows or first not in rows:
            raise NotFoundError(Told(_NO_SNAPSHOT))
        first, second = sorted((first, number))
        then, now = (open_snapshot(connection, campaign, one)[1] for one in (first, second))
    spoken = words_of(request)
    return render(
        request,
        "report_changes.html",
        found=reconcile(then, now),
        rows=sorted(rows.values(), key=lambda one: one.number),
        first=rows[first],
        second=rows[second],
        columns=COLUMNS,
        most=MOST_SHOWN,
        field_word=lambda field: say_field(field, spoken),
        both_sides=lambda change, moved: say_moved(change, moved, spoken),
        translation_of=lambda clip: _translation(clip, spoken.language),
        **_frame(desk, campaign, request),
    )


@router.get("/{number}/report.{kind}", dependencies=[limited("export")])
def report_file(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
    number: Number,
    kind: Literal["xlsx", "pdf"],
    lang: Languages = "en",
) -> Response:
    """The report as a workbook or a printed document; a page that waits for it where it takes long."""
    return _file(request, desk, campaign, number, kind, lang)


@router.get("/{number}/{kind}.zip", dependencies=[limited("export")])
def report_bundle(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
    number: Number,
    kind: Literal["bundle", "excerpts"],
    lang: Languages = "all",
) -> Response:
    """Everything to check the report with, in one file; `excerpts` is without whole texts and evidence."""
    return _file(request, desk, campaign, number, kind, lang)


def _reports(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    campaign: str,
    *,
    frozen: int | None = None,
    trouble: str = "",
) -> Response:
    with desk.store.read() as connection:
        coverage = desk.coverages.get(connection, campaign, desk.figures, now=desk.now())
        rows = list_snapshots(connection, campaign)
    return render(
        request,
        "reports.html",
        status_code=500 if trouble else 200,
        rows=rows,
        counts=coverage.figures.counts,
        at_least=coverage.figures.at_least,
        waiting=_waiting(coverage),
        fresh=next((one for one in rows if one.number == frozen), None),
        trouble=trouble,
        may_freeze=visitor.may("editor", campaign),
        columns=COLUMNS,
        own_names=OWN_NAMES,
        campaign=coverage.campaign,
        campaign_name=coverage.campaign.name.best(words_of(request).language),
    )


def _frame(desk: Desk, campaign: str, request: Request) -> dict[str, Any]:
    with desk.store.read() as connection:
        found = load_campaign(connection, campaign)
    return {"campaign": found, "campaign_name": found.name.best(words_of(request).language)}


def _waiting(coverage: Coverage) -> list[Waiting]:
    """What of the campaign is not decided, not known or not read; in the order in which it weighs."""
    figures = coverage.figures
    beside = figures.beside
    uncoded = next((len(one.members) for one in coverage.coding.tone if one.value == "not-coded"), 0)
    origins = next((one.counts.items for one in figures.tables["origin"].rows if one.value == "not-coded"), 0)
    found = [
        Waiting("unreviewed", beside["unreviewed"], "standing", "unreviewed"),
        Waiting("waits-for-date", beside["waits-for-date"], "standing", "waits-for-date"),
        Waiting("provisional", beside["provisional-outlets"], "standing", "provisional"),
        Waiting("tone", uncoded, "coded-tone", "not-coded"),
        Waiting("origin", origins, "origin", "not-coded"),
        Waiting("gaps", sum(bool(one.gaps) for one in figures.watch)),
        Waiting("leads", beside["leads"]),
    ]
    return [one for one in found if one.number]


def _translation(clip: Clip, language: UiLanguage) -> Translation | None:
    """Of a headline that the reader may not read: in their language where there is one, else in English."""
    if clip.facts.tag.split("-")[0] == language.split("-")[0]:
        return None
    found = clip.translations.get(language) or clip.translations.get("en")
    return found if found is not None and found.title else None


def _file(request: Request, desk: Desk, campaign: str, number: int, kind: Kind, lang: Languages) -> Response:
    with desk.store.read() as connection:
        row = next((one for one in list_snapshots(connection, campaign) if one.number == number), None)
    if row is None:
        raise NotFoundError(Told(_NO_SNAPSHOT))
    languages: Sequence[UiLanguage] = UI_LANGUAGES if lang == "all" else (lang,)
    presses: Presses = request.app.state.presses
    what = " ".join([row.campaign, str(row.number), row.sha256, kind, lang])
    path = presses.ask(what, _maker(desk, row, kind, languages), seconds=SECONDS)
    ending, media_type = _MEDIA[kind]
    is_part = "hx-request" in request.headers
    here = f"{request.url.path}?lang={lang}"
    if path is None:
        values = {"row": row, "kind": kind, "here": here, **_frame(desk, campaign, request)}
        return render(request, "_report_waits.html" if is_part else "report_waits.html", **values)
    if is_part:  # the page that waits: a download goes to the address itself, not into the page
        return render(request, "_report_ready.html", here=here)
    name = f"{row.campaign}.snapshot-{row.number}.{lang}.{ending}"
    return FileResponse(path, media_type=media_type, headers=download_headers(name))


def _maker(desk: Desk, row: SnapshotRow, kind: Kind, languages: Sequence[UiLanguage]) -> Make:
    def make(path: FilePath) -> None:
        try:
            from resound.report.bundle import write_bundle
            from resound.report.making import open_reports
            from resound.report.printed import write_pdf
            from resound.report.workbook import write_workbook
        except ModuleNotFoundError as err:
            raise ReportError(Told(_NOT_INSTALLED)) from err
        with desk.store.read() as connection:
            opened = open_reports(connection, row.campaign, row.number, languages)
        if kind == "xlsx":
            write_workbook(opened.reports, path)
        elif kind == "pdf":
            write_pdf(opened.reports, path, evidence=desk.evidence)
        else:
            write_bundle(
                opened,
                evidence=desk.evidence,
                path=path,
                excerpts_only=kind == "excerpts",
            )

    return make
