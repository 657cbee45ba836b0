"""The application: rooms, safety, and the check that every route says who may use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import resources

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.access import declared_role
from api.chores import Chores
from api.conditional import answer_unchanged
from api.desk import Desk
from api.presses import Presses
from api.problems import handle_problems
from api.routes import (
    account,
    article,
    campaign,
    campaign_edit,
    clips,
    definitions,
    digest_mail,
    digests,
    health,
    language,
    lists,
    outbox,
    people,
    readers,
    reports,
    review,
    saved_searches,
    search,
    signing_in,
    sources,
    subscriptions,
    system,
    v1_campaigns,
    v1_docs,
    v1_items,
    v1_search,
    v1_system,
)
from api.safety import Bounds, Headers, Limiter, allowed_hosts
from resound import __version__
from resound.office import Office
from resound.searching.catching_up import CatchUp
from resound.settings import Settings
from resound.store.database import CONNECTIONS

_PACKED = ("application/pdf", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
"""Packed already; ZIP files, pictures and films are on the middleware's own list."""
AT_ONCE = CONNECTIONS
"""Answers that are worked on at a time; others wait for their turn. With more than connections to the store are kept, threads
wait for each other, and 20 people for longer (benchmarks/README.md)."""
ROOMS: tuple[APIRouter, ...] = (
    health.router,
    language.router,
    search.router,
    saved_searches.router,
    signing_in.router,
    account.router,
    people.router,
    campaign.router,
    reports.router,
    article.router,
    clips.router,
    review.router,
    outbox.router,
    system.router,
    v1_items.router,
    v1_campaigns.router,
    v1_search.router,
    v1_system.router,
    v1_docs.router,
    campaign_edit.router,
    sources.router,
    definitions.router,
    subscriptions.router,
    lists.router,
    digest_mail.router,
    digests.router,
    readers.router,
)
"""In the order in which they are asked."""


def create_app(
    settings: Settings, *, is_local: bool = True, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> FastAPI:
    """The pages and the API over one data folder. Opens the store when it is first asked.

    Args:
        is_local: only this machine can reach it; then one person may work without an account.

    Raises:
        RuntimeError: a route says not who may use it.
    """
    office = Office.of(settings)

    @asynccontextmanager
    async def open_and_close(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = AT_ONCE
        await run_in_threadpool(lambda: (office.store, office.index))  # once, before threads ask for them
        app.state.catch_up = CatchUp(office.store, office.index, clock=clock)
        yield
        app.state.chores.close()
        app.state.presses.close()
        await run_in_threadpool(app.state.catch_up.close)
        office.close()

    app = FastAPI(
        title="Resound",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=open_and_close,
    )
    app.state.desk = Desk(office, clock, is_local)
    app.state.limiter = Limiter()
    app.state.routes = list_routes()
    app.state.chores = Chores()
    app.state.presses = Presses()
    app.mount("/static", _Static(directory=str(resources.files("api") / "static")), name="static")
    for room in ROOMS:
        app.include_router(room)
    handle_problems(app)
    answer_unchanged(app)
    app.add_middleware(
        GZipMiddleware,
        minimum_size=1_000,
        compresslevel=6,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *_PACKED),
    )
    app.add_middleware(Bounds, max_upload=settings.max_upload)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(settings), www_redirect=False)
    app.add_middleware(Headers, is_https=(settings.public_url or "").startswith("https:"))
    silent = [route.path for route in list_routes() if declared_role(route) is None]
    if silent:
        raise RuntimeError(f"these routes say not who may use them: {', '.join(silent)}")
    return app


def list_routes() -> list[APIRoute]:
    """Every route of every room, websockets and the like excepted (there are none)."""
    return [route for room in ROOMS for route in room.routes if isinstance(route, APIRoute)]


class _Static(StaticFiles):
    """Our own files; their address names their content, so browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if answer.status_code == 200 and b"v=" in scope.get("query_string", b""):
            answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer
