"""What a campaign may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from resound.campaign import Campaign, Term


def campaign(**more: Any) -> Campaign:
    return Campaign.model_validate(
        {
            "id": "drop",
            "name": {"en": "Drop"},
            "window": {"first": "2014-09-01", "last": "2014-11-30"},
            "names": [{"id": "drop", "forms": {"en": ["Blue Drop"]}}],
            **more,
        }
    )


def test_people_decide_where_nothing_else_is_said() -> None:
    assert campaign().review == "manual"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"names": []}, "at least 1"),
        ({"window": {"first": "2014-12-01", "last": "2014-11-30"}}, "is after last"),
        ({"glossary": [{"id": "drop", "forms": {"en": ["x"]}}]}, "share the id drop"),
        ({"people": [{"id": "drop", "forms": {"en": ["x"]}}]}, "share the id drop"),
        ({"messages": [{"id": "m", "text": {"en": "M"}, "query": "x"}] * 2}, "two messages share the id m"),
        ({"comparators": [{"id": "c", "name": {"en": "C"}, "query": "x"}] * 2}, "two comparators"),
        ({"queries": {"fr": "eau"}}, "queries.fr"),
        ({"query": "x"}, "Extra inputs"),
        ({"names": [{"id": "x", "forms": {"en": [""]}}]}, "at least 1 character"),
    ],
)
def test_what_does_not_fit_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        campaign(**more)


def test_all_forms_come_once_those_that_collide_last() -> None:
    term = Term.model_validate(
        {
            "id": "t",
            "forms": {"zh-Hant": ["綠耕隊"], "en": ["Green Team", "GT"], "any": ["GT"]},
            "collides": ["APO", "GT"],
        }
    )
    assert term.all_forms == ("綠耕隊", "Green Team", "GT", "APO")


def test_terms_are_names_glossary_and_people() -> None:
    one = campaign(
        glossary=[{"id": "g", "forms": {"en": ["g1"]}}], people=[{"id": "p", "forms": {"en": ["p1"]}}]
    )
    assert [term.id for term in one.terms] == ["drop", "g", "p"]
