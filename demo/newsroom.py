"""The demo's sites, built from `demo/pages/*.yml`: one file an outlet, with its design and its articles.

Everything is invented for this project. Fields of a site: `host`, `outlet`, `language`, `charset`, `design`, `feed`
(rss, atom, json or none), `sitemap`, `listing`, `zone` (its offset). Fields of an article: `path`, `title`, `date`
(local), `shown` (the date as the page writes it), `byline`, `section`, `body` (paragraphs parted by blank lines) or
`text` (a shared one of `texts.yml`), `captions`, `sidebar`, `comments`, `edits` (later editions), `twins`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PAGES = Path(__file__).parent / "pages"
EDITIONS = 3
"""How often the newsroom comes out during the demo: an article is edited twice."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One state of an article's text."""

    title: str
    paragraphs: tuple[str, ...]
    updated: str | None


@dataclass(frozen=True, slots=True)
class Article:
    """One page of a site. `date` is None where the page says none at all."""

    path: str
    date: datetime | None
    shown: str
    byline: str
    section: str
    editions: tuple[Edition, ...]
    captions: tuple[str, ...] = ()
    sidebar: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    in_feed: bool = True
    trick: str = ""

    def at(self, edition: int) -> Edition:
        """The text that is out in an edition of the newsroom."""
        return self.editions[min(edition, len(self.editions) - 1)]


@dataclass(frozen=True, slots=True)
class Site:
    """One host. `links` are addresses that its feed lists beside its own articles."""

    host: str
    name: str
    language: str
    design: str
    charset: str
    feed: str
    zone: timezone
    sitemap: bool
    listing: bool
    articles: tuple[Article, ...]
    links: tuple[Mapping[str, str], ...] = ()
    trick: str = ""
    robots: str = ""
    menu: tuple[str, ...] = field(default=())

    def find(self, path: str) -> Article | None:
        """The article at a path, or at one of its twins'."""
        return next((one for one in self.articles if path == one.path or path in one.twins), None)


@lru_cache(maxsize=1)
def load_sites() -> Mapping[str, Site]:
    """host → site, from all files."""
    yaml = YAML(typ="safe")
    shared = yaml.load((PAGES / "texts.yml").read_text(encoding="utf-8"))
    found: dict[str, Site] = {}
    for path in sorted(PAGES.glob("*.yml")):
        if path.name != "texts.yml":
            for raw in yaml.load_all(path.read_text(encoding="utf-8")):
                site = _read_site(raw, shared)
                found[site.host] = site
    return found


def _read_site(raw: Mapping[str, Any], shared: Mapping[str, Any]) -> Site:
    zone = timezone(timedelta(hours=raw["zone"]))
    return Site(
        host=raw["host"],
        name=raw["name"],
        language=raw["language"],
        design=raw["design"],
        charset=raw.get("charset", "utf-8"),
        feed=raw.get("feed", "none"),
        zone=zone,
        sitemap=raw.get("sitemap", False),
        listing=raw.get("listing", False),
        articles=tuple(_read_article(one, zone, shared) for one in raw["articles"]),
        links=tuple(raw.get("links", ())),
        trick=raw.get("trick", ""),
        robots=raw.get("robots", ""),
        menu=tuple(raw.get("menu", ())),
    )


def _read_article(raw: Mapping[str, Any], zone: timezone, shared: Mapping[str, Any]) -> Article:
    told = {**shared[raw["text"]], **raw} if "text" in raw else raw
    paragraphs = _paragraphs(told["body"])[: raw.get("keep")]
    first = Edition(told["title"], (*raw.get("before", ()), *paragraphs), None)
    editions = [first]
    for edit in raw.get("edits", ()):
        body = _paragraphs(edit["body"]) if "body" in edit else paragraphs
        editions.append(
            Edition(edit.get("title", first.title), (*body, *edit.get("more", ())), edit["updated"])
        )
    date = raw.get("date")
    return Article(
        path=raw["path"],
        date=None if date is None else datetime.strptime(str(date), "%Y-%m-%d %H:%M").replace(tzinfo=zone),
        shown=raw.get("shown", ""),
        byline=raw.get("byline", ""),
        section=raw.get("section", ""),
        editions=tuple(editions),
        captions=tuple(raw.get("captions", ())),
        sidebar=tuple(raw.get("sidebar", ())),
        comments=tuple(raw.get("comments", ())),
        twins=tuple(raw.get("twins", ())),
        in_feed=raw.get("in_feed", True),
        trick=raw.get("trick", ""),
    )


def _paragraphs(body: str) -> list[str]:
    return [" ".join(part.split("\n")).strip() for part in body.strip().split("\n\n")]


def updated_at(site: Site, article: Article, edition: int) -> datetime | None:
    """When the text that is out was last edited."""
    updated = article.at(edition).updated
    if updated is None:
        return None
    return datetime.strptime(updated, "%Y-%m-%d %H:%M").replace(tzinfo=site.zone)


def list_dated(site: Site) -> list[Article]:
    """The articles that say when they were published."""
    return [one for one in site.articles if one.date is not None]
