"""The values of a reconciliation in a reader's words."""

from __future__ import annotations

from collections.abc import Mapping

from resound.article import PROMINENCES as FIELD_OF
from resound.coverage.named import MEDIA, NOT_NAMED, ORIGIN_NOT_CODED, ORIGINS, PROMINENCES, TONES
from resound.snapshots.model import Clip
from resound.snapshots.reasons import FieldKind
from resound.snapshots.reconciling import ItemChange, Moved
from resound.texts import N_
from resound.words import Words

FIELDS: Mapping[FieldKind, str] = {
    "address": N_("Address"),
    "title": N_("Headline"),
    "outlet": N_("Outlet"),
    "outlet-name": N_("Outlet's name"),
    "group": N_("Publisher group"),
    "country": N_("Country"),
    "language": N_("Language"),
    "medium": N_("Medium"),
    "origin": N_("Origin"),
    "day": N_("Date"),
    "prominence": N_("Named in"),
    "tone": N_("Tone"),
    "matches": N_("Matched by the campaign"),
    "story": N_("Story"),
}
_VALUES: Mapping[FieldKind, Mapping[str, str]] = {
    "title": {"": N_("without a headline")},
    "outlet-name": {"": N_("none in this language")},
    "country": {"": N_("not known yet")},
    "medium": MEDIA,
    "origin": {"": ORIGIN_NOT_CODED, **ORIGINS},
    "day": {"": N_("no date")},
    "prominence": {"": NOT_NAMED, **{FIELD_OF[said]: one for said, one in PROMINENCES.items()}},
    "tone": {"": N_("nobody has decided yet"), **TONES},
    "matches": {"true": N_("yes"), "false": N_("no")},
}


def say_field(field: FieldKind, words: Words) -> str:
    """`tone` → Tone."""
    return words.gettext(FIELDS[field])


def say_moved(change: ItemChange, moved: Moved, words: Words) -> tuple[str, str]:
    """Both sides of a value, the earlier one first."""
    if moved.field == "story":
        return _say_story(moved.before, moved.others[0], words), _say_story(
            moved.after, moved.others[1], words
        )
    return (
        _say(moved.field, moved.before, change.before, words),
        _say(moved.field, moved.after, change.after, words),
    )


def _say_story(other: str, others: int, words: Words) -> str:
    """`with 9 others: “headline”`; by whom a story is told stands in it with the item, and is not the item."""
    if not others:
        return words.gettext("a story of its own")
    if not other:  # the others of it are counted on this side only
        return words.ngettext("with %(num)s other item", "with %(num)s other items", others)
    return words.ngettext(
        "with %(num)s other: “%(headline)s”", "with %(num)s others: “%(headline)s”", others, headline=other
    )


def _say(field: FieldKind, value: str, clip: Clip | None, words: Words) -> str:
    known = _VALUES.get(field, {}).get(value)
    if known is not None:
        return words.lookup(known)
    if field == "outlet" and clip is not None:
        return clip.outlet_name(words.language)
    if field == "language":
        return words.language_name(value)
    if field == "country":
        return words.country_name(value)
    return words.day(value) if field == "day" else value
