"""A campaign's coverage, as its page and its report show it: the four counts, and the counted items broken down.

Reads the store, never the index. `resound.counting` and `resound.breakdown` decide; this module brings them the facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from resound.breakdown import (
    OutletRow,
    Reading,
    Series,
    Split,
    Story,
    gather_stories,
    last_day_shown,
    list_outlets,
    series_over_time,
    split_tone,
    split_topics,
)
from resound.campaign import Campaign
from resound.counting import Figures, ItemFacts
from resound.figures import campaign_figures
from resound.store.enrichments import list_tones, load_topics
from resound.store.registry import load_campaign


@dataclass(frozen=True, slots=True)
class Coverage:
    """`tone` is what a machine proposes; what people decided is another table, and the two are never added."""

    campaign: Campaign
    figures: Figures
    series: Series
    outlets: tuple[OutletRow, ...]
    tone: Split
    topics: Split
    stories: tuple[Story, ...]

    def item(self, key: str) -> ItemFacts:
        """One of the campaign's items, counted or not."""
        return self.figures.items[key][0]


def campaign_coverage(connection: Connection, campaign_id: str, *, now: datetime) -> Coverage:
    """Everything that is shown of a campaign's coverage, as of now.

    Raises:
        NotFoundError: there is no such campaign.
    """
    campaign = load_campaign(connection, campaign_id)
    figures = campaign_figures(connection, campaign_id, now=now)
    counted = [figures.items[key][0] for key in figures.lists["counted"]]
    first = campaign.window.first
    last = last_day_shown(first, campaign.window.last, now.date(), counted)
    return Coverage(
        campaign=campaign,
        figures=figures,
        series=series_over_time(counted, first=first, last=last, watch=figures.watch),
        outlets=list_outlets(figures),
        tone=_tone(connection, campaign.id, counted),
        topics=_topics(connection, counted),
        stories=gather_stories(counted),
    )


def _tone(connection: Connection, campaign: str, counted: Sequence[ItemFacts]) -> Split:
    found = list_tones(connection, campaign, [one.version for one in counted])
    read = {
        key: Reading((tone,) if tone is not None else (), who, is_uncertain)
        for key, (tone, is_uncertain, who) in found.items()
    }
    return split_tone(counted, read)


def _topics(connection: Connection, counted: Sequence[ItemFacts]) -> Split:
    found = load_topics(connection, [one.version for one in counted])
    read = {key: Reading(tuple(name for name, _ in one.found), one.made_by.who) for key, one in found.items()}
    return split_topics(counted, read)
