"""What people fill in: fields as texts by name, rows of them, and each problem at its field. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from resound.definitions.errors import definition_error
from resound.errors import DefinitionError, Loc, Problem
from resound.text import fold_keyword
from resound.told import Told

YES = "yes"
"""What a ticked box sends."""


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the fields, and what is wrong at each of them (`""`: with the whole).

    A field of a row is called by its kind, the row's number and its own name: `names.0.collides`.
    """

    fields: Mapping[str, str]
    problems: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """What stands in a field; empty where nothing does."""
        return self.fields.get(name, "")

    def wrong(self, name: str) -> tuple[Told, ...]:
        """What is wrong at a field."""
        return self.problems.get(name, ())

    def is_wrong(self, start: str) -> bool:
        """Whether anything is wrong at a field or at one below it (`names.0`)."""
        return any(name == start or name.startswith(f"{start}.") for name in self.problems)

    def rows(self, kind: str) -> list[int]:
        """The numbers of the rows of a kind, in their order."""
        pattern = re.compile(rf"{re.escape(kind)}\.(\d{{1,4}})\.")
        return sorted({int(found[1]) for name in self.fields if (found := pattern.match(name))})

    def with_row(self, kind: str) -> Form:
        """The same with an empty row more."""
        number = max(self.rows(kind), default=-1) + 1
        return Form({**self.fields, f"{kind}.{number}.id": ""}, self.problems)

    def head(self, row: str, language: str = "") -> str:
        """What a row (`names.0`) is about: its first words, in `language` where it has some."""
        texts = {
            name: value.strip().partition("\n")[0]
            for name, value in self.fields.items()
            if name.startswith(f"{row}.") and _IS_TEXT(name) and value.strip()
        }
        own = (text for name, text in texts.items() if name.endswith(f".{language}"))
        return next(own, next(iter(texts.values()), ""))


class FormError(DefinitionError):
    """What somebody filled in cannot be a definition; `form` holds it with each problem at its field."""

    def __init__(self, message: str, *, problems: tuple[Problem, ...], form: Form) -> None:
        super().__init__(message, problems=problems)
        self.form = form


def form_error(form: Form, found: Sequence[Problem], place: Callable[[Loc], str]) -> FormError:
    """The error for what is wrong with a filled-in form; `place` names the field of a place in the definition."""
    problems: dict[str, tuple[Told, ...]] = {}
    for one in found:
        name = place(one.loc)
        if one.sentence not in problems.get(name, ()):
            problems[name] = (*problems.get(name, ()), one.sentence)
    message = str(definition_error("", [one._replace(line=None) for one in found]))
    return FormError(message, problems=tuple(found), form=Form(form.fields, problems))


def line_ends(text: str) -> str:
    """With line ends as we write them; a browser sends others."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def make_id(texts: Iterable[str | None]) -> str:
    """An id out of the first text that has Latin letters or digits: `Blue Drop Initiative` → `blue-drop-initiative`."""
    for text in texts:
        words = [word for word in fold_keyword(text or "").split() if re.fullmatch(r"[a-z0-9]+", word)]
        if words:
            return "-".join(words[:6])[:60].strip("-")
    return ""


def unlike(stem: str, taken: Collection[str]) -> str:
    """`stem`, or the first of `stem-2`, `stem-3` … that is not taken."""
    return next(
        one
        for one in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
        if one not in taken
    )


_IS_TEXT = re.compile(r"\w+\.\d+\.(?:forms|text|name|title|collides)(?:\.|$)").match
