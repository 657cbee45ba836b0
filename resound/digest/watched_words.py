"""What a digest says of how well its week was watched: sources read, not read, and in trouble."""

from __future__ import annotations

from collections.abc import Iterable

from resound.digest.model import Edition, FailingSource, Spoken
from resound.lines import one_line
from resound.told import told_from_json
from resound.words import Words

MOST_NAMED = 8
"""Sources that are named."""


class WatchedWords:
    """The reading behind one edition in one reader's language."""

    def __init__(self, edition: Edition, words: Words) -> None:
        self._watched = edition.watched
        self._words = words

    @property
    def read(self) -> str:
        """How many sources were read."""
        watched = self._watched
        if not watched.sources:
            return self._words.gettext("No source of the campaign's countries is read by machine.")
        return self._words.ngettext(
            "%(num)s source is watched; %(complete)s was read for every day of the week.",
            "%(num)s sources are watched; %(complete)s were read for every day of the week.",
            watched.sources,
            complete=self._words.number(watched.complete),
        )

    @property
    def unread(self) -> str:
        """The sources that were not read on every day, by name."""
        unread = self._watched.unread
        if not unread:
            return ""
        names = [
            self._words.gettext(
                "%(name)s (%(note)s)",
                name=self._name(one.names),
                note=self._days_missed(one.missed),
            )
            for one in sorted(unread, key=lambda one: (-one.missed, one.source))[:MOST_NAMED]
        ]
        return self._words.gettext(
            "Not read for every day: %(names)s.",
            names=self._named(names, len(unread) - MOST_NAMED),
        )

    def _days_missed(self, number: int) -> str:
        return self._words.ngettext("%(num)s day missing", "%(num)s days missing", number)

    def _named(self, names: Iterable[str], more: int) -> str:
        listed = self._words.gettext(", ").join(names)
        if more <= 0:
            return listed
        return self._words.gettext("%(names)s %(others)s", names=listed, others=say_others(more, self._words))

    @property
    def failing(self) -> list[tuple[str, str]]:
        """(name, what is wrong) of sources in trouble now."""
        found = self._watched.failing
        told = [(self._name(one.names), self._wrong(one)) for one in found[:MOST_NAMED]]
        more = say_others(len(found) - MOST_NAMED, self._words)
        return [*told, (more, "")] if more else told

    def _wrong(self, one: FailingSource) -> str:
        return one_line(self._words.told(told_from_json(one.sentence)), most=240)

    def _name(self, names: Spoken) -> str:
        return one_line(names.get(self._words.language, ""), most=80)


def say_others(number: int, words: Words) -> str:
    """`and 3 others` (outlets, sources); empty for none."""
    return words.ngettext("and %(num)s other", "and %(num)s others", number) if number > 0 else ""
