"""What a page says of itself: JSON-LD, meta and link elements, time tags. Read once, believed elsewhere.

JSON-LD is repaired where outlets break it in known ways (raw line ends, trailing commas, comments around it).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from crawlers.extract.blocks import clean_line

MAX_LD_BYTES = 2_000_000
MAX_LD_NODES = 5_000

ARTICLE_TYPES = frozenset(
    """
    article newsarticle reportagenewsarticle analysisnewsarticle opinionnewsarticle backgroundnewsarticle reviewnewsarticle
    askpublicnewsarticle satiricalarticle advertisercontentarticle blogposting liveblogposting report scholarlyarticle
    techarticle socialmediaposting
    """.split()  # noqa: SIM905 - a column of single words otherwise
)
LIST_TYPES = frozenset(("collectionpage", "searchresultspage", "profilepage"))

_COMMENT = re.compile(
    r"^\s*(?://\s*)?(?:<!--|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?://\s*)?(?:-->|\]\]>|/\*\s*\]\]>\s*\*/)\s*$"
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
_BREAK = re.compile(r"<(?:br|/p|/div|p)\b[^<>]*>|\r?\n", re.IGNORECASE)


@dataclass(slots=True)
class PageFacts:
    """`meta` maps names and properties in lower case to their first content. Dates are raw text, best first."""

    meta: dict[str, str] = field(default_factory=dict)
    title_tag: str = ""
    canonical: str = ""
    base: str = ""
    html_language: str = ""
    ld_types: frozenset[str] = frozenset()
    is_ld_article: bool = False
    headline: str = ""
    ld_body: tuple[str, ...] = ()
    ld_description: str = ""
    ld_published: str = ""
    ld_updated: str = ""
    ld_authors: tuple[str, ...] = ()
    ld_section: str = ""
    publisher: str = ""
    is_free: bool | None = None

    def first(self, *names: str) -> str:
        """The first of these meta elements that says something."""
        return next((self.meta[name] for name in names if self.meta.get(name)), "")


def read_facts(tree: LexborHTMLParser) -> PageFacts:
    """Never raises for what the page holds."""
    facts = PageFacts()
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        content = attributes.get("content")
        if not content:
            continue
        value = clean_line(html.unescape(content) if "&" in content else content)
        for key in ("property", "name", "itemprop", "http-equiv"):
            name = attributes.get(key)
            if name and value:
                facts.meta.setdefault(name.strip().lower(), value)
    title = tree.css_first("head > title") or tree.css_first("title")
    facts.title_tag = clean_line(title.text(deep=True)[:4_000])[:500] if title is not None else ""
    for node in tree.css("link[rel][href]"):
        if (node.attributes.get("rel") or "").strip().lower() == "canonical" and not facts.canonical:
            facts.canonical = (node.attributes.get("href") or "").strip()
    base = tree.css_first("base[href]")
    facts.base = (base.attributes.get("href") or "").strip() if base is not None else ""
    root = tree.root
    if root is not None:
        facts.html_language = (root.attributes.get("lang") or root.attributes.get("xml:lang") or "").strip()
    _read_ld(tree, facts)
    return facts


def _read_ld(tree: LexborHTMLParser, facts: PageFacts) -> None:
    nodes: list[Mapping[str, Any]] = []
    for script in tree.css('script[type*="ld+json" i]'):
        raw = script.text(deep=True) or ""
        if len(raw) <= MAX_LD_BYTES:
            nodes += _flatten(_load(raw))
    types = [(_types(node), node) for node in nodes]
    facts.ld_types = frozenset(name for names, _ in types for name in names)
    articles = [node for names, node in types if names & ARTICLE_TYPES]
    if not articles:
        return
    facts.is_ld_article = True
    # Pages carry stubs of related articles, too: the one that says most is this page's.
    best = max(
        articles[:20],
        key=lambda node: sum(
            key in node for key in ("headline", "datePublished", "articleBody", "author", "mainEntityOfPage")
        ),
    )
    facts.headline = _text(best.get("headline")) or _text(best.get("name"))
    facts.ld_body = _paragraphs(best.get("articleBody"))
    facts.ld_description = _text(best.get("description"))
    facts.ld_published = _text(best.get("datePublished"))
    facts.ld_updated = _text(best.get("dateModified"))
    facts.ld_authors = tuple(dict.fromkeys(name for name in _names(best.get("author")) if name))
    facts.ld_section = _text(best.get("articleSection"))
    facts.publisher = next(_names(best.get("publisher")), "")
    free = best.get("isAccessibleForFree")
    if isinstance(free, bool):
        facts.is_free = free
    elif isinstance(free, str) and free.strip().lower().rpartition("/")[2] in ("true", "false"):
        facts.is_free = free.strip().lower().endswith("true")


def _load(raw: str) -> Any:
    raw = _COMMENT.sub("", raw.strip()).strip().rstrip(";")
    for text in (raw, _TRAILING_COMMA.sub(r"\1", raw)):
        try:
            return json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
    if "&quot;" in raw:
        try:
            return json.loads(html.unescape(raw), strict=False)
        except (ValueError, RecursionError):
            return None
    return None


def _flatten(value: Any) -> list[Mapping[str, Any]]:
    """Every object in lists, `@graph` and `mainEntity`; not what an article merely mentions."""
    found: list[Mapping[str, Any]] = []
    todo = [value]
    while todo and len(found) < MAX_LD_NODES:
        one = todo.pop(0)
        if isinstance(one, list):
            todo[:0] = one[:MAX_LD_NODES]
        elif isinstance(one, dict):
            found.append(one)
            todo += [
                one[key]
                for key in ("@graph", "mainEntity", "mainEntityOfPage")
                if isinstance(one.get(key), (list, dict))
            ]
    return found


def _types(node: Mapping[str, Any]) -> frozenset[str]:
    value = node.get("@type")
    values = value if isinstance(value, list) else [value]
    return frozenset(one.rpartition("/")[2].lower() for one in values if isinstance(one, str))


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = next((one for one in value if isinstance(one, str) and one.strip()), "")
    if not isinstance(value, str):
        return ""
    return clean_line(_TAG.sub(" ", html.unescape(value)) if "<" in value or "&" in value else value)


def _paragraphs(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str):
        return ()
    if "&lt;" in value or "&#" in value or "&amp;" in value or "&nbsp;" in value:
        value = html.unescape(value)
    lines = (clean_line(_TAG.sub(" ", part)) for part in _BREAK.split(value))
    return tuple(line for line in lines if line)


def _names(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, list):
            yield from (text for part in name if (text := _text(part)))
        elif text := _text(name):
            yield text
