"""What readers of a digest see, without an account: ending their subscription, and confirming one.

The token in the address is the secret and allows just this. A mail program sends the POST by itself (RFC 8058): without
cookies, and it follows no redirect, so that the answer is the page itself. GET changes nothing, whoever looks ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from api.access import requires
from api.desk import AtDesk, desk_of
from api.letterbox import open_letterbox, why_no_mail
from api.pages import render
from api.safety import limited
from resound.digest.telling import queue_confirmation
from resound.errors import NotFoundError
from resound.sending.subscribing import confirm, find_request, read_token, subscribe, unsubscribe
from resound.store.lists import MailingList, Subscription, find_list
from resound.store.outbox import count_queued


class _ByToken(APIRoute):
    """A token that was made up, was cut off, or has run out gets the same answer everywhere: nothing of what there is shows."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own, and the page for such a token."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except NotFoundError as err:
                return await run_in_threadpool(_closed, request, 404, state="broken", sentence=err.args[0])

        return answer


router = APIRouter(
    include_in_schema=False,
    route_class=_ByToken,
    dependencies=[requires("anyone", is_by_link=True), limited("link")],
)
Token = Annotated[str, Path(max_length=200)]
State = Literal["reads", "ended", "asked", "confirmed", "sent"]
PAUSE = timedelta(hours=1)
"""Between two requests for a confirmation: whoever has an old mail must not fill its reader's box."""
MOST_ASKED = 3
"""Mails in a `PAUSE` that ask for it, however often somebody ends the subscription and asks again in between."""


@router.get("/u/{token}")
def unsubscribe_page(request: Request, desk: AtDesk, token: Token) -> Response:
    """One button; or that it is done already."""
    with desk.store.read() as connection:
        found = read_token(connection, token, "unsubscribe")
        of = find_list(connection, found.list)
    return _page(request, "ended" if _has_ended(found) else "reads", found, of)


@router.post("/u/{token}")
def unsubscribe_now(request: Request, desk: AtDesk, token: Token) -> Response:
    """End it; twice is once. What the request's body says does not matter: who has the token means it."""
    with desk.store.write() as connection:
        found = unsubscribe(connection, token, now=desk.now())
        of = find_list(connection, found.list)
    return _page(request, "ended", found, of)


@router.get("/u/{token}/again")
def back_to_unsubscribe(token: Token) -> Response:
    """Where a reader lands who chose another language after asking again."""
    return RedirectResponse(f"/u/{quote(token)}", 303)


@router.post("/u/{token}/again")
def ask_again(request: Request, desk: AtDesk, token: Token) -> Response:
    """It was a mistake: whoever is behind the address is asked for a new confirmation, by mail."""
    now = desk.now()
    with desk.store.write() as connection:
        found = read_token(connection, token, "unsubscribe")
        of = find_list(connection, found.list)
        if found.is_read:
            return _page(request, "confirmed", found, of)
        is_due = _has_ended(found) or now - found.asked_at >= PAUSE
        asked = count_queued(connection, found.address, about=f"confirm/{found.list}/", since=now - PAUSE)
        if is_due and asked < MOST_ASKED:
            box = open_letterbox(desk.settings)
            found = subscribe(
                connection,
                found.list,
                found.address,
                name=found.name,
                language=found.language,
                who="",
                now=now,
            )
            queue_confirmation(connection, found, server=box.server, public_url=box.public_url, now=now)
    return _page(request, "sent", found, of)


@router.get("/s/{token}")
def confirmation_page(request: Request, desk: AtDesk, token: Token) -> Response:
    """What would be confirmed."""
    with desk.store.read() as connection:
        found = find_request(connection, token, now=desk.now())
        of = find_list(connection, found.list)
    return _page(request, "confirmed" if found.is_read else "asked", found, of)


@router.post("/s/{token}")
def confirm_now(request: Request, desk: AtDesk, token: Token) -> Response:
    """Its owner wants it; twice is once."""
    with desk.store.write() as connection:
        found = confirm(connection, token, now=desk.now())
        of = find_list(connection, found.list)
    return _page(request, "confirmed", found, of)


def _page(request: Request, state: State, found: Subscription, of: MailingList | None) -> Response:
    request.state.language = found.language
    return _closed(
        request,
        200,
        state=state,
        can_ask=not why_no_mail(desk_of(request).settings),
        path_again=f"{request.url.path.removesuffix('/again')}/again",
        called=of.name if of is not None else found.list,
        address=veil(found.address),
    )


def _closed(request: Request, status: int, **values: Any) -> Response:
    """Not kept, not indexed, and its address, which is a secret, told to nobody."""
    answer = render(request, "subscription.html", status_code=status, **values)
    answer.headers["cache-control"] = "no-store"
    answer.headers["referrer-policy"] = "no-referrer"
    answer.headers["x-robots-tag"] = "noindex, nofollow"
    return answer


def _has_ended(found: Subscription) -> bool:
    """Since it was asked for last."""
    return found.ended_at is not None and found.ended_at >= found.asked_at


def veil(address: str) -> str:
    """`lin@cpc.example` → `l…@cpc.example`: its owner knows it again, whoever was forwarded the mail does not learn it."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
