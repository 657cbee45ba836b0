"""Foreign text as it may be set: titles, bylines, names of files. What steers a line or an eye is taken out, nothing else.

A feed can bring anything: control characters, direction overrides, lone surrogates, fifty accents on one letter, ten
thousand characters without a space. The evidence keeps it as it came; here it is made such that a page stays a page.
"""

from __future__ import annotations

import re
import unicodedata

from resound.urls import is_of_the_web

# What ends a line somewhere is a space: tab, NEL, line and paragraph separators.
_ENDS_A_LINE = re.compile("[\t\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029]+")
# What turns text round or cannot stand in a document: controls, marks and overrides of direction, noncharacters.
_STEERS = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_CANNOT_BE_WRITTEN = re.compile("[\ud800-\udfff\ufffe\uffff]")
MOST_MARKS = 3
"""Accents on one letter; Vietnamese has two at most, Hebrew three. What more there is paints over other lines."""
MOST_IN_A_HEADLINE = 300
MOST_IN_A_CELL = 3000


def settable(text: str) -> str:
    """One line of foreign text (`a\\u202eb\\u2028c` → `ab c`); its words stay as they are."""
    spaced = _ENDS_A_LINE.sub(" ", text)
    tidy = _CANNOT_BE_WRITTEN.sub("\ufffd", _STEERS.sub("", spaced))
    return _few_marks(unicodedata.normalize("NFC", tidy)).strip()


def spaced(text: str) -> str:
    """The same of a part of a line: the spaces at its ends belong to it."""
    before = " " if text[:1].isspace() else ""
    after = " " if text.strip() and text[-1:].isspace() else ""
    return f"{before}{settable(text)}{after}"


def shortened(text: str, most: int) -> tuple[str, int]:
    """A text of at most so many characters, and how long it is where it was cut; 0 where it is whole."""
    if len(text) <= most:
        return text, 0
    return text[:most].rstrip() + " …", len(text)


def followable(address: str) -> str:
    """An address of the web that may stand behind a link; empty for any other (`javascript:`, `file:`)."""
    is_plain = address.isascii() and address.isprintable() and " " not in address
    return address if is_plain and is_of_the_web(address) else ""


def _few_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        # By category: two of Thai's marks, which climb a page as well, are of no combining class.
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)
