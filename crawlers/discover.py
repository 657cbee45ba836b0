"""Trying every channel of a source once, and looking for feeds that its home page names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from selectolax.lexbor import LexborHTMLParser

from crawlers.feeds import parse_feed
from crawlers.fetch import fetch_many
from crawlers.guard import FetchRules
from crawlers.listings import parse_listing
from crawlers.plan import newest_moment
from crawlers.sitemaps import expand_archive, parse_sitemap
from crawlers.weburl import web_url
from resound.article import Entry, RawPage
from resound.errors import FetchError
from resound.source import Listing, Source

Kind = Literal["feed", "sitemap", "archive", "listing", "home"]

# <link rel="alternate" type="application/rss+xml" href="/rss.xml">
_FEED_LINKS = ", ".join(
    f'link[rel~="alternate"][type="{kind}"][href]'
    for kind in ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/json")
)
MAX_FOUND = 20


@dataclass(frozen=True, slots=True)
class ChannelCheck:
    """What one address answered. `proven` is what the source file says; a feed that was only found is not."""

    source: str
    url: str
    kind: Kind
    proven: bool
    ok: bool
    sentence: str
    entries: int = 0
    newest: date | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "newest": self.newest.isoformat() if self.newest else None}


def check_sources(sources: Iterable[Source], rules: FetchRules, *, now: datetime) -> Iterator[ChannelCheck]:
    """Try every channel, proven or not, and the feeds that home pages name and the source does not. Stores nothing."""
    checks = [(source, check, listing) for source in sources for check, listing in _planned(source, now)]
    found: list[tuple[Source, ChannelCheck, Listing | None]] = []
    answers = fetch_many([check.url for _, check, _ in checks], rules)
    for (source, check, listing), answer in zip(checks, answers, strict=True):
        if check.kind == "home":
            found += [(source, one, None) for one in _named_feeds(source, answer)]
        else:
            yield judge_channel(check, answer, source=source, listing=listing, now=now)
    answers = fetch_many([check.url for _, check, _ in found], rules)
    for (source, check, _), answer in zip(found, answers, strict=True):
        yield judge_channel(check, answer, source=source, listing=None, now=now)


def judge_channel(
    check: ChannelCheck,
    answer: RawPage | FetchError,
    *,
    source: Source,
    listing: Listing | None,
    now: datetime,
) -> ChannelCheck:
    """What an answer says of a channel, in words."""
    if isinstance(answer, FetchError):
        return replace(check, ok=False, sentence=str(answer))
    if answer.status != 200:
        return replace(check, ok=False, sentence=f"The server answers HTTP {answer.status}.")
    entries, children, problem = _read(check, answer, source=source, listing=listing, now=now)
    newest = newest_moment(entries, source.zone)
    day = newest.astimezone(source.zone).date() if newest is not None else None
    if not entries and not children:
        return replace(check, ok=not problem, sentence=problem or "It works, and lists nothing at present.")
    what = f"{len(entries)} entries" if entries else f"an index of {children} sitemaps"
    told = f"It works: {what}" + (f", the newest of {day}" if day else "") + "."
    moved = f" It moved to {answer.final_url}." if answer.final_url != check.url else ""
    return replace(
        check,
        ok=True,
        sentence=f"{told}{moved}" + (f" {problem}" if problem else ""),
        entries=len(entries),
        newest=day,
    )


def _planned(source: Source, now: datetime) -> Iterator[tuple[ChannelCheck, Listing | None]]:
    def check(url: str, kind: Kind, *, proven: bool) -> ChannelCheck:
        return ChannelCheck(source.id, url, kind, proven, ok=False, sentence="")

    for feed in source.feeds:
        yield check(feed.url, "feed", proven=feed.proven), None
    for sitemap in source.sitemaps:
        if sitemap.is_archive:
            today = now.astimezone(source.zone).date()
            month = expand_archive(sitemap, today.replace(day=1), today)
            if month:
                yield check(month[0], "archive", proven=sitemap.proven), None
        else:
            yield check(sitemap.url, "sitemap", proven=sitemap.proven), None
    for listing in source.listings:
        yield check(listing.url, "listing", proven=listing.proven), listing
    if not source.by_hand:
        yield check(source.home, "home", proven=True), None


def _named_feeds(source: Source, answer: RawPage | FetchError) -> list[ChannelCheck]:
    """Feeds that the home page names and the source file does not."""
    if isinstance(answer, FetchError) or answer.status != 200:
        return []
    from crawlers.extract import decode  # late: it brings the extraction libraries

    known = {one.url for one in source.feeds}
    text, _, _ = decode(answer.body, answer.headers)
    links = [node.attributes.get("href") or "" for node in LexborHTMLParser(text).css(_FEED_LINKS)]
    urls = dict.fromkeys(url for link in links if (url := web_url(answer.final_url, link)) is not None)
    return [
        ChannelCheck(source.id, url, "feed", proven=False, ok=False, sentence="")
        for url in list(urls)[:MAX_FOUND]
        if url not in known
    ]


def _read(
    check: ChannelCheck, page: RawPage, *, source: Source, listing: Listing | None, now: datetime
) -> tuple[tuple[Entry, ...], int, str]:
    """Entries, how many children, and what is wrong."""
    kind = next((value for name, value in page.headers.items() if name.lower() == "content-type"), "")
    if listing is not None:
        found = parse_listing(
            page.body, url=page.final_url, listing=listing, zone=source.zone, now=now, content_type=kind
        )
        return found.entries, 0, found.problem
    if check.kind == "feed":
        feed = parse_feed(page.body, url=page.final_url, content_type=kind, zone=source.zone, now=now)
        return feed.entries, 0, feed.problem
    sitemap = parse_sitemap(page.body, url=page.final_url, zone=source.zone, now=now)
    return sitemap.entries, len(sitemap.children), sitemap.problem
