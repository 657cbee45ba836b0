"""A campaign as the fields of a form, and back: for people who do not write YAML. Pure; loses nothing that a form cannot show.

A field's name is its place: `name.vi`, `first`, `names.0.forms.zh-Hant` (one form a line), `messages.2.query`. A row
(`names.0`) that says nothing is none; one with `remove` is taken out. What a person leaves as it was shown keeps the very
value of the version that they edit, whatever a browser does to line ends.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, TypeVar, get_args

from pydantic import ValidationError

from resound.campaign import Campaign, LanguageKey, Person, Release, Term
from resound.definitions.errors import describe_invalid
from resound.definitions.form import YES, Form, form_error, line_ends, make_id, unlike
from resound.definitions.written import check_campaign
from resound.errors import Loc, Problem
from resound.source import Names
from resound.texts import N_
from resound.told import Told

Rows = Literal["names", "glossary", "people", "messages", "comparators", "releases"]
ROWS: tuple[Rows, ...] = get_args(Rows)
FORM_LANGUAGES: tuple[LanguageKey, ...] = get_args(LanguageKey)
NAME_LANGUAGES = ("zh-Hant", "en", "vi")
_WORD: Mapping[Rows, str] = {
    "names": "name",
    "glossary": "term",
    "people": "person",
    "messages": "message",
    "comparators": "comparator",
    "releases": "release",
}
_Value = TypeVar("_Value")


def fill_form(campaign: Campaign) -> Form:
    """The form of a campaign."""
    fields = {
        "id": campaign.id,
        **_names(campaign.name, "name"),
        "first": campaign.window.first.isoformat(),
        "last": campaign.window.last.isoformat(),
        "countries": ", ".join(campaign.countries),
        "review": campaign.review,
        "context": line_ends(campaign.context),
        "exclude": line_ends(campaign.exclude),
        "notes": line_ends(campaign.notes),
        "translate_to": YES if campaign.translate_to else "",
        "search_feeds": "\n".join(f"{one.language} {one.url}" for one in campaign.search_feeds),
    }
    for key, query in campaign.queries.items():
        fields[f"queries.{key}"] = line_ends(query)
    for kind in ("names", "glossary", "people"):
        for at, term in enumerate(getattr(campaign, kind)):
            fields |= _term(term, f"{kind}.{at}")
    for at, person in enumerate(campaign.people):
        fields |= _role(person, f"people.{at}.role")
        fields[f"people.{at}.spokesperson"] = YES if person.spokesperson else ""
    for at, message in enumerate(campaign.messages):
        here = f"messages.{at}"
        fields |= {
            f"{here}.id": message.id,
            f"{here}.query": line_ends(message.query),
            **_names(message.text, f"{here}.text"),
        }
    for at, other in enumerate(campaign.comparators):
        here = f"comparators.{at}"
        fields |= {
            f"{here}.id": other.id,
            f"{here}.query": line_ends(other.query),
            **_names(other.name, f"{here}.name"),
        }
    for at, release in enumerate(campaign.releases):
        here = f"releases.{at}"
        fields |= {
            f"{here}.id": release.id,
            **_names(release.title, f"{here}.title"),
            f"{here}.day": release.day.isoformat(),
            f"{here}.language": release.language,
            f"{here}.url": release.url or "",
            f"{here}.text": line_ends(release.text),
        }
    return Form(fields)


def read_form(
    fields: Mapping[str, str], base: Campaign | None = None, *, taken: Collection[str] = ()
) -> Campaign:
    """The campaign that a filled-in form describes.

    Args:
        base: the version that the form was made from; None for a new campaign.
        taken: ids of other campaigns. One that is made here is none of them; one that was typed must not be.

    Raises:
        FormError: something is missing or wrong; each problem stands at its field.
    """
    reading = _Reading({name: line_ends(value) for name, value in fields.items()}, base)
    is_typed = bool(reading.fields.get("id", "").strip())
    tree = reading.tree()
    if base is None and not is_typed:
        tree["id"] = unlike(tree["id"], taken)
    form = Form({**reading.fields, "id": tree["id"]})
    if base is None and tree["id"] in taken:
        sentence = Told(N_("there is a campaign of this id already; expected another one"))
        raise form_error(form, [Problem(None, "id", sentence, ("id",))], reading.place)
    try:
        campaign = Campaign.model_validate(tree)
    except ValidationError as err:
        found = [describe_invalid(one, tree, Campaign) for one in err.errors()]
        raise form_error(form, found, reading.place) from err
    wrong = check_campaign(campaign)
    if wrong:
        raise form_error(form, wrong, reading.place)
    return campaign


class _Reading:
    """One filled-in form beside the version that it was made from."""

    def __init__(self, fields: Mapping[str, str], base: Campaign | None) -> None:
        self.fields = dict(fields)
        self.base = base
        self.numbers: dict[str, list[int]] = {}  # of the rows that are in the tree, in its order
        self.ids = {one for name, one in self.fields.items() if name.endswith(".id") and one}

    def tree(self) -> dict[str, Any]:
        """The campaign as it would stand in a file."""
        base = self.base
        names = self.names("name", base.name if base is not None else None)
        return {
            "id": base.id
            if base is not None
            else self.fields.get("id", "").strip() or make_id([names["en"], *names.values()]) or "campaign",
            "name": names,
            "window": {"first": self.day("first"), "last": self.day("last")},
            "countries": self.countries(),
            "review": self.fields.get("review", ""),
            "names": [self.term(*row) for row in self.rows("names")],
            "context": self.text("context", base.context if base is not None else ""),
            "queries": self.by_language("queries", base.queries if base is not None else {}, self.text, ""),
            "exclude": self.text("exclude", base.exclude if base is not None else ""),
            "glossary": [self.term(*row) for row in self.rows("glossary")],
            "people": [self.person(*row) for row in self.rows("people")],
            "messages": [self.telling("text", *row) for row in self.rows("messages")],
            "comparators": [self.telling("name", *row) for row in self.rows("comparators")],
            "releases": [self.release(*row) for row in self.rows("releases")],
            "search_feeds": self.search_feeds(),
            "translate_to": self.translate_to(),
            "notes": self.text("notes", base.notes if base is not None else ""),
        }

    def rows(self, kind: Rows) -> Iterator[tuple[str, Any]]:
        """(place, the base's entry of that id or None) of every row that says something and is not to go."""
        entries = {one.id: one for one in getattr(self.base, kind)} if self.base is not None else {}
        for number in Form(self.fields).rows(kind):
            here = f"{kind}.{number}"
            said = [
                value
                for name, value in self.fields.items()
                if name.startswith(f"{here}.") and value.strip() and name != f"{here}.language"
            ]  # a language is always chosen
            if not said or self.fields.get(f"{here}.remove") == YES:
                continue
            if not self.fields.get(f"{here}.id", "").strip():
                self.fields[f"{here}.id"] = self.new_id(kind, here)
            self.numbers.setdefault(kind, []).append(number)
            yield here, entries.get(self.fields[f"{here}.id"].strip())

    def new_id(self, kind: Rows, here: str) -> str:
        """An id out of what the row says: people need not think of one."""
        order = [
            f"{here}.{part}.{key}"
            for key in ("en", "vi", "any", "zh-Hant")
            for part in ("forms", "title", "text", "name")
        ]
        words = [self.fields.get(name, "").partition("\n")[0] for name in [*order, f"{here}.collides"]]
        made = unlike(make_id(words) or _WORD[kind], self.ids)
        self.ids.add(made)
        return made

    def term(self, here: str, old: Term | None) -> dict[str, Any]:
        return {
            "id": self.fields[f"{here}.id"].strip(),
            "forms": self.by_language(f"{here}.forms", old.forms if old is not None else {}, self.lines, ()),
            "collides": self.lines(f"{here}.collides", old.collides if old is not None else ()),
        }

    def person(self, here: str, old: Any) -> dict[str, Any]:
        return {
            **self.term(here, old),
            "role": self.role(f"{here}.role", old.role if old is not None else ""),
            "spokesperson": self.fields.get(f"{here}.spokesperson") == YES,
        }

    def role(self, here: str, old: str | Names) -> str | dict[str, str | None]:
        """By language as soon as one of these fields says something; else the one text that older files have."""
        named = self.names(here, None if isinstance(old, str) else old)
        text = self.text(f"{here}.any", old if isinstance(old, str) else "")
        if not any(named.values()):
            return text
        return {**named, "en": named["en"] or text or None}

    def telling(self, part: str, here: str, old: Any) -> dict[str, Any]:
        return {
            "id": self.fields[f"{here}.id"].strip(),
            part: self.names(f"{here}.{part}", getattr(old, part) if old is not None else None),
            "query": self.text(f"{here}.query", old.query if old is not None else ""),
        }

    def release(self, here: str, old: Release | None) -> dict[str, Any]:
        return {
            "id": self.fields[f"{here}.id"].strip(),
            "day": self.day(f"{here}.day"),
            "language": self.fields.get(f"{here}.language", ""),
            "title": self.names(f"{here}.title", old.title if old is not None else None),
            "text": self.text(f"{here}.text", old.text if old is not None else ""),
            "url": self.fields.get(f"{here}.url", "").strip() or None,
        }

    def names(self, here: str, old: Names | None) -> dict[str, str | None]:
        before = old.model_dump(by_alias=True) if old is not None else {}
        found: dict[str, str | None] = {}
        for key in NAME_LANGUAGES:
            raw, was = self.fields.get(f"{here}.{key}", ""), before.get(key)
            found[key] = was if _is_as_shown(raw, was or "") else raw.strip() or None
        return found

    def text(self, name: str, old: str) -> str:
        raw = self.fields.get(name, "")
        return old if _is_as_shown(raw, old) else raw.strip()

    def lines(self, name: str, old: tuple[str, ...]) -> tuple[str, ...]:
        raw = self.fields.get(name, "")
        if raw == line_ends("\n".join(old)):
            return old
        return tuple(line.strip() for line in raw.split("\n") if line.strip())

    def by_language(
        self, here: str, old: Mapping[Any, _Value], read: Any, nothing: _Value
    ) -> dict[str, _Value]:
        """What each language's field says; an empty one only where the base had it, too."""
        found: dict[str, _Value] = {}
        for key in dict.fromkeys([*old, *FORM_LANGUAGES]):
            value = read(f"{here}.{key}", old.get(key, nothing))
            if value or (key in old and value == old[key]):
                found[str(key)] = value
        return found

    def day(self, name: str) -> str | None:
        return self.fields.get(name, "").strip() or None

    def countries(self) -> tuple[str, ...]:
        raw, old = self.fields.get("countries", ""), self.base.countries if self.base is not None else ()
        if raw == ", ".join(old):
            return old
        return tuple(part.upper() for part in re.split(r"[\s,;，、；]+", raw) if part)

    def search_feeds(self) -> list[dict[str, str]]:
        found = []
        for line in self.fields.get("search_feeds", "").split("\n"):
            if line.strip():
                language, _, url = line.strip().partition(" ")
                found.append({"language": language, "url": url.strip()})
        return found

    def translate_to(self) -> tuple[str, ...]:
        old = self.base.translate_to if self.base is not None else ()
        wanted = self.fields.get("translate_to") == YES
        return old if wanted == bool(old) else ("zh-Hant",) if wanted else ()

    def place(self, loc: Loc) -> str:
        """The field (or row) at which a problem of the tree is told."""
        parts = [str(part) for part in loc]
        if parts[:1] == ["window"]:
            return parts[1] if len(parts) > 1 else "first"
        if len(parts) > 1 and parts[0] in self.numbers and isinstance(loc[1], int):
            parts[1] = str(self.numbers[parts[0]][loc[1]])
        is_named = len(parts) == 3 and parts[2] in ("title", "name", "text") and parts[0] != "releases"
        if parts[:1] == ["name"] or is_named or (parts[:1] == ["releases"] and parts[2:] == ["title"]):
            parts = [*parts, NAME_LANGUAGES[0]] if len(parts) in (1, 3) else parts
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            if name in self.fields or name in _ALWAYS or _FIELD.fullmatch(name):
                return name
        return ""


_ALWAYS = frozenset(
    {*ROWS, "context", "exclude", "countries", "search_feeds", "notes", "id", "review", "translate_to"}
)
_FIELD = re.compile(
    r"(?:names|glossary|people)\.\d+(?:\.(?:forms(?:\.[\w-]+)?|collides|role\.[\w-]+|id))?"
    r"|releases\.\d+(?:\.(?:day|language|url|text|id|title\.[\w-]+))?"
    r"|(?:messages|comparators)\.\d+(?:\.(?:query|id|(?:text|name)\.[\w-]+))?|queries\.[\w-]+|name\.[\w-]+"
)


def _names(names: Names, here: str) -> dict[str, str]:
    written = names.model_dump(by_alias=True)
    return {f"{here}.{key}": line_ends(written[key] or "") for key in NAME_LANGUAGES}


def _role(person: Person, here: str) -> dict[str, str]:
    if isinstance(person.role, str):
        return {f"{here}.any": line_ends(person.role)}
    return _names(person.role, here)


def _term(term: Term, here: str) -> dict[str, str]:
    fields = {f"{here}.id": term.id, f"{here}.collides": line_ends("\n".join(term.collides))}
    return fields | {f"{here}.forms.{key}": line_ends("\n".join(forms)) for key, forms in term.forms.items()}


def _is_as_shown(raw: str, old: str) -> bool:
    """Whether nobody touched a field; one of a single line loses its line ends in a browser."""
    return raw in (line_ends(old), re.sub(r"[\r\n]", "", old))
