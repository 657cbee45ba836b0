"""A copy of a store must not send what its original sends: what waited is a person's to decide, moved leases are free."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from resound.errors import ConflictError
from resound.keeping.moving import move_store
from resound.keeping.restoring import restore_backup
from resound.sending.outbox import send_waiting
from resound.sending.weeks import WeeklyTime
from resound.store import Store, jobs, lists, open_store, outbox
from resound.store.lists import MailingList
from resound.store.tables import job
from resound.store.tables import outbox as table
from tests.resound.kept import NOW, back_up, make_data
from tests.resound.mailroom import open_mailroom
from tests.resound.sending.test_outbox import posted, queue, readers, take

WEEK = timedelta(days=7)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """With one mail sent, one in hand, one waiting, and an issue that nobody has approved."""
    opened = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    queue(opened, *readers(1))
    with open_mailroom() as room:
        send_waiting(opened, room.server, clock=lambda: NOW)
    queue(opened, *readers(3))
    take(opened, begins=True)
    with opened.write() as connection:
        plan = WeeklyTime(1, "08:00", "Asia/Taipei")
        lists.add_list(connection, MailingList("managers", "c", "Managers", plan, True), now=NOW)
        assert lists.open_issues(connection, now=NOW + WEEK)
    return opened


def test_a_restored_store_sends_nothing_by_itself(store: Store, tmp_path: Path) -> None:
    back_up(store, make_data(tmp_path / "data"), tmp_path / "x.tar")
    store.close()
    restore_backup(tmp_path / "x.tar", tmp_path / "new")
    copy = open_store(f"sqlite:///{tmp_path / 'new' / 'resound.sqlite'}")
    assert [posted(copy)[one].state for one in readers(3)] == ["sent", "unknown", "unknown"]
    assert "whether it was sent afterwards is not known" in posted(copy)["r2@reader.example"].reason
    with open_mailroom() as room:
        assert send_waiting(copy, room.server, clock=lambda: NOW + WEEK).ended == {}
    with copy.write() as connection:
        (issue,) = lists.list_issues(connection)
        assert (issue.state, "not known" in issue.why) == ("skipped", True)
        assert lists.open_issues(connection, now=NOW + 3 * WEEK) == [], (
            "weeks that may have been sent are left out"
        )
        assert [one.week for one in lists.open_issues(connection, now=NOW + 4 * WEEK)] == ["2026-W07"]
        number = outbox.list_posted(connection, states=["unknown"])[0].id
        assert outbox.resend(connection, [number], who="Lin", why="it was not", now=NOW) == [number]
    copy.close()


def test_a_store_is_not_moved_while_it_sends_or_works(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match=r"Work is in hand: .*\(1 piece\)"):
        move_store(store, f"sqlite:///{tmp_path / 'there.sqlite'}", now=NOW)
    with store.write() as connection:
        connection.execute(
            table.update().where(table.c.holder.is_not(None)).values(holder="elsewhere|1|1", due=1.0)
        )
        lease = jobs.take_job(connection, "crawl", every=WEEK, now=NOW)
        assert lease is not None
    with pytest.raises(ConflictError, match="Work is in hand"):
        move_store(store, f"sqlite:///{tmp_path / 'there.sqlite'}", now=NOW)
    with store.write() as connection:
        connection.execute(job.update().values(holder="elsewhere|1|1", until=1.0))
    move_store(store, f"sqlite:///{tmp_path / 'there.sqlite'}", now=NOW)
    store.close()
    there = open_store(f"sqlite:///{tmp_path / 'there.sqlite'}")
    with there.write() as connection:
        assert outbox.settle_broken(connection, now=NOW) == (0, 1), (
            "whoever had it is known to have begun with it"
        )
        assert jobs.take_job(connection, "crawl", every=timedelta(0), now=NOW) is not None
    assert [posted(there)[one].state for one in readers(3)] == ["sent", "unknown", "queued"]
    there.close()
