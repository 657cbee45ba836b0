"""From an address (a home page, a section, a feed) to what a source's definition may say, for a person to complete.

Looked at, in this order: the address itself, the site's home page and robots.txt; then the feeds that those pages name
in their heads, or else link to, or else the usual places; and the sitemaps that robots.txt names. Nothing is stored.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

from crawlers.discover import ChannelCheck, judge_channel, linked_feeds
from crawlers.feeds import ParsedFeed, parse_feed
from crawlers.fetch import fetch_many
from crawlers.guard import FetchRules, check_url
from crawlers.plain import plain_text
from crawlers.weburl import web_url
from resound.article import RawPage
from resound.errors import FetchError
from resound.source import Edition, Owner, Source
from resound.urls import host_of, registered_site

MAX_FEEDS = 20
MAX_SITEMAPS = 8
USUAL_FEEDS = ("rss", "rss.xml", "feed", "feed.xml", "atom.xml", "index.xml", "feed.json", "rss/home.rss")
USUAL_SITEMAPS = ("sitemap.xml", "news-sitemap.xml", "sitemap-news.xml")
# <a href="/rss/the-gioi.rss">, <a href="/feed/">, <a href="https://x.example/rss/politics">
_LOOKS_LIKE_A_FEED = re.compile(
    r"(?:\.rss|/(?:rss|feed|atom)(?:\.xml|\.json)?|/rss/[^?#]{1,80})/?(?:\?[^#]*)?$", re.I
)
_SITEMAP_LINE = re.compile(r"(?im)^\s*sitemap\s*:\s*(\S+)")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_NAME_PARTS = re.compile(r"\s+[|–—»-]\s+|\s*[｜:：]\s*")
# Country-code domains that are not the country's code, or that anybody may have.
_DOMAINS = {"uk": "GB", "tv": "", "io": "", "co": "", "ai": "", "me": "", "eu": ""}
ZONES: Mapping[str, str] = {
    "TW": "Asia/Taipei",
    "VN": "Asia/Ho_Chi_Minh",
    "JP": "Asia/Tokyo",
    "KR": "Asia/Seoul",
    "TH": "Asia/Bangkok",
    "PH": "Asia/Manila",
    "MY": "Asia/Kuala_Lumpur",
    "SG": "Asia/Singapore",
    "ID": "Asia/Jakarta",
    "IN": "Asia/Kolkata",
    "KH": "Asia/Phnom_Penh",
    "LA": "Asia/Vientiane",
    "MN": "Asia/Ulaanbaatar",
    "NP": "Asia/Kathmandu",
    "PK": "Asia/Karachi",
    "LK": "Asia/Colombo",
    "BD": "Asia/Dhaka",
    "FJ": "Pacific/Fiji",
    "HK": "Asia/Hong_Kong",
    "IR": "Asia/Tehran",
    "TR": "Europe/Istanbul",
    "CN": "Asia/Shanghai",
}
"""The zones of the APO's member economies (and China): one each is right, or near enough to begin with."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What was found at a site. Empty where it is not known: a person fills it in.

    `language` is BCP-47 (`zh-Hant`); `hosts` are those of the site and of the articles in its feeds.
    """

    home: str
    name: str
    language: str
    country: str
    timezone: str
    hosts: tuple[str, ...]
    channels: tuple[ChannelCheck, ...]
    """Feeds, then sitemaps, each in the order in which they were found; what does not work among them."""

    def working(self, kind: str) -> list[ChannelCheck]:
        """The channels of a kind that answered."""
        return [one for one in self.channels if one.ok and one.kind == kind]


def suggest_source(address: str, rules: FetchRules, *, now: datetime, seconds: float = 120.0) -> Suggestion:
    """Look at a site. `seconds` bounds the whole, but for the fetch that is under way then.

    Raises:
        FetchError: the address is none, may not be connected to, or does not answer; the sentence says why.
        ResoundError: the process that fetches died.
    """
    url = _read_address(address)
    check_url(url, rules)
    fetching = _Fetching(rules, time.monotonic() + seconds)
    pages = fetching.get([url, *_beside(url)])
    first = pages[url]
    if isinstance(first, FetchError) and "://" not in address:
        url = url.replace("https:", "http:", 1)  # nobody said https
        pages |= fetching.get([url, *_beside(url)])
        first = pages[url]
    if isinstance(first, FetchError):
        raise first
    if first.status != 200:
        raise FetchError(f"The server answers HTTP {first.status}.", reason="http-status")
    return _Site(url, first, pages, now).look_around(fetching)


def draft_source(found: Suggestion, taken: Iterable[str] = ()) -> Source:
    """A valid definition of what was found; what is not known is marked as such (country ZZ, language und, UTC)."""
    host = urlsplit(found.home).netloc.lower()
    key = re.sub(r"[^a-z0-9]+", "-", host.removeprefix("www.")).strip("-")[:70].strip("-") or "source"
    known = set(taken)
    unlike = next(one for one in (key, *(f"{key}-{n}" for n in range(2, len(known) + 3))) if one not in known)
    language = found.language or "und"
    name = found.name or host
    return Source.model_validate(
        {
            "id": unlike,
            "names": {language if language in ("zh-Hant", "vi") else "en": name},
            "home": found.home,
            "owner": Owner(id=unlike, name=name),
            "country": found.country or "ZZ",
            "timezone": found.timezone or "UTC",
            "editions": (Edition(id="main", language=language, hosts=found.hosts),),
            "feeds": [{"url": one.moved_to or one.url, "edition": "main"} for one in found.working("feed")],
            "sitemaps": [{"url": one.url, "edition": "main"} for one in found.working("sitemap")],
        }
    )


class _Fetching:
    """Fetches until time runs out; what is asked then is answered so."""

    def __init__(self, rules: FetchRules, end: float) -> None:
        self.rules = rules
        self.end = end

    def get(self, urls: Iterable[str]) -> dict[str, RawPage | FetchError]:
        wanted = list(dict.fromkeys(urls))
        found: dict[str, RawPage | FetchError] = {}
        with closing(fetch_many(wanted, self.rules)) as answers:
            for url in wanted:
                if time.monotonic() >= self.end:
                    break
                found[url] = next(answers)
        late = FetchError("There was no time left to look at it.", reason="timeout")
        return {url: found.get(url, late) for url in wanted}


@dataclass
class _Site:
    """One site while it is looked at."""

    address: str
    first: RawPage
    pages: dict[str, RawPage | FetchError]
    now: datetime
    feeds: dict[str, ParsedFeed] = field(default_factory=dict)

    def look_around(self, fetching: _Fetching) -> Suggestion:
        """Fetch what may be feeds and sitemaps, and say what they are."""
        origin = _origin(self.first.final_url)
        fetched = self._parse_feed(self.first)
        home = f"{origin}/" if fetched is not None or not _is_page(self.first) else self.first.final_url
        if home not in self.pages and home != self.first.final_url:
            self.pages |= fetching.get([home, *(_beside(home))])
        named = self._named_feeds()
        if fetched is not None:
            named = [self.first.final_url, *named]
        answers = fetching.get(named[:MAX_FEEDS])
        linked = [url for page in answers.values() for url in self._links_of(page)][:MAX_FEEDS]
        answers |= fetching.get(url for url in linked if url not in answers)
        sitemaps = list(dict.fromkeys(self._named_sitemaps()))[:MAX_SITEMAPS]
        is_poor = not any(self._parse_feed(page) for page in answers.values())
        usual = [f"{origin}/{path}" for path in USUAL_FEEDS] if is_poor else []
        guessed = [f"{origin}/{path}" for path in USUAL_SITEMAPS] if not sitemaps else []
        answers |= fetching.get(url for url in (*usual, *sitemaps, *guessed) if url not in answers)
        draft = _draft(home, self.first)
        channels = [
            *self._judge("feed", (*named[:MAX_FEEDS], *linked), answers, draft),
            *(one for one in self._judge("feed", usual, answers, draft) if one.ok),
            *self._judge("sitemap", sitemaps, answers, draft),
            *(one for one in self._judge("sitemap", guessed, answers, draft) if one.ok),
        ]
        self.feeds = {
            url: feed for url, page in answers.items() if (feed := self._parse_feed(page)) is not None
        }
        return self._conclude(home, _without_pages(_each_once(channels), answers))

    def _conclude(self, home: str, channels: tuple[ChannelCheck, ...]) -> Suggestion:
        page = self.pages.get(home, self.first)
        if isinstance(page, FetchError) or not _is_page(page):
            page = self.first
        name, declared = _read_head(page)
        feeds = [self.feeds[one.url] for one in channels if one.ok and one.url in self.feeds]
        declared = declared or next((feed.language for feed in feeds if feed.language), None) or ""
        titles = [entry.title for feed in feeds for entry in feed.entries[:30]]
        country = _country_of(host_of(home))
        hosts = [urlsplit(home).netloc.lower()]
        site = registered_site(host_of(home))
        for feed in feeds:
            hosts += [
                urlsplit(entry.url).netloc.lower()
                for entry in feed.entries
                if registered_site(host_of(entry.url)) == site
            ]
        return Suggestion(
            home=home,
            name=name or next((feed.title for feed in feeds if feed.title), ""),
            language=_language_of(" . ".join(titles) or name, declared.replace("_", "-") or None),
            country=country,
            timezone=ZONES.get(country, ""),
            hosts=tuple(dict.fromkeys(hosts))[:10],
            channels=channels,
        )

    def _named_feeds(self) -> list[str]:
        """Feeds in the heads of the pages that were fetched, else links that look like feeds."""
        pages = [one for one in self.pages.values() if isinstance(one, RawPage) and _is_page(one)]
        named = [url for page in pages for url in linked_feeds(page)]
        return list(dict.fromkeys(named or [url for page in pages for url in self._links_of(page)]))

    def _links_of(self, page: RawPage | FetchError) -> list[str]:
        """Links of a page of the same site that look like feeds: many papers have a page that lists theirs."""
        if isinstance(page, FetchError) or not _is_page(page):
            return []
        tree = LexborHTMLParser(_text(page))
        site = registered_site(host_of(page.final_url))
        found = []
        for node in tree.css("a[href]")[:3_000]:
            url = web_url(page.final_url, node.attributes.get("href") or "")
            if url and _LOOKS_LIKE_A_FEED.search(url) and registered_site(host_of(url)) == site:
                found.append(url)
        return list(dict.fromkeys(found))

    def _named_sitemaps(self) -> Iterator[str]:
        for url, page in self.pages.items():
            if url.endswith("/robots.txt") and isinstance(page, RawPage) and page.status == 200:
                for line in _SITEMAP_LINE.findall(page.body[:500_000].decode("utf-8", "replace")):
                    address = web_url(page.final_url, line)
                    if address is not None:
                        yield address

    def _parse_feed(self, page: RawPage | FetchError) -> ParsedFeed | None:
        if isinstance(page, FetchError) or page.status != 200 or _is_page(page):
            return None
        feed = parse_feed(
            page.body, url=page.final_url, content_type=_kind(page), zone=ZoneInfo("UTC"), now=self.now
        )
        return None if feed.is_broken or not (feed.entries or feed.title) else feed

    def _judge(
        self, kind: str, urls: Iterable[str], answers: Mapping[str, RawPage | FetchError], draft: Source
    ) -> Iterator[ChannelCheck]:
        for url in urls:
            check = ChannelCheck(draft.id, url, "feed" if kind == "feed" else "sitemap", proven=False)
            yield judge_channel(check, answers[url], source=draft, listing=None, now=self.now)


def _read_address(address: str) -> str:
    written = address.strip()
    url = web_url("", written if "://" in written else f"https://{written}")
    if url is None or "." not in urlsplit(url).netloc:
        raise FetchError(
            f"{written[:200]!r} is no web address (expected one such as https://www.news.example/).",
            reason="bad-url",
        )
    return url if urlsplit(url).path else f"{url}/"


def _beside(url: str) -> tuple[str, ...]:
    """What is looked at besides an address."""
    origin = _origin(url)
    return (f"{origin}/", f"{origin}/robots.txt")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _kind(page: RawPage) -> str:
    return next((value for name, value in page.headers.items() if name.lower() == "content-type"), "")


def _is_page(page: RawPage) -> bool:
    """A web page, by what it is rather than by what it is called."""
    start = page.body[:2_000].lstrip().lower()
    return page.status == 200 and (b"<html" in start or b"<!doctype html" in start or b"<head" in start)


def _text(page: RawPage) -> str:
    from crawlers.extract import decode  # late: it brings the extraction libraries

    return decode(page.body, page.headers)[0]


def _read_head(page: RawPage) -> tuple[str, str | None]:
    """(the site's name, the language that it declares) of a page."""
    if not _is_page(page):
        return "", None
    tree = LexborHTMLParser(_text(page))
    site = tree.css_first('meta[property="og:site_name"][content], meta[name="application-name"][content]')
    name = (site.attributes.get("content") or "") if site is not None else ""
    title = tree.css_first("title")
    if not name.strip() and title is not None:
        name = _NAME_PARTS.split(title.text())[0]
    html = tree.css_first("html[lang]")
    declared = (html.attributes.get("lang") or "").strip() if html is not None else ""
    return (
        plain_text(name, is_html=False, limit=120),
        declared if _LANGUAGE_TAG.fullmatch(declared) else None,
    )


def _language_of(text: str, declared: str | None) -> str:
    """What the headlines are written in; what is declared where they say nothing."""
    from nlp.language import detect_language  # late: it loads the language libraries

    guess = detect_language(text, declared)
    return "" if guess.tag == "und" else guess.tag


def _country_of(host: str) -> str:
    ending = host.rpartition(".")[2]
    return _DOMAINS.get(ending, ending.upper()) if re.fullmatch(r"[a-z]{2}", ending) else ""


def _draft(home: str, page: RawPage) -> Source:
    """Just enough of a source to judge its channels by."""
    zone = ZONES.get(_country_of(host_of(page.final_url)), "UTC")
    host = urlsplit(home).netloc.lower()
    return Source.model_validate(
        {
            "id": "suggestion",
            "names": {"en": host},
            "home": home,
            "owner": {"id": "unknown", "name": host},
            "country": "ZZ",
            "timezone": zone,
            "editions": [{"id": "main", "language": "und", "hosts": [host]}],
        }
    )


def _each_once(channels: Iterable[ChannelCheck]) -> list[ChannelCheck]:
    """Each address once, also where two lead to the same one."""
    found: dict[str, ChannelCheck] = {}
    for one in channels:
        found.setdefault(one.moved_to or one.url, one)
    return list(found.values())


def _without_pages(
    channels: Iterable[ChannelCheck], answers: Mapping[str, RawPage | FetchError]
) -> tuple[ChannelCheck, ...]:
    """Without pages that only list feeds: they were followed, and are no feeds that failed."""
    kept = []
    for one in channels:
        page = answers[one.url]
        if one.ok or isinstance(page, FetchError) or not _is_page(page):
            kept.append(replace(one, source=""))
    return tuple(kept)
