"""Where a text seems to come from, with the evidence: proposed to a person, never counted by itself.

The first that there is evidence for:

1. owned, paid: the outlet itself is owned, a partner's, or paid.
2. release verbatim: nearly all of the text stands in a release that is registered with the campaign, or in an earlier
   text of an owned or partner source of the campaign.
3. agency pick-up: a credit line names an agency, or nearly all of the text stands in an agency's earlier text.

Without any, nothing is proposed: that a text is original reporting is what a person finds by reading it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from resound.article import Medium, Origin
from resound.coverage.model import Relation
from resound.grouping.dedupe import CONTAINMENT
from resound.source import Names


@dataclass(frozen=True, slots=True)
class Publisher:
    """An outlet as far as it says where a text comes from."""

    id: str
    name: str
    relation: Relation
    medium: Medium
    names: Names | None = None

    def called(self, language: str) -> str:
        """Its name in a language, where it has several."""
        return self.name if self.names is None else self.names.best(language)


@dataclass(frozen=True, slots=True)
class Copy:
    """Another article with near-duplicate text.

    `share`: how much of the item's text stands in it (0 … 1). `is_earlier`: it was published no later than the item.
    """

    article: str
    url: str
    title: str
    tag: str
    day: str
    publisher: Publisher
    share: float
    is_earlier: bool
    is_of_campaign: bool


@dataclass(frozen=True, slots=True)
class Repeated:
    """A release that is registered with the campaign. `share`: how much of the item's text stands in it (0 … 1).

    `article`: where the release is stored, empty where only its text is known. `url`: where people find it.
    """

    id: str
    title: Names
    tag: str
    day: date
    share: float
    article: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class OriginEvidence:
    """One thing that speaks for an origin: what the outlet is, the text that this one repeats, or a credit line.

    `passage`: of a credit line, where it stands; of a release, the longest part of the item that stands in it.
    `publisher` of a release is the campaign.
    """

    kind: Literal["outlet", "copy", "credit", "release"]
    origin: Origin
    publisher: Publisher
    passage: str = ""
    copy: Copy | None = None
    release: Repeated | None = None


@dataclass(frozen=True, slots=True)
class OriginProposal:
    """`origin` is None where there is no evidence for anything but original reporting."""

    origin: Origin | None
    evidence: tuple[OriginEvidence, ...]


def propose_origin(
    own: Publisher,
    copies: Iterable[Copy],
    credited: Iterable[tuple[Publisher, str]],
    *,
    campaign: Publisher | None = None,
    releases: Iterable[tuple[Repeated, str]] = (),
) -> OriginProposal:
    """Weigh what is known of an item's text.

    Args:
        copies: near-duplicates at other outlets.
        credited: (who is credited, the passage that says so).
        campaign: who gave the releases out.
        releases: (a release that is no younger than the item, the longest passage that both have).
    """
    found: list[OriginEvidence] = []
    if own.relation != "independent":
        found.append(OriginEvidence("outlet", "paid" if own.relation == "paid" else "owned", own))
    if campaign is not None:
        repeated = [pair for pair in releases if pair[0].share >= CONTAINMENT]
        repeated.sort(key=lambda pair: (-pair[0].share, pair[0].day, pair[0].id))
        found += [
            OriginEvidence("release", "release-verbatim", campaign, passage, release=one)
            for one, passage in repeated
        ]
    sources = [one for one in copies if one.is_earlier and one.share >= CONTAINMENT]
    sources.sort(key=lambda copy: (-copy.share, copy.day, copy.article))
    found += [
        OriginEvidence("copy", "release-verbatim", one.publisher, copy=one)
        for one in sources
        if one.publisher.relation in ("owned", "partner") and one.is_of_campaign
    ]
    if own.medium != "agency":
        found += [
            OriginEvidence("credit", "agency-pick-up", publisher, passage)
            for publisher, passage in credited
            if publisher.medium == "agency" and publisher.id != own.id
        ]
        found += [
            OriginEvidence("copy", "agency-pick-up", one.publisher, copy=one)
            for one in sources
            if one.publisher.medium == "agency" and one.publisher.relation == "independent"
        ]
    return OriginProposal(found[0].origin if found else None, tuple(found))
