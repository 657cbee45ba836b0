"""What a digest says of its counts: the four, by language, week by week, and what is not in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from resound.coverage.model import FourCounts
from resound.digest.model import Edition
from resound.words import Words

WEEK = 7
"""Days."""


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


class CountedWords:
    """The counts of one edition in one reader's language."""

    def __init__(self, edition: Edition, words: Words) -> None:
        self._edition = edition
        self._words = words

    @property
    def summary(self) -> str:
        """The four counts as a sentence."""
        told = say_four(self._edition.counts, self._words)
        return self._words.gettext("At least: %(counts)s", counts=told) if self._edition.at_least else told

    @property
    def heads(self) -> tuple[str, str]:
        """Above the numbers of these days and of those before: a week, unless the list's weekday was changed."""
        words, days = self._words, (self._edition.last - self._edition.first).days + 1
        if days == WEEK:
            return words.gettext("This week"), words.gettext("Week before")
        return (
            words.ngettext("This day", "These %(num)s days", days),
            words.ngettext("Day before", "%(num)s days before", days),
        )

    @property
    def counts(self) -> list[CountRow]:
        """The four counts."""
        words, edition = self._words, self._edition
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
                self._signed(getattr(edition.counts, key) - getattr(edition.before, key)),
            )
            for name, key in rows
        ]

    @property
    def languages(self) -> list[CountRow]:
        """Items by language."""
        return [
            CountRow(
                self._headed(self._words.language_name(one.language)),
                self._at_least(one.items, one.at_least),
                self._at_least(one.before, one.before_at_least),
                self._signed(one.items - one.before),
            )
            for one in self._edition.languages
        ]

    @staticmethod
    def _headed(name: str) -> str:
        """As it stands at the head of a row: `Other languages`."""
        return name[:1].upper() + name[1:]

    @property
    def bars(self) -> list[Bar]:
        """The weeks up to this one."""
        words = self._words
        totals = [sum(one.items.values()) for one in self._edition.series]
        most = max(totals, default=0) or 1
        return [
            Bar(
                words.days(one.first, one.last, with_year=False),
                self._at_least(total, one.at_least),
                round(100 * total / most),
                one.last == self._edition.last,
            )
            for one, total in zip(self._edition.series, totals, strict=True)
        ]

    def _signed(self, number: int) -> str:
        """+3, −2, 0."""
        sign = "+" if number > 0 else "−" if number < 0 else ""
        return f"{sign}{self._words.number(abs(number))}"

    def _at_least(self, number: int, is_at_least: bool) -> tuple[str, str]:
        return self._words.gettext("at least") if is_at_least else "", self._words.number(number)

    @cached_property
    def beside(self) -> list[str]:
        """Sentences about what is not in the counts."""
        words, beside = self._words, self._edition.beside
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
        if self._edition.review == "auto":
            told.append(
                words.gettext(
                    "This campaign accepts what the machine finds; nobody has read every counted item."
                )
            )
        return told


def say_four(counts: FourCounts, words: Words) -> str:
    """`8 items, 1 story, 4 outlets and 1 publisher`."""
    return words.enumerate(
        (
            words.ngettext("%(num)s item", "%(num)s items", counts.items),
            words.ngettext("%(num)s story", "%(num)s stories", counts.stories),
            words.ngettext("%(num)s outlet", "%(num)s outlets", counts.outlets),
            words.ngettext("%(num)s publisher", "%(num)s publishers", counts.groups),
        )
    )
