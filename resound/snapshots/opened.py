"""What a snapshot shows: the same `Coverage` that pages show of the store, by the same pure functions, out of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic_core import to_jsonable_python

from resound.coding.item import figures_of_coding
from resound.coverage.campaign import Coverage, lay_out_coverage
from resound.coverage.counting import count
from resound.coverage.model import DIMENSIONS
from resound.errors import ResoundError
from resound.snapshots.model import Snapshot
from resound.told import Told

_SENTENCES = ("why", "notes")
"""Words beside the numbers, which a later version may put otherwise."""


def coverage_of(snapshot: Snapshot) -> Coverage:
    """The coverage as it stood. Its mark is the snapshot's own: it never changes."""
    campaign = snapshot.campaign
    figures = count(
        [one.facts for one in snapshot.clips],
        campaign=campaign.id,
        as_of=snapshot.as_of,
        by=DIMENSIONS,
        review=campaign.review,
        leads=snapshot.leads,
        watch=[one.watch for one in snapshot.watch],
    )
    clips = {one.facts.version: one for one in snapshot.clips}
    return lay_out_coverage(
        campaign,
        figures,
        today=snapshot.as_of.date(),
        tones={key: one.proposed_tone for key, one in clips.items() if one.proposed_tone is not None},
        topics={key: one.topics for key, one in clips.items() if one.topics is not None},
        coding=figures_of_coding(campaign, figures, {one.facts.item: one.coded for one in snapshot.clips}),
        outlet_names={key: one.names for key, one in snapshot.sources.items()},
        mark=("snapshot", campaign.id, snapshot.as_of.isoformat()),
    )


def write_figures(coverage: Coverage) -> dict[str, Any]:
    """The counts and every split as plain values: `Figures.to_json`, and what else is tabulated of the counted items.

    `proposed_tone` and `topics` are a machine's; `over_time` has (first day, last day, language → items) of each period.
    """
    series = coverage.series
    more = {
        "coding": coverage.coding.to_json(),
        "proposed_tone": asdict(coverage.tone),
        "topics": asdict(coverage.topics),
        "over_time": [
            [period.first, period.last, {name: series.members[name][at] for name in series.members}]
            for at, period in enumerate(series.periods)
        ],
        "stories": {one.story: [item.item for item in one.items] for one in coverage.stories},
    }
    plain: dict[str, Any] = to_jsonable_python({**coverage.figures.to_json(), **more})
    return plain


def check_recount(snapshot: Snapshot, coverage: Coverage | None = None) -> Coverage:
    """Count again what a snapshot holds; its coverage (or the one given, of this snapshot), which gave its figures again.

    What this version counts beside that, and how it puts things into words, may be different.

    Raises:
        ResoundError: this version would count otherwise.
    """
    found = coverage_of(snapshot) if coverage is None else coverage
    place = _differs(snapshot.figures, write_figures(found))
    if place is None:
        return found
    raise ResoundError(
        Told(
            "This version of Resound counts the snapshot of %(when)s UTC otherwise than %(product)s, which froze it (%(place)s). "
            "A frozen number is never changed: open it with that version, or freeze anew and read the reconciliation.",
            when=f"{snapshot.as_of:%Y-%m-%d %H:%M}",
            product=snapshot.product,
            place=place,
        )
    )


def _differs(frozen: Any, counted: Any, place: str = "") -> str | None:
    """Where a frozen value is another one now; None where every one is the same."""
    if isinstance(frozen, Mapping) and isinstance(counted, Mapping):
        for key, value in frozen.items():
            if key in _SENTENCES:
                continue
            where = f"{place}.{key}" if place else str(key)
            if key not in counted:
                return where
            found = _differs(value, counted[key], where)
            if found is not None:
                return found
        return None
    if isinstance(frozen, list) and isinstance(counted, list):
        if len(frozen) != len(counted):
            return place
        pairs = enumerate(zip(frozen, counted, strict=True))
        return next((at for n, (a, b) in pairs if (at := _differs(a, b, f"{place}[{n}]")) is not None), None)
    return None if frozen == counted else place
