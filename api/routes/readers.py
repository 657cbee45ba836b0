"""The readers of a mailing list. Their addresses are shown to nobody but those who look after the list."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from api.desk import AtDesk, Desk
from api.letterbox import open_letterbox, why_no_mail, words_in
from api.pages import language_of, render
from api.routes.campaign_edit import Fields
from api.routes.lists import DONE as LIST_DONE
from api.routes.lists import Editor, ListId, find, look_at
from api.safety import limited
from resound.digest.telling import queue_confirmation
from resound.errors import NotFoundError, ResoundError
from resound.sending.inviting import Invited, invite_people, read_people
from resound.sending.subscribing import end, subscribe
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.store.lists import ENDINGS, Subscription, list_subscriptions, load_subscription
from resound.texts import N_
from resound.told import Told

router = APIRouter(include_in_schema=False)
ReaderId = Annotated[int, Path(ge=0, le=2**31 - 1)]
AT_ONCE = 100
MAX_WHY = 500
DONE = {
    **LIST_DONE,
    "asked": N_("They are asked by mail, and read it once they have confirmed."),
    "added": N_("They read it from now on."),
    "ended": N_("Nothing more is sent to them."),
}


@router.get("/lists/{list_id}")
def list_page(
    request: Request,
    desk: AtDesk,
    visitor: Editor,  # noqa: ARG001 (asked for its role)
    list_id: ListId,
    q: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    done: str = "",
) -> Response:
    """A list and its readers."""
    return _list_page(request, desk, list_id, q=q, page=page, done=done)


@router.post("/lists/{list_id}/readers", dependencies=[limited("sign-in")])
def add_reader(request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, fields: Fields) -> Response:
    """One more: asked by mail, or added where their consent is known."""
    try:
        with desk.store.write() as connection:
            find(connection, list_id)
            consent = _consent(fields)
            made = subscribe(
                connection,
                list_id,
                fields.get("address", ""),
                name=" ".join(fields.get("name", "").split())[:200],
                language=_language(fields),
                who=visitor.who,
                why=consent,
                is_confirmed=bool(consent),
                now=desk.now(),
            )
            if not made.is_read:
                _ask(desk, connection, made)
    except NotFoundError:
        raise
    except ResoundError as err:
        return _list_page(request, desk, list_id, error=words_in(err), typed=fields, wrong="one")
    return RedirectResponse(f"/lists/{list_id}?done={'added' if made.is_read else 'asked'}", 303)


@router.post("/lists/{list_id}/readers/many", dependencies=[limited("long")])
def add_readers(request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, fields: Fields) -> Response:
    """A line for each; what became of each line is shown."""
    lines = read_people(fields.get("people", ""))
    try:
        with desk.store.write() as connection:
            of = find(connection, list_id)
            if not lines:
                raise ResoundError(Told(N_("There is no line with an address in it.")))
            consent = _consent(fields)
            if not consent:
                open_letterbox(desk.settings)  # before anybody is written down
            invited = invite_people(
                connection,
                list_id,
                lines,
                language=_language(fields),
                consent=consent,
                ask=lambda one: _ask(desk, connection, one),
                who=visitor.who,
                now=desk.now(),
            )
    except NotFoundError:
        raise
    except ResoundError as err:
        return _list_page(request, desk, list_id, error=words_in(err), typed=fields, wrong="many")
    return render(request, "list_invited.html", of=of, invited=invited, counts=_counts(invited))


@router.get("/lists/{list_id}/readers/{reader}")
def reader_page(
    request: Request,
    desk: AtDesk,
    visitor: Editor,  # noqa: ARG001 (asked for its role)
    list_id: ListId,
    reader: ReaderId,
    done: str = "",
) -> Response:
    """One reader: how they came to it, and what a person can write down about them."""
    return _reader_page(request, desk, list_id, reader, done=done)


@router.post("/lists/{list_id}/readers/{reader}/end")
def end_reader(
    request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, reader: ReaderId, fields: Fields
) -> Response:
    """Write down that mail came back, that they complained, or that they want no more."""
    why = " ".join(fields.get("why", "").split())[:MAX_WHY]
    by = next((one for one in ENDINGS if one == fields.get("by")), None)
    if by is None or not why:
        missing = Told(N_("Say what happened, and how you know: both stay with the subscription."))
        return _reader_page(request, desk, list_id, reader, error=missing, typed=fields)
    with desk.store.write() as connection:
        end(connection, _find(connection, list_id, reader), by, who=visitor.who, why=why, now=desk.now())
    return RedirectResponse(f"/lists/{list_id}/readers/{reader}?done=ended", 303)


@router.post("/lists/{list_id}/readers/{reader}/ask", dependencies=[limited("sign-in")])
def ask_reader(
    request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, reader: ReaderId
) -> Response:
    """Ask for a confirmation (again): of somebody who has not answered, or who left."""
    try:
        with desk.store.write() as connection:
            known = _find(connection, list_id, reader)
            asked = subscribe(
                connection,
                list_id,
                known.address,
                name=known.name,
                language=known.language,
                who=visitor.who,
                now=desk.now(),
            )
            _ask(desk, connection, asked)
    except NotFoundError:
        raise
    except ResoundError as err:
        return _reader_page(request, desk, list_id, reader, error=words_in(err))
    return RedirectResponse(f"/lists/{list_id}/readers/{reader}?done=asked", 303)


def _ask(desk: Desk, connection: Connection, of: Subscription) -> None:
    box = open_letterbox(desk.settings)
    queue_confirmation(connection, of, server=box.server, public_url=box.public_url, now=desk.now())


def _consent(fields: dict[str, str]) -> str:
    """How it is known; empty where they are asked."""
    if fields.get("how") != "known":
        return ""
    said = " ".join(fields.get("consent", "").split())[:MAX_WHY]
    if not said:
        raise ResoundError(Told(N_("Say how their consent is known: it stays with the subscription.")))
    return said


def _language(fields: dict[str, str]) -> UiLanguage:
    found = next((one for one in UI_LANGUAGES if one == fields.get("language")), None)
    if found is None:
        raise ResoundError(Told(N_("Choose the language of their mail.")))
    return found


def _find(connection: Connection, list_id: str, reader: int) -> Subscription:
    found = load_subscription(connection, reader)
    if found is None or found.list != list_id:
        raise NotFoundError(Told(N_("This list has no such reader.")))
    return found


def _counts(invited: list[Invited]) -> dict[str, int]:
    return {
        state: sum(one.state == state for one in invited)
        for state in ("asked", "added", "already", "refused")
    }


def _list_page(
    request: Request,
    desk: Desk,
    list_id: str,
    *,
    q: str = "",
    page: int = 1,
    done: str = "",
    error: str = "",
    typed: dict[str, str] | None = None,
    wrong: str = "",
) -> Response:
    with desk.store.read() as connection:
        listed = look_at(connection, find(connection, list_id), now=desk.now())
        everybody = list_subscriptions(connection, list_id)
    wanted = q.strip().casefold()
    found = [one for one in everybody if wanted in f"{one.address}\n{one.name}".casefold()]
    empty: dict[str, Any] = {"language": language_of(request), "how": "ask"}
    return render(
        request,
        "list.html",
        status_code=400 if error else 200,
        listed=listed,
        of=listed.list,
        everybody=len(everybody),
        found=len(found),
        readers=found[(page - 1) * AT_ONCE : page * AT_ONCE],
        q=q,
        page=page,
        pages=max(1, -(-len(found) // AT_ONCE)),
        done=DONE.get(done),
        error=error,
        wrong=wrong,
        typed=empty if typed is None else {**empty, **typed},
        no_mail=why_no_mail(desk.settings),
        now=desk.now(),
    )


def _reader_page(
    request: Request,
    desk: Desk,
    list_id: str,
    reader: int,
    *,
    done: str = "",
    error: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    with desk.store.read() as connection:
        of = find(connection, list_id)
        found = _find(connection, list_id, reader)
    return render(
        request,
        "reader.html",
        status_code=400 if error else 200,
        of=of,
        reader=found,
        endings=ENDINGS,
        done=DONE.get(done),
        error=error,
        typed=typed or {},
        no_mail=why_no_mail(desk.settings),
    )
