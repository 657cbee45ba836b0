"""The demo's newsroom holds what it promises, and its pages and counts by hand fit together."""

from __future__ import annotations

import gzip
import html
import json
import unicodedata
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import demo
from demo.designs import render_page
from demo.newsroom import load_sites
from demo.server import DemoServer
from resound.clips.rows import ClipRow, clip_key, read_clips
from resound.definitions.written import load_path
from resound.source import Source


@pytest.fixture(scope="module")
def gold() -> Any:
    return json.loads(demo.GOLD.read_text(encoding="utf-8"))


def ask(server: DemoServer, host: str, path: str, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://{server.address}{path}", headers={"Host": host, **headers})
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as err:
        return err.code, err.read()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *told: Any, **more: Any) -> None:
        return None


def test_it_is_as_large_as_it_says() -> None:
    sites = load_sites()
    sources = [one.model for one in load_path(demo.SOURCES)]
    assert len(sources) >= 24
    assert sum(len(site.articles) for site in sites.values()) >= 90
    known = {
        host
        for one in sources
        if isinstance(one, Source)
        for edition in one.editions
        for host in edition.hosts
    }
    assert set(sites) - known == {"greenlife.blog.example"}  # the provisional outlet
    assert all(host.endswith(".example") for host in known)


def test_every_page_reads_back_in_its_charset() -> None:
    for site in load_sites().values():
        for article in site.articles:
            for edition in range(len(article.editions)):
                page = unicodedata.normalize("NFC", render_page(site, article, edition).decode(site.charset))
                assert article.at(edition).title in html.unescape(page)
    assert {site.charset for site in load_sites().values()} >= {"utf-8", "big5", "gb18030", "windows-1258"}
    assert len({site.design for site in load_sites().values()}) >= 5


def test_no_two_reports_share_a_paragraph_but_those_that_should() -> None:
    seen: Counter[str] = Counter()
    for site in load_sites().values():
        for article in site.articles:
            seen.update(set(article.editions[0].paragraphs))
    shared = {text: count for text, count in seen.items() if count > 1}
    # the agency's text (its first paragraphs eight times), the wire's, the release, the re-run, the portal's copies
    assert max(shared.values()) == 8
    assert len(shared) == 8 + 9 + 7 + 8 + 5


def test_every_trick_is_there() -> None:
    sites = load_sites()
    tricks = {site.trick for site in sites.values()} | {
        one.trick for site in sites.values() for one in site.articles
    }
    assert tricks >= {"broken feed", "busy feed", "slow feed", "redirect to loopback", "gzip bomb", "paywall"}
    articles = [one for site in sites.values() for one in site.articles]
    assert max(len(one.editions) for one in articles) == 3
    assert any(one.date is None for one in articles)
    assert any("民國" in one.shown for one in articles)
    assert any("/amp/" in twin for one in articles for twin in one.twins)
    assert any("utm_" in twin for one in articles for twin in one.twins)
    assert any("綠耕隊" in text for one in articles for text in one.sidebar)


def test_the_server_plays_its_tricks() -> None:
    with DemoServer() as server:
        assert ask(server, "kinhte.example", "/feed")[0] == 429
        server.advance()
        assert ask(server, "kinhte.example", "/feed")[0] == 200
        assert ask(server, "campus.example", "/p/1210")[0] == 302
        assert len(gzip.decompress(ask(server, "campus.example", "/p/1211")[1])) > 10_000_000
        assert b"Disallow: /members/" in ask(server, "radio.example", "/robots.txt")[1]
        with urllib.request.urlopen(
            urllib.request.Request(f"http://{server.address}/feed", headers={"Host": "agency.example"})
        ) as answer:
            tag = answer.headers["ETag"]
        assert ask(server, "agency.example", "/feed", **{"If-None-Match": tag})[0] == 304
        assert ask(server, "nobody.example", "/")[0] == 404
        before = ask(server, "evening.example", "/story/30204")[1]
        server.advance()
        assert ask(server, "evening.example", "/story/30204")[1] != before


def test_the_counts_by_hand_fit_together(gold: Any) -> None:
    assert (
        sum(row["items"] for row in gold["by_language"].values())
        == gold["counts"]["items"]
        == len(gold["items"])
    )
    for column in ("stories", "outlets", "groups"):
        rows = [row[column] for row in gold["by_language"].values()]
        assert max(rows) <= gold["counts"][column] <= sum(rows)
    assert not set(gold["items"]) & set(gold["not_counted"])
    beside = Counter(gold["not_counted"].values())
    for kind in (
        "unreviewed",
        "rejected",
        "owned",
        "release-verbatim",
        "provisional",
        "outside-window",
        "waits-for-date",
    ):
        assert beside[kind] == gold["beside"][kind.replace("-", "_")]
    assert beside["lead"] == gold["beside"]["leads"]


def test_the_gold_names_pages_and_clips_that_exist(gold: Any) -> None:
    pages = {f"http://{site.host}{one.path}" for site in load_sites().values() for one in site.articles}
    rows = [row for row in read_clips(demo.CLIPS) if isinstance(row, ClipRow)]
    clips = {clip_key(row) for row in rows} | {"http://mekong.example/national/2014/10/03/workshop-opens"}
    assert set(gold["items"]) | set(gold["not_counted"]) <= pages | clips
    assert all((demo.CLIPS.parent / Path(row.file)).is_file() for row in rows if row.file)
