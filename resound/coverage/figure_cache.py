"""A campaign's figures, counted anew only when something has changed that they are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from resound.coverage.figures import campaign_figures
from resound.coverage.model import Figures
from resound.kept_in_memory import Kept, Mark
from resound.store.feed import store_mark

ZONE_STEP = timedelta(minutes=15)
"""Every zone's offset is a multiple of it: within one step no outlet's calendar turns a day."""


def figures_mark(connection: Connection, *, now: datetime) -> Mark:
    """Another one as soon as any figure may be another one: the store's mark, and the outlets' days."""
    return (*store_mark(connection), str(int(now.timestamp() // ZONE_STEP.total_seconds())))


class FigureCache:
    """Figures of the campaigns that were asked for last. Safe to share between threads: who asks meanwhile waits for the first."""

    def __init__(self) -> None:
        self._kept: Kept[Figures] = Kept()

    def count(self, connection: Connection, campaign: str, *, now: datetime) -> Figures:
        """As `campaign_figures` with all tables, of the state that the connection sees, as of now.

        Raises:
            NotFoundError: there is no such campaign.
        """
        mark = figures_mark(connection, now=now)
        figures = self._kept.get(campaign, mark, lambda: campaign_figures(connection, campaign, now=now))
        return replace(figures, as_of=now)
