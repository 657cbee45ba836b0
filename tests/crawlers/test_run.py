"""The crawl as a whole, against a newsroom on a loopback port."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

import crawlers.run
from crawlers.evidence import iter_pages
from resound.errors import ResoundError
from resound.store.captures import list_captures
from resound.store.frontier import list_readings, set_channels
from resound.store.leads import open_leads
from resound.store.tables import page as page_table
from tests.crawlers.desk import DAILY, FEED, SEPTEMBER, Desk, publish
from tests.crawlers.newsroom import Answer, Newsroom, article, open_newsroom, rss, urlset

pytestmark = pytest.mark.slow_on_postgres


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with open_newsroom() as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path, room: Newsroom, store_address: str) -> Iterator[Desk]:
    one = Desk(tmp_path, room.port, store_address)
    yield one
    one.store.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawlers.run, "RETRY_WAITS", (0.05, 0.1))


def test_a_feeds_pages_are_stored_once_with_their_evidence(desk: Desk, room: Newsroom) -> None:
    urls = publish(room, 5)
    room.pages[FEED] = rss(*((url, f"Story {n}", SEPTEMBER) for n, url in enumerate(urls)))
    desk.follow(feeds=[{"url": FEED}])
    report = desk.crawl()
    assert (report.channels_read, report.entries_new, report.pages_stored) == (1, 5, 5)
    assert [url for url, _ in desk.stored()] == urls
    assert report.sentence().startswith("1 channel polled, 5 new entries, 5 pages stored with evidence")
    assert json.loads(json.dumps(report.to_json()))["pages_stored"] == 5
    assert desk.events[-1].done == desk.events[-1].known == 6
    with desk.store.read() as connection:
        captures = list_captures(connection)
        days = [(one.first_day, one.last_day) for one in list_readings(connection)]
    assert {one.status for one in captures} == {200}
    assert (date(2014, 9, 29), date(2014, 9, 29)) in days
    again = desk.crawl()
    assert (again.entries_new, again.pages_stored) == (0, 0)
    assert room.urls().count(urls[0]) == 1


def test_what_led_to_a_page_and_who_asked_is_known(desk: Desk, room: Newsroom) -> None:
    (url,) = publish(room, 1)
    room.pages[FEED] = rss((url, "A headline", SEPTEMBER))
    desk.follow(feeds=[{"url": FEED}])
    desk.crawl()
    ((_, page),) = iter_pages(desk.evidence)
    assert page.entry is not None
    assert (page.entry.title, page.entry.published and page.entry.published.at) == (
        "A headline",
        datetime(2014, 9, 29, tzinfo=UTC),
    )
    assert {one.headers["User-Agent"] for one in room.asked} == {"Resound/test (+tests@resound.example)"}
    assert all("Cookie" not in one.headers for one in room.asked)


@pytest.mark.slow
def test_an_unchanged_feed_is_not_a_failure_and_clears_none(desk: Desk, room: Newsroom) -> None:
    (url,) = publish(room, 1)
    feed = rss((url, "One", SEPTEMBER))
    room.pages[FEED] = Answer(feed.body, headers=feed.headers, etag='"v1"')
    desk.follow(feeds=[{"url": FEED}])
    desk.crawl()
    assert desk.crawl().channels_unchanged == 1
    assert desk.channel().state["failures"] == 0
    room.pages[FEED] = Answer("oh", 500)
    assert desk.crawl().channels_failed == 1
    room.pages[FEED] = lambda _: Answer(b"", 304)
    desk.crawl()
    state = desk.channel().state
    assert state["failures"] == 1
    assert "500" in state["last_error"]


def test_an_empty_feed_is_read(desk: Desk, room: Newsroom) -> None:
    room.pages[FEED] = rss()
    desk.follow(feeds=[{"url": FEED}])
    report = desk.crawl()
    assert (report.channels_read, report.channels_failed) == (1, 0)
    assert desk.channel().state["failures"] == 0


def test_retry_after_and_gone_are_heeded(desk: Desk, room: Newsroom) -> None:
    later = datetime.now(UTC) + timedelta(hours=3)
    other = f"{DAILY}/gone.xml"
    room.pages[FEED] = Answer("slow down", 429, {"Retry-After": format_datetime(later, usegmt=True)})
    room.pages[other] = Answer("no more", 410)
    desk.follow(feeds=[{"url": FEED}, {"url": other}])
    report = desk.crawl()
    assert (report.channels_failed, report.channels_stopped) == (1, 1)
    assert abs(desk.channel().next_due - later.timestamp()) < 60
    assert "410" in desk.channel(other).stopped
    room.forget()
    desk.crawl(due=False)
    assert room.urls() == []
    desk.crawl()
    assert room.urls() == [FEED]


def test_one_bad_feed_or_page_does_not_stop_the_others(desk: Desk, room: Newsroom) -> None:
    urls = publish(room, 3)
    room.pages[f"{DAILY}/broken.xml"] = Answer("<rss><chan", headers={"Content-Type": "text/xml"})
    room.pages[urls[1]] = Answer("x", 500)
    room.pages[FEED] = rss(*((url, "T", "") for url in urls), (f"{DAILY}/missing", "M", ""))
    desk.follow(feeds=[{"url": f"{DAILY}/broken.xml"}, {"url": FEED}, {"url": f"{DAILY}/none.xml"}])
    report = desk.crawl()
    assert (report.channels_read, report.channels_failed, report.pages_stored) == (1, 2, 2)
    assert report.pages_ended == {"gone": 1, "http-500": 1}
    assert room.urls().count(urls[1]) == 3
    assert desk.outcomes() == {
        ("done", ""): 2,
        ("rejected", "gone"): 1,
        ("quarantined", "http-500"): 1,
    }
    assert len(report.problems) == 2


def test_a_busy_server_is_left_alone_as_long_as_it_asks(desk: Desk, room: Newsroom) -> None:
    urls = publish(room, 4)
    room.pages[FEED] = rss(*((url, "T", "") for url in urls))
    later = datetime.now(UTC) + timedelta(minutes=30)
    room.pages[urls[0]] = lambda _: Answer("", 429, {"Retry-After": format_datetime(later, usegmt=True)})
    desk.follow(feeds=[{"url": FEED}])
    report = desk.crawl()
    assert report.pages_postponed == 4
    assert room.urls() == [FEED, urls[0]]
    assert desk.outcomes() == {("planned", "busy"): 4}
    room.pages[urls[0]] = article("At last")
    desk.offset = timedelta(minutes=31)
    assert desk.crawl(due=False).pages_stored == 4


def test_a_short_wait_is_waited_for(desk: Desk, room: Newsroom) -> None:
    (url,) = publish(room, 1)
    page = article("At last")
    room.pages[url] = lambda before: Answer("", 503, {"Retry-After": "1"}) if before < 1 else Answer(page)
    room.pages[FEED] = rss((url, "T", ""))
    desk.follow(feeds=[{"url": FEED}])
    assert desk.crawl().pages_stored == 1


def test_robots_are_obeyed_and_what_is_denied_becomes_a_lead(desk: Desk, room: Newsroom) -> None:
    urls = publish(room, 2)
    room.pages[f"{DAILY}/robots.txt"] = Answer(f"User-agent: *\nDisallow: {urls[0].removeprefix(DAILY)}\n")
    room.pages[FEED] = rss(*((url, "T", SEPTEMBER) for url in urls))
    desk.follow(feeds=[{"url": FEED}])
    desk.crawl()
    assert room.urls() == [FEED, urls[1]]
    assert desk.outcomes()["rejected", "robots-denied"] == 1
    with desk.store.read() as connection:
        assert [(one.url, one.reason) for one in open_leads(connection)] == [(urls[0], "robots-denied")]


def test_where_robots_cannot_be_read_nothing_is(desk: Desk, room: Newsroom) -> None:
    room.pages[f"{DAILY}/robots.txt"] = Answer("", 500)
    room.pages[FEED] = rss()
    desk.follow(feeds=[{"url": FEED}])
    assert desk.crawl().channels_failed == 1
    assert room.urls() == []
    assert "robots.txt" in desk.channel().state["last_error"]


def test_a_redirect_is_followed_unless_it_leads_inside(desk: Desk, room: Newsroom) -> None:
    publish(room, 1)
    room.pages[f"{DAILY}/old"] = Answer("", 301, {"Location": "/news/0"})
    room.pages[f"{DAILY}/in"] = Answer("", 302, {"Location": f"http://127.0.0.1:{room.port}/secret"})
    room.pages[FEED] = rss((f"{DAILY}/old", "T", ""), (f"{DAILY}/in", "T", ""))
    desk.follow(feeds=[{"url": FEED}])
    report = desk.crawl()
    assert report.pages_ended == {"forbidden-address": 1}
    with desk.store.read() as connection:
        assert [(one.url, one.final_url) for one in list_captures(connection)] == [
            (f"{DAILY}/old", f"{DAILY}/news/0")
        ]
    assert not [url for url in room.urls() if "secret" in url]


def test_twins_are_fetched_once(desk: Desk, room: Newsroom) -> None:
    (url,) = publish(room, 1)
    room.pages[FEED] = rss((url, "T", ""), (f"{url}?utm_source=rss", "T", ""), (f"{url}/", "T", ""))
    desk.follow(feeds=[{"url": FEED}])
    assert desk.crawl().pages_stored == 1


@pytest.mark.slow
def test_a_newer_date_has_a_page_read_again_and_a_gone_page_is_recorded(desk: Desk, room: Newsroom) -> None:
    (url,) = publish(room, 1)
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title><entry><title>T</title><link href="{}"/>'
        "<published>2014-09-29T00:00:00Z</published><updated>{}</updated></entry></feed>"
    )
    room.pages[FEED] = Answer(atom.format(url, "2014-09-29T00:00:00Z"))
    desk.follow(feeds=[{"url": FEED}])
    desk.crawl()
    assert desk.crawl().pages_stored == 0
    room.pages[FEED] = Answer(atom.format(url, "2014-09-30T00:00:00Z"))
    room.pages[url] = article("Corrected")
    report = desk.crawl()
    assert (report.entries_updated, report.pages_stored) == (1, 1)
    assert len({body for _, body in desk.stored()}) == 2
    room.pages[FEED] = Answer(atom.format(url, "2014-10-01T00:00:00Z"))
    del room.pages[url]
    assert desk.crawl().pages_ended == {"gone": 1}
    with desk.store.read() as connection:
        ((status, gone_at),) = connection.execute(select(page_table.c.status, page_table.c.gone_at)).all()
    assert (status, gone_at is not None) == (404, True)
    assert len(desk.stored()) == 2


def test_sitemaps_with_children_and_gzip(desk: Desk, room: Newsroom) -> None:
    urls = publish(room, 3)
    today = datetime.now(UTC).date().isoformat()
    plain, packed = urlset((urls[0], today)), urlset((urls[1], today), (urls[2], "2014-09-29"))
    room.pages[f"{DAILY}/index.xml"] = Answer(
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<sitemap><loc>{DAILY}/a.xml</loc></sitemap><sitemap><loc>{DAILY}/b.xml.gz</loc></sitemap>"
        f"<sitemap><loc>{DAILY}/none.xml</loc></sitemap></sitemapindex>"
    )
    room.pages[f"{DAILY}/a.xml"] = plain
    room.pages[f"{DAILY}/b.xml.gz"] = Answer(
        gzip.compress(str(packed.body).encode()), headers={"Content-Type": "application/x-gzip"}
    )
    desk.follow(sitemaps=[{"url": f"{DAILY}/index.xml"}])
    report = desk.crawl()
    assert (report.channels_read, report.channels_failed) == (1, 0)
    assert [url for url, _ in desk.stored()] == urls[:2]  # the third is history: that is what --since is for
    assert "none.xml" in report.problems[0]


def test_a_window_reads_archives_by_month_and_records_its_days(desk: Desk, room: Newsroom) -> None:
    urls = publish(room, 4)
    room.pages[f"{DAILY}/news-2014-9.xml"] = urlset((urls[0], "2014-09-02"), (urls[1], "2014-09-26"))
    room.pages[f"{DAILY}/news-2014-10.xml"] = urlset((urls[2], "2014-10-02"))
    room.pages[f"{DAILY}/news-2014-11.xml"] = urlset((urls[3], "2014-11-02"))
    desk.follow(sitemaps=[{"url": DAILY + "/news-{year}-{month}.xml"}])
    report = desk.crawl(since=date(2014, 9, 25), until=date(2014, 12, 1))
    assert [url for url, _ in desk.stored()] == urls[1:]
    assert report.channels_failed == 1  # December's file is not there
    with desk.store.read() as connection:
        days = {(one.first_day, one.last_day) for one in list_readings(connection)}
    assert days == {
        (date(2014, 9, 25), date(2014, 9, 30)),
        (date(2014, 10, 1), date(2014, 10, 31)),
        (date(2014, 11, 1), date(2014, 11, 30)),
    }


def test_sources_that_were_not_asked_for_are_left_alone(desk: Desk, room: Newsroom) -> None:
    room.pages[FEED] = rss()
    room.pages["http://other.example/rss.xml"] = rss()
    desk.follow(feeds=[{"url": FEED}])
    desk.follow("other", feeds=[{"url": "http://other.example/rss.xml"}])
    desk.crawl(sources=["other"])
    assert room.urls() == ["http://other.example/rss.xml"]


def test_listings_go_on_while_there_is_news(desk: Desk, room: Newsroom) -> None:
    urls = publish(room, 6)
    front = f"{DAILY}/list"
    for number in range(3):
        links = "".join(f'<li><a href="{url}">Story</a></li>' for url in urls[number * 2 : number * 2 + 2])
        room.pages[front if not number else f"{front}?page={number}"] = (
            f'<html><body><ul class="news">{links}</ul><a class="next" href="?page={number + 1}">next</a></body></html>'
        )
    listing = {"url": front, "links": "ul.news a", "next_page": "a.next", "pages": 3}
    desk.follow(listings=[listing])
    assert desk.crawl().pages_stored == 6
    room.forget()
    assert desk.crawl().pages_stored == 0
    assert room.urls() == [front]


def test_a_search_feeds_entries_are_leads_unless_they_name_the_publisher(desk: Desk, room: Newsroom) -> None:
    (url,) = publish(room, 1)
    search = "http://search.example/rss?q=apo"
    room.pages[search] = rss(
        ("http://search.example/articles/1", "Hidden", SEPTEMBER), (url, "Named", SEPTEMBER)
    )
    with desk.store.write() as connection:
        set_channels(connection, "campaign-apo", [search])
    report = desk.crawl()
    assert (report.leads, report.pages_stored) == (1, 1)
    with desk.store.read() as connection:
        (lead,) = open_leads(connection)
    assert (lead.title, lead.reason) == ("Hidden", "search-link")
    assert lead.published is not None
    assert lead.published.suspect == "search-engine"


def test_one_request_at_a_time_with_the_sources_delay(desk: Desk, room: Newsroom) -> None:
    urls = publish(room, 3)
    room.pages[FEED] = rss(*((url, "T", "") for url in urls))
    desk.follow(feeds=[{"url": FEED}], politeness={"delay": 0.3})
    desk.crawl(rules={"delay_s": None})
    asked = sorted(room.asked, key=lambda one: one.began)
    assert len(asked) == 5  # robots.txt, the feed, three pages
    for first, second in pairwise(asked):
        assert second.began - first.began >= 0.28
        assert second.began >= first.ended


def test_a_slow_feed_does_not_hold_up_the_others(desk: Desk, room: Newsroom) -> None:
    slow = "http://slow.example/rss.xml"
    (url,) = publish(room, 1)
    room.pages[slow] = Answer("x", seconds=30)
    room.pages[FEED] = rss((url, "T", ""))
    desk.follow("slow", feeds=[{"url": slow}])
    desk.follow(feeds=[{"url": FEED}])
    began = datetime.now(UTC)
    report = desk.crawl(rules={"deadline_s": 1.5})
    assert (report.pages_stored, report.channels_failed) == (1, 1)
    assert datetime.now(UTC) - began < timedelta(seconds=10)


def test_a_store_that_cannot_be_written_is_told_in_words(desk: Desk, room: Newsroom) -> None:
    urls = publish(room, 1)
    room.pages[FEED] = rss((urls[0], "T", ""))
    desk.follow(feeds=[{"url": FEED}])
    desk.evidence.write_text("a file where a folder should be")
    with pytest.raises(ResoundError, match="The crawl stopped"):
        desk.crawl()
