"""What is to be read: each page once, and again only for a reason."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from resound.article import Entry, FoundDate
from resound.outcome import Outcome
from resound.store import Store
from resound.store import work as queue
from resound.store.frontier import (
    Added,
    FetchJob,
    add_entries,
    claim_pages,
    list_channels,
    list_readings,
    make_due,
    plan_recheck,
    record_fetch,
    record_poll,
    record_reading,
    set_channels,
)
from resound.store.leads import open_leads
from resound.store.matches import record_matches

URL = "https://news.example/2014/story-10001"


def dated(now: datetime, hours: float) -> FoundDate:
    return FoundDate("feed", "x", at=now + timedelta(hours=hours))


def add(store: Store, now: datetime, *entries: Entry) -> Added:
    with store.write() as connection:
        return add_entries(connection, source="s", entries=entries, now=now)


def fetch(store: Store, now: datetime, outcome: Outcome | None = None, status: int = 200) -> list[FetchJob]:
    with store.write() as connection:
        jobs = claim_pages(connection, limit=9, now=now)
        for job in jobs:
            record_fetch(connection, job, outcome or Outcome.done(), status=status, now=now)
    return jobs


def test_a_page_is_fetched_once_whatever_its_addresses(store: Store, now: datetime) -> None:
    twins = [Entry(URL), Entry(f"{URL}?utm_source=rss"), Entry("https://news.example/2014/other-10002")]
    assert add(store, now, *twins) == Added(2, 0, 1)
    assert [job.is_first for job in fetch(store, now)] == [True, True]
    assert add(store, now, *twins) == Added(0, 0, 3)
    assert fetch(store, now) == []


def test_a_newer_date_brings_it_back_once(store: Store, now: datetime) -> None:
    add(store, now, Entry(URL, published=dated(now, -5)))
    fetch(store, now)
    changed = Entry(URL, published=dated(now, -5), updated=dated(now, 1))
    assert add(store, now, changed) == Added(0, 1, 0)
    assert [job.is_first for job in fetch(store, now + timedelta(hours=2))] == [False]
    assert add(store, now, changed) == Added(0, 0, 1)
    suspect = replace(dated(now, 900), suspect="future")
    assert add(store, now, Entry(URL, updated=suspect)) == Added(0, 0, 1)


def test_what_may_not_be_read_is_a_lead_once(store: Store, now: datetime) -> None:
    add(store, now, Entry(URL, title="Behind robots", published=dated(now, -5)))
    fetch(store, now, Outcome.rejected("robots-denied"))
    add(store, now, Entry(URL, title="Behind robots", updated=dated(now, 5)))
    fetch(store, now, Outcome.rejected("robots-denied"))
    with store.read() as connection:
        (lead,) = open_leads(connection)
    assert (lead.title, lead.reason, lead.url) == ("Behind robots", "robots-denied", URL)


def test_a_matched_page_is_read_again_after_a_day_and_a_week(store: Store, now: datetime) -> None:
    from sqlalchemy import update

    from resound.store.tables import page

    add(store, now, Entry(URL))
    fetch(store, now)
    with store.write() as connection:
        (key,) = connection.execute(page.select().with_only_columns(page.c.id)).scalars()
        plan_recheck(connection, key, now=now)
    assert fetch(store, now + timedelta(days=30)) == [], "it matches nothing"
    with store.write() as connection:
        connection.execute(update(page).values(article=key, fetched_at=now))
        record_matches(connection, key, "v", tried={"c": "f"}, found={"c": ("title", {})}, now=now)
        plan_recheck(connection, key, now=now)
    moments = [now + timedelta(hours=hours) for hours in (23, 25, 26, 24 * 7 - 1, 24 * 7 + 1, 24 * 60)]
    assert [len(fetch(store, moment, status=410)) for moment in moments] == [0, 1, 0, 0, 1, 0]
    with store.read() as connection:
        row = connection.execute(page.select()).one()
    assert row.gone_at is not None
    assert row.article == key


def test_channels_follow_their_source_and_keep_their_state(store: Store, now: datetime) -> None:
    with store.write() as connection:
        set_channels(connection, "s", ["https://a.example/f", "https://b.example/f"])
        record_poll(
            connection,
            source="s",
            url="https://a.example/f",
            state={"etag": "x"},
            next_due=now.timestamp() + 60,
        )
        record_poll(
            connection, source="s", url="https://b.example/f", state={}, next_due=0, stopped="410 Gone"
        )
        set_channels(connection, "s", ["https://a.example/f", "https://b.example/f", "https://c.example/f"])
        set_channels(connection, "other", ["https://a.example/f"])
        assert [one.url[8] for one in list_channels(connection, due=now, sources=["s"])] == ["c"]
        make_due(connection, sources=["s"])
        due = list_channels(connection, due=now, sources=["s"])
        assert [(one.url[8], dict(one.state)) for one in due] == [("a", {"etag": "x"}), ("c", {})]
        set_channels(connection, "s", [])
        assert [one.source for one in list_channels(connection)] == ["other"]


def test_readings_of_one_day_grow_backwards(store: Store, now: datetime) -> None:
    days = [
        (date(2014, 10, 1), date(2014, 10, 2)),
        (date(2014, 9, 28), date(2014, 10, 2)),
        (date(2014, 9, 30), date(2014, 10, 2)),
    ]
    with store.write() as connection:
        for first, last in days:
            record_reading(connection, source="s", url="u", first_day=first, last_day=last, read_at=now)
        (one,) = list_readings(connection, source="s")
    assert (one.first_day, one.last_day) == (date(2014, 9, 28), date(2014, 10, 2))


@pytest.mark.parametrize("moment", [datetime(2014, 10, 2), "2014"])
def test_a_moment_without_a_zone_is_refused(store: Store, moment: object) -> None:
    from sqlalchemy.exc import StatementError

    with store.write() as connection, pytest.raises((StatementError, ValueError, AttributeError)):
        add_entries(connection, source="s", entries=[Entry(URL)], now=moment)  # type: ignore[arg-type]


def test_an_enqueued_page_that_is_known_stays_as_it_is(store: Store, now: datetime) -> None:
    with store.write() as connection:
        queue.enqueue(connection, "fetch", ["p"], due=5.0)
        queue.enqueue(connection, "fetch", ["p"])
        assert queue.claim(connection, "fetch", limit=1, now=datetime.fromtimestamp(1, UTC)) == []
