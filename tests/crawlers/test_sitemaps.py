"""Sitemaps of every kind, hostile ones too."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.sitemaps import ChildSitemap, ParsedSitemap, expand_archive, parse_sitemap, select_children
from resound.source import Sitemap

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")

NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url>
    <loc>https://bao.example/doi-xanh-1.html</loc>
    <lastmod>2014-09-27T08:00:00+07:00</lastmod>
    <news:news>
      <news:publication><news:name>Báo Ví Dụ</news:name><news:language>vi</news:language></news:publication>
      <news:publication_date>2014-09-26T19:30:00+07:00</news:publication_date>
      <news:title>Đội xanh &amp;amp; nhà máy</news:title>
    </news:news>
    <image:image><image:loc>https://bao.example/1.jpg</image:loc><image:title>Chú thích</image:title></image:image>
  </url>
  <url><loc> /doi-xanh-2.html#top </loc><lastmod>2014-09-28</lastmod></url>
  <url><loc>javascript:alert(1)</loc></url>
  <url><lastmod>2014-09-28</lastmod></url>
</urlset>"""


def read(body: bytes | str, url: str = "https://bao.example/sitemap.xml") -> ParsedSitemap:
    return parse_sitemap(body.encode() if isinstance(body, str) else body, url=url, zone=HANOI, now=NOW)


@pytest.mark.parametrize(
    "pack",
    [str.encode, lambda text: gzip.compress(text.encode()), lambda text: b"\xef\xbb\xbf" + text.encode()],
)
def test_news_sitemap(pack) -> None:  # type: ignore[no-untyped-def]
    sitemap = read(pack(NEWS))
    first, second = sitemap.entries
    assert first.url == "https://bao.example/doi-xanh-1.html"
    assert first.title == "Đội xanh & nhà máy"
    assert first.language == "vi"
    assert first.published is not None
    assert first.published.at == datetime(2014, 9, 26, 12, 30, tzinfo=UTC)
    assert first.published.origin == "sitemap"
    assert first.updated is not None
    assert first.updated.at == datetime(2014, 9, 27, 1, tzinfo=UTC)
    assert second.url == "https://bao.example/doi-xanh-2.html"
    assert second.published is None
    assert second.updated is not None
    assert second.updated.day == date(2014, 9, 28)
    assert "2 of 4 lines" in sitemap.problem
    assert not sitemap.is_broken


def test_index() -> None:
    rows = "".join(
        f"<sitemap><loc>https://bao.example/news-2014-{month}.xml</loc><lastmod>2014-{month:02}-28</lastmod></sitemap>"
        for month in range(1, 13)
    )
    sitemap = read(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>')
    assert len(sitemap.children) == 12
    assert sitemap.entries == ()
    chosen = select_children(sitemap.children, date(2014, 9, 2), date(2014, 10, 30))
    assert [child.url[-12:] for child in chosen] == ["s-2014-9.xml", "-2014-10.xml"]
    chosen = select_children(sitemap.children, date(2014, 9, 1), date(2014, 10, 30))
    assert chosen[0].url.endswith(
        "2014-8.xml"
    )  # what is the first of September there, may be August's file here
    assert select_children(sitemap.children, None, None)[0].url.endswith("2014-12.xml")


def test_child_without_month_is_chosen_by_its_change() -> None:
    old = read("<sitemapindex><sitemap><loc>https://a.example/s1.xml</loc><lastmod>2014-08-01</lastmod></sitemap>"
               "<sitemap><loc>https://a.example/s2.xml</loc><lastmod>2020-01-01</lastmod></sitemap>"
               "<sitemap><loc>https://a.example/s3.xml</loc></sitemap></sitemapindex>").children  # fmt: skip
    chosen = select_children(old, date(2014, 9, 1), date(2014, 11, 30))
    assert [child.url for child in chosen] == ["https://a.example/s2.xml", "https://a.example/s3.xml"]


@pytest.mark.parametrize("name", ["story-123456.xml", "v2014.xml", "news2014131.xml", "a-1234.xml"])
def test_numbers_that_are_no_month_choose_nothing_away(name: str) -> None:
    child = ChildSitemap(f"https://a.example/{name}")
    assert select_children([child], date(2014, 9, 1), date(2014, 9, 30)) == (child,)


def test_plain_list() -> None:
    sitemap = read("https://a.example/1\r\n\r\nHTTPS://a.example/2\nnonsense\n")
    assert [entry.url for entry in sitemap.entries] == ["https://a.example/1", "https://a.example/2"]
    assert "1 of 3 lines" in sitemap.problem


def test_feed_as_sitemap() -> None:
    body = "<?xml version='1.0'?><rss version='2.0'><channel><item><title>t</title><link>https://a.example/1</link></item></channel></rss>"
    assert [entry.title for entry in read(body).entries] == ["t"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"only words\nand more", "not a sitemap"),
        (b"<opml/>", "root element"),
        (b"<?xml version='1.0'?>", "not"),
        (b"<urlset><url><loc>", "well formed"),
        (b"\x1f\x8b\x08garbage", "gzip"),
        (
            b'<!DOCTYPE x [<!ENTITY a "b">]><urlset><url><loc>https://a.example/&a;</loc></url></urlset>',
            "entities",
        ),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset/>'.encode("utf-16"), "entities"),
    ],
)
def test_what_is_no_sitemap_is_said_in_words(body: bytes, words: str) -> None:
    sitemap = read(body)
    assert sitemap.is_broken
    assert words in sitemap.problem


def test_empty_urlset_is_no_failure() -> None:
    assert read("<urlset/>") == ParsedSitemap()


def test_cut_off_sitemap_gives_what_is_there() -> None:
    sitemap = read(NEWS[: NEWS.index("<url><loc> /doi")])
    assert [entry.url for entry in sitemap.entries] == ["https://bao.example/doi-xanh-1.html"]
    assert "not well formed" in sitemap.problem


def test_gzip_bomb_is_bounded() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * 200_000_000)
    started = time.perf_counter()
    sitemap = read(bomb)
    assert "10 MB" in sitemap.problem
    assert time.perf_counter() - started < 3


def test_at_most_the_protocols_number_of_addresses() -> None:
    rows = "".join(f"<url><loc>https://a.example/{n}</loc></url>" for n in range(50_500))
    assert len(read(f"<urlset>{rows}</urlset>").entries) == 50_000


class TestArchives:
    def test_a_month_each(self) -> None:
        sitemap = Sitemap(url="https://bao.example/sitemaps/news-{year}-{month}.xml")
        assert expand_archive(sitemap, date(2014, 9, 30), date(2014, 11, 1)) == (
            "https://bao.example/sitemaps/news-2014-9.xml",
            "https://bao.example/sitemaps/news-2014-10.xml",
            "https://bao.example/sitemaps/news-2014-11.xml",
        )

    def test_a_day_each_with_two_digits(self) -> None:
        sitemap = Sitemap(url="https://bao.example/{year}/{month:02}/{day:02}.xml")
        found = expand_archive(sitemap, date(2014, 9, 30), date(2014, 10, 1))
        assert found == ("https://bao.example/2014/09/30.xml", "https://bao.example/2014/10/01.xml")

    def test_not_before_it_begins(self) -> None:
        sitemap = Sitemap(url="https://bao.example/{year}.xml", since=date(2014, 1, 1))
        assert expand_archive(sitemap, date(2011, 1, 1), date(2015, 5, 1)) == (
            "https://bao.example/2014.xml",
            "https://bao.example/2015.xml",
        )
        assert expand_archive(sitemap, date(2011, 1, 1), date(2012, 1, 1)) == ()

    def test_template_cannot_reach_into_objects(self) -> None:
        sitemap = Sitemap(url="https://bao.example/{year.__class__}/{year}.xml")
        assert expand_archive(sitemap, date(2014, 9, 1), date(2014, 9, 1)) == (
            "https://bao.example/{year.__class__}/2014.xml",
        )


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_an_answer(tail: bytes) -> None:
    for head in (
        b"",
        b"<urlset><url><loc>",
        b"<sitemapindex><sitemap>",
        b"\x1f\x8b\x08\x00",
        b"http://a.example/\n",
    ):
        assert isinstance(read(head + tail), ParsedSitemap)
