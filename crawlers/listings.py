"""A page that lists articles → entries, by the CSS selectors of its source's YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from crawlers.plain import TITLE_LIMIT, plain_text
from crawlers.weburl import web_url
from resound.article import Entry, FoundDate
from resound.processing.dates import read_date
from resound.source import Listing

MAX_LINKS = 1_000


@dataclass(frozen=True, slots=True)
class ParsedListing:
    """What a listing page shows. A page on which the selector finds nothing is a `problem`: designs change."""

    entries: tuple[Entry, ...] = ()
    next_page: str | None = None
    problem: str = ""

    @property
    def is_broken(self) -> bool:
        """Nothing can be had from it: this counts as a failed poll."""
        return bool(self.problem) and not self.entries


def parse_listing(
    body: bytes, *, url: str, listing: Listing, zone: ZoneInfo, now: datetime, content_type: str = ""
) -> ParsedListing:
    """Read one page of a listing; never raises for what `body` holds. `zone` and `now` as for `parse_feed`."""
    from crawlers.extract import decode  # late: it brings the extraction libraries

    text, _, _ = decode(body, {"content-type": content_type} if content_type else {})
    tree = LexborHTMLParser(text)
    base_node = tree.css_first("base[href]")
    base = web_url(url, (base_node.attributes.get("href") or "") if base_node is not None else "") or url
    try:
        anchors = [node for node in map(_anchor_of, tree.css(listing.links)) if node is not None][:MAX_LINKS]
        date_nodes = tree.css(listing.dates)[:MAX_LINKS] if listing.dates else []
        next_node = tree.css_first(listing.next_page) if listing.next_page else None
    except (SelectolaxError, ValueError) as err:
        return ParsedListing(problem=f"A selector of this listing is not valid CSS ({err}).")
    found = [(node, web_url(base, node.attributes.get("href") or "")) for node in anchors]
    dates, problem = _dates_by_url(found, date_nodes, zone=zone, now=now)
    titles: dict[str, str] = {}
    for node, address in found:
        if address is not None:
            # A picture and a headline often link to the same article: the longer text is the headline.
            titles[address] = max(titles.get(address, ""), _text_of(node), key=len)
    entries = tuple(
        Entry(url=address, title=title, published=dates.get(address)) for address, title in titles.items()
    )
    if not entries:
        problem = (
            f"The selector `{listing.links}` finds no article on this page: its design may have changed."
        )
    return ParsedListing(entries, _next_page(next_node, base=base, page=url), problem)


def _anchor_of(node: LexborNode) -> LexborNode | None:
    if node.tag == "a":
        return node
    inside = node.css_first("a[href]")
    if inside is not None:
        return inside
    parent = node.parent
    return parent if parent is not None and parent.tag == "a" else None


def _text_of(node: LexborNode) -> str:
    title = plain_text(node.text(deep=True, separator=""), is_html=False, limit=TITLE_LIMIT)
    return title or plain_text(node.attributes.get("title") or "", is_html=False, limit=TITLE_LIMIT)


def _dates_by_url(
    found: list[tuple[LexborNode, str | None]], nodes: list[LexborNode], *, zone: ZoneInfo, now: datetime
) -> tuple[dict[str, FoundDate], str]:
    """Dates pair with links by order: with every link, or with every distinct address. Else none is used."""
    if not nodes:
        return {}, ""
    every = [address for _, address in found]
    distinct = list(dict.fromkeys(every))
    addresses = every if len(every) == len(nodes) else distinct
    if len(addresses) != len(nodes):
        return {}, f"{len(distinct)} links but {len(nodes)} dates on this page: the dates were not used."
    dates: dict[str, FoundDate] = {}
    for address, node in zip(addresses, nodes, strict=True):
        stamp = node.attributes.get("datetime")
        raw = stamp or plain_text(node.text(deep=True, separator=" "), is_html=False, limit=100)
        if address is None or not raw:
            continue
        date = read_date(raw[:100], zone=zone, origin="time-tag" if stamp else "text", fetched_at=now)
        if date is not None:
            dates.setdefault(address, date)
    return dates, ""


def _next_page(node: LexborNode | None, *, base: str, page: str) -> str | None:
    anchor = _anchor_of(node) if node is not None else None
    address = web_url(base, anchor.attributes.get("href") or "") if anchor is not None else None
    if address is None or address == re.sub(r"#.*", "", page):
        return None
    return address if urlsplit(address).hostname == urlsplit(page).hostname else None
