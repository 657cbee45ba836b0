"""Which addresses may become work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.weburl import publisher_url, web_url
from resound.urls import canonical_url

BASE = "https://news.example/world/index.html"


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("a.html", "https://news.example/world/a.html"),
        ("//m.news.example/a#part", "https://m.news.example/a"),
        (" /a b.html\n", "https://news.example/a%20b.html"),
        ("HTTP://News.example/A?b=C", "HTTP://News.example/A?b=C"),
        ("/新聞/1", "https://news.example/新聞/1"),
        ("#!/story/1", "https://news.example/world/index.html#!/story/1"),
        ("", None),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("ftp://a.example/", None),
        ("https://user@a.example/", None),
        ("https://a.example@127.0.0.1/", None),
        ("https://", None),
        ("http://[::1", None),
        ("http://a.example:port/", None),
        ("https://a.example/" + "x" * 2_000, None),
        ("https://a.example/\u202egpj.exe", None),
    ],
)
def test_web_url(href: str, address: str | None) -> None:
    assert web_url(BASE, href) == address


@given(st.text(max_size=60))
def test_whatever_is_found_is_a_canonicalisable_address_or_nothing(href: str) -> None:
    found = web_url(BASE, href)
    assert found is None or canonical_url(found).startswith(("http://", "https://"))


def test_redirectors_give_the_publishers_address() -> None:
    assert (
        publisher_url("https://www.google.com/url?sa=t&url=https://a.example/1%3Fid%3D2&ct=x")
        == "https://a.example/1?id=2"
    )
    assert (
        publisher_url("http://www.bing.com/news/apiclick.aspx?url=https%3a%2f%2fa.example%2f1")
        == "https://a.example/1"
    )
    kept = "https://news.google.com/rss/articles/CBMi?oc=5"
    assert publisher_url(kept) == kept
    assert (
        publisher_url("https://www.google.com/url?url=javascript:x")
        == "https://www.google.com/url?url=javascript:x"
    )
