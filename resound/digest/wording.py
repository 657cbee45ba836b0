"""What a digest says of its parts, in one reader's language. HTML and plain text are made of the same words.

Foreign text (headlines, names of outlets) is brought into one line without control characters and marks that turn text
round; whoever puts it into HTML escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from urllib.parse import quote

from resound.article import Field, Tone
from resound.coverage.counting import FourCounts
from resound.digest.model import (
    TOP,
    Added,
    Correction,
    Edition,
    Entry,
    FailingSource,
    Gain,
    LateWeek,
    Loss,
    Removed,
    Section,
    Spoken,
    StoryEntry,
)
from resound.lines import one_line
from resound.texts import N_
from resound.told import told_from_json
from resound.urls import is_of_the_web
from resound.value_names import ValueNames
from resound.words import Words

LONGEST_TITLE = 300
LONGEST_URL = 1500
"""A longer address is not linked: one such could fill a mail."""
MOST_NAMED = 8
"""Outlets that are named after "also in", sources that are named as not read, corrections that are listed one by one."""
MOST_WEEKS = 20
MOST_CHANGES = 24
"""Corrected weeks that are told, and items that are named in all of them together: a campaign that is defined anew corrects
every week that there was, and the mail must not grow beyond what can be sent."""

_PROMINENCE: Mapping[Field, str] = {
    "title": N_("named in the headline"),
    "lead": N_("named in the lead"),
    "body": N_("named in the text"),
    "caption": N_("named in a caption"),
}
_TONE: Mapping[Tone, str] = {
    "positive": N_("tone: positive"),
    "neutral": N_("tone: neutral"),
    "negative": N_("tone: negative"),
}
_ADDED: Mapping[Added, str] = {
    "found-later": N_("found later"),
    "accepted-later": N_("decided later"),
    "other-day": N_("its date was corrected"),
}
_REMOVED: Mapping[Removed, str] = {
    "counted": N_("its date was corrected"),
    "other-day": N_("its date was corrected"),
    "joined": N_("part of another item"),
    "rejected": N_("rejected: no coverage"),
    "unreviewed": N_("its acceptance was undone"),
    "owned": N_("owned or a partner's, not earned"),
    "paid": N_("paid, not earned"),
    "release-verbatim": N_("a release word for word, not earned"),
    "provisional": N_("its outlet is not known yet"),
    "outside-window": N_("outside the campaign's dates"),
    "waits-for-date": N_("its date is in doubt"),
    "not-matched": N_("the campaign does not match it any more"),
}


@dataclass(frozen=True, slots=True)
class CountRow:
    """One row of a table of counts, as it is printed. Each number and its "at least" (empty where it is exact)."""

    name: str
    now: tuple[str, str]
    before: tuple[str, str]
    change: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the series. `share`: of the longest bar, 0 … 100."""

    days: str
    items: tuple[str, str]
    share: int
    is_this_week: bool


class Wording:
    """The words of one edition for readers of one language. `page`: where our page of this issue is; None: nowhere."""

    def __init__(
        self, edition: Edition, words: Words, *, list_name: str, list_id: str, public_url: str | None
    ) -> None:
        self.edition = edition
        self.words = words
        self.language = words.language
        self.list_name = one_line(list_name, most=120)
        self.public_url = None if public_url is None else public_url.rstrip("/")
        self.page = (
            None
            if self.public_url is None or not list_id or not edition.week
            else f"{self.public_url}/digests/{quote(list_id)}/{edition.week}"
        )
        self._names = ValueNames(words, sources={}, campaigns={})

    @property
    def campaign(self) -> str:
        """Its name."""
        return one_line(self.spoken(self.edition.names), most=160)

    @property
    def days(self) -> str:
        """Which days it is about."""
        return self.words.days(self.edition.first, self.edition.last)

    @property
    def subject(self) -> str:
        """The mail's subject: what happened, before the date, for phones that cut it off."""
        number = self.edition.counts.items
        if not number:
            return self.words.gettext(
                "%(campaign)s: nothing found, %(days)s", campaign=self.campaign, days=self.days
            )
        return self.words.ngettext(
            "%(campaign)s: %(num)s item, %(days)s",
            "%(campaign)s: %(num)s items, %(days)s",
            number,
            campaign=self.campaign,
            days=self.days,
        )

    @property
    def summary(self) -> str:
        """One sentence: what a phone shows beside the subject."""
        edition, words = self.edition, self.words
        if not edition.counts.items:
            return self.nothing
        told = self._four(edition.counts)
        return words.gettext("At least: %(counts)s", counts=told) if edition.at_least else told

    @property
    def nothing(self) -> str:
        """What is said where nothing is counted in the week."""
        edition, words = self.edition, self.words
        if edition.is_outside_window:
            return words.gettext(
                "Nothing is counted: the week lies outside the campaign's dates (%(days)s).",
                days=words.days(*edition.window),
            )
        return words.gettext("Nothing was found in this week.") + " " + self.read

    @property
    def read(self) -> str:
        """How many sources were read."""
        watched = self.edition.watched
        if not watched.sources:
            return self.words.gettext("No source of the campaign's countries is read by machine.")
        return self.words.ngettext(
            "%(num)s source is watched; %(complete)s was read for every day of the week.",
            "%(num)s sources are watched; %(complete)s were read for every day of the week.",
            watched.sources,
            complete=self.words.number(watched.complete),
        )

    def spoken(self, names: Spoken) -> str:
        """A name in the reader's language."""
        return names.get(self.language, "")

    def title(self, entry: Entry) -> str:
        """The headline as the outlet wrote it."""
        return one_line(entry.title, most=LONGEST_TITLE) or self.words.gettext("Without a headline")

    def translation(self, entry: Entry) -> tuple[str, str, str] | None:
        """(text, language tag, whose work) of a machine's translation of the headline; None where the reader needs none."""
        made = entry.headlines.get(self.language)
        if made is None or not made.text.strip():
            return None
        return one_line(made.text, most=LONGEST_TITLE), made.tag, one_line(made.made_by, most=80)

    def link(self, entry: Entry) -> str | None:
        """The publisher's address; our page of it where it has none that can be linked."""
        if len(entry.url) <= LONGEST_URL and is_web_address(entry.url):
            return entry.url
        return None if self.public_url is None else f"{self.public_url}/articles/{quote(entry.item)}"

    def outlet(self, entry: Entry) -> str:
        """As the reader calls it."""
        return one_line(self.spoken(entry.outlet_names), most=120) or one_line(entry.outlet, most=120)

    def facts(self, entry: Entry) -> list[str]:
        """Outlet, medium where it is not online, language, day, prominence, a person's tone."""
        words = self.words
        told = [self.outlet(entry)]
        if entry.medium != "online":
            told.append(self._names.value("type", entry.medium))
        told += [words.language_name(entry.tag), words.day(entry.day)]
        if entry.re_run:
            told.append(words.gettext("re-run"))
        if entry.prominence is not None and entry.prominence in _PROMINENCE:
            told.append(words.gettext(_PROMINENCE[entry.prominence]))
        if entry.tone is not None:
            told.append(words.gettext(_TONE[entry.tone]))
        return told

    def also(self, story: StoryEntry) -> str:
        """`Also in 6 outlets`, `Also in 1 outlet · 2 more times in this outlet`; empty for a story of one item."""
        elsewhere = story.outlets - 1
        again = sum(
            one.outlet == story.head.outlet for one in story.others
        )  # its other editions, and re-runs
        told = []
        if elsewhere:
            told.append(self.words.ngettext("Also in %(num)s outlet", "Also in %(num)s outlets", elsewhere))
        if again:
            told.append(
                self.words.ngettext(
                    "%(num)s more time in this outlet", "%(num)s more times in this outlet", again
                )
            )
        return " · ".join(told)

    def others(self, story: StoryEntry) -> list[tuple[str, str | None]]:
        """(outlet, with language and medium where they are not the head's; link) of the first of the others, each once."""
        return self._others(story)[:MOST_NAMED]

    def more_others(self, story: StoryEntry) -> str:
        """What of them is not named."""
        return self._and_others(len(self._others(story)) - MOST_NAMED)

    def _others(self, story: StoryEntry) -> list[tuple[str, str | None]]:
        found: dict[str, list[Entry]] = {}
        for one in story.others:
            told = [self.outlet(one)]
            if one.tag != story.head.tag:
                told.append(self.words.language_name(one.tag))
            if one.medium not in ("online", story.head.medium):
                told.append(self._names.value("type", one.medium))
            found.setdefault(" – ".join(told), []).append(one)
        return [
            (f"{name} ({len(some)}×)" if len(some) > 1 else name, self.link(some[0]))
            for name, some in found.items()
        ]

    def _and_others(self, number: int) -> str:
        """`and 3 others` (outlets, sources); empty for none."""
        return self.words.ngettext("and %(num)s other", "and %(num)s others", number) if number > 0 else ""

    def more(self, number: int) -> str:
        """`and 3 more` (items); empty for none."""
        return self.words.ngettext("and %(num)s more", "and %(num)s more", number) if number > 0 else ""

    @property
    def counts(self) -> list[CountRow]:
        """The four counts."""
        words, edition = self.words, self.edition
        rows = (
            (words.gettext("Items"), "items"),
            (words.gettext("Stories"), "stories"),
            (words.gettext("Outlets"), "outlets"),
            (words.gettext("Publisher groups"), "groups"),
        )
        return [
            CountRow(
                name,
                self._at_least(getattr(edition.counts, key), edition.at_least),
                self._at_least(getattr(edition.before, key), edition.before_at_least),
                self.signed(getattr(edition.counts, key) - getattr(edition.before, key)),
            )
            for name, key in rows
        ]

    @property
    def languages(self) -> list[CountRow]:
        """Items by language."""
        return [
            CountRow(
                self.words.language_name(one.language),
                self._at_least(one.items, one.at_least),
                self._at_least(one.before, one.before_at_least),
                self.signed(one.items - one.before),
            )
            for one in self.edition.languages
        ]

    @property
    def bars(self) -> list[Bar]:
        """The weeks up to this one."""
        words = self.words
        totals = [sum(one.items.values()) for one in self.edition.series]
        most = max(totals, default=0) or 1
        return [
            Bar(
                words.days(one.first, one.last, with_year=False),
                self._at_least(total, one.at_least),
                round(100 * total / most),
                one.last == self.edition.last,
            )
            for one, total in zip(self.edition.series, totals, strict=True)
        ]

    def signed(self, number: int) -> str:
        """+3, −2, 0."""
        sign = "+" if number > 0 else "−" if number < 0 else ""
        return f"{sign}{self.words.number(abs(number))}"

    def _at_least(self, number: int, is_at_least: bool) -> tuple[str, str]:
        return self.words.gettext("at least") if is_at_least else "", self.words.number(number)

    @cached_property
    def beside(self) -> list[str]:
        """Sentences about what is not in the counts."""
        words, beside = self.words, self.edition.beside
        told = []
        if beside.get("unreviewed"):
            told.append(
                words.ngettext(
                    "%(num)s match of this week is not reviewed yet, and not counted.",
                    "%(num)s matches of this week are not reviewed yet, and not counted.",
                    beside["unreviewed"],
                )
            )
        if beside.get("waits-for-date"):
            told.append(
                words.ngettext(
                    "%(num)s accepted item waits for its date and is in no week.",
                    "%(num)s accepted items wait for their dates and are in no week.",
                    beside["waits-for-date"],
                )
            )
        if beside.get("provisional"):
            told.append(
                words.ngettext(
                    "%(num)s accepted item is of an outlet that nobody has named yet, and not counted.",
                    "%(num)s accepted items are of outlets that nobody has named yet, and not counted.",
                    beside["provisional"],
                )
            )
        unearned = sum(beside.get(name, 0) for name in ("owned", "paid", "release-verbatim"))
        if unearned:
            told.append(
                words.ngettext(
                    "%(num)s item is not earned (owned, paid, or a release word for word), and not counted.",
                    "%(num)s items are not earned (owned, paid, or releases word for word), and not counted.",
                    unearned,
                )
            )
        if beside.get("leads"):
            told.append(
                words.ngettext(
                    "%(num)s lead: known of, not readable, never counted.",
                    "%(num)s leads: known of, not readable, never counted.",
                    beside["leads"],
                )
            )
        if beside.get("pending"):
            told.append(
                words.ngettext(
                    "%(num)s earlier item belongs to an issue that is not sent yet.",
                    "%(num)s earlier items belong to issues that are not sent yet.",
                    beside["pending"],
                )
            )
        if self.edition.review == "auto":
            told.append(
                words.gettext(
                    "This campaign accepts what the machine finds; nobody has read every counted item."
                )
            )
        return told

    @property
    def not_shown(self) -> str:
        """That something was taken out, where it was."""
        number = self.edition.not_shown
        if not number:
            return ""
        return self.words.ngettext(
            "%(num)s item is not shown here by an editor's choice; it is counted.",
            "%(num)s items are not shown here by an editor's choice; they are counted.",
            number,
        )

    def section(self, section: Section) -> str:
        """The theme's name."""
        if not section.topic:
            return self.words.gettext("Other stories")
        return self.spoken(section.names) or section.topic

    def late_heading(self, week: LateWeek) -> str:
        """Which week it corrects."""
        days = self.words.days(week.first, week.last)
        if week.week:
            return self.words.gettext("Published %(days)s, found or accepted since", days=days)
        return self.words.gettext("Published %(days)s, a week without an issue", days=days)

    @cached_property
    def corrections(self) -> list[Correction]:
        """Those that are told, the newest first."""
        return list(self.edition.corrections[:MOST_WEEKS])

    @property
    def more_corrections(self) -> str:
        """That there are more; empty where there are none."""
        number = len(self.edition.corrections) - MOST_WEEKS
        if number <= 0:
            return ""
        return self.words.ngettext(
            "The count of %(num)s earlier week is another one now, too.",
            "The counts of %(num)s earlier weeks are others now, too.",
            number,
        )

    @cached_property
    def _named_changes(self) -> dict[str, int]:
        """week → how many of its changes are named."""
        left, found = MOST_CHANGES, {}
        for one in self.corrections:
            found[one.week] = min(left, MOST_NAMED, len(one.added) + len(one.removed))
            left -= found[one.week]
        return found

    def correction(self, one: Correction) -> str:
        """What was said, and what it is now."""
        if not one.added and not one.removed:
            return self.words.gettext(
                "%(days)s: we said %(said)s, now it is %(now)s: the same items, whose stories, outlets or publishers were "
                "corrected.",
                days=self.words.days(one.first, one.last),
                said=self._four(one.said),
                now=self._four(one.now),
            )
        return self.words.gettext(
            "%(days)s: we said %(said)s, now it is %(now)s (%(added)s, %(removed)s).",
            days=self.words.days(one.first, one.last),
            said=self._four(one.said),
            now=self._four(one.now),
            added=f"+{self.words.number(len(one.added))}",
            removed=f"−{self.words.number(len(one.removed))}",
        )

    def _four(self, counts: FourCounts) -> str:
        words = self.words
        return words.enumerate(
            (
                words.ngettext("%(num)s item", "%(num)s items", counts.items),
                words.ngettext("%(num)s story", "%(num)s stories", counts.stories),
                words.ngettext("%(num)s outlet", "%(num)s outlets", counts.outlets),
                words.ngettext("%(num)s publisher", "%(num)s publishers", counts.groups),
            )
        )

    def changes(self, one: Correction) -> list[tuple[str, str, str]]:
        """(sign, title, why) of the first of the changes."""
        both: list[tuple[str, Gain | Loss]] = [
            *(("+", gain) for gain in one.added),
            *(("−", loss) for loss in one.removed),
        ]
        return [
            (
                sign,
                one_line(change.title, most=120) or self.words.gettext("Without a headline"),
                self.words.gettext(_ADDED[change.why] if isinstance(change, Gain) else _REMOVED[change.why]),
            )
            for sign, change in both[: self._named_changes.get(one.week, 0)]
        ]

    def more_changes(self, one: Correction) -> str:
        """What of them is not listed."""
        return self.more(len(one.added) + len(one.removed) - self._named_changes.get(one.week, 0))

    @property
    def unread(self) -> str:
        """The sources that were not read on every day, by name."""
        unread = self.edition.watched.unread
        if not unread:
            return ""
        names = [
            self.words.gettext(
                "%(name)s (%(note)s)",
                name=one_line(self.spoken(one.names), most=80),
                note=self._days_missed(one.missed),
            )
            for one in sorted(unread, key=lambda one: (-one.missed, one.source))[:MOST_NAMED]
        ]
        return self.words.gettext(
            "Not read for every day: %(names)s.",
            names=self._named(names, len(unread) - MOST_NAMED),
        )

    def _days_missed(self, number: int) -> str:
        return self.words.ngettext("%(num)s day missing", "%(num)s days missing", number)

    def _named(self, names: Iterable[str], more: int) -> str:
        listed = self.words.gettext(", ").join(names)
        return f"{listed} {self._and_others(more)}" if more > 0 else listed

    @property
    def failing(self) -> list[tuple[str, str]]:
        """(name, what is wrong) of sources in trouble now."""
        found = self.edition.watched.failing
        told = [(one_line(self.spoken(one.names), most=80), self._wrong(one)) for one in found[:MOST_NAMED]]
        more = self._and_others(len(found) - MOST_NAMED)
        return [*told, (more, "")] if more else told

    def _wrong(self, one: FailingSource) -> str:
        return one_line(self.words.told(told_from_json(one.sentence)), most=240)

    @property
    def as_of(self) -> str:
        """When it was built."""
        return self.words.gettext("As of %(moment)s.", moment=self.words.moment(self.edition.as_of))

    @property
    def rule(self) -> str:
        """How the stories are ordered, and what is counted."""
        return self.words.gettext(
            "Top stories: the %(num)s that most outlets carried in this week, then the most prominent, then the earliest, unless "
            "an editor ordered them. Counted are accepted, earned items by the day of publication in the outlet's own calendar.",
            num=self.words.number(TOP),
        )

    @property
    def themes(self) -> str:
        """Whose work the themes are."""
        if not self.edition.topics_by or not any(one.topic for one in self.edition.sections):
            return ""
        return self.words.gettext(
            "Themes are a machine's work: %(models)s.",
            models=self.words.gettext(", ").join(one_line(one, most=80) for one in self.edition.topics_by),
        )

    def hidden(self, number: int) -> str:
        """That stories were left out to keep a mail short."""
        if not number:
            return ""
        if self.page is None:
            return self.words.ngettext(
                "%(num)s more story is left out here to keep it short.",
                "%(num)s more stories are left out here to keep it short.",
                number,
            )
        return self.words.ngettext(
            "and %(num)s more story on the page", "and %(num)s more stories on the page", number
        )

    def day(self, value: date) -> str:
        """A calendar day."""
        return self.words.day(value)


def is_web_address(url: str) -> bool:
    """Whether it may stand in a link: http or https with a host, and nothing that ends a line."""
    return is_of_the_web(url) and " " not in url and url == one_line(url, most=len(url) + 1)
