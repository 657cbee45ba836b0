"""Templates in the reader's language."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment
from markupsafe import Markup
from starlette.responses import HTMLResponse

from api.access import find_visitor
from api.cookies import LANGUAGE_COOKIE
from api.desk import desk_of
from resound import __version__
from resound.coverage.named import MEDIA, ORIGIN_NOT_CODED, ORIGINS, PROMINENCES, STANDINGS, TONES
from resound.people.roles import Role
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.templating import template_environment
from resound.texts import N_
from resound.urls import is_of_the_web
from resound.watching.kept_sentences import tell_again
from resound.words import OWN_NAMES, Words, choose_language, words


@dataclass(frozen=True, slots=True)
class Door:
    """An entry of the navigation: the route's name, its words, who sees it, and what else lies behind it.

    `somewhere`: a role for one campaign opens it; the room shows only theirs.
    """

    route: str
    text: str
    role: Role
    also: tuple[str, ...] = ()
    somewhere: bool = False


DOORS = (
    Door("search_page", N_("Search"), "reader", somewhere=True),
    Door("campaigns_page", N_("Campaigns"), "reader", somewhere=True),
    Door("reviews_page", N_("Review"), "coder", somewhere=True),
    Door("new_clip_page", N_("Add a clip"), "coder"),
    Door("digests_page", N_("Digest"), "editor", ("/lists", "/new-list"), somewhere=True),
    Door("sources_page", N_("Sources"), "reader"),
    Door("system_page", N_("System"), "admin"),
    Door("people_page", N_("People"), "admin"),
)


def language_of(request: Request) -> UiLanguage:
    """What was chosen here since the sign-in, else the page's own (a subscription has one), else the person's, else what
    the browser asks for, else the settings'.
    """
    chosen = request.cookies.get(LANGUAGE_COOKIE) or getattr(request.state, "language", None)
    for language in UI_LANGUAGES:
        if chosen == language:
            return language
    visitor = find_visitor(request)
    if visitor.person is not None and visitor.person.language is not None:
        return visitor.person.language
    return choose_language(request.headers.get("accept-language", ""), desk_of(request).settings.language)


def words_of(request: Request) -> Words:
    """The words of the reader's language."""
    return words(language_of(request), desk_of(request).settings.timezone)


def render(request: Request, name: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A page, or a part of one, with everything that templates may use beside `values`.

    `words` (numbers, days, names), `visitor`, `nonce`, `csrf_field()`, `doors`, `language`, `path`, `is_demo`.
    """
    language = language_of(request)
    visitor = find_visitor(request)
    desk = desk_of(request)
    html = (
        environment(language, desk.settings.timezone)
        .get_template(name)
        .render(
            request=request,
            words=words(language, desk.settings.timezone),
            language=language,
            languages=OWN_NAMES,
            visitor=visitor,
            nonce=getattr(request.state, "nonce", ""),
            csrf_field=lambda: Markup('<input type="hidden" name="csrf" value="{}">').format(visitor.csrf),
            doors=_open_doors(request),
            path=request.url.path,
            is_demo=desk.office.is_demo,
            version=__version__,
            **values,
        )
    )
    answer = HTMLResponse(html, status_code)
    answer.headers["content-language"] = language
    answer.headers["vary"] = "Accept-Language, Cookie, HX-Request"
    return answer


@cache
def environment(language: UiLanguage, zone: str = "UTC") -> Environment:
    """The templates in one language, moments in one zone. Everything is escaped; a name that nobody set is an error."""
    spoken = words(language, zone)
    made = template_environment("api", spoken)
    made.filters.update(
        safe_href=safe_href,
        day=spoken.day,
        weekday=spoken.weekday,
        zone_name=spoken.zone_name,
        moment=spoken.moment,
        number=spoken.number,
        percent=spoken.percent,
        language_name=spoken.language_name,
        country_name=spoken.country_name,
        told=spoken.told,
        told_again=lambda sentence: spoken.told(tell_again(sentence)),
        host=lambda url: urlsplit(url).hostname or url,
    )
    made.globals.update(
        static=static_url,
        timezone=ZoneInfo,
        medium_word=_namer(spoken, MEDIA),
        origin_word=_namer(spoken, {**ORIGINS, "not-coded": ORIGIN_NOT_CODED}),
        prominence_word=_namer(spoken, PROMINENCES),
        standing_word=_namer(spoken, STANDINGS),
        tone_word=_namer(spoken, TONES),
    )
    return made


def _namer(spoken: Words, names: Mapping[str, str]) -> Callable[[str], str]:
    """What a value is called; one that nobody knows stays as it is."""
    return lambda value: spoken.lookup(names[value]) if value in names else value


def safe_href(url: str | None) -> str:
    """A foreign address where it is one of the web, else nothing: no `javascript:` and the like behind a link."""
    return url if url is not None and is_of_the_web(url) else ""


@cache
def static_url(name: str) -> str:
    """The address of a file of ours; it changes with the file, so that it may be kept for ever."""
    data = (resources.files("api") / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(data).hexdigest()[:12]}"


def _open_doors(request: Request) -> list[Mapping[str, Any]]:
    """The rooms that this visitor may enter."""
    visitor = find_visitor(request)
    found: list[Mapping[str, Any]] = []
    for door in DOORS:
        url = request.app.url_path_for(door.route)
        if not (visitor.may_somewhere(door.role) if door.somewhere else visitor.may(door.role)):
            continue
        here = request.url.path
        is_here = any(here == one or (one != "/" and here.startswith(f"{one}/")) for one in (url, *door.also))
        found.append({"url": url, "text": door.text, "is_here": is_here})
    return found
