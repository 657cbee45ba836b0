"""A quick look at a text: which queries cannot hold for it. What may hold is then analysed and asked in earnest.

A glance never says no where the evaluator says yes. It reads what stands under NOT, at which distance a NEAR is, in
which field a word stands and what kind of document it is as if it held; words and phrases it reads exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TypeAlias

from resound.query.tree import And, Leaf, Near, Node, Or, Reading, near_readings, readings
from resound.text import Forms, word_forms

MayHold: TypeAlias = "Callable[[Glance], bool]"


class Glance:
    """The tokens of some texts (each parted into paragraphs by newlines), without where they stand."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._paragraphs: list[list[Forms]] = [
            word_forms(line) for text in texts if text for line in text.split("\n")
        ]

    @cached_property
    def loose(self) -> frozenset[str]:
        """Every token's loose form."""
        return frozenset([forms.loose for paragraph in self._paragraphs for forms in paragraph])

    @cached_property
    def exact(self) -> frozenset[str]:
        """Every token's exact form."""
        return frozenset(forms.exact for paragraph in self._paragraphs for forms in paragraph)

    def has(self, tokens: tuple[str, ...], *, exact: bool = False, prefix: bool = False) -> bool:
        """Whether the tokens stand side by side in a paragraph; with `prefix` the last one may go on."""
        known = self.exact if exact else self.loose
        if not prefix and len(tokens) == 1:
            return tokens[0] in known
        if not known.issuperset(tokens[:-1] if prefix else tokens):
            return False
        return f" {' '.join(tokens)}{'' if prefix else ' '}" in (
            self._exact_row if exact else self._loose_row
        )

    @cached_property
    def _loose_row(self) -> str:
        """` green team \\n met press `: a token holds no white space, so a phrase is a part of this text."""
        return "\n".join(f" {' '.join([one.loose for one in part])} " for part in self._paragraphs)

    @cached_property
    def _exact_row(self) -> str:
        return "\n".join(f" {' '.join([one.exact for one in part])} " for part in self._paragraphs)


def may_hold(node: Node) -> MayHold:
    """What to ask a glance for a query's tree. Made once for many texts."""
    match node:
        case And(children):
            return _all([may_hold(child) for child in children])
        case Or(children):
            return _any([may_hold(child) for child in children])
        case Leaf():
            return _any([_reading(one) for one in readings(node)])
        case Near():
            left, right = near_readings(node)
            return _all([_any([_reading(one) for one in side]) for side in (left, right)])
        case _:
            return _yes


def _yes(_glance: Glance) -> bool:
    return True


def _all(parts: list[MayHold]) -> MayHold:
    return parts[0] if len(parts) == 1 else lambda glance: all(part(glance) for part in parts)


def _any(parts: list[MayHold]) -> MayHold:
    return parts[0] if len(parts) == 1 else lambda glance: any(part(glance) for part in parts)


def _reading(one: Reading) -> MayHold:
    tokens, exact, prefix = one.tokens, one.exact, one.prefix
    if prefix or exact:
        return lambda glance: glance.has(tokens, exact=exact, prefix=prefix)
    if len(tokens) == 1:
        token = tokens[0]
        return lambda glance: token in glance.loose
    wanted = frozenset(tokens)
    return lambda glance: wanted <= glance.loose and glance.has(tokens)
