"""What holds for every answer: hosts, sizes, times, headers, and how often somebody may ask."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.cookies import LANGUAGE_COOKIE
from api.problem_json import is_for_programs, problem
from resound.errors import ResoundError
from resound.settings import UI_LANGUAGES, Settings
from resound.texts import N_
from resound.told import Told
from resound.words import choose_language, words

BODY_BYTES = 2_000_000
"""A form or a JSON body; uploads have `settings.max_upload`."""
SECONDS = 60.0
"""Until an answer begins."""
UPLOADS = ("/clips",)
"""Paths under which files come in."""

Kind = Literal["search", "export", "sign-in", "long", "link"]
LIMITS: dict[Kind, RateLimitItem] = {
    "search": parse("120/minute"),
    "export": parse("20/minute"),
    "sign-in": parse("30/minute"),
    "long": parse("10/minute"),
    "link": parse("120/minute"),  # a large mail provider asks for all of its people from a few addresses
}
"""For one visitor, or one address where nobody is signed in."""


class TooOftenError(ResoundError):
    """Asked more often than `LIMITS` allow."""


class Limiter:
    """Counts requests in this process."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def check(self, kind: Kind, who: str) -> None:
        """Raises TooOftenError."""
        if not self._windows.hit(LIMITS[kind], kind, who):
            raise TooOftenError(Told(N_("That was too often in one minute. Wait a little, then go on.")))


def limited(kind: Kind) -> Any:
    """A dependency that bounds how often one visitor may ask for something costly."""

    def check(request: Request) -> None:
        from api.access import find_visitor

        visitor = find_visitor(request)
        address = request.client.host if request.client else ""
        limiter: Limiter = request.app.state.limiter
        limiter.check(kind, f"person {visitor.person.id}" if visitor.person else address)

    return Depends(check)


def allowed_hosts(settings: Settings) -> list[str]:
    """The host names that are answered: this machine's own, the public address, and what the settings add."""
    public = urlsplit(settings.public_url or "").hostname
    return ["localhost", "127.0.0.1", "[::1]", *([public] if public else []), *settings.hosts]


def is_loopback(host: str) -> bool:
    """Whether a bind address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def content_policy(nonce: str) -> str:
    """Only what we serve ourselves; no inline script or style without this answer's nonce, no frames, no plug-ins."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "media-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def frame_policy(nonce: str) -> str:
    """The same for a page that shows another answer of ours in a frame."""
    return f"{content_policy(nonce)}; frame-src 'self'"


def safe_headers(nonce: str) -> dict[str, str]:
    """What every answer carries, unless its route says otherwise."""
    return {
        "content-security-policy": content_policy(nonce),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cache-control": "private, no-cache",
    }


class Headers:
    """Puts the safe headers on every answer, and a fresh nonce into `request.state.nonce`."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self.app = app
        self.is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in safe_headers(nonce).items():
                    headers.setdefault(name, value)
                if self.is_https:
                    headers.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        await self.app(scope, receive, send_safely)


class Bounds:
    """Refuses bodies that are too large, and gives up answers that do not begin in time."""

    def __init__(self, app: ASGIApp, *, max_upload: int, seconds: float = SECONDS) -> None:
        self.app = app
        self.max_upload = max_upload
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # an upload comes with its form's other fields and the parts' headers
        bound = BODY_BYTES + (self.max_upload if scope["path"].startswith(UPLOADS) else 0)
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > bound:
            await _too_large(scope, bound)(scope, receive, send)
            return
        seen = 0
        has_begun = False

        async def receive_bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > bound:
                raise _TooLargeError
            return message

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            clock.reschedule(None)  # what has begun may take its time: exports are streams
            await send(message)

        try:
            async with asyncio.timeout(self.seconds) as clock:
                await self.app(scope, receive_bounded, send_noting)
        except _TooLargeError:
            if not has_begun:
                await _too_large(scope, bound)(scope, receive, send)
        except TimeoutError:
            if has_begun:
                raise
            sentence = Told(N_("This took too long and was given up. Try again, or ask for less."))
            await refuse(scope, 503, sentence, {"retry-after": "30"})(scope, receive, send)


class _TooLargeError(Exception):
    """More came than was declared or is allowed."""


def _too_large(scope: Scope, bound: int) -> Response:
    sentence = Told(N_("Too large: at most %(size)s MB are taken at once."), size=bound // 1_000_000)
    return refuse(scope, 413, sentence, {"connection": "close"})


def refuse(scope: Scope, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer before any route was asked: a problem document for programs, plain words in their language for people."""
    if is_for_programs(scope["path"]):
        return problem(status, sentence, headers=headers)
    request = Request(scope)
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    language = next((one for one in UI_LANGUAGES if one == chosen), None) or choose_language(
        request.headers.get("accept-language", ""), "en"
    )
    return PlainTextResponse(f"{words(language).told(sentence)}\n", status, headers)
