"""What stands where: each counted item of the week once, or told as not shown; the rule of order; edits that find nothing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.coverage.counting import count_four
from resound.coverage.model import ItemFacts
from resound.digest.editing import (
    LONGEST_NOTE,
    BringBack,
    PutFirst,
    SetNote,
    TakeOut,
    apply_change,
)
from resound.digest.edition import build_edition
from resound.digest.model import Drop, Edition, Edits
from resound.digest.written import (
    edits_json,
    fingerprint,
    pack_edition,
    read_edits,
    unpack_edition,
)
from resound.errors import ResoundError, StoreError
from resound.words import words
from tests.resound.digest.week import DAY, FIRST, NOW, WEEK, facts, item

ITEMS = st.lists(
    st.builds(
        lambda number, back, story, outlet, prominence: item(
            f"i{number}",
            day=FIRST + timedelta(days=6 - back),
            story=f"i{story}",
            outlet=f"o{outlet}",
            prominence=prominence,
        ),
        st.integers(0, 40),
        st.integers(-2, 20),
        st.integers(0, 12),
        st.integers(0, 5),
        st.sampled_from(["title", "lead", "body", "caption", None]),
    ),
    unique_by=lambda one: one.item,
    max_size=30,
)
EDITS = st.builds(
    lambda drops, order: Edits(
        revision=1,
        drops=tuple(Drop(kind, f"i{number}", "lin", "why", NOW) for kind, number in drops),
        order=tuple(f"i{number}" for number in order),
        ordered_by="lin",
    ),
    st.lists(st.tuples(st.sampled_from(["item", "story"]), st.integers(0, 40)), max_size=6),
    st.lists(st.integers(0, 40), max_size=4, unique=True),
)


def shown(edition: Edition) -> Counter[str]:
    late = [story for week in edition.late for story in week.stories]
    return Counter(key for story in (*edition.stories, *late) for key in story.items)


@given(ITEMS, EDITS, st.dictionaries(st.sampled_from([f"i{n}" for n in range(41)]), st.just(("waste",))))
def test_each_counted_item_stands_once_or_is_told_as_not_shown(
    items: list[ItemFacts], edits: Edits, topics: dict[str, tuple[str, ...]]
) -> None:
    issued = build_edition(facts([], week="2025-W50", first=FIRST - 2 * WEEK))
    made = build_edition(facts(items, earlier=[issued], topics=topics), edits)
    of_week = {one.item for one in items if one.day is not None and FIRST <= one.day < FIRST + WEEK}
    late = {one.item for one in items if one.day is not None and FIRST - 2 * WEEK <= one.day < FIRST}
    found = shown(made) + Counter(key for one in made.dropped for key in one.items)
    assert found == Counter(of_week | late)
    assert set(made.items) == of_week
    assert set(made.late_items) == late
    assert made.counts == count_four(one for one in items if one.item in of_week), "edits change no count"
    assert made.not_shown == sum(len(one.items) for one in made.dropped)
    known = of_week | late
    assert {one.id for one in made.lost_edits if one.what == "drop"} == {
        one.id for one in edits.drops
    } - known, "an edit that finds nothing is told"
    assert {one.id for one in made.lost_edits if one.what == "order"} == set(edits.order) - known
    assert len(made.top) == min(3, len(made.stories))
    assert unpack_edition(pack_edition(made)) == made


@given(ITEMS, EDITS, st.randoms())
def test_the_order_in_which_facts_come_does_not_matter(
    items: list[ItemFacts], edits: Edits, dice: object
) -> None:
    again = list(items)
    dice.shuffle(again)  # type: ignore[attr-defined]
    assert build_edition(facts(items), edits) == build_edition(facts(again), edits)


def test_stories_come_by_outlets_then_prominence_then_day() -> None:
    made = build_edition(
        facts(
            [
                item("a", day=FIRST, prominence="caption"),
                item("b", day=FIRST + DAY, prominence="title"),
                item("c", day=FIRST, prominence="title"),
                item("d", story="x", outlet="one"),
                item("e", story="x", outlet="two", prominence="body"),
                item("f", story="x", outlet="two"),
            ],
            topics={"a": ("waste",)},
        )
    )
    assert [one.id for one in made.top] == ["d", "c", "b"]
    assert (made.top[0].outlets, made.top[0].items) == (2, ("d", "e", "f"))
    assert [(one.topic, [story.id for story in one.stories]) for one in made.sections] == [("waste", ["a"])]


def test_a_person_orders_by_any_item_of_a_story_and_drops_a_story_whole() -> None:
    items = [item("a"), item("b", story="s"), item("c", story="s", outlet="two"), item("d"), item("e")]
    made = build_edition(facts(items), Edits(order=("e", "c")))
    assert [one.id for one in made.stories] == ["e", "b", "a", "d"]
    made = build_edition(
        facts(items), Edits(drops=(Drop("story", "c", "lin", "old", NOW), Drop("item", "c", "lin", "x", NOW)))
    )
    assert [one.id for one in made.stories] == ["a", "d", "e"]
    assert [(one.kind, one.items) for one in made.dropped] == [("story", ("b", "c")), ("item", ())]
    assert (made.not_shown, made.counts.items) == (2, 5)


def test_the_item_that_stands_for_its_story_heads_it() -> None:
    made = build_edition(facts([item("a", story="b"), item("b", story="b", day=FIRST + DAY)]))
    assert made.top[0].id == "b"


def test_a_fingerprint_is_of_what_readers_see_not_of_the_moment() -> None:
    one = build_edition(facts([item("a")]))
    assert fingerprint(one) == fingerprint(build_edition(facts([item("a")], as_of=NOW + DAY)))
    assert fingerprint(one) != fingerprint(build_edition(facts([item("a", title="Another")])))


def test_changes_are_made_undone_and_remembered() -> None:
    def change(edits: Edits, what: object) -> Edits:
        return apply_change(edits, what, who="lin", now=NOW)  # type: ignore[arg-type]

    edits = change(Edits(), TakeOut("item", "a", " old "))
    edits = change(edits, TakeOut("story", "b", "old"))
    edits = change(edits, PutFirst(("c", "d", "c")))
    edits = change(edits, SetNote(" Hello "))
    assert (edits.revision, edits.order, edits.note and edits.note.text) == (4, ("c", "d"), "Hello")
    assert [(one.kind, one.id, one.why, one.who) for one in edits.drops] == [
        ("item", "a", "old", "lin"),
        ("story", "b", "old", "lin"),
    ]
    assert read_edits(edits_json(edits)) == edits
    edits = change(change(edits, BringBack("item", "a")), SetNote("  "))
    assert (len(edits.drops), edits.note, len(edits.history)) == (1, None, 6)
    assert [one["what"] for one in edits.history][:2] == ["drop item:a", "drop story:b"]
    with pytest.raises(ResoundError, match="a was not left out"):
        change(edits, BringBack("story", "a"))
    with pytest.raises(ResoundError, match="Say why"):
        change(edits, TakeOut("item", "a", " "))
    with pytest.raises(ResoundError, match="at most 4000") as refused:
        change(edits, SetNote("x" * (LONGEST_NOTE + 1)))
    assert words("zh-Hant").told(refused.value.args[0]) == "說明共 4001 個字元，郵件中最多 4000 個字元。"
    assert read_edits({}) == Edits()
    with pytest.raises(StoreError):
        read_edits({"drops": 3})


def test_what_is_torn_or_newer_is_told() -> None:
    packed = pack_edition(build_edition(facts([item("a")])))
    with pytest.raises(StoreError, match="backup"):
        unpack_edition(packed[:-9])
    import json
    import zlib

    newer = zlib.compress(json.dumps({**json.loads(zlib.decompress(packed)), "format": 99}).encode())
    with pytest.raises(ResoundError, match="newer Resound"):
        unpack_edition(newer)
    assert unpack_edition(packed).as_of == datetime(2026, 1, 12, 1, tzinfo=UTC)
