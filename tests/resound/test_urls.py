"""One address per article: twins meet, different articles never do, hostile addresses raise nothing but ValueError."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resound.source import Edition, Names, Owner, Source
from resound.urls import (
    article_id,
    bare_host,
    canonical_url,
    content_hash,
    find_edition,
    host_of,
    is_http_url,
    registered_site,
    resolve,
    version_id,
)

PAGE = "https://news.example/world/story-20141002"


@pytest.mark.parametrize(
    ("served", "canonical"),
    [
        # host, port, userinfo
        ("HTTPS://News.Example:443/A/Path", "https://news.example/A/Path"),
        ("http://news.example:80", "http://news.example/"),
        ("http://news.example:8080/a", "http://news.example:8080/a"),
        ("http://news.example./a", "http://news.example/a"),
        ("http://reader:secret@news.example/a", "http://news.example/a"),
        ("http://台灣新聞.example/綠耕隊", "http://xn--kpry62b0yhutq.example/%E7%B6%A0%E8%80%95%E9%9A%8A"),
        ("http://news。example/a", "http://news.example/a"),
        ("http://[2001:DB8::0:1]/a", "http://[2001:db8::1]/a"),
        # what a browser forgives
        ("  http://news.example/a\t\n", "http://news.example/a"),
        ("http:\\\\news.example\\a?b=\\", "http://news.example/a?b=%5C"),
        # paths: dots, slashes, escapes; case and index files stay
        ("http://news.example/a/./b/../c", "http://news.example/a/c"),
        ("http://news.example/../../a", "http://news.example/a"),
        ("http://news.example//a///b", "http://news.example/a/b"),
        ("http://news.example/%7euser/%e4%b8%ad%2f", "http://news.example/~user/%E4%B8%AD%2F"),
        ("http://news.example/100%", "http://news.example/100%25"),
        ("http://news.example/Story-ABC", "http://news.example/Story-ABC"),
        ("http://news.example/a/index.html", "http://news.example/a/index.html"),
        ("http://news.example/a/", "http://news.example/a/"),
        ("http://news.example/show;jsessionid=1A2B?id=7", "http://news.example/show?id=7"),
        (
            "http://archive.example/web/2014/http://news.example/a",
            "http://archive.example/web/2014/http://news.example/a",
        ),
        # tracking goes, what names the article stays, sorted
        (PAGE + "?utm_source=x&UTM_Medium=y&fbclid=1&gclid=2&yclid=3&igshid=4&mc_cid=5&zarsrc=30", PAGE),
        (PAGE + "?amp;utm_campaign=x", PAGE),
        ("http://news.example/show?p=2&id=31&utm_term=z&aid=4", "http://news.example/show?aid=4&id=31&p=2"),
        ("http://news.example/show?id=1&id=1", "http://news.example/show?id=1"),
        ("http://news.example/show?20141002", "http://news.example/show?20141002"),
        (
            "http://news.example/show?newsid=5&ch=news&nid=3",
            "http://news.example/show?ch=news&newsid=5&nid=3",
        ),
        ("http://news.example/show?cid=5&uid=6&eid=7", "http://news.example/show?cid=5&eid=7&uid=6"),
        ("http://news.example/q?x=%ff&a=b%26c", "http://news.example/q?a=b%26c&x=%FF"),
        # from and ref: only where something else names the article
        (PAGE + "?from=udn-catelist&ref=home", PAGE),
        ("http://news.example/show?id=3&ref=home", "http://news.example/show?id=3"),
        ("http://news.example/show?ref=3", "http://news.example/show?ref=3"),
        ("http://news.example/a-green-team-visits?ref=rss", "http://news.example/a-green-team-visits"),
        # AMP twins
        ("https://news.example/amp/world/story-20141002", PAGE),
        ("https://news.example/world/amp/story-20141002", PAGE),
        ("https://news.example/world/story-20141002/amp", PAGE),
        ("https://news.example/world/story-20141002/amp/", PAGE + "/"),
        ("https://amp.news.example/world/story-20141002", PAGE),
        (PAGE + ".amp.html", PAGE + ".html"),
        (PAGE + ".html.amp", PAGE + ".html"),
        (PAGE + "?amp=1", PAGE),
        (PAGE + "?amp", PAGE),
        (PAGE + "?outputType=amp", PAGE),
        (PAGE + "?amp_js_v=0.1&usqp=mq331", PAGE),
        ("https://news-example.cdn.ampproject.org/c/s/news.example/world/amp/story-20141002", PAGE),
        ("https://cdn.ampproject.org/v/s/news.example/world/story-20141002?amp_js_v=1", PAGE),
        ("https://www.google.com/amp/s/amp.news.example/world/story-20141002", PAGE),
        ("https://news.example/tag/amp", "https://news.example/tag/amp"),
        ("https://news.example/amp", "https://news.example/amp"),
        ("https://news.example/amplifier/Amp-test", "https://news.example/amplifier/Amp-test"),
        # mobile twins
        ("https://m.news.example/world/story-20141002", PAGE),
        ("https://mobile.news.example/world/story-20141002", PAGE),
        ("https://m.com.tw/a", "https://m.com.tw/a"),
        ("https://m.example/a", "https://m.example/a"),
        # fragments
        (PAGE + "#comments", PAGE),
        (PAGE + "#!/page/2", PAGE + "#!/page/2"),
    ],
)
def test_canonical(served: str, canonical: str) -> None:
    assert canonical_url(served) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "news.example/a",
        "//news.example/a",
        "ftp://news.example/a",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://",
        "http:///a",
        "http:news.example",
        "http://news.example:port/",
        "http://news.example:99999/",
        "http://[::1/",
        "http://[v1.x]/",
        "http://a b.example/",
        "http://-/",
        "http://..example/",
        "http://%ff.example/",
        "http://" + "a" * 64 + ".example/",
        "http://\ud800.example/",
        "http://x.example/" + "a" * 5000,
    ],
)
def test_what_is_no_address_is_a_value_error(hostile: str) -> None:
    assert not is_http_url(hostile)
    for ask in (canonical_url, host_of, article_id):
        with pytest.raises(ValueError, match=r"."):
            ask(hostile)
    assert canonical_url(PAGE, declared=hostile) in (
        PAGE,
        "https://news.example/a",
        "https://news.example/world/",
    )


URLS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://", "https://", "HTTP://", "http:\\\\", " https://"]),
        st.sampled_from(
            [
                "news.example",
                "m.amp.www.News.Example:80",
                "台灣.example",
                "a.cdn.ampproject.org",
                "u@[::1]:443",
            ]
        ),
        st.lists(
            st.sampled_from(
                [
                    "/",
                    "//",
                    "/amp",
                    "/..",
                    "/.",
                    "/c/s/x.example",
                    "?",
                    "#",
                    "#!",
                    "&",
                    "=",
                    ";",
                    "%",
                    "%2",
                    "%2F",
                    ".amp.html",
                ]
            )
            | st.sampled_from(
                [
                    "%41",
                    "utm_a=1",
                    "ref=2",
                    "id",
                    "amp=1",
                    "amp",
                    "\\",
                    "綠",
                    "é",
                    " ",
                    "\t",
                    "\ud800",
                    "{{",
                    ":",
                    "@",
                    "12345",
                ]
            )
            | st.text(max_size=4),
            max_size=12,
        ).map("".join),
    ),
)


@given(URLS | st.text(max_size=60))
@example("http://a.cdn.ampproject.org//%63/s/x.example")
@example("https://news.example/a/amp.amp.html/.amp.html")
@example("https://news.example/amp/./amp/../c%2e%2e/%2e%2e/b")
def test_canonical_is_idempotent_and_raises_nothing_but_value_error(url: str) -> None:
    try:
        once = canonical_url(url)
    except ValueError:
        return
    assert canonical_url(once) == once
    assert article_id(once) == article_id(canonical_url(once))
    assert once.isascii()
    assert is_http_url(once)


@given(URLS, st.text(max_size=30) | URLS)
def test_a_declared_address_never_raises_and_never_leaves_the_site(url: str, declared: str) -> None:
    try:
        own = canonical_url(url)
    except ValueError:
        return
    chosen = canonical_url(url, declared=declared)
    assert registered_site(host_of(chosen)) == registered_site(host_of(own))
    assert canonical_url(chosen) == chosen


@pytest.mark.parametrize(
    ("served", "declared", "chosen"),
    [
        # believed
        (
            "https://m.news.example/s?n=20141002",
            "https://www.news.example/world/20141002",
            "https://www.news.example/world/20141002",
        ),
        (
            "https://amp.news.example/x/20141002",
            "/world/20141002.html",
            "https://news.example/world/20141002.html",
        ),
        (
            "https://money.udn.com/money/story/1/20141002",
            "https://udn.com/news/story/7/20141002",
            "https://udn.com/news/story/7/20141002",
        ),
        (
            "https://news.example/a-b-c-d-1.amp",
            "https://news.example/a-b-c-d-1.vnp",
            "https://news.example/a-b-c-d-1.vnp",
        ),
        (
            "https://news.example/2014123/the-title-of-it",
            "https://news.example/2014123",
            "https://news.example/2014123",
        ),
        (PAGE, PAGE + "?utm_source=self", PAGE),
        (
            "https://news.example/show?id=3&page=2",
            "https://news.example/show?id=3",
            "https://news.example/show?id=3",
        ),
        ("https://news.example/", "https://www.news.example/", "https://www.news.example/"),
        # not believed
        (PAGE, "https://other.example/world/story-20141002", PAGE),
        (PAGE, "https://news.example/", PAGE),
        (PAGE, "/", PAGE),
        (PAGE, "https://www.news.example/index.html", PAGE),
        (PAGE, "https://news.example/world/", PAGE),
        (PAGE, "https://news.example/world", PAGE),
        (PAGE, "https://news.example/sport/", PAGE),
        (PAGE, "{{url}}", PAGE),
        (PAGE, "https://news.example/{{ article.url }}", PAGE),
        (PAGE, "undefined", PAGE),
        (PAGE, "javascript:void(0)", PAGE),
        (PAGE, "", PAGE),
        (PAGE, "http://[", PAGE),
        (
            "https://news.example/news.php?id=12",
            "https://news.example/news.php",
            "https://news.example/news.php?id=12",
        ),
        (
            "http://127.0.0.1:8000/a/20141002",
            "http://127.0.0.2:8000/b/20141002",
            "http://127.0.0.1:8000/a/20141002",
        ),
        (
            "https://one.blogspot.com/2014/10/a.html",
            "https://two.blogspot.com/2014/10/a.html",
            "https://one.blogspot.com/2014/10/a.html",
        ),
    ],
)
def test_declared(served: str, declared: str, chosen: str) -> None:
    assert canonical_url(served, declared=declared) == chosen


def test_identity_ignores_scheme_www_and_trailing_slash_only() -> None:
    same = {
        article_id(u)
        for u in (PAGE, PAGE + "/", PAGE.replace("https", "http"), PAGE.replace("news.", "www.news."))
    }
    assert len(same) == 1
    assert all(len(i) == 16 and int(i, 16) >= 0 for i in same)
    others = (
        "https://news.example/world/Story-20141002",
        PAGE + "?id=1",
        "https://en.news.example/world/story-20141002",
    )
    others += ("https://news.example:8443/world/story-20141002", PAGE + "#!/2")
    assert len({article_id(u) for u in others} | same) == 6


def test_content_hash_sees_words_not_spacing() -> None:
    one = content_hash("Tổ chức", ["a  b", "", "c"])
    assert one == content_hash("To\u0302\u0309 chu\u031b\u0301c", [" a b", "c "])
    assert one != content_hash("Tổ chức", ["a b c", "d"])
    assert one != content_hash("Tổ chức", ["A b", "c"])
    assert version_id("0" * 16, one) != version_id("1" * 16, one)
    assert len(version_id("0" * 16, one)) == 16


@pytest.mark.parametrize(
    ("href", "absolute"),
    [
        ("/a", "https://news.example/a"),
        ("?page=2", "https://news.example/world/story-20141002?page=2"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("..\\a", "https://news.example/a"),
        (" https://x.example/\n", "https://x.example/"),
        ("", PAGE),
    ],
)
def test_resolve(href: str, absolute: str) -> None:
    assert resolve(PAGE, href) == absolute


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "mailto:a@b.example",
        "data:text/html,x",
        "http://[",
        "tel:1",
    ],
)
def test_resolve_refuses_what_is_not_the_web(href: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        resolve(PAGE, href)


def _source(name: str, *editions: Edition) -> Source:
    return Source(
        id=name,
        names=Names(en=name),
        home="https://news.example/",
        owner=Owner(id=name, name=name),
        country="VN",
        timezone="Asia/Ho_Chi_Minh",
        editions=editions,
    )


VN = _source(
    "vn",
    Edition(id="vi", language="vi", hosts=("www.vn.example",)),
    Edition(id="en", language="en", hosts=("en.vn.example", "vn.example"), paths=("/en/",)),
    Edition(id="zh", language="zh-Hans", hosts=("www.vn.example",), paths=("/en/zh", "/zh")),
)
MOBILE = _source("mobile", Edition(id="vi", language="vi", hosts=("m.vn.example",)))
LOCAL = _source("local", Edition(id="en", language="en", hosts=("local.example:8080",)))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://www.vn.example/a", "vn/vi"),
        ("http://VN.example/a", "vn/vi"),
        ("https://amp.vn.example/a", "vn/vi"),
        ("https://vn.example/en/a", "vn/en"),
        ("https://www.vn.example/en", "vn/en"),
        ("https://www.vn.example/english", "vn/vi"),
        ("https://www.vn.example/en/zh/1", "vn/zh"),
        ("https://www.vn.example/amp/zh/1", "vn/zh"),
        ("https://en.vn.example/en/1", "vn/en"),
        ("https://en.vn.example/1", None),
        ("https://m.vn.example/a", "mobile/vi"),
        ("https://xvn.example/a", None),
        ("https://vn.example.evil.example/a", None),
        ("https://vn.example@evil.example/a", None),
        ("http://local.example:8080/a", "local/en"),
        ("http://local.example/a", None),
    ],
)
def test_find_edition(url: str, found: str | None) -> None:
    for sources in ([VN, MOBILE, LOCAL], [LOCAL, MOBILE, VN]):
        hit = find_edition(url, sources)
        assert (None if hit is None else f"{hit[0].id}/{hit[1].id}") == found


def test_sites_and_bare_hosts() -> None:
    assert registered_site("money.udn.com") == "udn.com"
    assert registered_site("news.ltn.com.tw") == "ltn.com.tw"
    assert registered_site("127.0.0.1") == "127.0.0.1"
    assert bare_host("m.www.news.example") == bare_host("news.example") == "news.example"
    assert bare_host("www.example") == "www.example"
