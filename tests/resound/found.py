"""A small index of invented items as search results show them, and the names of their values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from resound.campaign import Campaign
from resound.index.base import IndexDocument
from resound.query import Document
from resound.settings import UiLanguage
from resound.source import Source
from resound.value_names import ValueNames
from resound.words import words

SOURCE = Source.model_validate(
    {
        "id": "morning",
        "names": {"zh-Hant": "晨報", "en": "The Morning", "vi": "Báo Sáng"},
        "home": "https://morning.example/",
        "owner": {"id": "north", "name": "North Media"},
        "country": "VN",
        "timezone": "Asia/Ho_Chi_Minh",
        "editions": [{"id": "vi", "language": "vi", "hosts": ["morning.example"]}],
    }
)
CAMPAIGN = Campaign.model_validate(
    {
        "id": "green",
        "name": {"zh-Hant": "綠耕隊", "en": "Green team"},
        "window": {"first": "2014-09-01", "last": "2014-12-31"},
        "names": [{"id": "team", "forms": {"zh-Hant": ["綠耕隊"], "vi": ["đội canh tác xanh"]}}],
    }
)


def value_names(language: UiLanguage = "en") -> ValueNames:
    return ValueNames(words(language), sources={"morning": SOURCE}, campaigns={"green": CAMPAIGN})


def item(key: str, title: str, day: date | None = date(2014, 10, 2), **more: Any) -> IndexDocument:
    """One item of The Morning; `more` changes keywords, and `story` or `shown`."""
    keywords = {"lang": "vi", "country": "VN", "outlet": "morning", "group": "north", "type": "online"}
    keywords |= {name: more.pop(name) for name in list(more) if name not in ("story", "shown", "body")}
    moment = 0 if day is None else int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    shown = {
        "url": f"https://morning.example/{key}",
        "outlet": keywords["outlet"],
        "outlet_name": "The Morning",
        "language": keywords["lang"].split("|")[-1],
        "day": "" if day is None else day.isoformat(),
        "doubt": "",
        "medium": keywords["type"],
    }
    document = Document(
        title,
        body=more.get("body", ""),
        keywords={name: frozenset(value.split("|")) for name, value in keywords.items() if value},
        date=day,
    )
    made = IndexDocument(key, 1, document, moment, more.get("story", ""), shown)
    return replace(made, shown={**shown, **more.get("shown", {})})
