"""Outlets of Taiwan."""

from __future__ import annotations

from crawlers.extract.sites import SiteRule

RULES = (
    SiteRule(
        site="ltn.com.tw",
        since="2018-07",
        body='div[itemprop="articleBody"], div.whitecon div.text, div.content div.text',
        byline=".author",
        drop=".ph_b, .ph_i, .photo, .appE1121, .related, .before_ir, script, .boxTitle h1, .time, .viewtime",
    ),
    SiteRule(
        site="udn.com",
        since="2019-03",
        body="#story_body_content, section.article-content__editor",
        drop="h1, .story_bady_info, .story_bady_share, .inline-ads, .only_web, .article-content__image, #story_tags",
    ),
)
