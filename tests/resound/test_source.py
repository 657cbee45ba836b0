"""What a source may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from resound.source import Names, Sitemap, Source


def source(**more: Any) -> Source:
    return Source.model_validate(
        {
            "id": "lantern",
            "names": {"zh-Hant": "燈籠報", "en": "The Lantern"},
            "home": "https://lantern.example/",
            "owner": {"id": "lamp", "name": "Lamp House"},
            "country": "TW",
            "timezone": "Asia/Taipei",
            "editions": [{"id": "en", "language": "en", "hosts": ["lantern.example"]}],
            **more,
        }
    )


def test_what_is_not_said_is_the_usual() -> None:
    one = source()
    assert (one.type, one.medium, one.relation, one.tier, one.by_hand) == (
        "outlet",
        "online",
        "independent",
        "national",
        False,
    )
    assert str(one.zone) == "Asia/Taipei"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"editions": []}, "at least one edition"),
        ({"editions": [{"id": "en", "language": "en", "hosts": ["a.example"]}] * 2}, "share one id"),
        ({"feeds": [{"url": "https://lantern.example/rss", "edition": "vi"}]}, "known: en"),
        ({"feeds": [{"url": "https://lantern.example/rss"}], "by_hand": True}, "by_hand"),
        ({"timezone": "Taipei"}, "IANA"),
        ({"names": {}}, "at least one of"),
        ({"expected": {"min": 2, "max": 1}}, "larger than max"),
        ({"feed": []}, "Extra inputs"),
        ({"politeness": {"delay": -1}}, "greater than or equal"),
    ],
)
def test_what_does_not_fit_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        source(**more)


def test_an_aggregator_needs_no_edition() -> None:
    assert source(type="aggregator", editions=[]).editions == ()


def test_the_best_name() -> None:
    names = Names.model_validate({"zh-Hant": "燈籠報", "en": "The Lantern"})
    assert [names.best(one) for one in ("zh-Hant", "en", "vi")] == ["燈籠報", "The Lantern", "The Lantern"]
    assert Names(vi="Đèn Lồng").best("en") == "Đèn Lồng"


def test_an_archive_is_told_by_its_address() -> None:
    assert Sitemap(url="https://lantern.example/{year}-{month:02}.xml").is_archive
    assert not Sitemap(url="https://lantern.example/news.xml").is_archive
