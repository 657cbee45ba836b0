"""What a version says otherwise, in words and line by line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from resound.campaign import Campaign
from resound.definitions.changes import DiffLine, describe_changes, diff_definitions
from resound.source import Source
from tests.resound.campaigns import campaigns


def campaign(**more: Any) -> Campaign:
    body = {
        "id": "c",
        "name": {"en": "Campaign"},
        "window": {"first": "2014-09-01", "last": "2014-11-30"},
        "names": [{"id": "team", "forms": {"en": ["Green Team"]}}],
    }
    return Campaign.model_validate({**body, **more})


def told(old: Campaign | Source, new: Campaign | Source) -> list[str]:
    return [str(one) for one in describe_changes(old, new)]


def test_changes_are_told_field_by_field() -> None:
    new = campaign(
        window={"first": "2014-09-01", "last": "2014-12-31"},
        names=[
            {"id": "team", "forms": {"en": ["Green Team"], "vi": ["Đội Xanh"]}, "collides": ["GT"]},
            {"id": "other", "forms": {"en": ["Other"]}},
        ],
        context="water",
        queries={"en": "a AND b"},
        people=[{"id": "chen", "forms": {"en": ["Chen"]}, "spokesperson": True}],
    )
    assert told(campaign(), new) == [
        "Window › Last day: 2014-11-30 became 2014-12-31",
        "Names of the campaign › team › Forms › Vietnamese: added Đội Xanh",
        "Names of the campaign › team › Forms that mean something else, too: added GT",
        "Names of the campaign: added other",
        "Names of the campaign › other › Forms › English: added Other",
        "Context: added water",
        "Queries › English: added a AND b",
        "People to look for: added chen",
        "People to look for › chen › Forms › English: added Chen",
        "People to look for › chen › Spokesperson: added yes",
    ]
    assert "Names of the campaign: removed other" in told(new, campaign())
    assert "Context: removed water" in told(new, campaign())


def test_another_order_is_a_change_and_is_told() -> None:
    old, new = campaign(countries=["TW", "VN"]), campaign(countries=["VN", "TW"])
    assert told(old, new) == ["Countries: TW, VN became VN, TW"]


def test_a_sources_feeds_are_known_by_their_address() -> None:
    body: dict[str, Any] = {
        "id": "lantern",
        "names": {"en": "Lantern"},
        "home": "https://lantern.example/",
        "owner": {"id": "lamp", "name": "Lamp"},
        "country": "TW",
        "timezone": "Asia/Taipei",
        "editions": [{"id": "en", "language": "en", "hosts": ["lantern.example"]}],
        "feeds": [{"url": "https://lantern.example/rss"}],
    }
    old = Source.model_validate(body)
    new = Source.model_validate(
        {
            **body,
            "feeds": [
                {"url": "https://lantern.example/rss", "proven": False},
                {"url": "https://lantern.example/en"},
            ],
        }
    )
    assert told(old, new) == [
        "Feeds › https://lantern.example/rss › Seen working: added no",
        "Feeds: added https://lantern.example/en",
    ]


def test_lines_are_shown_with_what_stands_around_them() -> None:
    lines = diff_definitions(campaign(notes="one"), campaign(notes="two"))
    assert DiffLine("removed", "notes: one") in lines
    assert DiffLine("added", "notes: two") in lines
    assert lines[0].kind == "same"
    assert diff_definitions(campaign(), campaign()) == []


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(campaigns(showable=True), campaigns(showable=True))
def test_whatever_differs_is_told(old: Campaign, new: Campaign) -> None:
    assert bool(describe_changes(old, new)) is (old != new)
    assert bool(diff_definitions(old, new)) is (old != new)
    assert describe_changes(old, old) == []
