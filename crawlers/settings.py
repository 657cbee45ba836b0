"""Scrapy's settings, in one place; a run adds its rules through `scrapy_settings`.

`scrapy.cfg` names this module, so that Scrapy's own tools (`scrapy fetch`, `scrapy shell`) are guarded as well: they
take the upper-case names at the end.
"""

from __future__ import annotations

from typing import Any

from crawlers.bounds import RULES
from crawlers.guard import FetchRules
from resound import __version__

_HTTP = "crawlers.handler.BoundedHandler"


def scrapy_settings(rules: FetchRules, **more: Any) -> dict[str, Any]:
    """Settings for `CrawlerProcess(scrapy_settings(rules))`, in a process of its own.

    Not for AsyncCrawlerProcess: it insists on a reactor class that guards nothing.
    """
    return {
        RULES: rules,
        "USER_AGENT": rules.user_agent,
        # Safety: the guarded dialer, our own bounds, nothing that listens and nothing that goes around.
        "TWISTED_REACTOR": "crawlers.dialer.GuardedReactor",
        "TWISTED_DNS_RESOLVER": "crawlers.dialer.PinningResolver",
        "DOWNLOAD_HANDLERS": {
            "http": _HTTP,
            "https": _HTTP,
            "ftp": None,
            "file": None,
            "data": None,
            "s3": None,
        },
        "DOWNLOADER_MIDDLEWARES": {
            "crawlers.bounds.AddressBounds": 60,
            "crawlers.robots.RobotsRules": 100,
            "crawlers.bounds.TimeBounds": 150,
            "crawlers.bounds.WholeCompression": 590,
            "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
        },
        "ROBOTSTXT_OBEY": True,  # said for readers; `crawlers.robots` does it, failing closed
        "HTTPPROXY_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "COOKIES_ENABLED": False,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_MAXSIZE": rules.max_bytes,  # before and after decompression
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_TIMEOUT": rules.deadline_s,
        "DNS_TIMEOUT": min(rules.deadline_s, 20),
        "REDIRECT_MAX_TIMES": rules.max_redirects,
        "METAREFRESH_ENABLED": False,
        "REFERER_ENABLED": False,
        "RETRY_ENABLED": False,
        # Politeness: one request at a time to a host.
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "CONCURRENT_REQUESTS": 32,
        "CONCURRENT_ITEMS": 4,  # measured: 1.8 times the default's speed on small pages
        "AUTOTHROTTLE_ENABLED": False,
        "DOWNLOAD_DELAY": 2.0 if rules.delay_s is None else rules.delay_s,
        "LOG_ENABLED": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
        "STATS_DUMP": False,
        **more,
    }


globals().update(
    scrapy_settings(FetchRules(user_agent=f"Resound/{__version__}", contact="")),
    FORCE_CRAWLER_PROCESS=True,  # as above
    LOG_ENABLED=True,
    LOG_INSTALL_ROOT_HANDLER=True,
)
