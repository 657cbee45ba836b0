"""The dated rules of single sites: invented texts in the sites' own designs."""

from __future__ import annotations

from pages import BODY_VI, BODY_ZH, paragraphs, read_page

from crawlers.extract.sites import find_rules

VNEXPRESS = f"""<html><head><title>Đội xanh đến thành phố - VnExpress</title></head><body><span class="date">Thứ năm, 2/10/2014, 10:15 (GMT+7)</span>
<h1 class="title-detail">Đội xanh đến thành phố</h1><p class="description">{BODY_VI[0]}</p>
<article class="fck_detail">{paragraphs(BODY_VI[1:])}<div class="box-tinlienquanv2"><p>Câu chuyện khác về rác thải điện tử, đọc ở đây.</p></div>
<p class="author_mail"><strong>Minh Anh</strong></p></article></body></html>"""
UDN = f"""<html><head><title>綠耕隊訪問胡志明市 | 聯合新聞網</title></head><body><h1>綠耕隊訪問胡志明市</h1>
<div id="story_body_content">{paragraphs(BODY_ZH)}<div class="inline-ads"><p>電子廢棄物廣告，這裡是一句完整的句子。</p></div></div></body></html>"""


def test_vnexpress() -> None:
    article = read_page(VNEXPRESS, url="https://vnexpress.net/doi-xanh-1.html", zone="Asia/Ho_Chi_Minh")
    assert article.extractor == "site:vnexpress.net/2019-01"
    assert article.paragraphs == BODY_VI
    assert (article.lead, article.byline, article.title) == (BODY_VI[0], "Minh Anh", "Đội xanh đến thành phố")
    assert article.published is not None
    assert article.published.at is not None
    assert article.published.at.isoformat() == "2014-10-02T03:15:00+00:00"


def test_udn() -> None:
    article = read_page(UDN, url="https://udn.com/news/story/1/2")
    assert (article.extractor, article.paragraphs) == ("site:udn.com/2019-03", BODY_ZH)


def test_another_design_falls_back() -> None:
    article = read_page(UDN.replace("story_body_content", "new-body"), url="https://udn.com/news/story/1/2")
    assert article.extractor == "generic/1"
    assert article.paragraphs[:3] == BODY_ZH


def test_other_sites_have_no_rule() -> None:
    assert list(find_rules("news.example")) == []
