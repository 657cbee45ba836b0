"""Subscription lists in and out."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from crawlers.opml import OpmlFeed, dump_opml, plan_import, read_opml, write_opml, write_sources
from resound.errors import DefinitionError
from resound.source import Source

LIST = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>My feeds</title></head><body>
 <outline text="Taiwan">
  <outline text="Dailies">
   <outline type="rss" text="Island &lt;b&gt;Courier&lt;/b&gt;" xmlUrl="https://island.example/rss.xml" htmlUrl="https://island.example/"/>
  </outline>
 </outline>
 <outline type="rss" text="Again" xmlUrl="https://island.example/rss.xml"/>
 <outline type="rss" text="New desk" xmlUrl="https://www.island.example/new.xml"/>
 <outline type="rss" text="Stranger" xmlUrl="http://stranger.example/feed"/>
 <outline type="rss" text="Hostile" xmlUrl="javascript:alert(1)"/>
</body></opml>"""


def source(key: str, host: str, *feeds: str, country: str = "TW") -> Source:
    return Source.model_validate(
        {
            "id": key,
            "names": {"en": key.title()},
            "home": f"https://{host}/",
            "owner": {"id": key, "name": key},
            "country": country,
            "editions": [{"id": "main", "language": "zh-Hant", "hosts": [host]}],
            "timezone": "Asia/Taipei",
            "feeds": [{"url": feed, "edition": "main"} for feed in feeds],
        }
    )


ISLAND = source("island", "island.example", "https://island.example/rss.xml")
SONG = source(
    "song-xanh",
    "songxanh.example",
    "https://songxanh.example/a.rss?x=1&y=2",
    "https://songxanh.example/b.rss",
    country="VN",
)


def test_read() -> None:
    found = read_opml(LIST)
    assert [feed.url for feed in found.feeds] == [
        "https://island.example/rss.xml",
        "https://www.island.example/new.xml",
        "http://stranger.example/feed",
    ]
    assert found.feeds[0] == OpmlFeed(
        "https://island.example/rss.xml", "Island Courier", ("Taiwan", "Dailies")
    )
    assert found.skipped == ("Hostile: its address is not a web address.",)


def test_each_feed_stands_in_one_place_of_the_plan() -> None:
    plan = plan_import(read_opml(LIST).feeds, [ISLAND, SONG])
    assert [feed.title for feed in plan.known] == ["Island Courier"]
    assert [(key, feed.title) for key, feed in plan.additions] == [("island", "New desk")]
    assert [feed.title for feed in plan.unknown] == ["Stranger"]


def test_what_is_written_can_be_read_again() -> None:
    written = write_opml([SONG, ISLAND])
    assert written == write_opml([ISLAND, SONG])
    found = read_opml(written)
    assert found.skipped == ()
    assert {feed.url for feed in found.feeds} == {feed.url for each in (ISLAND, SONG) for feed in each.feeds}
    assert plan_import(found.feeds, [ISLAND, SONG]).unknown == ()
    assert found.feeds[0].folders == ("TW", "Island")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<html><body>no</body></html>",
        b'<!DOCTYPE o [<!ENTITY a "b">]><opml/>',
        b"http://feeds.example/list.opml",
    ],
)
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(DefinitionError):
        read_opml(body)


def test_a_list_becomes_source_files_that_are_valid_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "feeds.opml"
    path.write_bytes(LIST)
    written = write_sources(path, tmp_path / "new")
    assert [one.name for one in written] == ["island-example.yml", "stranger-example.yml"]
    loaded = Source.model_validate(YAML(typ="safe").load(written[0].read_text(encoding="utf-8")))
    assert [feed.url for feed in loaded.feeds] == [
        "https://island.example/rss.xml",
        "https://www.island.example/new.xml",
    ]
    assert "FILL IN" in written[0].read_text(encoding="utf-8")
    written[0].write_text("mine", encoding="utf-8")
    assert write_sources(path, tmp_path / "new") == []
    assert written[0].read_text(encoding="utf-8") == "mine"


def test_a_list_that_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        write_sources(tmp_path / "none.opml", tmp_path / "new")


def test_what_is_dumped_is_read_back() -> None:
    text = dump_opml([source("island", "island.example", "https://island.example/rss.xml")])
    assert [feed.url for feed in read_opml(text.encode()).feeds] == ["https://island.example/rss.xml"]
