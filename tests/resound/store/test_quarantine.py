"""What failed is shown by the title and address that people know, page by page, and opened again one by one or by its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from resound.article import Article, Entry, RawPage
from resound.outcome import Outcome, Stage
from resound.store import Store, work
from resound.store.articles import Placement, store_article
from resound.store.captures import add_capture
from resound.store.frontier import add_entries
from resound.store.quarantine import (
    Subject,
    list_reasons,
    name_subjects,
    next_planned,
    oldest_ready,
    read_quarantine,
)
from resound.urls import article_id
from tests.resound.kept import EvidenceRef

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
PLACE = Placement("item", "news", "en", "online")


def fail(store: Store, stage: Stage, reasons: dict[str, str]) -> None:
    """subject → reason."""
    outcomes = {key: Outcome.quarantined(reason, f"It failed: {reason}.") for key, reason in reasons.items()}
    with store.write() as connection:
        work.end_unclaimed(connection, stage, outcomes, now=NOW)


def test_reasons_are_counted_most_first_in_the_order_of_the_stages(store: Store) -> None:
    fail(store, "extract", {"1": "timeout", "2": "defect", "3": "defect"})
    fail(store, "fetch", {"a": "http-503"})
    with store.write() as connection:
        work.enqueue(connection, "fetch", ["waits"])
    with store.read() as connection:
        found = list_reasons(connection)
    assert [(one.stage, one.reason, one.count, one.example) for one in found] == [
        ("fetch", "http-503", 1, "It failed: http-503."),
        ("extract", "defect", 2, "It failed: defect."),
        ("extract", "timeout", 1, "It failed: timeout."),
    ]


def test_quarantine_is_paged_and_filtered(store: Store) -> None:
    fail(store, "extract", {str(number): "defect" if number % 2 else "timeout" for number in range(7)})
    seen: list[int] = []
    before, pages = None, 0
    while True:
        with store.read() as connection:
            found, before = read_quarantine(connection, before=before, limit=3)
        seen += [one.id for one in found]
        pages += 1
        if before is None:
            break
    assert pages == 3
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=True)
    with store.read() as connection:
        odd, rest = read_quarantine(connection, stage="extract", reason="defect")
        none, _ = read_quarantine(connection, stage="fetch")
    assert [one.reason for one in odd] == ["defect"] * 3
    assert rest is None
    assert none == []


def test_one_piece_is_opened_again_and_no_other(store: Store) -> None:
    fail(store, "extract", {"1": "defect", "2": "defect", "3": "timeout"})
    with store.read() as connection:
        (first, *_), _ = read_quarantine(connection, reason="defect")
    with store.write() as connection:
        assert work.requeue(connection, only=[first.id]) == 1
        assert work.requeue(connection, only=[first.id]) == 0, "it waits already"
        assert work.requeue(connection, stage="extract", reason="timeout") == 1
    with store.read() as connection:
        left, _ = read_quarantine(connection)
    assert [one.reason for one in left] == ["defect"]


def test_every_stage_names_what_its_work_is_about(store: Store, article: Article) -> None:
    url = "https://news.example/2014/10/02/story-10001.html"
    with store.write() as connection:
        add_entries(connection, source="news", entries=[Entry(url=url, title="As the feed says")], now=NOW)
        raw = RawPage(url, url, 200, {}, b"", NOW + timedelta(hours=1))
        where = EvidenceRef("a.warc.gz", 0, 1, "0" * 64, "0" * 64)
        key = add_capture(connection, page_id=article_id(url), source="news", raw=raw, where=where)
    with store.read() as connection:
        named = name_subjects(
            connection, [("fetch", article_id(url)), ("extract", str(key)), ("extract", "x")]
        )
    assert named == {
        ("fetch", article_id(url)): Subject("As the feed says", "", url, NOW, None),
        ("extract", str(key)): Subject("As the feed says", "", url, NOW + timedelta(hours=1), None),
    }
    with store.write() as connection:
        stored = store_article(connection, article, PLACE, seen=NOW)
    fail(store, "index", {stored.article: "refused", "gone": "refused"})
    with store.read() as connection:
        found, _ = read_quarantine(connection)
    subjects = {one.subject for one in found}
    assert subjects == {None, Subject(article.title, "en", url, NOW, stored.article)}


def test_the_oldest_that_is_ready_and_the_first_that_was_put_off(store: Store, article: Article) -> None:
    with store.write() as connection:
        first, second = (
            store_article(
                connection, replace(article, canonical_url=f"https://news.example/{n}"), PLACE, seen=NOW
            )
            for n in (1, 2)
        )
        work.enqueue(connection, "match", [second.article, first.article])
        work.enqueue(connection, "group", [first.article], due=NOW.timestamp() + 60)
        work.enqueue(connection, "group", [second.article], due=NOW.timestamp() + 30)
    with store.read() as connection:
        oldest, planned = oldest_ready(connection, now=NOW), next_planned(connection, now=NOW)
    assert {stage: one.article for stage, one in oldest.items()} == {"match": second.article}
    assert planned == {"group": NOW.timestamp() + 30}
