"""From an address to a source: a real newsroom on loopback is looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.guard import FetchRules
from crawlers.suggest import Suggestion, draft_source, suggest_source
from resound.definitions.written import load_source
from resound.errors import FetchError, ForbiddenAddressError
from tests.crawlers.newsroom import Answer, Newsroom, open_newsroom, rss, urlset
from tests.whole_way import environment

DAILY = "http://www.daily.example"
NOW = datetime(2014, 10, 5, tzinfo=UTC)
DAY = "Thu, 02 Oct 2014 08:00:00 +0700"
VIETNAMESE = [
    (f"http://kinhdoanh.daily.example/{n}", f"Đội xanh thăm nhà máy xử lý rác thải số {n} tại thành phố", DAY)
    for n in range(4)
]


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with open_newsroom() as opened:
        yield opened


def suggest(room: Newsroom, address: str, **more: float) -> Suggestion:
    rules = FetchRules("Resound/test", "t@resound.example", allow=room.allow, delay_s=0.0, deadline_s=5)
    return suggest_source(address, rules, now=NOW, **more)


def page(*links: str, title: str = "Báo Ngày | Tin tức", lang: str = "vi") -> str:
    return f'<!doctype html><html lang="{lang}"><head><title>{title}</title>{"".join(links)}</head><body><p>x</p></body></html>'


def alternate(href: str) -> str:
    return f'<link rel="alternate" type="application/rss+xml" href="{href}">'


def test_a_home_page_that_names_its_feeds(room: Newsroom) -> None:
    room.pages[f"{DAILY}/"] = page(alternate("/tin.rss"), alternate("/gone.rss"))
    room.pages[f"{DAILY}/tin.rss"] = rss(*VIETNAMESE)
    room.pages[f"{DAILY}/robots.txt"] = Answer(
        f"User-agent: *\nDisallow: /private\nSitemap: {DAILY}/news.xml\n",
        headers={"Content-Type": "text/plain"},
    )
    room.pages[f"{DAILY}/news.xml"] = urlset((f"{DAILY}/1", "2014-10-03"))
    found = suggest(room, "http://www.daily.example")
    assert (found.home, found.name, found.language) == (f"{DAILY}/", "Báo Ngày", "vi")
    assert found.hosts == ("www.daily.example", "kinhdoanh.daily.example"), "those of the articles, too"
    assert [(one.url, one.kind, one.ok) for one in found.channels] == [
        (f"{DAILY}/tin.rss", "feed", True),
        (f"{DAILY}/gone.rss", "feed", False),
        (f"{DAILY}/news.xml", "sitemap", True),
    ]
    assert found.channels[0].sentence == "It works: 4 entries, the newest of 2014-10-02."
    assert "HTTP 404" in found.channels[1].sentence
    asked = room.urls()
    assert f"{DAILY}/feed" not in asked, "the usual places are tried only where nothing is named"
    assert len(asked) == len(set(asked))


def test_a_feeds_own_address(room: Newsroom) -> None:
    room.pages[f"{DAILY}/"] = page(title="The Daily", lang="en")
    room.pages[f"{DAILY}/world.rss"] = rss(
        (f"{DAILY}/1", "The government and the city agreed on a new plan for plastic waste", DAY)
    )
    found = suggest(room, f"{DAILY}/world.rss")
    assert (found.home, found.name, found.language) == (f"{DAILY}/", "The Daily", "en")
    assert [one.url for one in found.working("feed")] == [f"{DAILY}/world.rss"]


@pytest.mark.slow
def test_a_page_that_lists_feeds_and_a_redirect(room: Newsroom) -> None:
    room.pages["http://daily.example/"] = Answer(status=301, headers={"Location": f"{DAILY}/"})
    room.pages[f"{DAILY}/"] = page().replace(
        "<p>x</p>", '<a href="/rss">RSS</a><a href="/contact">Contact</a>'
    )
    room.pages[f"{DAILY}/rss"] = page().replace(
        "<p>x</p>", '<a href="/rss/news.rss">News</a><a href="http://other.example/x.rss">Other</a>'
    )
    room.pages[f"{DAILY}/rss/news.rss"] = rss(*VIETNAMESE)
    found = suggest(room, "http://daily.example/")
    assert found.home == f"{DAILY}/"
    assert [(one.url, one.ok) for one in found.channels] == [(f"{DAILY}/rss/news.rss", True)]


@pytest.mark.slow
def test_the_usual_places_and_a_name_from_the_feed(room: Newsroom) -> None:
    room.pages[f"{DAILY}/"] = page(title="")
    room.pages[f"{DAILY}/feed"] = rss(*VIETNAMESE)
    room.pages[f"{DAILY}/sitemap.xml"] = urlset((f"{DAILY}/1", ""))
    found = suggest(room, f"{DAILY}/")
    assert [(one.url, one.kind) for one in found.channels] == [
        (f"{DAILY}/feed", "feed"),
        (f"{DAILY}/sitemap.xml", "sitemap"),
    ]
    assert found.name == "Feed"


@pytest.mark.slow
def test_http_is_tried_where_nobody_said_https(room: Newsroom) -> None:
    room.pages[f"{DAILY}/"] = page(alternate("/tin.rss"))
    room.pages[f"{DAILY}/tin.rss"] = rss(*VIETNAMESE)
    assert suggest(room, " www.daily.example ").home == f"{DAILY}/"


def test_what_is_found_becomes_a_source_with_its_gaps_marked(room: Newsroom) -> None:
    room.pages[f"{DAILY}/"] = page(alternate("/tin.rss"))
    room.pages[f"{DAILY}/tin.rss"] = rss(*VIETNAMESE)
    source = draft_source(suggest(room, f"{DAILY}/"), taken=["daily-example"])
    assert source.id == "daily-example-2"
    assert (source.names.vi, source.country, source.timezone) == ("Báo Ngày", "ZZ", "UTC")
    assert [(one.url, one.edition, one.proven) for one in source.feeds] == [
        (f"{DAILY}/tin.rss", "main", True)
    ]
    assert source.editions[0].language == "vi"
    known = Suggestion(
        "https://www.moi.com.vn/", "Mới", "vi", "VN", "Asia/Ho_Chi_Minh", ("www.moi.com.vn",), ()
    )
    assert draft_source(known).country == "VN"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "no web address"),
        ("not an address", "no web address"),
        ("javascript:alert(1)", "no web address"),
        ("file:///etc/passwd", "no web address"),
        ("http://localhost/", "no web address"),
        ("http://127.0.0.1/", "public internet"),
        ("http://0x7f.1/", "public internet"),
        ("http://[::1]:80/", "no web address|public internet"),
        ("http://169.254.169.254/latest/meta-data", "public internet"),
        ("http://router.local/", "private network"),
        ("http://user@daily.example/", "no web address"),
        ("http://www.daily.example:22/", "Port 22"),
    ],
)
def test_what_may_not_be_looked_at_is_refused_in_words(room: Newsroom, address: str, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        suggest(room, address)
    assert room.asked == []


def test_a_page_that_leads_inside_leads_nowhere(room: Newsroom) -> None:
    room.pages[f"{DAILY}/"] = page(
        alternate(f"http://127.0.0.1:{room.port}/rss"), alternate("http://10.0.0.1/rss")
    )
    found = suggest(room, f"{DAILY}/")
    assert {one.ok for one in found.channels} == {False}
    assert all("public internet" in one.sentence for one in found.channels)
    room.pages[f"{DAILY}/"] = Answer(status=302, headers={"Location": f"http://127.0.0.1:{room.port}/"})
    with pytest.raises(ForbiddenAddressError):
        suggest(room, f"{DAILY}/")


def test_a_site_that_says_no_is_left_alone(room: Newsroom) -> None:
    room.pages[f"{DAILY}/robots.txt"] = Answer(
        "User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"}
    )
    room.pages[f"{DAILY}/"] = page()
    with pytest.raises(FetchError, match="does not permit it"):
        suggest(room, f"{DAILY}/")
    assert f"{DAILY}/" not in room.urls()


def test_time_runs_out(room: Newsroom) -> None:
    room.pages[f"{DAILY}/"] = page(alternate("/tin.rss"))
    with pytest.raises(FetchError, match="no time left"):
        suggest(room, f"{DAILY}/", seconds=0.0)
    assert room.asked == []


@pytest.mark.slow
def test_hostile_text_stays_text(room: Newsroom) -> None:
    room.pages[f"{DAILY}/"] = page(
        alternate("javascript:alert(1)"),
        alternate("/x.rss"),
        title="&lt;script&gt;alert(1)&lt;/script&gt; Daily",
    )
    room.pages[f"{DAILY}/x.rss"] = "<rss><channel><title>&lt;b&gt;x</title></channel></rss>"
    found = suggest(room, f"{DAILY}/")
    assert "<" not in found.name
    assert [one.url for one in found.channels] == [f"{DAILY}/x.rss"]


@pytest.mark.slow
def test_the_command_writes_a_file_to_be_completed(room: Newsroom, tmp_path: Path) -> None:
    room.pages[f"{DAILY}/"] = page(alternate("/tin.rss"))
    room.pages[f"{DAILY}/tin.rss"] = rss(*VIETNAMESE)

    def add(*more: str) -> subprocess.CompletedProcess[str]:
        words = ("--data", str(tmp_path / "data"), "sources", "add", DAILY, "--into", str(tmp_path / "new"))
        env = {**environment(), "RESOUND_ALLOW": ",".join(room.allow)}
        command = [sys.executable, "-m", "resound", *words, *more]
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)

    told = add("--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["source"]["feeds"][0]["url"] == f"{DAILY}/tin.rss"
    assert not (tmp_path / "data").exists(), "looking makes no store"
    written = add()
    assert written.returncode == 0, written.stderr
    path = tmp_path / "new" / "daily-example.yml"
    assert path.read_text(encoding="utf-8").count("FILL IN") == 6
    assert load_source(path).names.vi == "Báo Ngày"
    again = add()
    assert (again.returncode, "is there already" in again.stderr.replace("\n", " ")) == (1, True)
