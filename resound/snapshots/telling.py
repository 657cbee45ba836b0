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
    "story": {"": N_("without a headline")},
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
    return (
        _say(moved.field, moved.before, change.before, words),
        _say(moved.field, moved.after, change.after, words),
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
