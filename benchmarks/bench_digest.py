"""Seconds to build, approve and send a week's digest to 1,000 readers, with a real mail server on loopback.

    .venv/bin/python benchmarks/bench_digest.py [--recipients 1000] [--stories 120]

A third of the readers each gets it in Chinese, English and Vietnamese. The server is in this process; the store is SQLite on this
disk, every step of every mail durable.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from resound.coding import deciding
from resound.digest.approving import approve_issue, preview
from resound.sending.outbox import send_waiting
from resound.sending.subscribing import subscribe
from resound.sending.weeks import WeeklyTime, issue_of
from resound.settings import UI_LANGUAGES
from resound.store import Store, lists, open_store
from resound.store.lists import MailingList
from tests.resound.mailroom import open_mailroom
from tests.resound.newsdesk import apply, campaign, put, source

PLAN = WeeklyTime(1, "08:00", "Asia/Taipei")
WEEK = "2014-W41"


def fill(store: Store, stories: int, recipients: int) -> None:
    """A campaign with so many stories in one week, and a list with so many readers."""
    now = datetime.now(UTC)
    hosts = [f"outlet{number}" for number in range(20)]
    apply(store, *(source(host) for host in hosts), campaign())
    keys = [
        put(
            store,
            hosts[number % len(hosts)],
            number,
            f"The green team, part {number}, as only we tell it: "
            + " ".join(f"w{number * 37 + n}" for n in range(40)),
            title=f"綠耕隊與胡志明市的第 {number} 個故事：資源循環再利用的新合作",
            hours=number % 48,
        )
        for number in range(stories)
    ]
    with store.write() as connection:
        for key in keys:
            deciding.decide(connection, key, "accept", campaign="c", why="bench", who="bench", now=now)
        of = MailingList("managers", "c", "Managers", PLAN, False)
        lists.add_list(connection, of, now=now)
        lists.open_issue(connection, of, issue_of(PLAN, WEEK), now=now)
        for number in range(recipients):
            subscribe(
                connection,
                "managers",
                f"reader{number}@reader.example",
                name=f"Reader {number}",
                language=UI_LANGUAGES[number % 3],
                who="bench",
                why="bench",
                is_confirmed=True,
                now=now,
            )


def main() -> None:
    """Build, approve, send, and print each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=1000)
    parser.add_argument("--stories", type=int, default=120)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_mailroom() as room:
        store = open_store(f"sqlite:///{folder}/resound.sqlite")
        fill(store, asked.stories, asked.recipients)
        begun = time.monotonic()
        with store.read() as connection:
            issue = lists.find_issue(connection, "managers", WEEK)
            edition = preview(connection, issue, now=datetime.now(UTC))
        built = time.monotonic()
        done = approve_issue(
            store,
            "managers",
            WEEK,
            server=room.server,
            public_url="https://resound.example.org",
            who="bench",
            now=datetime.now(UTC),
        )
        approved = time.monotonic()
        sent = send_waiting(store, room.server, clock=lambda: datetime.now(UTC))
        ended = time.monotonic()
        sizes = sorted(len(data) for _, data in room.accepted)
        store.close()
    print(f"{edition.counts.items} items, built in {built - begun:.2f} s")
    print(f"{done.mails} mails approved and queued in {approved - built:.1f} s")
    print(
        f"sent in {ended - approved:.1f} s ({done.mails / (ended - approved):.0f} a second): {dict(sent.ended)}; "
        f"{sizes[0]:,} to {sizes[-1]:,} bytes each"
    )


if __name__ == "__main__":
    main()
