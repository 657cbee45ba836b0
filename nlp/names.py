"""Names of a campaign in a translation: are they called what the glossary calls them, and what to ask otherwise.

Models give names their own way. A sentence whose names came out wrong is asked again with the glossary's form in the
target's language put into it; where even that fails, the translation says which name is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resound.campaign import Term
from resound.query import Document, FormHit, FormMatcher, analyse_document

_KEYS: Mapping[str, tuple[str, ...]] = {
    "en": ("en", "any"),
    "zh-Hant": ("zh-Hant", "any"),
    "vi": ("vi", "any"),
}


@dataclass(frozen=True, slots=True)
class NameUse:
    """A term stands at (start, end) of a sentence; `forms` are what it may be called in the target's language."""

    term: str
    start: int
    end: int
    forms: tuple[str, ...]


class NameKeeper:
    """The names of one or more campaigns, for one target language. Made once for many sentences."""

    def __init__(self, terms: Iterable[Term], target: str) -> None:
        known = {f"{at} {term.id}": term for at, term in enumerate(terms) if _forms(term, target)}
        self._forms = {key: _forms(term, target) for key, term in known.items()}
        self._ids = {key: term.id for key, term in known.items()}
        # Forms that collide with other words (Green Team) are no sure name, so nothing is asked of them.
        written = {
            key: [form for forms in term.forms.values() for form in forms] for key, term in known.items()
        }
        self._matcher = FormMatcher(written) if written else None
        self.version = " ".join(
            f"{self._ids[key]}={'|'.join(forms)}" for key, forms in sorted(self._forms.items())
        )

    def uses(self, sentence: str) -> list[NameUse]:
        """The names in a sentence, the longest where they overlap, in order."""
        kept: list[FormHit] = []
        for hit in sorted(self._hits(sentence), key=lambda one: (one.start - one.end, one.start, one.key)):
            if all(hit.end <= other.start or other.end <= hit.start for other in kept):
                kept.append(hit)
        kept.sort(key=lambda one: one.start)
        return [NameUse(self._ids[one.key], one.start, one.end, self._forms[one.key]) for one in kept]

    def missing(self, uses: Sequence[NameUse], translation: str) -> list[str]:
        """The ids of names that the translation does not carry in any form of the target's language."""
        if not uses:
            return []
        told = {self._ids[hit.key] for hit in self._hits(translation)}
        return sorted({one.term for one in uses} - told)

    def _hits(self, text: str) -> list[FormHit]:
        if self._matcher is None:
            return []
        return self._matcher.find(analyse_document(Document(body=text)))


def with_names(sentence: str, uses: Sequence[NameUse]) -> str:
    """The sentence with each name written as the target's language writes it."""
    made, at = [], 0
    for one in uses:
        made += [sentence[at : one.start], one.forms[0]]
        at = one.end
    return "".join([*made, sentence[at:]])


def _forms(term: Term, target: str) -> tuple[str, ...]:
    keys = _KEYS.get(target, (target, "any"))
    return tuple(form for key, forms in term.forms.items() if key in keys for form in forms)
