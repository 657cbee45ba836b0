"""What the machine proposes beside what people decided: passages, origin with its evidence, tables of counted items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resound.coding.deciding import decide
from resound.coding.item import Coding, coding_figures, item_coding
from resound.coding.origin import Copy, Publisher, propose_origin
from resound.coverage.figures import campaign_figures
from resound.processing.matching import CampaignMatcher, match_to_json
from resound.query import Document, analyse_document
from resound.searching.documents import build_documents
from resound.showing.explaining import explain
from resound.store import Store, open_store
from resound.store.articles import load_articles
from resound.store.enrichments import MadeBy, StoredTone, set_tone
from resound.store.matches import record_matches
from tests.resound.newsdesk import AGENCY, NOW, OWN, apply, campaign, put, source

LATER = NOW + timedelta(hours=1)
CAMPAIGN = campaign(
    messages=[
        {"id": "shares", "text": {"en": "Taiwan shares what it knows"}, "query": "Taiwan AND shares"},
        {"id": "signed", "text": {"en": "An agreement is signed"}, "query": '"signed a memorandum"'},
    ],
    people=[
        {"id": "leader", "forms": {"en": ["Leader Lin"]}, "spokesperson": True},
        {"id": "minister", "forms": {"en": ["Minister Ngo"]}},
    ],
)
MATCHER = CampaignMatcher(CAMPAIGN)
TEXT = (
    "The green team of Taiwan arrived on Monday. It shares what Taiwan knows. The weather was fine. Nobody saw rain. "
    "“Waste is a resource,” said Leader Lin on arrival. Minister Ngo listened. The day ended."
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    apply(
        opened,
        CAMPAIGN,
        source("alpha"),
        source("beta"),
        source("foundation", relation="owned"),
        source("bulletin", relation="partner"),
        source("advert", relation="paid"),
        source("wire", medium="agency"),
    )
    yield opened
    opened.close()


def read(store: Store, item: str) -> Coding:
    with store.read() as connection:
        return item_coding(connection, item, "c")


def say(store: Store, item: str, kind: Any, value: str | None = None, who: str = "Lin", **more: Any) -> None:
    with store.write() as connection:
        decide(connection, item, kind, value=value, campaign="c", why="read it", who=who, now=NOW, **more)


def test_messages_and_spokespersons_are_shown_where_they_stand(store: Store) -> None:
    coding = read(store, put(store, "alpha", 1, TEXT, matcher=MATCHER))
    shares, signed = coding.messages
    assert (shares.carries, signed.carries, signed.passages) == ("proposed", None, ())
    assert [one.parts for one in shares.passages] == [
        (("The green team of ", False), ("Taiwan", True), (" arrived on Monday.", False)),
        (("It ", False), ("shares", True), (" what ", False), ("Taiwan", True), (" knows.", False)),
    ]
    (leader,) = coding.quotes  # the minister speaks for himself
    assert leader.carries == "proposed"
    assert [one.text for one in leader.passages] == [
        "Nobody saw rain. “Waste is a resource,” said Leader Lin on arrival. Minister Ngo listened."
    ]
    assert coding.prominence.proposed == "body"
    assert coding.match is not None
    assert coding.match.at == NOW


def test_a_persons_word_lies_over_the_machines_and_both_stay(store: Store) -> None:
    key = put(store, "alpha", 1, TEXT, matcher=MATCHER)
    say(store, key, "accept")
    say(store, key, "tone", "positive", basis="translation")
    say(store, key, "no-message", "shares")
    say(store, key, "message", "signed")
    say(store, key, "quote", "leader")
    say(store, key, "prominence", "headline")
    say(store, key, "tone", "neutral", who="Chen", basis="original", is_second=True)
    coding = read(store, f"https://alpha.example/story-{1:05}")
    assert [one.carries for one in coding.messages] == ["refused", "confirmed"]
    assert [one.is_proposed for one in coding.messages] == [True, False]
    assert coding.quotes[0].carries == "confirmed"
    assert coding.prominence.proposed == "body"
    for decided, value, who in (
        (coding.tone.decided, "positive", "Lin"),
        (coding.tone.second, "neutral", "Chen"),
        (coding.prominence.decided, "headline", "Lin"),
    ):
        assert decided is not None
        assert (decided.value, decided.who, decided.at) == (value, who, NOW)
    assert coding.tone.decided is not None
    assert coding.tone.decided.basis == "translation"
    blind = coding.for_second_coder()
    assert "positive" not in repr((blind.tone, blind.prominence, blind.messages, blind.quotes, blind.origin))
    assert blind.tone.second == coding.tone.second


def test_a_models_tone_is_shown_with_its_passages_and_only_for_the_text_that_it_read(store: Store) -> None:
    key = put(store, "alpha", 1, TEXT, matcher=MATCHER)
    assert read(store, key).tone.proposed is None
    with store.write() as connection:
        version = load_articles(connection, [key])[key].version
        scores = {"positive": 0.7, "neutral": 0.2, "negative": 0.1}
        passages = [{"field": "body", "start": 0, "end": 43, "scores": scores}]
        made = MadeBy("m", "r", "e", "demo model", NOW)
        set_tone(connection, StoredTone(version, "c", "positive", scores, 0.0, False, passages, made))
    tone = read(store, key).tone
    assert tone.confidence == 0.7
    assert tone.proposed is not None
    assert tone.proposed.made_by.who == "demo model, m"
    assert [(one.text, said) for one, said in tone.passages] == [
        ("The green team of Taiwan arrived on Monday.", scores)
    ]
    put(store, "alpha", 1, TEXT + " A new sentence.", matcher=MATCHER, seen=LATER)
    assert read(store, key).tone.proposed is None


def test_spans_of_an_older_text_are_not_cut_out_of_the_new_one(store: Store) -> None:
    found = MATCHER.match(analyse_document(Document(body=TEXT)))
    assert found is not None
    key = put(store, "alpha", 1, TEXT)
    put(store, "alpha", 1, "Short.", seen=LATER)
    with store.write() as connection:  # as it is until it is matched anew
        row = {**match_to_json(found), "prominence": found.prominence}
        record_matches(connection, key, "before", tried={"c": "f"}, found={"c": ("body", row)}, now=NOW)
    coding = read(store, key)
    assert {one.text for one in coding.messages[0].passages} == {"Taiwan", "shares"}


PRESS = "Press release. " + AGENCY


@pytest.mark.parametrize(
    ("host", "more", "origin"),
    [
        ("foundation", {}, "owned"),
        ("bulletin", {}, "owned"),
        ("advert", {}, "paid"),
        ("wire", {"byline": "Wire"}, None),
        ("alpha", {"byline": "Wire"}, "agency-pick-up"),
        ("alpha", {"byline": "Beta"}, None),
        ("alpha", {}, None),
    ],
)
def test_an_origin_is_proposed_by_what_the_outlet_is_and_whom_it_credits(
    store: Store, host: str, more: dict[str, Any], origin: str | None
) -> None:
    proposed = read(store, put(store, host, 1, OWN, **more)).origin.proposed
    assert proposed.origin == origin
    assert bool(proposed.evidence) == (origin is not None)
    if more.get("byline") == "Wire" and origin:
        (one,) = proposed.evidence
        assert (one.kind, one.publisher.name, one.passage) == ("credit", "Wire", "Wire")


def test_an_agency_is_recognised_whether_it_is_a_source_or_not(store: Store) -> None:
    story = put(store, "alpha", 1, OWN, byline="By Lin Wen / CNA, with staff writer in Taipei")
    (one,) = read(store, story).origin.proposed.evidence
    assert (one.origin, one.publisher.id, one.publisher.medium) == (
        "agency-pick-up", "agency:cna", "agency",
    )  # fmt: skip
    apply(
        store,
        source(
            "island-wire", medium="agency", names={"en": "Central News Agency (CNA)", "zh-Hant": "中央社"}
        ),
    )
    (one,) = read(store, story).origin.proposed.evidence
    assert (one.publisher.id, one.publisher.name) == ("island-wire", "Central News Agency (CNA)")
    assert (one.publisher.called("zh-Hant"), one.publisher.called("vi")) == ("中央社", one.publisher.name)
    assert one.passage == "By Lin Wen / CNA, with staff writer in Taipei"
    own = put(store, "island-wire", 2, AGENCY, byline="CNA, Taipei", hours=60)
    assert read(store, own).origin.proposed.origin is None
    other = put(store, "beta", 3, f"{OWN} Vietnam Airlines (VNA) flew them home.", hours=90)
    assert read(store, other).origin.proposed.origin is None


def test_a_release_is_recognised_where_it_came_first_and_is_the_campaigns(store: Store) -> None:
    release = put(store, "foundation", 1, PRESS)
    copied = put(store, "alpha", 2, AGENCY, hours=30)
    proposed = read(store, copied).origin.proposed
    assert proposed.origin == "release-verbatim"
    (one,) = proposed.evidence
    assert one.copy is not None
    assert (one.copy.article, one.publisher.id, one.copy.share, one.copy.day) == (
        release, "foundation", 1.0, "2014-10-02",
    )  # fmt: skip
    earlier = put(store, "beta", 3, AGENCY, hours=-24)  # the foundation took it from there
    assert read(store, earlier).origin.proposed.origin is None
    say(store, copied, "origin", "original")
    coding = read(store, copied)
    assert coding.origin.decided is not None
    assert (coding.origin.decided.value, coding.origin.proposed.origin) == ("original", "release-verbatim")


def test_a_text_that_says_much_else_is_no_release(store: Store) -> None:
    put(store, "foundation", 1, AGENCY)
    longer = put(store, "alpha", 2, AGENCY + " " + OWN, hours=1)
    assert read(store, longer).origin.proposed.origin is None


def test_a_release_of_another_campaign_says_nothing(store: Store) -> None:
    put(store, "foundation", 1, PRESS, is_matched=False)
    assert read(store, put(store, "alpha", 2, AGENCY, hours=1)).origin.proposed.origin is None


def test_evidence_is_weighed_in_its_order() -> None:
    wire = Publisher("wire", "Wire", "independent", "agency")
    owner = Publisher("foundation", "Foundation", "owned", "online")
    own = Publisher("alpha", "Alpha", "independent", "online")
    release = Copy("a", "https://f.example/1", "T", "en", "2014-10-02", owner, 0.9, True, True)
    text = replace(release, article="b", publisher=wire)
    found = propose_origin(own, [text, release], [(wire, "(Wire)")])
    assert found.origin == "release-verbatim"
    assert [(one.kind, one.origin) for one in found.evidence] == [
        ("copy", "release-verbatim"),
        ("credit", "agency-pick-up"),
        ("copy", "agency-pick-up"),
    ]
    for weaker in (replace(release, share=0.79), replace(release, is_earlier=False)):
        assert propose_origin(own, [weaker], []).origin is None


def test_tables_are_of_counted_items_and_of_peoples_words(store: Store) -> None:
    keys = [
        put(store, host, number, f"{TEXT} {OWN[number * 40 :]}", matcher=MATCHER)
        for number, host in enumerate(("alpha", "beta", "foundation"), start=1)
    ]
    for key in keys:
        say(store, key, "accept")
    say(store, keys[0], "tone", "positive", basis="original")
    say(store, keys[0], "message", "shares")
    say(store, keys[2], "tone", "positive", basis="original")  # owned: beside, never in the tables
    say(store, keys[0], "tone", "neutral", who="Chen", basis="translation", is_second=True)
    say(store, keys[2], "tone", "positive", who="Chen", basis="original", is_second=True)
    with store.read() as connection:
        figures = campaign_figures(connection, "c", now=NOW)
        found = coding_figures(connection, figures)
    assert figures.counts.items == found.items == 2
    rows = {row.value: (row.items, row.original, row.translation) for row in found.tone}
    assert rows == {
        "positive": (1, 1, 0), "neutral": (0, 0, 0), "negative": (0, 0, 0), "not-coded": (1, 0, 0),
    }  # fmt: skip
    assert (found.messages.share, found.messages.share_with_proposed) == (0.5, 1.0)
    assert found.messages.confirmed == (keys[0],)
    assert found.messages.proposed == (keys[1],)
    assert found.spokespersons.confirmed == ()
    assert found.agreement["tone"].units == 2
    assert found.agreement["tone"].agreed == 1
    assert found.agreement["prominence"].reason == "one-coder"
    assert found.to_json()["messages"]["share"] == 0.5


def test_search_finds_by_a_persons_tone_before_the_machines(store: Store) -> None:
    key = put(store, "alpha", 1, TEXT, matcher=MATCHER)
    with store.write() as connection:
        version = load_articles(connection, [key])[key].version
        scores = {"positive": 0.7, "neutral": 0.2, "negative": 0.1}
        made = MadeBy("m", "r", "e", "", NOW)
        set_tone(connection, StoredTone(version, "c", "positive", scores, 0.0, False, [], made))

    def tones() -> frozenset[str]:
        with store.read() as connection:
            (document,) = build_documents(connection, [key], seq=1)
        return document.document.keywords["tone"]

    assert tones() == {"positive"}
    say(store, key, "tone", "negative", basis="original")
    say(store, key, "tone", "neutral", who="Chen", basis="original", is_second=True)
    assert tones() == {"negative"}


def test_explain_tells_the_coding(store: Store) -> None:
    put(store, "foundation", 1, PRESS)
    key = put(store, "alpha", 2, AGENCY, hours=1)
    say(store, key, "tone", "positive", basis="translation")
    with store.read() as connection:
        told = dict(explain(connection, key).sections)
    assert "c: tone: positive (Lin, from the translation; the machine proposes nothing)." in told["Coding"]
    assert "c: origin: not coded; the machine proposes release-verbatim." in told["Coding"]
    assert any("100% of the text stands in https://foundation.example/" in line for line in told["Coding"])
    assert any("tone positive for c from the translation, by Lin" in line for line in told["Decisions"])
