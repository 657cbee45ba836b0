"""Many name forms, found in one pass over a document."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from resound.article import Field
from resound.errors import DefinitionError
from resound.query.document import AnalysedDocument, FieldTokens
from resound.query.glance import Glance
from resound.query.tree import FIELDS
from resound.text import loose_tokens

_ABBREVIATION = re.compile(r"[A-Z]{1,4}", re.ASCII)


class FormHit(NamedTuple):
    """`form`, one of `key`'s, stands at this part of a field's original text."""

    key: str
    form: str
    field: Field
    start: int
    end: int


class _Form(NamedTuple):
    key: str
    form: str
    tokens: tuple[str, ...]
    is_abbreviation: bool


class FormMatcher:
    """Finds the forms of many names.

    Forms are compared by their loose tokens, whatever quotes or marks they carry. A form of up to four Latin capitals
    (APO, COE, EPR) stands only where the text has the same capitals: `epr` in an address and `Apo` are not it.
    """

    def __init__(self, forms: Mapping[str, Sequence[str]]) -> None:
        """Raises DefinitionError for a form without letters or digits, which could never be found."""
        self._by_first: dict[str, list[_Form]] = {}
        for key, written in forms.items():
            for form in dict.fromkeys(written):
                tokens = tuple(loose_tokens(form))
                if not tokens:
                    raise DefinitionError(
                        f"The form {form!r} of {key} holds no letter or digit and can never be found."
                    )
                entry = _Form(key, form, tokens, _ABBREVIATION.fullmatch(form.strip('"“” ')) is not None)
                self._by_first.setdefault(tokens[0], []).append(entry)

    def find(self, analysed: AnalysedDocument) -> list[FormHit]:
        """All hits in order of field and place. A hit inside a longer one of the same key is left out."""
        return [hit for name in FIELDS for hit in self._find_in(name, analysed)]

    def glimpse(self, glance: Glance) -> Iterator[tuple[str, str]]:
        """(key, form) of every form that may stand in a text; `find` finds no others."""
        for first in self._by_first.keys() & glance.loose:
            for one in self._by_first[first]:
                if glance.has(one.tokens):
                    yield one.key, one.form

    def _find_in(self, name: Field, analysed: AnalysedDocument) -> Iterator[FormHit]:
        tokens = analysed.fields[name]
        text = analysed.document.text(name)
        found = sorted(
            set(self._hits(name, tokens, text)),
            key=lambda hit: (hit.start, -hit.end, hit.key, hit.form),
        )
        reach: dict[str, int] = {}
        for hit in found:
            if hit.end > reach.get(hit.key, -1):
                reach[hit.key] = hit.end
                yield hit

    def _hits(self, name: Field, tokens: FieldTokens, text: str) -> Iterator[FormHit]:
        positions = tokens.positions(exact=False)
        for first in self._by_first.keys() & positions.keys():
            for form in self._by_first[first]:
                length = len(form.tokens)
                for at in positions[first]:
                    if length > 1 and tuple(tokens.loose[at : at + length]) != form.tokens:
                        continue
                    start, end = tokens.offsets[at][0], tokens.offsets[at + length - 1][1]
                    if form.is_abbreviation and unicodedata.normalize(
                        "NFKC", text[start:end]
                    ) != form.form.strip('"“” '):
                        continue
                    yield FormHit(form.key, form.form, name, start, end)
