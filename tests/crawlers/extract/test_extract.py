"""Pages → articles, on invented pages."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import BODY_EN, BODY_VI, BODY_ZH, NOW, article_page, paragraphs, read_page

from resound.article import Entry, FoundDate
from resound.errors import ExtractError


def ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields}, ensure_ascii=False)}</script>'


@pytest.mark.parametrize(("body", "tag"), [(BODY_ZH, "zh-Hant"), (BODY_EN, "en"), (BODY_VI, "vi")])
def test_the_body_and_nothing_else(body: tuple[str, ...], tag: str) -> None:
    article = read_page(article_page(body))
    assert article.paragraphs == body
    assert article.title == "綠耕隊訪問胡志明市"
    assert article.lead == body[0]
    assert article.language.tag == tag
    assert article.text == "\n".join(body)


TEASERS = "".join(f'<li><a href="/{n}">另一則關於完全不同事情的新聞標題{n}</a></li>' for n in range(8))


@pytest.mark.parametrize(
    "boiler",
    [
        f'<div class="related"><h3>相關新聞</h3><ul>{TEASERS}</ul></div>',
        f"<h3>延伸閱讀</h3><ul>{TEASERS}</ul>",
        f"<div><p>Tin liên quan</p><ul>{TEASERS}</ul></div>",
        f'<aside><h2>Most read</h2><p>電子廢棄物的故事，側欄的文字，這裡有一句完整的句子。</p><ul>{TEASERS}</ul></aside>',
        '<div class="fb-comments">' + "<p>王小明：我覺得這個電子廢棄物的政策很好，應該要早點做，大家一起加油。</p>" * 4 + "</div>",
        '<div id="cookie-banner"><p>本網站使用 Cookie 以提供更好的電子廢棄物體驗，繼續瀏覽即表示您同意我們的隱私政策。</p></div>',
        "<div><p>We use cookies to improve your experience.</p></div>",
        "".join(
            f'<div class="card"><h4><a href="/{n}">另一則關於電子廢棄物的新聞的標題第{n}號來了</a></h4>'
            f"<p>這是一段看起來像句子的摘要文字，它屬於另一篇報導，與本文無關第{n}段。</p></div>"
            for n in range(6)
        ),
    ],
)  # fmt: skip
def test_boilerplate_stays_out(boiler: str) -> None:
    body = (*BODY_ZH[:2], "主辦單位說，下一步將簽署合作備忘錄，並安排業者明年春天到台灣實地考察。")
    assert read_page(article_page(body, after=boiler)).paragraphs == body


def test_a_see_also_box_within_the_text() -> None:
    html = article_page(()).replace(
        '<div class="story">',
        f'<div class="story"><p>{BODY_ZH[0]}</p><p>延伸閱讀：<a href="/x">別的新聞</a></p><p>{BODY_ZH[1]}</p>'
        f'<p>【相關新聞】</p><ul><li><a href="/y">電子廢棄物別的新聞標題</a></li></ul><p>{BODY_ZH[2]}</p>',
    )
    assert read_page(html).paragraphs == BODY_ZH


def test_a_wrapper_with_a_suspicious_name_is_pardoned() -> None:
    html = article_page().replace('class="wrap"', 'class="has-sidebar related-content"')
    assert read_page(html).paragraphs == BODY_ZH


def test_captions_are_apart() -> None:
    figure = (
        '<figure><img src="a.jpg"><figcaption>綠耕隊在機場合影。（圖／主辦單位提供）</figcaption></figure>'
    )
    article = read_page(article_page().replace("<p>領隊", figure + "<p>領隊"))
    assert article.paragraphs == BODY_ZH
    assert article.captions == ("綠耕隊在機場合影。（圖／主辦單位提供）",)


def test_breaks_instead_of_paragraphs() -> None:
    html = article_page(()).replace('<div class="story">', '<div class="story">' + "<br><br>".join(BODY_ZH))
    assert read_page(html).paragraphs == BODY_ZH


def test_inline_markup_parts_no_word() -> None:
    html = article_page().replace("綠耕隊二日", "綠<b>耕</b><a href='/t'>隊</a>二日")
    assert read_page(html).paragraphs == BODY_ZH


def test_a_standfirst_outside_the_body_comes_first() -> None:
    lead = "台灣業者組團到越南南部，為期五天，將拜會當地環保機關與多家回收企業。"
    html = article_page(
        head=f'<meta name="description" content="{lead}">', before=f'<h2 class="sapo">{lead}</h2>'
    )
    article = read_page(html)
    assert article.lead == lead
    assert article.paragraphs == (lead, *BODY_ZH)


def test_a_description_that_is_not_on_the_page_is_no_lead() -> None:
    article = read_page(
        article_page(
            head='<meta name="description" content="晨光新聞網，每天早上為您帶來最新消息與深度報導。">'
        )
    )
    assert article.lead == BODY_ZH[0]


class TestTitle:
    @pytest.mark.parametrize(
        "written",
        [
            "綠耕隊訪問胡志明市 | 國際 | 晨光新聞網",
            "綠耕隊訪問胡志明市-晨光新聞網",
            "綠耕隊訪問胡志明市 - 國際 - 晨光新聞網",
            "綠耕隊訪問胡志明市_晨光新聞網",
        ],
    )
    def test_without_the_site(self, written: str) -> None:
        html = f"<html><head><title>{written}</title></head><body>{paragraphs(BODY_ZH)}</body></html>"
        assert read_page(html).title == "綠耕隊訪問胡志明市"

    def test_a_dash_in_a_headline_stays(self) -> None:
        title = "Green team in Vietnam - first day ends with a memorandum for small firms"
        html = f"<html><head><title>{title}</title></head><body>{paragraphs(BODY_EN)}</body></html>"
        assert read_page(html).title == title

    def test_the_logo_is_no_headline(self) -> None:
        html = article_page(head='<meta property="og:title" content="綠耕隊訪問胡志明市">').replace(
            "<nav>", "<h1>晨光新聞網</h1><nav>"
        )
        assert read_page(html).title == "綠耕隊訪問胡志明市"


class TestByline:
    @pytest.mark.parametrize(
        ("html", "byline"),
        [
            (article_page(head=ld(author=[{"name": "林美華"}, {"name": "陳志明"}])), "林美華, 陳志明"),
            (article_page(head='<meta name="author" content="林美華">'), "林美華"),
            (article_page(before='<div class="byline">記者 林美華</div>'), "林美華"),
            (article_page(before="<div>記者林美華／台北報導</div>"), "林美華"),
            (article_page(BODY_EN, before='<span class="author">By Lin Mei-hua</span>'), "Lin Mei-hua"),
            (article_page(head='<meta name="author" content="晨光新聞網">'), ""),
        ],
    )
    def test_who(self, html: str, byline: str) -> None:
        assert read_page(html).byline == byline


class TestDates:
    def test_json_ld_before_all(self) -> None:
        html = article_page(
            head=ld(datePublished="2014-10-02T10:15:00+08:00", dateModified="2014-10-03T08:00:00+08:00")
            + '<meta property="article:published_time" content="2014-10-02T11:00:00+08:00">'
        )
        article = read_page(html)
        assert article.published == FoundDate(
            "json-ld", "2014-10-02T10:15:00+08:00", at=datetime(2014, 10, 2, 2, 15, tzinfo=UTC)
        )
        assert article.updated is not None
        assert article.updated.at == datetime(2014, 10, 3, tzinfo=UTC)

    def test_text_beside_the_headline(self) -> None:
        article = read_page(
            article_page(before="<div>2014/10/02 10:15(10/03 08:00 更新)</div>"),
            url="https://news.example/a/1",
        )
        assert article.published is not None
        assert (article.published.origin, article.published.at) == (
            "text",
            datetime(2014, 10, 2, 2, 15, tzinfo=UTC),
        )
        assert article.updated is not None
        assert article.updated.at == datetime(2014, 10, 3, tzinfo=UTC)

    def test_vietnamese(self) -> None:
        html = article_page(BODY_VI, before='<span class="date">Thứ Năm, 2/10/2014 | 10:15 (GMT+7)</span>')
        article = read_page(html, url="https://bao.example/a", zone="Asia/Ho_Chi_Minh")
        assert article.published is not None
        assert (article.published.at, article.published.suspect) == (
            datetime(2014, 10, 2, 3, 15, tzinfo=UTC),
            None,
        )

    def test_a_time_tag_in_a_list_is_another_story_s(self) -> None:
        html = article_page(after='<ul><li><time datetime="2020-01-01">1 Jan</time> 別的</li></ul>')
        article = read_page(html, url="https://news.example/a")
        assert article.published is None

    def test_the_url_and_the_feed(self) -> None:
        feed = FoundDate("feed", "x", at=datetime(2014, 10, 2, 2, 15, tzinfo=UTC))
        entry = Entry("https://news.example/2014/10/02/1", published=feed)
        article = read_page(article_page(), url="https://news.example/2014/10/02/1")
        assert article.published == FoundDate("url", "2014-10-02", day=date(2014, 10, 2))
        assert (
            read_page(article_page(), url="https://news.example/2014/10/02/1", entry=entry).published == feed
        )

    def test_disagreement_waits_for_a_person(self) -> None:
        html = article_page(head=ld(datePublished=NOW.isoformat()))
        article = read_page(html, url="https://news.example/2014/10/02/1")
        assert article.published is not None
        assert article.published.suspect == "disagrees"


class TestJsonLd:
    def test_a_body_that_a_script_would_load(self) -> None:
        html = f"<html><head><title>x</title>{ld(headline='綠耕隊訪問胡志明市', articleBody='<p>' + '</p><p>'.join(BODY_ZH) + '</p>')}</head><body><div id=app></div></body></html>"
        article = read_page(html)
        assert (article.paragraphs, article.extractor, article.title) == (
            BODY_ZH,
            "json-ld",
            "綠耕隊訪問胡志明市",
        )

    def test_a_partial_body_does_not_replace_the_page_s(self) -> None:
        assert read_page(article_page(head=ld(articleBody=BODY_ZH[0][:30]))).paragraphs == BODY_ZH

    def test_a_body_without_paragraphs_gains_the_page_s(self) -> None:
        article = read_page(article_page(head=ld(articleBody="".join(BODY_ZH))))
        assert (article.paragraphs, article.extractor) == (BODY_ZH, "generic/1")

    @pytest.mark.parametrize(
        "broken",
        [
            '{"@type": "NewsArticle", "headline": "綠耕隊\n訪問", }',
            '<!-- {"@graph": [{"@type": ["NewsArticle"], "headline": "綠耕隊 訪問"}]} -->',
            "{",
            "[[[",
            "null",
        ],
    )
    def test_broken_markup_breaks_nothing(self, broken: str) -> None:
        html = article_page(head=f'<script type="application/ld+json">{broken}</script>')
        assert read_page(html).paragraphs == BODY_ZH


class TestCanonical:
    def test_of_the_same_site(self) -> None:
        html = article_page(head='<link rel="canonical" href="/local/1">')
        assert (
            read_page(html, url="https://m.news.example/local/1?utm_source=x").canonical_url
            == "https://news.example/local/1"
        )

    def test_a_reprint_keeps_its_own(self) -> None:
        html = article_page(head='<link rel="canonical" href="https://agency.example/9">')
        article = read_page(html, url="https://paper.example/a/1")
        assert article.canonical_url == "https://paper.example/a/1"
        assert article.notes == ("names agency.example as its origin",)


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "more", "reason"),
        [
            (b"%PDF-1.4 ...", {"content_type": "application/pdf"}, "not-html"),
            (b"\x89PNG\r\n", {}, "not-html"),
            (b'{"a": 1}', {"content_type": "application/json"}, "not-html"),
            (b"   ", {}, "empty"),
            ("<html><body></body></html>", {}, "empty"),
            (article_page(), {"status": 404}, "http-status"),
            ('<html><body><div id="root"></div><script src="/app.js"></script></body></html>', {}, "script-only"),
            ("<html><body><noscript>Please enable JavaScript to view this page.</noscript><div id=app></div></body></html>", {}, "script-only"),
            (article_page(("只有開頭的一句話，其餘要付費才能看到全文內容。",), head=ld(isAccessibleForFree=False), after="<p>訂閱會員才能閱讀全文</p>"), {}, "paywall"),
            (f"<html><body><ul>{''.join(f'<li><a href=/{n}>新聞標題第{n}號</a></li>' for n in range(60))}</ul></body></html>", {}, "not-an-article"),
        ],
    )  # fmt: skip
    def test_reasons(self, body: str | bytes, more: dict[str, object], reason: str) -> None:
        with pytest.raises(ExtractError) as caught:
            read_page(body, **more)  # type: ignore[arg-type]
        assert caught.value.reason == reason

    def test_a_page_with_text_is_never_empty(self) -> None:
        for html in (
            "<html><body>短訊：今天下雨。</body></html>",
            "<html><body><div><span>Rain today in the city.</span></div></body></html>",
            f"<html><body><form>{paragraphs(BODY_EN)}</form></body></html>",
            f"<html><body><aside class='sidebar comments'>{paragraphs(BODY_ZH)}</aside></body></html>",
            f"<html><body><table><tr><td>{BODY_VI[0]}<br>{BODY_VI[1]}</td></tr></table></body></html>",
            BODY_EN[0],
        ):
            assert read_page(html).text

    def test_free_pages_may_ask_for_subscribers(self) -> None:
        assert (
            read_page(article_page(after="<p>Subscribe to read more stories like this.</p>")).paragraphs
            == BODY_ZH
        )


@given(st.text(alphabet="<>/abp \"'=&;div綠耕隊。\n", max_size=200))
@settings(max_examples=80, deadline=None)
def test_only_extract_errors(markup: str) -> None:
    try:
        article = read_page(markup)
    except ExtractError:
        return
    assert article.text


def test_deep_nesting_is_bounded() -> None:
    assert read_page("<div>" * 5_000 + paragraphs(BODY_EN)).text
