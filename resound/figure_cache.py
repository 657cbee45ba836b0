"""A campaign's figures, counted anew only when something has changed that they are made of."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Connection

from resound.counting import Figures
from resound.figures import campaign_figures
from resound.store.feed import store_mark

ZONE_STEP = timedelta(minutes=15)
"""Every zone's offset is a multiple of it: within one step no outlet's calendar turns a day."""
KEPT = 32
"""Campaigns whose figures are held in memory."""

Mark = tuple[str, ...]


def figures_mark(connection: Connection, *, now: datetime) -> Mark:
    """Another one as soon as any figure may be another one: the store's mark, and the outlets' days."""
    return (*store_mark(connection), str(int(now.timestamp() // ZONE_STEP.total_seconds())))


@dataclass(slots=True)
class _Kept:
    lock: Lock = field(default_factory=Lock)
    mark: Mark = ()
    figures: Figures | None = None


class FigureCache:
    """Figures of the campaigns that were asked for last. Safe to share between threads: who asks meanwhile waits for the first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def count(self, connection: Connection, campaign: str, *, now: datetime) -> Figures:
        """As `campaign_figures` with all tables, of the state that the connection sees, as of now.

        Raises:
            NotFoundError: there is no such campaign.
        """
        mark = figures_mark(connection, now=now)
        with self._lock:
            kept = self._kept.setdefault(campaign, _Kept())
            self._kept.move_to_end(campaign)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        with kept.lock:
            if kept.figures is None or kept.mark != mark:
                kept.figures, kept.mark = campaign_figures(connection, campaign, now=now), mark
            return replace(kept.figures, as_of=now)
