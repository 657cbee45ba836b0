"""The demo's texts: long enough to be news, each story told once, readable in every design and charset."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import demo
from crawlers.extract import extract
from demo.designs import render_listing, render_page
from demo.newsroom import Article, Site, load_sites
from nlp.language import detect_language
from resound.article import Article as ReadArticle
from resound.article import RawPage
from resound.grouping.dedupe import is_near_duplicate

ZONES = {7: "Asia/Ho_Chi_Minh", 8: "Asia/Taipei", 9: "Asia/Tokyo"}
TEASERS = ("/members/902", "/article/6650", "/p/1210", "/p/1211")
"""Pages that nobody is to read to the end."""


def pages() -> list[tuple[Site, Article]]:
    return [(site, one) for site in load_sites().values() for one in site.articles if one.path not in TEASERS]


def address(site: Site, article: Article) -> str:
    return f"http://{site.host}{article.path}"


def find(url: str) -> tuple[Site, Article]:
    return next((site, one) for site, one in pages() if address(site, one) == url)


def read(site: Site, article: Article) -> ReadArticle:
    offset = site.zone.utcoffset(None)
    kind = "text/html" if site.design == "old" else f"text/html; charset={site.charset}"
    url = address(site, article)
    raw = RawPage(
        url,
        url,
        200,
        {"Content-Type": kind},
        render_page(site, article, 0),
        datetime(2026, 11, 24, tzinfo=UTC),
    )
    zone = ZoneInfo(ZONES[int(offset.total_seconds()) // 3600])
    return extract(raw, zone=zone, prior_language=site.language, detect=detect_language)


def is_spaced(text: str) -> bool:
    """Whether words are parted by spaces, so that words can be counted."""
    return not re.search(r"[\u0e00-\u0e7f\u4e00-\u9fff]", text)


def test_texts_are_as_long_as_news_is() -> None:
    for site, article in pages():
        paragraphs = article.editions[0].paragraphs
        text = "".join(paragraphs)
        size = len(" ".join(paragraphs).split()) if is_spaced(text) else len(text)
        assert 4 <= len(paragraphs) <= 9 or article.path == "/story/30204", address(site, article)
        assert size >= (110 if is_spaced(text) else 170), (address(site, article), size)


def test_every_page_is_read_back() -> None:
    for site, article in pages():
        text = article.editions[0]
        got = read(site, article)
        where = address(site, article)
        assert got.title.startswith(text.title), where
        assert {" ".join(one.split()) for one in text.paragraphs} <= set(got.paragraphs), where
        if article.date is not None:
            assert got.published is not None, where
            assert got.published.suspect is None, where
            assert article.date == got.published.at or article.date.date() == got.published.day, where


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "http://agency.example/news/201410020101.html",
            "http://greenweekly.example/issue/412/vietnam-diary",
        ),
        (
            "http://agency.example/news/201410020101.html",
            "http://wire.example/zh/2014/10/02/lvgengdui-beiwanglu.html",
        ),
        (
            "http://econ.example/industry/20141003/4418.shtml",
            "http://kinhte.example/doanh-nghiep/30-doanh-nghiep-gap-go.html",
        ),
        (
            "http://courier.example/taiwan/2014/10/03/mou-signed",
            "http://wire.example/en/2014/10/02/green-team-signs-memorandum.html",
        ),
    ],
)
def test_independent_reports_are_two_texts(one: str, other: str) -> None:
    texts = ["\n".join(find(url)[1].editions[0].paragraphs) for url in (one, other)]
    assert is_near_duplicate(*texts) is None


def test_only_what_was_reprinted_is_alike() -> None:
    texts = {address(*one): "\n".join(one[1].editions[0].paragraphs) for one in pages()}
    alike = {
        frozenset(pair)
        for pair in combinations(texts, 2)
        if is_near_duplicate(*(texts[url] for url in pair)) is not None
    }
    joined = {url for pair in alike for url in pair}
    agency = [url for url in joined if any(pair >= {url, AGENCY} for pair in alike)]
    assert len(agency) == 9  # itself, seven reprints, the portal's copy
    rest = {pair for pair in alike if not pair & set(agency)}
    hosts = sorted(sorted({url.split("/")[2] for url in pair}) for pair in rest)
    assert hosts == [
        ["agency.example", "portal.example"],  # the typhoon
        ["foundation.example", "industry.example"],
        ["saigonmoi.example", "wire.example"],
        ["tuoixanh.example"],
    ]


AGENCY = "http://agency.example/news/201410020101.html"


def test_windows_1258_writes_tone_marks_apart() -> None:
    site, article = find("http://kinhte.example/thi-truong/ca-phe-giam.html")
    body = render_page(site, article, 0)
    text = body.decode("cp1258")
    assert unicodedata.normalize("NFC", text) != text
    assert "Giá cà phê giảm phiên thứ ba" in unicodedata.normalize("NFC", text)


def test_charsets_need_no_references() -> None:
    for site in load_sites().values():
        if site.charset != "utf-8":
            for article in site.articles:
                assert re.search(rb"&#\d{3,}", render_page(site, article, 0)) is None, address(site, article)
            render_listing(site).decode(site.charset)


def test_the_inventory_names_what_there_is() -> None:
    told = (Path(demo.__file__).parent / "INVENTORY.md").read_text(encoding="utf-8")
    known = {f"http://{site.host}{one.path}" for site in load_sites().values() for one in site.articles}
    named = set(re.findall(r"`(http://[^`]+)`", told))
    assert len(named) > 30
    assert named <= known
    assert set(re.findall(r"`([a-z.]+\.example)`", told)) <= set(load_sites())
    counted = re.search(r"(\d+) invented hosts, (\d+) pages", told)
    assert counted is not None
    assert (int(counted[1]), int(counted[2])) == (len(load_sites()), len(known))
