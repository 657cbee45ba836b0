"""Late finds and corrections: what was said and what is now always add up, and nothing is said twice or never."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from resound.coverage.model import ItemFacts, StandingKind
from resound.digest.correcting import stated_weeks
from resound.digest.edition import build_edition, of_days
from resound.digest.model import Edition
from tests.resound.digest.week import DAY, FIRST, NOW, WEEK, facts, item

KINDS: tuple[StandingKind, ...] = (
    "counted",
    "counted",
    "counted",
    "rejected",
    "unreviewed",
    "waits-for-date",
    "paid",
)
World = dict[str, tuple[ItemFacts, StandingKind]]
STEPS = st.lists(
    st.lists(
        st.tuples(st.integers(0, 14), st.integers(-10, 34), st.sampled_from([*KINDS, "gone"])), max_size=8
    ),
    min_size=1,
    max_size=5,
)


def change(world: World, step: list[tuple[int, int, str]]) -> None:
    for number, day, kind in step:
        key = f"i{number}"
        if kind == "gone":
            world.pop(key, None)
        else:
            made = item(key, day=None if kind == "waits-for-date" else FIRST + timedelta(days=day))
            world[key] = made, kind  # type: ignore[assignment]


def issue(world: World, number: int, earlier: list[Edition]) -> Edition:
    first = FIRST + number * WEEK
    return build_edition(
        facts(
            [(one, kind) for one, kind in world.values()],
            week=f"2026-W{number + 3:02}",
            first=first,
            earlier=earlier,
            as_of=NOW + number * WEEK,
        )
    )


@given(STEPS)
def test_what_was_said_and_what_changed_is_what_counts_now(steps: list[list[tuple[int, int, str]]]) -> None:
    world: World = {}
    issued: list[Edition] = []
    for number, step in enumerate(steps):
        change(world, step)
        before = stated_weeks(issued)
        made = issue(world, number, issued)
        for one in made.corrections:
            said = before[one.week]
            added, removed = {gain.item for gain in one.added}, {loss.item for loss in one.removed}
            assert one.said == said.counts
            assert removed <= said.items
            assert not added & said.items
            assert one.now.items == one.said.items + len(added) - len(removed)
            assert one.regrouped == (), "no item has another story or outlet here"
            now = {facts.item for facts in of_days(world, one.first, one.last)}
            assert (said.items - removed) | added == now
        corrected = {one.week for one in made.corrections}
        for week, said in before.items():
            now = {facts.item for facts in of_days(world, said.first, said.last)}
            assert week in corrected or now == said.items, "nothing that is wrong stays unsaid"
        known = {key for one in issued for key in (*one.items, *one.late_items)}
        assert not set(made.late_items) & known, "a late find is listed once"
        began = min((one.first for one in issued), default=made.first)
        counted = {
            facts.item
            for facts, kind in world.values()
            if kind == "counted" and facts.day is not None and began <= facts.day <= made.last
        }
        assert counted <= known | set(made.items) | set(made.late_items), (
            "each counted item is told some time"
        )
        issued.append(made)
        again = issue(world, number + 1, issued)
        assert again.corrections == (), "what was corrected is not corrected again"
        assert again.late == ()


def test_late_finds_stand_under_their_week_and_correct_it() -> None:
    one = build_edition(facts([item("a"), item("b")]))
    world = [
        item("a"),
        (item("b"), "rejected"),
        item("late", day=FIRST + DAY, outlet="two"),
        item("decided", day=FIRST + DAY, outlet="three"),
        item("new", day=FIRST + WEEK),
    ]
    two = build_edition(
        facts(
            world,  # type: ignore[arg-type]
            week="2026-W04",
            first=FIRST + WEEK,
            earlier=[one],
            as_of=NOW + WEEK,
            seen={"late": NOW + DAY, "decided": NOW - DAY},
        )
    )
    assert two.items == ("new",)
    (week,) = two.late
    assert (week.week, week.first, [story.id for story in week.stories]) == (
        "2026-W03",
        FIRST,
        ["decided", "late"],
    )
    (fixed,) = two.corrections
    assert (fixed.said.items, fixed.now.items, fixed.said_in) == (2, 3, "2026-W03")
    assert {gain.item: gain.why for gain in fixed.added} == {
        "late": "found-later",
        "decided": "accepted-later",
    }
    assert [(loss.item, loss.why) for loss in fixed.removed] == [("b", "rejected")]


def test_a_date_that_was_corrected_moves_an_item_from_week_to_week() -> None:
    one = build_edition(facts([item("a")]))
    two = build_edition(
        facts([item("a", day=FIRST + WEEK)], week="2026-W04", first=FIRST + WEEK, earlier=[one])
    )
    assert two.items == ("a",)
    assert [(loss.item, loss.why) for loss in two.corrections[0].removed] == [("a", "other-day")]
    three = build_edition(facts([item("a")], week="2026-W05", first=FIRST + 2 * WEEK, earlier=[one, two]))
    assert three.late == (), "it stood in an issue already"
    assert {
        fixed.week: ([(gain.item, gain.why) for gain in fixed.added], len(fixed.removed))
        for fixed in three.corrections
    } == {"2026-W03": ([("a", "other-day")], 0), "2026-W04": ([], 1)}


def test_an_item_that_became_part_of_another_one_is_told_by_its_title() -> None:
    one = build_edition(facts([item("a"), item("b")]))
    two = build_edition(facts([item("a")], week="2026-W04", first=FIRST + WEEK, earlier=[one]))
    assert [(loss.title, loss.why) for loss in two.corrections[0].removed] == [("Title b", "joined")]


def test_a_skipped_week_is_listed_late_without_a_correction() -> None:
    one = build_edition(facts([item("a")]))
    found = [item("a"), item("m", day=FIRST + WEEK + DAY), item("old", day=FIRST - DAY)]
    three = build_edition(facts(found, week="2026-W05", first=FIRST + 2 * WEEK, earlier=[one]))
    (week,) = three.late
    assert (week.week, week.first, week.last) == ("", FIRST + WEEK, FIRST + 2 * WEEK - DAY)
    assert three.corrections == ()
    assert three.beside["older"] == 1, "from before the list's first week"


def test_a_week_whose_issue_waits_is_no_late_find() -> None:
    one = build_edition(facts([item("a")]))
    found = [item("a"), item("m", day=FIRST + WEEK)]
    spans: list[tuple[date, date]] = [(FIRST + WEEK, FIRST + 2 * WEEK - DAY)]
    three = build_edition(facts(found, week="2026-W05", first=FIRST + 2 * WEEK, earlier=[one], pending=spans))
    assert (three.late, three.beside["pending"]) == ((), 1)


def test_a_first_issue_finds_nothing_late() -> None:
    made = build_edition(facts([item("old", day=FIRST - DAY), item("a")]))
    assert (made.late, made.corrections, made.beside["older"]) == ((), (), 1)


def test_what_was_dropped_from_an_issue_is_not_found_late() -> None:
    from resound.digest.model import Drop, Edits

    one = build_edition(facts([item("a")]), Edits(drops=(Drop("item", "a", "lin", "why", NOW),)))
    two = build_edition(facts([item("a")], week="2026-W04", first=FIRST + WEEK, earlier=[one]))
    assert (two.late, two.corrections) == ((), ())


def test_a_story_that_was_merged_corrects_what_was_said_of_it() -> None:
    one = build_edition(facts([item("a"), item("b", outlet="two")]))
    merged = [item("a", story="a"), item("b", story="a", outlet="two")]
    two = build_edition(facts(merged, week="2026-W04", first=FIRST + WEEK, earlier=[one]))
    (fixed,) = two.corrections
    assert (fixed.said.stories, fixed.now.stories, fixed.added, fixed.removed) == (2, 1, (), ())
    three = build_edition(facts(merged, week="2026-W05", first=FIRST + 2 * WEEK, earlier=[one, two]))
    assert three.corrections == (), "once"


def test_the_same_publication_under_an_earlier_address_is_neither_found_late_nor_corrected() -> None:
    one = build_edition(facts([item("a"), item("b")]))
    again = [item("first-address"), item("b")]
    two = build_edition(
        facts(
            again,
            week="2026-W04",
            first=FIRST + WEEK,
            earlier=[one],
            heirs={"a": "first-address"},
        )
    )
    assert (two.late, two.corrections) == ((), ())
    joined = build_edition(
        facts([item("b")], week="2026-W04", first=FIRST + WEEK, earlier=[one], heirs={"a": "b"})
    )
    assert [(loss.item, loss.why) for loss in joined.corrections[0].removed] == [("a", "joined")]


def test_a_later_week_that_was_approved_first_says_it_alone() -> None:
    world = [item("a"), item("late", outlet="two"), item("n", day=FIRST + 2 * WEEK)]
    one = build_edition(facts([item("a")]))
    third = build_edition(facts(world, week="2026-W05", first=FIRST + 2 * WEEK, earlier=[one]))
    assert (third.late_items, len(third.corrections)) == (("late",), 1)
    changed = [*world[:2], (world[2], "rejected")]
    second = build_edition(
        facts(changed, week="2026-W04", first=FIRST + WEEK, earlier=[one, third])  # type: ignore[arg-type]
    )
    assert (second.late, second.corrections) == ((), ()), "said already; a later week is the next issue's"


def test_what_the_changed_items_do_not_explain_was_regrouped() -> None:
    one = build_edition(
        facts([item("a", story="s"), item("b", story="s"), item("c", story="s"), item("d"), item("e")])
    )
    assert (one.counts.items, one.counts.stories) == (5, 3)

    def corrected(*world: object) -> tuple[tuple[int, int], tuple[str, ...]]:
        two = build_edition(facts(world, week="2026-W04", first=FIRST + WEEK, earlier=[one]))  # type: ignore[arg-type]
        (fixed,) = two.corrections
        return (fixed.said.stories, fixed.now.stories), fixed.regrouped

    kept = [item("a", story="s"), item("b", story="s"), item("d")]
    gone = [(item("c", story="s"), "rejected"), (item("e"), "paid")]
    assert corrected(*kept, *gone, item("new")) == ((3, 3), ()), "+1 −1: it adds up"
    parted = [item("a", story="s"), item("b"), item("d")]
    assert corrected(*parted, *gone, item("new")) == ((3, 4), ("stories",))
    assert corrected(*parted, item("e")) == ((3, 4), ("stories",)), "c is part of another, of any story"
    assert corrected(*kept, item("e", outlet="two")) == ((3, 3), ("outlets", "groups"))
    assert corrected(*kept, item("e")) == ((3, 3), ())
