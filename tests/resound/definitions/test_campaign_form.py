"""The guided form: two ways without loss, and every problem at its field."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resound.campaign import Campaign
from resound.definitions.campaign_form import fill_form, read_form
from resound.definitions.changes import describe_changes
from resound.definitions.form import Form, FormError
from resound.definitions.written import load_campaign, shipped_campaigns
from tests.resound.campaigns import campaigns

NEW = {
    "id": "",
    "name.en": "Blue Drop",
    "first": "2026-01-01",
    "last": "2026-03-31",
    "countries": "tw, vn",
    "review": "manual",
    "names.0.id": "",
    "names.0.forms.en": "Blue Drop Initiative\r\nBDI Taiwan\r\n",
    "names.0.forms.zh-Hant": " 藍水滴行動 \n\n",
    "names.1.id": "",
    "names.1.forms.en": "",
}


def form(**more: str) -> dict[str, str]:
    return {**NEW, **{name.replace("__", "."): value for name, value in more.items()}}


def as_a_browser_sends(fields: dict[str, str], lines: set[str]) -> dict[str, str]:
    """Line ends as forms send them; those of single-line fields are gone."""
    return {
        name: re.sub(r"[\r\n]", "", value)
        if name.split(".")[-1] in lines
        else value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
        for name, value in fields.items()
        if value or name.split(".")[-1] not in ("spokesperson", "translate_to")
    }


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(campaigns())
def test_nothing_is_lost_on_the_way_through_a_form(campaign: Campaign) -> None:
    fields = dict(fill_form(campaign).fields)
    assert read_form(fields, campaign) == campaign
    assert read_form(as_a_browser_sends(fields, {"role"}), campaign) == campaign


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(campaigns(showable=True))
def test_what_a_form_can_show_needs_no_base(campaign: Campaign) -> None:
    assert read_form(as_a_browser_sends(dict(fill_form(campaign).fields), set())) == campaign


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(campaigns(), st.sampled_from(["notes", "context", "names.0.collides"]))
def test_one_field_changed_changes_nothing_else(campaign: Campaign, name: str) -> None:
    fields = {**fill_form(campaign).fields, name: "waste"}
    if name == "names.0.collides" and not campaign.context:
        fields["context"] = "waste"
    changed = read_form(fields, campaign).model_dump()
    before = campaign.model_dump()
    parts = {"names", "context"} if name == "names.0.collides" else {name}
    assert {key: value for key, value in changed.items() if key not in parts} == {
        key: value for key, value in before.items() if key not in parts
    }


def test_the_reference_campaign_goes_through_as_it_is() -> None:
    reference = load_campaign(shipped_campaigns() / "apo-coe-gp-vietnam-2014.yml")
    fields = as_a_browser_sends(dict(fill_form(reference).fields), {"role"})
    assert read_form(fields, reference) == reference


def test_a_new_campaign_gets_ids_and_clean_lines() -> None:
    made = read_form(form())
    assert made.id == "blue-drop"
    assert made.countries == ("TW", "VN")
    assert [(one.id, one.forms) for one in made.names] == [
        (
            "blue-drop-initiative",
            {"zh-Hant": ("藍水滴行動",), "en": ("Blue Drop Initiative", "BDI Taiwan")},
        )
    ]


def test_ids_without_latin_letters_are_numbered() -> None:
    made = read_form(
        form(
            **{
                "names.0.forms.en": "",
                "names.1.forms.zh-Hant": "綠耕隊",
                "people.0.forms.zh-Hant": "陳範例",
                "people.0.spokesperson": "yes",
                "people.1.forms.vi": "Ngô Quý Việt",
            }
        )
    )
    assert [one.id for one in made.names] == ["name", "name-2"]
    assert [(one.id, one.spokesperson) for one in made.people] == [("person", True), ("ngo-quy-viet", False)]


def test_the_campaigns_own_id_is_made_or_checked() -> None:
    assert read_form(form(name__en="") | {"name.vi": "Chiến dịch Giọt nước"}).id == "chien-dich-giot-nuoc"
    assert read_form(form(name__en="") | {"name.zh-Hant": "我的活動"}).id == "campaign"
    assert read_form(NEW, taken=["blue-drop", "blue-drop-2"]).id == "blue-drop-3"
    with pytest.raises(FormError) as caught:
        read_form(form(id="blue-drop"), taken=["blue-drop"])
    assert "already" in str(caught.value.form.wrong("id")[0])


def test_a_row_is_taken_out_by_its_box_or_by_emptying_a_new_one() -> None:
    base = read_form(form(**{"names.1.forms.en": "Second Name"}))
    fields = dict(fill_form(base).fields)
    assert [one.id for one in read_form({**fields, "names.1.remove": "yes"}, base).names] == [
        base.names[0].id
    ]
    with pytest.raises(FormError) as caught:
        read_form({**fields, "names.1.forms.en": ""}, base)
    assert [str(one) for one in caught.value.form.wrong("names.1")] == [
        "it has no form; expected at least one under forms"
    ]


@pytest.mark.parametrize(
    ("more", "field", "says"),
    [
        ({"name.en": ""}, "name.zh-Hant", "at least one"),
        ({"first": "soon"}, "first", "not a day"),
        ({"last": ""}, "last", "needed"),
        ({"first": "2027-01-01"}, "first", "after last"),
        ({"countries": "Taiwan"}, "countries", "two capitals"),
        ({"review": "perhaps"}, "review", "not one of the choices"),
        ({"id": "Not An Id"}, "id", "lower-case"),
        ({"names.0.forms.en": "", "names.0.forms.zh-Hant": ""}, "names", "at least 1"),
        ({"names.0.forms.en": "!!"}, "names.0", "no letter or digit"),
        ({"names.0.forms.en": "x" * 300}, "names.0.forms.en", "too long"),
        ({"names.0.collides": "Blue Drop"}, "names.0.collides", "no context"),
        ({"context": "(a"}, "context", "cannot be read"),
        ({"queries.vi": "a NEAR b"}, "queries.vi", "distance"),
        ({"exclude": '"a'}, "exclude", "not closed"),
        ({"messages.3.text.en": "It pays", "messages.3.query": "("}, "messages.3.query", "too early"),
        ({"messages.3.query": "water"}, "messages.3.text.zh-Hant", "at least one"),
        ({"comparators.1.name.en": "Other", "comparators.1.query": "AND"}, "comparators.1.query", "AND"),
        ({"people.7.forms.en": "Chen", "people.7.id": "blue-drop", "glossary.1.id": "blue-drop", "glossary.1.forms.en": "x"}, "", "share the id"),
        ({"search_feeds": "https://a.example"}, "search_feeds", "web address"),
    ],
)  # fmt: skip
def test_each_problem_stands_at_its_field(more: dict[str, str], field: str, says: str) -> None:
    with pytest.raises(FormError) as caught:
        read_form({**NEW, **more})
    told = caught.value.form
    assert says in " ".join(map(str, told.wrong(field))), dict(told.problems)
    assert says in str(caught.value)
    for name, value in more.items():
        assert told.value(name) == value, "what was typed is still there"


def test_several_problems_come_at_once() -> None:
    with pytest.raises(FormError) as caught:
        read_form(form(first="soon", countries="X", name__en=""))
    assert set(caught.value.form.problems) == {"first", "countries", "name.zh-Hant"}


def test_rows_are_numbered_as_they_stand_and_one_may_be_added() -> None:
    some = Form({"names.0.id": "a", "names.4.forms.en": "x", "people.1.id": ""})
    assert some.rows("names") == [0, 4]
    assert some.with_row("names").rows("names") == [0, 4, 5]
    assert some.with_row("messages").rows("messages") == [0]
    assert some.rows("glossary") == []


def test_foreign_fields_are_passed_over() -> None:
    odd: dict[str, Any] = {
        **NEW,
        "csrf": "x",
        "names.x.id": "y",
        "names.0.__class__": "z",
        "window.first": "1999",
    }
    assert read_form(odd) == read_form(NEW)


def test_a_function_is_one_text_or_has_a_name_in_each_language() -> None:
    older = read_form(form(**{"people.0.forms.en": "Chen", "people.0.role.any": "Head"}))
    assert older.people[0].role == "Head"
    assert [older.people[0].function(one) for one in ("zh-Hant", "en", "vi")] == ["Head"] * 3
    fields = {**fill_form(older).fields, "people.0.role.zh-Hant": "主任"}
    newer = read_form(fields, older)
    assert [newer.people[0].function(one) for one in ("zh-Hant", "en", "vi")] == ["主任", "Head", "Head"]
    (change,) = describe_changes(older, newer)
    assert str(change) == "People to look for › chen › Function: Head became zh-Hant: 主任; en: Head"
    assert (
        read_form({**fill_form(newer).fields, "people.0.role.zh-Hant": "", "people.0.role.en": ""}, newer)
        .people[0]
        .role
        == ""
    )
