"""`extract`: the way of one page, in order. See the package's docstring for the rules."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

from crawlers.extract.blocks import Page, clean_line, measure, read_blocks
from crawlers.extract.charset import decode
from crawlers.extract.generic import is_noise, read_body
from crawlers.extract.labels import (
    choose_byline,
    choose_title,
    collect_dates,
    find_standfirst,
    read_section,
)
from crawlers.extract.sites import SiteRule, find_rules
from crawlers.extract.structured import LIST_TYPES, PageFacts, read_facts
from crawlers.extract.voices import ask_readability, ask_trafilatura, covered, total_units
from resound.article import Article, DetectLanguage, LanguageGuess, RawPage
from resound.errors import ExtractError
from resound.urls import canonical_url, host_of, registered_site, resolve

GENERIC = "generic/1"
DOUBT = 0.55
"""Below this confidence the second voice is heard."""
SAMPLE = 1_200
"""Characters that the language is told from."""
MAX_SECOND_VOICE = 2_000_000
"""Characters. The other extractors take minutes over larger pages, which no outlet writes."""
MAX_PARAGRAPHS = 5_000

_NOT_HTML = (
    b"%PDF",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"PK\x03\x04",
    b"RIFF",
    b"\x1f\x8b",
    b"Rar!",
    b"ID3",
)
_HTML_TYPES = (
    "text/html",
    "application/xhtml",
    "text/plain",
    "application/xml",
    "text/xml",
    "application/octet-stream",
)
_NEEDS_SCRIPT = re.compile(
    r"enable\s+javascript|javascript\s+(?:is\s+)?(?:required|disabled)|requires?\s+javascript|啟用\s*javascript|启用\s*javascript|bật\s+javascript"
    r"|checking your browser|just a moment|verify(?:ing)? (?:that )?you are (?:a )?human",
    re.IGNORECASE,
)
_APP_ROOT = "#__next, #root, #app, #__nuxt, app-root, [data-reactroot], script[src]"
_PAYWALL = re.compile(
    r"subscri(?:be|ption|bers?) to (?:continue|read)|(?:already a|for) subscribers?|this (?:article|content|story) is (?:only )?(?:for|available to)"
    r"|continue reading (?:with|your)|訂閱(?:後|會員|用戶)|加入會員.{0,6}(?:閱讀|看全文)|會員(?:專享|限定|專屬)|付費(?:會員|內容|閱讀|訂閱)|登入.{0,8}(?:繼續|看全文)|付费(?:会员|内容|阅读)"
    r"|dành (?:riêng )?cho (?:thuê bao|hội viên|độc giả đăng ký)|đăng nhập để (?:đọc|xem) (?:tiếp|toàn bộ)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[。！？]|[.!?][\"”’)]?\s")


@dataclass(frozen=True, slots=True)
class _Text:
    paragraphs: tuple[str, ...]
    captions: tuple[str, ...]
    extractor: str
    first: int


def extract(page: RawPage, *, zone: ZoneInfo, prior_language: str | None, detect: DetectLanguage) -> Article:
    """Read one page. `zone` and `prior_language` are the outlet's edition's; `detect` tells languages.

    Raises ExtractError with `reason` one of `http-status`, `not-html`, `empty`, `script-only`, `paywall`,
    `not-an-article`. A page on which any text can be read as an article never comes out without text.
    """
    _refuse_what_is_no_page(page)
    text, _, notes = decode(page.body, page.headers)
    tree = LexborHTMLParser(text)
    facts = read_facts(tree)
    rule = _apply_rule(tree, page.final_url)
    seen = read_blocks(tree)
    feed_title = page.entry.title if page.entry is not None else ""
    title = (_first_text(tree, rule.title) if rule else "") or choose_title(
        tree, facts, feed_title=feed_title
    )
    guess = _detect(seen, facts, title, prior_language, detect)
    read = _read_text(text, tree, seen, facts, rule, guess, title, page.final_url)
    _refuse_what_is_walled(read, facts, seen)
    paragraphs = read.paragraphs[:MAX_PARAGRAPHS]
    standfirst = _first_text(tree, rule.lead) if rule else ""
    if not standfirst:
        standfirst = find_standfirst(seen, facts, title=title, first=read.first, body=paragraphs)
    if standfirst and covered((standfirst,), paragraphs[:3]) < 0.8:
        paragraphs = (standfirst, *paragraphs)
    # Told before any threshold from what looked like the text; told again only where another text was read.
    if covered(_sample(seen)[:2], paragraphs) < 0.5:
        guess = detect(
            f"{title}\n{' '.join(paragraphs)[:SAMPLE]}", prior_language or facts.html_language or None
        )
    byline = (_first_text(tree, rule.byline) if rule else "") or choose_byline(
        tree, facts, seen.blocks, read.first
    )
    if byline and len(paragraphs) > 1 and paragraphs[-1] == byline:
        paragraphs = paragraphs[:-1]
    feed = [] if page.entry is None or page.entry.published is None else [page.entry.published]
    published, updated = collect_dates(
        tree,
        facts,
        page=seen,
        first=read.first,
        url=page.final_url,
        zone=zone,
        fetched_at=page.fetched_at,
        language=guess.tag if guess.language != "other" else None,
        feed=feed,
        selectors=rule.date if rule else "",
    )
    if updated is None and page.entry is not None:
        updated = page.entry.updated
    return Article(
        url=page.final_url,
        canonical_url=_canonical(page.final_url, facts),
        title=title,
        paragraphs=paragraphs,
        language=guess,
        lead=_lead(paragraphs),
        byline=byline,
        captions=read.captions,
        section=read_section(facts),
        published=published,
        updated=updated,
        extractor=read.extractor,
        notes=(*notes, *_notes(page, facts, seen)),
    )


def _refuse_what_is_no_page(page: RawPage) -> None:
    if not 200 <= page.status < 300:
        raise ExtractError(f"The page answered with status {page.status}.", reason="http-status")
    if not page.body.strip():
        raise ExtractError("The page is empty.", reason="empty")
    declared = next((value for name, value in page.headers.items() if name.lower() == "content-type"), "")
    kind = declared.partition(";")[0].strip().lower()
    head = page.body.lstrip()[:12]
    if head.startswith(_NOT_HTML) or head[4:8] == b"ftyp":
        raise ExtractError(
            f"This is no web page but a file ({kind or 'no type declared'}).", reason="not-html"
        )
    if kind and not kind.startswith(_HTML_TYPES) and b"<html" not in page.body[:2000].lower():
        raise ExtractError(f"This is no web page but {kind}.", reason="not-html")


def _apply_rule(tree: LexborHTMLParser, url: str) -> SiteRule | None:
    """The site's rule whose body is on this page; what it drops is gone from the tree."""
    try:
        rules = find_rules(registered_site(host_of(url)))
    except ValueError:
        return None
    for rule in rules:
        node = tree.css_first(rule.body)
        if node is not None and measure(clean_line(node.text(deep=True))) >= 60:
            if rule.drop:
                for body in tree.css(rule.body):
                    for one in body.css(rule.drop):
                        one.decompose()
            return rule
    return None


def _first_text(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector) if selector else None
    return clean_line(node.text(deep=True)) if node is not None else ""


def _sample(page: Page) -> list[str]:
    """The longest blocks that are not links: most likely the article, whatever its language."""
    able = [block for block in page.blocks if block.link_share < 0.4 and not block.is_caption]
    free = [block for block in able if not block.suspects] or able
    longest = sorted(free, key=lambda block: -block.units)[:8]
    return [block.text for block in longest]


def _detect(
    page: Page, facts: PageFacts, title: str, prior_language: str | None, detect: DetectLanguage
) -> LanguageGuess:
    sample = "\n".join((title, *(text[:400] for text in _sample(page))))[:SAMPLE]
    return detect(sample, prior_language or facts.html_language or None)


def _read_text(
    text: str,
    tree: LexborHTMLParser,
    page: Page,
    facts: PageFacts,
    rule: SiteRule | None,
    guess: LanguageGuess,
    title: str,
    url: str,
) -> _Text:
    """Site rule, JSON-LD, generic, second voices; the first that is beyond doubt, or the fullest."""
    generic = read_body(page, language_tag=guess.tag, title=title)
    within = _range_of(tree, page, rule) if rule is not None else None
    if rule is not None and within is not None:
        body = read_body(page, language_tag=guess.tag, title=title, within=within)
        # A rule that brings much less than the generic reading was written for another design.
        if body is not None and (
            generic is None or total_units(body.paragraphs) >= 0.5 * total_units(generic.paragraphs)
        ):
            return _Text(body.paragraphs, body.captions, rule.name, body.first)
    best = _Text((), (), GENERIC, len(page.blocks))
    confidence = 0.0
    if generic is not None:
        best = _Text(generic.paragraphs, generic.captions, GENERIC, generic.first)
        confidence = generic.confidence
    chosen = _with_ld(best, facts.ld_body)
    if chosen is not best:
        return chosen
    if facts.ld_body and covered(facts.ld_body, best.paragraphs) > 0.8 and total_units(facts.ld_body) > 300:
        confidence = 1.0  # two independent voices say the same
    if total_units(best.paragraphs) < 80:
        _refuse_what_is_no_article(page, facts, best, url)
    is_heavy = page.is_cut or len(text) > MAX_SECOND_VOICE
    if confidence < DOUBT and not is_heavy:
        best = _with_second_voice(best, ask_trafilatura(text))
    if total_units(best.paragraphs) < 80 and not is_heavy:
        best = _with_second_voice(best, ask_readability(text))
    if not best.paragraphs or total_units(best.paragraphs) < 20:
        best = _last_resort(page, facts, best, tree, title)
    elif _is_home(url, facts) and (generic is None or confidence < 0.3):
        raise ExtractError("This is a home page, not an article.", reason="not-an-article")
    return best


def _range_of(tree: LexborHTMLParser, page: Page, rule: SiteRule) -> tuple[int, int] | None:
    """The blocks of the rule's body; of several, the longest."""
    wanted = {node.mem_id for node in tree.css(rule.body)}
    ranges = [(one.start, one.end) for one in page.elements if one.node.mem_id in wanted]
    return max(
        ranges, key=lambda pair: sum(block.units for block in page.blocks[pair[0] : pair[1]]), default=None
    )


def _with_ld(best: _Text, ld_body: Sequence[str]) -> _Text:
    """JSON-LD's text where the page shows less of it; it may also be only a beginning, or without paragraphs."""
    said, shown = total_units(ld_body), total_units(best.paragraphs)
    if said < 160 or (said < shown * 1.05 and shown >= 160):
        return best
    if covered(ld_body, best.paragraphs) >= 0.85:
        return best
    if shown > 160 and covered(best.paragraphs, ld_body) < 0.3 and said < 2 * shown:
        return best  # about something else: an excerpt of another article, a description of the site
    return replace(best, paragraphs=tuple(ld_body), extractor="json-ld")


def _with_second_voice(best: _Text, other: Sequence[str]) -> _Text:
    """The fuller of the two, where it is really fuller; what both have, ours tells better apart from boxes."""
    other = [line for line in other if not is_noise(line)]
    ours, theirs = total_units(best.paragraphs), total_units(other)
    if theirs < 40 or (ours >= 80 and theirs < 1.5 * ours):
        return best
    if ours >= 80 and covered(best.paragraphs, other) < 0.5 and theirs < 3 * ours:
        return best
    return replace(best, paragraphs=tuple(other), extractor=f"{GENERIC}+second")


def _refuse_what_is_no_article(page: Page, facts: PageFacts, best: _Text, url: str) -> None:
    """Lists and home pages, only where nothing speaks for an article."""
    if facts.is_ld_article or facts.first("og:type").lower() == "article":
        return
    units = sum(block.units for block in page.blocks)
    linked = sum(block.link_units for block in page.blocks)
    links = sum(block.links for block in page.blocks)
    is_list = bool(facts.ld_types & LIST_TYPES) or (links >= 25 and linked > 0.6 * units)
    if (is_list or _is_home(url, facts)) and units and total_units(best.paragraphs) < 80:
        raise ExtractError("This page lists articles; it is none itself.", reason="not-an-article")


def _is_home(url: str, facts: PageFacts) -> bool:
    parts = urlsplit(url)
    is_root = (
        re.fullmatch(r"/?(?:index\.\w+|home|default\.\w+)?/?", parts.path) is not None and not parts.query
    )
    return is_root and not facts.is_ld_article and facts.first("og:type").lower() != "article"


def _last_resort(page: Page, facts: PageFacts, best: _Text, tree: LexborHTMLParser, title: str) -> _Text:
    """Whatever text there is; or why there is none."""
    rest = [block for block in page.blocks if block.link_share < 0.5 and not block.suspects]
    lines = tuple(block.text for block in rest if block.text != title and block.units >= 12)
    if total_units(lines) >= 40 and not _NEEDS_SCRIPT.search(" ".join(lines)[:2000]):
        return _Text(lines, best.captions, f"{GENERIC}+all", 0)
    if best.paragraphs:
        return best
    description = facts.first("og:description", "description") or facts.ld_description
    is_article = facts.is_ld_article or facts.first("og:type").lower() == "article"
    if description and is_article and page.blocks:
        return _Text((description,), best.captions, "meta", 0)
    if tree.css_first(_APP_ROOT) is not None or _NEEDS_SCRIPT.search(tree.html or ""):
        raise ExtractError("The page shows its text only where a script runs.", reason="script-only")
    lines = lines or tuple(block.text for block in page.blocks if block.text != title)
    if lines:
        return _Text(lines, best.captions, f"{GENERIC}+all", 0)
    raise ExtractError("The page holds no text.", reason="empty")


def _refuse_what_is_walled(read: _Text, facts: PageFacts, page: Page) -> None:
    """A teaser before a paywall is a lead, not the article. Free pages may also say "subscribe"."""
    if facts.is_free is True or total_units(read.paragraphs) >= 900:
        return
    has_sign = any(
        _PAYWALL.search(block.text) for block in page.blocks if block.units < 400 and block.link_share < 0.5
    )
    if facts.is_free is False and (has_sign or total_units(read.paragraphs) < 500):
        raise ExtractError("Only the beginning is free; the rest is behind a paywall.", reason="paywall")
    if has_sign and total_units(read.paragraphs) < 160:
        raise ExtractError("Only the beginning is free; the rest is behind a paywall.", reason="paywall")


def _lead(paragraphs: Sequence[str]) -> str:
    """The first paragraph; of a text without paragraphs, its first sentences."""
    if not paragraphs:
        return ""
    first = paragraphs[0]
    if measure(first) <= 600:
        return first
    for end in _SENTENCE.finditer(first):
        if measure(first[: end.end()]) >= 150:
            return first[: end.end()].strip()
    return first


def _canonical(url: str, facts: PageFacts) -> str:
    try:
        return canonical_url(url, declared=facts.canonical or facts.meta.get("og:url"))
    except ValueError:
        return url


def _notes(page: RawPage, facts: PageFacts, seen: Page) -> tuple[str, ...]:
    notes = []
    if facts.is_free is False:
        notes.append("paywall")
    if seen.is_cut:
        notes.append("the page was too large to be read whole")
    if facts.canonical:
        with contextlib.suppress(ValueError):  # a broken canonical is passed over by canonical_url, too
            elsewhere = host_of(resolve(page.final_url, facts.canonical))
            if registered_site(elsewhere) != registered_site(host_of(page.final_url)):
                notes.append(f"names {elsewhere} as its origin")
    return tuple(notes)
