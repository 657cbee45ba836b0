"""Sources: how each of them is doing, trying one now, and adding one from an address or by hand."""

from __future__ import annotations

import time
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from api.access import Visitor, requires
from api.chores import Chore, chores_of
from api.desk import AtDesk, Desk
from api.pages import render
from api.routes.campaign_edit import Fields
from api.routes.language import own_path
from api.safety import limited
from crawlers.discover import ChannelCheck, check_sources
from crawlers.guard import FetchRules, rules_of
from crawlers.suggest import Suggestion, draft_source, suggest_source
from resound.definitions.editing import find_version, keep_apart, read_version, save_definition
from resound.definitions.form import Form, FormError
from resound.definitions.source_form import empty_source_form, fill_source_form, read_source_form
from resound.errors import ConflictError, NotFoundError
from resound.processing.facts import PROVISIONAL
from resound.source import Source
from resound.store.articles import find_clipped_outlet
from resound.store.frontier import last_pages, list_readings
from resound.store.registry import load_sources
from resound.texts import N_
from resound.told import Told
from resound.watching.health import SourceHealth, channel_health, source_health

router = APIRouter(include_in_schema=False)
SECONDS = 90.0
"""How long trying a source or looking at a site may take."""
DEADLINE = 20.0
"""Seconds for one address, where a person waits."""
ITEMS = 20
NOBODY_TO_ASK = N_(
    "Resound may not look at sites yet: it has to tell each of them whom to write to, and no such address is set. "
    "Ask whoever runs this installation to set one."
)
"""RESOUND_CONTACT is missing, which only who runs the server can mend."""
TROUBLE = ("failing", "stopped", "too few", "too many", "never read")
Reader = Annotated[Visitor, requires("reader")]
Editor = Annotated[Visitor, requires("editor")]


def _way_back(path: str) -> str:
    """Where a person came from; empty where nobody said."""
    return own_path(path) if path else ""


Back = Annotated[str, Query(alias="next", max_length=2000), AfterValidator(_way_back)]


@router.get("/sources")
def sources_page(request: Request, desk: AtDesk, visitor: Reader, q: str = "") -> Response:
    """Every source: what is in trouble first, then by country and name."""
    with desk.store.read() as connection:
        health = source_health(connection, now=desk.now())
        sources = load_sources(connection)
    wanted = [one for one in health if _is_named(sources[one.source], q)]
    order = sorted(wanted, key=lambda one: (_rank(one), sources[one.source].country, one.name.casefold()))
    return render(
        request,
        "sources.html",
        rows=[(one, sources[one.source]) for one in order],
        known=len(health),
        troubled=sum(one.state in TROUBLE[:4] for one in health),
        q=q,
        now=desk.now(),
        may_edit=visitor.may("editor"),
    )


@router.get("/sources/{source}")
def source_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,
    source: str,
    check: str = "",
    saved: int = 0,
    unchanged: bool = False,
    back_to: Back = "",
) -> Response:
    """One source: its channels, what they brought last, when they were read. `back_to`: the review that asked for it."""
    with desk.store.read() as connection:
        model = _load(connection, source)
        health = next(one for one in source_health(connection, now=desk.now()) if one.source == source)
        channels = channel_health(connection, model)
        pages = last_pages(connection, source, limit=ITEMS)
        readings = sorted(list_readings(connection, source=source), key=lambda one: one.read_at)[-10:][::-1]
    return render(
        request,
        "source.html",
        source=model,
        health=health,
        channels=channels,
        pages=pages,
        readings=readings,
        chore=chores_of(request).find(check, visitor.who) if check else None,
        saved=saved,
        unchanged=unchanged,
        back_to=back_to,
        now=desk.now(),
        may_edit=visitor.may("editor"),
        cannot_look=_cannot_look(desk),
    )


@router.post("/sources/{source}/check", dependencies=[limited("long")])
def check_source(request: Request, desk: AtDesk, visitor: Editor, source: str) -> Response:
    """Try every channel now, beside the requests."""
    with desk.store.read() as connection:
        model = _load(connection, source)
    if _cannot_look(desk):
        if "hx-request" in request.headers:
            return _as_part(render(request, "_problem.html", sentence=_cannot_look(desk), status_code=422))
        return RedirectResponse(f"/sources/{source}#check", 303)  # which says so
    rules = _rules(desk)
    chore = chores_of(request).start("check", visitor.who, model, lambda one: _check(model, rules, desk, one))
    if "hx-request" in request.headers:
        return render(request, "_check.html", chore=chore)
    return RedirectResponse(f"/sources/{source}?check={chore.token}#check", 303)


@router.get("/checks/{token}")
def check_page(request: Request, visitor: Reader, token: str) -> Response:
    """How far trying a source is, and what its channels answered: a part of its page."""
    chore = chores_of(request).find(token, visitor.who)
    if "hx-request" in request.headers:
        return render(request, "_check.html", chore=chore)
    return RedirectResponse(f"/sources/{chore.about.id}?check={token}#check", 303)


@router.get("/new-source")
def new_source_page(request: Request, desk: AtDesk, visitor: Editor, found: str = "") -> Response:
    """An address is asked for; with `found`, what was found there, as a form."""
    if not found:
        return render(request, "new_source.html", address="", problem="", cannot_look=_cannot_look(desk))
    chore = chores_of(request).find(found, visitor.who)
    return _suggestion(request, desk, chore)


@router.get("/new-source/by-hand", dependencies=[requires("editor")])
def describe_by_hand(
    request: Request,
    desk: AtDesk,
    item: Annotated[str, Query(max_length=80)] = "",
    home: Annotated[str, Query(max_length=2000)] = "",
    back_to: Back = "",
) -> Response:
    """The form without a look at a site: for television, radio and print, and where a look finds nothing.

    Args:
        item: an article of an outlet that nobody has described yet; what is known of the outlet stands in the form.
        home: the address that was looked at in vain.
        back_to: where to go on once it is saved.
    """
    with desk.store.read() as connection:
        sources = load_sources(connection)
        known = find_clipped_outlet(connection, item) if item else None
    if known is None or not known.placement.outlet.startswith(PROVISIONAL):
        return _source_form(request, empty_source_form(home=home.strip()), sources, back_to=back_to)
    written = known.placement.outlet.removeprefix(PROVISIONAL)
    has_site = (
        not known.name
    )  # it was crawled, or its row names no outlet: the host of its address is all there is
    form = empty_source_form(
        name="" if has_site else known.name,
        language=known.placement.edition,
        medium=known.placement.medium,
        home=f"https://{written}/" if has_site else "",
        host=written if has_site else "",
    )
    return _source_form(request, form, sources, back_to=back_to)


@router.post("/new-source", dependencies=[limited("long")])
def look_at_site(request: Request, desk: AtDesk, visitor: Editor, fields: Fields) -> Response:
    """Look at a site, beside the requests."""
    address = fields.get("address", "").strip()
    if _cannot_look(desk):
        is_part = "hx-request" in request.headers
        answer = render(
            request,
            "_new_source.html" if is_part else "new_source.html",
            status_code=422,
            address=address,
            problem="",
            cannot_look=_cannot_look(desk),
        )
        return _as_part(answer) if is_part else answer
    rules = _rules(desk)
    chore = chores_of(request).start(
        "suggest",
        visitor.who,
        address,
        lambda _: suggest_source(address, rules, now=desk.now(), seconds=SECONDS),
    )
    if "hx-request" in request.headers:
        return _suggestion(request, desk, chore)
    return RedirectResponse(f"/new-source?found={chore.token}", 303)


@router.post("/new-source/save")
def save_source(request: Request, desk: AtDesk, visitor: Editor, fields: Fields) -> Response:
    """Save what a person completed."""
    with desk.store.read() as connection:
        sources = load_sources(connection)
    back_to = _way_back(fields.get("next", ""))
    if fields.get("do") == "add channels":
        return _source_form(request, Form(fields).with_row("channels"), sources, back_to=back_to)
    try:
        source = read_source_form(fields, taken=sources, owners=_owners(sources))
        keep_apart([source], is_demo=desk.office.is_demo)
        applied = save_definition(desk.store, source, base=None, who=visitor.who, now=desk.now())
    except FormError as err:
        return _source_form(request, err.form, sources, back_to=back_to, status_code=422)
    except ConflictError as err:
        return _source_form(
            request, Form(fields), sources, back_to=back_to, trouble=err.args[0], status_code=409
        )
    if applied.result == "conflict":
        trouble = Told(N_("There is a source of this id already. Choose another id."))
        return _source_form(request, Form(fields), sources, back_to=back_to, trouble=trouble, status_code=409)
    told = {"saved": str(applied.version)} | ({"next": back_to} if back_to else {})
    return RedirectResponse(f"/sources/{source.id}?{urlencode(told)}", 303)


def _suggestion(request: Request, desk: Desk, chore: Chore) -> Response:
    """Progress, why it failed, or the form of what was found."""
    is_part = "hx-request" in request.headers
    if chore.state == "failed":
        values = {"address": chore.about, "problem": chore.trouble, "cannot_look": ""}
        return render(request, "_new_source.html" if is_part else "new_source.html", **values)
    if not chore.is_over:
        return render(request, "_looking.html" if is_part else "looking.html", chore=chore)
    if is_part:  # the form is a page of its own
        answer = Response(status_code=204)
        answer.headers["hx-redirect"] = f"/new-source?found={chore.token}"
        return answer
    found: Suggestion = chore.result
    with desk.store.read() as connection:
        sources = load_sources(connection)
    draft = draft_source(found, sources)
    channels = [(one.kind, one.moved_to or one.url, one.ok) for one in found.channels]
    return _source_form(request, fill_source_form(draft, channels), sources, found=found)


def _source_form(
    request: Request,
    form: Form,
    sources: dict[str, Source],
    *,
    found: Suggestion | None = None,
    trouble: str = "",
    back_to: str = "",
    status_code: int = 200,
) -> Response:
    said = {one.moved_to or one.url: one for one in found.channels} if found is not None else {}
    return render(
        request,
        "source_form.html",
        status_code=status_code,
        form=form,
        answers=said,
        trouble=trouble,
        back_to=back_to,
        owners=sorted(_owners(sources)),
        zones=sorted({one.timezone for one in sources.values()} | {"Asia/Taipei", "Asia/Ho_Chi_Minh"}),
    )


def _check(model: Source, rules: FetchRules, desk: Desk, chore: Chore) -> list[ChannelCheck]:
    """Each answer is shown as it comes."""
    end = time.monotonic() + SECONDS
    answers: list[ChannelCheck] = []
    chore.result = answers
    chore.total = len(model.feeds) + len(model.sitemaps) + len(model.listings)
    for one in check_sources([model], rules, now=desk.now()):
        answers.append(one)
        chore.progress(len(answers), max(chore.total, len(answers)))
        if time.monotonic() >= end or chore.should_stop():
            break
    return answers


def _cannot_look(desk: Desk) -> str:
    """Why no site may be looked at from here, for who cannot set RESOUND_CONTACT; empty where one may."""
    return Told(NOBODY_TO_ASK) if desk.settings.contact is None else ""


def _as_part(answer: Response) -> Response:
    """An answer that is no success, and still is to stand where the part of the page was asked for."""
    answer.headers["x-fragment"] = "1"
    return answer


def _rules(desk: Desk) -> FetchRules:
    from dataclasses import replace

    rules = rules_of(desk.settings)
    return replace(rules, deadline_s=min(rules.deadline_s, DEADLINE))


def _load(connection: Connection, key: str) -> Source:
    model = read_version(find_version(connection, "source", key))
    if not isinstance(model, Source):
        raise NotFoundError(Told(N_("There is no source %(id)s."), id=repr(key)))
    return model


def _owners(sources: dict[str, Source]) -> dict[str, str]:
    return {one.owner.name: one.owner.id for one in sources.values()}


def _rank(one: SourceHealth) -> int:
    return TROUBLE.index(one.state) if one.state in TROUBLE else len(TROUBLE)


def _is_named(source: Source, q: str) -> bool:
    wanted = q.strip().casefold()
    names: list[Any] = [source.id, source.home, source.owner.name, source.country]
    names += source.names.model_dump().values()
    return not wanted or any(wanted in str(name or "").casefold() for name in names)
