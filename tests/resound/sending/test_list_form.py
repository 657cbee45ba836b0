"""A mailing list as people fill it in, and many readers as people paste them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from resound.definitions.form import FormError
from resound.errors import ResoundError
from resound.sending.inviting import MOST, Line, invite_people, read_people
from resound.sending.list_form import empty_list_form, fill_list_form, read_list_form, state_of
from resound.sending.subscribing import end, subscribe
from resound.sending.weeks import WeeklyTime, next_cut_off
from resound.store import Store, open_store
from resound.store.lists import (
    MailingList,
    Subscription,
    add_list,
    change_list,
    find_list,
    list_subscriptions,
)

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)  # a Thursday
PLAN = WeeklyTime(5, "17:30", "Asia/Ho_Chi_Minh")
LIST = MailingList("managers", "blue-drop", "Managers", PLAN, False, approvers=("lin@cpc.example",))


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    with opened.write() as connection:
        add_list(connection, LIST, now=NOW)
    yield opened
    opened.close()


def test_a_list_goes_into_a_form_and_back() -> None:
    assert read_list_form(fill_list_form(LIST).fields, of=LIST) == LIST
    again = read_list_form(fill_list_form(LIST).fields, campaigns=["blue-drop"])
    assert again == LIST


def test_a_new_one_gets_an_id_of_its_own() -> None:
    fields = {**empty_list_form("blue-drop").fields, "name": "Managers"}
    made = read_list_form(fields, campaigns=["blue-drop"], taken=["managers"])
    assert (made.id, made.plan, made.is_automatic) == (
        "managers-2",
        WeeklyTime(1, "08:00", "Asia/Taipei"),
        False,
    )
    chinese = read_list_form({**fields, "name": "河內主管"}, campaigns=["blue-drop"])
    assert chinese.id == "blue-drop"


def test_a_change_keeps_what_the_form_does_not_say() -> None:
    old = MailingList("managers", "blue-drop", "Managers", PLAN, False, False, NOW)
    fields = {
        **fill_list_form(old).fields,
        "name": "  New \n name ",
        "campaign": "other",
        "id": "other",
        "time": "06:15:00",
    }
    made = read_list_form(fields, of=old)
    assert (made.id, made.campaign, made.is_active, made.since) == ("managers", "blue-drop", False, NOW)
    assert (made.name, made.plan.time) == ("New name", "06:15")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " \t "),
        ("name", "x" * 201),
        ("name", "a\u202eb"),
        ("campaign", "other"),
        ("id", "Managers!"),
        ("id", "taken"),
        ("weekday", "8"),
        ("weekday", "²"),
        ("time", "24:00"),
        ("zone", "Asia/Nowhere"),
        ("zone", "../../etc/passwd"),
        ("sending", "perhaps"),
        ("approvers", "lin@cpc.example\nno address"),
        ("approvers", "\n".join(f"p{number}@cpc.example" for number in range(21))),
    ],
)
def test_what_is_wrong_stands_at_its_field(field: str, value: str) -> None:
    fields = {**fill_list_form(LIST).fields, field: value}
    with pytest.raises(FormError) as caught:
        read_list_form(fields, campaigns=["blue-drop"], taken=["taken"])
    assert list(caught.value.form.problems) == [field]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(FormError) as caught:
        read_list_form({})
    assert set(caught.value.form.problems) == {"name", "campaign", "weekday", "time", "zone", "sending"}


def test_a_change_is_stored_and_seen(store: Store) -> None:
    changed = read_list_form(
        {**fill_list_form(LIST).fields, "name": "Heads", "sending": "automatic"}, of=LIST
    )
    with store.write() as connection:
        change_list(connection, changed)
        found = find_list(connection, "managers")
    assert found is not None
    assert (found.name, found.is_automatic, found.since) == ("Heads", True, NOW)
    assert state_of(found) != state_of(LIST)


def test_the_next_issue() -> None:
    friday = datetime(2026, 1, 16, 10, 30, tzinfo=UTC)
    assert next_cut_off(PLAN, now=NOW, since=NOW) == friday
    week = datetime(2026, 1, 23, 10, 30, tzinfo=UTC)
    assert next_cut_off(PLAN, now=NOW, since=NOW, made=["2026-W03"]) == week
    assert next_cut_off(PLAN, now=friday, since=NOW) == friday, "due in this moment"
    assert next_cut_off(PLAN, now=friday, since=NOW, made=["2026-W03"]) == week
    late = datetime(2026, 1, 18, tzinfo=UTC)
    assert next_cut_off(PLAN, now=late, since=NOW) == late, "nothing has made it yet"
    assert next_cut_off(PLAN, now=late, since=None) == week, "it went on after its cut-off"


def test_lines_as_people_paste_them() -> None:
    text = (
        "lin@cpc.example\n\n"
        '林志清 <lin@cpc.example>, zh-Hant\r\n"Nguyễn Thị Mỹ"\tmy@cpc.example\tTiếng Việt\n'
        "b@cpc.example;EN;Bea\n nobody \n,,,\n"
    )
    assert read_people(text) == [
        Line(1, "lin@cpc.example", "lin@cpc.example", "", None),
        Line(3, "林志清 <lin@cpc.example>, zh-Hant", "lin@cpc.example", "林志清", "zh-Hant"),
        Line(4, '"Nguyễn Thị Mỹ"\tmy@cpc.example\tTiếng Việt', "my@cpc.example", "Nguyễn Thị Mỹ", "vi"),
        Line(5, "b@cpc.example;EN;Bea", "b@cpc.example", "Bea", "en"),
        Line(6, "nobody", "nobody", "", None),
    ]


def invite(store: Store, text: str, consent: str = "") -> tuple[list[tuple[str, str]], list[Subscription]]:
    asked: list[Subscription] = []
    with store.write() as connection:
        done = invite_people(
            connection,
            "managers",
            read_people(text),
            language="vi",
            consent=consent,
            ask=asked.append,
            who="lin",
            now=NOW,
        )
    return [(one.line.address, one.state) for one in done], asked


def test_each_line_is_reported_and_one_that_is_wrong_stops_no_other(store: Store) -> None:
    with store.write() as connection:
        for address in ("reads@cpc.example", "left@cpc.example"):
            made = subscribe(
                connection, "managers", address, language="en", who="t", why="t", is_confirmed=True, now=NOW
            )
        end(connection, made, "unsubscribed", who="", now=NOW)
    text = "reads@cpc.example\nleft@cpc.example\nno address\nnew@cpc.example,en\nNEW@cpc.example\nother@cpc.example"
    told, asked = invite(store, text, consent="signed a form")
    assert told == [
        ("reads@cpc.example", "already"),
        ("left@cpc.example", "refused"),
        ("no address", "refused"),
        ("new@cpc.example", "added"),
        ("NEW@cpc.example", "already"),
        ("other@cpc.example", "added"),
    ]
    assert asked == []
    with store.read() as connection:
        readers = {one.address: one for one in list_subscriptions(connection, "managers", only_read=True)}
    assert set(readers) == {"reads@cpc.example", "new@cpc.example", "other@cpc.example"}
    assert (readers["new@cpc.example"].language, readers["other@cpc.example"].language) == ("en", "vi")
    assert (readers["new@cpc.example"].who, readers["new@cpc.example"].why) == ("lin", "signed a form")


def test_without_known_consent_everybody_is_asked(store: Store) -> None:
    told, asked = invite(store, "a@cpc.example\nb@cpc.example")
    assert told == [("a@cpc.example", "asked"), ("b@cpc.example", "asked")]
    assert [one.address for one in asked] == ["a@cpc.example", "b@cpc.example"]
    with store.read() as connection:
        assert list_subscriptions(connection, "managers", only_read=True) == []


def test_not_without_end(store: Store) -> None:
    with pytest.raises(ResoundError, match="1000 lines"):
        invite(store, "\n".join(f"p{number}@cpc.example" for number in range(MOST + 1)))
    with store.read() as connection:
        assert list_subscriptions(connection, "managers") == []
