"""The language of the pages, where no account says it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse

from api.access import requires
from api.cookies import LANGUAGE_COOKIE
from resound.settings import UiLanguage

router = APIRouter(dependencies=[requires("anyone")], include_in_schema=False)
A_YEAR = 31_536_000


@router.get("/language/{language}")
def choose(language: UiLanguage, next: str = "/") -> RedirectResponse:  # noqa: A002 (as it stands in the address)
    """Remember it in this browser and go back."""
    answer = RedirectResponse(own_path(next), 303)
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=A_YEAR, httponly=True, samesite="lax")
    return answer


def own_path(path: str) -> str:
    """A path of this site, else the start page: nobody is sent elsewhere by an address that looks like ours."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"
