"""Whether the server lives, and whether it can work: for load balancers and containers."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from resound.watching.readiness import Check, check_readiness, is_ready

router = APIRouter()
KEPT_SECONDS = 5.0
"""However often it is asked, disk and index are looked at no oftener."""


@router.get("/healthz", dependencies=[requires("anyone")], include_in_schema=False)
def healthz() -> JSONResponse:
    """It lives."""
    return JSONResponse({"ok": True})


@router.get("/readyz", include_in_schema=False)
def readyz(request: Request, desk: AtDesk, visitor: Annotated[Visitor, requires("anyone")]) -> JSONResponse:
    """Whether it can work now. The sentences name folders and addresses: for administrators only."""
    checks = _look(request, desk)
    shown: list[dict[str, Any]] = [
        one.to_json() if visitor.may("admin") else {"name": one.name, "is_ok": one.is_ok} for one in checks
    ]
    ready = is_ready(checks)
    return JSONResponse({"ready": ready, "checks": shown}, 200 if ready else 503)


def _look(request: Request, desk: Desk) -> tuple[Check, ...]:
    kept: tuple[float, tuple[Check, ...]] | None = getattr(request.app.state, "readiness", None)
    now = time.monotonic()
    if kept is None or now - kept[0] > KEPT_SECONDS:
        checks = check_readiness(
            desk.settings,
            open_index=lambda: desk.index,
            models_in_use=lambda: desk.office.models_in_use,
            is_demo=desk.office.is_demo,
        )
        kept = (now, checks)
        request.app.state.readiness = kept
    return kept[1]
