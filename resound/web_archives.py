"""Captures of pages in web archives: whose they are, and the address of what was captured."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

# web.archive.org/web/20141002031500id_/http://news.example/1, archive.ph/2014.10.02-031500/https://…, /web/2014*/…
_CAPTURE = re.compile(
    r"(?:/|^)(?:(?:\d{4}[\d.-]*(?:[a-z]{2}_)?\*?|\*|save|newest|oldest|latest|o/\w+)/+)(.+)$", re.DOTALL
)
_SCHEME = re.compile(r"https?:/{1,2}", re.IGNORECASE)
_HOST_FIRST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]|$)")
_ARCHIVES = (
    "web.archive.org",
    *(f"archive.{ending}" for ending in ("ph", "is", "today", "li", "vn", "md", "fo")),
    "wayback.archive-it.org",
    "webarchive.org.uk",
    "webarchive.nationalarchives.gov.uk",
    "arquivo.pt",
    "webarchive.loc.gov",
    "timetravel.mementoweb.org",
    "perma.cc",
    "ghostarchive.org",
)


def original_url(url: str) -> str:
    """The article's own address where `url` is its capture in a web archive; `url` itself where it is none."""
    for _ in range(3):  # a capture of a capture
        inner = _inside_capture(url)
        if inner is None:
            return url
        url = inner
    return url


def is_capture(url: str) -> bool:
    """Whether an address lies in a web archive, whether or not it tells the original (archive.ph/AbCdE does not)."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host.removeprefix("www.") in _ARCHIVES


def _inside_capture(url: str) -> str | None:
    if not is_capture(url):
        return None
    parts = urlsplit(url)
    rest = (
        parts.path
        + (f"?{parts.query}" if parts.query else "")
        + (f"#{parts.fragment}" if parts.fragment else "")
    )
    if "%3a%2f" in rest[:80].lower():
        rest = unquote(rest)
    scheme = _SCHEME.search(rest)
    if scheme is not None:  # some proxies make one slash of two
        return f"{scheme[0].rstrip('/').lower()}//{rest[scheme.end() :]}"
    found = _CAPTURE.search(rest)
    if found is None or _HOST_FIRST.match(found[1]) is None:
        return None
    return f"http://{found[1]}"
