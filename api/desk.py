"""What every route works with."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from resound.coding.review import Reviews
from resound.coverage.campaign import Coverages
from resound.coverage.figure_cache import FigureCache
from resound.coverage.voice import VoiceMeter
from resound.index.base import SearchIndex
from resound.office import Office
from resound.settings import Settings
from resound.store import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """The office and the clock. `is_local`: served to this machine only, where one person may work without an account."""

    office: Office
    clock: Callable[[], datetime]
    is_local: bool
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Of this process: makes the form tokens of those who have no session."""
    figures: FigureCache = field(default_factory=FigureCache, repr=False)
    """Campaigns' figures, counted once for all who ask while nothing changes."""
    coverages: Coverages = field(default_factory=Coverages, repr=False)
    """What campaigns' pages show, kept until the store changes."""
    voice: VoiceMeter = field(default_factory=VoiceMeter, repr=False)
    """Measures shares of voice while nobody waits for it."""
    reviews: Reviews = field(default_factory=Reviews, repr=False)

    @property
    def settings(self) -> Settings:
        """As read at the start."""
        return self.office.settings

    @property
    def store(self) -> Store:
        """The truth."""
        return self.office.store

    @property
    def index(self) -> SearchIndex:
        """The search index as configured."""
        return self.office.index

    @property
    def evidence(self) -> Path:
        """The folder of the WARC files."""
        return self.office.evidence

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        return self.clock()

    def today(self) -> date:
        """The office's day."""
        return self.now().astimezone(ZoneInfo(self.settings.timezone)).date()

    def newest_day(self) -> date:
        """The day that it is where days begin first (UTC+14): no outlet's calendar is ahead of it."""
        return self.now().astimezone(timezone(timedelta(hours=14))).date()


def desk_of(request: Request) -> Desk:
    """The desk of the application that was asked."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]
