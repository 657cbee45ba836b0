"""The demo's sites, built from `demo/pages/*.yml`: one file an outlet, with its design and its articles.

Everything is invented for this project. Fields of a site: `host`, `outlet`, `language`, `charset`, `design`, `feed`
(rss, atom, json or none), `sitemap`, `listing`, `zone` (its offset). Fields of an article: `path`, `title`, `date`
(local), `shown` (the date as the page writes it), `byline`, `section`, `body` (paragraphs parted by blank lines) or
`text` (a shared one of `texts.yml`), `captions`, `sidebar`, `comments`, `edits` (later editions), `twins`.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
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


# --- pages ---------------------------------------------------------------------------------------------------------


def render_page(site: Site, article: Article, edition: int) -> bytes:
    """An article in its site's design and charset."""
    made = _DESIGNS[site.design](site, article, edition)
    return made.encode(site.charset, "xmlcharrefreplace")


def _e(text: str) -> str:
    return html.escape(text)


def _head(site: Site, article: Article, edition: int, more: str = "") -> str:
    title = _e(f"{article.at(edition).title} - {site.name}")
    charset = (
        ""
        if site.charset == "utf-8"
        else f'<meta http-equiv="Content-Type" content="text/html; charset={site.charset}">'
    )
    charset = charset or '<meta charset="utf-8">'
    return (
        f'<!DOCTYPE html>\n<html lang="{site.language}">\n<head>\n{charset}\n<title>{title}</title>\n'
        f'<link rel="canonical" href="http://{site.host}{article.path}">\n{more}</head>\n'
    )


def _menu(site: Site) -> str:
    items = "".join(
        f'<li><a href="/section/{number}">{_e(name)}</a></li>' for number, name in enumerate(site.menu)
    )
    return f'<header><a href="/">{_e(site.name)}</a><nav><ul>{items}</ul></nav></header>\n'


def _aside(site: Site, article: Article) -> str:
    """Other headlines: what an article is not about."""
    own = [one for one in site.articles if one.path != article.path and one.trick == ""][:5]
    links = "".join(f'<li><a href="{one.path}">{_e(one.editions[0].title)}</a></li>' for one in own)
    more = "".join(
        f'<li><a href="/more/{number}">{_e(text)}</a></li>' for number, text in enumerate(article.sidebar)
    )
    return f'<aside class="related"><h3>{_RELATED[site.language[:2]]}</h3><ul>{more}{links}</ul></aside>\n'


_RELATED = {"zh": "延伸閱讀", "en": "Most read", "vi": "Tin liên quan", "th": "ข่าวที่เกี่ยวข้อง"}


def _figures(article: Article) -> str:
    return "".join(
        f'<figure><img src="/img/{number}.jpg" alt=""><figcaption>{_e(text)}</figcaption></figure>\n'
        for number, text in enumerate(article.captions)
    )


def _ps(paragraphs: Sequence[str]) -> str:
    return "".join(f"<p>{_e(one)}</p>\n" for one in paragraphs)


def _json_ld(site: Site, article: Article, edition: int) -> str:
    text = article.at(edition)
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": text.title,
        "mainEntityOfPage": f"http://{site.host}{article.path}",
        "publisher": {"@type": "Organization", "name": site.name},
    }
    if article.date is not None:
        told["datePublished"] = article.date.isoformat()
        told["dateModified"] = (updated_at(site, article, edition) or article.date).isoformat()
    if article.byline:
        told["author"] = {"@type": "Person", "name": article.byline}
    if article.section:
        told["articleSection"] = article.section
    written = json.dumps(told, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{written}</script>\n'


def _modern(site: Site, article: Article, edition: int) -> str:
    """JSON-LD in the head, an article element, a cookie notice, comments."""
    text = article.at(edition)
    head = _head(site, article, edition, _json_ld(site, article, edition))
    comments = "".join(f'<div class="comment"><p>{_e(one)}</p></div>' for one in article.comments)
    return (
        f'{head}<body>\n<div class="cookie-notice"><p>We use cookies. <button>OK</button></p></div>\n{_menu(site)}'
        f'<main><article>\n<h1>{_e(text.title)}</h1>\n<p class="byline">{_e(article.byline)}</p>\n'
        f'{_figures(article)}<div class="article-body">\n{_ps(text.paragraphs)}</div>\n</article>\n'
        f'{_aside(site, article)}<section class="comments" id="comments">{comments}</section></main>\n'
        f"<footer><p>© {_e(site.name)}</p></footer>\n</body></html>"
    )


def _meta(site: Site, article: Article, edition: int) -> str:
    """Open Graph and meta elements; the text in a div."""
    text = article.at(edition)
    more = f'<meta property="og:title" content="{_e(text.title)}">\n<meta property="og:type" content="article">\n'
    if article.date is not None:
        more += f'<meta property="article:published_time" content="{article.date.isoformat()}">\n'
    changed = updated_at(site, article, edition)
    if changed is not None:
        more += f'<meta property="article:modified_time" content="{changed.isoformat()}">\n'
    if article.byline:
        more += f'<meta name="author" content="{_e(article.byline)}">\n'
    return (
        f'{_head(site, article, edition, more)}<body>\n{_menu(site)}<div id="wrap"><div class="story">\n'
        f'<h1>{_e(text.title)}</h1>\n<div class="content">\n{_ps(text.paragraphs)}{_figures(article)}</div>\n</div>\n'
        f'<div class="side">{_aside(site, article)}</div></div>\n<div class="footer">{_e(site.name)}</div>\n</body></html>'
    )


def _timed(site: Site, article: Article, edition: int) -> str:
    """A time element, nothing in the head."""
    text = article.at(edition)
    when = ""
    if article.date is not None:
        shown = article.shown or article.date.strftime("%Y-%m-%d %H:%M")
        when = f'<time datetime="{article.date.isoformat()}">{_e(shown)}</time>'
    return (
        f'{_head(site, article, edition)}<body>\n{_menu(site)}<section class="news">\n<h1>{_e(text.title)}</h1>\n'
        f'<div class="info">{when} <span class="author">{_e(article.byline)}</span></div>\n'
        f'<div class="text">\n{_ps(text.paragraphs)}</div>\n{_figures(article)}</section>\n{_aside(site, article)}</body></html>'
    )


def _old(site: Site, article: Article, edition: int) -> str:
    """Tables and line breaks; the date stands in the text as people write it."""
    text = article.at(edition)
    shown = article.shown or ("" if article.date is None else article.date.strftime("%Y/%m/%d %H:%M"))
    menu = " | ".join(f'<a href="/s{number}.htm">{_e(name)}</a>' for number, name in enumerate(site.menu))
    body = "<br><br>\n".join(_e(one) for one in text.paragraphs)
    return (
        f'{_head(site, article, edition)}<body bgcolor="#ffffff">\n<table width="760"><tr><td>{menu}</td></tr></table>\n'
        f'<table width="760"><tr><td width="560" valign="top">\n<font size="5"><b>{_e(text.title)}</b></font><br>\n'
        f'<font size="2" color="#666666">{_e(shown)} {_e(article.byline)}</font><br><br>\n<div class="txt">{body}</div>\n'
        f'</td><td width="200" valign="top">{_aside(site, article)}</td></tr></table>\n</body></html>'
    )


def _vietnamese(site: Site, article: Article, edition: int) -> str:
    """The lead apart, the date in words: `Thứ Năm, 2/10/2014 | 10:15 (GMT+7)`."""
    text = article.at(edition)
    days = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
    shown = article.shown
    if not shown and article.date is not None:
        date = article.date
        shown = f"{days[date.weekday()]}, {date.day}/{date.month}/{date.year} | {date:%H:%M} (GMT+7)"
    return (
        f'{_head(site, article, edition)}<body>\n{_menu(site)}<div class="main_content_detail">\n'
        f'<span class="date">{_e(shown)}</span>\n<h1 class="title_detail">{_e(text.title)}</h1>\n'
        f'<p class="sapo"><strong>{_e(text.paragraphs[0])}</strong></p>\n<div class="fck_detail">\n'
        f'{_ps(text.paragraphs[1:])}{_figures(article)}<p class="author" style="text-align:right"><strong>{_e(article.byline)}</strong></p>\n'
        f"</div>\n</div>\n{_aside(site, article)}</body></html>"
    )


_DESIGNS = {"modern": _modern, "meta": _meta, "timed": _timed, "old": _old, "vietnamese": _vietnamese}


def render_paywall(site: Site, article: Article) -> bytes:
    """The first lines, and a wall that says so as schema.org does."""
    text = article.at(0)
    told = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": text.title,
        "datePublished": article.date.isoformat() if article.date else None,
        "isAccessibleForFree": False,
        "hasPart": {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paywall"},
    }
    head = _head(
        site,
        article,
        0,
        f'<script type="application/ld+json">{json.dumps(told, ensure_ascii=False)}</script>\n',
    )
    made = (
        f"{head}<body>\n{_menu(site)}<article><h1>{_e(text.title)}</h1>\n<p>{_e(text.paragraphs[0])}</p>\n"
        f'<div class="paywall"><p>本文為訂戶專屬內容，請登入或訂閱後繼續閱讀。</p></div></article></body></html>'
    )
    return made.encode("utf-8")


def render_listing(site: Site) -> bytes:
    """The front page: what was published, newest first."""
    rows = "".join(
        f'<li class="item"><a class="headline" href="{one.path}">{_e(one.editions[0].title)}</a> '
        f'<span class="when">{one.date:%Y-%m-%d %H:%M}</span></li>\n'
        for one in sorted(_dated(site), key=lambda one: str(one.date), reverse=True)
    )
    made = (
        f'<!DOCTYPE html><html lang="{site.language}"><head><meta charset="{site.charset}"><title>{_e(site.name)}</title></head>'
        f'<body>{_menu(site)}<ul class="list">\n{rows}</ul></body></html>'
    )
    return made.encode(site.charset, "xmlcharrefreplace")


def _dated(site: Site) -> list[Article]:
    return [one for one in site.articles if one.date is not None]


# --- feeds and sitemaps --------------------------------------------------------------------------------------------


def _entries(site: Site, edition: int) -> Iterator[dict[str, str]]:
    for one in site.articles:
        if not one.in_feed:
            continue
        text = one.at(edition)
        changed = updated_at(site, one, edition)
        for path in (one.path, *(twin for twin in one.twins if "utm_" in twin)):
            yield {
                "url": f"http://{site.host}{path}",
                "title": text.title,
                "summary": text.paragraphs[0][:120],
                "published": one.date.isoformat() if one.date else "",
                "updated": (changed or one.date).isoformat() if one.date else "",
                "rfc": format_datetime(one.date) if one.date else "",
            }
    for link in site.links:
        yield {
            "url": link["url"],
            "title": link["title"],
            "summary": "",
            "published": "",
            "updated": "",
            "rfc": "",
        }


def render_feed(site: Site, edition: int) -> tuple[bytes, str]:
    """The site's feed and its content type."""
    entries = list(_entries(site, edition))
    if site.feed == "json":
        items = [
            {
                "id": one["url"],
                "url": one["url"],
                "title": one["title"],
                "summary": one["summary"],
                **(
                    {"date_published": one["published"], "date_modified": one["updated"]}
                    if one["published"]
                    else {}
                ),
            }
            for one in entries
        ]
        made = {"version": "https://jsonfeed.org/version/1.1", "title": site.name, "items": items}
        return json.dumps(made, ensure_ascii=False).encode(), "application/feed+json"
    if site.feed == "atom":
        rows = "".join(
            f'<entry><id>{_e(one["url"])}</id><link href="{_e(one["url"])}"/><title>{_e(one["title"])}</title>'
            f"<summary>{_e(one['summary'])}</summary>"
            + (
                f"<published>{one['published']}</published><updated>{one['updated']}</updated>"
                if one["published"]
                else ""
            )
            + "</entry>\n"
            for one in entries
        )
        text = f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>{_e(site.name)}</title>\n{rows}</feed>'
        return text.encode(), "application/atom+xml"
    broken = site.trick == "broken feed"
    rows = "".join(
        f"<item><title>{one['title'].replace('&', '&&') if broken else _e(one['title'])}</title><link>{_e(one['url'])}</link>"
        f"<description>{_e(one['summary'])}</description>"
        + (
            f"<pubDate>{one['rfc']}</pubDate><dcterms:modified>{one['updated']}</dcterms:modified>"
            if one["rfc"]
            else ""
        )
        + "</item>\n"
        for one in entries
    )
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:dcterms="http://purl.org/dc/terms/"><channel>'
        f"<title>{_e(site.name)}</title><link>http://{site.host}/</link>\n{rows}"
        + ("" if broken else "</channel></rss>")
    )
    return text.encode(), "application/rss+xml"


def render_sitemap_index(site: Site) -> bytes:
    """One sitemap for each month."""
    months = sorted({one.date.strftime("%Y-%m") for one in site.articles if one.date is not None})
    rows = "".join(
        f"<sitemap><loc>http://{site.host}/sitemap-{month}.xml</loc></sitemap>" for month in months
    )
    return f'<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'.encode()


def render_sitemap(site: Site, month: str, edition: int) -> bytes:
    """The articles of one month (`2014-10`)."""
    rows = "".join(
        f"<url><loc>http://{site.host}{one.path}</loc><lastmod>{(updated_at(site, one, edition) or one.date).isoformat()}</lastmod></url>"
        for one in _dated(site)
        if one.date is not None and one.date.strftime("%Y-%m") == month
    )
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()
