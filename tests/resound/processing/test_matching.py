"""Names, colliding names in context, queries; held to labelled texts in four writings and to invariants."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.campaign import Campaign
from resound.definitions.written import load_campaign, shipped_campaigns
from resound.errors import DefinitionError
from resound.processing.matching import CampaignMatcher, match_to_json, stage_line
from resound.query import Document, analyse_document

LABELLED = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "fixtures" / "coverage.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


@pytest.fixture(scope="module")
def reference() -> CampaignMatcher:
    return CampaignMatcher(load_campaign(shipped_campaigns() / "apo-coe-gp-vietnam-2014.yml"))


def campaign(**more: Any) -> Campaign:
    return Campaign.model_validate(
        {
            "id": "drop",
            "name": {"en": "Drop"},
            "window": {"first": "2014-09-01", "last": "2014-11-30"},
            "names": [
                {"id": "drop", "forms": {"en": ["Blue Drop Initiative"]}, "collides": ["Blue Drop", "BDI"]}
            ],
            "context": "water OR drop",
            **more,
        }
    )


def test_enough_texts_are_labelled() -> None:
    assert sum(one["match"] for one in LABELLED) >= 40
    assert sum(not one["match"] for one in LABELLED) >= 30


@pytest.mark.parametrize("one", LABELLED, ids=lambda one: one["id"])
def test_labelled_texts(reference: CampaignMatcher, one: dict[str, Any]) -> None:
    told = stage_line(reference, one)
    assert told["error"] is None
    assert told["match"] is one["match"], told["because"]
    if "prominence" in one:
        assert told["prominence"] == one["prominence"]
    if one["match"]:
        assert told["because"]
        assert told["spans"]


@pytest.mark.parametrize("one", LABELLED, ids=lambda one: one["id"])
def test_spans_are_on_the_original(reference: CampaignMatcher, one: dict[str, Any]) -> None:
    texts = {
        "title": one.get("title", ""),
        "lead": one.get("lead", ""),
        "body": one["text"],
        "caption": "\n".join(one.get("captions", [])),
    }
    told = stage_line(reference, one)
    inner = [part for kind in ("messages", "people") for entry in told[kind] for part in entry["spans"]]
    for span in [*told["spans"], *inner]:
        assert span["text"]
        assert texts[span["field"]][span["start"] : span["end"]] == span["text"]


def test_prominence_is_the_highest_field_that_names_the_campaign() -> None:
    matcher = CampaignMatcher(campaign(queries={"en": "river"}))
    line = {
        "title": "A river",
        "lead": "Blue Drop Initiative.",
        "text": "Blue Drop Initiative.",
        "captions": ["x"],
    }
    assert stage_line(matcher, line)["prominence"] == "lead"
    assert stage_line(matcher, {"title": "A river", "text": "nothing"})["prominence"] == "title"
    assert stage_line(matcher, {"text": "x", "captions": ["Blue Drop Initiative"]})["prominence"] == "caption"


def test_a_colliding_form_is_never_its_own_context() -> None:
    matcher = CampaignMatcher(campaign())
    assert not stage_line(matcher, {"text": "A Blue Drop and another blue drop."})["match"]
    assert stage_line(matcher, {"text": "A Blue Drop saves water."})["match"]
    assert stage_line(matcher, {"text": "A Blue Drop, drop by drop."})["match"]
    assert not stage_line(matcher, {"text": "bdi saves water."})[
        "match"
    ]  # an abbreviation keeps its capitals
    assert stage_line(matcher, {"text": "BDI saves water."})["match"]


def test_without_context_colliding_forms_never_count() -> None:
    matcher = CampaignMatcher(campaign(context=""))
    assert not stage_line(matcher, {"text": "BDI and a Blue Drop in water."})["match"]


def test_exclude_wins() -> None:
    matcher = CampaignMatcher(campaign(exclude="cocktail"))
    assert not stage_line(matcher, {"text": "Blue Drop Initiative, a cocktail"})["match"]


def test_messages_and_people_come_with_their_passages() -> None:
    matcher = CampaignMatcher(
        campaign(
            messages=[
                {"id": "pays", "text": {"en": "It pays"}, "query": "saving NEAR/3 pays"},
                {"id": "not", "text": {"en": "No"}, "query": "nowhere"},
            ],
            people=[{"id": "ngo", "forms": {"vi": ["Ngô Quý Việt"]}, "spokesperson": True}],
        )
    )
    told = stage_line(matcher, {"text": "Blue Drop Initiative: saving water pays, says Ngo Quy Viet."})
    assert [one["id"] for one in told["messages"]] == ["pays"]
    assert [span["text"] for span in told["messages"][0]["spans"]] == ["saving", "pays"]
    assert told["people"][0]["spokesperson"] is True
    assert told["people"][0]["spans"][0]["text"] == "Ngo Quy Viet"


def test_queries_know_the_glossary() -> None:
    matcher = CampaignMatcher(
        campaign(
            queries={"en": "e-waste"},
            glossary=[
                {
                    "id": "e-waste",
                    "forms": {"zh-Hant": ["電子廢棄物"], "en": ["e-waste"], "vi": ["rác thải điện tử"]},
                }
            ],
        )
    )
    for text in ("電子廢棄物", "电子废弃物", "E-waste", "rác thải điện tử", "rac thai dien tu"):
        assert stage_line(matcher, {"text": text})["match"], text
    assert not stage_line(matcher, {"text": "rác thải"})["match"]


def test_the_lead_inside_the_text_is_not_read_twice() -> None:
    matcher = CampaignMatcher(campaign())
    line = {
        "lead": "Blue Drop Initiative starts.",
        "text": " Blue Drop Initiative starts.\nBlue Drop Initiative ends.",
    }
    told = stage_line(matcher, line)
    assert [(one["field"], one["start"]) for one in told["spans"]] == [("lead", 0), ("body", 30)]


@pytest.mark.parametrize(
    "line",
    [
        None,
        1,
        "text",
        [],
        {},
        {"text": 1},
        {"text": None},
        {"title": []},
        {"text": "x", "captions": [1]},
        {"body": "x"},
    ],
)
def test_a_line_that_is_no_text_is_told(line: object) -> None:
    told = stage_line(CampaignMatcher(campaign()), line)
    assert told["match"] is False
    assert told["error"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["text", "title", "lead", "captions"]), inner, max_size=4)
        ),
        max_leaves=6,
    )
)
def test_any_json_gives_one_answer(line: object) -> None:
    told = stage_line(MATCHER, line)
    assert set(told) >= {"match", "prominence", "because", "spans", "messages", "people", "error"}
    json.dumps(told)


MATCHER = CampaignMatcher(campaign())


def test_the_fingerprint_changes_with_what_is_asked() -> None:
    base = campaign()
    first = CampaignMatcher(base).fingerprint
    same = [
        campaign(notes="other"),
        campaign(window={"first": "2015-01-01", "last": "2015-01-02"}),
        campaign(search_feeds=[{"url": "https://search.example/?q=x", "language": "en"}]),
        campaign(
            names=[
                {"id": "drop", "forms": {"en": ["Blue Drop Initiative"]}, "collides": ["BDI", "Blue Drop"]}
            ]
        ),
        campaign(context="water  OR   (drop)"),
    ]
    assert {CampaignMatcher(one).fingerprint for one in same} == {first}
    different = [
        campaign(context="water"),
        campaign(exclude="x1"),
        campaign(queries={"en": "x1"}),
        campaign(messages=[{"id": "m", "text": {"en": "M"}, "query": "x1"}]),
        campaign(people=[{"id": "p", "forms": {"en": ["P One"]}}]),
        campaign(names=[{"id": "drop", "forms": {"en": ["Blue Drop"]}}]),
        campaign(glossary=[{"id": "water", "forms": {"en": ["water"], "vi": ["nước"]}}]),
    ]
    fingerprints = [CampaignMatcher(one).fingerprint for one in different]
    assert len({first, *fingerprints}) == len(different) + 1


def test_a_query_that_cannot_be_read_is_named() -> None:
    with pytest.raises(DefinitionError, match="Campaign drop, query en"):
        CampaignMatcher(campaign(queries={"en": "(x"}))


def test_json_of_a_match_can_be_stored(reference: CampaignMatcher) -> None:
    found = reference.match(
        analyse_document(Document(title="綠耕隊", body="鄭祖壽 said: Green Team, Vietnam, APO."))
    )
    assert found is not None
    written = json.loads(json.dumps(match_to_json(found)))
    assert written["named"] == ["green-team"]
    assert written["people"][0]["id"] == "cheng-tsu-shou"
    assert written["spans"][0]["field"] == "title"


def test_matching_is_cheap(reference: CampaignMatcher) -> None:
    text = " ".join(one["text"] for one in LABELLED if not one["match"])
    analysed = analyse_document(Document(title="x", body=text))
    reference.match(analysed)
    began = time.perf_counter()
    for _ in range(20):
        reference.match(analysed)
    assert (time.perf_counter() - began) / 20 < 0.25  # 1–3 ms; a wide margin for a busy machine
