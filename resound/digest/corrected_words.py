"""What a digest says of past weeks whose counts are others now."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from resound.digest.counted_words import say_four
from resound.digest.model import Added, Correction, Edition, Gain, Loss, Regrouped, Removed
from resound.lines import one_line
from resound.texts import N_
from resound.words import Words

MOST_NAMED = 8
"""Items that are named of one week."""
MOST_WEEKS = 20
MOST_CHANGES = 24
"""Corrected weeks that are told, and items that are named in all of them together: a campaign that is defined anew corrects
every week that there was, and the mail must not grow beyond what can be sent."""

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

_REGROUPED: Mapping[Regrouped, str] = {
    "stories": N_("stories were parted or joined"),
    "outlets": N_("outlets were corrected"),
    "groups": N_("publishers were corrected"),
}


class CorrectedWords:
    """The corrections of one edition in one reader's language."""

    def __init__(self, edition: Edition, words: Words) -> None:
        self._edition = edition
        self._words = words

    @cached_property
    def weeks(self) -> list[Correction]:
        """Those that are told, the newest first."""
        return list(self._edition.corrections[:MOST_WEEKS])

    @property
    def more_weeks(self) -> str:
        """That there are more; empty where there are none."""
        number = len(self._edition.corrections) - MOST_WEEKS
        if number <= 0:
            return ""
        return self._words.ngettext(
            "The count of %(num)s earlier week is another one now, too.",
            "The counts of %(num)s earlier weeks are others now, too.",
            number,
        )

    @cached_property
    def _named_changes(self) -> dict[str, int]:
        """week → how many of its changes are named."""
        left, found = MOST_CHANGES, {}
        for one in self.weeks:
            found[one.week] = min(left, MOST_NAMED, len(one.added) + len(one.removed))
            left -= found[one.week]
        return found

    def sentence(self, one: Correction) -> str:
        """What was said, and what it is now."""
        if not one.added and not one.removed:
            return self._words.gettext(
                "%(days)s: we said %(said)s, now it is %(now)s: the same items, whose stories, outlets or publishers were "
                "corrected.",
                days=self._words.days(one.first, one.last),
                said=say_four(one.said, self._words),
                now=say_four(one.now, self._words),
            )
        besides = [self._words.gettext(_REGROUPED[what]) for what in one.regrouped]
        pattern = (
            N_(
                "%(days)s: we said %(said)s, now it is %(now)s (items: %(added)s, %(removed)s); besides, %(besides)s."
            )
            if besides
            else N_("%(days)s: we said %(said)s, now it is %(now)s (items: %(added)s, %(removed)s).")
        )
        return self._words.gettext(
            pattern,
            days=self._words.days(one.first, one.last),
            said=say_four(one.said, self._words),
            now=say_four(one.now, self._words),
            added=f"+{self._words.number(len(one.added))}",
            removed=f"−{self._words.number(len(one.removed))}",
            besides=self._words.enumerate(besides),
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
                one_line(change.title, most=120) or self._words.gettext("Without a headline"),
                self._words.gettext(_ADDED[change.why] if isinstance(change, Gain) else _REMOVED[change.why]),
            )
            for sign, change in both[: self._named_changes.get(one.week, 0)]
        ]

    def more_changes(self, one: Correction) -> str:
        """What of them is not listed."""
        return say_more(len(one.added) + len(one.removed) - self._named_changes.get(one.week, 0), self._words)


def say_more(number: int, words: Words) -> str:
    """`and 3 more` (items); empty for none."""
    return words.ngettext("and %(num)s more", "and %(num)s more", number) if number > 0 else ""
