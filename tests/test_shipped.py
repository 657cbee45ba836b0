"""The outlets and campaigns that come with Resound are what the design asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from resound.campaign import Campaign
from resound.definitions.written import load_campaign, load_path, shipped_campaigns, shipped_sources
from resound.processing.matching import CampaignMatcher
from resound.query import expand, parse
from resound.searching.search import glossary_forms
from resound.source import Source
from resound.urls import find_edition

SOURCES = {one.model.id: one.model for one in load_path(shipped_sources()) if isinstance(one.model, Source)}


def reference() -> Campaign:
    return load_campaign(shipped_campaigns() / "apo-coe-gp-vietnam-2014.yml")


def test_every_outlet_of_the_design_is_there() -> None:
    wanted = """vietnamplus bao-tin-tuc viet-nam-news nhan-dan vnexpress tuoi-tre thanh-nien sggp vov vov5 vtv vietnamnet
        vnews cna focus-taiwan ltn udn economic-daily taipei-times taiwan-today apo foundation
        yahoo-news line-today bao-moi google-news"""
    assert set(wanted.split()) <= set(SOURCES)


def test_files_lie_in_their_country() -> None:
    for one in load_path(shipped_sources()):
        assert isinstance(one.model, Source)
        folder = Path(one.came_from).parent.name
        assert folder in (one.model.country.lower(), "intl")


@pytest.mark.parametrize(
    ("url", "source", "edition"),
    [
        ("https://www.vietnamplus.vn/a-post1.vnp", "vietnamplus", "vi"),
        ("https://en.vietnamplus.vn/a-post1.vnp", "vietnamplus", "en"),
        ("https://zh.vietnamplus.vn/a-post1.vnp", "vietnamplus", "zh"),
        ("https://m.vnexpress.net/a-1.html", "vnexpress", "vi"),
        ("https://cn.sggp.org.vn/a.html", "sggp", "zh"),
        ("https://money.udn.com/money/story/1/2", "economic-daily", "zh"),
        ("https://udn.com/news/story/1/2", "udn", "zh"),
        ("https://m.ltn.com.tw/news/world/1", "ltn", "zh"),
        ("https://vovworld.vn/zh-CN/a.vov", "vov5", "zh"),
        ("https://vovworld.vn/vi-VN/a.vov", "vov5", "vi"),
        ("https://vietnamnet.vn/en/a-1.html", "vietnamnet", "en"),
        ("https://tw.news.yahoo.com/a-1.html", "yahoo-news", "zh"),
        ("https://www.apo-tokyo.org/aponews/a/", "apo", "en"),
    ],
)
def test_articles_find_their_outlet(url: str, source: str, edition: str) -> None:
    found = find_edition(url, SOURCES.values())
    assert found is not None
    assert (found[0].id, found[1].id) == (source, edition)


def test_relations_and_groups() -> None:
    assert SOURCES["apo"].relation == "partner"
    assert SOURCES["foundation"].relation == "owned"
    assert {SOURCES[one].owner.id for one in ("vietnamplus", "bao-tin-tuc", "viet-nam-news", "vnews")} == {
        "vna"
    }
    assert SOURCES["vnews"].by_hand
    assert SOURCES["vnews"].medium == "tv"
    assert {one.id for one in SOURCES.values() if one.type == "aggregator"} == {
        "yahoo-news",
        "line-today",
        "bao-moi",
    }


def test_unproven_addresses_say_so() -> None:
    by_url = {feed.url: feed for one in SOURCES.values() for feed in one.feeds}
    assert not by_url["https://en.vietnamplus.vn/rss/news.rss"].proven
    assert not by_url["https://zh.vietnamplus.vn/rss/home.rss"].proven
    assert by_url["https://news.ltn.com.tw/rss/all.xml"].proven
    archive = next(one for one in SOURCES["vietnamplus"].sitemaps if one.edition == "vi")
    assert archive.is_archive
    assert archive.url.format(year=2014, month=9) == "https://www.vietnamplus.vn/sitemaps/news-2014-9.xml"


def test_the_reference_campaign_is_whole() -> None:
    campaign = reference()
    assert (str(campaign.window.first), str(campaign.window.last)) == ("2014-09-01", "2014-11-30")
    assert set(campaign.queries) == {"zh-Hant", "zh-Hans", "en", "vi"}
    assert {one.language for one in campaign.search_feeds} == {"zh-Hant", "zh-Hans", "en", "vi"}
    forms = {form for term in campaign.terms for form in term.all_forms}
    wanted = """亞洲生產力組織|APO|Asian Productivity Organization|Tổ chức Năng suất châu Á|綠色卓越中心|COE GP|資源循環綠耕隊|綠耕隊|
        環保署基管會|經濟部工業局|中小企業發展中心|SMEDEC 2|標檢總局|STAMEQ|Tổng cục Tiêu chuẩn Đo lường Chất lượng|Ngô Quý Việt|
        Ngo Quy Viet|吳貴越|鄭祖壽|馬小康|林志清|Nguyễn Thị Thanh Mỹ|Lê Ngọc Trung"""
    assert {form.strip() for form in wanted.split("|")} <= forms
    assert len(campaign.messages) >= 3
    assert campaign.comparators


def test_one_theme_is_found_from_any_language() -> None:
    forms = glossary_forms([reference()])
    trees = {
        str(expand(parse(text), forms)[0].tree)
        for text in ("電子廢棄物", "电子废弃物", "e-waste", "rac thai dien tu")
    }
    assert len(trees) == 1


def test_the_template_is_valid_and_names_every_field() -> None:
    path = shipped_campaigns() / "TEMPLATE.yml"
    campaign = load_campaign(path)
    CampaignMatcher(campaign)
    written = path.read_text(encoding="utf-8")
    for name in Campaign.model_fields:
        assert f"\n{name}:" in written, name
