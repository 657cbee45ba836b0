"""A campaign is changed in a guided form: what a change would do is shown before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api.access import FORM_FIELDS, Visitor, requires
from api.chores import Chore, chores_of
from api.desk import AtDesk, Desk
from api.pages import render
from api.safety import limited
from resound.campaign import Campaign
from resound.definitions.campaign_form import ROWS, fill_form, read_form
from resound.definitions.editing import (
    Conflict,
    explain_conflict,
    find_version,
    read_version,
    save_definition,
)
from resound.definitions.form import Form, FormError
from resound.definitions.previewing import Preview, preview_change
from resound.definitions.written import TEMPLATE, dump_definition, read_definition, shipped_campaigns
from resound.errors import ConflictError, DefinitionError, NotFoundError, Problem
from resound.pipeline import match_waiting
from resound.source import Source
from resound.store import work
from resound.store.registry import Kind, load_campaigns
from resound.texts import N_
from resound.told import Told

router = APIRouter(include_in_schema=False)
PREVIEW_SECONDS = 20.0
"""Then a person decides whether it is to go on."""
Reader = Annotated[Visitor, requires("reader", campaign="campaign")]
Editor = Annotated[Visitor, requires("editor", campaign="campaign")]
NewEditor = Annotated[Visitor, requires("editor")]


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of a form that are text; the last one of a name."""
    sent = await request.form(max_fields=FORM_FIELDS)
    return {name: value for name, value in sent.multi_items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(read_fields)]


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign that is not saved yet; `base` is the version that it was made from, None for a new one."""

    campaign: Campaign
    base: int | None


@router.get("/campaigns/{campaign}/edit")
def campaign_edit_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,
    campaign: str,
    draft: str = "",
    saved: int = 0,
    unchanged: bool = False,
) -> Response:
    """The form of the newest version or, where `draft` names a preview, of what was previewed."""
    with desk.store.read() as connection:
        newest = find_version(connection, "campaign", campaign)
        model = _campaign(read_version(newest))
        waiting = work.count_open(connection, "match") if saved else 0
    base = newest.version
    if draft:
        held: Draft = chores_of(request).find(draft, visitor.who).about
        if held.campaign.id == campaign:
            model, base = held.campaign, held.base or base
    values = {"saved": saved, "unchanged": unchanged, "waiting": waiting, "newest": newest.version}
    return _form_page(request, visitor, fill_form(model), model, base, **values)


@router.post("/campaigns/{campaign}/edit")
def edit_campaign(request: Request, desk: AtDesk, visitor: Editor, campaign: str, fields: Fields) -> Response:
    """`do`: save, preview, or `add names` and so on for an empty row more."""
    if fields.get("preview"):
        return save_draft(request, desk, visitor, campaign, fields)
    base = _number(fields.get("base", ""))
    with desk.store.read() as connection:
        model = _campaign(read_version(find_version(connection, "campaign", campaign, base)))
    return _answer_form(request, desk, visitor, fields, model, base)


@router.get("/campaigns/{campaign}/waiting")
def waiting_page(request: Request, desk: AtDesk, _: Reader, campaign: str) -> Response:
    """How many articles wait to be matched anew: a part of the form's page."""
    if "hx-request" not in request.headers:
        return RedirectResponse(f"/campaigns/{campaign}/edit", 303)
    with desk.store.read() as connection:
        waiting = work.count_open(connection, "match")
        key = find_version(connection, "campaign", campaign).key
    return render(request, "_waiting.html", waiting=waiting, key=key)


@router.get("/new-campaign")
def new_campaign_page(request: Request, desk: AtDesk, visitor: NewEditor, draft: str = "") -> Response:
    """An empty form."""
    today = desk.today()
    form = Form({"first": today.isoformat(), "review": "manual", "names.0.id": ""})
    if draft:
        form = fill_form(chores_of(request).find(draft, visitor.who).about.campaign)
    return _form_page(request, visitor, form, None, None)


@router.post("/new-campaign")
def new_campaign(request: Request, desk: AtDesk, visitor: NewEditor, fields: Fields) -> Response:
    """The same for a new one."""
    if fields.get("preview"):
        return save_draft(request, desk, visitor, None, fields)
    return _answer_form(request, desk, visitor, fields, None, None)


@router.get("/new-campaign/yaml")
def new_campaign_text_page(request: Request, visitor: NewEditor) -> Response:
    """The template with its explanations."""
    text = (shipped_campaigns() / TEMPLATE).read_text(encoding="utf-8")
    return render(request, "new_campaign_text.html", text=text, problems=(), may_edit=visitor.may("editor"))


@router.post("/new-campaign/yaml")
def new_campaign_text(request: Request, desk: AtDesk, visitor: NewEditor, fields: Fields) -> Response:
    """A new campaign out of a text: tried on what is stored, or saved."""
    text = fields.get("text", "")
    try:
        model = _campaign(read_definition(text, Campaign).model)
        with desk.store.read() as connection:
            if model.id in load_campaigns(connection):
                taken = Told(N_("there is a campaign of this id already; expected another one"))
                raise DefinitionError("taken", problems=(Problem(line_of_id(text), "id", taken),))
    except DefinitionError as err:
        values = {"text": text, "problems": told_with_lines(err, text), "may_edit": True}
        return render(request, "new_campaign_text.html", status_code=422, **values)
    if fields.get("do") == "preview":
        return begin_preview(request, desk, visitor, Draft(model, None))
    return save_campaign(request, desk, visitor, Draft(model, None))


@router.get("/previews/{token}")
def preview_page(request: Request, visitor: Annotated[Visitor, requires("none")], token: str) -> Response:
    """What a change would do, as far as it is known by now; a part of a page where htmx asks."""
    return show_preview(request, chores_of(request).find(token, visitor.who))


@router.post("/previews/{token}", dependencies=[limited("long")])
def go_on_with_preview(
    request: Request, desk: AtDesk, visitor: Annotated[Visitor, requires("none")], token: str
) -> Response:
    """Look at more items."""
    chores = chores_of(request)
    chore = chores.find(token, visitor.who)
    chores.again(chore, lambda one: _preview(desk, one))
    return show_preview(request, chore) if "hx-request" in request.headers else _to_preview(chore)


def begin_preview(request: Request, desk: Desk, visitor: Visitor, draft: Draft) -> Response:
    """Have a preview made beside the requests, and lead to it."""
    request.app.state.limiter.check("long", f"person {visitor.person.id}" if visitor.person else "")
    chore = chores_of(request).start("preview", visitor.who, draft, lambda one: _preview(desk, one))
    return show_preview(request, chore) if "hx-request" in request.headers else _to_preview(chore)


def show_preview(request: Request, chore: Chore) -> Response:
    """The page of a preview, or its inner part."""
    is_part = "hx-request" in request.headers
    values = {"chore": chore, "draft": chore.about, "found": chore.result}
    return render(request, "_preview.html" if is_part else "preview.html", **values)


def save_campaign(request: Request, desk: Desk, visitor: Visitor, draft: Draft) -> Response:
    """Save what was edited, or show both sides where somebody else saved meanwhile."""
    campaign, base = draft.campaign, draft.base
    applied = save_definition(desk.store, campaign, base=base, who=visitor.who, now=desk.now())
    if applied.result in ("new", "changed"):
        _match_anew(request, desk, visitor, campaign.id)
    if applied.result != "conflict":
        how = "unchanged=1" if applied.result == "unchanged" else f"saved={applied.version}"
        return RedirectResponse(f"/campaigns/{campaign.id}/edit?{how}", 303)
    if base is None:
        raise ConflictError(Told(N_("There is a campaign of this id already. Choose another id.")))
    with desk.store.read() as connection:
        conflict = explain_conflict(connection, "campaign", campaign, base=base)
    return show_conflict(request, "campaign", campaign, conflict)


def _match_anew(request: Request, desk: Desk, visitor: Visitor, campaign: str) -> None:
    """Match what saving has opened, beside the requests; a worker that is at it takes its share."""
    chores_of(request).start(
        "match",
        visitor.who,
        campaign,
        lambda one: match_waiting(
            desk.store, enrich=desk.settings.enrich, clock=desk.now, should_stop=one.should_stop
        ),
    )


def show_conflict(request: Request, kind: Kind, ours: Campaign | Source, conflict: Conflict) -> Response:
    """Both sides, and what may be done."""
    values = {"kind": kind, "ours": ours, "conflict": conflict}
    text = dump_definition(ours, version=conflict.theirs.version)
    return render(request, "conflict.html", status_code=409, ours_text=text, **values)


def save_draft(
    request: Request, desk: Desk, visitor: Visitor, campaign: str | None, fields: Mapping[str, str]
) -> Response:
    """Save what a preview showed."""
    held: Draft = chores_of(request).find(fields["preview"], visitor.who).about
    if held.base is not None and held.campaign.id != campaign:
        raise NotFoundError(Told(N_("This preview is of another campaign.")))
    return save_campaign(request, desk, visitor, held)


def line_of_id(text: str) -> int | None:
    """Where a definition names its id."""
    return next((at for at, line in enumerate(text.splitlines(), 1) if line.startswith("id:")), None)


def told_with_lines(err: DefinitionError, text: str) -> list[dict[str, Any]]:
    """What is wrong with a text: line, field, sentence, and how the line reads."""
    lines = text.splitlines()
    if not err.problems:
        return [{"line": None, "field": "", "sentence": str(err), "text": ""}]
    return [
        {
            "line": one.line,
            "field": one.field,
            "sentence": one.sentence,
            "text": lines[one.line - 1].strip()[:200] if one.line and one.line <= len(lines) else "",
        }
        for one in err.problems
    ]


def _answer_form(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    fields: Mapping[str, str],
    model: Campaign | None,
    base: int | None,
) -> Response:
    wanted = fields.get("do", "save")
    row = wanted.removeprefix("add ")
    added = next((kind for kind in ROWS if kind == row), None) if wanted.startswith("add ") else None
    if added is not None:
        form = Form(fields).with_row(added)
        return _form_page(request, visitor, form, model, base, added=f"{added}.{form.rows(added)[-1]}")
    taken: set[str] = set()
    if model is None:
        with desk.store.read() as connection:
            taken = set(load_campaigns(connection))
    try:
        campaign = read_form(fields, model, taken=taken)
    except FormError as err:
        return _form_page(request, visitor, err.form, model, base, status_code=422)
    if wanted == "preview":
        return begin_preview(request, desk, visitor, Draft(campaign, base))
    return save_campaign(request, desk, visitor, Draft(campaign, base))


def _form_page(
    request: Request,
    visitor: Visitor,
    form: Form,
    model: Campaign | None,
    base: int | None,
    *,
    status_code: int = 200,
    **values: Any,
) -> Response:
    """The form. A part of it that htmx asked for and that is wrong leads to the whole page, with the problems at the fields."""
    shown = {"saved": 0, "unchanged": False, "waiting": 0, "newest": base, "added": "", **values}
    answer = render(
        request,
        "campaign_edit.html",
        status_code=status_code,
        form=form,
        campaign=model,
        base=base,
        may_edit=visitor.may("editor", model.id if model is not None else None),
        **shown,
    )
    if status_code == 422 and "hx-request" in request.headers:
        answer.headers["hx-retarget"] = "body"
        answer.headers["hx-reswap"] = "innerHTML show:window:top"
        answer.headers["x-fragment"] = "1"
    return answer


def _preview(desk: Desk, chore: Chore) -> Preview:
    held: Draft = chore.about
    so_far: Preview | None = chore.result
    return preview_change(
        desk.store,
        held.campaign,
        seconds=PREVIEW_SECONDS,
        index=desk.index,
        so_far=so_far,
        progress=chore.progress,
        should_stop=chore.should_stop,
    )


def _to_preview(chore: Chore) -> Response:
    return RedirectResponse(f"/previews/{chore.token}", 303)


def _campaign(model: object) -> Campaign:
    if not isinstance(model, Campaign):
        raise NotFoundError(Told(N_("This is not a campaign.")))
    return model


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
