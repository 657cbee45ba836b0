"""What the API answers and takes, as its description says it. Days are ISO 8601 days, moments ISO 8601 in UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from resound.article import Field as TextField
from resound.article import Language, Medium, Origin
from resound.coverage.model import Column, Relation, Review, StandingKind
from resound.outcome import Stage


class Answer(BaseModel):
    """Made from the domain's own values."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Problem(BaseModel):
    """What went wrong (RFC 9457). `detail` is a sentence for people."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    position: int | None = Field(default=None, description="Where in a query, in characters from 0.")
    expected: str | None = Field(default=None, description="What would fit there.")
    errors: list[Wrong] | None = Field(default=None, description="Each value that cannot be used.")


class Wrong(BaseModel):
    """One value that cannot be used."""

    where: str = Field(description="`query.limit`, `body.campaign`")
    what: str


class FourCounts(Answer):
    """Always together."""

    items: int
    stories: int
    outlets: int
    groups: int = Field(description="Publisher groups.")


class CampaignSummary(Answer):
    """A campaign as it stands in a list."""

    id: str
    name: str = Field(description="In the language that was asked for (Accept-Language), else English.")
    names: dict[str, str] = Field(description="By language tag.")
    first: date = Field(description="First day of the window, inclusive, in each outlet's own zone.")
    last: date
    countries: list[str]
    review: Literal["manual", "auto"]
    version: int = Field(description="Of its definition.")


class CampaignList(Answer):
    """Those that you may read."""

    campaigns: list[CampaignSummary]


class Definition(Answer):
    """A campaign with the definition that it has now."""

    campaign: CampaignSummary
    definition: dict[str, Any] = Field(description="As in its YAML file.")
    changed_at: datetime
    changed_by: str


class Row(Answer):
    """One row of a table. `items` are its items' ids; `at_least`: a source that bears on it was not read every day."""

    value: str
    label: str
    counts: FourCounts
    at_least: bool
    members: list[str]


class Table(Answer):
    """The counted items by one dimension. `do_not_add`: columns whose rows overlap."""

    rows: list[Row]
    total: FourCounts
    do_not_add: list[Column]


class Lead(Answer):
    """Known of, and not readable: listed, never counted."""

    url: str
    title: str
    reason: str
    outlet: str
    day: date | None


class Watch(Answer):
    """How well one source was read in the window. `gaps`: first and last day, inclusive."""

    source: str
    name: str
    country: str
    group: str
    medium: Medium
    languages: list[Language]
    days_read: int
    days_in_window: int
    gaps: list[tuple[date, date]]


class Counts(Answer):
    """A campaign's figures. `as_of` and `change` say of which state of the store: the same change, the same figures."""

    campaign: str
    as_of: date
    change: int = Field(description="The store's newest change that is in these figures.")
    review: Literal["manual", "auto"]
    counts: FourCounts
    at_least: bool
    tables: dict[str, Table]
    beside: dict[str, int] = Field(
        description="Never added to the counts: items by standing, leads and so on."
    )
    leads: list[Lead]
    watch: list[Watch]
    notes: list[str] = Field(description="Sentences that must stand beside the figures.")


class CampaignItem(Answer):
    """An item as a campaign sees it: where it stands, and why."""

    item: str
    url: str
    title: str
    standing: StandingKind
    why: str
    day: date | None = Field(description="In the outlet's own calendar.")
    outlet: str
    outlet_name: str
    provisional: bool = Field(description="The outlet has no name, owner and country yet.")
    group: str
    group_name: str
    country: str
    language: Language
    tag: str = Field(description="BCP-47.")
    medium: Medium
    origin: Origin | None
    relation: Relation
    story: str
    review: Review
    still_matches: bool
    re_run: bool
    prominence: TextField | None
    seen_at: list[str] = Field(description="Addresses of its copies on aggregators.")


class CampaignItems(Answer):
    """A page of items, by day and address."""

    items: list[CampaignItem]
    total: int
    next: str | None = Field(description="What `cursor` takes for the next page.")


class Story(Answer):
    """Counted items that come from one original text, the earliest first."""

    story: str
    title: str
    tag: str
    first: date | None
    last: date | None
    outlets: int
    languages: list[Language]
    items: list[str]


class Stories(Answer):
    """A page of stories, those with most items first."""

    stories: list[Story]
    total: int
    next: str | None


class SourceStanding(Answer):
    """A source, and how reading it goes."""

    id: str
    name: str
    type: Literal["outlet", "aggregator", "search"]
    country: str
    group: str
    medium: Medium
    relation: Relation
    tier: str
    languages: list[str]
    state: str = Field(description="ok, never read, failing, stopped, by hand, too few, too many")
    sentence: str
    channels: int
    pages: int
    newest: date | None
    last_read: datetime | None


class Sources(Answer):
    """Every source, by id."""

    sources: list[SourceStanding]


class Work(Answer):
    """How many pieces of a stage's work stand where."""

    stage: Stage
    outcome: str = Field(description="waiting, leased, planned; done, duplicate, rejected, quarantined")
    reason: str
    count: int


class IndexStanding(Answer):
    """How the search index stands to the store."""

    answers: bool
    behind: int = Field(description="Articles whose changes are not in it yet.")
    level_at: datetime | None
    quarantined: int


class Status(Answer):
    """How the work stands."""

    version: str
    articles: int
    work: list[Work]
    index: IndexStanding
    sentences: list[str]


Problem.model_rebuild()
