"""The index follows the store: whatever happens to articles, decisions and sources, and whatever happens to the index."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from resound.article import Article, FoundDate, LanguageGuess
from resound.campaign import Campaign
from resound.coding.deciding import decide, item_key, take_back
from resound.definitions.applying import apply_definitions
from resound.definitions.written import Loaded
from resound.errors import ResoundError, StoreError
from resound.grouping.items import regroup
from resound.index.hashing import hash_all
from resound.index.sqlite import SqliteIndex
from resound.pipeline import process_pending
from resound.processing.facts import place_page
from resound.processing.reading import PageReader
from resound.query import parse
from resound.searching.indexing import index_standing, try_to_update_index, update_index
from resound.searching.reindexing import expected_hashes, rebuild_index, verify_index
from resound.source import Source
from resound.store import Store, open_store, work
from resound.store.articles import record_change, store_article
from resound.store.enrichments import MadeBy, StoredTopics, set_topics, set_vector
from resound.store.feed import load_state, newest_change
from resound.store.registry import load_sources
from resound.store.tables import article as article_table
from resound.store.tables import decision as decision_table
from resound.store.tables import match as match_table
from resound.store.tables import vector as vector_table
from resound.store.tables import version as version_table
from resound.watching.health import overall_status
from tests.resound.index.material import article as loose_article

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
TEXTS = [
    " ".join(
        f"Sentence {n} of the agency tells how the green team met office {n * 7} about waste."
        for n in range(20)
    ),
    " ".join(
        f"Our reporter saw {n} lorries at gate {n + 11} while director {n} spoke of burning."
        for n in range(20)
    ),
    "Đội xanh nói về rác thải điện tử tại Hà Nội. " * 8,
]
MADE = MadeBy("tiny/embedding", "r1", "onnx", "tiny model", NOW)


def source(key: str, **more: Any) -> Loaded:
    body = {
        "id": key,
        "names": {"en": key.title()},
        "home": f"https://{key}.example/",
        "owner": {"id": "group", "name": "Group"},
        "country": "VN",
        "timezone": "Asia/Ho_Chi_Minh",
        "editions": [{"id": "en", "language": "en", "hosts": [f"{key}.example"]}],
        "feeds": [{"url": f"https://{key}.example/rss"}],
        **more,
    }
    return Loaded(Source.model_validate(body), f"{key}.yml", None)


def campaign() -> Loaded:
    body = {
        "id": "c",
        "name": {"en": "C"},
        "window": {"first": "2014-10-02", "last": "2014-10-31"},
        "names": [{"id": "team", "forms": {"en": ["green team"]}}],
    }
    return Loaded(Campaign.model_validate(body), "c.yml", None)


def open_with_sources(folder: Path) -> Store:
    store = open_store(f"sqlite:///{folder}/resound.sqlite")
    apply_definitions(store, [source("one"), source("two"), campaign()], who="test", now=NOW)
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_with_sources(tmp_path)
    yield made
    made.close()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    made = SqliteIndex(tmp_path / "index.sqlite")
    yield made
    made.close()


def put(store: Store, host: str, number: int, text: int = 0, *, day: int = 2, lead: str = "") -> str:
    """An article or an edit of it, waiting to be matched and grouped."""
    url = f"https://{host}.example/{number}"
    read = Article(
        url=url,
        canonical_url=url,
        title=f"Headline {text}",
        paragraphs=(TEXTS[text],),
        lead=lead,
        language=LanguageGuess("en", None, "en", 1.0),
        published=FoundDate(origin="json-ld", raw="", at=datetime(2014, 10, day, 3, tzinfo=UTC)),
    )
    with store.write() as connection:
        place = place_page(url, "en", load_sources(connection))
        stored = store_article(connection, read, place, seen=NOW + timedelta(seconds=number))
        if stored.is_moved:
            work.reopen(connection, "match", [stored.article])
            work.reopen(connection, "group", [stored.article])
    return stored.article


def process(store: Store, folder: Path) -> None:
    with PageReader(folder, workers=1) as reader:
        process_pending(store, reader, clock=lambda: NOW)


def give_vector(store: Store, key: str, *numbers: float) -> None:
    row = struct.pack(f"<{len(numbers)}e", *numbers)
    with store.write() as connection:
        version = connection.execute(
            select(article_table.c.current).where(article_table.c.id == key)
        ).scalar_one()
        set_vector(
            connection,
            version=version,
            article=key,
            language="en",
            day=NOW.date(),
            vector_bytes=row,
            made_by=MADE,
        )
        record_change(connection, [key])


def expected(store: Store) -> list[tuple[str, str]]:
    with store.read() as connection:
        return list(expected_hashes(connection))


def test_it_holds_what_the_store_says_with_vectors_and_hashes(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    keys = [put(store, "one", 1), put(store, "two", 2, 1)]
    process(store, tmp_path)
    for key in keys:
        give_vector(store, key, 0.6, 0.8)

    done = update_index(store, index, clock=lambda: NOW)

    assert (done.looked_at, done.behind, done.refused, done.sentence) == (2, 0, (), "")
    assert list(index.hashes()) == expected(store)
    (near,) = index.similar(keys[0])
    assert (near[0].id, near[1]) == (keys[1], 1.0)
    with store.read() as connection:
        state, newest = load_state(connection, "sqlite"), newest_change(connection)
    assert (state.cursor, state.level_at, state.trouble) == (newest, NOW, "")
    assert update_index(store, index, clock=lambda: NOW + timedelta(days=1)).looked_at == 0
    with store.read() as connection:
        assert load_state(connection, "sqlite") == state, "nothing is written where nothing was done"


def test_time_that_runs_out_leaves_the_rest_for_the_next_update(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    put(store, "one", 1)
    process(store, tmp_path)
    done = update_index(store, index, seconds=0)
    assert (done.looked_at, done.behind) == (0, 1)
    assert "1 article changed and is not in it yet" in done.sentence
    assert index_standing(store, index).behind == 1
    assert update_index(store, index).behind == 0
    assert index_standing(store, index).sentences == ("The index is up to date.",)


def test_an_index_that_cannot_be_written_stops_nobody_and_catches_up_by_itself(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "index.sqlite"
    index = SqliteIndex(path)
    first = put(store, "one", 1)
    process(store, tmp_path)
    update_index(store, index, clock=lambda: NOW)
    index.close()
    kept = path.read_bytes()
    path.write_bytes(b"this is no database" * 1000)
    index = SqliteIndex(path)
    second = put(store, "two", 2, 1)
    process(store, tmp_path)

    done = try_to_update_index(store, index, clock=lambda: NOW)

    assert done.behind == 1
    assert "not a database" in done.trouble
    assert "Search is behind: 1 article" in done.sentence
    standing = index_standing(store, index)
    assert (standing.answers, standing.behind, standing.level_at) == (False, 1, NOW)
    assert "It was last up to date at 2026-01-15 08:00 UTC." in standing.sentences[0]
    assert "reindex" in standing.sentences[1]
    with pytest.raises(StoreError, match="not a database"):
        update_index(store, index)

    path.write_bytes(kept)
    assert try_to_update_index(store, index).sentence == ""
    assert [hit.id for hit in index.search(parse("NOT nowhere")).hits] == sorted([first, second])
    with store.read() as connection:
        assert load_state(connection, "sqlite").trouble == ""
    index.close()


def test_what_is_refused_waits_in_quarantine_and_can_be_tried_again(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    good, odd = put(store, "one", 1), put(store, "two", 2, 1)
    process(store, tmp_path)
    give_vector(store, good, 0.6, 0.8)
    update_index(store, index)
    give_vector(store, odd, 1, 0, 0)

    done = update_index(store, index)

    assert [one.id for one in done.refused] == [odd]
    with store.read() as connection:
        status = overall_status(connection, now=NOW)
        assert "6 bytes" in work.list_quarantined(connection, "index")[odd]
    assert [(one.outcome, one.reason, one.count) for one in status.tallies if one.stage == "index"] == [
        ("quarantined", "refused", 1)
    ]
    assert any("index refused 1 article" in one for one in index_standing(store, index).sentences)
    found = verify_index(store, index)
    assert (found.is_equal, found.is_as_expected, found.differing.first, found.refused) == (
        False,
        True,
        (odd,),
        1,
    )

    def requeue() -> int:
        with store.write() as connection:
            return work.requeue(connection, stage="index")

    assert requeue() == 1
    assert [one.id for one in update_index(store, index).refused] == [odd], "nothing about it is better yet"
    with store.write() as connection:
        connection.execute(
            update(vector_table).where(vector_table.c.article == odd).values(vector=struct.pack("<2e", 0, 1))
        )
    assert requeue() == 1
    assert update_index(store, index).refused == ()
    with store.read() as connection:
        assert work.list_quarantined(connection, "index") == {}
    assert verify_index(store, index).is_equal


def test_a_rebuild_puts_what_it_refuses_in_quarantine_and_takes_out_what_it_does_not(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    keys = sorted(put(store, "one", number, number % 3) for number in range(3))
    process(store, tmp_path)
    give_vector(store, keys[1], 1, 0, 0)
    update_index(store, index)
    give_vector(store, keys[0], 1, 0)
    assert [one.id for one in update_index(store, index).refused] == [keys[0]]

    built = rebuild_index(store, index)

    assert [one.id for one in built.refused] == [keys[1]], (
        "the first one of a model says how long its vectors are"
    )
    with store.read() as connection:
        assert list(work.list_quarantined(connection, "index")) == [keys[1]]
    assert built.items == 2


def test_an_index_of_another_store_is_not_taken_for_level(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    index.write([loose_article("stranger")], [], cursor=10_000)
    put(store, "one", 1)
    process(store, tmp_path)
    with pytest.raises(StoreError, match="another store"):
        update_index(store, index)
    assert rebuild_index(store, index).items == 1
    assert verify_index(store, index).is_equal


def test_two_processes_that_update_at_once_leave_one_whole_index(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    for number in range(12):
        put(store, f"host{number}", number, number % 3)
    process(store, tmp_path)
    script = (
        "import sys, pathlib\n"
        "from resound.searching import indexing\n"
        "from resound.index.sqlite import SqliteIndex\n"
        "from resound.store import open_store\n"
        "folder = pathlib.Path(sys.argv[1]); indexing.BATCH = int(sys.argv[2])\n"
        "store = open_store(f'sqlite:///{folder}/resound.sqlite'); index = SqliteIndex(folder / 'index.sqlite')\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(indexing.update_index(store, index).behind)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), batch],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for batch in ("2", "3")
    ]
    for one in processes:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    update_index(store, index)
    said = [one.communicate()[0] for one in processes]

    assert said == ["0\n", "0\n"]
    assert list(index.hashes()) == expected(store)


def test_a_source_that_is_described_anew_is_described_anew_in_the_index(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    key, decided = put(store, "one", 1), put(store, "elsewhere", 2, 1)
    process(store, tmp_path)
    _decide(store, "outlet", decided, "")
    update_index(store, index)

    for one in ("one", "two"):
        changed = source(one, names={"en": f"New {one}"}, country="TW")
        apply_definitions(store, [changed], who="test", now=NOW, replace=True)
    assert update_index(store, index).looked_at == 2

    hits = index.search(parse("country:tw")).hits
    assert {hit.id: hit.shown["outlet_name"] for hit in hits} == {key: "New one", decided: "New two"}
    assert verify_index(store, index).is_equal


def test_an_edited_lead_is_searched_though_the_text_is_the_same(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    put(store, "one", 1)
    process(store, tmp_path)
    update_index(store, index)
    with store.write() as connection:
        connection.execute(update(version_table).values(last_seen=NOW - timedelta(days=1)))
    put(store, "one", 1, lead="Nobody wrote this before")
    update_index(store, index)
    assert index.search(parse('"nobody wrote"')).total == 1


def test_an_item_that_loses_a_twin_loses_what_it_had_of_it(
    store: Store, index: SqliteIndex, tmp_path: Path
) -> None:
    first, twin = put(store, "one", 1), put(store, "one", 2)
    process(store, tmp_path)
    with store.write() as connection:  # as the matcher leaves it where only the twin names the team
        connection.execute(update(match_table).where(match_table.c.article == first).values(matched=False))
    with store.read() as connection:
        assert item_key(connection, twin) == first
    update_index(store, index)
    assert [hit.id for hit in index.search(parse("campaign:c")).hits] == [first]

    with store.write() as connection:
        connection.execute(update(article_table).where(article_table.c.id == twin).values(outlet="two"))
        regroup(connection, [twin], sources=load_sources(connection))
    update_index(store, index)

    assert [hit.id for hit in index.search(parse("campaign:c")).hits] == [twin]
    assert index.count() == 2
    assert verify_index(store, index).is_equal


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("put"), st.sampled_from(["one", "two", "other"]), st.integers(0, 3), st.integers(0, 2)
        ),
        st.tuples(st.just("lead"), st.sampled_from(["one", "two"]), st.integers(0, 3), st.integers(0, 2)),
        st.tuples(
            st.just("decide"),
            st.sampled_from(["accept", "reject", "origin", "outlet", "date", "merge", "split", "undo"]),
            st.integers(0, 11),
            st.integers(0, 11),
        ),
        st.tuples(st.just("apply"), st.sampled_from(["one", "two", "other"]), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("judge"), st.just(""), st.integers(0, 11), st.integers(0, 3)),
        st.tuples(st.just("process"), st.just(""), st.just(0), st.just(0)),
        st.tuples(st.just("update"), st.just(""), st.just(0), st.just(0)),
    ),
    min_size=3,
    max_size=14,
)


def do(
    store: Store, index: SqliteIndex, folder: Path, one: tuple[str, str, int, int], known: list[str]
) -> None:
    what, name, number, other = one
    if what == "put":
        known.append(put(store, name, number, other, day=2 + number))
    elif what == "lead":
        known.append(put(store, name, number, other, day=2 + number, lead=f"A lead {number}"))
    elif what == "process":
        process(store, folder)
    elif what == "update":
        update_index(store, index)
    elif what == "apply":
        changed = source(name, names={"en": f"Name {number}"}, country=["VN", "TW"][number % 2])
        apply_definitions(store, [changed], who="test", now=NOW, replace=True)
    elif known and what == "judge":
        key = known[number % len(known)]
        give_vector(store, key, 1, other)
        with store.write() as connection:
            version = connection.execute(
                select(article_table.c.current).where(article_table.c.id == key)
            ).scalar_one()
            set_topics(connection, StoredTopics(version, ((f"topic-{other}", 0.9),), MADE))
            record_change(connection, [key])
    elif known:
        _decide(store, name, known[number % len(known)], known[other % len(known)])


def _decide(store: Store, kind: Any, key: str, other: str) -> None:
    values = {
        "origin": "agency-pick-up",
        "outlet": "two",
        "date": "2014-10-20",
        "merge": other,
        "split": other,
    }
    with store.write() as connection:
        if kind == "undo":
            last = (
                connection.execute(
                    select(decision_table.c.id)
                    .where(decision_table.c.kind != "undo")
                    .order_by(decision_table.c.id.desc())
                )
                .scalars()
                .first()
            )
            if last is not None:
                with suppress(ResoundError):  # it was undone already
                    take_back(connection, last, why="read it", who="test", now=NOW)
            return
        if kind in ("merge", "split") and item_key(connection, key) == item_key(connection, other):
            return
        decide(
            connection,
            key,
            kind,
            value=values.get(kind),
            campaign="c" if kind in ("accept", "reject") else None,
            why="read it",
            who="test",
            now=NOW,
        )


def follow_any_history(
    examples: int, tmp_path_factory: pytest.TempPathFactory, phases: tuple[Phase, ...]
) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    @given(OPERATIONS)
    def hold(operations: list[tuple[str, str, int, int]]) -> None:
        folder = tmp_path_factory.mktemp("history")
        store, index = open_with_sources(folder), SqliteIndex(folder / "index.sqlite")
        try:
            known: list[str] = []
            for one in operations:
                do(store, index, folder, one, known)
            process(store, folder)
            update_index(store, index)
            wanted = expected(store)
            assert list(index.hashes()) == wanted
            assert verify_index(store, index).is_equal
            assert rebuild_index(store, index).content_hash == hash_all(wanted) == index.content_hash()
        finally:
            index.close()
            store.close()

    hold()


def test_the_index_follows_whatever_happens_to_the_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    follow_any_history(12, tmp_path_factory, (Phase.generate,))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_index_follows_many_histories(tmp_path_factory: pytest.TempPathFactory) -> None:
    follow_any_history(200, tmp_path_factory, (Phase.generate, Phase.shrink))
