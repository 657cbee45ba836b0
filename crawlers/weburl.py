"""Addresses found in feeds, sitemaps and listings: which of them may become work at all.

What may be *connected to* is decided in the dialer (`crawlers.guard`); here only what is no web address is dropped.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from resound.urls import resolve

MAX_URL = 2_000
"""In characters. Longer ones are traps (calendars, session loops), not articles."""

# host (without www.) → path prefix and the parameters that may hold the publisher's own address
_REDIRECTORS = {
    "google.com": ("/url", ("url", "q")),
    "bing.com": ("/news/apiclick.aspx", ("url",)),
    "news.google.com": ("/news/url", ("url",)),
}


def web_url(base: str, href: str) -> str | None:
    """The absolute http or https address of `href` seen on `base`, without fragment; None where it is none.

    Addresses with a user name are refused: no newspaper has them, and what they mean depends on who reads them.
    """
    # A space inside a path is a common slip of feed makers; line breaks inside go as a browser lets them go.
    cleaned = href.strip().replace(" ", "%20")
    if not cleaned or len(cleaned) > MAX_URL or cleaned.lower().rstrip("/") in ("http:", "https:"):
        return None
    try:
        joined = resolve(base, cleaned)
        parts = urlsplit(joined)
    except ValueError:
        return None
    if "@" in parts.netloc or len(joined) > MAX_URL or not joined.isprintable():
        return None
    return joined if parts.fragment.startswith("!") else joined.partition("#")[0]


def publisher_url(address: str) -> str:
    """The publisher's own address where `address` is a search engine's redirector that names it, else `address`."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    path, names = _REDIRECTORS.get(host, ("", ()))
    if not names or not parts.path.startswith(path):
        return address
    query = parse_qs(parts.query)
    for name in names:
        for value in query.get(name, []):
            named = web_url("", value)
            if named is not None:
                return named
    return address
