"""The feeds and sitemaps of the demo's sites."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from email.utils import format_datetime

from demo.newsroom import Site, list_dated, updated_at


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
            f'<entry><id>{html.escape(one["url"])}</id><link href="{html.escape(one["url"])}"/><title>{html.escape(one["title"])}</title>'
            f"<summary>{html.escape(one['summary'])}</summary>"
            + (
                f"<published>{one['published']}</published><updated>{one['updated']}</updated>"
                if one["published"]
                else ""
            )
            + "</entry>\n"
            for one in entries
        )
        text = f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>{html.escape(site.name)}</title>\n{rows}</feed>'
        return text.encode(), "application/atom+xml"
    broken = site.trick == "broken feed"
    rows = "".join(
        f"<item><title>{one['title'].replace('&', '&&') if broken else html.escape(one['title'])}</title><link>{html.escape(one['url'])}</link>"
        f"<description>{html.escape(one['summary'])}</description>"
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
        f"<title>{html.escape(site.name)}</title><link>http://{site.host}/</link>\n{rows}"
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
        for one in list_dated(site)
        if one.date is not None and one.date.strftime("%Y-%m") == month
    )
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()
