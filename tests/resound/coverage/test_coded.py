"""Tables of coding: every counted item stands in each of them exactly once, whatever was said of it."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from resound.coverage.coded import Coded, Said, tabulate_coding
from resound.coverage.model import ItemFacts

MESSAGES = ("m1", "m2", "m3")
carried = st.dictionaries(st.sampled_from(MESSAGES), st.sampled_from(["confirmed", "proposed", "refused"]))
codings = st.lists(
    st.tuples(st.sampled_from(["Lin", "Chen"]), st.sampled_from(["positive", "neutral", "negative"])),
    max_size=2,
).map(lambda pairs: tuple(Said(who, value, at + 1) for at, (who, value) in enumerate(pairs)))


@st.composite
def coded(draw: st.DrawFn) -> Coded:
    tone = draw(st.sampled_from([None, "positive", "neutral", "negative"]))
    return Coded(
        tone=tone,
        basis=draw(st.sampled_from(["original", "translation"])) if tone else None,
        is_prominence_decided=draw(st.booleans()),
        messages=draw(carried),
        quotes=draw(carried),
        codings={"tone": draw(codings)},
    )


def item(number: int, prominence: str | None) -> ItemFacts:
    return ItemFacts(
        item=f"{number:02}", url=f"https://a.example/{number}", title="T", outlet="a", outlet_name="A",
        provisional=False, group="g", group_name="G", country="TW", language="zh", tag="zh-Hant", medium="online",
        origin=None, relation="independent", story="s", day=date(2014, 10, 2), in_window=True, window_reason="",
        review="accepted", still_matches=True, prominence=prominence,  # type: ignore[arg-type]
    )  # fmt: skip


places = st.lists(st.sampled_from(["title", "lead", "body", "caption", None]), max_size=12)


@given(places, st.data())
def test_every_item_stands_in_every_table_once(places: list[str | None], data: st.DataObject) -> None:
    items = [item(number, place) for number, place in enumerate(places)]
    known = {one.item: data.draw(coded()) for one in items if data.draw(st.booleans())}
    found = tabulate_coding(items, known, messages=MESSAGES, spokespersons=MESSAGES)
    wanted = sorted(one.item for one in items)
    for rows in (found.tone, found.prominence):
        assert sorted(key for row in rows for key in row.members) == wanted  # type: ignore[attr-defined]
        assert all(row.items == len(row.members) for row in rows)  # type: ignore[attr-defined]
    for row in found.tone:
        assert row.original + row.translation == (0 if row.value == "not-coded" else row.items)
    assert all(row.decided <= row.items for row in found.prominence)
    for part in (found.messages, found.spokespersons):
        assert not set(part.confirmed) & set(part.proposed)
        assert set(part.confirmed) == {key for row in part.rows for key in row.confirmed}
        said = [key for row in part.rows for key in (*row.confirmed, *row.proposed)]
        assert set(part.confirmed) | set(part.proposed) == set(said)
        assert (part.share is None) == (not items)
        if part.share is not None and part.share_with_proposed is not None:
            assert 0 <= part.share <= part.share_with_proposed <= 1


@given(places, st.data())
def test_one_person_twice_is_no_second_coder(places: list[str | None], data: st.DataObject) -> None:
    items = [item(number, place) for number, place in enumerate(places)]
    known = {one.item: data.draw(coded()) for one in items}
    found = tabulate_coding(items, known, messages=(), spokespersons=()).agreement["tone"]
    assert found.units == sum(len({said.who for said in one.codings["tone"]}) == 2 for one in known.values())
