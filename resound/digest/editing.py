"""What people change of a draft: they drop, bring back, order, and add a note. Pure: edits in, edits out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from resound.digest.model import Drop, Edits, Kind, Note
from resound.errors import ResoundError
from resound.texts import N_
from resound.told import Told

LONGEST_NOTE = 4_000
"""Characters: a note is read on a phone."""
MOST_EDITS = 2_000
"""Changes of one draft that are remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class TakeOut:
    """Show an item, or the whole story of an item, no more. It stays counted."""

    kind: Kind
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class BringBack:
    """Undo a `TakeOut` of the same item or story."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True)
class PutFirst:
    """These stories, each named by any of its items, come first in this order; none: the rule's order again."""

    stories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetNote:
    """Words at the head of the issue, plain text; empty: none."""

    text: str


Change = TakeOut | BringBack | PutFirst | SetNote


def apply_change(edits: Edits, change: Change, *, who: str, now: datetime) -> Edits:
    """The edits after a change.

    Raises:
        ResoundError: the change cannot be made; the sentence says why.
    """
    match change:
        case TakeOut():
            if not change.why.strip():
                raise ResoundError(Told(N_("Say why it is left out: it stays with the issue.")))
            kept = [one for one in edits.drops if (one.kind, one.id) != (change.kind, change.id)]
            changed = replace(
                edits, drops=(*kept, Drop(change.kind, change.id, who, change.why.strip(), now))
            )
            told = f"drop {change.kind}:{change.id}"
        case BringBack():
            kept = [one for one in edits.drops if (one.kind, one.id) != (change.kind, change.id)]
            if len(kept) == len(edits.drops):
                raise ResoundError(
                    Told(N_("%(item)s was not left out: nothing to bring back."), item=change.id)
                )
            changed = replace(edits, drops=tuple(kept))
            told = f"restore {change.kind}:{change.id}"
        case PutFirst():
            changed = replace(edits, order=tuple(dict.fromkeys(change.stories)), ordered_by=who)
            told = f"order {' '.join(change.stories)}"
        case SetNote():
            text = change.text.strip()
            if len(text) > LONGEST_NOTE:
                raise ResoundError(
                    Told(
                        N_("The note has %(count)s characters; at most %(most)s are sent in a mail."),
                        count=len(text),
                        most=LONGEST_NOTE,
                    )
                )
            changed = replace(edits, note=Note(text, who, now) if text else None)
            told = "note" if text else "no note"
    return remember(changed, told, who=who, now=now)


def remember(edits: Edits, what: str, *, who: str, now: datetime) -> Edits:
    """The next revision of the edits, with a line about what was done in their history."""
    line = {"what": what[:400], "who": who, "at": now.isoformat()}
    return replace(edits, revision=edits.revision + 1, history=(*edits.history, line)[-MOST_EDITS:])
