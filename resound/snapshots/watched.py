"""How well each source was read, as a snapshot keeps it: beside the days, what was refused and how far back we could read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection

from resound.campaign import Window
from resound.coverage.model import Watch
from resound.processing.facts import local_day
from resound.snapshots.model import SourceWatch
from resound.source import Source
from resound.store.refusals import Refusal, first_days, list_refusals, list_stopped


def watch_sources(
    connection: Connection, watch: Sequence[Watch], window: Window, sources: Mapping[str, Source]
) -> tuple[SourceWatch, ...]:
    """One for each watch, in its order. Pages that are known to lie outside the window were not wanted, and do not count."""
    keys = [one.source for one in watch]
    blocked: dict[str, Counter[str]] = {key: Counter() for key in keys}
    for refusal in list_refusals(connection, keys):
        if _may_be_inside(refusal, window, sources[refusal.source]):
            blocked[refusal.source][refusal.reason] += 1
    stopped = list_stopped(connection, keys)
    reach = first_days(connection, keys)
    return tuple(
        SourceWatch(
            watch=one,
            names=sources[one.source].names,
            blocked=dict(sorted(blocked[one.source].items())),
            stopped=stopped.get(one.source, ()),
            reach=date.fromisoformat(reach[one.source]) if one.source in reach else None,
        )
        for one in watch
    )


def _may_be_inside(refusal: Refusal, window: Window, source: Source) -> bool:
    day = local_day(refusal.published, source.zone)
    if day is None or refusal.published is None or refusal.published.suspect is not None:
        return True
    return window.first <= day <= window.last
