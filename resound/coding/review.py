"""What waits for a coder of a campaign, one question after the other.

The queue, in this order and the newest first in each: matches that nobody has accepted or rejected; accepted items
without a date that holds; outlets without a name; counted items whose tone or origin nobody has coded; pairs in two
languages that may be one story. A second coder has a queue of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Literal, get_args

from sqlalchemy import Connection

from resound.campaign import Campaign
from resound.coding.deciding import SECOND_CODED
from resound.coding.item import load_coded
from resound.coding.proposing import Proposal, open_proposals
from resound.coverage.agreement import Agreement
from resound.coverage.coded import Coded, Said, measure_codings
from resound.coverage.counting import standing
from resound.coverage.figures import item_facts
from resound.coverage.model import ItemFacts, Standing
from resound.index.base import SearchIndex
from resound.kept_in_memory import Kept
from resound.people.sight import EVERYTHING, Sight
from resound.searching.search import Found, find_similar, search
from resound.store.feed import store_mark
from resound.store.grouping import load_groupings, story_members
from resound.store.registry import load_campaign

Asked = Literal["unreviewed", "waits-for-date", "provisional", "uncoded", "merge", "second"]
ASKED: tuple[Asked, ...] = get_args(Asked)
"""What is asked of a person, in the order in which it is asked. `second` stands in the second coder's queue alone."""
MOST_CHOICES = 8
MOST_ALIKE = 50
"""So many are looked at for those among them that somebody may see."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One question. `lacks`: what is not coded yet; `others`: the other item of a merge, or all others of a provisional outlet.

    `proposal`: why two items may be one story.
    """

    asked: Asked
    item: str
    title: str
    tag: str
    outlet_name: str
    day: date | None
    lacks: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    proposal: Proposal | None = None

    @property
    def key(self) -> str:
        """Names the question in an address; holds while it is open."""
        return ".".join((self.asked, self.item, *(self.others if self.asked == "merge" else ())))


@dataclass(frozen=True)
class Queue:
    """Questions in the order in which they are asked."""

    entries: tuple[Entry, ...]

    @cached_property
    def counts(self) -> Mapping[Asked, int]:
        """How many of each kind; kinds of which there are none are left out."""
        found = {asked: sum(one.asked == asked for one in self.entries) for asked in ASKED}
        return {asked: number for asked, number in found.items() if number}

    def find(self, key: str | None) -> Entry | None:
        """The question of this name, while it is open."""
        return next((one for one in self.entries if one.key == key), None)

    def position(self, entry: Entry) -> int:
        """Its place, from 1."""
        return self.entries.index(entry) + 1

    def of_item(self, item: str) -> Entry | None:
        """The first thing that is asked of an item."""
        return next((one for one in self.entries if one.item == item), None)

    def next_item(self, entry: Entry | None = None) -> Entry | None:
        """The question after this one (of another item, so that an item is left when it is left); the first one for None."""
        rest = self.entries if entry is None else self.entries[self.position(entry) :]
        return next((one for one in rest if entry is None or one.item != entry.item), None)

    def after(self, entry: Entry) -> Entry | None:
        """The question after this one, be it of the same item: nobody passes one by who goes through them all."""
        return next(iter(self.entries[self.position(entry) :]), None)

    def before(self, entry: Entry) -> Entry | None:
        """The question before this one."""
        return next(reversed(self.entries[: self.position(entry) - 1]), None)


@dataclass(frozen=True, slots=True)
class Review:
    """A campaign's queue and items, and how far its coders agree (`resound.coverage.coded.measure_codings`).

    `second`: how many items a second coder of this name can code.
    """

    campaign: Campaign
    queue: Queue
    items: Mapping[str, ItemFacts]
    agreement: Mapping[str, Agreement]
    second: int


def load_review(connection: Connection, campaign_id: str, *, who: str, is_second: bool = False) -> Review:
    """What waits for a coder, or (`is_second`) what they can code as the second coder.

    Raises:
        NotFoundError: there is no such campaign.
    """
    found = _gather(connection, campaign_id)
    return _review(found, _second(found, who), is_second=is_second)


class Reviews:
    """The reviews of campaigns; what they rest on is kept in memory until the store is another one. Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: Kept[_Gathered] = Kept()
        self._second: Kept[Queue] = Kept()

    def get(self, connection: Connection, campaign_id: str, *, who: str, is_second: bool = False) -> Review:
        """As `load_review` has it, read anew only where something may be different."""
        mark = store_mark(connection)
        gathered = self._kept.get(campaign_id, mark, lambda: _gather(connection, campaign_id))
        second = self._second.get(f"{campaign_id}/{who}", mark, lambda: _second(gathered, who))
        return _review(gathered, second, is_second=is_second)


@dataclass(frozen=True, slots=True)
class _Gathered:
    """A campaign with its items and what is known of them, whoever asks."""

    campaign: Campaign
    items: Mapping[str, ItemFacts]
    coded: Mapping[str, Coded]
    queue: Queue
    agreement: Mapping[str, Agreement]


def _gather(connection: Connection, campaign_id: str) -> _Gathered:
    campaign = load_campaign(connection, campaign_id)
    items = {one.item: one for one in item_facts(connection, campaign_id)}
    placed = {key: (one, standing(one)) for key, one in items.items()}
    coded = load_coded(connection, campaign, items, with_proposals=False)
    accepted = (coded[key] for key, one in items.items() if one.review == "accepted")
    queue = review_queue(placed, coded, _merges(connection, placed))
    return _Gathered(campaign, items, coded, queue, measure_codings(accepted))


def _second(found: _Gathered, who: str) -> Queue:
    return second_queue(found.campaign.id, found.items, found.coded, who)


def _review(found: _Gathered, second: Queue, *, is_second: bool) -> Review:
    return Review(
        campaign=found.campaign,
        queue=second if is_second else found.queue,
        items=found.items,
        agreement=found.agreement,
        second=len(second.entries),
    )


def review_queue(
    items: Mapping[str, tuple[ItemFacts, Standing]],
    coded: Mapping[str, Coded],
    merges: Mapping[tuple[str, str], Proposal],
) -> Queue:
    """Pure: a campaign's items, their coding and the pairs that may be one story → what is asked."""
    newest = sorted(items.values(), key=lambda pair: _newest(pair[0]))
    found: list[Entry] = []
    for asked in ("unreviewed", "waits-for-date"):
        found += [_entry(asked, one) for one, place in newest if place.kind == asked]
    nameless: dict[str, list[ItemFacts]] = {}
    for one, place in newest:
        if place.kind == "provisional":
            nameless.setdefault(one.outlet, []).append(one)
    for first, *rest in nameless.values():
        found.append(_entry("provisional", first, others=tuple(one.item for one in rest)))
    for one, place in newest:
        said = coded.get(one.item, Coded())
        lacks = [name for name, value in (("tone", said.tone), ("origin", one.origin)) if value is None]
        if place.kind == "counted" and lacks:
            found.append(_entry("uncoded", one, lacks=tuple(lacks)))
    found += [
        replace(_entry("merge", items[a][0], others=(b,)), proposal=why) for (a, b), why in merges.items()
    ]
    return Queue(tuple(found))


def second_queue(
    campaign_id: str,
    items: Mapping[str, ItemFacts],
    coded: Mapping[str, Coded],
    who: str,
) -> Queue:
    """Accepted items that somebody else coded first and nobody coded a second time.

    In an order that has nothing to do with the items, so that wherever a second coder stops, a fair sample was coded.
    """

    def lot(item: str) -> str:
        return hashlib.sha256(f"{campaign_id}/{item}".encode()).hexdigest()

    found = []
    for key in sorted(items, key=lot):
        one = items[key]
        said = coded.get(key, Coded())
        open_ones = tuple(about for about in SECOND_CODED if _is_for(said.codings.get(about, ()), who))
        if one.review == "accepted" and open_ones:
            found.append(_entry("second", one, lacks=open_ones))
    return Queue(tuple(found))


def merge_choices(
    connection: Connection,
    index: SearchIndex,
    item: str,
    text: str,
    campaigns: Iterable[Campaign],
    sight: Sight = EVERYTHING,
) -> tuple[Found, ...]:
    """Items in `sight` that one may be merged with: what a search finds, or without one what is most like it.

    Raises:
        QuerySyntaxError: the search cannot be read.
        SearchUnavailableError: the index does not answer.
    """
    grouping = load_groupings(connection, [item]).get(item)
    own = {item, *(story_members(connection, grouping.story) if grouping is not None else ())}
    if text.strip():
        most = MOST_CHOICES + len(own)
        found = search(index, text, campaigns=campaigns, limit=most, facets=(), sight=sight).hits
    else:
        found = find_similar(index, item, limit=(MOST_ALIKE if sight.is_limited else MOST_CHOICES) + len(own))
    seen = sight.seen(connection, [one.id for one in found])
    return tuple(one for one in found if one.id in seen and one.id not in own)[:MOST_CHOICES]


def story_of(connection: Connection, item: str) -> list[str]:
    """The other items of an item's story."""
    grouping = load_groupings(connection, [item]).get(item)
    if grouping is None:
        return []
    members = load_groupings(connection, story_members(connection, grouping.story))
    return sorted({one.item for one in members.values()} - {grouping.item})


def _merges(
    connection: Connection, items: Mapping[str, tuple[ItemFacts, Standing]]
) -> dict[tuple[str, str], Proposal]:
    """Proposals of which both sides are the campaign's, and coverage as far as is known."""
    proposals = open_proposals(connection, items)
    groupings = load_groupings(connection, [side.id for one in proposals for side in (one.a, one.b)])
    gone = ("rejected", "not-matched", "outside-window")
    living = {key for key, (_, place) in items.items() if place.kind not in gone}
    found: dict[tuple[str, str], Proposal] = {}
    for one in proposals:
        sides = [groupings[side.id].item for side in (one.a, one.b) if side.id in groupings]
        if len(sides) == 2 and set(sides) <= living:
            found.setdefault((sides[0], sides[1]), one)
    return found


def _entry(asked: Asked, one: ItemFacts, *, lacks: Sequence[str] = (), others: Sequence[str] = ()) -> Entry:
    return Entry(asked, one.item, one.title, one.tag, one.outlet_name, one.day, tuple(lacks), tuple(others))


def _newest(one: ItemFacts) -> tuple[int, str, str]:
    """Those without a day come last."""
    return (-one.day.toordinal() if one.day is not None else 0, one.url, one.item)


def _is_for(codings: Iterable[Said], who: str) -> bool:
    """Whether somebody else coded it first, and nobody a second time."""
    return [(one.round, one.who == who) for one in codings] == [(1, False)]
