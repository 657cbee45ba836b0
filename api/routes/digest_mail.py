"""The mail as readers will see it, in a frame of its own that may run nothing and fetch nothing; and any past week of a
campaign, before there is any list.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from api.pages import language_of, render
from api.safety import frame_policy, limited
from resound.digest.approving import preview_week
from resound.digest.letter import Composed, compose, render_html
from resound.digest.model import Edition
from resound.errors import NotFoundError
from resound.sending.list_form import ZONES
from resound.sending.weeks import WeeklyTime, issue_of, last_issue
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.store.lists import MailingList
from resound.store.registry import load_campaigns
from resound.texts import N_
from resound.told import Told

router = APIRouter(prefix="/digests/preview", include_in_schema=False, dependencies=[limited("search")])
Reader = Annotated[Visitor, requires("reader", campaign="campaign")]
CampaignId = Annotated[str, Path(max_length=80)]
Week = Annotated[str, Query(max_length=8)]
PLAN = WeeklyTime(1, "08:00", ZONES[0])
"""Of a preview: weeks from Monday to Sunday, named by the Monday after."""
# No script, no fetch, nothing of ours within reach: styles in the elements are how mail is written.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An edition as readers of a language get it."""

    edition: Edition
    list: MailingList
    language: UiLanguage


@router.get("/{campaign}")
def preview_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,
    campaign: CampaignId,
    week: Week = "",
    day: Annotated[str, Query(max_length=10)] = "",
    language: str = "",
) -> Response:
    """Any week of a campaign as its digest would be; without one, a telling one.

    Args:
        week: the issue's name, which is that of its cut-off's week: what it is about are the seven days before.
        day: any day that the issue is about, for people, to whom a week is its days.
    """
    with desk.store.read() as connection:
        of = _sample(request, connection, campaign)
        chosen = _week_about(day) if day else week or _telling_week(connection, desk, campaign)
        edition = _edition(connection, of, chosen, desk)
    monday = issue_of(PLAN, edition.week).first + timedelta(days=7)
    answer = render(
        request,
        "digest_preview.html",
        campaign=campaign,
        earlier=_week_name(monday - timedelta(days=7)),
        later=_week_name(monday + timedelta(days=7)),
        may_edit=visitor.may("editor", campaign),
        **page_values(
            request,
            desk,
            Shown(edition, of, chosen_language(request, language)),
            f"/digests/preview/{campaign}",
            f"week={edition.week}&",
        ),
    )
    answer.headers["content-security-policy"] = frame_policy(request.state.nonce)
    return answer


@router.get("/{campaign}/mail")
def preview_mail(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
    week: Week,
    language: str = "",
) -> Response:
    """The mail of a preview."""
    with desk.store.read() as connection:
        of = _sample(request, connection, campaign)
        edition = _edition(connection, of, week, desk)
    return mail_answer(request, desk, Shown(edition, of, chosen_language(request, language)))


def chosen_language(request: Request, language: str) -> UiLanguage:
    """The language of the mail that is shown: as asked, else the page's own."""
    return next((one for one in UI_LANGUAGES if one == language), language_of(request))


def page_values(request: Request, desk: Desk, shown: Shown, here: str, query: str = "") -> dict[str, Any]:
    """What `_mail.html` shows: `mail` as it is composed, and where the frame finds it."""
    return {
        "of": shown.list,
        "edition": shown.edition,
        "mail_language": shown.language,
        "mail": _compose(request, desk, shown),
        "here": here,
        "query": query,
    }


def mail_answer(request: Request, desk: Desk, shown: Shown) -> Response:
    """The HTML of a mail, byte for byte but for this: links open beside it, and the one that unsubscribes is nobody's."""
    made = _compose(request, desk, shown)
    return _mail(made.html.replace("<head>", '<head>\n<base target="_blank">', 1), shown.language)


def whole_answer(request: Request, desk: Desk, shown: Shown) -> Response:
    """The digest as a page for its readers: all its stories, also those that a mail had no room for."""
    html = render_html(
        shown.edition,
        shown.language,
        list_name=shown.list.name,
        list_id=shown.list.id,
        public_url=_base(request, desk),
    )
    return _mail(html, shown.language)


def _mail(html: str, language: UiLanguage) -> Response:
    answer = HTMLResponse(html)
    answer.headers["content-language"] = language
    answer.headers["content-security-policy"] = MAIL_POLICY
    answer.headers["referrer-policy"] = "no-referrer"
    answer.headers["cache-control"] = "no-store"
    return answer


def _compose(request: Request, desk: Desk, shown: Shown) -> Composed:
    return compose(shown.edition, shown.language, shown.list, public_url=_base(request, desk))


def _base(request: Request, desk: Desk) -> str:
    return desk.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"


def _sample(request: Request, connection: Connection, campaign: str) -> MailingList:
    """A list that there is not: nobody reads it, and no week of it was ever sent."""
    found = load_campaigns(connection).get(campaign)
    if found is None:
        raise NotFoundError(Told(N_("There is no such campaign.")))
    return MailingList("", campaign, found.name.best(language_of(request)), PLAN, False)


def _edition(connection: Connection, of: MailingList, week: str, desk: Desk) -> Edition:
    try:
        return preview_week(connection, of, week, now=desk.now())
    except NotFoundError as err:
        raise NotFoundError(Told(N_("There is no such week. Write it as 2014-W41."))) from err


def _telling_week(connection: Connection, desk: Desk, campaign: str) -> str:
    """A week worth looking at: while the campaign goes on the last in which something was found, afterwards its fullest."""
    coverage = desk.coverages.get(connection, campaign, desk.figures, now=desk.now())
    last = last_issue(PLAN, now=desk.now())
    days = [facts.day for facts, place in coverage.figures.items.values() if place.kind == "counted"]
    weeks = Counter(
        day + timedelta(days=8 - day.isoweekday()) for day in days if day is not None and day <= last.last
    )
    if not weeks:
        return last.week
    goes_on = coverage.campaign.window.last >= last.first
    return _week_name(max(weeks) if goes_on else max(weeks, key=lambda monday: (weeks[monday], monday)))


def _week_about(day: str) -> str:
    """The week (by its name) whose issue is about a day."""
    try:
        read = date.fromisoformat(day)
        return _week_name(read + timedelta(days=8 - read.isoweekday()))
    except (ValueError, OverflowError) as err:
        raise NotFoundError(Told(N_("There is no such day. Write it as 2014-10-06."))) from err


def _week_name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
