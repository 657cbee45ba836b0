"""What people decided: never changed, never erased, undone by another decision."""

from datetime import date, datetime
from typing import Any

import pytest

from resound.errors import NotFoundError, ResoundError
from resound.store import Store
from resound.store.decisions import (
    Decision,
    DecisionKind,
    add_decision,
    all_decisions,
    last_decision,
    overlays,
    standing_decisions,
    undo_decision,
)


def say(
    store: Store,
    now: datetime,
    kind: DecisionKind,
    article: str = "a",
    value: str | None = None,
    campaign: str | None = None,
) -> Decision:
    if kind in ("accept", "reject"):
        campaign = campaign or "c"
    with store.write() as connection:
        return add_decision(
            connection,
            kind,
            article=article,
            campaign=campaign,
            value=value,
            why="read it",
            who="Lin",
            now=now,
        )


def test_the_latest_word_holds_and_every_word_is_kept(store: Store, now: datetime) -> None:
    for kind in ("accept", "reject", "accept"):
        say(store, now, kind)  # type: ignore[arg-type]
    say(store, now, "origin", value="agency-pick-up")
    say(store, now, "date", value="2014-10-02")
    say(store, now, "accept", campaign="other")
    with store.read() as connection:
        assert [one.kind for one in all_decisions(connection)] == [
            "accept",
            "reject",
            "accept",
            "origin",
            "date",
            "accept",
        ]
        over = overlays(standing_decisions(connection))["a"]
    assert {campaign: one.kind for campaign, one in over.review.items()} == {"c": "accept", "other": "accept"}
    assert over.origin is not None
    assert (over.origin.value, over.day, over.outlet) == ("agency-pick-up", date(2014, 10, 2), None)


def test_the_same_again_adds_nothing(store: Store, now: datetime) -> None:
    first = say(store, now, "accept")
    assert say(store, now, "accept") == first
    merge = say(store, now, "merge", value="b")
    say(store, now, "merge", value="d")
    assert say(store, now, "merge", value="b") == merge
    with store.read() as connection:
        assert len(all_decisions(connection)) == 3


def test_undoing_brings_back_what_held_before(store: Store, now: datetime) -> None:
    say(store, now, "accept")
    rejected = say(store, now, "reject")
    with store.write() as connection:
        undo_decision(connection, rejected.id, why="wrong page", who="Chen", now=now)
        assert overlays(standing_decisions(connection))["a"].review["c"].kind == "accept"
        with pytest.raises(ResoundError, match=r"undone already, by Chen"):
            undo_decision(connection, rejected.id, why="again", who="Lin", now=now)
        undoing = all_decisions(connection)[-1]
        with pytest.raises(ResoundError, match="decide anew"):
            undo_decision(connection, undoing.id, why="no", who="Lin", now=now)
        with pytest.raises(NotFoundError, match="no decision 99"):
            undo_decision(connection, 99, why="no", who="Lin", now=now)
    # Once undone, the same word may be said anew.
    assert say(store, now, "reject").id > rejected.id


def test_what_was_parted_since_is_merged_anew(store: Store, now: datetime) -> None:
    first = say(store, now, "merge", value="b")
    split = say(store, now, "split")
    again = say(store, now, "merge", value="b")
    assert first.id < split.id < again.id
    assert say(store, now, "merge", value="b") == again
    other_side = say(store, now, "split", article="b")
    assert say(store, now, "merge", value="b").id > other_side.id


def test_each_message_and_each_round_is_a_question_of_its_own(store: Store, now: datetime) -> None:
    with store.write() as connection:

        def code(kind: DecisionKind, value: str, **more: Any) -> Decision:
            return add_decision(
                connection,
                kind,
                article="a",
                campaign="c",
                value=value,
                why="w",
                now=now,
                **{"who": "Lin", **more},
            )

        first = code("tone", "positive", basis="original")
        assert code("tone", "positive", basis="original", who="Chen") == first
        reread = code("tone", "positive", basis="translation")
        second = code("tone", "negative", basis="original", who="Chen", is_second=True)
        code("message", "m1")
        refused = code("no-message", "m1")
        m2 = code("message", "m2")
        code("quote", "p1")
        over = overlays(standing_decisions(connection))["a"]
    assert over.word("tone", "c") == reread
    assert over.word("tone", "c", is_second=True) == second
    assert second.round == 2
    assert (over.word("message", "c", "m1"), over.word("message", "c", "m2")) == (refused, m2)
    assert over.word("quote", "c", "p1") is not None
    assert over.word("quote", "other", "p1") is None
    assert over.review == {}


def test_the_last_decision_of_a_person_is_what_they_may_undo(store: Store, now: datetime) -> None:
    accepted = say(store, now, "accept")
    say(store, now, "reject", article="x", campaign="other")
    with store.write() as connection:
        add_decision(connection, "reject", article="z", campaign="c", why="w", who="Chen", now=now)
        assert last_decision(connection, "Lin", "c") == accepted
        undo_decision(connection, accepted.id, why="slip", who="Lin", now=now)
        assert last_decision(connection, "Lin", "c") is None


def test_a_reason_is_needed(store: Store, now: datetime) -> None:
    with store.write() as connection, pytest.raises(ResoundError, match="--why"):
        add_decision(connection, "accept", article="a", campaign="c", why="  ", who="Lin", now=now)


def test_what_was_said_of_a_twin_was_said_of_the_item(store: Store, now: datetime) -> None:
    say(store, now, "accept", article="twin")
    say(store, now, "origin", article="head", value="original")
    with store.read() as connection:
        over = overlays(standing_decisions(connection), {"twin": "head", "head": "head"})
    assert set(over) == {"head"}
    assert over["head"].review["c"].kind == "accept"
    assert over["head"].origin is not None
