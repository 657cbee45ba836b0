"""Outlets of Taiwan."""

from __future__ import annotations

from crawlers.extract.sites import SiteRule

RULES = (
    SiteRule(
        site="udn.com",
        since="2019-03",
        body="#story_body_content, section.article-content__editor",
        drop="h1, .story_bady_info, .story_bady_share, .inline-ads, .only_web, .article-content__image, #story_tags",
    ),
)
