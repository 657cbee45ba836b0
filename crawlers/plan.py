"""Which channels a crawl reads, and how. Pure: the store is read before, the network after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from crawlers.polling import PollState, state_from_json
from crawlers.sitemaps import expand_archive_days
from resound.article import Entry, FoundDate
from resound.source import Listing, Politeness, Source
from resound.store.frontier import Channel
from resound.urls import host_of, is_http_url, registered_site

CAMPAIGN = "campaign-"
"""Begins the source id of a campaign's search feeds."""
RECENT = timedelta(days=90)
"""What a sitemap lists from before that is history: read with `--since` and `--until`, not by polling."""

ChannelKind = Literal["feed", "sitemap", "listing", "archive"]
Window = tuple[date, date]
"""Inclusive days of the outlet's calendar."""


@dataclass(frozen=True, slots=True)
class ChannelJob:
    """One channel to read. `window` is set where history is asked for; then no "not modified" is wanted."""

    source: str
    url: str
    kind: ChannelKind
    zone: ZoneInfo
    state: PollState = field(default_factory=PollState)
    listing: Listing | None = None
    is_search: bool = False
    """What it lists are leads unless it names the publisher's own address."""
    window: Window | None = None

    @property
    def is_polled(self) -> bool:
        """An archive file is read on demand: it has no state of its own."""
        return self.kind != "archive"


def plan_channels(
    due: Iterable[Channel],
    others: Iterable[Channel],
    sources: Mapping[str, Source],
    *,
    window: Window | None,
) -> list[ChannelJob]:
    """The jobs for channels that are due, and with `window` for whatever else can hold its days.

    `others` are channels that are not due; those that were stopped must not be among them.
    """
    jobs = [_job(one, sources.get(one.source), window) for one in due]
    if window is not None:
        more = (_job(one, sources.get(one.source), window) for one in others)
        jobs += [one for one in more if one.window is not None]
    return jobs


def plan_archives(sources: Iterable[Source], window: Window) -> list[ChannelJob]:
    """The archive sitemaps of a window, oldest first; each with the days that it covers."""
    return [
        ChannelJob(source.id, url, "archive", source.zone, window=days)
        for source in sources
        for sitemap in source.sitemaps
        if sitemap.is_archive
        for url, days in expand_archive_days(sitemap, *window).items()
    ]


def host_delays(sources: Iterable[Source]) -> dict[str, float]:
    """Seconds between two requests, by host; the slowest of the sources that share a host decides."""
    delays: dict[str, float] = {}
    for source in sources:
        addresses = [
            *filter(None, [source.home]),
            *(one.url for one in (*source.feeds, *source.sitemaps, *source.listings)),
        ]
        hosts = {urlsplit(one).hostname or "" for one in addresses}
        for edition in source.editions:
            for host in edition.hosts:
                bare = host.partition(":")[0].removeprefix("www.")
                hosts |= {bare, f"www.{bare}"}
        for host in hosts:
            delays[host] = max(delays.get(host, 0.0), source.politeness.delay)
    return delays


DEFAULT_DELAY = Politeness().delay


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a channel listed, by what becomes of it."""

    pages: tuple[Entry, ...]
    leads: tuple[Entry, ...] = ()
    passed_over: int = 0
    """Too old for a poll, or outside the window that was asked for."""


def sort_entries(job: ChannelJob, entries: Sequence[Entry], *, now: datetime) -> Sorted:
    """Decide what becomes of a channel's entries: pages to read, leads, or nothing."""
    usable = [one for one in entries if is_http_url(one.url)]
    if job.is_search:
        site = registered_site(host_of(job.url))
        named = [_doubted(one) for one in usable]
        return Sorted(
            pages=tuple(one for one in named if registered_site(host_of(one.url)) != site),
            leads=tuple(one for one in named if registered_site(host_of(one.url)) == site),
        )
    if job.kind == "feed":
        return Sorted(tuple(usable))
    if job.window is not None:
        kept = tuple(one for one in usable if _may_be_inside(one, job.window, job.zone))
    elif job.kind == "sitemap":
        kept = tuple(one for one in usable if not _is_history(one, now))
    else:
        kept = tuple(usable)
    return Sorted(kept, passed_over=len(usable) - len(kept))


def shown_days(entries: Iterable[Entry], zone: tzinfo, *, now: datetime) -> Window | None:
    """The oldest and the newest day that entries show, in the outlet's calendar; dates that are in doubt do not speak."""
    today = now.astimezone(zone).date()
    days = [day for one in entries if (day := day_of(one.published or one.updated, zone)) is not None]
    days = [day for day in days if day <= today]
    return (min(days), max(days)) if days else None


def newest_moment(entries: Iterable[Entry], zone: tzinfo) -> datetime | None:
    """The newest date that entries show."""
    found = (moment_of(date, zone) for one in entries for date in (one.published, one.updated))
    return max((moment for moment in found if moment is not None), default=None)


def day_of(found: FoundDate | None, zone: tzinfo) -> date | None:
    """A date's day in the outlet's calendar; None where there is none, or it is in doubt."""
    if found is None or found.suspect is not None:
        return None
    return found.at.astimezone(zone).date() if found.at is not None else found.day


def moment_of(found: FoundDate | None, zone: tzinfo) -> datetime | None:
    """A date as a moment; a day counts from its midnight. None where there is none, or it is in doubt."""
    if found is None or found.suspect is not None:
        return None
    if found.at is not None:
        return found.at
    return (
        None if found.day is None else datetime(found.day.year, found.day.month, found.day.day, tzinfo=zone)
    )


def _job(channel: Channel, source: Source | None, window: Window | None) -> ChannelJob:
    state = state_from_json(channel.state)
    if source is None:
        return ChannelJob(
            channel.source,
            channel.url,
            "feed",
            ZoneInfo("UTC"),
            state,
            is_search=channel.source.startswith(CAMPAIGN),
        )
    listing = next((one for one in source.listings if one.url == channel.url), None)
    if listing is not None:
        return ChannelJob(
            source.id, channel.url, "listing", source.zone, state, listing=listing, window=window
        )
    if any(one.url == channel.url for one in source.sitemaps):
        return ChannelJob(source.id, channel.url, "sitemap", source.zone, state, window=window)
    return ChannelJob(source.id, channel.url, "feed", source.zone, state, is_search=source.type == "search")


def _doubted(entry: Entry) -> Entry:
    """A search engine's dates are when it saw a page, or what it makes of it."""
    published = entry.published and replace(
        entry.published, suspect=entry.published.suspect or "search-engine"
    )
    updated = entry.updated and replace(entry.updated, suspect=entry.updated.suspect or "search-engine")
    return replace(entry, published=published, updated=updated)


def _may_be_inside(entry: Entry, window: Window, zone: tzinfo) -> bool:
    """Whether an article of the window may lie there. A page that changed later may have been published inside it."""
    slack = timedelta(days=1)  # an outlet's page and its sitemap do not always agree on the day
    published, updated = day_of(entry.published, zone), day_of(entry.updated, zone)
    if published is not None:
        return window[0] - slack <= published <= window[1] + slack
    return updated is None or updated >= window[0] - slack


def _is_history(entry: Entry, now: datetime) -> bool:
    moments = [moment_of(date, UTC) for date in (entry.published, entry.updated)]
    known = [moment for moment in moments if moment is not None]
    return bool(known) and max(known) < now - RECENT
