"""Nobody gets two, nobody is forgotten: with a real mail server, whose own record judges. (Killed: `test_outbox_killed`.)"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import get_args

import pytest
from sqlalchemy import select

import resound.sending.outbox
from resound.errors import MailError, StoreError
from resound.sending.mail import DeliveryKind, MailServer
from resound.sending.outbox import BACKOFF, Mail, message_id, queue_mail, send_waiting
from resound.store import Store, open_store
from resound.store import outbox as rows
from resound.store.outbox import GIVE_UP, LEASE_SECONDS, Posted, count_states, list_posted
from resound.store.tables import outbox as table
from tests.resound.mailroom import MailRoom, Step, open_mailroom

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
OCCASION = "issue/managers/2026-W03"
NOWHERE = MailServer("127.0.0.1", 1, "none", "press@cpc.example", "Resound <press@cpc.example>", timeout=1)


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    yield opened
    opened.close()


@pytest.fixture
def room() -> Iterator[MailRoom]:
    with open_mailroom() as made:
        yield made


def make(address: str, text: str = "The week's coverage.") -> Mail:
    message = EmailMessage()
    message["From"] = "Resound <press@cpc.example>"
    message["To"] = address
    message["Subject"] = "本週報導"
    message.set_content(text)
    return Mail(address, message)


def queue(store: Store, *addresses: str, occasion: str = OCCASION, now: datetime = NOW) -> int:
    with store.write() as connection:
        return queue_mail(connection, occasion, map(make, addresses), server=NOWHERE, now=now)


def readers(count: int, mark: str = "r") -> list[str]:
    return [f"{mark}{number}@reader.example" for number in range(count)]


def posted(store: Store) -> dict[str, Posted]:
    with store.read() as connection:
        return {one.address: one for one in list_posted(connection)}


def states(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {str(state): count for state, count in count_states(connection).items()}


def send(store: Store, room: MailRoom, at: datetime = NOW) -> resound.sending.outbox.Sending:
    return send_waiting(store, room.server, clock=lambda: at)


def at_step(step: Step, said: str, times: int = 10**6) -> Callable[[Step, str], str]:
    left = [times]

    def answer(now_at: Step, _recipient: str) -> str:
        if now_at != step or not left[0]:
            return ""
        left[0] -= 1
        return said

    return answer


def test_everybody_gets_one_and_no_second_however_often_it_is_queued(store: Store, room: MailRoom) -> None:
    assert queue(store, *readers(5), "R0@reader.example") == 5
    assert send(store, room).ended == {"sent": 5}
    assert queue(store, *readers(7)) == 2
    assert send(store, room).ended == {"sent": 2}
    assert send(store, room).ended == {}
    assert room.counts() == Counter(readers(7))
    assert room.connections == 2
    found = posted(store)
    assert {one.state for one in found.values()} == {"sent"}
    for at, (recipient, _) in enumerate(room.accepted):
        assert room.read(at)["Message-ID"] == found[recipient].message_id
        assert room.read(at)["Date"].datetime == NOW
    with store.read() as connection:
        kept = connection.execute(select(table.c.message, table.c.sha256)).all()
    assert {row.message for row in kept} == {None}, "what was sent need not be kept"
    assert len({row.sha256 for row in kept}) == 7


def test_a_message_id_is_of_the_occasion_and_the_recipient_alone() -> None:
    first = message_id(OCCASION, "a@b.example", sender="press@cpc.example")
    assert first == message_id(OCCASION, "a@b.example", sender="press@cpc.example")
    assert first.endswith("@cpc.example>")
    assert (
        len(
            {
                first,
                message_id("x", "a@b.example", sender="s@c.d"),
                message_id(OCCASION, "b@b.example", sender="s@c.d"),
            }
        )
        == 3
    )


def test_what_cannot_be_sent_is_refused_before_anything_is_queued(store: Store) -> None:
    with pytest.raises(MailError, match="no mail address"):
        queue(store, "a@b.example", "nobody")
    bare = Mail("a@b.example", EmailMessage())
    with pytest.raises(MailError, match="needs To, From and Subject"), store.write() as connection:
        queue_mail(connection, OCCASION, [bare], server=NOWHERE, now=NOW)
    assert states(store) == {}


def test_4xx_is_tried_again_later_and_each_time_it_waits_longer(store: Store, room: MailRoom) -> None:
    queue(store, "a@b.example")
    room.answer = at_step("rcpt", "450 greylisted")
    moment = NOW
    for attempt, minutes in enumerate((1, 2, 4, 8), start=1):
        assert send(store, room, moment).ended == {"queued": 1}
        (one,) = posted(store).values()
        assert (one.state, one.attempts, one.reason) == ("queued", attempt, "450 greylisted")
        assert one.next_at == (moment + timedelta(minutes=minutes)).timestamp()
        assert send(store, room, moment + timedelta(minutes=minutes, seconds=-1)).ended == {}
        moment += timedelta(minutes=minutes)
    room.answer = at_step("text", "452 disk full", times=1)
    assert send(store, room, moment).ended == {"queued": 1}
    assert send(store, room, moment + timedelta(hours=4)).ended == {"sent": 1}
    assert room.counts() == {"a@b.example": 1}


def test_waits_grow_to_hours_and_no_further() -> None:
    waits = [BACKOFF.after(attempt) for attempt in range(1, 200)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=1), timedelta(hours=4))


def test_after_three_days_it_is_given_up(store: Store, room: MailRoom) -> None:
    queue(store, "a@b.example")
    room.answer = at_step("rcpt", "450 greylisted")
    send(store, room)
    assert send(store, room, NOW + GIVE_UP + timedelta(seconds=1)).ended == {}
    assert posted(store)["a@b.example"].state == "failed"
    assert posted(store)["a@b.example"].reason == "Given up after 3 days. 450 greylisted"


def test_5xx_stops_this_recipient_and_no_other(store: Store, room: MailRoom) -> None:
    queue(store, *readers(3))
    room.answer = lambda step, to: "550 no such user" if (step, to) == ("rcpt", "r1@reader.example") else ""
    assert send(store, room).ended == {"sent": 2, "failed": 1}
    assert posted(store)["r1@reader.example"].reason == "550 no such user"
    assert send(store, room, NOW + timedelta(days=1)).ended == {}
    assert room.counts() == Counter(["r0@reader.example", "r2@reader.example"])


def test_lost_after_data_is_unknown_until_a_person_says(store: Store, room: MailRoom) -> None:
    queue(store, *readers(2))
    room.answer = at_step("answer", "drop", times=1)
    assert send(store, room).ended == {"unknown": 1}, "a connection that carried nothing ends the round"
    assert send(store, room).ended == {"sent": 1}
    for days in range(4):
        assert send(store, room, NOW + timedelta(days=days)).ended == {}
    unknown = next(one for one in posted(store).values() if one.state == "unknown")
    assert "lost after DATA" in unknown.reason
    with store.write() as connection:
        assert rows.resend(connection, [unknown.id, 999], who="Lin", why="they have none", now=NOW) == [
            unknown.id
        ]
        assert (
            rows.drop(
                connection,
                [one.id for one in posted(store).values() if one.state == "sent"],
                who="L",
                why="",
                now=NOW,
            )
            == []
        )
    again = posted(store)[unknown.address]
    assert (again.state, again.attempts, again.who, again.reason) == ("queued", 0, "Lin", "they have none")
    assert send(store, room).ended == {"sent": 1}
    assert room.counts()[unknown.address] == 2, "as the person decided"


def test_what_is_dropped_is_not_sent(store: Store, room: MailRoom) -> None:
    queue(store, *readers(2))
    first = posted(store)["r0@reader.example"]
    with store.write() as connection:
        assert rows.drop(connection, [first.id], who="Lin", why="old news", now=NOW) == [first.id]
    assert send(store, room).ended == {"sent": 1}
    assert queue(store, "r0@reader.example") == 0
    assert states(store) == {"sent": 1, "dropped": 1}


def test_a_server_that_is_away_costs_no_attempt(store: Store, room: MailRoom) -> None:
    queue(store, *readers(3))
    for _ in range(3):
        told = send_waiting(store, NOWHERE, clock=lambda: NOW)
        assert (told.ended, "cannot be used" in told.trouble) == ({}, True)
    assert {(one.state, one.attempts) for one in posted(store).values()} == {("queued", 0)}
    room.answer = at_step("mail", "550 not from here", times=1)
    assert "takes no mail from press@cpc.example" in send(store, room).trouble
    assert send(store, room).ended == {"sent": 3}


def test_one_that_breaks_connections_ends_the_round(store: Store, room: MailRoom) -> None:
    queue(store, *readers(5))
    room.answer = at_step("rcpt", "drop")
    told = send(store, room)
    assert (told.ended, room.connections) == ({"queued": 1}, 1)
    assert "breaks connections" in told.trouble


def test_between_two_mails_it_can_be_stopped(store: Store, room: MailRoom) -> None:
    queue(store, *readers(5))
    stop = [False]

    def answer(step: Step, _recipient: str) -> str:
        stop[0] = len(room.accepted) == 2
        return ""

    room.answer = answer
    told = send_waiting(store, room.server, clock=lambda: NOW, should_stop=lambda: stop[0])
    assert told.ended == {"sent": 2}
    assert states(store) == {"queued": 3, "sent": 2}


def test_two_senders_at_once_send_each_mail_once(store: Store, store_address: str, room: MailRoom) -> None:
    queue(store, *readers(40))
    other = open_store(store_address)
    failures: list[BaseException] = []

    def run(with_store: Store) -> None:
        try:
            send(with_store, room)
        except BaseException as err:
            failures.append(err)

    threads = [threading.Thread(target=run, args=(one,)) for one in (store, other, store)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    other.close()
    assert failures == []
    assert room.counts() == Counter(readers(40))
    assert states(store) == {"sent": 40}


# --- leases ----------------------------------------------------------------------------------------------------------

LATER = NOW + timedelta(seconds=LEASE_SECONDS + 1)


def settle(store: Store, at: datetime) -> tuple[int, int]:
    with store.write() as connection:
        return rows.settle_broken(connection, now=at)


def take(store: Store, *, begins: bool) -> rows.Claimed:
    with store.lease() as connection:
        claimed = rows.claim(connection, now=NOW)
        assert claimed is not None
        begun = rows.begin_data(connection, claimed, now=NOW) if begins else claimed
    assert begun is not None
    return begun


def test_a_lease_that_ends_before_data_is_queued_again(store: Store, room: MailRoom) -> None:
    queue(store, "a@b.example")
    claimed = take(store, begins=False)
    assert settle(store, NOW) == (0, 0)
    assert settle(store, LATER) == (1, 0)
    with store.lease() as connection:
        assert rows.begin_data(connection, claimed, now=LATER) is None, "whose lease is lost must not send"
    assert send(store, room, LATER).ended == {"sent": 1}


def test_a_lease_that_ends_after_data_is_unknown_and_a_late_answer_is_still_the_truth(store: Store) -> None:
    queue(store, *readers(3))
    taken = [take(store, begins=True) for _ in range(3)]
    assert settle(store, LATER) == (0, 3)
    with store.write() as connection:
        assert rows.resend(connection, [taken[2].id], who="L", why="", now=LATER) == [taken[2].id]
    with store.lease() as connection:
        assert rows.record(connection, taken[0], "sent", "250 kept", now=LATER)
        assert rows.record(connection, taken[1], "queued", "451 later", now=LATER, due=LATER)
        assert not rows.record(connection, taken[2], "failed", "550 no", now=LATER), "a person was faster"
    assert [posted(store)[address].state for address in readers(3)] == ["sent", "queued", "queued"]


def test_a_sender_whose_lease_was_taken_sends_nothing(store: Store, room: MailRoom) -> None:
    """It was held up between RCPT and DATA (a machine that slept), and another process has the mail by now."""
    queue(store, "a@b.example")
    others = []

    def answer(step: Step, _recipient: str) -> str:
        if step == "rcpt" and not others:
            assert settle(store, LATER) == (1, 0)
            others.append(take(store, begins=True))
        return ""

    room.answer = answer
    assert send(store, room).ended == {}
    assert [step for step, _ in room.steps] == ["mail", "rcpt"]
    with store.lease() as connection:
        assert rows.record(connection, others[0], "sent", "250 kept", now=LATER)


def test_where_the_mark_cannot_be_written_nothing_is_sent_and_nothing_is_lost(
    store: Store, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(store, *readers(2))

    def busy(*_: object, **__: object) -> None:
        raise StoreError("Another process has been writing to the store for too long.")

    with monkeypatch.context() as for_now:
        for_now.setattr(resound.sending.outbox, "begin_data", busy)
        with pytest.raises(StoreError, match="too long"):
            send(store, room)
    assert {(one.state, one.attempts) for one in posted(store).values()} == {("queued", 0)}
    assert room.accepted == []
    assert send(store, room).ended == {"sent": 2}


def test_an_answer_is_written_down_though_the_store_is_busy(
    store: Store, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(store, "a@b.example")
    real, failed = rows.record, [0]

    def busy(*args: object, **more: object) -> bool:
        failed[0] += 1
        if failed[0] < 3:
            raise StoreError("Another process has been writing to the store for too long.")
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(resound.sending.outbox, "record", busy)
    assert send(store, room).ended == {"sent": 1}
    assert posted(store)["a@b.example"].state == "sent"


def test_every_delivery_has_a_state() -> None:
    assert set(resound.sending.outbox._STATES) == set(get_args(DeliveryKind))
