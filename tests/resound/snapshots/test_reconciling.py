"""What is different between two snapshots, and why: generated ones, and a store that people work on in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resound.article import Tone
from resound.coding.deciding import decide, take_back
from resound.coverage.coded import Coded
from resound.coverage.comparators import Comparators
from resound.coverage.counting import count, standing
from resound.coverage.model import COLUMNS, DIMENSIONS, ItemFacts
from resound.settings import UI_LANGUAGES
from resound.snapshots.model import FORMAT, Clip, Snapshot
from resound.snapshots.reconciling import ItemChange, Reconciliation, reconcile
from resound.snapshots.taking import take_snapshot
from resound.snapshots.telling import say_field, say_moved
from resound.store import Store, open_store
from resound.store.articles import load_articles, store_article
from resound.store.decisions import all_decisions
from resound.store.grouping import load_groupings
from resound.store.matches import record_matches
from resound.words import words
from tests.resound.newsdesk import NOW, OWN, apply, campaign, put, source

LATER = NOW + timedelta(days=30)
DAYS = [date(2014, 10, 2), date(2014, 10, 3), None]


@st.composite
def facts(draw: st.DrawFn, item: str) -> ItemFacts:
    outlet = draw(st.sampled_from("abc"))
    day = draw(st.sampled_from(DAYS))
    return ItemFacts(
        item=item, url=f"https://{outlet}.example/{item}", title=draw(st.sampled_from(["", "One", "Two"])),
        outlet=outlet, outlet_name=outlet.upper(), provisional=draw(st.booleans()),
        group=draw(st.sampled_from(["g", "h"])), group_name="G", country=draw(st.sampled_from(["VN", "TW"])),
        language=draw(st.sampled_from(["zh", "vi"])), tag="vi", medium="online",
        origin=draw(st.sampled_from([None, "original", "paid"])), relation="independent",
        story=draw(st.sampled_from("xyz")), day=day, in_window=None if day is None else draw(st.booleans()),
        window_reason="undated" if day is None else "", review=draw(st.sampled_from(["accepted", "accepted", "unreviewed", "rejected"])),
        still_matches=draw(st.booleans()), prominence=draw(st.sampled_from([None, "title"])), version=item,
    )  # fmt: skip


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    items = draw(st.lists(st.sampled_from([f"i{n}" for n in range(8)]), unique=True, max_size=8))
    clips = []
    for item in items:
        found = draw(facts(item))
        tone: Tone | None = draw(st.sampled_from([None, "positive"]))
        twins = draw(st.sampled_from([(), ("i0",), ("i7",), ("t",)]))
        kind = standing(found).kind
        clip = Clip(int(kind == "counted"), found, kind, None, NOW, coded=Coded(tone=tone), twins=twins)
        clips.append(replace(clip, versions=draw(st.integers(1, 2))))
    return Snapshot(
        FORMAT, "Resound", "analysis", NOW, campaign(), (1, "f"), {}, tuple(clips), (), (), {}, {}, None, {}
    )


def content(found: Reconciliation) -> list[tuple[str, str]]:
    return [(one.kind, one.clip.facts.item) for one in (*found.added, *found.removed, *found.changed)]


@settings(max_examples=100, deadline=None)
@given(snapshots(), snapshots(), st.randoms())
def test_what_was_there_and_what_came_and_went_is_what_is_there(
    before: Snapshot, after: Snapshot, chance: Any
) -> None:
    found = reconcile(before, after)
    four = [
        count([one.facts for one in some.clips], campaign="c", as_of=NOW, by=DIMENSIONS).counts
        for some in (before, after)
    ]
    for name in COLUMNS:
        flow = found.flows[name]
        assert (flow.before, flow.after) == (getattr(four[0], name), getattr(four[1], name))
        assert flow.before + flow.added - flow.removed == flow.after
        assert min(flow.added, flow.removed) >= 0
    assert found.flows["items"].added == len(found.added)
    assert found.flows["items"].removed == len(found.removed)
    # Every reason is given, nobody is told of twice, and each difference says what it is.
    changes = (*found.added, *found.removed, *found.changed)
    assert all(one.why for one in changes)
    assert len({(one.kind, one.clip.facts.item) for one in changes}) == len(changes)
    assert all(bool(one.moved) == (one.kind == "changed") for one in changes)
    # The order of the clips does not matter.
    shuffled = []
    for some in (before, after):
        clips = list(some.clips)
        chance.shuffle(clips)
        shuffled.append(replace(some, clips=tuple(clips)))
    assert reconcile(*shuffled) == found
    # The other way round, what came went.
    back = reconcile(after, before)
    assert {one.clip.facts.item for one in back.removed} >= {
        one.clip.facts.item for one in found.added if not one.clip.twins
    } - {one.after.facts.item for one in found.changed if one.after is not None}
    for one in found.changed:
        for moved in one.moved:
            for language in UI_LANGUAGES:
                was, now = say_moved(one, moved, words(language))
                assert was != now, moved


@settings(max_examples=30, deadline=None)
@given(snapshots())
def test_nothing_is_different_from_itself(one: Snapshot) -> None:
    found = reconcile(one, replace(one, as_of=LATER))
    assert found.is_empty
    assert found.around == ()
    assert all(flow.added == flow.removed == 0 for flow in found.flows.values())


def test_two_campaigns_are_not_compared() -> None:
    one = Snapshot(FORMAT, "R", "a", NOW, campaign(), (1, "f"), {}, (), (), (), {}, {}, None, {})
    with pytest.raises(ValueError, match="two campaigns"):
        reconcile(one, replace(one, campaign=campaign(id="d")))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    apply(
        opened,
        source("alpha"),
        source("beta", country="TW", owner={"id": "other", "name": "Other"}),
        campaign(),
    )
    yield opened
    opened.close()


def other(number: int) -> str:
    """A text of its own."""
    return " ".join(
        f"Word{number * 1000 + n} of {n * number} stands here and nowhere else{n}." for n in range(60)
    )


class Desk:
    """A store in which people work between two snapshots."""

    def __init__(self, store: Store, evidence: Path) -> None:
        self.store, self.evidence = store, evidence
        self.a, self.b = put(store, "alpha", 1), put(store, "beta", 2, hours=3)
        self.c = put(store, "alpha", 3, OWN, hours=30)
        self.waits = put(store, "beta", 4, other(4), hours=99, suspect="ambiguous")
        self.nobody = put(store, "gamma", 5, other(5), hours=50)
        for key in (self.a, self.b, self.c, self.waits, self.nobody):
            self.say(key, "accept")
        self.before = self.take(NOW)

    def say(self, item: str, kind: Any, value: str | None = None, **more: Any) -> int:
        with self.store.write() as connection:
            return decide(
                connection, item, kind, value=value, campaign="c", why="read", who="Lin", now=LATER, **more
            ).id

    def undo(self, item: str, kind: str) -> None:
        with self.store.write() as connection:
            number = next(one.id for one in all_decisions(connection, article=item) if one.kind == kind)
            take_back(connection, number, why="wrong", who="Chen", now=LATER)

    def take(self, now: datetime) -> Snapshot:
        with self.store.read() as connection:
            return take_snapshot(connection, "c", evidence=self.evidence, comparators=Comparators(), now=now)

    def compare(self) -> Reconciliation:
        return reconcile(self.before, self.take(LATER))


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def told(changes: tuple[ItemChange, ...]) -> dict[str, list[str]]:
    return {one.clip.facts.item: [str(why) for why in one.why] for one in changes}


def moved(changes: tuple[ItemChange, ...]) -> dict[str, list[tuple[str, str, str]]]:
    return {
        one.clip.facts.item: [(each.field, *say_moved(one, each, words("en"))) for each in one.moved]
        for one in changes
    }


def test_found_later_and_decided_later(desk: Desk) -> None:
    late = put(desk.store, "alpha", 9, other(9), hours=200, seen=LATER - timedelta(days=1))
    desk.say(late, "accept")
    desk.say(desk.waits, "date", "2014-10-08")
    apply(desk.store, source("gamma"))
    found = desk.compare()
    assert told(found.added) == {
        late: [
            "It was not known before: first seen on 2026-02-13.",
            "Lin accepted it on 2026-02-14 (read).",
        ],
        desk.waits: ["Lin set its date to 2014-10-08 on 2026-02-14 (read)."],
        desk.nobody: [
            "Its outlet gamma.example was provisional; it is Gamma now, with name, owner and country."
        ],
    }
    assert (found.removed, found.changed) == ((), ())
    flows = {name: (one.before, one.added, one.removed, one.after) for name, one in found.flows.items()}
    assert flows == {
        "items": (3, 3, 0, 6),
        "stories": (2, 3, 0, 5),
        "outlets": (2, 1, 0, 3),
        "groups": (2, 0, 0, 2),
    }
    assert [str(one) for one in found.around] == [
        "A source is watched now that was not: Gamma.",
        "Days of sources really read: 0 of 60 before, 0 of 90 now.",
        "People's decisions that hold now and did not before: 2.",
    ]


def test_rejected_not_earned_taken_back_and_outside(desk: Desk) -> None:
    desk.say(desk.a, "reject")
    desk.say(desk.b, "origin", "release-verbatim")
    desk.undo(desk.c, "accept")
    found = desk.compare()
    assert told(found.removed) == {
        desk.a: ["Lin rejected it on 2026-02-14 (read)."],
        desk.b: ["Lin decided its origin on 2026-02-14: release, word for word (read)."],
        desk.c: ["What a person had decided was taken back; it waits for a person again."],
    }
    assert found.flows["items"].after == 0
    assert {one.after.standing for one in found.removed if one.after is not None} == {
        "rejected",
        "release-verbatim",
        "unreviewed",
    }


def test_the_campaign_itself_was_changed(desk: Desk) -> None:
    narrower = {"first": "2014-10-03", "last": "2014-10-31"}
    other = {"names": [{"id": "team", "forms": {"en": ["nobody at all"]}}]}
    apply(desk.store, campaign(window=narrower, **other))
    match_anew(desk.store, desk.c, is_matched=False)
    found = desk.compare()
    window = "The campaign's window was changed from 2014-10-02 – 2014-10-31 to 2014-10-03 – 2014-10-31 (version 1 → 2)."
    assert told(found.removed) == {desk.a: [window], desk.b: [window]}
    assert moved(found.changed) == {
        desk.c: [("prominence", "body text", "not named"), ("matches", "yes", "no")]
    }
    assert told(found.changed)[desk.c][1:] == [
        "The campaign no longer matches it since its definition was changed (version 1 → 2).",
        "It stays counted, because a person accepted it.",
    ]
    assert "The campaign's definition was changed: version 1 → 2." in map(str, found.around)
    assert next((one.kind, str(one.field[0])) for one in found.definition) == ("changed", "Window")


def match_anew(store: Store, key: str, *, is_matched: bool) -> None:
    with store.write() as connection:
        stored = load_articles(connection, [key])[key]
        found: Any = {"c": ("title", {})} if is_matched else {}
        record_matches(connection, key, stored.version, tried={"c": "g"}, found=found, now=LATER)


def test_what_is_told_otherwise_of_a_counted_item(desk: Desk) -> None:
    with desk.store.write() as connection:
        stored = load_articles(connection, [desk.a])[desk.a]
        store_article(connection, replace(stored.article, title="=A new one"), stored.placement, seen=LATER)
    desk.say(desk.a, "tone", "negative", basis="original")
    desk.say(desk.a, "origin", "agency-pick-up")
    desk.say(desk.a, "prominence", "headline")
    desk.say(desk.c, "outlet", "beta")
    apply(desk.store, source("alpha", country="SG", owner={"id": "buyer", "name": "Buyer"}))
    found = desk.compare()
    assert (found.added, found.removed) == ((), ())
    assert moved(found.changed) == {
        desk.a: [
            ("title", "Title 1", "=A new one"),
            ("group", "Group", "Buyer"),
            ("country", "Vietnam", "Singapore"),
            ("origin", "not coded yet, taken as earned", "agency pick-up"),
            ("prominence", "body text", "headline"),
            ("tone", "nobody has decided yet", "negative"),
        ],
        desk.c: [
            ("outlet", "Alpha", "Beta"),
            ("group", "Group", "Other"),
            ("country", "Vietnam", "Taiwan"),
        ],
    }
    assert told(found.changed) == {
        desk.a: [
            "Its page was edited (wordings known: 1 → 2).",
            "The definition of Alpha was changed.",
            "Lin decided its origin on 2026-02-14: agency pick-up (read).",
            "Lin said on 2026-02-14 where the campaign is named (read).",
            "Lin coded its tone on 2026-02-14 (read).",
        ],
        desk.c: ["Lin said on 2026-02-14 that Beta published it (read)."],
    }
    flow = found.flows["groups"]
    assert (flow.before, flow.added, flow.removed, flow.after) == (2, 1, 1, 2)


def test_an_outlet_that_is_called_otherwise(desk: Desk) -> None:
    """Its name is printed in every row; in which language it changed does not matter."""
    apply(desk.store, source("alpha", names={"en": "Alpha", "vi": "An Pha"}))
    found = desk.compare()
    assert not found.is_empty
    assert moved(found.changed) == {
        key: [("outlet-name", "none in this language", "An Pha")] for key in (desk.a, desk.c)
    }
    assert told(found.changed) == {key: ["The definition of Alpha was changed."] for key in (desk.a, desk.c)}


def test_a_group_that_is_called_otherwise(desk: Desk) -> None:
    apply(desk.store, source("alpha", owner={"id": "group", "name": "New name"}))
    assert all(said == [("group", "Group", "New name")] for said in moved(desk.compare().changed).values())


def test_stories_merged_and_parted(desk: Desk) -> None:
    desk.say(desk.c, "merge", desk.a)
    found = desk.compare()
    assert moved(found.changed) == {desk.c: [("story", "a story of its own", "with 2 others: “Title 1”")]}
    assert told(found.changed) == {desk.c: ["Lin merged it into another story on 2026-02-14 (read)."]}
    assert found.flows["stories"].removed == 1
    desk.undo(desk.c, "merge")
    desk.say(desk.b, "split")
    found = desk.compare()
    assert told(found.changed) == {desk.b: ["Lin parted it from its story on 2026-02-14 (read)."]}
    assert moved(found.changed) == {desk.b: [("story", "with 1 other: “Title 1”", "a story of its own")]}
    assert (found.flows["stories"].added, found.flows["stories"].after) == (1, 3)


def test_another_address_stands_for_the_same_publication(desk: Desk) -> None:
    earlier = put(
        desk.store, "alpha", 7, hours=-1
    )  # of the day before, in UTC; the same text, three hours apart
    with desk.store.read() as connection:
        assert load_groupings(connection, [desk.a])[desk.a].item == earlier
    found = desk.compare()
    assert (found.added, found.removed) == ((), ())
    assert [one.field for one in found.changed[0].moved][:2] == ["address", "title"]
    assert told(found.changed)[earlier][0] == ("Another address of the same publication stands for it now.")


def test_an_item_that_is_one_with_another_now(store: Store, tmp_path: Path) -> None:
    apply(store, campaign())
    a, b = (
        put(store, "alpha", 1),
        put(store, "alpha", 2, hours=30),
    )  # a day apart: a re-run, an item of its own
    desk_like = Desk.__new__(Desk)
    desk_like.store, desk_like.evidence = store, tmp_path
    for key in (a, b):
        desk_like.say(key, "accept")
    desk_like.before = desk_like.take(NOW)
    desk_like.say(b, "date", "2014-10-02")
    found = desk_like.compare()
    assert told(found.removed) == {a: ["It is one item with “Title 2” now."]}
    back = reconcile(desk_like.take(LATER), desk_like.before)
    assert told(back.added)[a][0] == "It was one item with “Title 2” before."


def test_the_same_publication_under_another_id_that_was_not_counted(desk: Desk) -> None:
    desk.undo(desk.c, "accept")
    desk.before = desk.take(NOW)
    earlier = put(desk.store, "alpha", 8, OWN, hours=28)
    desk.say(earlier, "accept")
    found = desk.compare()
    address = "Another address of the same publication stands for it now."
    assert told(found.added) == {earlier: [address, "Lin accepted it on 2026-02-14 (read)."]}
    back = reconcile(desk.take(LATER), desk.before)
    assert told(back.removed)[earlier][0] == address


def test_in_three_languages(desk: Desk) -> None:
    desk.say(desk.a, "reject")
    desk.say(desk.b, "tone", "positive", basis="original")
    found = desk.compare()
    spoken = {
        language: (
            words(language).told(found.removed[0].why[0]),
            say_field("tone", words(language)),
            *say_moved(found.changed[0], found.changed[0].moved[0], words(language)),
        )
        for language in UI_LANGUAGES
    }
    assert spoken["en"] == (
        "Lin rejected it on 14 Feb 2026 (read).",
        "Tone",
        "nobody has decided yet",
        "positive",
    )
    assert spoken["zh-Hant"][0].startswith("Lin 於 2026年2月14日")
    assert spoken["vi"][0].startswith("Lin ")
    assert len({one[0] for one in spoken.values()}) == len({one[1] for one in spoken.values()}) == 3


def test_a_day_that_is_another_one_by_the_outlets_new_zone(desk: Desk) -> None:
    apply(desk.store, source("alpha", timezone="Pacific/Pago_Pago"))
    found = desk.compare()
    days = {item: [one[0] for one in some] for item, some in moved(found.changed).items()}
    every = told((*found.changed, *found.removed))
    assert days == {desk.c: ["day"]}
    assert every[desk.c] == ["The definition of Alpha was changed."]
