"""`kill -9` at random moments of sending, with a mail server that misbehaves: its own record of what it accepted is the judge."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing import get_context

import pytest

from resound.store import Store, open_store
from tests.resound.mailroom import MailRoom, Step, open_mailroom
from tests.resound.sender import send_all
from tests.resound.sending.test_outbox import posted, queue, readers, states


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    yield opened
    opened.close()


@pytest.fixture
def room() -> Iterator[MailRoom]:
    with open_mailroom() as made:
        yield made


class Hazards:
    """What the server does to a mail, by chance; and a bell that rings at a given step, for whoever kills then."""

    def __init__(self, room: MailRoom, dice: random.Random) -> None:
        self.dice, self.room = dice, room
        self.bell = threading.Event()
        self.left = 0
        self.lost_after_data = self.refused = 0
        room.answer = self.answer

    def ring_after(self, steps: int) -> None:
        self.left = steps
        self.bell.clear()

    def answer(self, step: Step, _recipient: str) -> str:
        self.left -= 1
        if self.left == 0:
            self.bell.set()
        self.room.delay = self.dice.choice([0.0, 0.0, 0.001, 0.004])
        chance = self.dice.random()
        if step == "rcpt" and chance < 0.12:
            said = self.dice.choice(["450 greylisted", "550 no such user", "drop"])
            self.refused += said[0] == "5"
            return said
        if step in ("data", "text") and chance < 0.06:
            said = self.dice.choice(["451 later", "554 no", "drop"])
            self.lost_after_data += said == "drop"
            self.refused += said[0] == "5"
            return said
        if step == "answer" and chance < 0.03:
            self.lost_after_data += 1
            return "drop"
        return ""


def kill_again_and_again(address: str, store: Store, room: MailRoom, kills: int, dice: random.Random) -> None:
    hazards = Hazards(room, dice)
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.resound.sender"])
    killed = batches = 0
    while killed < kills:
        if states(store).get("queued", 0) < 20:
            batches += 1
            queue(store, *readers(60, f"b{batches}-"), now=datetime.now(UTC))
        # "mail rcpt data text answer" is one mail: the kill falls behind any of them, or a little later
        hazards.ring_after(dice.randrange(1, 31))
        senders = [
            context.Process(target=send_all, args=(address, room.port)) for _ in range(dice.choice([1, 1, 2]))
        ]
        for one in senders:
            one.start()
        assert hazards.bell.wait(60), "they send nothing"
        for one in senders:
            time.sleep(dice.choice([0.0, dice.uniform(0, 0.004), dice.uniform(0, 0.02)]))
            killed += one.is_alive()
            one.kill()
        for one in senders:
            one.join(30)
    hazards.ring_after(-1)
    process = context.Process(target=send_all, args=(address, room.port))
    process.start()
    process.join(120)
    assert process.exitcode == 0

    found, accepted = posted(store), room.counts()
    assert len(found) == 60 * batches
    assert set(accepted) <= set(found)
    told = Counter(one.state for one in found.values())
    print(f"{killed} kills, {hazards.lost_after_data} connections lost after DATA: {dict(told)}")
    assert set(told) <= {"sent", "failed", "unknown"}, "nothing is forgotten"
    for recipient, one in found.items():
        count = accepted[recipient]
        assert count <= 1, f"{recipient} got {count}"
        assert one.state == "unknown" or count == (one.state == "sent"), f"{recipient}: {one}"
    assert told["unknown"] <= killed + hazards.lost_after_data, "no more doubt than there was reason for"
    assert told["failed"] <= hazards.refused
    by_id = {one.message_id for one in found.values()}
    assert {str(room.read(at)["Message-ID"]) for at in range(len(room.accepted))} <= by_id


@pytest.mark.slow_on_postgres
def test_killed_at_ten_random_moments(store_address: str, store: Store, room: MailRoom) -> None:
    kill_again_and_again(store_address, store, room, 10, random.Random())


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_a_hundred_random_moments(store_address: str, store: Store, room: MailRoom) -> None:
    kill_again_and_again(store_address, store, room, 100, random.Random())
