"""What the API answers to a search."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from api.schemas import Answer


class Snippet(Answer):
    """A passage of a text of the article. `marks` are (start, end) in characters of `text`."""

    field: str = Field(description="title, lead, body, caption, or translation (a machine's work).")
    text: str
    marks: list[tuple[int, int]]


class Hit(Answer):
    """One item. What a machine translated is named as its work."""

    id: str
    story: str = Field(description="Items of one story share it; empty where there is none.")
    title: str
    title_marks: list[tuple[int, int]]
    url: str
    outlet: str
    outlet_name: str
    language: str = Field(description="BCP-47.")
    day: str = Field(description="In the outlet's own calendar, ISO 8601; empty where no date is known.")
    doubt: str = Field(description="Why the date is in doubt; empty where it is not.")
    medium: str
    translated_title: str | None = None
    translated_by: str | None = None
    more: int = Field(description="Other items found of its story, where a story stands once.")
    snippets: list[Snippet]


class Expansion(Answer):
    """A name that was read as any of its forms."""

    term: str
    forms: list[str]


class FacetValue(Answer):
    """How many items carry a value."""

    value: str
    count: int


class Period(Answer):
    """A period that has any: its first day, and how many items are of its days."""

    first: date
    count: int


class IndexState(Answer):
    """How far the search index is. `behind`: articles whose changes are not in it yet; `trouble`: why."""

    behind: int
    trouble: str


class SearchPage(Answer):
    """A page of hits. Counts, facets and dates are of all items found, not only of this page."""

    query: str = Field(description="What was really asked, after the expansions; empty for everything.")
    expansions: list[Expansion]
    total: int
    stories: int
    outlets: int
    uniques_are_exact: bool = Field(description="False: there are at least so many stories and outlets.")
    hits: list[Hit]
    facets: dict[str, list[FacetValue]]
    dates: list[Period] = Field(description="Where `histogram` was asked for.")
    undated: int
    next: str | None = Field(description="`cursor` of the page behind this one; null on the last.")
    trouble: str = Field(description="What is missing where the index could answer only in part.")
    index: IndexState
