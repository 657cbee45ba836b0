"""Campaigns and sources as YAML, and their versions: read, compared, brought back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.access import Visitor, find_visitor, requires
from api.desk import AtDesk, Desk
from api.pages import render
from api.routes.campaign_edit import (
    Draft,
    Fields,
    begin_preview,
    line_of_id,
    save_campaign,
    show_conflict,
    told_with_lines,
)
from resound.campaign import Campaign
from resound.definitions.changes import describe_changes, diff_definitions
from resound.definitions.editing import (
    MODELS,
    bring_back,
    explain_conflict,
    find_version,
    keep_apart,
    read_version,
    save_definition,
)
from resound.definitions.written import dump_definition, read_definition
from resound.errors import DefinitionError, Problem
from resound.source import Names, Source
from resound.store.registry import Definition, Kind, list_versions
from resound.texts import N_
from resound.told import Told

router = APIRouter(include_in_schema=False)


def _add_routes(kind: Kind) -> None:
    """The routes of one kind; the path's parameter is called as the kind is."""
    place = f"/{kind}s/{{{kind}}}"
    campaign = "campaign" if kind == "campaign" else None
    reader, editor = requires("reader", campaign=campaign), requires("editor", campaign=campaign)

    @router.get(f"{place}/yaml", name=f"{kind}_text_page", dependencies=[reader])
    def text_page(request: Request, desk: AtDesk) -> Response:
        """The newest version as a file would say it."""
        with desk.store.read() as connection:
            newest = find_version(connection, kind, request.path_params[kind])
        text = dump_definition(read_version(newest), version=newest.version)
        return _text_page(request, kind, newest, text, newest.version)

    @router.post(f"{place}/yaml", name=f"change_{kind}_text", dependencies=[editor])
    def change_text(request: Request, desk: AtDesk, fields: Fields) -> Response:
        """`do`: save, edit (go on from another version), or preview for a campaign."""
        text = fields.get("text", "")
        given = fields.get("base", "")
        base = int(given) if given.isascii() and given.isdecimal() else 0
        with desk.store.read() as connection:
            newest = find_version(connection, kind, request.path_params[kind])
        if fields.get("do") == "edit":
            return _text_page(request, kind, newest, text, base)
        try:
            loaded = read_definition(text, MODELS[kind])
            if loaded.model.id != newest.key:
                wrong = Told(N_("the id never changes; expected %(id)s"), id=newest.key)
                raise DefinitionError("the id changed", problems=(Problem(line_of_id(text), "id", wrong),))
            if isinstance(loaded.model, Source):
                keep_apart([loaded.model], is_demo=desk.office.is_demo)
        except DefinitionError as err:
            return _text_page(request, kind, newest, text, base, problems=told_with_lines(err, text))
        return _take(request, desk, loaded.model, loaded.base or base, fields.get("do", "save"))

    @router.get(f"{place}/definition.yml", name=f"{kind}_file", dependencies=[reader])
    def file(request: Request, desk: AtDesk) -> Response:
        """The newest version as a file to keep or to apply elsewhere; it names its version."""
        with desk.store.read() as connection:
            newest = find_version(connection, kind, request.path_params[kind])
        text = dump_definition(read_version(newest), version=newest.version)
        headers = {"content-disposition": f'attachment; filename="{newest.key}.yml"'}
        return Response(text, media_type="application/yaml; charset=utf-8", headers=headers)

    @router.get(f"{place}/versions", name=f"{kind}_versions_page", dependencies=[reader])
    def versions_page(request: Request, desk: AtDesk) -> Response:
        """Every version: who, when, from where, and what it changed."""
        with desk.store.read() as connection:
            newest = find_version(connection, kind, request.path_params[kind])
            versions = list_versions(connection, kind, newest.key)
        rows = [
            {"version": one, "changes": _changes(before, one), "is_first": before is None}
            for before, one in zip([None, *versions], versions, strict=False)
        ]
        return _page(request, "versions.html", kind, newest, rows=rows[::-1])

    @router.get(f"{place}/versions/{{number}}", name=f"{kind}_version_page", dependencies=[reader])
    def version_page(request: Request, desk: AtDesk, number: int) -> Response:
        """One version beside the newest one."""
        with desk.store.read() as connection:
            newest = find_version(connection, kind, request.path_params[kind])
            chosen = find_version(connection, kind, newest.key, number)
        try:
            model, today = read_version(chosen), read_version(newest)
        except DefinitionError as err:
            return _page(request, "version.html", kind, newest, chosen=chosen, trouble=str(err))
        return _page(
            request,
            "version.html",
            kind,
            newest,
            chosen=chosen,
            trouble="",
            changes=describe_changes(today, model),
            lines=diff_definitions(today, model),
            text=dump_definition(model, version=chosen.version),
        )

    @router.post(f"{place}/versions/{{number}}/bring-back", name=f"bring_back_{kind}", dependencies=[editor])
    def take_back(request: Request, desk: AtDesk, number: int, fields: Fields) -> Response:
        """Save an old version as the newest one."""
        key = request.path_params[kind]
        given = fields.get("base", "")
        base = int(given) if given.isascii() and given.isdecimal() else 0
        who = find_visitor(request).who
        applied = bring_back(desk.store, kind, key, number, base=base, who=who, now=desk.now())
        if applied.result == "conflict":
            with desk.store.read() as connection:
                model = read_version(find_version(connection, kind, key, number))
                conflict = explain_conflict(connection, kind, model, base=base or None)
            return show_conflict(request, kind, model, conflict)
        return RedirectResponse(f"/{kind}s/{key}/versions?back={applied.version}", 303)


def _take(request: Request, desk: Desk, model: Campaign | Source, base: int, wanted: str) -> Response:
    visitor: Visitor = find_visitor(request)
    if isinstance(model, Campaign):
        if wanted == "preview":
            return begin_preview(request, desk, visitor, Draft(model, base))
        return save_campaign(request, desk, visitor, Draft(model, base))
    applied = save_definition(desk.store, model, base=base, who=visitor.who, now=desk.now())
    if applied.result == "conflict":
        with desk.store.read() as connection:
            conflict = explain_conflict(connection, "source", model, base=base)
        return show_conflict(request, "source", model, conflict)
    how = "unchanged=1" if applied.result == "unchanged" else f"saved={applied.version}"
    return RedirectResponse(f"/sources/{model.id}?{how}", 303)


def _text_page(
    request: Request,
    kind: Kind,
    newest: Definition,
    text: str,
    base: int,
    problems: list[dict[str, Any]] | None = None,
) -> Response:
    status = 422 if problems else 200
    answer = _page(
        request,
        "definition_text.html",
        kind,
        newest,
        text=text,
        base=base,
        problems=problems or [],
        status=status,
    )
    if problems and "hx-request" in request.headers:
        answer.headers["hx-retarget"] = "body"
        answer.headers["hx-reswap"] = "innerHTML show:window:top"
        answer.headers["x-fragment"] = "1"
    return answer


def _page(
    request: Request, name: str, kind: Kind, newest: Definition, *, status: int = 200, **values: Any
) -> Response:
    visitor = find_visitor(request)
    may_edit = visitor.may("editor", newest.key if kind == "campaign" else None)
    shown = _name_of(newest)
    return render(
        request, name, status_code=status, kind=kind, newest=newest, title=shown, may_edit=may_edit, **values
    )


def _name_of(one: Definition) -> Names:
    """What people call it."""
    return Names.model_validate(one.body["name" if one.kind == "campaign" else "names"])


def _changes(before: Definition | None, one: Definition) -> Any:
    """What a version changed; None where it cannot be said by today's rules."""
    if before is None:
        return []
    try:
        return describe_changes(read_version(before), read_version(one))
    except DefinitionError:
        return None


for each in MODELS:
    _add_routes(each)
