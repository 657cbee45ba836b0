"""Feeds: hand-written ones beside what must be read from them, and every test feed of feedparser."""

from __future__ import annotations

import json
import re
import tarfile
import time
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.feeds import ParsedFeed, entry_as_json, parse_feed, stage_line
from crawlers.plain import plain_text

FEEDS = Path(__file__).parent / "fixtures" / "feeds"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TAIPEI = ZoneInfo("Asia/Taipei")

# Whatever a browser, or a careless template, could run.
ACTIVE = re.compile(
    r"<\s*[a-z/!?]|javascript:|vbscript:|\bon[a-z]{3,}\s*=|data:text/html|expression\(", re.IGNORECASE
)
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def read(body: bytes, *, content_type: str = "", zone: ZoneInfo = TAIPEI) -> ParsedFeed:
    return parse_feed(body, url="https://feeds.example/f.xml", content_type=content_type, zone=zone, now=NOW)


def stored_texts(feed: ParsedFeed) -> list[str]:
    return [
        feed.title,
        *(str(value) for entry in feed.entries for value in entry_as_json(entry).values() if value),
    ]


@pytest.mark.parametrize(
    "path",
    sorted(path for path in FEEDS.iterdir() if not path.name.endswith(".expected.json")),
    ids=lambda path: path.stem,
)
def test_feed_beside_what_must_be_read_from_it(path: Path) -> None:
    feed = read(path.read_bytes(), zone=ZoneInfo("Asia/Ho_Chi_Minh") if path.stem.endswith("-vi") else TAIPEI)
    entries = [{key: value for key, value in entry_as_json(entry).items() if value} for entry in feed.entries]
    found = {
        "title": feed.title,
        "problem": feed.problem,
        "language": feed.language,
        "ttl": feed.ttl,
        "entries": entries,
    }
    assert found == json.loads(path.with_name(f"{path.stem}.expected.json").read_text())


@pytest.mark.parametrize("charset", ["big5", "big5-hkscs", "gb18030", "gb2312", "utf-16", "windows-1258"])
def test_charset_of_the_declaration(charset: str) -> None:
    title = {"windows-1258": "Thế giới"}.get(
        charset, "綠耕隊" if charset.startswith(("big5", "utf")) else "绿耕队"
    )
    item = f"<item><title>{title}</title><link>https://a.example/1</link></item>"
    text = f'<?xml version="1.0" encoding="{charset}"?><rss version="2.0"><channel>{item}</channel></rss>'
    if charset == "windows-1258":  # has ê and ơ, and tones as combining marks
        body = text.replace("ế", "ê\u0301").replace("ớ", "ơ\u0301").encode("cp1258")
        assert unicodedata.normalize("NFC", read(body).entries[0].title) == title
    else:
        assert read(text.encode(charset)).entries[0].title == title


def test_hong_kong_characters_in_a_feed_that_says_big5() -> None:
    body = '<?xml version="1.0" encoding="Big5"?><rss><channel><item><title>深水埗新聞</title><link>https://a.example/1</link></item></channel></rss>'
    assert read(body.encode("big5hkscs")).entries[0].title == "深水埗新聞"


def test_header_that_lies_about_utf8() -> None:
    body = "<rss><channel><item><title>Đội xanh</title><link>https://a.example/1</link></item></channel></rss>".encode()
    assert read(body, content_type="text/xml; charset=iso-8859-1").entries[0].title == "Đội xanh"


def test_one_cut_character_does_not_spoil_the_others() -> None:
    item = (
        "<item><title>Tổng cục Tiêu chuẩn Đo lường Chất lượng</title><link>https://a.example/1</link></item>"
    )
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><rss><channel>{item}<title>cụt \xff</title></channel></rss>'
    )
    broken = body.encode().replace("\xff".encode(), b"\xe1\xbb")
    assert read(broken).entries[0].title == "Tổng cục Tiêu chuẩn Đo lường Chất lượng"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
        (b"<?xml version='1.0'?><!-- c --><html xmlns='http://www.w3.org/1999/xhtml'/>", "web page"),
        (b"just words", "not a feed"),
        (b'{"a": 1}', "not a JSON Feed"),
        (b'{"items": [', "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"\x89PNG\r\n\x1a\n" + bytes(300), "not a feed"),
    ],
)
def test_what_is_no_feed_is_said_in_words(body: bytes, words: str) -> None:
    feed = read(body)
    assert feed.is_broken
    assert words in feed.problem
    assert feed.problem.endswith(".")


def test_feed_without_entries_is_no_failure() -> None:
    feed = read(b"<rss version='2.0'><channel><title>Quiet desk</title></channel></rss>")
    assert feed == ParsedFeed("Quiet desk", ())
    assert not feed.is_broken
    assert not read(b'{"version": "https://jsonfeed.org/version/1", "items": []}').is_broken


def test_entities_that_expand_are_not_expanded() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE r [<!ENTITY l0 "lol">{levels}]><rss><channel><title>&l9;</title></channel></rss>'
    started = time.perf_counter()
    assert len(read(body.encode()).title) < 2_000
    assert time.perf_counter() - started < 2


def test_external_entity_is_not_read() -> None:
    body = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>a &x; b</title></channel></rss>'
    assert "root:" not in read(body.encode()).title


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://a.example/1",
        "http://user:pw@a.example/",
        "mailto:a@b.example",
        "http://[::bad/",
        "https://",
    ],
)
def test_address_that_is_no_web_page_makes_no_entry(address: str) -> None:
    feed = read(f"<rss><channel><item><title>t</title><link>{address}</link></item></channel></rss>".encode())
    assert feed.entries == ()
    assert "no usable web address" in feed.problem


def test_texts_are_bounded() -> None:
    item = f"<item><title>{'題' * 5_000}</title><description>{'x' * 90_000}</description><link>https://a.example/1</link></item>"
    (entry,) = read(f"<rss><channel>{item}</channel></rss>".encode()).entries
    assert len(entry.title) == 1_000
    assert entry.title.endswith("…")
    assert len(entry.summary) <= 4_000


def test_every_feedparser_test_feed(shared_data: Path) -> None:
    """Each under a second, with nothing active stored; once as it is and once with an address put into each entry."""
    count = entries = 0
    link = rb'<link href="https://news.example/a">https://news.example/a</link>'
    with tarfile.open(shared_data / "vectors" / "feedparser-feeds.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is None:
                continue
            body = file.read()
            for variant in (
                body,
                re.sub(rb"</(?:\w+:)?(?:entry|item)>", lambda end: link + end.group(), body),
            ):
                started = time.perf_counter()
                feed = read(variant)
                assert time.perf_counter() - started < 1, member.name
                for text in stored_texts(feed):
                    assert not ACTIVE.search(text), (member.name, text)
                    assert not CONTROLS.search(text), (member.name, text)
                entries += len(feed.entries)
            count += 1
    assert count == 2_106
    assert entries > 1_000


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_an_answer(tail: bytes) -> None:
    for head in (
        b"",
        b"<rss><channel><item><title>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>",
        b'{"items": [',
    ):
        assert isinstance(read(head + tail), ParsedFeed)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                "/",
                "script",
                "img onerror=x",
                "&lt;",
                "&gt;",
                "&amp;",
                "b",
                "!--",
                "--",
                " ",
                "<a ",
                "</",
                "綠",
                '"',
                "\x00",
            ]
        ),
        max_size=30,
    )
)
def test_plain_text_is_never_active(pieces: list[str]) -> None:
    for is_html in (True, False):
        assert not re.search(
            r"<[a-z/!?]", plain_text("".join(pieces), is_html=is_html, limit=500), re.IGNORECASE
        )


def test_plain_text_keeps_what_is_meant() -> None:
    assert plain_text("綠<b>耕</b>隊", is_html=True, limit=99) == "綠耕隊"
    assert plain_text("<p>one</p><p>two<br>three</p>", is_html=True, limit=99) == "one two three"
    assert plain_text("5 < 6 & 7 > 2", is_html=False, limit=99) == "5 < 6 & 7 > 2"
    assert plain_text("AT&amp;T", is_html=True, limit=99) == "AT&T"
    assert plain_text("AT&amp;amp;T", is_html=True, limit=99) == "AT&amp;T"
    assert plain_text("a\u202eb\u0000c\u200bd\ud800", is_html=False, limit=99) == "abcd"
    assert plain_text("a <script>alert(1)</script> b", is_html=True, limit=99) == "a b"


class TestStageLine:
    def test_entries_as_they_would_be_stored(self) -> None:
        answer = stage_line({"path": str(FEEDS / "atom-en.xml"), "url": "https://island.example/feed"})
        assert answer["error"] is None
        assert answer["title"] == "Island Courier: AT&T not bold"
        assert isinstance(answer["entries"], list)
        assert answer["entries"][0]["published"] == "2014-09-26T12:00:00Z"

    @pytest.mark.parametrize(
        "line",
        [
            None, 3, "text", [], {}, {"path": 5}, {"path": "/no/such/file"}, {"path": "a\0b"}, {"path": "/"}, {"path": "x", "url": None},
            {"path": str(FEEDS / "rdf-dc.xml"), "timezone": "No/Where"}, {"path": str(FEEDS / "rdf-dc.xml"), "timezone": "../etc"},
        ],
    )  # fmt: skip
    def test_one_answer_whatever_the_line_holds(self, line: object) -> None:
        answer = stage_line(line)
        assert answer["entries"] == []
        assert answer["error"]

    def test_broken_feed_gives_both_error_and_entries(self) -> None:
        answer = stage_line({"path": str(FEEDS / "cut-off.xml"), "url": "https://cut.example/f"})
        assert "not well formed" in str(answer["error"])
        assert len(answer["entries"]) == 1  # type: ignore[arg-type]
