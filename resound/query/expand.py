"""Glossary: a word or phrase that equals one form of a term finds all the term's forms, in every language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from resound.article import Field
from resound.query.leaf import make_leaf
from resound.query.tree import (
    MAX_EXPANDED_LEAVES,
    MAX_NEAR_PAIRS,
    And,
    Leaf,
    Near,
    Node,
    Not,
    Or,
    Query,
    all_of,
    any_of,
    count_leaves,
    negate,
)


@dataclass(frozen=True, slots=True)
class Expansion:
    """`term`, as the query wrote it, was read as any of `forms`."""

    term: str
    forms: tuple[str, ...]


def expand(query: Query, forms: Sequence[Sequence[str]]) -> tuple[Query, tuple[Expansion, ...]]:
    """The query with every leaf that equals a form of a term replaced by an OR of all that term's forms.

    `forms` holds one sequence for each term. Equal means equal loose tokens; a run of unquoted words side by side
    (`rac thai dien tu`) is one leaf where it equals a form, the longest run first, so that every form of a term brings
    the same documents. Quoted leaves and prefixes ask for what they say and are left alone. Where a tree would
    outgrow its bound, the words that follow stay as they are; what is not reported was not expanded.
    """
    glossary = _Glossary(forms)
    tree = glossary.node(query.tree, count_leaves(query.tree))
    return Query(tree, query.source), tuple(dict.fromkeys(glossary.expansions))


class _Glossary:
    def __init__(self, terms: Sequence[Sequence[str]]) -> None:
        self.by_tokens = _by_tokens(tuple(tuple(forms) for forms in terms))
        self.expansions: list[Expansion] = []
        self.leaves = 0
        self.longest = max((len(tokens) for tokens in self.by_tokens), default=0)

    def node(self, node: Node, total: int) -> Node:
        self.leaves = max(self.leaves, total)
        match node:
            case And(children):
                return all_of(list(self.run(children)))
            case Or(children):
                return any_of([self.node(child, 0) for child in children])
            case Not(child):
                return negate(self.node(child, 0))
            case Near(left, right):
                return self.near(node, left, right)
            case Leaf():
                return any_of(list(self.forms((node,)) or (node,)))
            case _:
                return node

    def run(self, children: tuple[Node, ...]) -> Iterator[Node]:
        """The children of an AND, each run of words that equals a form joined."""
        at = 0
        while at < len(children):
            for end in range(min(len(children), at + self.longest), at, -1):
                words = tuple(child for child in children[at:end] if isinstance(child, Leaf))
                found = self.forms(words) if len(words) == end - at else ()
                if found:
                    yield any_of(list(found))
                    at = end
                    break
            else:
                yield self.node(children[at], 0)
                at += 1

    def near(self, near: Near, left: tuple[Leaf, ...], right: tuple[Leaf, ...]) -> Near:
        """Each operand's leaves with their other forms. Left alone where exact forms were asked for."""
        if near.is_exact:
            return near
        reported = len(self.expansions)
        sides = [
            tuple(dict.fromkeys(form for leaf in side for form in self.forms((leaf,)) or (leaf,)))
            for side in (left, right)
        ]
        if len(sides[0]) * len(sides[1]) > MAX_NEAR_PAIRS:
            del self.expansions[reported:]
            return near
        return replace(near, left=sides[0], right=sides[1])

    def forms(self, words: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
        """All forms of the term that the words together name; () where they name none."""
        if not words or any(word.quoted or word.prefix or word.field != words[0].field for word in words):
            return ()
        found = self.by_tokens.get(tuple(token for word in words for token in word.loose), {})
        if len(found) < 2 or self.leaves + len(found) > MAX_EXPANDED_LEAVES:
            return ()
        self.leaves += len(found)
        field: Field | None = words[0].field
        self.expansions.append(Expansion(" ".join(word.text for word in words), tuple(found.values())))
        return tuple(replace(leaf, field=field) for leaf in found)


@lru_cache(maxsize=32)
def _by_tokens(terms: tuple[tuple[str, ...], ...]) -> Mapping[tuple[str, ...], Mapping[Leaf, str]]:
    """The forms that each form finds, as leaves with their forms as given. Every search asks for the same glossaries."""
    found: dict[tuple[str, ...], dict[Leaf, str]] = {}
    for forms in terms:
        leaves = _leaves(forms)
        for leaf in leaves:
            known = found.setdefault(leaf.loose, {})
            seen = {other.loose for other in known}
            known.update((other, form) for other, form in leaves.items() if other.loose not in seen)
    return found


def _leaves(forms: Sequence[str]) -> dict[Leaf, str]:
    """A term's forms as unquoted leaves, each token sequence once. A form without letters or digits names nothing."""
    found: dict[tuple[str, ...], tuple[Leaf, str]] = {}
    for form in forms:
        leaf = make_leaf(form)
        if leaf is not None:
            found.setdefault(leaf.loose, (leaf, form))
    return dict(found.values())
