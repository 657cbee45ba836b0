"""Listing pages, read by the selectors of their source."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.listings import ParsedListing, parse_listing
from resound.source import Listing

NOW = datetime(2026, 11, 1, tzinfo=UTC)
URL = "https://list.example/news/index.html"
LISTING = Listing(url=URL, links="ul.news a", dates="ul.news .date", next_page="a.next", pages=3)

PAGE = """<!DOCTYPE html><html><head><meta charset="{charset}"></head><body>
<nav><a href="/about">關於</a></nav>
<ul class="news">
 <li><a href="/a/1"><img src="1.jpg"></a><a href="/a/1#c">綠耕隊<b>啟程</b></a><span class="date">103年9月26日</span></li>
 <li><a href="a/2" title="Second story"></a><time class="date" datetime="2014-09-27T08:00:00+08:00">昨天</time></li>
 <li><a href="javascript:void(0)">x</a><span class="date">2014-09-28</span></li>
</ul><a class="next" href="?page=2">下一頁</a></body></html>"""


def read(body: str | bytes, listing: Listing = LISTING, content_type: str = "") -> ParsedListing:
    raw = body.encode() if isinstance(body, str) else body
    return parse_listing(
        raw, url=URL, listing=listing, zone=ZoneInfo("Asia/Taipei"), now=NOW, content_type=content_type
    )


@pytest.mark.parametrize("charset", ["utf-8", "big5"])
def test_links_titles_dates_and_next_page(charset: str) -> None:
    listing = read(PAGE.format(charset=charset).encode(charset))
    first, second = listing.entries
    assert (first.url, first.title) == ("https://list.example/a/1", "綠耕隊啟程")
    assert first.published is not None
    assert (first.published.day, first.published.origin) == (date(2014, 9, 26), "text")
    assert (second.url, second.title) == ("https://list.example/news/a/2", "Second story")
    assert second.published is not None
    assert (second.published.at, second.published.origin) == (datetime(2014, 9, 27, tzinfo=UTC), "time-tag")
    assert listing.next_page == "https://list.example/news/index.html?page=2"
    assert listing.problem == ""


def test_dates_that_do_not_pair_are_not_used() -> None:
    listing = read(PAGE.format(charset="utf-8").replace('<span class="date">2014-09-28</span>', ""))
    assert [entry.published for entry in listing.entries] == [None, None]
    assert "3 links but 2 dates" in listing.problem
    assert not listing.is_broken


def test_changed_design_is_a_problem() -> None:
    listing = read("<html><body><div>new design</div></body></html>")
    assert listing.is_broken
    assert "`ul.news a`" in listing.problem


def test_bad_selector_is_said_in_words() -> None:
    assert "CSS" in read(PAGE, Listing(url=URL, links="ul[")).problem


@pytest.mark.parametrize(
    "href", ["https://elsewhere.example/2", "#top", "", "javascript:next()", "/news/index.html"]
)
def test_next_page_stays_on_the_host_and_moves_on(href: str) -> None:
    assert read(PAGE.replace("?page=2", href)).next_page is None


def test_base_element_and_selected_block() -> None:
    page = (
        '<base href="https://list.example/base/"><div class="item"><h2>T</h2><a href="x">More words</a></div>'
    )
    assert read(page, Listing(url=URL, links=".item")).entries[0].url == "https://list.example/base/x"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_an_answer(body: bytes) -> None:
    assert isinstance(read(b"<ul class=news><a href=" + body), ParsedListing)
