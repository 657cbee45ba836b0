"""A sentence that is said later, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(text: str) -> str:  # noqa: N802 (gettext's own name for a text that is translated later)
    """Mark a text for translation."""
    return text


@dataclass(frozen=True, slots=True)
class Said:
    """An English text, and what fills its `%(name)s`. `str()` of it is the English sentence.

    A value that is Said itself is translated as well; any other stands as it is.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.values if self.values else self.text


def said(text: str, /, **values: object) -> Said:
    """`said(N_("%(name)s is away"), name="Lin")`."""
    return Said(text, values)


class UnfitError(ValueError):
    """A value breaks a rule of a definition; for validators, which may raise nothing but ValueErrors."""

    def __init__(self, sentence: Said) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
