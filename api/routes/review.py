"""The review queue: one item at a time beside the list of what waits, and the forms by which people decide."""

from __future__ import annotations

from typing import Annotated, Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.access import NotAllowedError, Visitor, requires
from api.desk import AtDesk, Desk
from api.merging import search_to_merge
from api.pages import language_of, render, words_of
from api.routes.language import own_path
from resound.article import Basis
from resound.coding.deciding import decide, take_back
from resound.coding.item import item_coding
from resound.coding.review import Entry, Review, story_of
from resound.errors import NotFoundError, ResoundError
from resound.settings import UiLanguage
from resound.showing.viewing import view_article
from resound.store.decisions import DECISION_KINDS, Decision, DecisionKind, find_decision, last_decision
from resound.store.headlines import titles_in
from resound.store.registry import load_campaigns, load_sources
from resound.texts import N_
from resound.told import Told

router = APIRouter(include_in_schema=False)
LISTED = 12
"""Questions that the list shows around the one that is open."""
Coder = Annotated[Visitor, requires("coder", campaign="campaign")]


async def read_form(request: Request) -> FormData:
    """What was sent."""
    return await request.form()


Sent = Annotated[FormData, Depends(read_form)]


@router.get("/review")
def reviews_page(request: Request, desk: AtDesk, visitor: Annotated[Visitor, requires("none")]) -> Response:
    """What waits in each campaign that the visitor may code."""
    with desk.store.read() as connection:
        campaigns = [one for key, one in load_campaigns(connection).items() if visitor.may("coder", key)]
        if len(campaigns) == 1:
            return RedirectResponse(f"/review/{campaigns[0].id}", 303)
        reviews = [desk.reviews.get(connection, one.id, who=visitor.who) for one in campaigns]
    return render(request, "reviews.html", reviews=reviews)


@router.get("/review/{campaign}")
def review_page(
    request: Request,
    desk: AtDesk,
    visitor: Coder,
    campaign: str,
    at: str = "",
    item: str = "",
    then: str = "",
    q: str | None = None,
    second: bool = False,
) -> Response:
    """One question with the item that it is about, and what waits.

    Args:
        at: the question's name; `item` and `then`: the item that was just decided about, which stays as long as
            anything is asked of it, and the question that comes after it.
        q: a search for items that may be merged with this one; empty for what is most like it.
    """
    with desk.store.read() as connection:
        review = desk.reviews.get(connection, campaign, who=visitor.who, is_second=second)
        queue = review.queue
        entry = queue.find(at) or (queue.of_item(item) if item else None) or queue.find(then)
        entry = entry or queue.next_item()
        last = last_decision(connection, visitor.who, campaign)
        values: dict[str, Any] = {
            "review": review,
            "queue": queue,
            "entry": entry,
            "is_second": second,
            "last": last,
            "labels": _labels(connection, review, last, language_of(request)),
        }
        if entry is not None:
            # Who opened a question goes on from it; who stays at an item goes on where they were.
            comes = then if entry.key != at else ""
            values |= _about(connection, desk, request, visitor, review, entry, then=comes, search=q)
    return render(request, "review.html", **values)


def _about(
    connection: Connection,
    desk: Desk,
    request: Request,
    visitor: Visitor,
    review: Review,
    entry: Entry,
    *,
    then: str,
    search: str | None,
) -> dict[str, Any]:
    """What is shown of the item that a question is about."""
    queue, campaign, language = review.queue, review.campaign, language_of(request)
    later = queue.find(then) if then != entry.key else None
    following = later or queue.next_item(entry)
    place = queue.position(entry) - 1
    first = max(0, min(place - LISTED // 3, len(queue.entries) - LISTED))
    listed = queue.entries[first : first + LISTED]
    is_second = entry.asked == "second"
    sight = visitor.sight
    coding = item_coding(connection, entry.item, campaign.id, sight=sight)
    story = [] if is_second else story_of(connection, entry.item)
    shown = {one.item for one in listed} | {entry.item, *story, *entry.others}
    shown |= {other for one in listed if one.asked == "merge" for other in one.others}
    target = "zh-Hant" if language == "zh-Hant" else "en"
    merging = search_to_merge(
        connection, desk, entry.item, None if is_second else search, sight=sight, language=language
    )
    return {
        "second_asks": entry.lacks,
        "coding": coding.for_second_coder() if is_second else coding,
        "view": view_article(connection, entry.item, language=language, sight=sight),
        "other_view": view_article(connection, entry.others[0], language=language, sight=sight)
        if entry.asked == "merge"
        else None,
        "position": place + 1,
        "listed": listed,
        "previous": queue.before(entry),
        "next_one": later or queue.after(entry),
        "following": following,
        "story": story,
        "titles": titles_in(connection, shown, language),
        "target": target,
        "merging": merging,
        "sources": sorted(
            (one for one in load_sources(connection).values() if one.type == "outlet"),
            key=lambda one: one.names.best().casefold(),
        )
        if entry.asked == "provisional"
        else (),
        "coding_next": _back(campaign.id, item=entry.item, following=following, is_second=is_second),
    }


def _labels(
    connection: Connection, review: Review, last: Decision | None, language: UiLanguage
) -> dict[str, str]:
    """What is called by an id on the page: messages, spokespersons, outlets, and the item that `last` is about."""
    campaign = review.campaign
    about = review.items.get(last.value) if last is not None and last.value is not None else None
    return {
        **{key: one.names.best(language) for key, one in load_sources(connection).items()},
        **{one.id: one.best(language) for one in campaign.spokespersons},
        **{one.id: one.text.best(language) for one in campaign.messages},
        **({about.item: about.title or about.url} if about is not None else {}),
    }


def _back(campaign: str, *, item: str, following: Entry | None, is_second: bool) -> str:
    """Where a decision leads: to the same item while anything is asked of it, then to the next one."""
    asked = {"item": item, "then": following.key if following is not None else ""}
    if is_second:
        asked["second"] = "1"
    return f"/review/{campaign}?{urlencode({name: value for name, value in asked.items() if value})}"


@router.post("/review/{campaign}/decide")
def decide_item(desk: AtDesk, visitor: Coder, campaign: str, sent: Sent) -> Response:
    """Write down one decision and go where the form says."""
    kind, _, value = _text(sent, "answer").partition(" ")
    if kind not in DECISION_KINDS or kind == "undo":
        raise ResoundError(Told(N_("%(kind)s is nothing that can be decided."), kind=repr(kind)))
    basis = _text(sent, "basis")
    with desk.store.write() as connection:
        decide(
            connection,
            _text(sent, "item"),
            cast("DecisionKind", kind),
            value=value or _text(sent, "value") or None,
            campaign=campaign,
            basis=cast("Basis", basis) if basis and kind in _READ else None,
            is_second=bool(_text(sent, "second")) and kind in ("tone", "prominence"),
            why=_text(sent, "why") or _text(sent, f"otherwise.{kind}"),
            who=visitor.who,
            now=desk.now(),
            sight=visitor.sight,
        )
    return RedirectResponse(_next(sent, campaign), 303)


@router.post("/review/{campaign}/undo")
def undo_decision(request: Request, desk: AtDesk, visitor: Coder, campaign: str, sent: Sent) -> Response:
    """Take back one's own decision."""
    number = _text(sent, "decision")
    if not number.isdecimal():
        raise NotFoundError(Told(N_("There is no such decision.")))
    with desk.store.write() as connection:
        made = find_decision(connection, int(number))
        if made.who != visitor.who or made.campaign not in (None, campaign):
            raise NotAllowedError(
                Told(
                    N_(
                        "This was decided by %(who)s. Decide anew instead: the latest word holds, and both are kept."
                    ),
                    who=made.who,
                )
            )
        why = _text(sent, "why") or words_of(request).gettext("taken back while reviewing")
        take_back(connection, made.id, why=why, who=visitor.who, now=desk.now())
    return RedirectResponse(_next(sent, campaign), 303)


_READ = ("tone", "prominence", "message", "no-message", "quote", "no-quote")


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name)
    return value.strip() if isinstance(value, str) else ""


def _next(sent: FormData, campaign: str) -> str:
    return own_path(_text(sent, "next") or f"/review/{campaign}")
