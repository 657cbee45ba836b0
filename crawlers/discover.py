"""Trying every channel of a source once, and looking for feeds that its home page names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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
from resound.told import Told
from resound.watching.crawl_words import ENTRIES, INDEX, MOVED, NEWEST, NOTHING, recognise

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
    ok: bool = False
    problem: str = ""
    """In words: why it does not work or, where it does, what is odd about it."""
    entries: int = 0
    children: int = 0
    """Of an index of sitemaps."""
    newest: date | None = None
    moved_to: str = ""
    is_found: bool = False
    """The home page names it and the source does not."""

    @property
    def sentence(self) -> Told:
        """What it answered."""
        if not self.ok:
            return recognise(self.problem)
        what: Told = Told(NOTHING)
        if self.entries and self.newest is not None:
            what = Told(NEWEST, count=self.entries, day=self.newest)
        elif self.entries:
            what = Told(ENTRIES, count=self.entries)
        elif self.children:
            what = Told(INDEX, count=self.children)
        if self.moved_to:
            what = Told("%(what)s %(moved)s", what=what, moved=Told(MOVED, url=self.moved_to))
        if self.problem:
            what = Told("%(what)s %(odd)s", what=what, odd=recognise(self.problem))
        return what

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        names = ("source", "url", "kind", "proven", "ok", "sentence", "entries")
        return {
            **{name: getattr(self, name) for name in names},
            "newest": self.newest.isoformat() if self.newest else None,
        }


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
        return replace(check, ok=False, problem=str(answer))
    if answer.status != 200:
        return replace(check, ok=False, problem=f"The server answers HTTP {answer.status}.")
    entries, children, problem = _read(check, answer, source=source, listing=listing, now=now)
    newest = newest_moment(entries, source.zone)
    return replace(
        check,
        ok=bool(entries or children or not problem),
        problem=problem,
        entries=len(entries),
        children=children,
        newest=newest.astimezone(source.zone).date() if newest is not None else None,
        moved_to=answer.final_url if answer.final_url != check.url else "",
    )


def _planned(source: Source, now: datetime) -> Iterator[tuple[ChannelCheck, Listing | None]]:
    def check(url: str, kind: Kind, *, proven: bool) -> ChannelCheck:
        return ChannelCheck(source.id, url, kind, proven)

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
    known = {one.url for one in source.feeds}
    return [
        ChannelCheck(source.id, url, "feed", proven=False, is_found=True)
        for url in linked_feeds(answer)[:MAX_FOUND]
        if url not in known
    ]


def linked_feeds(page: RawPage) -> list[str]:
    """The feeds that a page names in its head, each once."""
    from crawlers.extract import decode  # late: it brings the extraction libraries

    text, _, _ = decode(page.body, page.headers)
    links = [node.attributes.get("href") or "" for node in LexborHTMLParser(text).css(_FEED_LINKS)]
    return list(dict.fromkeys(url for link in links if (url := web_url(page.final_url, link)) is not None))


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
