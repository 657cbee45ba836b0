"""Trying a source's channels."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from crawlers.discover import check_sources
from crawlers.guard import FetchRules
from resound.source import Source
from tests.crawlers.newsroom import Answer, open_newsroom, rss, urlset

DAILY = "http://daily.example"
NOW = datetime(2014, 10, 5, tzinfo=UTC)


def test_every_channel_is_tried_and_told_of_in_words() -> None:
    source = Source.model_validate(
        {
            "id": "daily",
            "names": {"en": "Daily"},
            "home": f"{DAILY}/",
            "owner": {"id": "daily", "name": "Daily"},
            "country": "TW",
            "editions": [{"id": "main", "language": "en", "hosts": ["daily.example"]}],
            "timezone": "Asia/Taipei",
            "feeds": [{"url": f"{DAILY}/rss.xml"}, {"url": f"{DAILY}/none.xml", "proven": False}],
            "sitemaps": [{"url": DAILY + "/news-{year}-{month}.xml"}],
            "listings": [{"url": f"{DAILY}/list", "links": "ul a"}],
        }
    )
    with open_newsroom() as room:
        room.pages[f"{DAILY}/rss.xml"] = rss((f"{DAILY}/1", "One", "Thu, 02 Oct 2014 08:00:00 +0800"))
        room.pages[f"{DAILY}/news-2014-10.xml"] = urlset((f"{DAILY}/2", "2014-10-03"))
        room.pages[f"{DAILY}/list"] = "<p>a new design</p>"
        room.pages[f"{DAILY}/"] = (
            '<link rel="alternate" type="application/rss+xml" href="/rss.xml">'
            '<link rel="alternate" type="application/atom+xml" href="/found.xml">'
            '<link rel="alternate" type="application/rss+xml" href="http://127.0.0.1:1/rss">'
        )
        room.pages[f"{DAILY}/found.xml"] = Answer(
            "<rss version='2.0'><channel><title>t</title></channel></rss>"
        )
        rules = FetchRules("Resound/test", "t@resound.example", allow=room.allow, delay_s=0.0)
        checks = {one.url: one for one in check_sources([source], rules, now=NOW)}
    assert list(checks) == [
        f"{DAILY}/rss.xml",
        f"{DAILY}/none.xml",
        f"{DAILY}/news-2014-10.xml",
        f"{DAILY}/list",
        f"{DAILY}/found.xml",
        "http://127.0.0.1:1/rss",
    ]
    feed = checks[f"{DAILY}/rss.xml"]
    assert (feed.ok, feed.entries, feed.newest) == (True, 1, date(2014, 10, 2))
    assert "HTTP 404" in checks[f"{DAILY}/none.xml"].sentence
    assert not checks[f"{DAILY}/none.xml"].proven
    assert checks[f"{DAILY}/news-2014-10.xml"].kind == "archive"
    assert "design" in checks[f"{DAILY}/list"].sentence
    assert checks[f"{DAILY}/found.xml"].ok
    assert not checks["http://127.0.0.1:1/rss"].ok
    assert json.loads(json.dumps(feed.to_json()))["newest"] == "2014-10-02"
