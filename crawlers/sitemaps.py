"""Sitemaps (https://www.sitemaps.org/protocol.html, Google's news extension) → entries and child sitemaps.

Read as what they are found to be, not as what they are called: an urlset, an index, a plain list of addresses, a feed,
each of them gzipped or not. A document that declares entities is refused: no sitemap needs one, and bombs are made so.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from crawlers.feeds import parse_feed
from crawlers.plain import TITLE_LIMIT, plain_text
from crawlers.weburl import web_url
from resound.article import Entry, FoundDate
from resound.processing.dates import read_date
from resound.source import Sitemap

MAX_SITEMAP_BYTES = 10_000_000
"""After gunzip. The protocol allows 50 MB; what is beyond our bound is reported in `problem`."""
MAX_URLS = 50_000
"""The protocol's own bound."""


@dataclass(frozen=True, slots=True)
class ChildSitemap:
    """One line of an index. `changed` is its `lastmod`."""

    url: str
    changed: FoundDate | None = None


@dataclass(frozen=True, slots=True)
class ParsedSitemap:
    """What a sitemap lists. `problem` is empty or says in words what is wrong; entries may be there all the same."""

    entries: tuple[Entry, ...] = ()
    children: tuple[ChildSitemap, ...] = ()
    problem: str = ""

    @property
    def is_broken(self) -> bool:
        """Nothing can be had from it: this counts as a failed poll."""
        return bool(self.problem) and not self.entries and not self.children


def parse_sitemap(body: bytes, *, url: str, zone: ZoneInfo, now: datetime) -> ParsedSitemap:
    """Read a sitemap of any kind; never raises for what `body` holds. `zone` and `now` as for `parse_feed`."""
    problem = ""
    if body.startswith(b"\x1f\x8b"):
        body, problem = _gunzip(body)
    if len(body) > MAX_SITEMAP_BYTES:
        body, problem = (
            body[:MAX_SITEMAP_BYTES],
            "The sitemap is larger than 10 MB: only its beginning was read.",
        )
    if not body.strip():
        return ParsedSitemap(problem=problem or "The answer is empty: no sitemap was served.")
    start = body[:2_000].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not start.startswith(b"<"):
        return _with_problem(_parse_list(body, url=url), problem)
    if re.match(rb"(?i)(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)", start, re.DOTALL):
        return ParsedSitemap(problem="A web page was served in place of a sitemap.")
    if re.search(rb"<(?:rss|feed|rdf:RDF)[\s>]", start):
        feed = parse_feed(body, url=url, zone=zone, now=now)
        return ParsedSitemap(entries=feed.entries, problem=problem or feed.problem)
    if b"<!ENTITY" in body.replace(b"\0", b""):
        return ParsedSitemap(
            problem="The sitemap declares XML entities, which no sitemap needs: it was not read."
        )
    return _with_problem(_parse_xml(body, url=url, zone=zone, now=now), problem)


def expand_archive(sitemap: Sitemap, since: date, until: date) -> tuple[str, ...]:
    """The addresses of an archive template for a window of inclusive days, oldest first.

    `/news-{year}-{month}.xml` gives one address a month, `{month:02}` the same with two digits; `{day}` makes it daily.
    A sitemap that is no template gives its own address.
    """
    return tuple(expand_archive_days(sitemap, since, until)) if sitemap.is_archive else (sitemap.url,)


def expand_archive_days(sitemap: Sitemap, since: date, until: date) -> dict[str, tuple[date, date]]:
    """The same with the first and last day of the window that each address stands for."""
    if sitemap.since is not None:
        since = max(since, sitemap.since)
    days: dict[str, tuple[date, date]] = {}
    for offset in range((until - since).days + 1):
        day = since + timedelta(days=offset)
        url = _fill_template(sitemap.url, day)
        days[url] = (days[url][0] if url in days else day, day)
    return days


_TEMPLATE_FIELD = re.compile(r"\{(year|month|day)(?::0?([1-4])d?)?\}")


def _fill_template(template: str, day: date) -> str:
    # Not str.format: a template comes from a file, and `{year.__class__}` is nobody's month.
    return _TEMPLATE_FIELD.sub(
        lambda found: f"{getattr(day, found.group(1)):0{int(found.group(2) or 1)}d}", template
    )


# `news-2014-9.xml`, `/2014/09/`, `sitemap_201409.xml`, `2014-09-26`
_MONTH_IN_URL = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_/.]?(0[1-9]|1[0-2]|[1-9](?!\d))(?:[-_/.]?(0[1-9]|[12]\d|3[01])(?!\d))?(?!\d)"
)


def select_children(
    children: Iterable[ChildSitemap], since: date | None, until: date | None
) -> tuple[ChildSitemap, ...]:
    """The children that can hold an article of the window: by the month in their address, else by when they changed.

    Without a window every child is selected, newest change first, so that a bound on their number keeps the news.
    """
    kept = [child for child in children if _can_hold(child, since, until)]
    if since is None and until is None:
        kept.sort(key=lambda child: _day_of(child.changed) or date.min, reverse=True)
    return tuple(kept)


def _can_hold(child: ChildSitemap, since: date | None, until: date | None) -> bool:
    in_url = _MONTH_IN_URL.search(child.url)
    if in_url is not None:
        year, month = int(in_url.group(1)), int(in_url.group(2))
        first = date(year, month, 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        # A day to either side: the outlet's day and ours may differ, and files are cut at odd hours.
        return not (
            (until and first > until + timedelta(days=1)) or (since and last < since - timedelta(days=1))
        )
    changed = _day_of(child.changed)
    return not (since and changed and changed < since - timedelta(days=1))


def _day_of(found: FoundDate | None) -> date | None:
    if found is None:
        return None
    return found.at.date() if found.at is not None else found.day


def _with_problem(sitemap: ParsedSitemap, problem: str) -> ParsedSitemap:
    return ParsedSitemap(sitemap.entries, sitemap.children, problem) if problem else sitemap


def _gunzip(body: bytes) -> tuple[bytes, str]:
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(body, MAX_SITEMAP_BYTES)
    except zlib.error as err:
        return b"", f"The sitemap is damaged gzip ({err})."
    if inflater.unconsumed_tail:
        return plain, "The sitemap is larger than 10 MB: only its beginning was read."
    return plain, "" if inflater.eof else "The sitemap is cut off: its gzip stream has no end."


def _parse_list(body: bytes, *, url: str) -> ParsedSitemap:
    lines = body.decode("utf-8-sig", errors="replace").splitlines()
    filled = [line for line in lines if line.strip()]
    found = dict.fromkeys(
        address for line in filled[:MAX_URLS] if (address := _absolute(url, line)) is not None
    )
    entries = tuple(Entry(url=address) for address in found)
    if not entries:
        return ParsedSitemap(problem="This is not a sitemap: neither XML nor a list of addresses.")
    lost = sum(1 for line in filled if _absolute(url, line) is None)
    return ParsedSitemap(
        entries, problem=f"{lost} of {len(filled)} lines are no web address." if lost else ""
    )


def _absolute(url: str, line: str) -> str | None:
    # In a plain list every line is a whole address; a relative one would make any text a sitemap.
    return web_url(url, line) if re.match(r"\s*https?://", line, re.IGNORECASE) else None


def _parse_xml(body: bytes, *, url: str, zone: ZoneInfo, now: datetime) -> ParsedSitemap:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as err:  # ValueError: nothing but a declaration
        return ParsedSitemap(
            problem=f"The sitemap is not XML ({plain_text(str(err), is_html=False, limit=200)})."
        )
    kind = _local_name(root) if root is not None else ""
    if kind not in ("urlset", "sitemapindex"):
        return ParsedSitemap(
            problem=f"This is not a sitemap: its root element is <{kind or 'nothing'}>.".replace(
                "<", "‹"
            ).replace(">", "›")
        )
    read = [_read_row(row) for row in _rows(root)]
    kept = [(address, row) for row in read if (address := web_url(url, row.get("loc", ""))) is not None]
    problem = ""
    if parser.error_log and not kept:
        problem = "The sitemap is not well formed and nothing could be read from it."
    elif len(kept) < len(read):
        problem = f"{len(read) - len(kept)} of {len(read)} lines have no usable web address."
    elif parser.error_log:
        problem = f"The sitemap is not well formed ({plain_text(parser.error_log[0].message, is_html=False, limit=200)})."

    def found_date(raw: str | None) -> FoundDate | None:
        return read_date(raw[:100], zone=zone, origin="sitemap", fetched_at=now) if raw else None

    if kind == "sitemapindex":
        children = {address: ChildSitemap(address, found_date(row.get("lastmod"))) for address, row in kept}
        return ParsedSitemap(children=tuple(children.values()), problem=problem)
    entries = {
        address: Entry(
            url=address,
            title=plain_text(
                row.get("title", "")[: TITLE_LIMIT * 4],
                is_html="&" in row.get("title", ""),
                limit=TITLE_LIMIT,
            ),
            published=found_date(row.get("publication_date")),
            updated=found_date(row.get("lastmod")),
            language=(row.get("language") or None),
        )
        for address, row in kept
    }
    return ParsedSitemap(entries=tuple(entries.values()), problem=problem)


def _rows(root: Any) -> Iterator[Any]:
    for count, child in enumerate(root):
        if count >= MAX_URLS:
            return
        if isinstance(child.tag, str) and _local_name(child) in ("url", "sitemap"):
            yield child


def _read_row(row: Any) -> dict[str, str]:
    """The texts that matter. Only the row's own children and those of `news:news`: `image:loc` is no article."""
    found: dict[str, str] = {}
    for child in row:
        name = _local_name(child)
        if name in ("loc", "lastmod"):
            found.setdefault(name, (child.text or "").strip())
        elif name == "news":
            for part in child.iter():
                if _local_name(part) in ("title", "publication_date", "language"):
                    found.setdefault(_local_name(part), (part.text or "").strip())
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", found.get("language", "")):
        found.pop("language", None)
    return found


def _local_name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
