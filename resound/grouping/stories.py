"""Stories: items that come from one original text. Near-duplicate edges are joined; people's merges and splits go over them.

The result does not depend on the order in which anything is given: edges join by union-find, decisions apply in the
order of their numbers, and the least member by `key` stands for its story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Edge:
    """Two members that tell one text; `method` and `score` (0…1) say how that is known."""

    a: str
    b: str
    method: str
    score: float


@dataclass(frozen=True, slots=True)
class StoryDecision:
    """merge: the stories of `a` and `b` become one. split: `a` leaves the story it shares (with `b`, where given).

    The later decision (higher `seq`) has the last word.
    """

    kind: Literal["merge", "split"]
    a: str
    b: str | None
    seq: int


def group_stories(
    members: Iterable[str],
    edges: Iterable[Edge],
    decisions: Iterable[StoryDecision],
    *,
    key: Callable[[str], Any],
) -> dict[str, str]:
    """member → the member that stands for its story.

    A split takes out one member only: what it had joined stays joined. Edges and decisions that name others than the
    members are passed over.
    """
    known = sorted(set(members))
    story = _join(known, edges)
    for one in sorted(decisions, key=lambda step: step.seq):
        if one.a not in story or (one.b is not None and one.b not in story):
            continue
        if one.kind == "merge" and one.b is not None:
            joined = story[one.a] | story[one.b]
            for member in joined:
                story[member] = joined
        elif one.kind == "split" and (one.b is None or one.b in story[one.a]):
            rest = story[one.a] - {one.a}
            for member in rest:
                story[member] = rest
            story[one.a] = frozenset((one.a,))
    heads = {group: min(group, key=lambda member: (key(member), member)) for group in set(story.values())}
    return {member: heads[story[member]] for member in known}


def _join(known: list[str], edges: Iterable[Edge]) -> dict[str, frozenset[str]]:
    """Union-find with path halving (Tarjan 1975)."""
    parent = {member: member for member in known}

    def find(member: str) -> str:
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for edge in edges:
        if edge.a in parent and edge.b in parent:
            parent[find(edge.a)] = find(edge.b)
    groups: dict[str, set[str]] = {}
    for member in known:
        groups.setdefault(find(member), set()).add(member)
    return {member: group for found in groups.values() for group in (frozenset(found),) for member in found}
