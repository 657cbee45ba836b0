"""Subscription lists (OPML 2.0, http://opml.org/spec2.opml): feeds in from a reader, feeds out to one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import listparser

from crawlers.drafts import write_draft
from crawlers.plain import TITLE_LIMIT, plain_text
from crawlers.weburl import web_url
from resound.errors import DefinitionError
from resound.source import Source

MAX_OPML_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """One line of a subscription list: plain text, an http or https address."""

    url: str
    title: str = ""
    folders: tuple[str, ...] = ()
    """The folders that it lies in, outermost first."""


@dataclass(frozen=True, slots=True)
class OpmlImport:
    """What a list says. `skipped` holds a sentence for each line that is no feed we can read."""

    feeds: tuple[OpmlFeed, ...]
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpmlPlan:
    """A list held against the sources that are known: nothing is lost, each feed stands in exactly one place."""

    known: tuple[OpmlFeed, ...]
    """Already a channel of a source."""
    additions: tuple[tuple[str, OpmlFeed], ...]
    """(source id, feed): a new feed on a host of that source."""
    unknown: tuple[OpmlFeed, ...]
    """On a host that no source has: a person writes the source first (name, owner, country)."""


def read_opml(body: bytes) -> OpmlImport:
    """The feeds of a subscription list, each address once.

    Raises:
        DefinitionError: `body` is not a subscription list.
    """
    if len(body) > MAX_OPML_BYTES:
        raise DefinitionError("The subscription list is larger than 5 MB: this is not an OPML file of feeds.")
    if b"<!ENTITY" in body.replace(b"\0", b""):
        raise DefinitionError("The subscription list declares XML entities; export it again without them.")
    # Bytes, never a string: listparser would fetch a string that begins with http.
    parsed = listparser.parse(body)
    if not parsed.version and not parsed.feeds:
        raise DefinitionError(
            "This is not an OPML subscription list: no <opml> element with feeds was found."
        )
    feeds: dict[str, OpmlFeed] = {}
    skipped = []
    for feed in parsed.feeds:
        title = plain_text(str(feed.get("title") or ""), is_html=True, limit=TITLE_LIMIT)
        address = web_url("", str(feed.get("url") or ""))
        if address is None:
            skipped.append(f"{title or 'A line without a name'}: its address is not a web address.")
            continue
        folders = next(iter(feed.get("categories") or ()), ())
        names = tuple(plain_text(str(name), is_html=True, limit=200) for name in folders)
        feeds.setdefault(address, OpmlFeed(address, title, tuple(name for name in names if name)))
    return OpmlImport(tuple(feeds.values()), tuple(skipped))


def plan_import(feeds: Iterable[OpmlFeed], sources: Iterable[Source]) -> OpmlPlan:
    """Hold a list against the known sources. Pure; the caller applies `additions`."""
    by_url: set[str] = set()
    by_host: dict[str, str] = {}
    for source in sources:
        by_url |= {feed.url for feed in source.feeds}
        for edition in source.editions:
            by_host.update(dict.fromkeys(map(_bare, edition.hosts), source.id))
    known, additions, unknown = [], [], []
    for feed in feeds:
        owner = by_host.get(_bare(urlsplit(feed.url).netloc))
        if feed.url in by_url:
            known.append(feed)
        elif owner is not None:
            additions.append((owner, feed))
        else:
            unknown.append(feed)
    return OpmlPlan(tuple(known), tuple(additions), tuple(unknown))


def write_opml(sources: Iterable[Source], *, title: str = "Resound sources") -> bytes:
    """The feeds of `sources` as OPML 2.0, a folder per country and one per outlet in it; sorted, so that files compare."""
    root = ElementTree.Element("opml", version="2.0")
    ElementTree.SubElement(ElementTree.SubElement(root, "head"), "title").text = title
    body = ElementTree.SubElement(root, "body")
    countries: dict[str, ElementTree.Element] = {}
    for source in sorted(sources, key=lambda each: (each.country, each.id)):
        if not source.feeds:
            continue
        if source.country not in countries:
            countries[source.country] = ElementTree.SubElement(body, "outline", text=source.country)
        name = source.names.best("en")
        outlet = ElementTree.SubElement(countries[source.country], "outline", text=name)
        for feed in source.feeds:
            attributes = {
                "type": "rss",
                "text": name,
                "title": name,
                "xmlUrl": feed.url,
                "htmlUrl": source.home,
            }
            language = next(
                (edition.language for edition in source.editions if edition.id == feed.edition), None
            )
            ElementTree.SubElement(
                outlet, "outline", attributes | ({"language": language} if language else {})
            )
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def dump_opml(sources: Iterable[Source]) -> str:
    """`write_opml` as text."""
    return write_opml(sources).decode("utf-8")


def write_sources(path: Path, into: Path) -> list[Path]:
    """Turn a subscription list into source files, one for each site, to be completed by a person. Returns those written.

    A file that is there already is left alone: a second import adds nothing and overwrites nothing.

    Raises:
        DefinitionError: `path` cannot be read or is not a subscription list.
    """
    try:
        feeds = read_opml(path.read_bytes()).feeds
    except OSError as err:
        raise DefinitionError(f"The subscription list {path} cannot be read: {err.strerror}.") from err
    sites: dict[str, list[OpmlFeed]] = {}
    for feed in feeds:
        sites.setdefault(_bare(urlsplit(feed.url).netloc), []).append(feed)
    into.mkdir(parents=True, exist_ok=True)
    written = []
    for host, found in sorted(sites.items()):
        key = re.sub(r"[^a-z0-9]+", "-", host).strip("-")[:80].strip("-")
        target = into / f"{key}.yml"
        if not target.exists():
            target.write_text(_stub(key, host, found), encoding="utf-8")
            written.append(target)
    return written


def _stub(key: str, host: str, feeds: Sequence[OpmlFeed]) -> str:
    """A valid source file whose guesses are marked as such."""
    title = next((feed.title for feed in feeds if feed.title), host)
    source = Source.model_validate(
        {
            "id": key,
            "names": {"en": title},
            "home": f"{urlsplit(feeds[0].url).scheme}://{host}/",
            "owner": {"id": key, "name": title},
            "country": "ZZ",
            "editions": [{"id": "main", "language": "und", "hosts": [host]}],
            "timezone": "UTC",
            "feeds": [{"url": feed.url, "edition": "main", "proven": False} for feed in feeds],
        }
    )
    return write_draft(source, came_from="From a subscription list.")


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")
