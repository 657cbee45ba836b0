"""What is counted: every item has one standing, and no table says more than there is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.article import Language, Medium, Origin
from resound.coverage.counting import count, count_four, standing
from resound.coverage.model import COLUMNS, DIMENSIONS, STANDINGS, FourCounts, ItemFacts, Lead, Watch
from resound.errors import ResoundError

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)

ITEM = ItemFacts(
    item="1",
    url="https://a.example/1",
    title="A workshop",
    outlet="a",
    outlet_name="A News",
    provisional=False,
    group="g",
    group_name="G Group",
    country="VN",
    language="en",
    tag="en",
    medium="online",
    origin=None,
    relation="independent",
    story="s",
    day=date(2014, 10, 2),
    in_window=True,
    window_reason="",
    review="accepted",
    still_matches=True,
)

# An outlet has one name, group and country; items differ in everything else.
OUTLETS = [(f"o{n}", f"Outlet {n}", f"g{n // 2}", ("TW", "VN")[n % 2], n == 5) for n in range(6)]


@st.composite
def drawn_items(draw: st.DrawFn) -> list[ItemFacts]:
    found = []
    for number in range(draw(st.integers(0, 12))):
        outlet, name, group, country, provisional = draw(st.sampled_from(OUTLETS))
        day = draw(st.sampled_from([None, date(2014, 9, 30), date(2014, 10, 1), date(2014, 10, 2)]))
        found.append(
            replace(
                ITEM,
                item=f"{number:016x}",
                url=f"https://{outlet}.example/{number}",
                outlet=outlet,
                outlet_name=name,
                group=group,
                group_name=group.upper(),
                country=country,
                provisional=provisional,
                language=draw(st.sampled_from(get_args(Language))),
                medium=draw(st.sampled_from(get_args(Medium))),
                origin=draw(st.sampled_from([None, None, *get_args(Origin)])),
                relation=draw(st.sampled_from(["independent", "independent", "owned", "partner", "paid"])),
                story=f"s{draw(st.integers(0, 4))}",
                day=day,
                in_window=None if day is None else draw(st.sampled_from([True, True, False, None])),
                review=draw(st.sampled_from(["accepted", "accepted", "rejected", "unreviewed"])),
                still_matches=draw(st.booleans()),
                re_run=draw(st.booleans()),
            )
        )
    return found


@given(drawn_items(), st.randoms())
def test_the_order_of_the_items_does_not_matter(items: list[ItemFacts], chance: st.DataObject) -> None:
    mixed = list(items)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    first = count(items, campaign="c", as_of=NOW).to_json()
    assert count(mixed, campaign="c", as_of=NOW).to_json() == first


@given(drawn_items())
def test_every_item_has_exactly_one_standing(items: list[ItemFacts]) -> None:
    figures = count(items, campaign="c", as_of=NOW)
    listed = [one for kind in STANDINGS for one in figures.lists[kind]]
    assert sorted(listed) == sorted(one.item for one in items)
    assert figures.counts.items == len(figures.lists["counted"])
    assert sum(figures.beside[kind] for kind in STANDINGS if kind != "counted") + figures.counts.items == len(
        items
    )


@given(drawn_items())
def test_items_add_up_and_the_rest_is_never_more_than_its_rows(items: list[ItemFacts]) -> None:
    figures = count(items, campaign="c", as_of=NOW)
    for table in figures.tables.values():
        assert table.total == figures.counts
        assert sorted(one for row in table.rows for one in row.members) == sorted(figures.lists["counted"])
        for column in COLUMNS:
            numbers = [getattr(row.counts, column) for row in table.rows]
            total = getattr(table.total, column)
            assert max(numbers, default=0) <= total <= sum(numbers)
            if sum(numbers) != total:
                assert column in table.do_not_add
        assert "items" not in table.do_not_add
        assert [row.counts.items for row in table.rows] == [len(row.members) for row in table.rows]


@given(drawn_items())
def test_what_stands_beside_is_never_added(items: list[ItemFacts]) -> None:
    """Taking away everything that is not counted changes no count; only accepted earned items of named outlets count."""
    figures = count(items, campaign="c", as_of=NOW)
    counted = [one for one in items if one.item in set(figures.lists["counted"])]
    alone = count(counted, campaign="c", as_of=NOW)
    assert alone.counts == figures.counts == count_four(counted)
    assert alone.to_json()["by"] == figures.to_json()["by"]
    for one in counted:
        assert one.review == "accepted"
        assert one.in_window is True
        assert not one.provisional
        assert one.origin in (None, "original", "agency-pick-up")
        if one.origin is None:
            assert one.relation == "independent"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "counted"),
        ({"origin": "agency-pick-up", "relation": "owned"}, "counted"),  # a person's word is the stronger
        ({"still_matches": False}, "counted"),
        ({"review": "rejected", "in_window": None}, "rejected"),
        ({"review": "unreviewed"}, "unreviewed"),
        ({"review": "unreviewed", "in_window": None}, "unreviewed"),
        ({"review": "unreviewed", "still_matches": False}, "not-matched"),
        ({"in_window": False, "origin": "owned"}, "outside-window"),
        ({"in_window": None, "window_reason": "undated", "day": None}, "waits-for-date"),
        ({"relation": "partner"}, "owned"),
        ({"relation": "paid"}, "paid"),
        ({"origin": "release-verbatim"}, "release-verbatim"),
        ({"origin": "paid", "provisional": True}, "paid"),
        ({"provisional": True}, "provisional"),
    ],
)
def test_standings(changes: dict[str, object], kind: str) -> None:
    found = standing(replace(ITEM, **changes))  # type: ignore[arg-type]
    assert found.kind == kind
    assert found.why.endswith(".")


def test_a_re_run_is_an_item_of_the_same_story() -> None:
    again = replace(ITEM, item="2", url="https://a.example/2", re_run=True, day=date(2014, 11, 3))
    assert count([ITEM, again], campaign="c", as_of=NOW).counts == FourCounts(
        items=2, stories=1, outlets=1, groups=1
    )


def test_editions_are_one_outlet_and_the_column_says_do_not_add() -> None:
    zh = replace(ITEM, item="2", url="https://a.example/2", language="zh", tag="zh-Hant")
    figures = count([ITEM, zh], campaign="c", as_of=NOW)
    assert figures.counts == FourCounts(items=2, stories=1, outlets=1, groups=1)
    table = figures.tables["language"]
    assert {row.value: row.counts.outlets for row in table.rows} == {"zh": 1, "en": 1, "vi": 0, "other": 0}
    assert set(table.do_not_add) == {"stories", "outlets", "groups"}


def test_gaps_make_the_rows_that_rest_on_them_lower_bounds() -> None:
    gap = Watch("a", "A News", "VN", "g", "online", ("en",), 3, 5, ((date(2014, 10, 4), date(2014, 10, 5)),))
    whole = Watch("b", "B", "TW", "h", "print", ("zh",), 5, 5)
    other = replace(
        ITEM, item="2", outlet="b", outlet_name="B", group="h", country="TW", language="zh", medium="print"
    )
    figures = count([ITEM, other], campaign="c", as_of=NOW, watch=[whole, gap])
    assert figures.at_least
    marked = {
        name: {row.value for row in table.rows if row.at_least} for name, table in figures.tables.items()
    }
    assert marked == {
        "language": {"en"},
        "outlet": {"a"},
        "country": {"VN"},
        "medium": {"online"},
        "origin": {"not-coded"},
        "group": {"g"},
        "month": {"2014-10"},
    }
    assert any("1 of 2 sources" in note for note in figures.notes)
    assert not count([other], campaign="c", as_of=NOW, watch=[whole]).at_least


def test_a_row_rests_on_the_reading_of_its_own_items_outlets() -> None:
    gap = Watch("a", "A News", "VN", "g", "online", ("en",), 3, 5, ((date(2014, 10, 4), date(2014, 10, 5)),))
    whole = Watch("b", "B", "TW", "h", "print", ("zh",), 5, 5)
    thai = replace(
        ITEM, item="2", language="other", tag="th", country="TH"
    )  # of an outlet that told of English only
    rows = {
        (name, row.value): row.at_least
        for name, table in count([ITEM, thai], campaign="c", as_of=NOW, watch=[whole, gap]).tables.items()
        for row in table.rows
    }
    assert rows["language", "other"]
    assert rows["country", "TH"]
    assert not rows["language", "zh"]


def test_what_no_machine_reads_is_only_known_to_be_at_least_so_much() -> None:
    whole = Watch("a", "A News", "VN", "g", "online", ("en",), 5, 5)
    assert not count([ITEM], campaign="c", as_of=NOW, watch=[whole]).at_least
    aired = replace(ITEM, item="2", medium="tv")
    by_hand = count([ITEM, aired], campaign="c", as_of=NOW, watch=[whole])
    assert by_hand.at_least
    assert {row.value for row in by_hand.tables["medium"].rows if row.at_least} == {"tv"}
    assert any("came by hand" in note for note in by_hand.notes)
    nothing_watched = count([ITEM], campaign="c", as_of=NOW)
    assert nothing_watched.at_least
    assert all(row.at_least for table in nothing_watched.tables.values() for row in table.rows)
    assert any("No source is read by machine" in note for note in nothing_watched.notes)


def test_notes_say_what_a_reader_must_know() -> None:
    gone = replace(ITEM, item="2", still_matches=False)
    figures = count(
        [ITEM, gone],
        campaign="c",
        as_of=NOW,
        review="auto",
        leads=[Lead("https://x.example/", "T", "paywall")],
    )
    assert figures.beside["leads"] == 1
    assert figures.beside["no-longer-matching"] == 1
    assert figures.counts.items == 2
    assert len(figures.notes) == 4


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ResoundError, match="language, outlet"):
        count([], campaign="c", as_of=NOW, by=["colour"])
    with pytest.raises(ValueError, match="twice"):
        count([ITEM, ITEM], campaign="c", as_of=NOW)
    assert count([], campaign="c", as_of=NOW, by=["outlet", "outlet"]).tables.keys() == {"outlet"}
    assert set(count([], campaign="c", as_of=NOW).tables) == set(DIMENSIONS)
