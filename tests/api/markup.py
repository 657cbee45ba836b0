"""What a page of ours may hold, whatever words stand in it."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

FORBIDDEN = ("iframe", "object", "embed", "base", "frame", "applet", "style", "math", "noscript", "template")
ADDRESSES = ("href", "src", "action", "formaction", "data", "poster", "background", "srcset")


def foreign_markup(html: str) -> list[str]:
    """Elements and attributes that none of our templates writes; an empty list is wanted."""
    found = []
    for node in LexborHTMLParser(html).css("*"):
        if node.tag in FORBIDDEN:
            found.append(f"<{node.tag}>")
        attributes = {name.lower(): value or "" for name, value in node.attributes.items()}
        if node.tag == "script" and not attributes.get("src", "").startswith("/static/"):
            found.append("<script> of its own")
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "srcdoc"):
                found.append(f"<{node.tag} {name}>")
            if name in ADDRESSES and not value.startswith(("/", "?", "#", "http://", "https://")):
                found.append(f"<{node.tag} {name}={value[:80]!r}>")
    return found
