"""What people are written to about: rules on plain facts, and one mail a day for each subject."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resound.article import FoundDate, date_to_json
from resound.sending.alerting import (
    Alert,
    choose_unsaid,
    count_days,
    find_ailing_index,
    find_alerts,
    find_full_disks,
    find_lost_mail,
    find_silent,
    find_spikes,
    find_stuck,
    queue_alerts,
)
from resound.sending.outbox import send_waiting
from resound.store import Store, open_store, work
from resound.store.articles import record_change
from resound.store.feed import IndexState, set_state
from resound.store.frontier import record_reading
from resound.store.outbox import list_posted
from resound.store.tables import page, version
from resound.store.tables import work as work_table
from resound.store.watching import AilingIndex, Flow, count_quarantined, load_findings, load_flows
from resound.watching.health import SourceHealth
from resound.words import words
from tests.resound.mailroom import open_mailroom
from tests.resound.searching.test_indexing import open_with_sources, process, put

pytestmark = pytest.mark.slow_on_postgres
NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
EN = words("en")


def source(key: str = "daily", state: str = "ok") -> SourceHealth:
    return SourceHealth(key, key.title(), "outlet", state, "Last read 2026-01-15 07:00 UTC.", 1, 9, None, NOW)


def flow(*days_ago: float, first: float = 100) -> Flow:
    return Flow(tuple(sorted(NOW - one * DAY for one in days_ago)), NOW - first * DAY)


def silent(one: Flow, *, read: float = 0.04, state: str = "ok") -> list[Alert]:
    return find_silent([source(state=state)], {"daily": one}, read_at=NOW - read * DAY, now=NOW, words=EN)


EVERY_DAY = [float(day) for day in range(3, 28)]
WEEKDAYS = [day for day in EVERY_DAY if (NOW - day * DAY).weekday() < 5]


def test_a_source_is_silent_by_its_own_measure() -> None:
    (found,) = silent(flow(*EVERY_DAY))
    assert found.subject == "source/daily"
    assert found.sentence == (
        "Daily has brought nothing new for 3 days; in its last 28 days it never paused for more than 1 days. Rule: twice "
        "its longest pause, and at least a day. Last read 2026-01-15 07:00 UTC."
    )
    assert silent(flow(*WEEKDAYS)) == [], "it rests at weekends"
    assert silent(flow(*(day + 4 for day in WEEKDAYS if day < 24))) != []
    assert silent(flow(1.5, *EVERY_DAY)) == []


@pytest.mark.parametrize(
    ("one", "read", "state"),
    [
        (flow(*EVERY_DAY, first=27), 0.04, "ok"),  # not yet known for 28 days
        (flow(20, 21, 22), 0.04, "ok"),  # too little to miss
        (flow(), 0.04, "ok"),
        (flow(*EVERY_DAY), 0.04, "by hand"),
        (flow(0.5, 0.51, 0.52, 0.53), 0.04, "ok"),  # less than a day
    ],
)
def test_who_is_not_missed(one: Flow, read: float, state: str) -> None:
    assert silent(one, read=read, state=state) == []


def test_time_in_which_nothing_was_read_is_no_sources_silence() -> None:
    half_a_day_more = flow(*(day - 0.5 for day in EVERY_DAY))
    assert silent(half_a_day_more, read=0.9) == []
    assert silent(half_a_day_more, read=0.1) != []
    (found,) = silent(flow(*EVERY_DAY), read=1.5)
    assert found.subject == "reading"
    assert find_silent([source()], {}, read_at=None, now=NOW, words=EN) == []


def spikes(today: int, *before: int, began: float = 100) -> list[Alert]:
    moments = [NOW - HOUR] * today
    for back, count in enumerate(before, start=1):
        moments += [NOW - back * DAY - HOUR] * count
    return find_spikes({"c": moments}, {"c": "Green team"}, began=NOW - began * DAY, now=NOW, words=EN)


def test_a_spike_is_far_above_the_days_before() -> None:
    (found,) = spikes(9, *[2, 3] * 14)
    assert found.subject == "spike/c"
    assert found.sentence.startswith(
        "Green team: 9 items were found in the last 24 hours, 2.5 a day in the 28 days before. Rule: at least 5 items, and "
        "more than the mean and three standard deviations."
    )
    assert spikes(5, *[0] * 28) != [], "a quiet campaign that is suddenly in the news"
    assert spikes(4, *[0] * 28) == []
    assert spikes(5, *[2, 3] * 14) == []
    assert spikes(20, *[0, 40] * 14) == []
    assert spikes(9, began=6) == [], "there is nothing to set it beside yet"
    assert find_spikes({"gone": [NOW] * 9}, {}, began=NOW - 50 * DAY, now=NOW, words=EN) == []


def test_days_are_counted_backwards() -> None:
    assert count_days([NOW, NOW - HOUR, NOW - DAY, NOW - 9 * DAY, NOW + HOUR], days=3, now=NOW) == [2, 1, 0]


def test_quarantine_disks_and_mail() -> None:
    assert [
        one.subject
        for one in find_stuck({"extract": (20, 0), "match": (19, 0), "fetch": (90, 28 * 40)}, words=EN)
    ] == ["quarantine/extract"]
    (disk,) = find_full_disks({"/data": 1_234_000_000, "/other": 2_000_000_000}, words=EN)
    assert disk == Alert("disk//data", "The disk of /data has 1,234 MB left. Rule: at least 2,000 MB.")
    assert find_lost_mail({"sent": 4}, words=EN) == []
    (mail,) = find_lost_mail({"unknown": 2}, words=EN)
    assert "0 refused, 2 of which nobody knows" in mail.sentence


def test_each_is_said_once_a_day_whatever_the_clock_does() -> None:
    found = [Alert("a", "A"), Alert("b", "B")]
    assert choose_unsaid(found, {}, now=NOW) == found
    assert choose_unsaid(found, {"a": NOW - DAY + HOUR, "b": NOW - DAY}, now=NOW) == [found[1]]
    assert choose_unsaid(found, {"a": NOW + 40 * DAY}, now=NOW) == [found[1]], "a clock that went back"


# --- on a store ------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    yield opened
    opened.close()


def say(store: Store, found: list[Alert], at: datetime, language: str = "en") -> list[Alert]:
    from tests.resound.sending.test_outbox import NOWHERE

    return queue_alerts(
        store, found, server=NOWHERE, to=("a@b.example", "c@d.example"), public_url="https://r.example",
        words=words(language), now=at,  # type: ignore[arg-type]
    )  # fmt: skip


def test_one_mail_to_each_about_all_that_is_new(store: Store) -> None:
    found = [Alert("a", "Something.\r\nBcc: x@y.example"), Alert("b", "Another thing.")]
    assert say(store, found, NOW) == found
    assert say(store, found, NOW + HOUR) == []
    third = Alert("c", "A third thing.")
    assert say(store, [*found, third], NOW + 2 * HOUR) == [third]
    assert say(store, found, NOW + DAY) == found
    with open_mailroom() as room:
        assert send_waiting(store, room.server, clock=lambda: NOW + DAY).ended == {"sent": 6}
        assert room.counts() == {"a@b.example": 3, "c@d.example": 3}
        first, single = room.read(0), room.read(2)
    assert first["Subject"] == "Resound: 2 things to look at"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Bcc"] is None
    assert first.get_content().splitlines() == [
        "Something. Bcc: x@y.example", "", "Another thing.", "", "https://r.example/system", "",
        "Each of these is said at most once a day.",
    ]  # fmt: skip
    assert single["Subject"] == "Resound: A third thing."


def test_of_two_schedulers_one_says_it(store: Store, store_address: str) -> None:
    other = open_store(store_address)
    found = [Alert("a", "Something.")]
    assert [len(say(one, found, NOW)) for one in (store, other, store)] == [1, 0, 0]
    other.close()
    with store.read() as connection:
        assert len(list_posted(connection)) == 2


@pytest.mark.parametrize("language", ["zh-Hant", "vi"])
def test_it_is_said_in_the_readers_language(store: Store, language: str) -> None:
    found = find_stuck({"extract": (25, 0)}, words=words(language))  # type: ignore[arg-type]
    assert "Quarantine" not in found[0].sentence
    say(store, [*found, Alert("x", "x")], NOW, language)
    with open_mailroom() as room:
        send_waiting(store, room.server, clock=lambda: NOW)
        assert "things to look at" not in str(room.read()["Subject"])


def test_facts_come_from_the_store(store: Store) -> None:
    with store.write() as connection:
        for number, hours in enumerate((1, 1.2, 30, 31, 24 * 40)):
            connection.execute(
                page.insert().values(
                    id=str(number),
                    url="u",
                    source="daily",
                    entry={},
                    first_seen=NOW.replace(minute=50) - hours * HOUR,
                )
            )
        work.enqueue(connection, "extract", map(str, range(30)))
        connection.execute(
            work_table.update()
            .where(work_table.c.subject < "2")
            .values(due=None, outcome="quarantined", finished_at=NOW - HOUR)
        )
        connection.execute(
            work_table.update()
            .where(work_table.c.subject.in_(["2", "20", "21"]))
            .values(due=None, outcome="quarantined", finished_at=NOW - 3 * DAY)
        )
        record_reading(
            connection, source="daily", url="u", first_day=NOW.date(), last_day=NOW.date(), read_at=NOW
        )
    with store.read() as connection:
        assert load_flows(connection, since=NOW - 28 * DAY)["daily"] == Flow(
            tuple(NOW.replace(minute=0) - hours * HOUR for hours in (31, 30, 1)),
            NOW.replace(minute=50) - 40 * DAY,
        )
        assert count_quarantined(connection, since=NOW - 29 * DAY, before=NOW - DAY) == {"extract": (12, 3)}


AWAY = (
    "Elasticsearch at http://es.example:9200 cannot answer now (no master). The store is not touched: crawling and reading "
    "go on, search is behind, and it catches up by itself."
)


class Watched:
    """A store and its index, looked at hour by hour."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def change(self) -> None:
        with self.store.write() as connection:
            record_change(connection, ["an article"])

    def is_seen(self, cursor: int, **more: object) -> None:
        with self.store.write() as connection:
            set_state(connection, IndexState("elasticsearch resound", cursor, **more))  # type: ignore[arg-type]

    def look(
        self, hours: float, language: str = "en", index: str | None = "elasticsearch resound"
    ) -> list[Alert]:
        spoken = words(language)  # type: ignore[arg-type]
        return find_alerts(self.store, [], index=index, now=NOW + hours * HOUR, words=spoken)


@pytest.fixture
def watched(store: Store) -> Watched:
    return Watched(store)


def test_an_index_that_is_away_for_an_hour_is_said(watched: Watched) -> None:
    """Also where nothing changed meanwhile: nobody can search."""
    assert watched.look(0) == []
    for hours in (1, 1.9):
        watched.is_seen(0, failed_at=NOW + hours * HOUR - HOUR / 60, trouble=AWAY)
        assert watched.look(hours) == []
    watched.is_seen(0, failed_at=NOW + 2 * HOUR, trouble=AWAY)
    assert watched.look(2, index="another index") == []
    (found,) = watched.look(2)
    assert found == Alert(
        "index",
        "The search index has been in trouble since 15 Jan 2026, 09:00:00 UTC or longer; changed articles that are not in it "
        f"yet: 0. {AWAY} Rule: no longer than an hour.",
    )
    (found,) = watched.look(2, "zh-Hant")
    assert "目前無法回應（no master）" in found.sentence, "what is kept in English, too"
    assert "sự cố" in watched.look(2, "vi")[0].sentence
    watched.is_seen(0, level_at=NOW + 2.1 * HOUR)
    assert watched.look(3) == []


def test_an_index_that_was_well_in_between_ails_anew(watched: Watched) -> None:
    watched.is_seen(0, failed_at=NOW, trouble=AWAY)
    assert watched.look(0) == []
    watched.is_seen(0, failed_at=NOW + HOUR, trouble=AWAY, level_at=NOW + HOUR / 2)
    assert watched.look(1) == []
    watched.is_seen(0, failed_at=NOW + 2 * HOUR, trouble=AWAY, level_at=NOW + HOUR / 2)
    assert len(watched.look(2)) == 1


def test_an_index_that_nobody_brings_up_is_said_when_it_lacks_what_is_old(watched: Watched) -> None:
    watched.change()
    watched.is_seen(1, level_at=NOW - 9 * HOUR)
    assert watched.look(0) == []
    watched.change()
    assert watched.look(1) == [], (
        "what changed a moment ago is not missed, however long nothing changed before"
    )
    watched.change()
    watched.is_seen(2)
    assert watched.look(2) == [], "it is never level, and never far behind"
    watched.change()
    (found,) = watched.look(3)
    assert found.subject == "index"
    assert found.sentence.startswith(
        "The search index lacks what changed before 15 Jan 2026, 10:00:00 UTC; changed articles that are not in it yet: 1. No "
        "trouble is known"
    )
    watched.is_seen(4, level_at=NOW + 3.5 * HOUR)
    assert watched.look(4) == []


def test_a_trouble_of_a_process_that_ended_long_ago_is_none(watched: Watched) -> None:
    watched.is_seen(0, failed_at=NOW - 60 * HOUR, trouble=AWAY)
    assert [watched.look(hours) for hours in (0, 1, 2)] == [[], [], []]


def test_less_than_an_hour_is_nothing() -> None:
    ailing = AilingIndex(NOW - HOUR / 2, "", 4)
    assert find_ailing_index(ailing, now=NOW, words=EN) == find_ailing_index(None, now=NOW, words=EN) == []


def test_findings_are_news_each_item_once_and_all_rules_run(tmp_path: Path) -> None:
    store = open_with_sources(tmp_path)
    keys = [put(store, host, 1, 0) for host in ("one", "two")] + [put(store, "one", 2, 2)]
    process(store, tmp_path)
    with store.read() as connection:
        assert load_findings(connection, since=NOW - DAY) == {}, "of 2014: it comes from an archive"
    with store.write() as connection:
        fresh = date_to_json(FoundDate("json-ld", "", at=NOW - HOUR))
        connection.execute(version.update().where(version.c.article == keys[0]).values(published=fresh))
        connection.execute(version.update().where(version.c.article == keys[1]).values(published=None))
    with store.read() as connection:
        assert load_findings(connection, since=NOW - DAY) == {"c": [NOW + timedelta(seconds=1)] * 2}
        assert load_findings(connection, since=NOW + HOUR) == {}
    assert find_alerts(store, [tmp_path, tmp_path / "nowhere"], index=None, now=NOW, words=EN) == []
    store.close()
