"""A new source as a form."""

from __future__ import annotations

import pytest

from resound.definitions.form import FormError
from resound.definitions.source_form import fill_source_form, read_source_form
from resound.source import Source

FILLED = {
    "id": "",
    "name.en": "The Lantern",
    "home": "https://lantern.example/",
    "owner": "Lamp House",
    "country": " tw ",
    "language": "en",
    "hosts": "lantern.example\r\nWWW.Lantern.example",
    "medium": "online",
    "relation": "independent",
    "tier": "trade",
    "timezone": "Asia/Taipei",
    "channels.0.url": "https://lantern.example/rss",
    "channels.0.kind": "feed",
    "channels.0.use": "yes",
    "channels.0.proven": "yes",
    "channels.1.url": "https://lantern.example/dead",
    "channels.1.kind": "feed",
    "channels.3.url": "https://lantern.example/map.xml",
    "channels.3.kind": "sitemap",
    "channels.3.use": "yes",
}


def test_what_is_filled_in_becomes_a_source() -> None:
    made = read_source_form(FILLED)
    assert (made.id, made.country, made.tier) == ("the-lantern", "TW", "trade")
    assert (made.owner.id, made.owner.name) == ("lamp-house", "Lamp House")
    assert made.editions[0].hosts == ("lantern.example", "www.lantern.example")
    assert [(one.url, one.edition, one.proven) for one in made.feeds] == [
        ("https://lantern.example/rss", "main", True)
    ]
    assert [(one.url, one.proven) for one in made.sitemaps] == [("https://lantern.example/map.xml", False)]
    assert not made.by_hand


def test_ids_and_owners_are_those_there_are_or_new_ones() -> None:
    assert read_source_form(FILLED, taken=["the-lantern"]).id == "the-lantern-2"
    assert read_source_form(FILLED, owners={"Lamp House": "lamp"}).owner.id == "lamp"
    assert read_source_form({**FILLED, "name.en": "", "name.zh-Hant": "燈籠報"}).id == "lantern-example"
    assert read_source_form({**FILLED, "owner": "燈籠"}).owner.id == "the-lantern"
    with pytest.raises(FormError) as caught:
        read_source_form({**FILLED, "id": "mine"}, taken=["mine"])
    assert "already" in str(caught.value.form.wrong("id")[0])


def test_one_without_channels_is_read_by_people() -> None:
    bare = {name: value for name, value in FILLED.items() if not name.startswith("channels")}
    assert read_source_form(bare).by_hand


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("name.en", "", "at least one"),
        ("home", "lantern.example", "web address"),
        ("owner", " ", "needed"),
        ("country", "Taiwan", "two capitals"),
        ("language", "", "needed"),
        ("hosts", "", "needed"),
        ("hosts", "https://lantern.example/", "a host"),
        ("timezone", "Taipei", "time zone"),
        ("medium", "carrier pigeon", "choices"),
        ("channels.3", "", ""),
    ],
)
def test_each_problem_stands_at_its_field(name: str, value: str, says: str) -> None:
    changed = {**FILLED, name: value}
    if name == "channels.3":
        changed, says = {**FILLED, "channels.3.url": "ftp://x"}, "web address"
    with pytest.raises(FormError) as caught:
        read_source_form(changed)
    at = "name.zh-Hant" if name == "name.en" else name
    assert says in " ".join(map(str, caught.value.form.wrong(at))), dict(caught.value.form.problems)


def test_what_is_not_known_is_shown_empty() -> None:
    draft = Source.model_validate(
        {
            "id": "lantern-example",
            "names": {"en": "Lantern"},
            "home": "https://lantern.example/",
            "owner": {"id": "x", "name": "x"},
            "country": "ZZ",
            "timezone": "UTC",
            "editions": [{"id": "main", "language": "und", "hosts": ["lantern.example"]}],
        }
    )
    form = fill_source_form(
        draft, [("feed", "https://lantern.example/rss", True), ("feed", "https://lantern.example/no", False)]
    )
    assert [form.value(name) for name in ("country", "timezone", "language", "owner")] == ["", "", "", ""]
    assert [form.value(f"channels.{at}.use") for at in (0, 1)] == ["yes", ""]
    again = read_source_form(
        {**form.fields, "country": "VN", "timezone": "Asia/Taipei", "language": "vi", "owner": "O"}
    )
    assert [one.url for one in again.feeds] == ["https://lantern.example/rss"]
