"""What a changed campaign would add and lose over everything stored, before it is saved. Nothing is written.

The matcher has the last word on every item that it could match. A quick look (`resound.query.glance`), or a search
index that is level with the store, spares it the rest; neither ever leaves out what it would find.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from sqlalchemy import Connection

from resound.article import Language
from resound.campaign import Campaign, Window
from resound.errors import NotFoundError
from resound.index.base import SearchIndex
from resound.processing.facts import Facts, lay_over
from resound.processing.matching import CampaignMatcher, Match
from resound.query import AnalysedDocument, Glance, Span, analyse_document
from resound.searching.documents import document_of, outlet_name
from resound.searching.narrowing import can_match
from resound.searching.search import Snippet, snippets_of
from resound.source import Names
from resound.store import Store, work
from resound.store.articles import StoredArticle, load_articles, load_texts
from resound.store.decisions import Overlay, overlays, standing_decisions
from resound.store.grouping import items_by_day
from resound.store.matches import StoredMatch, list_matches
from resound.store.registry import load_campaign, load_sources

BATCH = 100
"""Items between two looks at the clock."""
SHOWN = 200
"""So many items of each kind are named; all are counted."""

Progress = Callable[[int, int], None]
"""(items looked at so far, of how many)"""


@dataclass(frozen=True, slots=True)
class Touched:
    """An item that the change touches. `outlet` is its name in English, `names` in other languages. `day` is the outlet's own; `in_window` is None where the date is missing or in doubt.

    `review`: what a person decided about it, `who`; their word stays whatever the campaign says. `passages` show what
    matches now or, of a lost item, what matched before.
    """

    item: str
    title: str
    outlet: str
    names: Names | None
    language: str
    day: date | None
    in_window: bool | None
    review: Literal["accepted", "rejected", None]
    who: str
    passages: tuple[Snippet, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Items touched in one way: how many of each language, and the first `SHOWN` of them, newest first."""

    counts: Mapping[Language, int] = field(default_factory=dict)
    items: tuple[Touched, ...] = ()

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    def with_one(self, language: Language, make: Callable[[], Touched] | None = None) -> Part:
        """The same and one more; `make` is called only where it will be shown."""
        counts = {**self.counts, language: self.counts.get(language, 0) + 1}
        if make is None or len(self.items) >= SHOWN:
            return replace(self, counts=counts)
        return Part(counts, (*self.items, make()))


@dataclass(frozen=True, slots=True)
class Preview:
    """The effect of a change so far, newest items first. `goes_on`: time ran out before all `total` were looked at.

    `entering` and `leaving`: items that match before and after, which the changed window takes in or leaves out.
    `waiting`: articles whose matching is not done yet; what they match today is not known.
    """

    looked_at: int = 0
    total: int = 0
    added: Part = Part()
    lost: Part = Part()
    unchanged: Part = Part()
    entering: Part = Part()
    leaving: Part = Part()
    waiting: int = 0
    place: tuple[str, str] | None = None
    """(day, item) of the last one that was looked at."""

    @property
    def goes_on(self) -> bool:
        """Whether there is more to look at."""
        return self.looked_at < self.total


def preview_change(
    store: Store,
    campaign: Campaign,
    *,
    seconds: float,
    index: SearchIndex | None = None,
    so_far: Preview | None = None,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Preview:
    """Hold a changed (or new) campaign against the standing matches of the one that is stored.

    Args:
        seconds: how long it may take; at least one batch is looked at.
        index: makes it fast where it is level with the store.
        so_far: an unfinished preview of the same change, to go on from.

    Raises:
        DefinitionError: a query or form of the campaign cannot be used.
    """
    end = clock() + seconds
    with store.read() as connection:
        change = _Change(connection, campaign, index)
        items = change.items
        place = so_far.place if so_far is not None else None
        begin = 0 if place is None else sum((day, item) >= place for day, item, _ in items)
        found = replace(so_far or Preview(), total=len(items), looked_at=begin, waiting=change.waiting)
        for start in range(begin, len(items), BATCH):
            batch = items[start : start + BATCH]
            found = change.look_at(batch, found)
            if progress is not None:
                progress(found.looked_at, found.total)
            if clock() >= end or should_stop():
                break
        return found


class _Change:
    """A campaign before and after, over what one connection sees."""

    def __init__(self, connection: Connection, campaign: Campaign, index: SearchIndex | None) -> None:
        self.connection = connection
        self.campaign = campaign
        self.matcher = CampaignMatcher(campaign)
        self.items = items_by_day(connection)
        self.sources = load_sources(connection)
        self.standing = {
            one.article: one for one in list_matches(connection, campaign=campaign.id) if one.matched
        }
        self.waiting = work.count_open(connection, "match")
        before = _stored(connection, campaign.id)
        self.old_window: Window | None = before.window if before is not None else None
        self.near: frozenset[str] | None = None  # None: every article is looked at
        if before is not None and not self.waiting and _asks_the_same(before, self.matcher):
            self.near = frozenset()
        elif index is not None:
            self.near = can_match(connection, index, self.matcher)

    def look_at(self, batch: Sequence[tuple[str, str, tuple[str, ...]]], found: Preview) -> Preview:
        """The preview with the effect on these items."""
        asked = [key for _, _, members in batch for key in members if self._is_near(key)]
        texts = load_texts(self.connection, [key for key in asked if key not in self.standing])
        close = [
            key
            for key in asked
            if key in self.standing or self.matcher.may_match(Glance(texts[key].values()))
        ]
        stored = load_articles(self.connection, close)
        read = {key: analyse_document(document_of(one.article)) for key, one in stored.items()}
        matches = {key: match for key in close if (match := self.matcher.match(read[key])) is not None}
        touched = [
            (item, members)
            for _, item, members in batch
            if any(key in matches or key in self.standing for key in members)
        ]
        heads = stored | load_articles(self.connection, [item for item, _ in touched if item not in stored])
        said = self._said([(item, members) for item, members in touched])
        for item, members in touched:
            overlay = said.get(item, Overlay())
            facts = lay_over(heads[item], overlay, self.sources)
            effect = _Effect(self.campaign, facts, overlay)
            before = [self.standing[key] for key in members if key in self.standing]
            after = [(matches[key], read[key]) for key in members if key in matches]
            found = self._add(found, effect, before, after, heads)
        return replace(found, looked_at=found.looked_at + len(batch), place=batch[-1][:2])

    def _is_near(self, key: str) -> bool:
        return self.near is None or key in self.near or key in self.standing

    def _said(self, touched: Sequence[tuple[str, Sequence[str]]]) -> dict[str, Overlay]:
        item_of = {key: item for item, members in touched for key in members}
        decisions = standing_decisions(self.connection, articles=item_of) if item_of else []
        return overlays((one for one in decisions if one.article in item_of), item_of)

    def _add(
        self,
        found: Preview,
        effect: _Effect,
        before: Sequence[StoredMatch],
        after: Sequence[tuple[Match, AnalysedDocument]],
        stored: Mapping[str, StoredArticle],
    ) -> Preview:
        language = effect.facts.stored.article.language.language
        if not before:
            passages = _passages_now(*after[0])
            return replace(found, added=found.added.with_one(language, lambda: effect.touched(passages)))
        if not after:
            passages = _passages_then(before[0], stored.get(before[0].article))
            return replace(found, lost=found.lost.with_one(language, lambda: effect.touched(passages)))
        found = replace(found, unchanged=found.unchanged.with_one(language))
        was, will = effect.is_in(self.old_window), effect.is_in(self.campaign.window)
        if was is None or was == will:
            return found

        def touch() -> Touched:
            return effect.touched(_passages_now(*after[0]))

        if will:
            return replace(found, entering=found.entering.with_one(language, touch))
        return replace(found, leaving=found.leaving.with_one(language, touch))


@dataclass(frozen=True, slots=True)
class _Effect:
    campaign: Campaign
    facts: Facts
    overlay: Overlay

    def is_in(self, window: Window | None) -> bool | None:
        day = self.facts.day
        if window is None or day is None or self.facts.doubt is not None:
            return None
        return window.first <= day <= window.last

    def touched(self, passages: tuple[Snippet, ...]) -> Touched:
        said = self.overlay.review.get(self.campaign.id)
        return Touched(
            item=self.facts.stored.id,
            title=self.facts.stored.article.title,
            outlet=outlet_name(self.facts.outlet, self.facts.source),
            names=self.facts.source.names if self.facts.source is not None else None,
            language=self.facts.stored.article.language.tag,
            day=self.facts.day,
            in_window=self.is_in(self.campaign.window),
            review=None if said is None else "accepted" if said.kind == "accept" else "rejected",
            who=said.who if said is not None else "",
            passages=passages,
        )


def _stored(connection: Connection, key: str) -> Campaign | None:
    try:
        return load_campaign(connection, key)
    except NotFoundError:
        return None


def _asks_the_same(before: Campaign, matcher: CampaignMatcher) -> bool:
    return CampaignMatcher(before).fingerprint == matcher.fingerprint


def _passages_now(match: Match, read: AnalysedDocument) -> tuple[Snippet, ...]:
    spans = [Span(one.field, one.start, one.end) for one in match.spans]
    return _with_title(spans, read)


def _passages_then(match: StoredMatch, stored: StoredArticle | None) -> tuple[Snippet, ...]:
    """What was found then; its own words only, where the text has changed since."""
    found = match.detail.get("spans", [])
    if stored is not None and stored.version == match.version:
        spans = [Span(one["field"], one["start"], one["end"]) for one in found]
        return _with_title(spans, analyse_document(document_of(stored.article)))
    words = dict.fromkeys(str(one["text"]) for one in found)
    return tuple(Snippet("body", word, ((0, len(word)),)) for word in list(words)[:3])


def _with_title(spans: Sequence[Span], read: AnalysedDocument) -> tuple[Snippet, ...]:
    """Passages around spans; the headline is one where something stands in it, since a list shows it bare."""
    marks = tuple((one.start, one.end) for one in spans if one.field == "title")
    head = (Snippet("title", read.document.title, marks),) if marks else ()
    rest = [one for one in spans if one.field != "title"]
    return head + (tuple(snippets_of(rest, read.document)) if rest else ())
