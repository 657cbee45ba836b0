"""The crawler's sentences are recognised, so that they can be said in other languages."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crawlers.feeds import parse_feed
from crawlers.fetch import explain_failure
from crawlers.guard import FetchRules, check_connection, check_url
from crawlers.listings import parse_listing
from crawlers.sitemaps import parse_sitemap
from resound.errors import FetchError
from resound.source import Listing
from resound.told import Told
from resound.watching.crawl_words import SENTENCES, recognise

RULES = FetchRules("Resound/test", "t@resound.example")
ZONE, NOW = ZoneInfo("UTC"), datetime(2026, 1, 1, tzinfo=UTC)


def refusals() -> list[str]:
    found = []
    for url in (
        "http://127.0.0.1/",
        "http://router.local/",
        "ftp://a.example/",
        "http://a@b.example/",
        "http://b.example:22/",
        "http://",
    ):
        try:
            check_url(url, RULES)
        except FetchError as err:
            found.append(str(err))
    try:
        check_connection("8.8.8.8", 22, RULES)
    except FetchError as err:
        found.append(str(err))
    return found


@pytest.mark.parametrize(
    "sentence",
    [
        *refusals(),
        *(str(explain_failure(error, "u")) for error in (TimeoutError(), ConnectionRefusedError(), Exception("max redirections reached"), Exception("larger than allowed"))),
        parse_feed(b"<!doctype html><html>", url="u", zone=ZONE, now=NOW).problem,
        parse_feed(b"", url="u", zone=ZONE, now=NOW).problem,
        parse_sitemap(b"<!doctype html><html>", url="u", zone=ZONE, now=NOW).problem,
        parse_sitemap(b"", url="u", zone=ZONE, now=NOW).problem,
        parse_sitemap(b"words", url="u", zone=ZONE, now=NOW).problem,
        parse_listing(b"<p>x</p>", url="http://a.example/", listing=Listing(url="http://a.example/", links="ul a"), zone=ZONE, now=NOW).problem,
        "http://a.example/robots.txt does not permit it.",
        "http://a.example/robots.txt answers HTTP 503; where robots.txt cannot be read, nothing is fetched.",
        "HTTP 500",
    ],
)  # fmt: skip
def test_what_the_crawler_says_is_known(sentence: str) -> None:
    found = recognise(sentence)
    assert found.pattern in SENTENCES, sentence
    assert str(found) == sentence


def test_a_reason_inside_a_sentence_is_known_too() -> None:
    whole = "http://a.example/robots.txt cannot be read: There is no such host; where robots.txt cannot be read, nothing is fetched."
    found = recognise(whole)
    assert found.pattern in SENTENCES
    assert isinstance(found.values["why"], Told)
    assert found.values["why"].pattern == "There is no such host."


def test_anything_else_stays_as_it_is() -> None:
    for odd in ("", "100 % of it", "%(name)s", "The connection was\nodd."):
        assert str(recognise(odd)) == odd
