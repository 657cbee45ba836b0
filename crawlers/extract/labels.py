"""What stands around the body: title, byline, section, standfirst, canonical URL and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.extract.blocks import Block, Page, clean_line, measure
from crawlers.extract.structured import PageFacts
from resound.article import DateOrigin, FoundDate
from resound.processing.dates import choose_date, read_dates

TITLE_LIMIT = 500
_SEPARATOR = re.compile(
    r"\s+[|｜‖:：•·»–—－_-]+\s+|\s*[|｜‖»]\s*|\s*(?:--|——|__)\s*|(?<=[\u3400-\u9fff」』”!！?？])[_-](?=[\u3400-\u9fffA-Z])"
)
_SITE_WORD = re.compile(
    r"新聞|新闻|網|网|報|报|通訊社|电视|電視|頻道|频道|時政|中央社|\bnews\b|\btimes\b|\bdaily\b|\bpost\b|\.(?:com|vn|tw|net|cn)|\bbáo\b|tin tức|online",
    re.IGNORECASE,
)
_GENERIC_TITLE = re.compile(
    r"^(?:home|news|untitled|index|首頁|首页|新聞|新闻|trang chủ|tin tức)$", re.IGNORECASE
)

_BYLINE_NODES = (
    '[itemprop="author"] [itemprop="name"], [rel="author"], [itemprop="author"], .byline-name, .author-name, .article-author,'
    " .byline, .author, .reporter, .article__author, .detail-author, .author_mail, .name-author, .post-author, .writer, .authors"
)
# By LIN Mei-hua, 記者林美華／台北報導, （記者林某台北電）, Tác giả: Lê Phương
_BYLINE_PREFIX = re.compile(
    r"^(?:by|written by|from|reported by|posted by|記者|记者|文\s*[:：/／]|作者\s*[:：]?|撰文\s*[:：]?|編輯\s*[:：]|tác giả\s*:?|theo\s*:)\s*",
    re.IGNORECASE,
)
_BYLINE_TEXT = re.compile(
    r"(?:^|[〔（(\[【])\s*(?:中央社)?(?:記者|记者|特派員|特約記者|本報記者)\s*(?P<zh>[\u3400-\u9fff]{2,4}(?:[、，\s/／][\u3400-\u9fff]{2,4}){0,3}?)(?=[／/]|[\u3400-\u9fff]{2,3}(?:縣|市)?\d{0,2}日?[\u3400-\u9fff]{0,2}(?:報導|報道|电|電)|[\s　]|$)"
)
_NO_NAME = re.compile(
    r"https?://|@|\d{3}|\.(?:com|vn|tw|net|org|cn)\b|^(?:admin|administrator|editor|staff|unknown|null|none|author|作者|編輯|小編)$",
    re.IGNORECASE,
)

_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:sapo|standfirst|stand-first|deck|dek|summary|subhead|subheadline|sub-headline|subtitle|sub-title|lead|lede|excerpt|abstract|intro|short_intro|description|tagline|chapeau|head-?desc)(?:$|[\s_-])|(?:^|[\s_-])[\w-]*(?:sapo|standfirst|subtitle|summary)(?:$|[\s_-])",
    re.IGNORECASE,
)
_URL_DATES = (
    # /2014/12/01/ must not be read as January the 2nd: longer numbers first, parted by the same sign twice.
    re.compile(
        r"/(?P<year>(?:19|20)\d\d)(?P<sign>[/_-])(?P<month>1[0-2]|0?[1-9])(?P=sign)(?P<day>[12]\d|3[01]|0?[1-9])(?=[/_.-]|$)"
    ),
    re.compile(r"/(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?=[/_.-]|$)"),
    re.compile(r"/(?P<year>(?:19|20)\d\d)[/-](?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?=/)"),
    re.compile(r"(?<!\d)(?P<year>20\d\d)-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"),
    re.compile(
        r"(?<![\d])(?P<year>20[0-3]\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?=\d{4,9}(?:[./]|$))"
    ),
)
_META_PUBLISHED = (
    *(
        "article:published_time",
        "datepublished",
        "pubdate",
        "publishdate",
        "publish_date",
        "publish-date",
        "published_time",
    ),
    *(
        "og:article:published_time",
        "parsely-pub-date",
        "sailthru.date",
        "cxenseparse:recs:publishtime",
        "dc.date.issued",
    ),
    *(
        "dcterms.created",
        "dc.date",
        "dcterms.date",
        "date",
        "article_date_original",
        "originalpublicationdate",
        "pub_date",
    ),
    *(
        "article.published",
        "published-date",
        "datecreated",
        "weibo: article:create_at",
        "rnews:datepublished",
        "ptime",
        "og:published_time",
    ),
)
_META_UPDATED = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "last-modified",
    "dcterms.modified",
    "lastmod",
    "revised",
)
_DATE_NODES = (
    '[itemprop="datePublished"], .date, .time, .datetime, .article-date, .post-date, .publish-date, .published, .pubdate, .publish-time,'
    " .article-content__time, .updatetime, .detail-time, .timestamp, .entry-date, .date-time, .article-time, .post-time, .time-source,"
    ' #pubtime_baidu, .pubtime, .date-source, #pub_date, .info, .author-time, .block_timer, .kbwcm-date, [class*="date" i], [class*="time" i],'
    " .article-info, .post_info, .p_time, .source"
)
_TEASERS = re.compile(r"relat|sidebar|list|recommend|comment|latest|widget", re.IGNORECASE)
_LOOKS_DATED = re.compile(
    r"\d{1,4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,4}|\d{1,2}\s+tháng\s+\d|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2}|\b\d{1,2}\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.IGNORECASE,
)


def choose_title(tree: LexborHTMLParser, facts: PageFacts, *, feed_title: str = "") -> str:
    """The headline as the page shows it, without the site's name."""
    og = facts.first("og:title", "twitter:title", "headline")[:TITLE_LIMIT]
    declared = [text for text in (facts.headline[:TITLE_LIMIT], og, facts.title_tag) if text]
    shown = [
        text
        for node in tree.css("h1")[:12]
        if (text := _short_text(node.text(deep=True, separator=" " if node.css_first("br") else "")))
        and measure(text) >= 4
    ]
    sites = [
        name
        for name in (
            facts.meta.get("og:site_name", ""),
            facts.publisher,
            facts.meta.get("application-name", ""),
        )
        if name
    ]
    # The h1 that the page's own title repeats is the headline; others are logos and sections.
    best, score = "", 0.0
    for text in shown:
        for other in declared:
            likeness = (
                100.0
                if _fold(text) and _fold(other).startswith(_fold(text))
                else fuzz.ratio(_fold(text), _fold(other))
            )
            if likeness > score and not _is_site(text, sites):
                best, score = text, likeness
    if score >= 60 and measure(best) >= 8:
        return best[:TITLE_LIMIT]
    for text in (facts.headline, og):
        if text and not _is_site(text, sites):
            return strip_site(text, sites)[:TITLE_LIMIT]
    if feed_title and facts.title_tag.startswith(feed_title):
        return feed_title[:TITLE_LIMIT]
    if facts.title_tag and not _GENERIC_TITLE.match(facts.title_tag):
        return strip_site(facts.title_tag, sites)[:TITLE_LIMIT]
    return (shown[0] if shown else feed_title)[:TITLE_LIMIT]


def _short_text(raw: str) -> str:
    return clean_line(raw[: TITLE_LIMIT * 8])[:TITLE_LIMIT]


def strip_site(title: str, sites: Sequence[str]) -> str:
    """`Headline | Section | Site` → `Headline`. Cuts from the right what names the site or is much shorter than the rest."""
    has_cut = False
    for _ in range(6):
        cuts = list(_SEPARATOR.finditer(title))
        if not cuts:
            return title
        cut = cuts[-1]
        head, tail = title[: cut.start()].strip(), title[cut.end() :].strip()
        is_bar = cut[0].strip()[:1] in "|｜‖»_" or cut[0].strip() in ("--", "——")
        if not head or measure(head) < 8:
            return tail if tail and _is_site(head, sites) else title
        names_site = measure(tail) <= 60 and (_is_site(tail, sites) or _SITE_WORD.search(tail) is not None)
        is_section = has_cut and " " not in tail and measure(tail) <= 12
        if not (names_site or is_section or (is_bar and measure(tail) <= min(40, measure(head)))):
            return title
        title, has_cut = head, True
    return title


def _is_site(text: str, sites: Sequence[str]) -> bool:
    folded = _fold(text)
    return any(
        fold
        and (
            folded == fold
            or (len(fold) >= 4 and fold in folded and len(folded) <= len(fold) + 12)
            or (len(folded) >= 4 and fold.startswith(folded))
        )
        for fold in map(_fold, sites)
    )


def _fold(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def choose_byline(tree: LexborHTMLParser, facts: PageFacts, blocks: Sequence[Block], first: int) -> str:
    """Who wrote it, without "By"; several names parted by commas."""
    names = [name for name in facts.ld_authors if _is_name(name, facts)]
    if names:
        return ", ".join(names)[:300]
    for key in (
        "author",
        "article:author",
        "dc.creator",
        "byl",
        "parsely-author",
        "dable:author",
        "sailthru.author",
    ):
        name = _BYLINE_PREFIX.sub("", facts.meta.get(key, ""))
        if _is_name(name, facts):
            return name
    for node in tree.css(_BYLINE_NODES)[:8]:
        text = _BYLINE_PREFIX.sub("", clean_line(node.text(deep=True, separator=" ")))
        if _is_name(text, facts) and measure(text) <= 80:
            return text
    for block in blocks[max(0, first - 6) : first + 2]:
        match = _BYLINE_TEXT.search(block.text[:80])
        if match is not None:
            return match["zh"].strip()
        if block.units <= 60 and re.match(r"by\s+[A-Z]", block.text, re.IGNORECASE):
            return re.split(r"\s*(?:[|/•]|,\s*(?=[A-Z]{2}))\s*", _BYLINE_PREFIX.sub("", block.text))[0]
    return ""


def _is_name(text: str, facts: PageFacts) -> bool:
    if not text or measure(text) > 120 or _NO_NAME.search(text):
        return False
    return (
        not _is_site(text, [name for name in (facts.meta.get("og:site_name", ""), facts.publisher) if name])
        or "/" in text
    )


def find_standfirst(page: Page, facts: PageFacts, *, title: str, first: int, body: Sequence[str]) -> str:
    """A lead that stands between headline and body, outside the body's element: what the description repeats.

    Or what the page calls a standfirst. Empty where there is none or the body begins with it.
    """
    description = max(
        (facts.first("og:description"), facts.first("description"), facts.ld_description), key=len
    )
    opening = _fold("".join(body[:3]))
    wanted = _fold(description)[:400]
    marked = [
        (one.start, one.end)
        for one in page.elements
        if one.end - one.start <= 4 and one.end <= first and _STANDFIRST.search(one.label) is not None
    ]
    for number in range(first - 1, max(-1, first - 16), -1):
        block = page.blocks[number]
        folded = _fold(block.text)
        if (
            block.units < 30
            or block.link_share > 0.5
            or folded in opening
            or block.is_caption
            or folded == _fold(title)
        ):
            continue
        is_described = len(wanted) >= 15 and (
            folded.startswith(wanted[:60])
            or wanted.startswith(folded[:60])
            or fuzz.ratio(folded, wanted) >= 80
        )
        is_marked = any(start <= number < end for start, end in marked) or (
            block.tag == "h2" and block.units >= 60
        )
        if is_described or is_marked:
            return block.text
    return ""


def read_section(facts: PageFacts) -> str:
    """The section that the page itself names, in one line; empty where it names none."""
    value = facts.ld_section or facts.first(
        "article:section", "section", "cxenseparse:section", "og:article:section"
    )
    return value[:100]


def collect_dates(
    tree: LexborHTMLParser,
    facts: PageFacts,
    *,
    page: Page,
    first: int,
    url: str,
    zone: ZoneInfo,
    fetched_at: datetime,
    language: str | None,
    feed: Sequence[FoundDate] = (),
    selectors: str = "",
) -> tuple[FoundDate | None, FoundDate | None]:
    """(published, updated) by provenance. Text near the headline is read only where nothing better speaks."""
    published: list[FoundDate] = []
    updated: list[FoundDate] = []

    def take(raw: str, origin: DateOrigin, *, is_update: bool = False) -> None:
        one, two = read_dates(raw, zone=zone, origin=origin, fetched_at=fetched_at, language=language)
        if is_update:
            one, two = None, one or two
        published.extend(() if one is None else (one,))
        updated.extend(() if two is None else (two,))

    if facts.ld_published:
        take(facts.ld_published, "json-ld")
    if facts.ld_updated:
        take(facts.ld_updated, "json-ld", is_update=True)
    for name in _META_PUBLISHED:
        if facts.meta.get(name):
            take(facts.meta[name], "meta")
            break
    for name in _META_UPDATED:
        if facts.meta.get(name):
            take(facts.meta[name], "meta", is_update=True)
            break
    if selectors:
        for node in tree.css(selectors)[:2]:
            take(_stamp(node), "time-tag" if node.tag == "time" else "text")
    for raw in url_dates(url):
        take(raw, "url")
        break
    if not any(one.suspect is None and one.at is not None for one in published):
        for raw, origin in _near_headline(tree, page, first):
            take(raw, origin)
            if any(one.origin == origin for one in published):
                break
    return choose_date([*published, *feed], zone=zone) or None, choose_date(updated, zone=zone)


def _near_headline(tree: LexborHTMLParser, page: Page, first: int) -> Iterator[tuple[str, DateOrigin]]:
    times = [node for node in tree.css("time") if not _in_list(node)]
    for node in times[:3]:
        raw = _stamp(node)
        if raw:
            yield raw, "time-tag"
    for node in tree.css(_DATE_NODES)[:25]:
        raw = clean_line(
            node.attributes.get("content")
            or node.attributes.get("datetime")
            or node.text(deep=True, separator=" ")
        )
        if 6 <= len(raw) <= 120 and _LOOKS_DATED.search(raw) and not _in_list(node):
            yield raw, "text"
    # A line of its own beside the headline; then the end of the text, where People's Daily writes it.
    around = [*page.blocks[max(0, first - 15) : first + 2]]
    for block in reversed(around):
        if block.units <= 160 and _LOOKS_DATED.search(block.text):
            yield block.text, "text"


def _in_list(node: LexborNode) -> bool:
    """Whether a date belongs to one of several teasers."""
    parent, depth = node.parent, 0
    while parent is not None and parent.is_element_node and depth < 6:
        names = f"{parent.attributes.get('class') or ''} {parent.attributes.get('id') or ''}"
        if parent.tag in ("aside", "nav", "footer", "li") or _TEASERS.search(names):
            return True
        parent, depth = parent.parent, depth + 1
    return False


def _stamp(node: LexborNode) -> str:
    return clean_line(
        node.attributes.get("datetime")
        or node.attributes.get("content")
        or node.text(deep=True, separator=" ")
    )[:200]


def url_dates(url: str) -> Iterator[str]:
    """`/2014/10/02/`, `/20141002/`, `-20141002101500` as `2014-10-02`."""
    path = unquote(urlsplit(url).path)
    for pattern in _URL_DATES:
        match = pattern.search(path)
        if match is not None:
            yield f"{match['year']}-{int(match['month']):02}-{int(match['day']):02}"
