"""Foreign text as lines: without what ends a line somewhere, steers a terminal, or turns text round."""

from __future__ import annotations

import re

# Nothing of it belongs into a header, a title or a label.
_NOT_IN_A_LINE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]+"
)


def one_line(text: str, *, most: int = 400) -> str:
    """Any text as one line, cut to `most` characters: without control characters, line ends and marks that turn text round."""
    plain = " ".join(_NOT_IN_A_LINE.sub(" ", text).split())
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"


def text_body(text: str) -> str:
    """Any text as lines: without control characters and marks that turn text round; lines end in LF."""
    lines = re.split("\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", text)
    return "\n".join(_NOT_IN_A_LINE.sub(" ", line.replace("\t", "    ")) for line in lines)
