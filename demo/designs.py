"""The designs of the demo's pages: how newspapers of several decades write HTML."""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Sequence
from typing import Any

from demo.newsroom import Article, Site, list_dated, updated_at


def render_page(site: Site, article: Article, edition: int) -> bytes:
    """An article in its site's design and charset."""
    return _to_bytes(_DESIGNS[site.design](site, article, edition), site.charset)


_TONES = "\u0300\u0301\u0303\u0309\u0323"


def _to_bytes(text: str, charset: str) -> bytes:
    """Text as a site of this charset serves it; what the charset lacks is written as a reference."""
    # windows-1258 has ê and ơ, but writes the tone mark of ế or ợ as a character of its own.
    if charset == "windows-1258":
        parts = [unicodedata.normalize("NFD", char) for char in text]
        text = "".join(
            unicodedata.normalize("NFC", "".join(mark for mark in part if mark not in _TONES))
            + "".join(mark for mark in part if mark in _TONES)
            for part in parts
        )
    return text.encode(charset, "xmlcharrefreplace")


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
        for one in sorted(list_dated(site), key=lambda one: str(one.date), reverse=True)
    )
    made = (
        f'<!DOCTYPE html><html lang="{site.language}"><head><meta charset="{site.charset}"><title>{_e(site.name)}</title></head>'
        f'<body>{_menu(site)}<ul class="list">\n{rows}</ul></body></html>'
    )
    return _to_bytes(made, site.charset)
