"""Where a text seems to come from, with the evidence: proposed to a person, never counted by itself.

The first that there is evidence for:

1. owned, paid: the outlet itself is owned, a partner's, or paid.
2. release verbatim: nearly all of the text stands in an earlier text of an owned or partner source of the campaign.
3. agency pick-up: a credit line names an agency, or nearly all of the text stands in an agency's earlier text.

Without any, nothing is proposed: that a text is original reporting is what a person finds by reading it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from resound.article import Medium, Origin
from resound.counting import Relation
from resound.dedupe import CONTAINMENT


@dataclass(frozen=True, slots=True)
class Publisher:
    """An outlet as far as it says where a text comes from."""

    id: str
    name: str
    relation: Relation
    medium: Medium


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
class OriginEvidence:
    """One thing that speaks for an origin: what the outlet is, the text that this one repeats, or a credit line."""

    kind: Literal["outlet", "copy", "credit"]
    origin: Origin
    publisher: Publisher
    passage: str = ""
    copy: Copy | None = None


@dataclass(frozen=True, slots=True)
class OriginProposal:
    """`origin` is None where there is no evidence for anything but original reporting."""

    origin: Origin | None
    evidence: tuple[OriginEvidence, ...]


def propose_origin(
    own: Publisher, copies: Iterable[Copy], credited: Iterable[tuple[Publisher, str]]
) -> OriginProposal:
    """Weigh what is known of an item's text.

    Args:
        copies: near-duplicates at other outlets.
        credited: (who is credited, the passage that says so).
    """
    found: list[OriginEvidence] = []
    if own.relation != "independent":
        found.append(OriginEvidence("outlet", "paid" if own.relation == "paid" else "owned", own))
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
