"""Outlets of Vietnam."""

from __future__ import annotations

from crawlers.extract.sites import SiteRule

RULES = (
    SiteRule(
        site="vnexpress.net",
        since="2019-01",
        body="article.fck_detail",
        title="h1.title-detail",
        lead="p.description",
        byline="p.author_mail strong, p.Normal[style*='right'] strong",
        date="span.date",
        drop=".box-tinlienquanv2, .list-news, .width_common.box-related, .banner-ads",
    ),
    SiteRule(
        site="vnexpress.net",
        since="2012-12",
        body="div.fck_detail",
        lead="h2.Lead, h2.short_intro, div.short_intro, p.Lead",
        title="h1.Title, .title_news h1",
        drop=".box-tinlienquan, .relate_news",
    ),
)
