"""A query's tree answered: text by FTS5, keywords and dates and what joins them in memory.

Parts of a tree that are all text stay one MATCH, which FTS5 answers best; the rest is arithmetic on truth values.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import reduce

import numpy as np

from resound.index.columns import Keys, Mask, Snapshot, read_keys
from resound.index.fts import match_text
from resound.query.tree import And, DateRange, Keyword, Node, Not, Or


class Finder:
    """Answers queries about one moment of one file."""

    def __init__(self, connection: sqlite3.Connection, snapshot: Snapshot) -> None:
        self._connection = connection
        self._snapshot = snapshot

    def find(self, tree: Node) -> Keys:
        """The documents for which a tree holds."""
        text = _as_text(tree)
        if text is not None:
            return self.match(text)
        return np.flatnonzero(self._mask(tree))

    def match(self, expression: str) -> Keys:
        """What an FTS5 expression finds."""
        return read_keys(self._connection, "SELECT rowid AS key FROM fts WHERE fts MATCH ?", (expression,))

    def _mask(self, node: Node) -> Mask:
        text = _as_text(node)
        if text is not None:
            return self._snapshot.mask(self.match(text))
        match node:
            case And(()):
                return self._snapshot.living
            case And(children):
                return reduce(np.logical_and, map(self._mask, _bundle(children, And)))
            case Or(children):
                return reduce(np.logical_or, map(self._mask, _bundle(children, Or)))
            case Not(child):
                return np.logical_and(self._snapshot.living, ~self._mask(child))
            case Keyword("lang", _, folded):
                # `lang:zh` asks for zh-Hant too: folded, `zh hant`; `!` follows the space
                return self._by_combination(
                    "name = 'lang' AND (value = ? OR value >= ? AND value < ?)",
                    (folded, f"{folded} ", f"{folded}!"),
                )
            case Keyword(name, _, folded):
                return self._by_combination("name = ? AND value = ?", (name, folded))
            case DateRange(first, last):
                day = self._snapshot.day
                found = np.logical_and(self._snapshot.living, day > 0)
                if first is not None:
                    found &= day >= first.toordinal()
                if last is not None:
                    found &= day <= last.toordinal()
                return found
            case _:
                raise TypeError(f"{type(node).__name__} is no text and no condition")

    def _by_combination(self, condition: str, values: tuple[str, ...]) -> Mask:
        wanted = read_keys(
            self._connection, f"SELECT DISTINCT combination AS key FROM keyword WHERE {condition}", values
        )
        carried = self._snapshot.combination
        is_wanted = np.zeros(max(int(carried.max(initial=0)), int(wanted.max(initial=0))) + 1, np.bool_)
        is_wanted[wanted] = True
        # What is gone may carry -1, which looks up the last one: `living` takes it out again.
        return np.logical_and(self._snapshot.living, is_wanted[carried])


def _as_text(node: Node) -> str | None:
    """One MATCH for a tree that is all text and does not begin from all documents: those are known in memory."""
    if isinstance(node, Not) or (
        isinstance(node, And) and all(isinstance(child, Not) for child in node.children)
    ):
        return None
    return match_text(node)


def _bundle(children: Iterable[Node], kind: type[And | Or]) -> list[Node]:
    """Text children of one AND or OR become one MATCH; the others stay as they are."""
    texts = [child for child in children if match_text(child) is not None]
    rest = [child for child in children if match_text(child) is None]
    together: Node | None = kind(tuple(texts)) if len(texts) > 1 else None
    if together is None or _as_text(together) is None:
        return [*texts, *rest]
    return [together, *rest]
