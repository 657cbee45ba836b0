"""The system page: queues, quarantine and having it tried again, models, storage, the index. For administrators."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from api.pages import render, words_of
from api.stage_words import reason_words, stage_words
from resound.errors import ResoundError
from resound.keeping.storage import StorageGauge, measure_storage
from resound.outcome import Stage
from resound.store import work
from resound.store.outbox import count_states
from resound.store.quarantine import list_reasons, read_quarantine
from resound.texts import N_
from resound.told import Told
from resound.watching.operating import look_at_system

log = logging.getLogger(__name__)
router = APIRouter(prefix="/system", dependencies=[requires("admin")], include_in_schema=False)

AT_ONCE = 50
Number = Annotated[int, Query(ge=0, le=2**53)]
Reason = Annotated[str, Query(max_length=200)]


@router.get("", name="system_page")
def system_page(request: Request, desk: AtDesk, opened: Number | None = None) -> HTMLResponse:
    """Everything at one glance."""
    state = look_at_system(
        desk.store,
        desk.index,
        _gauge(request, desk),
        models_in_use=desk.office.models_in_use,
        now=desk.now(),
    )
    with desk.store.read() as connection:
        mails = count_states(connection)
    return render(request, "system.html", state=state, mails=mails, opened=opened, **_in_words(request))


@router.get("/quarantine", name="quarantine_page")
def quarantine_page(
    request: Request,
    desk: AtDesk,
    stage: Stage | Literal[""] = "",
    reason: Reason | None = None,
    before: Number | None = None,
    opened: Number | None = None,
) -> HTMLResponse:
    """What failed, the latest first."""
    only = stage or None
    with desk.store.read() as connection:
        reasons = list_reasons(connection)
        found, further = read_quarantine(connection, stage=only, reason=reason, before=before, limit=AT_ONCE)
    count = sum(one.count for one in reasons if only in (None, one.stage) and reason in (None, one.reason))
    asked = {name: value for name, value in (("stage", only), ("reason", reason)) if value is not None}
    return render(
        request,
        "quarantine.html",
        reasons=reasons,
        found=found,
        count=count,
        stage=only,
        reason=reason,
        opened=opened,
        next_url=f"?{urlencode({**asked, 'before': further})}" if further is not None else None,
        **_in_words(request),
    )


@router.post("/requeue")
def requeue(
    request: Request,
    desk: AtDesk,
    visitor: Annotated[Visitor, requires("admin")],
    what: Annotated[Literal["piece", "reason", "all"], Form()],
    piece: Annotated[int, Form(ge=0, le=2**53)] = 0,
    stage: Annotated[Stage | None, Form()] = None,
    reason: Annotated[str | None, Form(max_length=200)] = None,
) -> RedirectResponse:
    """Open what failed again: one piece, everything of a stage that failed for one reason, or all of it."""
    with desk.store.write() as connection:
        if what == "piece":
            count = work.requeue(connection, only=[piece])
        elif what == "reason":
            if stage is None or reason is None:
                raise ResoundError(Told(N_("Say which stage and which reason.")))
            count = work.requeue(connection, stage=stage, reason=reason)
        else:
            count = work.requeue(connection)
    log.info(
        "requeued",
        extra={"who": visitor.who, "what": what, "stage": stage, "reason": reason, "pieces": count},
    )
    if what == "piece":
        asked = {name: value for name, value in (("stage", stage), ("reason", reason)) if value}
        url = f"{request.url_for('quarantine_page').path}?{urlencode({**asked, 'opened': count})}"
    else:
        url = f"{request.url_for('system_page').path}?{urlencode({'opened': count})}#quarantine"
    return RedirectResponse(url, 303)


def _gauge(request: Request, desk: Desk) -> StorageGauge:
    """One for the application: whoever asks, the folders are walked at most once a minute."""
    kept: StorageGauge | None = getattr(request.app.state, "gauge", None)
    if kept is None:
        kept = request.app.state.gauge = StorageGauge(
            lambda now: measure_storage(desk.store, desk.settings, desk.office.model_folder, now=now)
        )
    return kept


def _in_words(request: Request) -> dict[str, Any]:
    spoken = words_of(request)
    return {
        "stage_words": lambda stage: stage_words(spoken, stage),
        "reason_words": lambda reason: reason_words(spoken, reason),
        "listed": lambda keys, names: spoken.enumerate(names[one] for one in keys),
        "size": spoken.size,
    }
