"""Mailing lists: when each has its issue, who approves it, and making, changing and stopping one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from api.pages import language_of, render, words_of
from api.routes.campaign_edit import Fields
from resound.campaign import Campaign
from resound.definitions.form import Form, FormError
from resound.errors import NotFoundError
from resound.sending.list_form import ZONES, empty_list_form, fill_list_form, read_list_form, state_of
from resound.sending.weeks import next_cut_off
from resound.store.lists import (
    Issue,
    MailingList,
    add_list,
    change_list,
    count_readers,
    find_list,
    list_issues,
    load_lists,
    set_active,
)
from resound.store.registry import load_campaigns
from resound.texts import N_
from resound.told import Told

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)
ListId = Annotated[str, Path(max_length=80)]
Editor = Annotated[Visitor, requires("editor", mailing_list="list_id", takes_keys=False)]
Somewhere = Annotated[Visitor, requires("editor", somewhere=True, takes_keys=False)]
SHOWN_ISSUES = 4

DONE = {
    "made": N_("The list is there. Now add its readers."),
    "changed": N_("The changes are saved."),
    "stopped": N_("The list is stopped: no more issues are made."),
    "resumed": N_("The list goes on, with its next cut-off."),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as pages show it. `next_at`: when its next issue is made; None while it is stopped."""

    list: MailingList
    campaign: Campaign | None
    readers: int
    issues: tuple[Issue, ...]
    next_at: datetime | None


@router.get("/lists")
def lists_page(request: Request, desk: AtDesk, visitor: Somewhere) -> Response:
    """The lists of the campaigns that the visitor may edit."""
    with desk.store.read() as connection:
        campaigns = editable(connection, visitor)
        shown = [
            look_at(connection, one, now=desk.now())
            for one in load_lists(connection)
            if visitor.may("editor", one.campaign)
        ]
    return render(request, "lists.html", lists=shown, campaigns=campaigns, now=desk.now())


@router.get("/new-list")
def new_list_page(request: Request, desk: AtDesk, visitor: Somewhere, campaign: str = "") -> Response:
    """An empty form."""
    with desk.store.read() as connection:
        campaigns = editable(connection, visitor)
    if not campaigns:
        return RedirectResponse("/lists", 303)  # where it says what to do first
    only = next(iter(campaigns)) if len(campaigns) == 1 else campaign
    return _form_page(request, empty_list_form(only), campaigns)


@router.post("/new-list")
def make_list(request: Request, desk: AtDesk, visitor: Somewhere, fields: Fields) -> Response:
    """A new list; its first issue is that of its next cut-off."""
    with desk.store.write() as connection:
        campaigns = editable(connection, visitor)
        taken = {one.id for one in load_lists(connection)}
        try:
            made = read_list_form(fields, campaigns=campaigns, taken=taken)
        except FormError as err:
            return _form_page(request, err.form, campaigns, status_code=422)
        add_list(connection, made, now=desk.now())
    log.info("a mailing list was made", extra={"list": made.id, "who": visitor.who})
    return RedirectResponse(f"/lists/{made.id}?done=made", 303)


@router.get("/lists/{list_id}/edit")
def edit_list_page(
    request: Request,
    desk: AtDesk,
    visitor: Editor,  # noqa: ARG001 (asked for its role)
    list_id: ListId,
) -> Response:
    """The form of a list there is."""
    with desk.store.read() as connection:
        of = find(connection, list_id)
    return _form_page(request, fill_list_form(of), {}, of=of)


@router.post("/lists/{list_id}/edit")
def edit_list(request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, fields: Fields) -> Response:
    """Save what was changed, unless somebody else changed it since the form was opened."""
    with desk.store.write() as connection:
        of = find(connection, list_id)
        try:
            wanted = read_list_form(fields, of=of)
        except FormError as err:
            return _form_page(request, err.form, {}, of=of, status_code=422)
        if fields.get("base") != state_of(of):
            return _form_page(request, Form(fields), {}, of=of, theirs=of, status_code=409)
        change_list(connection, wanted)
    log.info("a mailing list was changed", extra={"list": list_id, "who": visitor.who})
    return RedirectResponse(f"/lists/{list_id}?done=changed", 303)


@router.post("/lists/{list_id}/stop")
def stop_list(desk: AtDesk, visitor: Editor, list_id: ListId) -> Response:
    """Make no more issues."""
    return _set_active(desk, visitor, list_id, False)


@router.post("/lists/{list_id}/resume")
def resume_list(desk: AtDesk, visitor: Editor, list_id: ListId) -> Response:
    """Make issues again, from the next cut-off on."""
    return _set_active(desk, visitor, list_id, True)


def editable(connection: Connection, visitor: Visitor) -> dict[str, Campaign]:
    """The campaigns whose lists and digests the visitor looks after."""
    return {key: one for key, one in load_campaigns(connection).items() if visitor.may("editor", key)}


def find(connection: Connection, list_id: str) -> MailingList:
    """A list. Raises NotFoundError where there is none of this id."""
    found = find_list(connection, list_id)
    if found is None:
        raise NotFoundError(Told(N_("There is no such mailing list.")))
    return found


def look_at(connection: Connection, of: MailingList, *, now: datetime) -> Listed:
    """A list with what stands beside it."""
    issues = list_issues(connection, list_id=of.id)
    next_at = next_cut_off(of.plan, now=now, since=of.since, made={one.week for one in issues})
    return Listed(
        of,
        load_campaigns(connection).get(of.campaign),
        count_readers(connection).get(of.id, 0),
        tuple(issues[:SHOWN_ISSUES]),
        next_at if of.is_active else None,
    )


def _set_active(desk: Desk, visitor: Visitor, list_id: str, is_active: bool) -> Response:
    with desk.store.write() as connection:
        find(connection, list_id)
        set_active(connection, list_id, is_active)
    done = "resumed" if is_active else "stopped"
    log.info(f"a mailing list was {done}", extra={"list": list_id, "who": visitor.who})
    return RedirectResponse(f"/lists/{list_id}?done={done}", 303)


def _form_page(
    request: Request,
    form: Form,
    campaigns: dict[str, Campaign],
    *,
    of: MailingList | None = None,
    theirs: MailingList | None = None,
    status_code: int = 200,
) -> Response:
    zone = form.value("zone")
    zones = [*ZONES, *([zone] if of is not None and zone == of.plan.zone and zone not in ZONES else [])]
    spoken, language = words_of(request), language_of(request)
    return render(
        request,
        "list_form.html",
        status_code=status_code,
        form=form,
        campaign_choices=[("", "–"), *((key, one.name.best(language)) for key, one in campaigns.items())],
        weekday_choices=[(str(number), spoken.weekday(number)) for number in range(1, 8)],
        zone_choices=[(one, spoken.zone_name(one)) for one in zones],
        of=of,
        base=state_of(of) if of is not None else "",
        theirs=theirs,
    )
