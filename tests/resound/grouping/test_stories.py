"""Stories do not depend on the order of anything, and people have the last word."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from resound.grouping.stories import Edge, StoryDecision, group_stories

MEMBERS = [f"m{number}" for number in range(8)]
pairs = st.tuples(st.sampled_from(MEMBERS), st.sampled_from(MEMBERS))
edges = st.lists(pairs.map(lambda pair: Edge(*pair, "jaccard-4", 0.9)), max_size=10)
steps = st.lists(st.tuples(st.sampled_from(["merge", "split"]), pairs, st.booleans()), max_size=6).map(
    lambda found: [
        StoryDecision(kind, a, b if kind == "merge" or with_b else None, number)
        for number, (kind, (a, b), with_b) in enumerate(found)
    ]
)


@given(edges, steps, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_stories(
    joined: list[Edge], said: list[StoryDecision], dice: random.Random
) -> None:
    expected = group_stories(MEMBERS, joined, said, key=str)
    again = [list(MEMBERS), list(joined), list(said)]
    for one in again:
        dice.shuffle(one)
    turned = [Edge(one.b, one.a, one.method, one.score) for one in again[1]]
    assert group_stories(again[0], turned, again[2], key=str) == expected
    for member, head in expected.items():
        assert expected[head] == head
        assert head <= member


@given(edges, steps)
def test_the_last_decision_holds(joined: list[Edge], said: list[StoryDecision]) -> None:
    found = group_stories(MEMBERS, joined, said, key=str)
    if said and said[-1].kind == "merge" and said[-1].b is not None:
        assert found[said[-1].a] == found[said[-1].b]
    if said and said[-1].kind == "split" and said[-1].b not in (None, said[-1].a):
        assert found[said[-1].a] != found[str(said[-1].b)]


def test_a_split_takes_out_one_member_only() -> None:
    joined = [Edge("a", "b", "jaccard-4", 1.0), Edge("b", "c", "jaccard-4", 1.0)]
    found = group_stories("abc", joined, [StoryDecision("split", "b", None, 1)], key=str)
    assert found == {"a": "a", "b": "b", "c": "a"}


def test_the_least_by_key_stands_for_the_story() -> None:
    order = {"a": 3, "b": 1, "c": 2}
    joined = [Edge("a", "b", "jaccard-4", 1.0), Edge("a", "c", "jaccard-4", 1.0)]
    assert set(group_stories("abc", joined, [], key=lambda one: order[one]).values()) == {"b"}
