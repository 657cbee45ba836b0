"""What an article is to a campaign: what is marked in it, which names, messages and people it has, where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from resound.article import Field, text_fields
from resound.campaign import Campaign
from resound.coverage.counting import standing
from resound.coverage.figures import item_facts
from resound.coverage.model import ItemFacts, Standing
from resound.outcome import Stage
from resound.showing.marking import Mark, MarkKind
from resound.store.articles import StoredArticle
from resound.store.enrichments import StoredTone, load_tones
from resound.store.matches import StoredMatch
from resound.store.work import WorkState

SpanMark = tuple[Field, int, int, Mark]
"""Characters of a field, and why they are marked."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A name, message or person that stands in the article, and the passages that show it."""

    id: str
    label: str
    passages: tuple[str, ...]
    is_spokesperson: bool = False


@dataclass(frozen=True, slots=True)
class InCampaign:
    """What an article is to one campaign. `facts` and `standing` are its item's; None for what is no item of it.

    `queries`: in which languages a query of the campaign holds. `tone` is the machine's; `tone_state` says why there is none.
    """

    campaign: Campaign
    name: str
    matches: bool
    standing: Standing | None
    facts: ItemFacts | None
    prominence: str | None
    names: tuple[Sign, ...]
    queries: tuple[str, ...]
    messages: tuple[Sign, ...]
    people: tuple[Sign, ...]
    tone: StoredTone | None
    tone_state: WorkState | None


def campaign_marks(
    stored: StoredArticle, matches: Iterable[StoredMatch], campaigns: Mapping[str, Campaign], language: str
) -> Iterator[SpanMark]:
    """What the matchers found, as marks in words; without what the text no longer says."""
    texts = text_fields(stored.article)
    for match in matches:
        campaign = campaigns.get(match.campaign)
        if campaign is None or not match.matched:
            continue
        names = {one.id: one.best(language) for one in (*campaign.names, *campaign.people)}
        messages = {one.id: one.text.best(language) for one in campaign.messages}
        found: list[tuple[MarkKind, Mapping[str, str], Iterable[Mapping[str, Any]]]] = [
            ("name", names, (one for one in match.detail["spans"] if not _is_query(one))),
            ("query", {}, (one for one in match.detail["spans"] if _is_query(one))),
            ("message", messages, (one for said in match.detail["messages"] for one in said["spans"])),
            ("person", names, (one for person in match.detail["people"] for one in person["spans"])),
        ]
        for kind, labels, marked in found:
            for span in marked:
                field, start, end = span["field"], span["start"], span["end"]
                if texts[field][start:end] == span["text"]:
                    yield field, start, end, Mark(kind, labels.get(span["term"], ""), campaign.id)


def _is_query(span: Mapping[str, Any]) -> bool:
    """`query zh-Hant` and so on; a name's id holds no space."""
    return str(span["term"]).startswith("query ")


def in_campaigns(
    connection: Connection,
    stored: StoredArticle,
    item: str,
    matches: Mapping[str, StoredMatch],
    campaigns: Mapping[str, Campaign],
    states: Mapping[Stage, WorkState],
    language: str,
) -> Iterator[InCampaign]:
    """Each campaign that the article, or its item, has to do with."""
    tones = load_tones(connection, [stored.version]).get(stored.version, {})
    for key, campaign in campaigns.items():
        facts = next(iter(item_facts(connection, key, items=[item])), None)
        match = matches.get(key)
        if facts is None and match is None:
            continue
        detail = match.detail if match is not None else {}
        terms = {one.id: one.best(language) for one in (*campaign.names, *campaign.people)}
        messages = {one.id: one.text.best(language) for one in campaign.messages}
        named: dict[str, list[str]] = {}
        for span in detail.get("spans", ()):
            if not _is_query(span):
                named.setdefault(span["term"], []).append(span["text"])
        yield InCampaign(
            campaign=campaign,
            name=campaign.name.best(language),
            matches=match is not None and match.matched,
            standing=standing(facts) if facts is not None else None,
            facts=facts,
            prominence=facts.prominence if facts is not None else match.prominence if match else None,
            names=tuple(
                Sign(one, terms.get(one, one), tuple(dict.fromkeys(texts))) for one, texts in named.items()
            ),
            queries=tuple(
                one.removeprefix("query ") for one in detail.get("because", ()) if one.startswith("query ")
            ),
            messages=tuple(
                Sign(one["id"], messages.get(one["id"], one["id"]), _texts(one))
                for one in detail.get("messages", ())
            ),
            people=tuple(
                Sign(one["id"], terms.get(one["id"], one["id"]), _texts(one), bool(one["spokesperson"]))
                for one in detail.get("people", ())
            ),
            tone=tones.get(key),
            tone_state=states.get("tone"),
        )


def _texts(found: Mapping[str, Iterable[Mapping[str, str]]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(span["text"] for span in found["spans"]))
