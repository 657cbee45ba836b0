"""What a digest says of its parts, in one reader's language. HTML and plain text are made of the same words.

Foreign text (headlines, names of outlets) is brought into one line without control characters and marks that turn text
round; whoever puts it into HTML escapes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote

from resound.article import Field, Tone
from resound.digest.also_words import AlsoWords, Piece
from resound.digest.corrected_words import CorrectedWords
from resound.digest.counted_words import CountedWords
from resound.digest.model import TOP, Edition, Entry, LateWeek, Section, Spoken, StoryEntry
from resound.digest.watched_words import WatchedWords
from resound.lines import one_line
from resound.texts import N_
from resound.urls import is_of_the_web
from resound.value_names import ValueNames
from resound.words import Words

LONGEST_TITLE = 300
LONGEST_URL = 1500
"""A longer address is not linked: one such could fill a mail."""

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


class Wording:
    """The words of one edition for readers of one language: of its counts, corrections and reading in parts of their own.

    `page`: where our page of this issue is; None: nowhere.
    """

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
        self.counted = CountedWords(edition, words)
        self.corrected = CorrectedWords(edition, words)
        self.watched = WatchedWords(edition, words)
        self._also = AlsoWords(words, self.outlet, self.link)
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
        words, number, about = (
            self.words,
            self.edition.counts.items,
            {"campaign": self.campaign, "days": self.days},
        )
        if not number and self.edition.at_least:
            return words.gettext("%(campaign)s: nothing found in what was read, %(days)s", **about)
        if not number:
            return words.gettext("%(campaign)s: nothing found, %(days)s", **about)
        if self.edition.at_least:
            return words.ngettext(
                "%(campaign)s: at least %(num)s item, %(days)s",
                "%(campaign)s: at least %(num)s items, %(days)s",
                number,
                **about,
            )
        return words.ngettext(
            "%(campaign)s: %(num)s item, %(days)s", "%(campaign)s: %(num)s items, %(days)s", number, **about
        )

    @property
    def summary(self) -> str:
        """One sentence: what a phone shows beside the subject."""
        return self.counted.summary if self.edition.counts.items else self.nothing

    @property
    def nothing(self) -> str:
        """What is said where nothing is counted in the week."""
        edition, words = self.edition, self.words
        if edition.is_outside_window:
            return words.gettext(
                "Nothing is counted: the week lies outside the campaign's dates (%(days)s).",
                days=words.days(*edition.window),
            )
        return words.sentences(words.gettext("Nothing was found in this week."), self.watched.read)

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

    def also(self, story: StoryEntry) -> list[Piece]:
        """Where else it appeared, as pieces of one line: (text, link)."""
        return self._also.line(story)

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
