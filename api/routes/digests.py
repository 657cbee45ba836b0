"""The weekly digest: what waits for approval, one issue as it will be mailed, changing it, approving it, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from api.letterbox import open_letterbox, why_no_mail, words_in
from api.pages import render
from api.routes.digest_mail import Shown, chosen_language, mail_answer, page_values, whole_answer
from api.routes.lists import Editor, ListId, editable, find, look_at
from api.routes.outbox import decide_chosen, mail_values
from api.routes.review import Sent
from api.safety import frame_policy
from resound.digest.approving import (
    approve_issue,
    decided,
    edit_issue,
    preview,
    reopen_issue,
    skip_issue,
    told_by,
)
from resound.digest.editing import BringBack, Change, PutFirst, SetNote, TakeOut
from resound.digest.model import Edition
from resound.digest.moving import STEPS, move_story, moves_of
from resound.digest.written import fingerprint, read_edits
from resound.errors import ConflictError, NotFoundError, ResoundError
from resound.store.lists import Issue, MailingList, find_issue, list_issues, list_subscriptions, load_lists
from resound.store.outbox import State, count_states, list_posted
from resound.texts import N_
from resound.told import Told

router = APIRouter(prefix="/digests", include_in_schema=False)
Week = Annotated[str, Path(max_length=8)]
Reader = Annotated[Visitor, requires("reader", mailing_list="list_id", takes_keys=False)]
Somewhere = Annotated[Visitor, requires("editor", somewhere=True, takes_keys=False)]
SHOWN = 60
ON_THE_WAY: tuple[State, ...] = ("queued", "sending")
TROUBLED: tuple[State, ...] = ("failed", "unknown")

DONE = {
    "approved": N_("It is approved and on its way."),
    "skipped": N_("It is skipped: nothing is sent for this week."),
    "reopened": N_("It is a draft again."),
    "again": N_("The chosen mails are sent again."),
    "dropped": N_("The chosen mails are given up."),
    "changed": N_("The digest is changed. This is how it will be mailed now."),
}
_NO_ISSUE = N_("This list has no issue of this week.")


@dataclass(frozen=True, slots=True)
class Row:
    """An issue in the list of issues, with its mails by state."""

    issue: Issue
    list: MailingList
    mails: dict[State, int]


@router.get("")
def digests_page(request: Request, desk: AtDesk, visitor: Somewhere) -> Response:
    """Drafts first, then what was decided, the newest first; where there is nothing yet, what to do next."""
    with desk.store.read() as connection:
        campaigns = editable(connection, visitor)
        lists = {one.id: one for one in load_lists(connection) if visitor.may("editor", one.campaign)}
        found = [one for one in list_issues(connection) if one.list in lists]
        found.sort(key=lambda one: one.state != "draft")
        rows = [
            Row(one, lists[one.list], count_states(connection, occasion=one.occasion))
            for one in found[:SHOWN]
        ]
        coming = [look_at(connection, one, now=desk.now()) for one in lists.values() if one.is_active]
    return render(
        request,
        "digests.html",
        rows=rows,
        more=len(found) - len(rows),
        coming=sorted((one for one in coming if one.next_at), key=lambda one: str(one.next_at)),
        lists=lists,
        campaigns=campaigns,
        now=desk.now(),
        no_mail=why_no_mail(desk.settings),
    )


@router.get("/{list_id}/{week}")
def digest_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,
    list_id: ListId,
    week: Week,
    language: str = "",
    done: str = "",
    moved: str = "",
) -> Response:
    """One issue: what has to be done before it is approved, the mail as readers will see it, and changing it.

    The mail links to it: who may read the campaign, and not change its digests, sees what was sent, all of it.
    """
    with desk.store.read() as connection:
        of, issue = _find(connection, list_id, week)
        is_editor = visitor.may("editor", of.campaign)
        if not is_editor and issue.state != "approved":
            raise NotFoundError(Told(_NO_ISSUE))
        if not is_editor:
            edition = preview(connection, issue, now=desk.now())
            return whole_answer(request, desk, Shown(edition, of, chosen_language(request, language)))
    return _page(request, desk, list_id, week, language=language, done=done, moved=moved)


@router.get("/{list_id}/{week}/mail")
def digest_mail(
    request: Request,
    desk: AtDesk,
    visitor: Editor,  # noqa: ARG001 (asked for its role)
    list_id: ListId,
    week: Week,
    language: str = "",
) -> Response:
    """The mail itself, for a frame that may run nothing."""
    with desk.store.read() as connection:
        of, issue = _find(connection, list_id, week)
        edition = preview(connection, issue, now=desk.now())
    return mail_answer(request, desk, Shown(edition, of, chosen_language(request, language)))


@router.get("/{list_id}/{week}/sending")
def sending_part(
    request: Request,
    desk: AtDesk,
    visitor: Editor,  # noqa: ARG001 (asked for its role)
    list_id: ListId,
    week: Week,
) -> Response:
    """How far sending is: a part of the issue's page, asked for again and again while mails wait."""
    if "hx-request" not in request.headers:
        return RedirectResponse(f"/digests/{list_id}/{week}#sending", 303)
    with desk.store.read() as connection:
        of, issue = _find(connection, list_id, week)
        counts = count_states(connection, occasion=issue.occasion)
    return render(request, "_sending.html", of=of, issue=issue, **_sending(counts))


@router.post("/{list_id}/{week}/edit")
def change_digest(
    request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, week: Week, sent: Sent
) -> Response:
    """One change: a story moved, left out or brought back; a note; the rule's order again."""
    now = desk.now()
    with desk.store.read() as connection:
        _, issue = _find(connection, list_id, week)
        edition = preview(connection, issue, now=now)
    seen, about = _text(sent, "seen"), _text(sent, "about")
    try:
        change = _read_change(edition, _text(sent, "do"), about, sent)
        if change is not None:
            number = int(seen) if seen.isdecimal() and len(seen) < 10 else -1
            edit_issue(desk.store, list_id, week, change, seen=number, who=visitor.who, now=now)
    except ConflictError as err:
        return _page(request, desk, list_id, week, error=words_in(err), status_code=409, sent=sent)
    except NotFoundError:
        gone = Told(N_("This does not stand in the digest any more. This is how it is now."))
        return _page(request, desk, list_id, week, error=gone, status_code=409, sent=sent)
    except ResoundError as err:
        return _page(request, desk, list_id, week, error=words_in(err), status_code=400, sent=sent)
    # The button that was pressed is focused again; a browser that is given an anchor would not do so.
    moved = f"&moved={quote(about)}" if isinstance(change, PutFirst) and about else ""
    anchor = "" if moved else "#note-card" if isinstance(change, SetNote) else "#edit"
    language = chosen_language(request, _text(sent, "language"))
    return RedirectResponse(f"/digests/{list_id}/{week}?done=changed&language={language}{moved}{anchor}", 303)


@router.post("/{list_id}/{week}/approve")
def approve_digest(
    request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, week: Week, sent: Sent
) -> Response:
    """Freeze it and put a mail for each reader into the outbox. Of two who do so at once, one does."""
    with desk.store.read() as connection:
        _find(connection, list_id, week)
    try:
        box = open_letterbox(desk.settings)
        approve_issue(
            desk.store,
            list_id,
            week,
            server=box.server,
            public_url=box.public_url,
            who=visitor.who,
            seen=_text(sent, "seen"),
            now=desk.now(),
        )
    except ConflictError as err:
        return _page(request, desk, list_id, week, error=words_in(err), status_code=409)
    except ResoundError as err:
        return _page(request, desk, list_id, week, error=words_in(err), status_code=400)
    return RedirectResponse(f"/digests/{list_id}/{week}?done=approved", 303)


@router.post("/{list_id}/{week}/skip")
def skip_digest(
    request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, week: Week, sent: Sent
) -> Response:
    """Send nothing for this week."""
    with desk.store.read() as connection:
        _find(connection, list_id, week)
    why = " ".join(_text(sent, "why").split())[:500]
    if not why:
        missing = Told(N_("Say why it is skipped: it stays with the issue."))
        return _page(request, desk, list_id, week, error=missing, status_code=400)
    try:
        skip_issue(desk.store, list_id, week, who=visitor.who, why=why, now=desk.now())
    except ConflictError as err:
        return _page(request, desk, list_id, week, error=words_in(err), status_code=409)
    return RedirectResponse(f"/digests/{list_id}/{week}?done=skipped", 303)


@router.post("/{list_id}/{week}/reopen")
def reopen_digest(request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, week: Week) -> Response:
    """Skipping was a mistake."""
    with desk.store.read() as connection:
        _find(connection, list_id, week)
    try:
        reopen_issue(desk.store, list_id, week, who=visitor.who, now=desk.now())
    except ConflictError as err:
        return _page(request, desk, list_id, week, error=words_in(err), status_code=409)
    return RedirectResponse(f"/digests/{list_id}/{week}?done=reopened", 303)


@router.post("/{list_id}/{week}/mails")
def decide_digest_mails(
    request: Request, desk: AtDesk, visitor: Editor, list_id: ListId, week: Week, sent: Sent
) -> Response:
    """Send mails of this issue again that failed or are unknown, or give them up."""
    try:
        with desk.store.write() as connection:
            _, issue = _find(connection, list_id, week)
            own = {one.id for one in list_posted(connection, occasion=issue.occasion)}
            what, _ = decide_chosen(connection, sent, only=own, who=visitor.who, now=desk.now())
    except NotFoundError:
        raise
    except ResoundError as err:
        return _page(request, desk, list_id, week, error=words_in(err), status_code=400)
    return RedirectResponse(f"/digests/{list_id}/{week}?done={what}#sending", 303)


def _find(connection: Connection, list_id: str, week: str) -> tuple[MailingList, Issue]:
    of = find(connection, list_id)
    try:
        return of, find_issue(connection, list_id, week)
    except NotFoundError as err:
        raise NotFoundError(Told(_NO_ISSUE)) from err


def _text(sent: Any, name: str) -> str:
    value = sent.get(name)
    return value.strip() if isinstance(value, str) else ""


def _read_change(edition: Edition, do: str, about: str, sent: Any) -> Change | None:
    """What the button says. None: it stands there already."""
    step = next((one for one in STEPS if one == do), None)
    if step is not None:
        return move_story(edition, about, step)
    match do:
        case "drop":
            kind, _, named = _text(sent, "what").partition(" ")
            why = " ".join(_text(sent, "why").split())[:500]
            if not why:
                raise ResoundError(Told(N_("Say why it is left out: it stays with the issue.")))
            return TakeOut("item" if kind == "item" else "story", named, why)
        case "restore-story" | "restore-item":
            return BringBack("story" if do == "restore-story" else "item", about)
        case "order":
            return PutFirst(())
        case "note":
            return SetNote(_text(sent, "note").replace("\r\n", "\n"))
    raise ResoundError(Told(N_("There is no such change.")))


def _sending(counts: dict[State, int]) -> dict[str, Any]:
    return {
        "counts": counts,
        "total": sum(counts.values()),
        "is_over": not any(counts.get(one) for one in ON_THE_WAY),
    }


def _page(
    request: Request,
    desk: Desk,
    list_id: str,
    week: str,
    *,
    language: str = "",
    done: str = "",
    moved: str = "",
    error: str = "",
    status_code: int = 200,
    sent: Any = None,
) -> Response:
    with desk.store.read() as connection:
        of, issue = _find(connection, list_id, week)
        edition = preview(connection, issue, now=desk.now())
        readers = list_subscriptions(connection, list_id, only_read=True)
        counts = count_states(connection, occasion=issue.occasion)
        troubled = list_posted(connection, states=TROUBLED, occasion=issue.occasion, limit=100)
        stays_skipped = told_by(connection, issue) if issue.state == "skipped" else None
    shown = Shown(edition, of, chosen_language(request, language or _text(sent or {}, "language")))
    by_language = {code: sum(one.language == code for one in readers) for code in ("zh-Hant", "en", "vi")}
    edits = read_edits(issue.edits)
    answer = render(
        request,
        "digest.html",
        status_code=status_code,
        issue=issue,
        decided=decided(issue) if issue.state != "draft" else "",
        stays_skipped=stays_skipped,
        edits=edits,
        fingerprint=fingerprint(edition),
        moves={one.id: moves_of(edition, one.id) for one in edition.stories},
        moved=moved,
        readers=len(readers),
        by_language={code: number for code, number in by_language.items() if number},
        no_mail=why_no_mail(desk.settings),
        troubled=troubled,
        done=DONE.get(done),
        error=error,
        typed_note=sent.get("note") if sent is not None and _text(sent, "do") == "note" else None,
        **_sending(counts),
        **page_values(request, desk, shown, f"/digests/{list_id}/{week}"),
        **mail_values(),
    )
    answer.headers["content-security-policy"] = frame_policy(request.state.nonce)
    return answer
