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
)
