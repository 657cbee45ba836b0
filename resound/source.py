"""An outlet and how it is read: one YAML file each under `sources/<country>/`.

The outlet of an article is found by the host of its *final* URL (`editions[].hosts`), never by the feed that led to it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from resound.article import Medium
from resound.texts import N_
from resound.told import Told
from resound.zones import known_zones

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=80)]
"""Lower-case words parted by hyphens: `viet-nam-news`."""
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
WebUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2000)]
HomeUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$|^$", max_length=2000)]
"""Empty for an outlet without a site, as only one that is read by people may be."""
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+(?::[0-9]+)?$", max_length=253)]


class Strict(BaseModel):
    """Unknown fields are errors: a misspelt field must not be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Names(Strict):
    """A name in the three languages of the product; at least one is given."""

    zh_hant: str | None = Field(default=None, alias="zh-Hant")
    en: str | None = None
    vi: str | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, populate_by_name=True)

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if not (self.zh_hant or self.en or self.vi):
            raise ValueError(Told(N_("give a name in at least one of zh-Hant, en, vi")))
        return self

    def best(self, language: str = "en") -> str:
        """The name in `language`, else English, else whichever there is."""
        by_language = {"zh-Hant": self.zh_hant, "en": self.en, "vi": self.vi}
        return by_language.get(language) or self.en or self.zh_hant or self.vi or ""

    @property
    def written(self) -> tuple[str, ...]:
        """Those there are."""
        return tuple(name for name in (self.zh_hant, self.en, self.vi) if name)


class Owner(Strict):
    """The publisher group."""

    id: Id
    name: str


class Edition(Strict):
    """A language edition: attribute of the outlet, not an outlet of its own. Hosts may carry a path prefix in `paths`."""

    id: Id
    language: str
    """BCP-47: `zh-Hant`, `zh-Hans`, `en`, `vi`."""
    hosts: tuple[Host, ...]
    paths: tuple[str, ...] = ()
    """Path prefixes (`/en/`) where editions share a host; empty means every path that no other edition claims."""


class Channel(Strict):
    """Something that is polled. `proven: false` marks an address that nobody has yet seen working (`resound sources check`)."""

    url: WebUrl
    edition: Id | None = None
    proven: bool = True


class Feed(Channel):
    """RSS, Atom or JSON Feed."""


class Sitemap(Channel):
    """A sitemap or index. `{year}`, `{month}`, `{month:02}`, `{day:02}` in the URL make it an archive, read by month or day."""

    since: date | None = None
    """How far back the archive reaches, as far as is known."""

    @property
    def is_archive(self) -> bool:
        """Read for a window on demand rather than polled."""
        return "{year" in self.url


class Listing(Channel):
    """A page that lists articles. CSS selectors."""

    links: str
    """Selects the `a` elements of articles."""
    dates: str | None = None
    """Selects one date text per link, in the same order, where the listing has them."""
    next_page: str | None = None
    pages: int = Field(default=1, ge=1, le=200)


class Politeness(Strict):
    """Never faster than the product's own bounds: one request at a time per host."""

    delay: float = Field(default=2.0, ge=0.0, le=120)
    """Seconds between two requests to one host."""


class Yield(Strict):
    """How many new items a week this source normally brings; outside it `resound status` reports the source."""

    min: int = Field(ge=0)
    max: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            sentence = N_("min (%(least)s) is larger than max (%(most)s)")
            raise ValueError(Told(sentence, least=self.min, most=self.max))
        return self


class Source(Strict):
    """One outlet (or aggregator, or search engine) and how it is read."""

    id: Id
    type: Literal["outlet", "aggregator", "search"] = "outlet"
    names: Names
    also_called: tuple[Annotated[str, StringConstraints(min_length=1, max_length=200)], ...] = ()
    """Other names under which clips bring it: an abbreviation, an older name."""
    home: HomeUrl
    owner: Owner
    country: Country
    editions: tuple[Edition, ...] = ()
    medium: Medium = "online"
    relation: Literal["independent", "owned", "partner", "paid"] = "independent"
    """`owned` and `partner` (the APO, the foundation) are never earned; `paid` neither."""
    tier: Literal["national", "regional", "trade", "local"] = "national"
    timezone: str
    feeds: tuple[Feed, ...] = ()
    sitemaps: tuple[Sitemap, ...] = ()
    listings: tuple[Listing, ...] = ()
    by_hand: bool = False
    """Read by people (television, print): no channels, clips come by import."""
    politeness: Politeness = Politeness()
    expected: Yield | None = None
    notes: str = ""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in known_zones():
            sentence = N_("%(zone)s is not an IANA time zone such as Asia/Taipei or Asia/Ho_Chi_Minh")
            raise ValueError(Told(sentence, zone=repr(value)))
        return value

    @model_validator(mode="after")
    def _editions_fit(self) -> Self:
        known = [edition.id for edition in self.editions]
        if len(set(known)) != len(known):
            raise ValueError(Told(N_("two editions share one id")))
        if self.type == "outlet" and not self.editions:
            raise ValueError(Told(N_("an outlet needs at least one edition (id, language, hosts)")))
        for channel in (*self.feeds, *self.sitemaps, *self.listings):
            if channel.edition is not None and channel.edition not in known:
                sentence = N_("channel %(url)s names edition %(edition)s; known: %(known)s")
                there = ", ".join(known) or Told(N_("none"))
                raise ValueError(Told(sentence, url=channel.url, edition=repr(channel.edition), known=there))
        if self.by_hand and (self.feeds or self.sitemaps or self.listings):
            raise ValueError(Told(N_("by_hand sources have no feeds, sitemaps or listings")))
        if not self.by_hand and not (self.home and all(edition.hosts for edition in self.editions)):
            raise ValueError(
                Told(N_("only by_hand sources may be without a home page, or have an edition without hosts"))
            )
        return self

    def is_called(self, name: str) -> bool:
        """Whether a clip that names its outlet so means this one: by id or by a name as people write it."""
        return _folded(name) in {self.id, *map(_folded, (*self.names.written, *self.also_called))}

    @property
    def zone(self) -> ZoneInfo:
        """The outlet's own time zone: its calendar decides which day an item belongs to."""
        return ZoneInfo(self.timezone)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
