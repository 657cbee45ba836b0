"""What holds for an article once people's decisions are laid over what the machine read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Literal

from resound.article import PROMINENCES, Field, FoundDate
from resound.source import Edition, Source
from resound.store.articles import Placement, StoredArticle
from resound.store.decisions import Overlay
from resound.urls import bare_host, find_edition, host_of

PROVISIONAL = "host:"
"""Begins the id of an outlet that nobody has named yet."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`day` is the day of publication in the outlet's own calendar; None where no date was found.

    `doubt` says why the date must wait for a person (`undated`, or the date's own suspicion); None where it holds.
    """

    stored: StoredArticle
    outlet: str
    source: Source | None
    edition: str
    medium: str
    published: FoundDate | None
    day: date | None
    doubt: str | None

    @property
    def is_provisional(self) -> bool:
        """Whether the outlet has no name, owner and country yet."""
        return self.source is None

    @property
    def order(self) -> tuple[datetime, str]:
        """Earliest first; the canonical URL decides between equals."""
        return (
            _moment(self.published, self.zone) or self.stored.first_seen,
            self.stored.article.canonical_url,
        )

    @property
    def zone(self) -> tzinfo:
        """The outlet's own calendar; UTC for an outlet that is not known yet."""
        return self.source.zone if self.source is not None else UTC


def lay_over(stored: StoredArticle, overlay: Overlay, sources: Mapping[str, Source]) -> Facts:
    """The facts of one article. A decision names an outlet by its source id and a day in that outlet's calendar."""
    place = stored.placement
    outlet, edition = place.outlet, place.edition
    if overlay.outlet is not None and overlay.outlet.value is not None:
        outlet = overlay.outlet.value
    source = sources.get(outlet)
    if source is not None and edition not in {one.id for one in source.editions}:
        edition = _edition_for(source, stored.article.language.tag)
    published = stored.article.published
    if overlay.day is not None and overlay.dated is not None:
        published = FoundDate(origin="decision", raw=str(overlay.dated.value), day=overlay.day)
    zone: tzinfo = source.zone if source is not None else UTC
    doubt = "undated" if published is None else published.suspect
    return Facts(stored, outlet, source, edition, place.medium, published, local_day(published, zone), doubt)


def local_day(found: FoundDate | None, zone: tzinfo) -> date | None:
    """The calendar day of a date in a zone; a day without a time is taken as the outlet wrote it."""
    if found is None:
        return None
    return found.at.astimezone(zone).date() if found.at is not None else found.day


def decided_prominence(overlay: Overlay, campaign: str) -> Field | None:
    """Where a person says that the campaign is named."""
    said = overlay.word("prominence", campaign)
    return None if said is None or said.value is None else PROMINENCES[said.value]


def highest(prominences: Iterable[str | None]) -> Field | None:
    """headline > lead > body > caption."""
    named = set(prominences)
    return next((name for name in PROMINENCES.values() if name in named), None)


def place_page(final_url: str, language_tag: str, sources: Mapping[str, Source]) -> Placement:
    """Where a page was published, by its final URL: never by the feed that led to it.

    A page on an aggregator is a `copy`. An unknown host is a provisional outlet whose edition is the page's language.
    """
    found = find_edition(final_url, sources.values())
    if found is None:
        return Placement("item", f"{PROVISIONAL}{bare_host(host_of(final_url))}", language_tag, "online")
    source, edition = found
    return Placement("item" if source.type == "outlet" else "copy", source.id, edition.id, source.medium)


def place_clip(place: Placement, url: str, language_tag: str, sources: Mapping[str, Source]) -> Placement:
    """Where a clip was published whose outlet nobody had described yet: `place`, where today's sources do not know it either.

    It was given its outlet by a name as somebody wrote it, or by the host of its address; by that it is looked for.
    """
    written = place.outlet.removeprefix(PROVISIONAL)
    called = outlets_called(written, sources, place.medium)
    if len(called) == 1:  # of several that are called so, a person chooses
        return Placement("item", called[0].id, _edition_for(called[0], language_tag), place.medium)
    if url.startswith(("http://", "https://")) and bare_host(host_of(url)) == written:
        found = find_edition(url, sources.values())
        if found is not None:
            kind: Literal["item", "copy"] = "item" if found[0].type == "outlet" else "copy"
            return Placement(kind, found[0].id, found[1].id, place.medium)
    return place


def outlets_called(name: str, sources: Mapping[str, Source], medium: str | None) -> list[Source]:
    """Which outlets a name as people write it may mean. Its id is one's own; a name that several share tells them apart by medium."""
    called = [
        one for one in sources.values() if one.type == "outlet" and one.editions and one.is_called(name)
    ]
    own = [one for one in called if one.id == name.strip().casefold()]
    return own or [one for one in called if one.medium == medium] or called


def edition_of(source: Source, key: str) -> Edition | None:
    """An outlet's edition by its id."""
    return next((one for one in source.editions if one.id == key), None)


def _edition_for(source: Source, language_tag: str) -> str:
    """The outlet's edition in this language, else its first."""
    wanted = [one for one in source.editions if one.language.split("-")[0] == language_tag.split("-")[0]]
    exact = [one for one in wanted if one.language == language_tag]
    return (exact or wanted or list(source.editions))[0].id


def _moment(found: FoundDate | None, zone: tzinfo) -> datetime | None:
    if found is None or found.suspect is not None:
        return None
    if found.at is not None:
        return found.at
    if found.day is None:
        return None
    return datetime(found.day.year, found.day.month, found.day.day, tzinfo=zone)
