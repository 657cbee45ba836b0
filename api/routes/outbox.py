"""What was mailed to whom and what became of it; what failed or is unknown is sent again or given up by a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from api.letterbox import words_in
from api.pages import render
from api.routes.review import Sent
from resound.errors import ResoundError
from resound.store.outbox import STATES, State, count_states, drop, list_posted, resend
from resound.texts import N_
from resound.told import Told

router = APIRouter(prefix="/system/outbox", include_in_schema=False)
Admin = Annotated[Visitor, requires("admin", takes_keys=False)]
AT_ONCE = 100
MAX_WHY = 500
NOT_SENT: tuple[State, ...] = ("failed", "unknown", "queued", "sending")
"""What is shown where no state is chosen: what has not ended well yet."""


@router.get("")
def outbox_page(
    request: Request,
    desk: AtDesk,
    visitor: Admin,  # noqa: ARG001 (asked for its role)
    state: State | Literal[""] = "",
    again: Annotated[int, Query(ge=0, le=10**9)] = 0,
    dropped: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Response:
    """The newest mails: of one state, or those that have not ended well."""
    return _page(request, desk, state, again=again, dropped=dropped)


@router.post("")
def decide_mails(request: Request, desk: AtDesk, visitor: Admin, sent: Sent) -> Response:
    """Send the chosen ones again, or give them up."""
    try:
        with desk.store.write() as connection:
            what, count = decide_chosen(connection, sent, who=visitor.who, now=desk.now())
    except ResoundError as err:
        return _page(request, desk, "", error=words_in(err))
    return RedirectResponse(f"/system/outbox?{what}={count}", 303)


def decide_chosen(
    connection: Connection, sent: FormData, *, only: Collection[int] | None = None, who: str, now: datetime
) -> tuple[Literal["again", "dropped"], int]:
    """What the form of `mail_table` says: (what was done, to how many). `only`: the mails that it may be about.

    Raises:
        ResoundError: nothing was chosen, no reason was given, or none of them can be changed any more.
    """
    ids = [int(one) for one in sent.getlist("mail") if isinstance(one, str) and one.isdecimal()]
    chosen = [one for one in ids if one < 2**31 and (only is None or one in only)]
    why = " ".join(str(sent.get("why") or "").split())[:MAX_WHY]
    if not chosen:
        raise ResoundError(Told(N_("Choose at least one mail.")))
    if not why:
        raise ResoundError(Told(N_("Say why: it stays with the mail.")))
    is_again = sent.get("do") == "resend"
    done = (resend if is_again else drop)(connection, chosen, who=who, why=why, now=now)
    if not done:
        raise ResoundError(
            Told(N_("Nothing was changed: what was sent, or is being sent now, stays as it is."))
        )
    return "again" if is_again else "dropped", len(done)


def mail_values() -> dict[str, Any]:
    """What the macros about mails need."""
    return {"epoch": lambda seconds: datetime.fromtimestamp(seconds, UTC)}


def _page(
    request: Request,
    desk: Desk,
    state: State | Literal[""],
    *,
    again: int = 0,
    dropped: int = 0,
    error: str = "",
) -> Response:
    with desk.store.read() as connection:
        mails = list_posted(connection, states=[state] if state else NOT_SENT, limit=AT_ONCE)
        counts = count_states(connection)
    return render(
        request,
        "outbox.html",
        status_code=400 if error else 200,
        mails=mails,
        counts=counts,
        states=STATES,
        state=state,
        total=sum(counts.get(one, 0) for one in ([state] if state else NOT_SENT)),
        again=again,
        dropped=dropped,
        error=error,
        has_server=desk.settings.smtp_url is not None,
        **mail_values(),
    )
