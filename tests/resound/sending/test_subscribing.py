"""Who reads a list: asked, confirmed, ended; links that nobody can make up; one issue a week in the store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from resound.errors import ConflictError, NotFoundError, ResoundError
from resound.sending import subscribing
from resound.sending.outbox import send_waiting
from resound.sending.weeks import WeeklyTime
from resound.store import Store, lists, open_store
from resound.store.lists import Issue, MailingList, Subscription
from tests.resound.mailroom import open_mailroom

pytestmark = pytest.mark.slow_on_postgres
NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = WeeklyTime(1, "08:00", "Asia/Taipei")


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    add(opened, "managers")
    yield opened
    opened.close()


def add(store: Store, list_id: str, plan: WeeklyTime = PLAN) -> None:
    with store.write() as connection:
        lists.add_list(connection, MailingList(list_id, "c", list_id.title(), plan, False), now=NOW)


def ask(store: Store, address: str = "Lin@CPC.example", at: datetime = NOW, **more: object) -> Subscription:
    with store.write() as connection:
        return subscribing.subscribe(
            connection,
            "managers",
            address,
            language="zh-Hant",
            who="",
            now=at,
            **more,  # type: ignore[arg-type]
        )


def confirm(store: Store, token: str, at: datetime = NOW) -> Subscription:
    with store.write() as connection:
        return subscribing.confirm(connection, token, now=at)


def unsubscribe(store: Store, token: str, at: datetime = NOW) -> Subscription:
    with store.write() as connection:
        return subscribing.unsubscribe(connection, token, now=at)


def read_by(store: Store) -> list[str]:
    with store.read() as connection:
        return [one.address for one in lists.list_subscriptions(connection, "managers", only_read=True)]


def link(of: Subscription, purpose: subscribing.Purpose) -> str:
    return subscribing.link_token(of, purpose)


def test_it_is_read_once_its_owner_has_confirmed_it(store: Store) -> None:
    asked = ask(store)
    assert (asked.address, asked.is_read, read_by(store)) == ("lin@cpc.example", False, [])
    assert confirm(store, link(asked, "confirm")).is_read
    assert confirm(store, link(asked, "confirm"), NOW + 30 * DAY).is_read, "twice is once"
    assert read_by(store) == ["lin@cpc.example"]
    with pytest.raises(ConflictError, match="reads the list"):
        ask(store, "LIN@cpc.example")
    with store.read() as connection:
        assert lists.count_readers(connection) == {"managers": 1}


def test_one_click_ends_it_and_an_old_mails_link_still_does(store: Store) -> None:
    asked = ask(store)
    old = link(asked, "unsubscribe")
    confirm(store, link(asked, "confirm"))
    gone = unsubscribe(store, old, NOW + DAY)
    assert (gone.ended_by, gone.who, read_by(store)) == ("unsubscribed", "", [])
    assert unsubscribe(store, old, NOW + 2 * DAY) == gone, "twice is once"
    back = ask(store, at=NOW + 3 * DAY)
    confirm(store, link(back, "confirm"), NOW + 3 * DAY)
    assert read_by(store) == ["lin@cpc.example"]
    assert link(back, "unsubscribe") == old
    assert unsubscribe(store, old, NOW + 4 * DAY).ended_by == "unsubscribed"


def test_links_cannot_be_made_up_or_used_for_something_else(store: Store) -> None:
    asked = ask(store)
    good = link(asked, "confirm")
    assert len(good) == 40
    stranger = replace(asked, key="guessed")
    wrong = [
        link(asked, "unsubscribe"), link(stranger, "confirm"), link(replace(asked, id=asked.id + 1), "confirm"),
        good[:-1] + ("A" if good[-1] != "A" else "B"), good[:-4], good + "AAAA", "", "x", "é" * 40, "-" * 40, good.upper(),
    ]  # fmt: skip
    for token in wrong:
        with pytest.raises(NotFoundError, match="not valid"):
            confirm(store, token)
    assert read_by(store) == []


def test_a_confirming_link_runs_out_and_is_for_one_request(store: Store) -> None:
    first = link(ask(store), "confirm")
    with pytest.raises(NotFoundError, match="run out"):
        confirm(store, first, NOW + 15 * DAY)
    second = link(ask(store, at=NOW + 15 * DAY), "confirm")
    with pytest.raises(NotFoundError, match="not valid"):
        confirm(store, first, NOW + 15 * DAY)
    unsubscribe(store, link(ask(store, at=NOW + 15 * DAY), "unsubscribe"), NOW + 16 * DAY)
    with pytest.raises(NotFoundError, match="run out"):
        confirm(store, second, NOW + 16 * DAY)


def test_consent_that_is_known_is_written_down(store: Store) -> None:
    with pytest.raises(ResoundError, match="how their consent is known"):
        ask(store, is_confirmed=True)
    made = ask(store, is_confirmed=True, why="asked for it on the phone")
    assert (made.is_read, made.why) == (True, "asked for it on the phone")


def test_bounces_and_complaints_are_written_down_and_nobody_is_put_back_unasked(store: Store) -> None:
    made = ask(store, is_confirmed=True, why="phone")
    with store.write() as connection:
        bounced = subscribing.end(connection, made, "bounced", who="Chen", why="550 no such user", now=NOW)
        assert (bounced.ended_by, bounced.why, bounced.is_read) == ("bounced", "550 no such user", False)
        assert subscribing.end(connection, bounced, "removed", who="x", now=NOW) == bounced
        complained = subscribing.end(connection, bounced, "complained", who="Chen", now=NOW)
        assert complained.ended_by == "complained"
    with pytest.raises(ResoundError, match="only they can come back"):
        ask(store, is_confirmed=True, why="they surely want it", at=NOW + DAY)
    asked = ask(store, at=NOW + DAY)
    assert asked.ended_by == "complained", "a request alone wipes nothing out"
    assert read_by(store) == []
    assert confirm(store, link(asked, "confirm"), NOW + DAY).ended_by is None
    assert read_by(store) == ["lin@cpc.example"]


def test_who_leaves_while_mail_waits_gets_none(store: Store) -> None:
    from tests.resound.sending.test_outbox import make, posted, queue_mail

    reader = ask(store, is_confirmed=True, why="phone")
    with open_mailroom() as room:
        with store.write() as connection:
            mail = replace(make(reader.address), subscription=reader.id)
            queue_mail(connection, "issue/managers/2026-W03", [mail], server=room.server, now=NOW)
        unsubscribe(store, link(reader, "unsubscribe"))
        assert send_waiting(store, room.server, clock=lambda: NOW).ended == {}
        assert room.accepted == []
    assert posted(store)[reader.address].state == "dropped"


@pytest.mark.parametrize("address", ["nobody", "a@b.example\r\nBcc: c@d.example"])
def test_what_is_no_address_is_refused(store: Store, address: str) -> None:
    with pytest.raises(ResoundError, match="is no mail address"):
        ask(store, address)
    with pytest.raises(NotFoundError, match="no list 'other'"), store.write() as connection:
        subscribing.subscribe(connection, "other", "a@b.example", language="en", who="", now=NOW)


# --- issues ----------------------------------------------------------------------------------------------------------


def open_issues(store: Store, at: datetime) -> list[Issue]:
    with store.write() as connection:
        return lists.open_issues(connection, now=at)


def test_of_two_schedulers_one_makes_the_weeks_issue(store: Store, store_address: str) -> None:
    other = open_store(store_address)
    made: list[Issue] = []
    monday = datetime(2026, 1, 19, 0, 0, tzinfo=UTC)

    def scheduler(mine: Store) -> None:
        made.extend(open_issues(mine, monday))

    threads = [threading.Thread(target=scheduler, args=(one,)) for one in (store, other, store, other)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    other.close()
    (issue,) = made
    assert (issue.week, issue.state, issue.cut_off) == ("2026-W04", "draft", monday)
    assert issue.occasion == "issue/managers/2026-W04"


def test_back_and_forth_in_time_each_week_has_one_issue(store: Store) -> None:
    add(store, "hanoi", WeeklyTime(5, "17:00", "Asia/Ho_Chi_Minh"))
    for hours in (0, 24 * 7, 24 * 3, 24 * 8, -24 * 30, 24 * 15, 24 * 8, 24 * 40, 0):
        open_issues(store, NOW + timedelta(hours=hours))
    with store.read() as connection:
        found = [(one.list, one.week) for one in lists.list_issues(connection)]
    assert len(set(found)) == len(found)
    assert {week for of, week in found if of == "managers"} == {f"2026-W{week:02}" for week in range(4, 10)}


def test_a_list_that_was_stopped_makes_up_for_nothing(store: Store) -> None:
    with store.write() as connection:
        lists.set_active(connection, "managers", False)
    assert open_issues(store, NOW + 7 * DAY) == []
    with store.write() as connection:
        lists.set_active(connection, "managers", True)
    assert open_issues(store, NOW + 8 * DAY) == [], "from the next look on"
    assert [one.week for one in open_issues(store, NOW + 14 * DAY)] == ["2026-W05"]
    with pytest.raises(NotFoundError), store.write() as connection:
        lists.set_active(connection, "other", True)


def test_of_two_who_decide_the_first_holds(store: Store) -> None:
    (issue,) = open_issues(store, NOW + 7 * DAY)
    with store.write() as connection:
        assert lists.decide_issue(connection, issue, "approved", who="Lin", now=NOW)
        assert not lists.decide_issue(connection, issue, "skipped", who="Chen", now=NOW)
        assert lists.find_issue(connection, "managers", issue.week).who == "Lin"
        assert [
            one.state for one in lists.list_issues(connection, list_id="managers", states=["approved"])
        ] == ["approved"]


def test_a_list_is_made_once(store: Store) -> None:
    with pytest.raises(ConflictError, match="already"):
        add(store, "managers")
    with store.read() as connection:
        (one,) = lists.load_lists(connection, campaign="c")
    assert (one.plan, one.since, one.is_active) == (PLAN, NOW, True)
