"""Where else a story of a digest appeared, as one line: in which other outlets, and again in the outlet of its head.

A line is made of pieces (text, link): those who write HTML link them, plain text joins them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from resound.digest.model import Entry, StoryEntry
from resound.digest.watched_words import say_others
from resound.texts import N_
from resound.value_names import ValueNames
from resound.words import Words

MOST_NAMED = 8
"""Outlets that are named after "also in", and items of the head's own outlet."""
Piece = tuple[str, str | None]
_NAMES = "%(names)s"
"""Stays open in a text until its pieces are put in."""


class AlsoWords:
    """Where stories appeared in one reader's language. `outlet` and `link` of an entry are the digest's own."""

    def __init__(
        self, words: Words, outlet: Callable[[Entry], str], link: Callable[[Entry], str | None]
    ) -> None:
        self._words = words
        self._outlet = outlet
        self._link = link
        self._names = ValueNames(words, sources={}, campaigns={})

    def line(self, story: StoryEntry) -> list[Piece]:
        """`Also in New Saigon · 2 more times in this outlet: English, Print`; empty for a story of one item."""
        words, outlets = self._words, _by_outlet(story.others)
        again = outlets.pop(story.head.outlet, [])
        parts = []
        if outlets:
            pattern = words.ngettext(
                "Also in %(names)s", "Also in %(num)s outlets: %(names)s", len(outlets), names=_NAMES
            )
            named = self._listed(
                [self._name(some, story.head) for some in list(outlets.values())[:MOST_NAMED]]
            )
            parts.append(_fill(pattern, names=self._and_others(named, len(outlets) - MOST_NAMED)))
        if again:
            pattern = words.ngettext(
                "%(num)s more time in this outlet: %(names)s",
                "%(num)s more times in this outlet: %(names)s",
                len(again),
                names=_NAMES,
            )
            told = self._editions(again, story.head)
            named = self._listed([[one] for one in told[:MOST_NAMED]])
            if len(told) > MOST_NAMED:
                named.append((" …", None))
            parts.append(_fill(pattern, names=named))
        return _joined(parts, " · ")

    def _name(self, some: Sequence[Entry], head: Entry) -> list[Piece]:
        """An outlet, how its first item differs from the head, and its other items: `Alpha (English, also Print)`."""
        first = some[0]
        same = [one for one in some if not self._differs(one, first)]
        notes: list[Sequence[Piece]] = [[(one, None)] for one in self._differs(first, head)]
        others = [one for one in some if self._differs(one, first)]
        if len(same) > 1:
            notes.append([(self._times(len(same)), None)])
        if others:
            editions = [[one] for one in self._editions(others, first)]
            notes.append(_fill(self._words.lookup(N_("also %(editions)s")), editions=self._listed(editions)))
        name: list[Piece] = [(self._outlet(first), self._link(first))]
        if not notes:
            return name
        return _fill(self._words.lookup(N_("%(name)s (%(note)s)")), name=name, note=self._listed(notes))

    def _editions(self, some: Iterable[Entry], beside: Entry) -> list[Piece]:
        """What each differs in from an item of the same outlet, and its link; what differs in nothing, by its day."""
        found: dict[str, list[Entry]] = {}
        for one in some:
            told = " ".join(self._differs(one, beside)) or self._words.day(one.day)
            found.setdefault(told, []).append(one)
        return [
            (name if len(same) == 1 else self._noted(name, self._times(len(same))), self._link(same[0]))
            for name, same in found.items()
        ]

    def _times(self, number: int) -> str:
        return self._words.gettext("%(num)s×", num=self._words.number(number))

    def _noted(self, name: str, note: str) -> str:
        return self._words.gettext("%(name)s (%(note)s)", name=name, note=note)

    def _differs(self, one: Entry, beside: Entry) -> list[str]:
        told = []
        if one.tag != beside.tag:
            told.append(self._words.language_name(one.tag))
        is_elsewhere = one.outlet != beside.outlet
        if one.medium != beside.medium and not (is_elsewhere and one.medium == "online"):
            told.append(self._names.value("type", one.medium))
        if not is_elsewhere and one.re_run and not beside.re_run:
            told.append(self._words.gettext("re-run"))
        return told

    def _listed(self, parts: Sequence[Sequence[Piece]]) -> list[Piece]:
        return _joined(parts, self._words.gettext(", "))

    def _and_others(self, named: list[Piece], more: int) -> list[Piece]:
        if more <= 0:
            return named
        pattern = self._words.lookup(N_("%(names)s %(others)s"))
        return _fill(pattern, names=named, others=[(say_others(more, self._words), None)])


def _by_outlet(some: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for one in some:
        found.setdefault(one.outlet, []).append(one)
    return found


def _joined(parts: Sequence[Sequence[Piece]], between: str) -> list[Piece]:
    joined: list[Piece] = []
    for at, part in enumerate(parts):
        joined += [*([(between, None)] if at else []), *part]
    return joined


def _fill(pattern: str, **places: Sequence[Piece]) -> list[Piece]:
    """A text whose `%(name)s` are pieces."""
    return [one for one in _filled(pattern, places) if one[0]]


def _filled(pattern: str, places: dict[str, Sequence[Piece]]) -> Iterator[Piece]:
    for at, part in enumerate(re.split(r"%\((\w+)\)s", pattern)):
        if at % 2:
            yield from places[part]
        else:
            yield part, None
