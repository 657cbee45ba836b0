"""What stands where in a digest. Pure: the same facts and edits give the same edition.

The order of stories: those that a person put first; then by the number of outlets that carried them in this week; then by
prominence (headline > lead > body > caption > only a query matches); then the earliest; then by address. The first three are
the top stories; the rest stands by theme (the one that most of a story's items have first), the largest theme first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from resound.article import PROMINENCES
from resound.coverage.counting import count_four
from resound.coverage.model import FourCounts, ItemFacts, StandingKind
from resound.digest.correcting import Late, Sorted, find_corrections, stated_weeks
from resound.digest.model import (
    FORMAT,
    TOP,
    Dropped,
    Edition,
    Edits,
    Entry,
    LanguageRow,
    LateWeek,
    LostEdit,
    Section,
    Spoken,
    StoryEntry,
    Watched,
    WeekBar,
)

_RANKS: Mapping[str, int] = {name: rank for rank, name in enumerate(PROMINENCES.values())}


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """Everything that an edition is made of.

    `items`: everything that the campaign has to do with, and where it stands. `entries`: of the counted items of the week and
    of the late finds. `topics`: item → its themes, best first (none: not read yet). `earlier`: the list's approved editions,
    in the order in which they were approved. `first_seen`: of the items that earlier weeks gained. `heirs`: item that one of
    them told → the item that the same publication is now.
    """

    campaign: str
    names: Spoken
    review: Literal["manual", "auto"]
    window: tuple[date, date]
    week: str
    first: date
    last: date
    as_of: datetime
    items: Mapping[str, tuple[ItemFacts, StandingKind]]
    entries: Mapping[str, Entry]
    before: FourCounts
    at_least: bool
    before_at_least: bool
    languages: tuple[LanguageRow, ...]
    series: tuple[WeekBar, ...]
    beside: Mapping[str, int]
    watched: Watched
    topics: Mapping[str, tuple[str, ...]]
    topic_names: Mapping[str, Spoken]
    topics_by: tuple[str, ...]
    earlier: tuple[Edition, ...]
    sorted: Sorted
    first_seen: Mapping[str, datetime]
    heirs: Mapping[str, str] = field(default_factory=dict)

    @property
    def counted(self) -> tuple[ItemFacts, ...]:
        """Of the week, by day and address."""
        return of_days(self.items, self.first, self.last)


def of_days(
    items: Mapping[str, tuple[ItemFacts, StandingKind]], first: date, last: date
) -> tuple[ItemFacts, ...]:
    """The counted items of some days."""
    return tuple(
        facts
        for facts, kind in items.values()
        if kind == "counted" and facts.day is not None and first <= facts.day <= last
    )


def build_edition(facts: WeekFacts, edits: Edits | None = None) -> Edition:
    """The digest of a week. Each counted item of it stands in it once, or is among those that a person dropped."""
    edits = edits or Edits()
    counted = facts.counted
    late = [one for week in facts.sorted.late for one in week.items]
    taken = _Taken([*counted, *late], edits)
    stories = _tell(counted, facts.entries, taken)
    order = _order(edits, stories)
    stories.sort(key=lambda one: _place(one, order))
    return Edition(
        format=FORMAT,
        campaign=facts.campaign,
        names=facts.names,
        review=facts.review,
        window=facts.window,
        week=facts.week,
        first=facts.first,
        last=facts.last,
        as_of=facts.as_of,
        counts=count_four(counted),
        before=facts.before,
        at_least=facts.at_least,
        before_at_least=facts.before_at_least,
        languages=facts.languages,
        series=facts.series,
        top=tuple(stories[:TOP]),
        sections=_sections(stories[TOP:], facts),
        late=tuple(_late(week, facts, taken) for week in facts.sorted.late if taken.leaves(week.items)),
        corrections=find_corrections(
            stated_weeks(facts.earlier, heirs=facts.heirs),
            facts.items,
            first=facts.first,
            first_seen=facts.first_seen,
        ),
        dropped=taken.dropped,
        lost_edits=(*taken.lost, *_lost_order(edits, [*counted, *late])),
        beside={**facts.beside, "pending": facts.sorted.pending, "older": facts.sorted.older},
        watched=facts.watched,
        topics_by=facts.topics_by,
        note=edits.note,
        items=tuple(one.item for one in counted),
        late_items=tuple(one.item for one in late),
        edits=edits.revision,
    )


class _Taken:
    """What people took out: which items, by which edit, and which edits find nothing to take out."""

    def __init__(self, items: Sequence[ItemFacts], edits: Edits) -> None:
        by_item = {one.item: one for one in items}
        taken: dict[str, None] = {}
        dropped, lost = [], []
        for edit in edits.drops:
            named = by_item.get(edit.id)
            if named is None:
                lost.append(LostEdit("drop", edit.id, edit.who, edit.why))
                continue
            of_it = [one for one in items if one.story == named.story] if edit.kind == "story" else [named]
            own = tuple(one.item for one in of_it if one.item not in taken)
            taken.update(dict.fromkeys(own))
            dropped.append(Dropped(edit.kind, edit.id, named.title, own, edit.who, edit.why, named.tag))
        self.items = frozenset(taken)
        self.dropped = tuple(dropped)
        self.lost = tuple(lost)

    def leaves(self, items: Iterable[ItemFacts]) -> bool:
        """Whether anything of these is shown."""
        return any(one.item not in self.items for one in items)


def _tell(items: Iterable[ItemFacts], entries: Mapping[str, Entry], taken: _Taken) -> list[StoryEntry]:
    """Stories, in the order of their first items. The item that stands for its story in the store heads it, else the earliest."""
    members: dict[str, list[Entry]] = {}
    for one in items:
        if one.item not in taken.items:
            members.setdefault(one.story, []).append(entries[one.item])
    found = []
    for story, some in members.items():
        head = next((one for one in some if one.item == story), some[0])
        others = tuple(one for one in some if one is not head)
        found.append(StoryEntry(head.item, head, others, len({one.outlet for one in some})))
    return found


def _place(story: StoryEntry, order: Mapping[str, int]) -> tuple[int, int, int, date, str]:
    items = (story.head, *story.others)
    return (
        order.get(story.id, len(order)),
        -story.outlets,
        min(_RANKS.get(one.prominence or "", len(_RANKS)) for one in items),
        min(one.day for one in items),
        story.head.url,
    )


def _order(edits: Edits, stories: Iterable[StoryEntry]) -> dict[str, int]:
    """story → its place, of those that a person put first."""
    of_item = {item: story.id for story in stories for item in story.items}
    return {
        story: place
        for place, story in enumerate(dict.fromkeys(of_item[key] for key in edits.order if key in of_item))
    }


def _lost_order(edits: Edits, items: Iterable[ItemFacts]) -> tuple[LostEdit, ...]:
    known = {one.item for one in items}
    return tuple(LostEdit("order", key, edits.ordered_by, "") for key in edits.order if key not in known)


def _sections(stories: Sequence[StoryEntry], facts: WeekFacts) -> tuple[Section, ...]:
    found: dict[str, list[StoryEntry]] = {}
    for story in stories:
        found.setdefault(_topic(story, facts.topics), []).append(story)
    sizes = {topic: sum(len(one.items) for one in some) for topic, some in found.items()}
    return tuple(
        Section(topic, facts.topic_names.get(topic, {}), tuple(found[topic]))
        for topic in sorted(found, key=lambda topic: (topic == "", -sizes[topic], topic))
    )


def _topic(story: StoryEntry, topics: Mapping[str, tuple[str, ...]]) -> str:
    """The theme that most of its items have first; of equals the one by name. Empty: no item has any."""
    first = Counter(topics[item][0] for item in story.items if topics.get(item))
    return min(first, key=lambda topic: (-first[topic], topic), default="")


def _late(week: Late, facts: WeekFacts, taken: _Taken) -> LateWeek:
    stories = _tell(week.items, facts.entries, taken)
    stories.sort(key=lambda one: _place(one, {}))
    return LateWeek(week.week, week.first, week.last, tuple(stories))
