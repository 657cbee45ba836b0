"""`kill -9` while an issue is approved: it is a draft and nothing is queued, or it is approved and everybody has a mail."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import pytest

from resound.coding import deciding
from resound.digest.approving import approve_issue, preview
from resound.sending.outbox import send_waiting
from resound.sending.subscribing import subscribe
from resound.sending.weeks import WeeklyTime, issue_of
from resound.store import Store, lists, open_store
from resound.store.lists import MailingList
from resound.store.outbox import count_states
from tests.resound.digest.approver import approve_one
from tests.resound.digest.week import PUBLIC
from tests.resound.mailroom import open_mailroom
from tests.resound.newsdesk import apply, campaign, put, source

PLAN = WeeklyTime(1, "08:00", "Asia/Taipei")
READERS = 60


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'resound.sqlite'}"


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    opened = open_store(address)
    apply(opened, source("herald"), campaign())
    key = put(opened, "herald", 1)
    with opened.write() as connection:
        now = datetime.now(UTC)
        deciding.decide(connection, key, "accept", campaign="c", why="t", who="lin", now=now)
        lists.add_list(connection, MailingList("managers", "c", "Managers", PLAN, False), now=now)
        for number in range(READERS):
            subscribe(
                connection, "managers", f"r{number}@reader.example", language="en", who="t", why="t", is_confirmed=True, now=now
            )  # fmt: skip
    yield opened
    opened.close()


def kill_while_approving(address: str, store: Store, kills: int, dice: random.Random) -> None:
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.resound.digest.approver"])
    ended: Counter[str] = Counter()
    weeks = [f"2014-W{41 + number}" if number < 11 else f"2015-W{number - 10:02}" for number in range(kills)]
    for week in weeks:
        with store.write() as connection:
            of = lists.find_list(connection, "managers")
            assert of is not None
            lists.open_issue(connection, of, issue_of(PLAN, week), now=datetime.now(UTC))
        begun = context.Event()
        process = context.Process(target=approve_one, args=(address, week, begun))
        process.start()
        assert begun.wait(60)
        time.sleep(dice.choice([0.0, dice.uniform(0, 0.03), dice.uniform(0, 0.3)]))
        process.kill()
        process.join(30)
        with store.read() as connection:
            issue = lists.find_issue(connection, "managers", week)
            queued = count_states(connection, occasion=issue.occasion).get("queued", 0)
            assert (issue.state, queued, issue.body is not None) in (
                ("draft", 0, False),
                ("approved", READERS, True),
            )
            preview(connection, issue, now=datetime.now(UTC))
        ended[issue.state] += 1
    print(f"{kills} kills: {dict(ended)}")
    with open_mailroom() as room:
        for week in weeks:
            with store.read() as connection:
                is_draft = lists.find_issue(connection, "managers", week).state == "draft"
            if is_draft:
                approve_issue(
                    store,
                    "managers",
                    week,
                    server=room.server,
                    public_url=PUBLIC,
                    who="tran",
                    now=datetime.now(UTC),
                )
        send_waiting(store, room.server, clock=lambda: datetime.now(UTC))
        assert room.counts() == Counter({f"r{number}@reader.example": kills for number in range(READERS)})
        assert len({str(room.read(at)["Message-ID"]) for at in range(len(room.accepted))}) == kills * READERS


def test_killed_at_three_random_moments(address: str, store: Store) -> None:
    kill_while_approving(address, store, 3, random.Random())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_twenty_random_moments(address: str, store: Store) -> None:
    kill_while_approving(address, store, 20, random.Random())
