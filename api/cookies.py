"""The cookies that say who somebody is: out of reach of scripts, not sent along from other sites' forms.

Behind https their names begin with `__Host-`: a browser then takes them from this very host only, and only encrypted.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote, unquote

from fastapi import Request
from starlette.responses import Response

from api.desk import desk_of
from resound.people.signing_in import SignedIn
from resound.settings import Settings

Name = Literal["resound_session", "resound_visit", "resound_elsewhere"]
"""A session's token; what the forms of somebody unknown are derived from; a sign-in elsewhere that is under way."""
LANGUAGE_COOKIE = "resound_language"
"""What somebody chose at the top of a page. Not a secret, and the same behind https."""
_ELSEWHERE_SECONDS = 600


def is_https(settings: Settings) -> bool:
    """Whether people reach the pages encrypted."""
    return (settings.public_url or "").lower().startswith("https:")


def cookie_name(settings: Settings, name: Name) -> str:
    """What a cookie is called here."""
    return f"__Host-{name}" if is_https(settings) else name


def read_cookie(request: Request, name: Name) -> str | None:
    """What the browser sent."""
    return request.cookies.get(cookie_name(desk_of(request).settings, name)) or None


def set_cookie(
    request: Request, answer: Response, name: Name, value: str, *, seconds: int | None = None
) -> None:
    """Have the browser send a value from now on: for so long, or until it is closed."""
    settings = desk_of(request).settings
    answer.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="lax",
    )


def forget_cookie(request: Request, answer: Response, name: Name) -> None:
    """Have the browser forget it."""
    settings = desk_of(request).settings
    answer.delete_cookie(
        cookie_name(settings, name), path="/", secure=is_https(settings), httponly=True, samesite="lax"
    )


def keep_session(request: Request, answer: Response, signed_in: SignedIn) -> Response:
    """Have the browser hold a session that has just begun; what it held for somebody unknown is over."""
    set_cookie(request, answer, "resound_session", signed_in.token)
    if signed_in.person.language is not None:
        answer.delete_cookie(LANGUAGE_COOKIE)
    if read_cookie(request, "resound_visit") is not None:
        forget_cookie(request, answer, "resound_visit")
    return answer


def keep_elsewhere(request: Request, answer: Response, token: str, back_to: str) -> None:
    """Have the browser hold, for ten minutes, what a sign-in elsewhere is tied to and where it leads afterwards."""
    value = f"{token}.{quote(back_to, safe='')}"
    set_cookie(request, answer, "resound_elsewhere", value, seconds=_ELSEWHERE_SECONDS)


def read_elsewhere(request: Request) -> tuple[str, str] | None:
    """(token, where to go afterwards) of a sign-in elsewhere; None where none is under way in this browser."""
    token, dot, back_to = (read_cookie(request, "resound_elsewhere") or "").partition(".")
    return (token, unquote(back_to)) if token and dot else None
