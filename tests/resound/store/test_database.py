"""Opening a store: migrations in one transaction, newer schemas refused, what is committed stays."""

import hashlib
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

import resound.store.database as database
from resound.errors import SchemaTooNewError, StoreError
from resound.store import Store, open_store
from resound.store.tables import metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "er" / "resound.sqlite"


def schema(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as raw:
        rows = raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version' ORDER BY name"
        )
        return [(name, " ".join(sql.split())) for name, sql in rows]


def test_a_new_store_has_the_schema_of_the_tables(path: Path, tmp_path: Path) -> None:
    """The migrations and `tables` must say the same."""
    open_store(f"sqlite:///{path}").close()
    plain = tmp_path / "plain.sqlite"
    engine = create_engine(f"sqlite:///{plain}")
    metadata.create_all(engine)
    engine.dispose()

    def columns(of: Path) -> dict[str, list[tuple[str, str, int, int]]]:
        with sqlite3.connect(of) as raw:
            names = [name for name, sql in schema(of) if sql.startswith("CREATE TABLE")]
            return {
                name: sorted(
                    (row[1], row[2], row[3], row[5]) for row in raw.execute(f"PRAGMA table_info('{name}')")
                )
                for name in names
            }

    def indexes(of: Path) -> list[tuple[str, str]]:
        return [one for one in schema(of) if "INDEX" in one[1][:20]]

    assert columns(path) == columns(plain)
    assert indexes(path) == indexes(plain)


def test_opening_again_changes_nothing_and_durability_is_asked_for(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()
    before = schema(path)
    store = open_store(f"sqlite:///{path}")
    with store.read() as connection:
        asked = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    store.close()
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert schema(path) == before


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9001'")
    raw.close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(SchemaTooNewError, match=r"newer Resound.*9001.*Nothing was changed"):
        open_store(f"sqlite:///{path}")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


@pytest.fixture
def two_migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Resound whose folder of migrations has a second one that fails halfway, until it is mended."""
    home = Path(database.__file__).parent
    package = tmp_path / "package"
    package.mkdir()
    shutil.copytree(home / "migrations", package / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    second = package / "migrations" / "versions" / "9000_second.py"
    newest = database._newest_shipped()
    second.write_text(
        f"from alembic import op\nimport sqlalchemy as sa\nrevision, down_revision = '9000', '{newest}'\n"
        "branch_labels = depends_on = None\n"
        "def upgrade():\n"
        "    op.add_column('article', sa.Column('extra', sa.Text()))\n"
        '    op.execute("UPDATE article SET extra = title_that_is_not")\n'
    )
    monkeypatch.setattr(database, "__file__", str(package / "database.py"))
    return second


def test_an_upgrade_is_whole_or_not_at_all(
    path: Path, two_migrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr(
            database, "__file__", str(Path(__file__).parents[3] / "resound" / "store" / "database.py")
        )
        store = open_store(f"sqlite:///{path}")
        with store.write() as connection:
            connection.execute(
                text(
                    "INSERT INTO article VALUES ('a', 'https://a.example/', 'item', 'o', 'en', 'online', '2014-10-02T00:00:00.000000Z', 'v', NULL, NULL)"
                )
            )
        store.close()
    before = schema(path)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{path}")
    assert schema(path) == before, "half an upgrade stayed"
    two_migrations.write_text(two_migrations.read_text().replace("title_that_is_not", "'carried'"))
    store = open_store(f"sqlite:///{path}")
    with store.read() as connection:
        assert connection.execute(text("SELECT id, extra FROM article")).all() == [("a", "carried")]
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9000"
    store.close()


def test_many_may_open_a_new_store_at_once(path: Path) -> None:
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            open_store(f"sqlite:///{path}").close()
        except BaseException as err:
            failures.append(err)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert failures == []


@pytest.mark.parametrize("content", [b"this is no database, but a text of some length " * 40])
def test_what_is_no_store_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == content
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(f"sqlite:///{path}/inside/resound.sqlite")


def test_a_failing_block_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            connection.execute(text("INSERT INTO change (article) VALUES ('a')"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM change")).scalar() == 0


def test_reading_waits_for_no_writer_and_sees_one_moment(store: Store) -> None:
    with store.read() as reader:
        assert reader.execute(text("SELECT count(*) FROM change")).scalar() == 0
        with store.write() as writer:
            writer.execute(text("INSERT INTO change (article) VALUES ('a')"))
        assert reader.execute(text("SELECT count(*) FROM change")).scalar() == 0
    with store.read() as reader:
        assert reader.execute(text("SELECT count(*) FROM change")).scalar() == 1
