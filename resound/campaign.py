"""A campaign: what it is called, what it says, who speaks for it, when and where. One YAML file each under `campaigns/`.

An article matches when it is not excluded and
  1. a name of the campaign stands in it (a *colliding* form only where `context` holds), or
  2. one of the queries holds.
Matching reads originals, never translations. Prominence is the highest field in which a campaign name stands;
where only a query matched, the highest field with one of the query's terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from resound.source import Country, Id, Names, Strict, WebUrl
from resound.texts import N_
from resound.told import Told

NameForm = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LanguageKey = Literal["zh-Hant", "zh-Hans", "en", "vi", "any"]
MOST_RELEASE = 20_000
"""Characters of one release: some twelve pages."""
MOST_RELEASES = 200_000
"""Characters of all releases together: a campaign stays a file that people can read."""


def _kind_of_words(value: Any) -> str:
    return "[names]" if isinstance(value, Mapping | Names) else "[text]"


TextOrNames = Annotated[
    Annotated[str, Tag("[text]")] | Annotated[Names, Tag("[names]")], Discriminator(_kind_of_words)
]
"""One text for every language, or one in each. Which of them it is, is told apart by its shape: a mistake has one sentence."""


class Term(Strict):
    """One name or theme with all its forms. In a search any form finds every other (DESIGN 5)."""

    id: Id
    forms: dict[LanguageKey, tuple[NameForm, ...]]
    collides: tuple[NameForm, ...] = ()
    """Forms that also mean something else (COE, APO, Green Team): they count only where the campaign's `context` holds."""

    @property
    def all_forms(self) -> tuple[str, ...]:
        """Every form once, as written, those that collide last."""
        written = [form for forms in self.forms.values() for form in forms]
        return tuple(dict.fromkeys([*written, *self.collides]))

    def best(self, language: str = "en") -> str:
        """What it is called in a language: its first form there, else in English, else the first of all."""
        forms: dict[str, tuple[str, ...]] = {str(key): value for key, value in self.forms.items()}
        found = next(
            (forms[key] for key in (language, "en", "any", *forms) if forms.get(key)), self.all_forms
        )
        return found[0] if found else self.id


class Person(Term):
    """A person whose name may be quoted."""

    role: TextOrNames = ""
    """Their function: one text, or names by language."""
    spokesperson: bool = False

    def function(self, language: str = "en") -> str:
        """Their function in a language; empty where none is given."""
        return self.role if isinstance(self.role, str) else self.role.best(language)


class Message(Strict):
    """A key message: what the campaign wants repeated, and the query that recognises it."""

    id: Id
    text: Names
    query: str


class Comparator(Strict):
    """Another story to set the campaign beside (share of voice)."""

    id: Id
    name: Names
    query: str


class Release(Strict):
    """A text that the campaign gave out: an item that repeats it word for word is not earned.

    `text`: the whole text; or `url` names where it is stored: an article that was crawled or brought. With both, the text
    is compared, and the address is where people find it.
    """

    id: Id
    day: date
    language: Literal["zh-Hant", "zh-Hans", "en", "vi"]
    title: Names
    text: Annotated[str, StringConstraints(max_length=MOST_RELEASE)] = ""
    url: WebUrl | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text and self.url is None:
            raise ValueError(Told(N_("give its text, or the address of the article that it is")))
        return self


class Window(Strict):
    """Inclusive calendar days, in each outlet's own zone."""

    first: date
    last: date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first > self.last:
            sentence = N_("first (%(first)s) is after last (%(last)s)")
            raise ValueError(Told(sentence, first=self.first, last=self.last))
        return self


class SearchFeed(Strict):
    """A search engine's feed: what it lists are leads unless it names the publisher's own URL."""

    url: WebUrl
    language: LanguageKey


class Campaign(Strict):
    """The reference is `campaigns/apo-coe-gp-vietnam-2014.yml`; `campaigns/TEMPLATE.yml` explains every field."""

    id: Id
    name: Names
    window: Window
    countries: tuple[Country, ...] = ()
    """Where coverage is looked for; coverage from elsewhere counts as well, in its own row."""
    review: Literal["manual", "auto"] = "manual"
    """`auto`: the matcher's word is taken, and every figure says so."""
    names: tuple[Term, ...] = Field(min_length=1)
    context: str = ""
    """A query; colliding forms count only in articles where it holds."""
    queries: dict[LanguageKey, str] = {}
    """Further queries. All are tried on every article, whatever its language; the key says in which language they are written."""
    exclude: str = ""
    """A query; an article where it holds never matches."""
    glossary: tuple[Term, ...] = ()
    """Organisations, places, themes: they join languages in search and may be used in the queries."""
    people: tuple[Person, ...] = ()
    messages: tuple[Message, ...] = ()
    comparators: tuple[Comparator, ...] = ()
    releases: tuple[Release, ...] = Field(default=(), max_length=50)
    """What it gave out. They make no match; they tell an item that repeats one word for word."""
    search_feeds: tuple[SearchFeed, ...] = ()
    translate_to: tuple[Literal["zh-Hant"], ...] = ()
    """Into what matching articles are translated besides English."""
    notes: str = ""

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        for kind, entries in (
            (Told(N_("names, terms or people")), (*self.names, *self.glossary, *self.people)),
            (Told(N_("messages")), self.messages),
            (Told(N_("comparators")), self.comparators),
            (Told(N_("releases")), self.releases),
        ):
            ids = [entry.id for entry in entries]
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(
                    Told(N_("two %(kind)s share the id %(ids)s"), kind=kind, ids=", ".join(twice))
                )
        if sum(len(one.text) for one in self.releases) > MOST_RELEASES:
            sentence = N_("the releases are too long together; expected at most %(most)s characters")
            raise ValueError(Told(sentence, most=MOST_RELEASES))
        return self

    @property
    def terms(self) -> tuple[Term, ...]:
        """Names, glossary and people: everything whose forms find one another in a search."""
        return (*self.names, *self.glossary, *self.people)

    @property
    def spokespersons(self) -> tuple[Person, ...]:
        """Those who speak for the campaign: what they are quoted with is coded."""
        return tuple(person for person in self.people if person.spokesperson)
