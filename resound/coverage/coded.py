"""What reports say of coding: tone, prominence, key messages, spokespersons. Pure: counted items and their coding in, tables out.

Only counted (earned, accepted) items are in these tables. Tone is a person's word alone; prominence is a person's where
there is one, else the matcher's; messages and quotations are confirmed by a person or proposed by the matcher, and the
two are never added without saying so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from resound.article import PROMINENCES, Basis, Tone
from resound.coverage.agreement import Agreement, measure_agreement
from resound.coverage.model import NOT_CODED, ItemFacts

Carries = Literal["confirmed", "proposed", "refused"]
"""Whether an item carries a message, or quotes a spokesperson: a person says yes, only the matcher does, a person says no."""
TONE_ORDER: tuple[Tone, ...] = ("negative", "neutral", "positive")
NOT_NAMED = "not-named"


@dataclass(frozen=True, slots=True)
class Said:
    """What one coder said; `round` is 1, or 2 for the second coder."""

    who: str
    value: str
    round: int


@dataclass(frozen=True, slots=True)
class Coded:
    """What is coded of one item. `codings`: question → what its coders said, the first one first."""

    tone: Tone | None = None
    basis: Basis | None = None
    is_prominence_decided: bool = False
    messages: Mapping[str, Carries] = field(default_factory=dict)
    quotes: Mapping[str, Carries] = field(default_factory=dict)
    codings: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToneRow:
    """`value` is a tone or `not-coded`; `original` and `translation`: what their coders read."""

    value: str
    items: int
    original: int
    translation: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProminenceRow:
    """`value` is headline, lead, body, caption, or `not-named` (accepted, though no name stands there); `decided` by a person."""

    value: str
    items: int
    decided: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """One key message or spokesperson, and the items: a person confirmed it, the matcher proposes it, a person refused it."""

    id: str
    confirmed: tuple[str, ...]
    proposed: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """How many of `items` carry at least one. `proposed` are those of which nothing is confirmed yet: the two never overlap."""

    items: int
    confirmed: tuple[str, ...]
    proposed: tuple[str, ...]
    rows: tuple[CarriedRow, ...]

    @property
    def share(self) -> float | None:
        """Of the items, confirmed by a person; None where there are no items."""
        return len(self.confirmed) / self.items if self.items else None

    @property
    def share_with_proposed(self) -> float | None:
        """The same with what is only proposed."""
        return (len(self.confirmed) + len(self.proposed)) / self.items if self.items else None


@dataclass(frozen=True, slots=True)
class CodingFigures:
    """`agreement`: `tone` and `prominence` (nominal), `tone-ordinal`. `tone` has a row for what nobody coded."""

    items: int
    tone: tuple[ToneRow, ...]
    prominence: tuple[ProminenceRow, ...]
    messages: Carried
    spokespersons: Carried
    agreement: Mapping[str, Agreement]

    def to_json(self) -> dict[str, Any]:
        """Plain values; keys with underscores."""
        return {
            "items": self.items,
            "tone": [asdict(one) for one in self.tone],
            "prominence": [asdict(one) for one in self.prominence],
            "messages": _carried_json(self.messages),
            "spokespersons": _carried_json(self.spokespersons),
            "agreement": {name.replace("-", "_"): asdict(one) for name, one in self.agreement.items()},
        }


def tabulate_coding(
    counted: Iterable[ItemFacts],
    coded: Mapping[str, Coded],
    *,
    messages: Sequence[str],
    spokespersons: Sequence[str],
    coded_twice: Iterable[str] | None = None,
) -> CodingFigures:
    """The tables of counted items, in the order in which they come.

    Args:
        coded: item → its coding; an item that is not in it is not coded.
        messages, spokespersons: the ids of the campaign's, in its order.
        coded_twice: items whose agreement counts; default: the counted ones.
    """
    items = list(counted)
    known = [one.item for one in items]
    asked = list(known if coded_twice is None else coded_twice)
    return CodingFigures(
        items=len(items),
        tone=_tone_rows(known, coded),
        prominence=_prominence_rows(items, coded),
        messages=_carried(known, coded, messages, lambda one: one.messages),
        spokespersons=_carried(known, coded, spokespersons, lambda one: one.quotes),
        agreement=measure_codings(coded[key] for key in asked if key in coded),
    )


def _tone_rows(items: Sequence[str], coded: Mapping[str, Coded]) -> tuple[ToneRow, ...]:
    rows = []
    for value in (*get_args(Tone), NOT_CODED):
        members = [key for key in items if (coded.get(key, Coded()).tone or NOT_CODED) == value]
        bases = [coded[key].basis for key in members if key in coded]
        rows.append(
            ToneRow(value, len(members), bases.count("original"), bases.count("translation"), tuple(members))
        )
    return tuple(rows)


def _prominence_rows(items: Sequence[ItemFacts], coded: Mapping[str, Coded]) -> tuple[ProminenceRow, ...]:
    names = {name: value for value, name in PROMINENCES.items()}
    rows = []
    for value in (*PROMINENCES, NOT_NAMED):
        members = [
            one.item
            for one in items
            if (NOT_NAMED if one.prominence is None else names[one.prominence]) == value
        ]
        decided = sum(coded.get(key, Coded()).is_prominence_decided for key in members)
        rows.append(ProminenceRow(value, len(members), decided, tuple(members)))
    return tuple(row for row in rows if row.items or row.value != NOT_NAMED)


def _carried(
    items: Sequence[str],
    coded: Mapping[str, Coded],
    wanted: Sequence[str],
    read: Callable[[Coded], Mapping[str, Carries]],
) -> Carried:
    said = {key: read(coded[key]) if key in coded else {} for key in items}

    def those(which: str, what: Carries) -> tuple[str, ...]:
        return tuple(key for key in items if said[key].get(which) == what)

    rows = tuple(
        CarriedRow(one, those(one, "confirmed"), those(one, "proposed"), those(one, "refused"))
        for one in wanted
    )
    confirmed = {key for row in rows for key in row.confirmed}
    proposed = {key for row in rows for key in row.proposed} - confirmed
    return Carried(
        items=len(items),
        confirmed=tuple(key for key in items if key in confirmed),
        proposed=tuple(key for key in items if key in proposed),
        rows=rows,
    )


def measure_codings(coded: Iterable[Coded]) -> Mapping[str, Agreement]:
    """How far coders agree on `tone` and `prominence` (nominal) and on `tone-ordinal`."""
    known = list(coded)
    tones = [_by_people(one.codings.get("tone", ())) for one in known]
    return {
        "tone": measure_agreement(tones),
        "tone-ordinal": measure_agreement(tones, metric="ordinal", order=TONE_ORDER),
        "prominence": measure_agreement([_by_people(one.codings.get("prominence", ())) for one in known]),
    }


def _by_people(codings: Iterable[Said]) -> tuple[str, ...]:
    """One value for each person: after an undoing, both rounds may be one person's."""
    return tuple({one.who: one.value for one in codings}.values())


def _carried_json(one: Carried) -> dict[str, Any]:
    return {**asdict(one), "share": one.share, "share_with_proposed": one.share_with_proposed}
