"""The coding of an item for a campaign: what the machine proposes and what people decided, side by side.

A machine's word names who made it and when, and shows the passages that it rests on; a person's word overlays it and
never erases it. Only a person's word on tone and origin counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from sqlalchemy import Connection

from nlp.tone import find_passages
from resound.article import PROMINENCES, Basis, Field, Tone, text_fields
from resound.campaign import Campaign, Message, Person
from resound.coding.deciding import SECOND_CODED, item_key
from resound.coding.origin import OriginProposal
from resound.coding.origin_evidence import trace_origin
from resound.coverage.coded import Carries, Coded, CodingFigures, Said, tabulate_coding
from resound.coverage.model import Figures
from resound.people.sight import EVERYTHING, Sight
from resound.processing.facts import Facts, highest, lay_over
from resound.store.articles import StoredArticle, load_articles
from resound.store.decisions import Decision, Overlay, overlays, standing_decisions
from resound.store.enrichments import StoredTone, load_tones
from resound.store.grouping import load_overlay, twins_of
from resound.store.matches import StoredMatch, list_carried, list_matches
from resound.store.registry import load_campaign, load_sources

MOST_PASSAGES = 3
"""Shown for one message or spokesperson: those with the most of its words, in the order of the text."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A passage of the original as it stands there; `marks` are the (start, end) of the words that it is quoted for."""

    field: Field
    text: str
    marks: tuple[tuple[int, int], ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, bool], ...]:
        """The text in pieces: (piece, whether it is marked)."""
        pieces: list[tuple[str, bool]] = []
        at = 0
        for start, end in self.marks:
            pieces += [(self.text[at:start], False), (self.text[start:end], True)]
            at = end
        return tuple(piece for piece in (*pieces, (self.text[at:], False)) if piece[0])


@dataclass(frozen=True, slots=True)
class ToneCoding:
    """`proposed` is None where no model has judged the current text; `passages` with the scores that it gave them."""

    proposed: StoredTone | None
    passages: tuple[tuple[Quoted, Mapping[str, float]], ...]
    decided: Decision | None
    second: Decision | None

    @property
    def confidence(self) -> float | None:
        """The probability that the model gives to the tone that it proposes."""
        made = self.proposed
        return None if made is None or made.tone is None else made.scores[made.tone]


@dataclass(frozen=True, slots=True)
class ProminenceCoding:
    """headline, lead, body or caption, as the matcher read it (None where nothing matches) and as people say."""

    proposed: str | None
    decided: Decision | None
    second: Decision | None


@dataclass(frozen=True, slots=True)
class OriginCoding:
    """Where the text comes from."""

    proposed: OriginProposal
    decided: Decision | None


@dataclass(frozen=True, slots=True)
class MessageCoding:
    """One of the campaign's key messages in this item."""

    message: Message
    is_proposed: bool
    passages: tuple[Quoted, ...]
    decided: Decision | None

    @property
    def carries(self) -> Carries | None:
        """None where neither a person nor the matcher says anything."""
        return _carries(self.decided, is_proposed=self.is_proposed)


@dataclass(frozen=True, slots=True)
class QuoteCoding:
    """One of the campaign's spokespersons in this item: named, as far as the matcher sees; quoted, as a person says."""

    person: Person
    is_proposed: bool
    passages: tuple[Quoted, ...]
    decided: Decision | None

    @property
    def carries(self) -> Carries | None:
        """None where neither a person nor the matcher says anything."""
        return _carries(self.decided, is_proposed=self.is_proposed)


@dataclass(frozen=True, slots=True)
class Coding:
    """Everything that is coded of one item for one campaign. `match` is the matcher's word; None where it never matched."""

    item: str
    campaign: Campaign
    facts: Facts
    review: Decision | None
    match: StoredMatch | None
    tone: ToneCoding
    prominence: ProminenceCoding
    origin: OriginCoding
    messages: tuple[MessageCoding, ...]
    quotes: tuple[QuoteCoding, ...]

    def for_second_coder(self) -> Coding:
        """What a second coder may see: neither the machine's proposals nor the first coder's answers."""
        return replace(
            self,
            tone=ToneCoding(None, (), None, self.tone.second),
            prominence=ProminenceCoding(None, None, self.prominence.second),
            origin=OriginCoding(OriginProposal(None, ()), None),
            messages=(),
            quotes=(),
        )


def item_coding(connection: Connection, item: str, campaign_id: str, *, sight: Sight = EVERYTHING) -> Coding:
    """The coding of the item that a URL or id names.

    Raises:
        NotFoundError: there is no such item in sight, or no such campaign.
    """
    key = item_key(connection, item, sight)
    campaign = load_campaign(connection, campaign_id)
    sources = load_sources(connection)
    overlay = load_overlay(connection, key)
    keys = [key, *(one.article for one in twins_of(connection, [key]).get(key, ()) if one.article != key)]
    articles = load_articles(connection, keys)
    found = {one.article: one for one in list_matches(connection, articles=keys, campaign=campaign_id)}
    matches = [found[one] for one in keys if one in found and found[one].matched]
    read = articles[matches[0].article if matches else key]  # the twin in which the campaign is named
    facts = lay_over(articles[key], overlay, sources)
    return Coding(
        item=key,
        campaign=campaign,
        facts=facts,
        review=overlay.word("review", campaign_id),
        match=matches[0] if matches else found.get(key),
        tone=_tone(connection, read, overlay, campaign_id),
        prominence=ProminenceCoding(
            _as_said(highest(one.prominence for one in matches)),
            overlay.word("prominence", campaign_id),
            overlay.word("prominence", campaign_id, is_second=True),
        ),
        origin=OriginCoding(
            trace_origin(connection, facts, keys, campaign, sources, sight=sight), overlay.word("origin")
        ),
        messages=tuple(
            MessageCoding(
                one,
                *_proposed("messages", one.id, matches, articles),
                overlay.word("message", campaign_id, one.id),
            )
            for one in campaign.messages
        ),
        quotes=tuple(
            QuoteCoding(
                one,
                *_proposed("people", one.id, matches, articles),
                overlay.word("quote", campaign_id, one.id),
            )
            for one in campaign.spokespersons
        ),
    )


def coding_figures(connection: Connection, figures: Figures) -> CodingFigures:
    """What is coded of a campaign's counted items, out of the store."""
    campaign = load_campaign(connection, figures.campaign)
    return figures_of_coding(campaign, figures, load_coded(connection, campaign, figures.items))


def figures_of_coding(campaign: Campaign, figures: Figures, coded: Mapping[str, Coded]) -> CodingFigures:
    """What is coded (item → its coding) of the counted items, and how far coders agree on what is accepted. Pure."""
    return tabulate_coding(
        [figures.items[key][0] for key in figures.lists["counted"]],
        coded,
        messages=[one.id for one in campaign.messages],
        spokespersons=[one.id for one in campaign.spokespersons],
        coded_twice=[key for key, (one, _) in figures.items.items() if one.review == "accepted"],
    )


def quote_items(
    connection: Connection,
    campaign_id: str,
    kind: Literal["messages", "people"],
    wanted: Mapping[str, Sequence[str]],
) -> dict[tuple[str, str], tuple[Quoted, ...]]:
    """(message or person, item) → the passages that the matcher proposes; none where it sees nothing (any more).

    Args:
        wanted: id of the message or person → the items that are to be quoted for it.
    """
    twins = twins_of(connection, {item for items in wanted.values() for item in items})
    members = {
        item: [item, *(one.article for one in some if one.article != item)] for item, some in twins.items()
    }
    keys = [key for some in members.values() for key in some]
    articles = load_articles(connection, keys)
    found = {one.article: one for one in list_matches(connection, articles=keys, campaign=campaign_id)}
    return {
        (which, item): _proposed(
            kind,
            which,
            [found[one] for one in members[item] if one in found and found[one].matched],
            articles,
        )[1]
        for which, items in wanted.items()
        for item in items
        if item in members
    }


_CARRIED: tuple[Literal["messages", "people"], ...] = ("messages", "people")


def load_coded(
    connection: Connection, campaign: Campaign, items: Iterable[str], *, with_proposals: bool = True
) -> dict[str, Coded]:
    """item → what is coded of it for a campaign; without proposals only what people said, which is quicker to read."""
    twins = twins_of(connection, items)
    item_of = {twin.article: item for item, members in twins.items() for twin in members}
    coded = (
        one
        for one in standing_decisions(connection, campaign=campaign.id)
        if one.article in item_of and one.kind not in ("accept", "reject")
    )
    said = overlays(coded, item_of)
    proposed = {
        kind: _by_item(list_carried(connection, campaign.id, kind) if with_proposals else (), item_of)
        for kind in _CARRIED
    }
    return {
        item: _coded(
            said.get(item, Overlay()), campaign, *(proposed[kind].get(item, frozenset()) for kind in _CARRIED)
        )
        for item in twins
    }


def _by_item(carried: Iterable[tuple[str, str]], item_of: Mapping[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for article, which in carried:
        if article in item_of:
            found.setdefault(item_of[article], set()).add(which)
    return found


def _coded(overlay: Overlay, campaign: Campaign, messages: Set[str], people: Set[str]) -> Coded:
    """`messages` and `people`: what the matcher sees in the item or one of its twins."""
    tone = overlay.word("tone", campaign.id)

    def carried(about: str, ids: Iterable[str], proposed: Set[str]) -> dict[str, Carries]:
        if not overlay.words:  # as for nearly every item of a large campaign
            return {one: "proposed" for one in ids if one in proposed}
        told = {
            one: _carries(overlay.word(about, campaign.id, one), is_proposed=one in proposed) for one in ids
        }
        return {one: what for one, what in told.items() if what is not None}

    return Coded(
        tone=cast("Tone | None", tone.value) if tone is not None else None,  # checked when it was written
        basis=cast("Basis | None", tone.basis) if tone is not None else None,
        is_prominence_decided=overlay.word("prominence", campaign.id) is not None,
        messages=carried("message", (one.id for one in campaign.messages), messages),
        quotes=carried("quote", (one.id for one in campaign.spokespersons), people),
        codings={about: _codings(overlay, about, campaign.id) for about in SECOND_CODED},
    )


def _codings(overlay: Overlay, about: str, campaign: str) -> tuple[Said, ...]:
    rounds = (overlay.word(about, campaign), overlay.word(about, campaign, is_second=True))
    return tuple(Said(one.who, str(one.value), one.round) for one in rounds if one is not None)


def _carries(decided: Decision | None, *, is_proposed: bool) -> Carries | None:
    if decided is not None:
        return "refused" if decided.kind in ("no-message", "no-quote") else "confirmed"
    return "proposed" if is_proposed else None


def _tone(connection: Connection, read: StoredArticle, overlay: Overlay, campaign: str) -> ToneCoding:
    made = load_tones(connection, [read.version]).get(read.version, {}).get(campaign)
    texts = text_fields(read.article)
    passages = (
        []
        if made is None
        else [
            (Quoted(one["field"], texts[one["field"]][one["start"] : one["end"]]), dict(one["scores"]))
            for one in made.passages
        ]
    )
    return ToneCoding(
        made,
        tuple(passages),
        overlay.word("tone", campaign),
        overlay.word("tone", campaign, is_second=True),
    )


def _as_said(field: Field | None) -> str | None:
    return next((said for said, name in PROMINENCES.items() if name == field), None)


def _proposed(
    kind: Literal["messages", "people"],
    which: str,
    matches: Sequence[StoredMatch],
    articles: Mapping[str, StoredArticle],
) -> tuple[bool, tuple[Quoted, ...]]:
    """Whether the matcher sees it, and where, in the first of the twins that has it."""
    for match in matches:
        for one in match.detail.get(kind, ()):
            if one["id"] == which:
                return True, _quote(
                    one["spans"], match, articles[match.article], around=int(kind == "people")
                )
    return False, ()


def _quote(
    spans: Sequence[Mapping[str, Any]], match: StoredMatch, stored: StoredArticle, *, around: int
) -> tuple[Quoted, ...]:
    """The sentences with the most different words. Spans of an earlier text stand for themselves until it is matched anew."""
    if match.version != stored.version:
        return tuple(Quoted(one["field"], one["text"]) for one in spans[:MOST_PASSAGES])
    texts = text_fields(stored.article)
    places: list[tuple[Field, int, int]] = [(one["field"], one["start"], one["end"]) for one in spans]
    found = []
    for passage in find_passages(texts, places, around=around):
        marks = _apart(
            (max(start, passage.start) - passage.start, min(end, passage.end) - passage.start)
            for field, start, end in places
            if field == passage.field and passage.start < end and start < passage.end
        )
        found.append(Quoted(passage.field, passage.text, marks))
    best = sorted(found, key=lambda one: -len({one.text[start:end] for start, end in one.marks}))
    kept = best[:MOST_PASSAGES]
    return tuple(one for one in found if one in kept)


def _apart(marks: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Marks in order, those that touch or overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(marks):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
