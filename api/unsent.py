"""A form that was not taken: where it was filled in, and what was written in it.

Fields that browsers are told not to fill in by themselves come back empty when somebody goes back, so what was written
is shown to be copied. Only to whom a page of ours sent: nobody else writes words into our pages.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request
from starlette.exceptions import HTTPException

from api.access import FORM_FIELDS, SAFE_METHODS
from api.problem_json import is_for_programs
from api.routes.language import own_path
from resound.urls import is_of_the_web

_SECRET = frozenset({"csrf", "password", "again", "present"})
MOST_WRITTEN = 200_000
"""Characters that are given back."""


def page_before(request: Request) -> str:
    """The page of ours that a form or a part of a page was asked from; the start page where the browser does not say."""
    before = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "")
    if before.netloc != request.headers.get("host") or before.path.startswith("/sign-in"):
        return "/"
    return own_path(before.path + (f"?{before.query}" if before.query else ""))


async def written_text(request: Request) -> str:
    """What a person wrote into the form that a page of ours sent; empty where it was no such form, or only choices."""
    if (
        request.method in SAFE_METHODS
        or is_for_programs(request.url.path)
        or "form" not in request.headers.get("content-type", "")
        or not _is_ours(request)
    ):
        return ""
    try:
        form = await request.form(max_fields=FORM_FIELDS)
    except (HTTPException, RuntimeError):  # it cannot be read, or was read by somebody else
        return ""
    values = [value for name, value in form.multi_items() if isinstance(value, str) and name not in _SECRET]
    return "\n\n".join(value.strip() for value in values if _is_written(value))[:MOST_WRITTEN]


def _is_ours(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    before = (
        request.headers.get("origin") or request.headers.get("referer") or ""
    )  # no https: browsers say less
    return urlsplit(before).netloc == request.headers.get("host")


def _is_written(value: str) -> bool:
    """Words and addresses, not the names and numbers that choices and hidden fields send."""
    return is_of_the_web(value) or any(char.isspace() or not char.isascii() for char in value.strip())
