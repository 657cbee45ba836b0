"""Snapshots of the demo and of a store made by hand: values that nothing changes afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from resound.article import Entry, FoundDate
from resound.coding.deciding import decide
from resound.coverage.campaign import campaign_coverage
from resound.coverage.comparators import Comparators
from resound.definitions.applying import apply_definitions
from resound.definitions.written import Loaded
from resound.errors import NotFoundError, ResoundError, StoreError
from resound.snapshots.freezing import freeze_campaign, open_snapshot
from resound.snapshots.model import FORMAT, Clip, Snapshot
from resound.snapshots.opened import check_recount, coverage_of, write_figures
from resound.snapshots.taking import take_snapshot
from resound.snapshots.written import content_hash, pack, read_snapshot, write_snapshot
from resound.store import Store, open_store
from resound.store.articles import load_articles, store_article
from resound.store.enrichments import load_tones, set_tone
from resound.store.frontier import add_entries, record_poll, set_channels
from resound.store.leads import add_leads
from resound.store.registry import load_campaign, load_sources
from resound.store.snapshots import SnapshotRow, list_snapshots, load_body
from resound.store.tables import capture, snapshot, work
from tests.resound.newsdesk import AGENCY, NOW, OWN, apply, campaign, put, source

DEMO = "apo-coe-gp-vietnam-2014"
AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def demo(demo_copy: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{demo_copy / 'resound.sqlite'}")
    yield opened
    opened.close()


def take(store: Store, evidence: Path, key: str = DEMO, *, now: datetime = AT) -> Snapshot:
    with store.read() as connection:
        return take_snapshot(connection, key, evidence=evidence, comparators=Comparators(), now=now)


def freeze(
    store: Store, evidence: Path, key: str = DEMO, *, now: datetime = AT, why: str = ""
) -> SnapshotRow:
    return freeze_campaign(
        store, key, evidence=evidence, comparators=Comparators(), who="lin", why=why, now=now
    )


def test_what_was_frozen_is_read_again_byte_for_byte(demo: Store, demo_copy: Path) -> None:
    evidence = demo_copy / "evidence"
    first = freeze(demo, evidence, why=" for the APO ")
    with demo.read() as connection:
        row, body = load_body(connection, DEMO)
        opened_row, opened = open_snapshot(connection, DEMO)
        coverage = campaign_coverage(connection, DEMO, now=AT)
    assert row == first == opened_row
    assert (row.number, row.as_of, row.who, row.why) == (1, AT, "lin", "for the APO")
    written = write_snapshot(opened)
    assert (pack(written), content_hash(written)) == (body, row.sha256)
    # The same store, evidence and moment once more: the same hash, under the next number.
    again = freeze(demo, evidence)
    assert (again.number, again.sha256) == (2, first.sha256)
    assert freeze(demo, evidence, now=AT + timedelta(seconds=1)).sha256 != first.sha256
    # What it shows is what the page shows of the store.
    shown = coverage_of(opened)
    assert replace(shown, mark=(), outlet_names={}) == replace(coverage, mark=(), outlet_names={})
    assert row.counts == {"items": 30, "stories": 17, "outlets": 19, "groups": 16, "at_least": 1}


def test_texts_translations_and_evidence_of_what_is_accepted(demo: Store, demo_copy: Path) -> None:
    taken = take(demo, demo_copy / "evidence")
    numbers = [one.number for one in taken.clips if one.number]
    counted = [one for one in taken.clips if one.standing == "counted"]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert [one.number for one in counted] == list(range(1, len(counted) + 1))
    assert counted == sorted(counted, key=lambda one: (one.facts.day, one.facts.url))
    beside = [one for one in taken.clips if one.number > len(counted)]
    assert beside
    assert all(one.facts.review == "accepted" for one in beside)
    for one in taken.clips:
        if one.number:
            assert one.paragraphs
            assert one.evidence
            assert one.versions >= 1
            assert {piece.state for piece in one.evidence} == {"kept"}
        else:
            bare = Clip(0, one.facts, one.standing, one.outlet_names, one.first_seen)
            assert replace(one, said=(), gone_at=None, twins=()) == bare
    foreign = next(one for one in counted if one.facts.language == "vi")
    made = foreign.translations["en"]
    assert made.title
    assert made.paragraphs
    assert len(made.paragraphs) == len(foreign.paragraphs)
    assert made.made_by.startswith("demo model")
    assert any(one.kind == "row" for clip in counted for one in clip.evidence)
    assert any(word.kind == "accept" and word.who for word in counted[0].said)
    assert taken.definition[0] == 1
    assert len(taken.definition[1]) == 64
    assert {one.facts.outlet for one in counted} <= set(taken.sources)
    assert taken.voice is not None
    assert taken.voice.of == 34
    quoted = {key: [one.item for one in some] for key, some in taken.messages.items()}
    rows = {one["id"]: one for one in taken.figures["coding"]["messages"]["rows"]}
    for key, items in quoted.items():
        assert sorted(items) == sorted([*rows[key]["confirmed"], *rows[key]["proposed"]])
    assert all(one.passages for some in taken.messages.values() for one in some)


def edit_everything(store: Store) -> str:
    """A title, an owner, decisions and a tone are other ones afterwards; the id of the item whose title is."""
    with store.read() as connection:
        taken = campaign_coverage(connection, DEMO, now=AT)
        sources, defined = load_sources(connection), load_campaign(connection, DEMO)
    key, other = taken.figures.lists["counted"][:2]
    with store.write() as connection:
        stored = load_articles(connection, [key])[key]
        changed = replace(stored.article, title="Another headline")
        store_article(connection, changed, stored.placement, seen=AT)
        tone = load_tones(connection, [taken.item(other).version])[taken.item(other).version][DEMO]
        set_tone(connection, replace(tone, tone="negative"))
        decide(connection, other, "reject", campaign=DEMO, why="a mistake", who="chen", now=AT)
    owner = {"id": "bought-it", "name": "Bought it"}
    outlet = sources[taken.item(key).outlet].model_copy(
        update={"owner": sources[taken.item(key).outlet].owner.model_copy(update=owner)}
    )
    narrower = defined.model_copy(update={"notes": "changed"})
    apply_definitions(
        store,
        [Loaded(outlet, "o.yml", None), Loaded(narrower, "c.yml", None)],
        who="chen",
        now=AT,
        replace=True,
    )
    return key


def test_what_changes_afterwards_changes_nothing_in_it(demo: Store, demo_copy: Path) -> None:
    evidence = demo_copy / "evidence"
    row = freeze(demo, evidence)
    with demo.read() as connection:
        before = open_snapshot(connection, DEMO, 1)
    key = edit_everything(demo)
    with demo.read() as connection:
        assert open_snapshot(connection, DEMO, 1) == before
        assert list_snapshots(connection, DEMO) == [row]
    after = take(demo, evidence)
    then, now = ({one.facts.item: one for one in some.clips} for some in (before[1], after))
    assert (then[key].facts.title, now[key].facts.title) == (then[key].facts.title, "Another headline")
    assert then[key].facts.title != "Another headline"
    assert (now[key].facts.group, now[key].versions) == ("bought-it", then[key].versions + 1)
    assert after.figures["counts"]["items"] == before[1].figures["counts"]["items"] - 1
    assert after.definition[0] == 2


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda body: body[:-20], "torn"),
        (lambda body: pack(write_snapshot(read_snapshot(_plain(body))).replace(b"Resound", b"resound")), "SHA-256"),
        (lambda _: pack(b"{}"), "SHA-256"),
    ],
)  # fmt: skip
def test_a_torn_or_changed_one_is_refused(
    demo: Store, demo_copy: Path, spoil: Callable[[bytes], bytes], told: str
) -> None:
    freeze(demo, demo_copy / "evidence")
    with demo.write() as connection:
        body = connection.execute(select(snapshot.c.body)).scalar_one()
        connection.execute(update(snapshot).values(body=spoil(body)))
    with demo.read() as connection, pytest.raises(StoreError, match=told):
        open_snapshot(connection, DEMO)


def _plain(body: bytes) -> bytes:
    import zlib

    return zlib.decompress(body)


def test_a_newer_format_and_a_number_that_is_none(demo: Store, demo_copy: Path) -> None:
    freeze(demo, demo_copy / "evidence")
    with demo.write() as connection:
        row, body = load_body(connection, DEMO)
        plain = json.loads(_plain(body))
        newer = json.dumps({**plain, "format": FORMAT + 1}).encode()
        connection.execute(update(snapshot).values(body=pack(newer), sha256=content_hash(newer)))
    with demo.read() as connection:
        with pytest.raises(ResoundError, match="newer Resound"):
            open_snapshot(connection, DEMO, row.number)
        with pytest.raises(NotFoundError, match="no snapshot 7"):
            open_snapshot(connection, DEMO, 7)
        with pytest.raises(NotFoundError, match="no snapshot yet"):
            open_snapshot(connection, "c")


def test_a_snapshot_of_the_first_format_is_read(demo: Store, demo_copy: Path) -> None:
    taken = take(demo, demo_copy / "evidence")
    plain = json.loads(write_snapshot(taken))
    del plain["voice_items"]
    older = read_snapshot(json.dumps({**plain, "format": 1}).encode())
    check_recount(older)
    assert older == replace(read_snapshot(write_snapshot(taken)), format=1, voice_items=())


def test_a_version_that_counts_otherwise_says_so_and_changes_nothing(demo: Store, demo_copy: Path) -> None:
    taken = take(demo, demo_copy / "evidence")
    check_recount(taken)
    other = json.loads(json.dumps(taken.figures))
    other["by"]["country"][0]["items"] += 1
    with pytest.raises(ResoundError, match=r"Resound 0\.1\.0, which froze it \(by\.country\[0\]\.items\)"):
        check_recount(replace(taken, figures=other))
    changes: list[Callable[[Any], object]] = [
        lambda found: found["coding"]["tone"].pop(),
        lambda found: found.update(never_counted_before=1),
        lambda found: found["lists"].update(counted=[]),
    ]
    for change in changes:
        other = json.loads(json.dumps(taken.figures))
        change(other)
        with pytest.raises(ResoundError, match="counts the snapshot of 2026-12-01 09:30 UTC otherwise"):
            check_recount(replace(taken, figures=other))
    # How a later version words a reason, and what it counts beside, is no other number.
    other = json.loads(json.dumps(taken.figures))
    other["notes"] = ["otherwise"]
    next(iter(other["items"].values()))["why"] = "otherwise"
    del other["topics"]
    assert write_figures(check_recount(replace(taken, figures=other))) == taken.figures


@pytest.fixture
def desk(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    apply(opened, source("alpha"), source("beta", country="TW"), campaign(countries=["VN"]))
    yield opened
    opened.close()


def say(connection: Connection, item: str, kind: Any, value: str | None = None, **more: Any) -> None:
    decide(connection, item, kind, value=value, campaign="c", why="read", who="Lin", now=NOW, **more)


def test_decisions_that_hold_twins_and_merges(desk: Store, tmp_path: Path) -> None:
    a, twin = put(desk, "alpha", 1), put(desk, "alpha", 2, hours=5)
    b, c = put(desk, "beta", 3, OWN), put(desk, "beta", 4, OWN.replace("reporter", "man"), hours=90)
    with desk.write() as connection:
        say(connection, twin, "reject")
        say(connection, twin, "accept")
        say(connection, a, "origin", "original")
        say(connection, a, "tone", "positive", basis="translation")
        say(connection, b, "merge", a)
        say(connection, c, "reject")
    taken = take(desk, tmp_path, "c", now=NOW)
    clips = {one.facts.item: one for one in taken.clips}
    assert set(clips) == {a, b, c}
    assert clips[a].twins == (twin,)
    assert [(one.kind, one.value, one.basis) for one in clips[a].said] == [
        ("accept", None, None),
        ("origin", "original", None),
        ("tone", "positive", "translation"),
        ("merge", b, None),
    ]
    assert [(one.kind, one.value) for one in clips[b].said] == [("merge", a)]
    assert (clips[c].number, clips[c].standing, clips[c].said[0].who) == (0, "rejected", "Lin")
    assert (clips[a].coded.tone, clips[a].coded.basis) == ("positive", "translation")
    assert read_snapshot(write_snapshot(taken)) == taken
    assert taken.voice is None


def test_evidence_that_went_is_told(demo: Store, demo_copy: Path) -> None:
    evidence = demo_copy / "evidence"
    whole = take(demo, evidence)
    record = next(piece for one in whole.clips for piece in one.evidence if piece.kind == "record")
    row = next(piece for one in whole.clips for piece in one.evidence if piece.kind == "row")
    with (evidence / record.file).open("r+b") as file:
        file.seek((record.offset or 0) + 30)
        file.write(b"\0\0\0\0")
    (evidence / "clips" / row.sha256).unlink()
    other = next(
        piece
        for one in whole.clips
        for piece in one.evidence
        if piece.kind == "record" and piece.sha256 != record.sha256
    )
    with demo.write() as connection:
        connection.execute(update(capture).where(capture.c.sha256 == other.sha256).values(expired_at=AT))
    states = {piece.sha256: piece.state for one in take(demo, evidence).clips for piece in one.evidence}
    assert (states[record.sha256], states[row.sha256], states[other.sha256]) == (
        "missing",
        "missing",
        "expired",
    )
    assert sum(state == "kept" for state in states.values()) == len(states) - 3
    shutil.rmtree(evidence)
    states = {piece.sha256: piece.state for one in take(demo, evidence).clips for piece in one.evidence}
    assert set(states.values()) == {"missing", "expired"}


def test_how_well_a_source_was_read(desk: Store, tmp_path: Path) -> None:
    def entry(name: str, day: int | None = None) -> Entry:
        published = None if day is None else FoundDate("feed", "x", at=datetime(2014, 10, day, 5, tzinfo=UTC))
        return Entry(f"https://alpha.example/{name}", title=name, published=published)

    in_september = replace(
        entry("early"), published=FoundDate("feed", "x", at=datetime(2014, 9, 3, tzinfo=UTC))
    )
    with desk.write() as connection:
        entries = [
            entry("sold", 5),
            entry("forbidden", 6),
            entry("forbidden-2"),
            entry("gone", 7),
            in_september,
        ]
        add_entries(connection, source="alpha", entries=entries, now=NOW)
        jobs = connection.execute(select(work.c.id, work.c.subject).order_by(work.c.id)).all()
        outcomes = [("rejected", "paywall"), *[("quarantined", "http-403")] * 2, ("rejected", "gone"), ("rejected", "paywall")]  # fmt: skip
        for (key, _), (outcome, reason) in zip(jobs, outcomes, strict=True):
            finished = {"due": None, "outcome": outcome, "reason": reason}
            connection.execute(update(work).where(work.c.id == key).values(**finished))
        # The same page as a lead is the same page; another lead was found without being fetched.
        leads = [entry("sold", 5), entry("script", 8)]
        add_leads(connection, source="alpha", entries=leads, reason="script-only", now=NOW)
        add_leads(connection, source="beta", entries=[entry("b")], reason="paywall", now=NOW)
        feed = "https://alpha.example/rss"
        set_channels(connection, "alpha", [feed])
        record_poll(
            connection, source="alpha", url=feed, state={}, next_due=0, stopped="robots.txt forbids it"
        )
    (watched,) = take(desk, tmp_path, "c", now=NOW).watch
    assert watched.watch.source == "alpha"
    assert watched.blocked == {"http-403": 2, "script-only": 2}
    assert (watched.stopped, watched.reach) == (("robots.txt forbids it",), None)
    assert watched.names.en == "Alpha"


def test_numbers_are_the_campaigns_own_and_a_store_keeps_all(desk: Store, tmp_path: Path) -> None:
    put(desk, "alpha", 1, AGENCY)
    apply(desk, campaign(id="d"))
    made = [freeze(desk, tmp_path, key).number for key in ("c", "c", "d", "c")]
    assert made == [1, 2, 1, 3]
    with desk.read() as connection:
        assert [(one.campaign, one.number) for one in list_snapshots(connection)] == [
            ("c", 3),
            ("c", 2),
            ("c", 1),
            ("d", 1),
        ]
        assert connection.execute(select(func.count()).select_from(snapshot)).scalar() == 4
        with pytest.raises(NotFoundError, match="no campaign 'nobody'"):
            take_snapshot(connection, "nobody", evidence=tmp_path, comparators=Comparators(), now=AT)
