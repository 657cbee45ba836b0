"""What PostgreSQL does otherwise than SQLite, and must not be seen from outside."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, InternalError

import resound.store.database as database
from resound.errors import SchemaTooNewError, StoreError
from resound.store import Store, open_store, postgres, work
from resound.store.articles import list_changes, record_change
from resound.store.database import name_store, store_url
from resound.store.tables import alias, change, metadata
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.postgres
NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


@pytest.fixture
def store(postgres_address: str) -> Iterator[Store]:
    opened = open_store(postgres_address)
    yield opened
    opened.close()


def begin(do: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    return thread


def read_changes(store: Store, after: int) -> tuple[list[str], int]:
    with store.read() as connection:
        return list_changes(connection, after=after, limit=99)


def test_a_cursor_passes_over_no_change_of_a_slower_transaction(store: Store) -> None:
    """The first transaction draws its number and is slow to commit; the second must not become visible before it."""
    seen: list[str] = []
    cursor = 0
    has_drawn, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        with store.write() as connection:
            record_change(connection, ["slow"])
            has_drawn.set()
            may_end.wait(30)

    def quick() -> None:
        with store.write() as connection:
            record_change(connection, ["quick"])

    first = begin(slow)
    assert has_drawn.wait(30)
    second = begin(quick)
    second.join(0.5)
    assert second.is_alive(), "a later number was committed before an earlier one"
    found, cursor = read_changes(store, cursor)
    seen += found
    assert seen == [], "what is not committed was read"
    may_end.set()
    for one in (first, second):
        one.join(30)
    found, cursor = read_changes(store, cursor)
    seen += found
    assert seen == ["slow", "quick"]
    assert read_changes(store, cursor) == ([], cursor)


def test_without_the_lock_a_change_would_be_lost(store: Store) -> None:
    """The trap itself, so that the test above is known to look for it: two transactions that do not queue."""
    slow, quick = store.engine.connect(), store.engine.connect()
    slow.execute(insert(change), [{"article": "slow"}])
    quick.execute(insert(change), [{"article": "quick"}])
    quick.commit()
    found, cursor = read_changes(store, 0)
    slow.commit()
    assert found == ["quick"]
    assert read_changes(store, cursor) == ([], cursor), "the trap is gone: is the lock still needed?"
    slow.close()
    quick.close()


def test_many_writers_and_a_reader_that_follows_the_feed(store: Store) -> None:
    """Writers of many sizes, some of which fail: the follower gets every committed change exactly once."""
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for turn in range(25):
                try:
                    with store.write() as connection:
                        record_change(connection, [f"{number}-{turn}-{part}" for part in range(turn % 4 + 1)])
                        if turn % 7 == 6:
                            raise ZeroDivisionError
                except ZeroDivisionError:
                    pass
        except BaseException as err:
            failures.append(err)

    writers = [begin(lambda number=number: write(number)) for number in range(4)]  # type: ignore[misc]
    seen: list[str] = []
    cursor = 0
    is_last = False
    while not is_last:
        is_last = not any(one.is_alive() for one in writers)
        found, cursor = read_changes(store, cursor)
        seen += found
    assert failures == []
    wanted = {
        f"{number}-{turn}-{part}"
        for number in range(4)
        for turn in range(25)
        if turn % 7 != 6
        for part in range(turn % 4 + 1)
    }
    assert len(seen) == len(set(seen))
    assert set(seen) == wanted


def test_a_claim_waits_for_no_writer(store: Store) -> None:
    with store.write() as connection:
        work.enqueue(connection, "extract", ["a", "b", "c", "d"])
    with store.write() as connection:
        (mine,) = work.claim(connection, "extract", limit=1, now=NOW)
        with store.lease() as other:
            assert [one.subject for one in work.claim(other, "extract", limit=2, now=NOW)] == ["b", "c"]
        assert mine.subject == "a"
    with store.lease() as connection:
        assert [one.subject for one in work.claim(connection, "extract", limit=9, now=NOW)] == ["d"]


def test_writers_that_touch_the_same_rows_in_other_orders_do_not_deadlock(store: Store) -> None:
    subjects = [str(n) for n in range(30)]
    with store.write() as connection:
        work.enqueue(connection, "match", subjects)
    failures: list[BaseException] = []

    def write(order: list[str]) -> None:
        try:
            for _ in range(15):
                with store.write() as connection:
                    for one in order:
                        work.reopen(connection, "match", [one])
                with store.lease() as connection:
                    work.claim(connection, "match", limit=5, now=NOW)
        except BaseException as err:
            failures.append(err)

    writers = [
        begin(lambda order=order: write(order))
        for order in (subjects, subjects[::-1], subjects[15:] + subjects[:15])
    ]  # type: ignore[misc]
    for one in writers:
        one.join(60)
    assert failures == []
    assert not any(one.is_alive() for one in writers)


def test_a_writer_that_waits_too_long_says_so(postgres_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 1)
    store = open_store(postgres_address)

    def wait() -> None:
        with store.write():
            pass

    with (
        store.write(),
        pytest.raises(StoreError, match=r"Another process has been writing.*nothing was changed"),
    ):
        wait()
    wait()
    store.close()


def test_reading_is_one_moment_and_can_write_nothing(store: Store) -> None:
    with store.read() as connection:
        assert connection.execute(text("SHOW transaction_isolation")).scalar() == "repeatable read"
        with pytest.raises(InternalError, match="read-only"):
            record_change(connection, ["a"])
    with store.write() as connection:  # the next one has the connection as it was
        assert connection.execute(text("SHOW transaction_isolation")).scalar() == "read committed"
        record_change(connection, ["a"])


def test_text_is_in_the_order_of_its_bytes(store: Store) -> None:
    """The server's own order is that of English dictionaries; SQLite's is that of bytes."""
    words = [
        "a",
        "B",
        "ç",
        "Z",
        "đ",
        "D",
        "綠",
        "绿",
        "_",
        "-",
        "É",
        "z z",
        "z-a",
        "",
        "\U0001f600",
        "\uffee",
    ]
    with store.write() as connection:
        connection.execute(
            insert(alias), [{"id": f"{n:016}", "url": one, "article": "x"} for n, one in enumerate(words)]
        )
        found = connection.execute(select(alias.c.url).order_by(alias.c.url)).scalars().all()
        by_server = connection.execute(text('SELECT url FROM alias ORDER BY url COLLATE "default"')).scalars()
        assert list(by_server) != found, "this server's own order shows nothing"
    assert found == sorted(words, key=lambda one: one.encode()) == sorted(words)


def test_every_column_of_text_is_plain_and_ordered_as_bytes(store: Store) -> None:
    """Those of later migrations, too."""
    wrong = {
        f"{table}.{column['name']}"
        for table in metadata.tables
        for column in inspect(store.engine).get_columns(table)
        if column["type"].python_type is str
        and (column["type"].collation, column["type"].length) != ("C", None)  # type: ignore[attr-defined]
    }
    assert wrong == set()


def test_the_schema_is_that_of_the_tables(store: Store) -> None:
    found = inspect(store.engine)
    assert {*found.get_table_names()} == {*metadata.tables, "alembic_version"}
    for table in metadata.sorted_tables:
        columns = {one["name"]: one["nullable"] for one in found.get_columns(table.name)}
        assert columns == {one.name: one.nullable for one in table.columns}, table.name
        indexes = {
            one["name"] for one in found.get_indexes(table.name) if not one.get("duplicates_constraint")
        }
        assert indexes == {one.name for one in table.indexes}, table.name


def test_a_newer_schema_is_refused_and_left_alone(postgres_address: str, store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9001'"))
    with pytest.raises(SchemaTooNewError, match=r"newer Resound.*9001.*Nothing was changed"):
        open_store(postgres_address)
    with store.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9001"


def test_many_processes_may_open_a_new_database_at_once(postgres_server: PostgresServer) -> None:
    address = postgres_server.create(is_empty=True)
    code = "import sys; from resound.store import open_store; open_store(sys.argv[1]).close()"
    openers = [
        subprocess.Popen([sys.executable, "-c", code, address], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = [(one.communicate(timeout=60)[1], one.returncode) for one in openers]
    assert told == [("", 0)] * 4
    postgres_server.drop(address)


def test_a_database_that_cannot_hold_chinese_is_refused(postgres_server: PostgresServer) -> None:
    name = f"resound_{postgres_server.mark}_latin"
    postgres_server._run(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
    )
    address = postgres_server.address(name)
    with pytest.raises(StoreError, match=r"LATIN1.*ENCODING 'UTF8'"):
        open_store(address)
    postgres_server.drop(address)


def test_what_cannot_be_reached_is_said_without_the_password(tmp_path: Path) -> None:
    address = f"postgresql://resound:s3cret@/nothing?host={tmp_path}"
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        open_store(address)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in name_store(address)


@pytest.mark.parametrize("query", ["password=s3cret", "sslmode=prefer&sslpassword=s3cret", "passwort=s3cret"])
def test_a_password_in_the_query_is_not_told_either(query: str) -> None:
    address = f"postgresql://resound@127.0.0.1:1/resound?{query}&host=127.0.0.2"
    assert name_store(address) == "postgresql+psycopg://resound@127.0.0.1:1/resound?host=127.0.0.2"
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        open_store(address)
    assert "s3cret" not in str(caught.value)


def test_an_at_sign_behind_the_password_is_not_always_its_end() -> None:
    assert store_url("postgresql://resound@db.example/a@b").database == "a@b"
    assert store_url("postgresql://lin@office:s3cret@db.example/a").host == "db.example"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("mysql://u:s3cret@h/d", "not in 'mysql'"),
        ("postgresql+psycopg2://u:s3cret@h/d", "psycopg 3"),
        ("nonsense s3cret", "cannot be read"),
        ("postgresql://u:s3c@ret@h:port/d", "cannot be read"),
        ("postgresql://u:x@s3cret@h/d", "cannot be read"),
        ("postgresql://u:x@s3/cret@h/d", "cannot be read"),
        ("postgresql://u:x@s3?cret@h/d", "cannot be read"),
    ],
)
def test_other_addresses_are_refused_in_a_sentence(address: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        store_url(address)
    assert "s3c" not in str(caught.value)


def test_both_spellings_mean_psycopg_3() -> None:
    drivers = {
        store_url(f"{one}://h/d").drivername for one in ("postgresql", "postgres", "postgresql+psycopg")
    }
    assert drivers == {"postgresql+psycopg"}


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'resound\[postgres\]'"):
        open_store("postgresql://h/d")


def test_a_connection_that_the_server_ended_is_replaced(store: Store) -> None:
    with store.read() as connection:
        mine = connection.execute(text("SELECT pg_backend_pid()")).scalar()
    other = create_engine(store.engine.url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})
    other.dispose()
    with store.write() as connection:
        record_change(connection, ["a"])
    assert read_changes(store, 0)[0] == ["a"]


def test_a_writer_that_is_cut_off_leaves_nothing_and_lets_the_next_one_in(store: Store) -> None:
    other = create_engine(store.engine.url, isolation_level="AUTOCOMMIT")

    def cut_off() -> None:
        with store.write() as connection:
            record_change(connection, ["lost"])
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
            with other.connect() as killer:
                killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            record_change(connection, ["lost, too"])

    with pytest.raises(DBAPIError):
        cut_off()
    with store.write() as connection:
        record_change(connection, ["kept"])
    assert read_changes(store, 0)[0] == ["kept"]
    other.dispose()


def test_the_lock_of_writers_is_one_of_this_database_alone(
    postgres_server: PostgresServer, store: Store
) -> None:
    address = postgres_server.create()
    other = open_store(address)
    with store.write(), other.write() as connection:
        record_change(connection, ["a"])
    other.close()
    postgres_server.drop(address)
    assert postgres.WRITER_LOCK < 2**63
