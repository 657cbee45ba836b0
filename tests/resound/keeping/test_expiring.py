"""Records of unmatched pages expire when an office asks for it; nothing that was counted ever does."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from crawlers.evidence import EvidenceWriter, evidence_in_use, list_files
from crawlers.expiry import beside
from resound.article import Article, Entry, LanguageGuess
from resound.errors import EvidenceError
from resound.keeping.backup import make_backup
from resound.keeping.expiring import expire_unmatched, may_be_rewritten
from resound.keeping.replaying import replay_evidence, verify_evidence
from resound.keeping.restoring import restore_backup
from resound.outcome import Outcome
from resound.processing.reading import read_capture
from resound.showing.explaining import explain
from resound.store import Store, open_store, work
from resound.store.articles import Placement, store_article
from resound.store.captures import add_capture, list_captures
from resound.store.decisions import add_decision
from resound.store.frontier import add_entries
from resound.store.grouping import Grouping, write_groupings
from resound.store.matches import record_matches
from resound.store.tables import capture, clip, page
from tests.resound.kept import page as raw_page

pytestmark = pytest.mark.slow_on_postgres
NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
DAYS = 90
OLD = NOW - timedelta(days=100)
BASE = Article(
    url="", canonical_url="", title="T", paragraphs=("P",), language=LanguageGuess("en", None, "en", 1.0)
)  # fmt: skip

STAYS = {
    "matched": "a campaign matches it",
    "matched-once": "a campaign matched it, and no longer does",
    "decided": "a decision names it",
    "merged": "a decision names it as the other one",
    "clip": "it came as a clip, too",
    "twin": "another article of its story is matched",
    "waits": "nobody has looked whether a campaign matches it",
    "quarantined": "matching it failed",
    "ungrouped": "its story is not known yet",
    "young": "it is not old enough",
    "unread": "it was not read as an article",
}
GOES = ("nobody-1", "nobody-2", "nobody-3")


def key_of(store: Store, name: str) -> str:
    with store.read() as connection:
        return str(
            connection.execute(select(page.c.article).where(page.c.url.like(f"%/{name}"))).scalar_one()
        )


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def store(store_address: str, evidence: Path) -> Iterator[Store]:
    opened = open_store(store_address)
    fill(opened, evidence)
    yield opened
    opened.close()


def fill(store: Store, evidence: Path) -> None:
    """One file with a page of every kind; the pages that may go stand between those that stay."""
    names = [*STAYS]
    for at, name in zip((1, 6, 9), GOES, strict=True):
        names.insert(at, name)
    names.remove("young")
    names.append("young")  # it begins a file of its own day, and what follows it would go there
    keys: dict[str, str] = {}
    with EvidenceWriter(evidence, started=OLD) as writer:
        for number, name in enumerate(names):
            url = f"https://news.example/{name}"
            at = NOW - timedelta(days=20) if name == "young" else OLD
            raw = replace(raw_page(number, 9000), url=url, final_url=url, fetched_at=at)
            where = writer.write(raw)
            writer.sync()
            with store.write() as connection:
                add_entries(connection, source="s", entries=[Entry(url=url)], now=at)
                row = connection.execute(select(page.c.id).where(page.c.url == url)).scalar_one()
                key = add_capture(connection, page_id=row, source="s", raw=raw, where=where)
                if name == "unread":
                    continue
                read = replace(BASE, url=url, canonical_url=url, paragraphs=(name,))
                stored = store_article(connection, read, Placement("item", "o", "en", "online"), seen=at)
                keys[name] = stored.article
                connection.execute(update(capture).where(capture.c.id == key).values(version=stored.version))
                connection.execute(update(page).where(page.c.id == row).values(article=stored.article))
                work.enqueue(connection, "match", [stored.article])
    with store.write() as connection:
        for one in work.claim(connection, "match", limit=99, now=NOW):
            name = next(name for name, key in keys.items() if key == one.subject)
            if name == "waits":
                work.release(connection, [one])
            elif name == "quarantined":
                work.finish(connection, one, Outcome.quarantined("crashed"), now=NOW)
            else:
                work.finish(connection, one, Outcome.rejected("no-campaign"), now=NOW)
        story = {name: keys["matched"] if name == "twin" else key for name, key in keys.items()}
        write_groupings(
            connection,
            {key: Grouping(key, key, story[name], None) for name, key in keys.items() if name != "ungrouped"},
        )
        for name, found in (("matched", True), ("matched-once", True), ("matched-once", False)):
            told = {"c": ("title", {"because": ["x"]})} if found else {}
            record_matches(connection, keys[name], "v", tried={"c": "f"}, found=told, now=NOW)
        add_decision(connection, "origin", article=keys["decided"], value="paid", why="w", who="L", now=NOW)
        add_decision(
            connection, "merge", article=keys["matched"], value=keys["merged"], why="w", who="L", now=NOW
        )
        row = {"article": keys["clip"], "sha256": "0" * 64, "name": "n", "row": {}, "who": "L", "at": NOW}
        connection.execute(insert(clip), [row])


def standing(store: Store) -> tuple[set[str], set[str]]:
    """Names of the pages whose evidence is expired, and of the others."""
    with store.read() as connection:
        found = list_captures(connection)
    gone = {one.url.rsplit("/", 1)[1] for one in found if one.expired_at is not None}
    return gone, {one.url.rsplit("/", 1)[1] for one in found} - gone


def without_clips(found: tuple[int, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    return [one for one in found[1] if not one[0].startswith("clips/")]


def test_only_what_is_nobodys_goes_and_everything_else_holds(store: Store, evidence: Path) -> None:
    old = [one for one in list_files(evidence) if "20251007" in one.name]
    sizes = {one.name: one.stat().st_size for one in list_files(evidence)}
    dry = expire_unmatched(store, evidence, days=DAYS, now=NOW, is_dry=True)
    assert (dry.records, list(dry.files)) == (3, [one.name for one in old])
    assert standing(store)[0] == set()
    done = expire_unmatched(store, evidence, days=DAYS, now=NOW)
    assert done == dry
    gone, kept = standing(store)
    assert gone == set(GOES)
    assert kept == set(STAYS)
    assert without_clips(verify_evidence(store, evidence)) == []
    assert {one.name: one.stat().st_size for one in list_files(evidence)} == sizes
    assert not list(evidence.glob(".*.expiring"))
    again = expire_unmatched(store, evidence, days=DAYS, now=NOW + timedelta(days=1))
    assert again.records == 0, "nothing is done twice"


def test_an_explanation_says_that_it_expired_and_when(store: Store, evidence: Path) -> None:
    with store.read() as connection:
        (before,) = (one for one in list_captures(connection) if one.url.endswith("nobody-1"))
    expire_unmatched(store, evidence, days=DAYS, now=NOW)
    with store.read() as connection:
        told = dict(explain(connection, "https://news.example/nobody-1").sections)["Evidence"]
        kept = dict(explain(connection, "https://news.example/matched").sections)["Evidence"]
        (after,) = (one for one in list_captures(connection) if one.url.endswith("nobody-1"))
    assert "expired on 2026-01-15" in told[0]
    assert before.sha256 in told[0]
    assert "expired" not in kept[0]
    assert after == replace(before, expired_at=NOW)
    again = read_capture(evidence, after, "UTC", None)
    assert isinstance(again, Outcome)
    assert (again.kind, again.reason) == ("rejected", "expired")


def test_a_replay_does_not_stumble_over_it(store: Store, evidence: Path) -> None:
    expire_unmatched(store, evidence, days=DAYS, now=NOW)
    found = replay_evidence(store, evidence, evidence)
    assert (found.records, found.added, found.problems) == (len(STAYS), 0, ())


def test_a_backup_of_it_holds(store: Store, evidence: Path, tmp_path: Path) -> None:
    expire_unmatched(store, evidence, days=DAYS, now=NOW)
    make_backup(store, evidence, tmp_path / "x.tar", settings={}, now=NOW)
    restore_backup(tmp_path / "x.tar", tmp_path / "new")
    restored = open_store(f"sqlite:///{tmp_path / 'new' / 'resound.sqlite'}")
    assert standing(restored)[0] == set(GOES)
    assert without_clips(verify_evidence(restored, tmp_path / "new" / "evidence")) == []
    restored.close()


def test_not_while_a_backup_is_made(store: Store, evidence: Path) -> None:
    with evidence_in_use(evidence), pytest.raises(EvidenceError, match="in use by a backup"):
        expire_unmatched(store, evidence, days=DAYS, now=NOW)
    assert standing(store)[0] == set()


@pytest.mark.parametrize(
    ("file", "may"),
    [("20260113", True), ("20260114", False), ("20260115", False), ("20260116", False), ("20141002", True)],
)
def test_a_file_that_may_still_be_written_to_is_left_alone(file: str, may: bool) -> None:
    assert may_be_rewritten(f"resound-{file}-235959-1-{'0' * 16}-00001.warc.gz", NOW) == may


def test_what_is_decided_meanwhile_stays(
    store: Store, evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resound.keeping.expiring as expiring

    real = expiring.write_without
    key = key_of(store, "nobody-2")

    def decide_meanwhile(*words, **more):  # type: ignore[no-untyped-def]
        with store.write() as connection:
            add_decision(connection, "accept", article=key, campaign="c", why="w", who="L", now=NOW)
        return real(*words, **more)

    monkeypatch.setattr(expiring, "write_without", decide_meanwhile)
    told = expire_unmatched(store, evidence, days=DAYS, now=NOW)
    assert told.records == 0
    assert "decided just now" in told.problems[0]
    assert not list(evidence.glob(".*.expiring"))
    monkeypatch.undo()
    assert expire_unmatched(store, evidence, days=DAYS, now=NOW).records == 2
    assert standing(store)[0] == set(GOES) - {"nobody-2"}
    assert without_clips(verify_evidence(store, evidence)) == []


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import resound.keeping.expiring as expiring
from resound.store import Store, open_store

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

moment = sys.argv[3]
real = expiring.write_without
if moment == "before the new file":
    expiring.write_without = die
elif moment == "in the new file":
    import crawlers.expiry
    crawlers.expiry._write_sparsely = die
elif moment == "after the new file":
    expiring.write_without = lambda *a, **k: (real(*a, **k), die())
elif moment == "in the transaction":
    found = expiring.find_expiring
    def twice(*a, **k):
        twice.times += 1
        return die() if twice.times == 3 else found(*a, **k)
    twice.times = 0
    expiring.find_expiring = lambda c, f, **k: twice(c, f, **k)
    twice.times = 1
elif moment == "after the transaction":
    Path.replace = die
elif moment == "after the change of files":
    expiring.sync_folder = die
expiring.expire_unmatched(
    open_store(sys.argv[1]), Path(sys.argv[2]), days=90, now=datetime(2026, 1, 15, 8, tzinfo=UTC)
)
"""
MOMENTS = {
    "before the new file": False,
    "in the new file": False,
    "after the new file": False,
    "in the transaction": False,
    "after the transaction": True,
    "after the change of files": True,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_loses_nothing_and_is_finished_by_the_next(
    store: Store, store_address: str, evidence: Path, moment: str
) -> None:
    ran = subprocess.run([sys.executable, "-c", KILLED, store_address, evidence, moment], check=False)
    assert ran.returncode == -signal.SIGKILL
    gone, _ = standing(store)
    assert gone == (set(GOES) if MOMENTS[moment] else set())
    assert without_clips(verify_evidence(store, evidence)) == [], "something that is not expired was lost"
    expire_unmatched(store, evidence, days=DAYS, now=NOW)
    assert standing(store) == (set(GOES), set(STAYS))
    assert without_clips(verify_evidence(store, evidence)) == []
    assert not [one for one in list_files(evidence) if beside(one).exists()]
    found = replay_evidence(store, evidence, evidence)
    assert (found.records, found.added) == (len(STAYS), 0), "an expired record is still in the file"


def test_killed_twice_it_is_still_finished(store: Store, store_address: str, evidence: Path) -> None:
    for moment in ("after the transaction", "in the new file", "after the new file"):
        subprocess.run([sys.executable, "-c", KILLED, store_address, evidence, moment], check=False)
    expire_unmatched(store, evidence, days=DAYS, now=NOW)
    assert replay_evidence(store, evidence, evidence).records == len(STAYS)
    assert without_clips(verify_evidence(store, evidence)) == []
