"""What an edition of the digest holds: values as they stood, so that an approved one can be shown again as it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from resound.article import Basis, Field, Medium, Tone
from resound.coverage.campaign import Headline
from resound.coverage.model import FourCounts, StandingKind
from resound.settings import UiLanguage

FORMAT = 1
"""Raised when an edition is written otherwise than before; older ones stay readable."""
TOP = 3
"""Stories that stand first."""
WEEKS_SHOWN = 8
"""In the series beside the counts: this week and those before it."""

Spoken = Mapping[UiLanguage, str]
"""One text in each language of the product."""
Kind = Literal["item", "story"]
Added = Literal["found-later", "accepted-later", "other-day"]
"""Why an item counts for a week whose issue did not have it: first seen after that issue · a person accepted it (or its
date or outlet) after that issue · it was counted for another week."""
Regrouped = Literal["stories", "outlets", "groups"]
"""What was corrected besides the items: stories were parted or joined · outlets · publishers were corrected."""
Removed = StandingKind | Literal["other-day", "joined"]
"""Why one that an issue counted does not any more: where it stands now · counted for another week · it is part of another
item."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One counted item as readers see it. `url` is the publisher's (or `clip:…` for what has none).

    `day` is in the outlet's calendar. `tone` is a person's word (`basis`: what they read), None where nobody has said it.
    `headlines`: a machine's translations, for readers who cannot read the original.
    """

    item: str
    url: str
    title: str
    tag: str
    outlet: str
    outlet_names: Spoken
    medium: Medium
    day: date
    story: str
    prominence: Field | None
    tone: Tone | None
    basis: Basis | None
    headlines: Mapping[UiLanguage, Headline]
    re_run: bool = False


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """Items of one week that come from one original text: one that stands for them, and where else it appeared.

    `id` is the item of `head`; an edit names a story by any of its items. `outlets`: distinct ones, the head's included.
    """

    id: str
    head: Entry
    others: tuple[Entry, ...]
    outlets: int

    @property
    def items(self) -> tuple[str, ...]:
        """All of them, the head first."""
        return (self.head.item, *(one.item for one in self.others))


@dataclass(frozen=True, slots=True)
class Section:
    """Stories of one theme (a machine's word). `topic` is empty where it found none, or has not read them yet."""

    topic: str
    names: Spoken
    stories: tuple[StoryEntry, ...]


@dataclass(frozen=True, slots=True)
class LateWeek:
    """Items published in an earlier week that no earlier issue had. `week` is empty where that week has no issue."""

    week: str
    first: date
    last: date
    stories: tuple[StoryEntry, ...]


@dataclass(frozen=True, slots=True)
class Gain:
    """An item that now counts for an earlier week."""

    item: str
    title: str
    why: Added


@dataclass(frozen=True, slots=True)
class Loss:
    """An item that an earlier issue counted and that does not count for its week any more."""

    item: str
    title: str
    why: Removed


@dataclass(frozen=True, slots=True)
class Correction:
    """An earlier week whose count is another one than was said last: by its own issue, or by one that corrected it.

    `regrouped`: those of the other three counts that `added` and `removed` alone do not explain.
    """

    week: str
    first: date
    last: date
    said_in: str
    said: FourCounts
    now: FourCounts
    added: tuple[Gain, ...]
    removed: tuple[Loss, ...]
    regrouped: tuple[Regrouped, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a person took out of the digest. Its items are counted all the same. `tag`: the language of `title`."""

    kind: Kind
    id: str
    title: str
    items: tuple[str, ...]
    who: str
    why: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class LostEdit:
    """A change of a person that finds nothing to change any more: what it was about is not in this week."""

    what: Literal["drop", "order"]
    id: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """Items of one language: this week and the week before. `at_least`: a source of that language was not read every day."""

    language: str
    items: int
    before: int
    at_least: bool = False
    before_at_least: bool = False


@dataclass(frozen=True, slots=True)
class WeekBar:
    """Items of seven days by language. `at_least`: a source was not read on one of them."""

    first: date
    last: date
    items: Mapping[str, int]
    at_least: bool


@dataclass(frozen=True, slots=True)
class UnreadSource:
    """A source that was not read on `missed` days of the week."""

    source: str
    names: Spoken
    missed: int


@dataclass(frozen=True, slots=True)
class FailingSource:
    """A source that is in trouble now. `sentence` is kept with what it was made of (`resound.told.told_to_json`)."""

    source: str
    names: Spoken
    state: str
    sentence: Any


@dataclass(frozen=True, slots=True)
class Watched:
    """How well the sources of the campaign's countries were read: `complete` of `sources` on each day of the week."""

    sources: int
    complete: int
    unread: tuple[UnreadSource, ...]
    failing: tuple[FailingSource, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A person's words at the head of an issue, plain text."""

    text: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """One week's digest.

    `week` names the issue (2026-W03); `first` … `last` are the days it is about. `counts` are of that week, `before` of as
    many days before it. `beside`: never added to the counts (items by standing; `waits-for-date` have no day and are of no
    week; `leads`; `pending` stand in an issue that is not decided yet; `older` were published before the list's first week).
    `items`, `late_items`: every item that it counts or lists, those that were dropped too. `topics_by`: whose work the themes are.
    """

    format: int
    campaign: str
    names: Spoken
    review: Literal["manual", "auto"]
    window: tuple[date, date]
    week: str
    first: date
    last: date
    as_of: datetime
    counts: FourCounts
    before: FourCounts
    at_least: bool
    before_at_least: bool
    languages: tuple[LanguageRow, ...]
    series: tuple[WeekBar, ...]
    top: tuple[StoryEntry, ...]
    sections: tuple[Section, ...]
    late: tuple[LateWeek, ...]
    corrections: tuple[Correction, ...]
    dropped: tuple[Dropped, ...]
    lost_edits: tuple[LostEdit, ...]
    beside: Mapping[str, int]
    watched: Watched
    topics_by: tuple[str, ...]
    note: Note | None
    items: tuple[str, ...]
    late_items: tuple[str, ...]
    edits: int = 0
    """The revision of the edits that it was built with."""

    @property
    def is_outside_window(self) -> bool:
        """Whether no day of the week is one of the campaign's."""
        return self.last < self.window[0] or self.first > self.window[1]

    @property
    def stories(self) -> tuple[StoryEntry, ...]:
        """Those of the week that are shown, in their order."""
        return (*self.top, *(one for section in self.sections for one in section.stories))

    @property
    def not_shown(self) -> int:
        """Items that are counted or would be listed, and were dropped."""
        return len({item for one in self.dropped for item in one.items})


@dataclass(frozen=True, slots=True)
class Drop:
    """An item or a story (named by any item of it) is not to be shown."""

    kind: Kind
    id: str
    who: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Edits:
    """What people changed of a draft. `order`: stories (each named by any item of it) that come first, in this order.

    `revision` is one more after each change: whoever changes says which one they saw.
    """

    revision: int = 0
    drops: tuple[Drop, ...] = ()
    order: tuple[str, ...] = ()
    ordered_by: str = ""
    note: Note | None = None
    history: tuple[Mapping[str, str], ...] = field(default=())
    """Who did what when, oldest first."""
