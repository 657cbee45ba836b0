"""What the crawler says when something is wrong, recognised so that a page can say it in another language.

Its sentences are stored as they were said, in English; what is not recognised is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from resound.texts import N_
from resound.told import Told

NOTHING = N_("It works, and lists nothing at present.")
ENTRIES = N_("It works: %(count)s entries.")
NEWEST = N_("It works: %(count)s entries, the newest of %(day)s.")
INDEX = N_("It works: an index of %(count)s sitemaps.")
MOVED = N_("It moved to %(url)s.")
"""What a trial of one address brought."""
SENTENCES = (
    N_("There is no such host."),
    N_("The server did not answer in time."),
    N_("The server does not accept connections."),
    N_("The server answers HTTP %(status)s."),
    N_("The server says that it is gone for good (HTTP %(status)s)."),
    N_("HTTP %(status)s"),
    N_("It redirects too often."),
    N_("It is larger than what is read of one address."),
    N_("The connection failed (%(why)s)."),
    N_("The answer broke off before its end."),
    N_("What the server answers is not HTTP."),
    N_("The body cannot be decompressed (%(why)s)."),
    N_("Its certificate cannot be trusted, or TLS failed (%(why)s)."),
    N_("%(place)s does not permit it."),
    N_("%(place)s cannot be read: %(why)s; where robots.txt cannot be read, nothing is fetched."),
    N_("%(place)s answers HTTP %(status)s; where robots.txt cannot be read, nothing is fetched."),
    N_("%(address)s is not an address of the public internet; nothing was connected to."),
    N_("%(host)s is a name of this machine or of a private network."),
    N_("Port %(port)s is not one of those that may be connected to (%(ports)s)."),
    N_("Port %(port)s is not one of those that may be connected to."),
    N_("Only http and https are fetched, not %(scheme)s."),
    N_("An address with a user name, a backslash or a space is not fetched."),
    N_("The address names no host."),
    N_("%(address)s is no web address (%(why)s)."),
    N_("There was no time left to look at it."),
    N_("The answer is empty: no feed was served."),
    N_("The answer is empty: no sitemap was served."),
    N_("A web page was served in place of a feed."),
    N_("A web page was served in place of a sitemap."),
    N_("This is not a sitemap: neither XML nor a list of addresses."),
    N_("The sitemap is not well formed and nothing could be read from it."),
    N_("The selector `%(selector)s` finds no article on this page: its design may have changed."),
    N_("%(lost)s of %(all)s entries have no usable web address."),
    N_("%(lost)s of %(all)s lines have no usable web address."),
)


def recognise(sentence: str) -> Told:
    """A sentence of the crawler as one that can be translated, inner sentences, too."""
    for text, pattern in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            inner: dict[str, str] = found.groupdict()
            if "why" in inner:
                inner["why"] = _inner(inner["why"])
            return Told(text, **inner)
    return Told(sentence)


def _inner(text: str) -> Told:
    """What stands behind a colon has lost its full stop."""
    whole = recognise(f"{text}.")
    return whole if whole.pattern in SENTENCES else Told(text)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return compile_sentences(SENTENCES)


def compile_sentences(sentences: Iterable[str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(pattern, what finds a sentence that was made of it, its values by their names), in the same order."""
    made = []
    for text in sentences:
        parts = re.split(r"%\((\w+)\)s", text)
        pattern = "".join(
            re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+?)" for at, part in enumerate(parts)
        )
        made.append((text, re.compile(pattern, re.DOTALL)))
    return tuple(made)
