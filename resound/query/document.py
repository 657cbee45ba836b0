"""A document as a query sees it, and as it is after analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from resound.article import Field
from resound.query.tree import FIELDS, MAX_DISTANCE
from resound.text import fold_keyword, scan

SENTINEL = "\ue000"
"""Stands between paragraphs (a private-use character: no text and no query yields it as a token)."""
GAP = MAX_DISTANCE + 1
"""How many sentinels: no NEAR reaches over them."""


@dataclass(frozen=True, slots=True)
class Document:
    """What can be searched of one article. Paragraphs (and captions) are parted by newlines.

    `keywords` has the keys lang country outlet group type campaign topic tone origin; a missing key has no values.
    """

    title: str = ""
    lead: str = ""
    body: str = ""
    caption: str = ""
    translation: str = ""
    keywords: Mapping[str, frozenset[str]] = field(default_factory=dict)
    date: date | None = None

    def text(self, name: Field) -> str:
        """The text of one field."""
        texts: dict[Field, str] = {
            "title": self.title,
            "lead": self.lead,
            "body": self.body,
            "caption": self.caption,
            "translation": self.translation,
        }
        return texts[name]


class FieldTokens:
    """The tokens of one field in both forms, with sentinels between paragraphs; lists of one length.

    `offsets` are (start, end) in the field's text; a sentinel's are (-1, -1).
    """

    __slots__ = ("_exact_at", "_loose_at", "exact", "loose", "offsets")

    def __init__(self, text: str) -> None:
        self.loose: list[str] = []
        self.exact: list[str] = []
        self.offsets: list[tuple[int, int]] = []
        self._loose_at: dict[str, list[int]] | None = None
        self._exact_at: dict[str, list[int]] | None = None
        base = 0
        for line in text.split("\n"):
            is_first = True
            for forms, start, end in scan(line):
                if is_first and self.loose:
                    self.loose.extend([SENTINEL] * GAP)
                    self.exact.extend([SENTINEL] * GAP)
                    self.offsets.extend([(-1, -1)] * GAP)
                is_first = False
                self.loose.append(forms.loose)
                self.exact.append(forms.exact)
                self.offsets.append((base + start, base + end))
            base += len(line) + 1

    def tokens(self, *, exact: bool) -> list[str]:
        """The token sequence of one form."""
        return self.exact if exact else self.loose

    def positions(self, *, exact: bool) -> Mapping[str, list[int]]:
        """Each token's positions, ascending. Built once."""
        found = self._exact_at if exact else self._loose_at
        if found is None:
            found = {}
            for at, token in enumerate(self.tokens(exact=exact)):
                found.setdefault(token, []).append(at)
            if exact:
                self._exact_at = found
            else:
                self._loose_at = found
        return found


class AnalysedDocument:
    """A document with its tokens, made once, so that many queries can be tried on it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fields: dict[Field, FieldTokens] = {name: FieldTokens(document.text(name)) for name in FIELDS}

    @cached_property
    def keywords(self) -> Mapping[str, frozenset[str]]:
        """The keyword values as they are compared."""
        return {
            name: frozenset(fold_keyword(value) for value in values)
            for name, values in self.document.keywords.items()
        }


def analyse_document(document: Document) -> AnalysedDocument:
    """Analyses every field."""
    return AnalysedDocument(document)
