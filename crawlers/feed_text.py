"""The text of a feed before XML is read: its charset, and the slips that newspapers make.

One bad byte must not turn a Vietnamese feed into mojibake, nor one `&nbsp;` send it through a lenient parser.
"""

from __future__ import annotations

import contextlib
import re
from html.entities import html5

_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)

# Declared name → the superset that real pages use. `big5` feeds hold ETEN and Hong Kong characters, `gb2312` ones GBK.
_WIDER = {
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cp950": "big5hkscs",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "gb18030": "gb18030",
    "windows-1258": "cp1258",
    "cp1258": "cp1258",
}
# C0 controls are not XML: one of them in a CDATA section makes the whole feed ill-formed.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def decode_feed(body: bytes, content_type: str) -> str | None:
    """The text of a feed where we are sure of the charset; None leaves the guess to feedparser."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in body[:200]:
        return None  # UTF-16 and UTF-32: feedparser reads their marks well
    with contextlib.suppress(UnicodeDecodeError):  # not UTF-8: what it is, is decided below
        return body.decode("utf-8-sig")
    declared = _declared_charset(body, content_type)
    if declared in _WIDER:
        text = body.decode(_WIDER[declared], errors="replace")
        return text if text.count("\ufffd") * 50 <= len(text) else None
    if declared in ("utf-8", "utf8", ""):
        text = body.decode("utf-8-sig", errors="replace")
        sound = sum(1 for character in text if "\x7f" < character != "\ufffd")
        # A cut character or two in a text that is UTF-8 otherwise; another charset would leave hardly any sound ones.
        if text.count("\ufffd") * 4 <= sound:
            return text
    return None


def _declared_charset(body: bytes, content_type: str) -> str:
    in_header = _HEADER_CHARSET.search(content_type)
    if in_header:
        return in_header.group(1).lower()
    in_xml = _XML_ENCODING.match(body[:400])
    return in_xml.group(1).decode("ascii").lower() if in_xml else ""


_CDATA = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31};)")
_BARE_AMPERSAND = re.compile(r"&(?!#?[A-Za-z0-9]{1,31};)")
_XML_ENTITIES = frozenset(("amp;", "lt;", "gt;", "quot;", "apos;", "AMP;", "LT;", "GT;", "QUOT;"))


def repair_xml(text: str) -> str:
    """The three slips that newspapers make: controls, `&nbsp;` that XML does not know, `?a=1&b=2` in a link.

    Left in, each of them would send the whole feed through the lenient parser, which reads less.
    """
    pieces = _CDATA.split(_NOT_XML.sub("", text))
    for number in range(0, len(pieces), 2):  # the odd ones are CDATA sections, whose ampersands are their own
        if "&" in pieces[number]:
            named = _NAMED_ENTITY.sub(_entity_as_character, pieces[number])
            pieces[number] = _BARE_AMPERSAND.sub("&amp;", named)
    return "".join(pieces)


def _entity_as_character(found: re.Match[str]) -> str:
    name = found.group(1)
    return found.group(0) if name in _XML_ENTITIES else html5.get(name, found.group(0))
