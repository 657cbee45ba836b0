"""Plain text from foreign markup: nothing that a browser would run, no control characters, bounded length."""

from __future__ import annotations

import html
import re

import nh3

TITLE_LIMIT = 1_000
BYLINE_LIMIT = 500
SUMMARY_LIMIT = 4_000
"""In characters. Longer texts are cut and end with an ellipsis."""

_DROPPED_WHOLE = {
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "object",
    "textarea",
    "xmp",
    "svg",
    "math",
}
"""Elements whose content is no text for a reader."""

# `<p>one</p><p>two</p>` must not become `onetwo`; `綠<b>耕</b>隊` must stay one word.
_BLOCK_TAG = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li"
    r"|main|nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul)\b)",
    re.IGNORECASE,
)
_WHOLE_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_OPEN_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_SPACE = re.compile(r"\s+")

# C0 and C1 controls, bidirectional overrides, zero-width space, byte order mark, lone surrogates, noncharacters.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# These two controls stand for a line break in some old feeds.
_BREAKS = str.maketrans({"\x85": " ", "\x0b": " ", "\x0c": " "})


def plain_text(value: str, *, is_html: bool, limit: int) -> str:
    """One line of plain text, at most `limit` characters.

    HTML loses its tags and has its entities decoded once. Whatever looks like a tag after that (or in text that was
    declared plain) goes too: what is stored is harmless even on a page that forgets to escape it.
    """
    if is_html and ("<" in value or "&" in value):
        value = html.unescape(
            nh3.clean(_BLOCK_TAG.sub(" <", value), tags=set(), clean_content_tags=_DROPPED_WHOLE)
        )
    value = _UNWANTED.sub("", value.translate(_BREAKS))
    value = _without_tags(value)
    value = _SPACE.sub(" ", value).strip()
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def _without_tags(value: str) -> str:
    if "<" not in value:
        return value
    for _ in range(
        4
    ):  # `<scr<b>ipt>` holds another tag once the inner one is gone; deeper is nobody's headline
        value = _WHOLE_TAG.sub("", value)
    return _OPEN_TAG.sub("‹", value)
