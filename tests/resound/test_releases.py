"""What a campaign gave out is registered with it, and tells the items that repeat it word for word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from resound.campaign import MOST_RELEASE, Campaign
from resound.coding.item import item_coding
from resound.coding.origin import Copy, OriginProposal, Publisher, Repeated, propose_origin
from resound.definitions.campaign_form import fill_form, read_form
from resound.definitions.changes import describe_changes, diff_definitions
from resound.definitions.form import FormError
from resound.definitions.written import (
    check_campaign,
    dump_definition,
    load_campaign,
    read_definition,
    shipped_campaigns,
)
from resound.grouping.dedupe import (
    CONTAINMENT,
    MIN_SHINGLES,
    SHINGLE,
    longest_shared,
    share_within,
    shares_within,
)
from resound.processing.matching import CampaignMatcher
from resound.source import Names
from resound.store import Store, open_store
from tests.resound.newsdesk import AGENCY, OWN, apply, campaign, put, source
from tests.resound.test_worked_example import EN, VI, ZH

TEXT = f"Press release. {AGENCY}\nFor more, call the office."
RELEASE: dict[str, Any] = {
    "id": "start",
    "day": "2014-10-02",
    "language": "en",
    "title": {"en": "The team sets out", "vi": "Đội lên đường"},
    "text": TEXT,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    apply(opened, source("alpha"), source("beta"), source("foundation", relation="owned"))
    yield opened
    opened.close()


def proposed(store: Store, item: str) -> OriginProposal:
    with store.read() as connection:
        return item_coding(connection, item, "c").origin.proposed


def test_an_item_that_repeats_a_release_is_told_with_the_share_and_the_passage(store: Store) -> None:
    apply(store, campaign(releases=[RELEASE]))
    item = put(store, "alpha", 1, AGENCY)
    found = proposed(store, item)
    assert found.origin == "release-verbatim"
    (one,) = found.evidence
    assert one.release == Repeated(
        "start", Names(en="The team sets out", vi="Đội lên đường"), "en", date(2014, 10, 2), 1.0
    )
    assert one.publisher.id == "c"
    assert one.passage
    assert one.passage.endswith("…")
    assert AGENCY.startswith(one.passage.rstrip("…") + " ")
    assert len(one.passage) <= 240
    much_else = put(store, "beta", 2, f"{AGENCY} {OWN}")
    assert proposed(store, much_else).origin is None
    cut = put(store, "beta", 3, AGENCY[: len(AGENCY) // 2], hours=40)
    assert proposed(store, cut).origin == "release-verbatim"
    earlier = put(store, "beta", 4, AGENCY, hours=-24)
    assert proposed(store, earlier).origin is None, "the campaign took it from there"
    apply(store, campaign(), replace=True)
    assert proposed(store, item).origin is None, "it is registered no more"


def test_a_stored_article_may_be_the_release(store: Store) -> None:
    release = put(store, "beta", 1, TEXT, is_matched=False)
    by_address = {key: value for key, value in RELEASE.items() if key != "text"}
    apply(store, campaign(releases=[{**by_address, "url": "https://beta.example/story-00001"}]))
    (one,) = proposed(store, put(store, "alpha", 2, AGENCY, hours=2)).evidence
    assert one.release is not None
    assert (one.release.article, one.release.url, one.release.share) == (
        release, "https://beta.example/story-00001", 1.0,
    )  # fmt: skip
    assert proposed(store, release).origin is None, "the release itself repeats nothing"
    apply(store, campaign(releases=[{**by_address, "url": "https://beta.example/not-there"}]), replace=True)
    assert proposed(store, put(store, "alpha", 3, AGENCY, hours=90)).origin is None


def test_a_release_weighs_less_than_what_the_outlet_is_and_more_than_a_copy() -> None:
    owner = Publisher("foundation", "Foundation", "owned", "online")
    own = Publisher("alpha", "Alpha", "independent", "online")
    wire = Publisher("wire", "Wire", "independent", "agency")
    team = Publisher("c", "C", "owned", "online")
    release = Repeated("r", Names(en="R"), "en", date(2014, 10, 2), 0.8)
    copy = Copy("a", "https://f.example/1", "T", "en", "2014-10-02", owner, 0.9, True, True)
    found = propose_origin(own, [copy], [(wire, "(Wire)")], campaign=team, releases=[(release, "words")])
    assert [(one.kind, one.origin) for one in found.evidence] == [
        ("release", "release-verbatim"),
        ("copy", "release-verbatim"),
        ("credit", "agency-pick-up"),
    ]
    assert propose_origin(owner, [], [], campaign=team, releases=[(release, "words")]).origin == "owned"
    weaker = replace(release, share=CONTAINMENT - 0.01)
    assert propose_origin(own, [], [], campaign=team, releases=[(weaker, "words")]).origin is None


WORDS = st.lists(
    st.sampled_from(["green", "team", "waste", "rác", "thải", "綠耕隊", "訪問", "30", "city"]),
    min_size=1,
    max_size=120,
)


@given(WORDS, WORDS, WORDS)
def test_a_text_that_is_the_release_stands_in_it_whole(
    before: list[str], words: list[str], after: list[str]
) -> None:
    text = " ".join(words)
    whole = " ".join([*before, *words, *after])
    says_enough = share_within(text, text) > 0
    assert share_within(text, text) == (1.0 if says_enough else 0.0)
    assert share_within(text, whole) == share_within(text, text), "what stands around it takes nothing away"
    assert shares_within(text, [text, whole, ""]) == [share_within(text, one) for one in (text, whole, "")]
    if len(words) < SHINGLE + MIN_SHINGLES - 1 and not any(
        len(word) > 2 and not word.isascii() for word in words
    ):
        assert not says_enough
    assert longest_shared(text, whole) == text.strip()


@pytest.mark.parametrize(("one", "other"), [(VI, EN), (EN, ZH), (ZH, VI), (EN, VI)])
def test_a_translation_of_a_release_is_not_the_release(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert share_within("\n".join(one), "\n".join(one)) == 1.0
    assert share_within("\n".join(one), "\n".join(other)) < 0.05


def test_the_longest_passage_is_as_the_item_writes_it() -> None:
    assert (
        longest_shared("He said: the GREEN team, came!", "Then the green team came to us")
        == "the GREEN team, came"
    )
    assert longest_shared("綠耕隊抵達了。", "昨天綠耕隊抵達") == "綠耕隊抵達"
    assert longest_shared("one", "two") == longest_shared("", "two") == ""


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"text": ""}, "give its text"),
        ({"text": "x" * (MOST_RELEASE + 1)}, "at most 20000 characters"),
        ({"day": "soon"}, "day"),
        ({"language": "fr"}, "zh-Hant"),
        ({"title": {}}, "at least one"),
        ({"url": "ftp://a.example/1"}, "pattern"),
    ],
)
def test_what_is_no_release_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        campaign(releases=[{**RELEASE, **more}])


def test_releases_have_bounds_together_and_ids_of_their_own() -> None:
    long = {**RELEASE, "text": "word " * 3_999}
    with pytest.raises(ValidationError, match="too long together"):
        campaign(releases=[{**long, "id": f"r-{number}"} for number in range(11)])
    with pytest.raises(ValidationError, match="two releases share the id start"):
        campaign(releases=[RELEASE, RELEASE])
    (short,) = check_campaign(campaign(releases=[{**RELEASE, "text": "The green team came."}]))
    assert (short.field, "too short" in short.sentence) == ("releases #1.text", True)


def test_a_release_is_no_part_of_what_matches() -> None:
    with_one = campaign(releases=[RELEASE])
    assert CampaignMatcher(with_one).fingerprint == CampaignMatcher(campaign()).fingerprint


def test_it_is_written_line_by_line_and_its_changes_are_told() -> None:
    made = campaign(releases=[RELEASE])
    written = dump_definition(made)
    assert "    text: |-\n      Press release. Sentence 0" in written
    assert read_definition(written, Campaign).model == made
    changed = campaign(releases=[{**RELEASE, "text": TEXT.replace("call", "write to"), "day": "2014-10-03"}])
    told = [str(one) for one in describe_changes(made, changed)]
    assert told[0] == "Releases › start › Day: 2014-10-02 became 2014-10-03"
    assert "For more, call the office." in told[1]
    assert "For more, write to the office." in told[1]
    assert len(told[1]) < 1000, "not the whole text"
    assert [one.text.strip() for one in diff_definitions(made, changed) if one.kind == "added"] == [
        "- day: 2014-10-03" if "- day" in written else "day: 2014-10-03",
        "For more, write to the office.",
    ]


def test_the_form_shows_and_reads_releases() -> None:
    base = campaign(releases=[RELEASE])
    fields = dict(fill_form(base).fields)
    assert fields["releases.0.title.vi"] == "Đội lên đường"
    assert read_form(fields, base) == base
    empty = {**fields, "releases.1.id": "", "releases.1.language": "en", "releases.1.text": " "}
    assert read_form(empty, base) == base, "a language alone is no release"
    more = {
        "releases.1.id": "", "releases.1.title.zh-Hant": "第二篇", "releases.1.day": "2014-10-05",
        "releases.1.language": "zh-Hant", "releases.1.text": "綠耕隊" * 20,
    }  # fmt: skip
    second = read_form({**fields, **more}, base).releases[1]
    assert (second.id, second.title.best("zh-Hant"), second.day) == ("release", "第二篇", date(2014, 10, 5))
    assert read_form({**fields, "releases.0.remove": "yes"}, base).releases == ()
    for wrong, field, says in (
        ({"releases.0.day": ""}, "releases.0.day", "needed"),
        ({"releases.0.text": ""}, "releases.0", "give its text"),
        ({"releases.0.text": "short"}, "releases.0.text", "too short"),
        ({"releases.0.url": "foundation.example"}, "releases.0.url", "web address"),
        ({"releases.0.title.en": "", "releases.0.title.vi": ""}, "releases.0.title.zh-Hant", "at least one"),
    ):
        with pytest.raises(FormError) as caught:
            read_form({**fields, **wrong}, base)
        assert says in " ".join(map(str, caught.value.form.wrong(field))), dict(caught.value.form.problems)


def test_the_template_explains_them() -> None:
    template = load_campaign(shipped_campaigns() / "TEMPLATE.yml")
    assert [one.id for one in template.releases] == ["start", "second-visit"]
