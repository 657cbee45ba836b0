"""What waits for a coder, in which order, and what a second coder is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.coding.deciding import decide
from resound.coding.review import ASKED, Entry, Queue, Reviews, load_review, review_queue, second_queue
from resound.coverage.coded import Coded, Said
from resound.coverage.counting import Origin, standing
from resound.coverage.model import ItemFacts, Review
from resound.store import Store, open_store
from resound.store.enrichments import MadeBy
from resound.store.links import StoredLink, set_links
from tests.resound.coverage.test_coded import item
from tests.resound.newsdesk import NOW, OWN, apply, campaign, put, source


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    apply(opened, campaign(), source("alpha"), source("beta"), source("foundation", relation="owned"))
    yield opened
    opened.close()


def text(number: int) -> str:
    return " ".join(f"{word}{number}" for word in OWN.split())


def queue(store: Store, who: str | None = None) -> Queue:
    """The coder's, or (`who`) what this second coder is given."""
    with store.read() as connection:
        return load_review(connection, "c", who=who or "Lin", is_second=who is not None).queue


def say(store: Store, key: str, kind: Any, value: str | None = None, who: str = "Lin", **more: Any) -> None:
    with store.write() as connection:
        decide(connection, key, kind, value=value, campaign="c", why="read", who=who, now=NOW, **more)


def asked(found: Queue) -> list[tuple[str, str]]:
    return [(one.asked, one.item) for one in found.entries]


def test_what_waits_is_asked_in_its_order_newest_first(store: Store) -> None:
    old, new = (put(store, "alpha", number, text(number), hours=number * 24) for number in (1, 2))
    nameless = [put(store, "nobody", number, text(number), hours=number * 24) for number in (3, 4)]
    owned, undated = (
        put(store, "foundation", 5, text(5)),
        put(store, "beta", 6, text(6), suspect="future"),
    )
    for key in (*nameless, owned, undated):
        say(store, key, "accept")
    coded = put(store, "beta", 7, text(7))
    say(store, coded, "accept")
    with store.write() as connection:
        made = MadeBy("m", "r", "e", "", NOW)
        set_links(
            connection,
            coded,
            [StoredLink(*sorted((coded, new)), "alike", 0.8, {}, False, made)],  # type: ignore[arg-type]
        )
    found = queue(store)
    assert asked(found)[:2] == [("unreviewed", new), ("unreviewed", old)]
    assert ("provisional", nameless[1]) in asked(found)
    provisional = found.of_item(nameless[1])
    assert provisional is not None
    assert provisional.others == (nameless[0],)
    uncoded = found.of_item(coded)
    assert uncoded is not None
    assert (uncoded.asked, uncoded.lacks) == ("uncoded", ("tone", "origin"))
    assert ("waits-for-date", undated) in asked(found)
    assert owned not in {one.item for one in found.entries}
    merge = found.entries[-1]
    assert (merge.asked, {merge.item, *merge.others}) == ("merge", {coded, new})
    assert merge.proposal is not None
    assert merge.proposal.score == 0.8
    assert list(found.counts) == [name for name in ASKED if name in found.counts]
    assert sum(found.counts.values()) == len(found.entries)


def test_a_decision_takes_its_question_off_the_queue(store: Store) -> None:
    key = put(store, "alpha", 1, text(1))
    steps: list[tuple[str, str | None, dict[str, Any], list[str]]] = [
        ("accept", None, {}, ["uncoded"]),
        ("tone", "positive", {"basis": "original"}, ["uncoded"]),
        ("origin", "original", {}, []),
        ("reject", None, {}, []),
        ("accept", None, {}, []),
    ]
    assert asked(queue(store)) == [("unreviewed", key)]
    for kind, value, more, left in steps:
        say(store, key, kind, value, **more)
        assert [one.asked for one in queue(store).entries] == left


def test_what_is_kept_is_never_older_than_the_store(store: Store) -> None:
    kept = Reviews()

    def now_asked(**more: Any) -> list[tuple[str, str]]:
        with store.read() as connection:
            found = kept.get(connection, "c", who="Chen", **more).queue
            assert found == load_review(connection, "c", who="Chen", **more).queue
        return asked(found)

    assert now_asked() == []
    key = put(store, "alpha", 1, text(1))
    assert now_asked() == [("unreviewed", key)]
    say(store, key, "accept")
    say(store, key, "tone", "positive", basis="original")
    assert now_asked() == [("uncoded", key)]
    assert now_asked(is_second=True) == [("second", key)]
    apply(store, campaign(window={"first": "2015-01-01", "last": "2015-12-31"}))
    assert now_asked() == []


def test_going_through_the_queue(store: Store) -> None:
    keys = [put(store, "alpha", number, text(number), hours=number * 24) for number in (3, 2, 1)]
    found = queue(store)
    first = found.next_item()
    assert first is not None
    assert (first.item, found.position(first)) == (keys[0], 1)
    second = found.next_item(first)
    assert second is not None
    assert second.item == keys[1]
    assert (found.before(second), found.before(first)) == (first, None)
    assert (found.after(first), found.after(found.entries[-1])) == (second, None)
    assert found.next_item(found.entries[-1]) is None
    assert found.find(second.key) == second
    assert found.find("unreviewed.gone") is None
    assert Queue(()).next_item() is None


def test_every_question_of_an_item_is_passed_one_after_the_other() -> None:
    asked = [("a", "b"), ("a", "c"), ("d", "e")]
    entries = [
        Entry("merge", item, item, "en", "Alpha", date(2014, 10, 2), others=(other,)) for item, other in asked
    ]
    found = Queue(tuple(entries))
    assert [found.after(one) for one in entries] == [entries[1], entries[2], None]
    assert [found.before(one) for one in entries] == [None, entries[0], entries[1]]
    assert found.next_item(entries[0]) == entries[2], "after a decision an item may be left"


def test_a_second_coder_gets_what_another_coded_and_nobody_twice(store: Store) -> None:
    keys = [put(store, "alpha", number, text(number), hours=number) for number in (1, 2, 3)]
    for key in keys:
        say(store, key, "accept")
        say(store, key, "tone", "positive", basis="original")
    say(store, keys[0], "prominence", "lead")
    assert queue(store, "Lin").entries == ()
    found = queue(store, "Chen")
    assert {one.item: one.lacks for one in found.entries} == {
        keys[0]: ("tone", "prominence"), keys[1]: ("tone",), keys[2]: ("tone",),
    }  # fmt: skip
    say(store, keys[0], "tone", "neutral", who="Chen", basis="original", is_second=True)
    say(store, keys[1], "tone", "neutral", who="Wu", basis="original", is_second=True)
    found = queue(store, "Chen")
    assert {one.item: one.lacks for one in found.entries} == {keys[0]: ("prominence",), keys[2]: ("tone",)}
    with store.read() as connection:
        review = load_review(connection, "c", who="Chen")
    assert (review.agreement["tone"].units, review.agreement["tone"].agreed, review.second) == (2, 0, 2)


facts = st.builds(
    lambda number, review, origin, provisional, inside, still: (
        number, review, origin, provisional, inside, still,
    ),
    st.integers(0, 40),
    st.sampled_from(get_args(Review)),
    st.sampled_from([None, *get_args(Origin)]),
    st.booleans(),
    st.sampled_from([True, False, None]),
    st.booleans(),
)  # fmt: skip


@given(st.lists(facts, max_size=15, unique_by=lambda one: one[0]), st.data())
def test_each_item_that_waits_is_asked_about_once(rows: list[tuple[Any, ...]], data: st.DataObject) -> None:
    from dataclasses import replace

    items: dict[str, ItemFacts] = {}
    for number, review, origin, provisional, inside, still in rows:
        one = replace(
            item(number, "title"), review=review, origin=origin, provisional=provisional, in_window=inside,
            still_matches=still, outlet=f"o{number % 3}",
        )  # fmt: skip
        items[one.item] = one
    placed = {key: (one, standing(one)) for key, one in items.items()}
    coded = {
        key: Coded(tone=data.draw(st.sampled_from([None, "positive"])), codings={"tone": said})
        for key in items
        for said in [data.draw(st.sampled_from([(), (Said("Lin", "positive", 1),)]))]
    }
    found = review_queue(placed, coded, {})
    covered = [key for one in found.entries for key in (one.item, *one.others)]
    assert len(covered) == len(set(covered))
    waiting = {
        key
        for key, (one, place) in placed.items()
        if place.kind in ("unreviewed", "waits-for-date", "provisional")
        or (place.kind == "counted" and (one.origin is None or coded[key].tone is None))
    }
    assert set(covered) == waiting
    order = [ASKED.index(one.asked) for one in found.entries]
    assert order == sorted(order)
    assert all(found.find(one.key) == one for one in found.entries)
    second = second_queue("c", items, coded, "Chen")
    assert {one.item for one in second.entries} == {
        key for key, (one, _) in placed.items() if one.review == "accepted" and coded[key].codings["tone"]
    }
