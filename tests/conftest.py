"""What many tests share."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres_server import PostgresServer, run_server
from tests.whole_way import command, copy_demo

ROOT = Path(__file__).resolve().parents[1]
# How long one example takes says what else the machine does, and nothing of the property.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pages, feeds and texts; tests that need it are skipped where it is not there."""
    folder = Path(os.environ.get("RESOUND_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no folder of real pages at {folder} (set RESOUND_SHARED_DATA to run this)")
    return folder


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A models' folder with the profile `tiny`: every class, trained, converted and locked."""
    pytest.importorskip("torch", reason="torch makes the tiny models: make setup")
    from tests.nlp.tiny import make_all

    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "tiny-models"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "models.yml").exists():
            make_all(folder)
    return folder


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data folder with the whole demo in it, made once for all processes. Never written to: `demo_copy` is for that.

    `first.json` beside it holds what `resound demo --json` printed.
    """
    base = tmp_path_factory.getbasetemp()
    data = (base if worker_id == "master" else base.parent) / "demo" / "data"
    data.parent.mkdir(exist_ok=True)
    with data.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        printed = data.parent / "first.json"
        if not printed.exists():
            ran = command(data, "demo", "--json")
            assert ran.returncode == 0, ran.stderr
            assert not [*data.glob("*-wal")]  # all that was written stands in the databases themselves
            printed.write_text(ran.stdout, encoding="utf-8")
    return data


@pytest.fixture
def demo_copy(demo_folder: Path, tmp_path: Path) -> Path:
    """A copy of the demo's data folder, to change."""
    return copy_demo(demo_folder, tmp_path)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests of this process."""
    with run_server() as server:
        yield server


@pytest.fixture
def postgres_address(postgres_server: PostgresServer) -> Iterator[str]:
    """A database of the test's own, with the newest schema."""
    address = postgres_server.create()
    yield address
    postgres_server.drop(address)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of the test's own, on each of the databases."""
    if request.param == "postgres":
        address: str = request.getfixturevalue("postgres_address")
        return address
    return f"sqlite:///{tmp_path / 'resound.sqlite'}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`slow_on_postgres`: on SQLite with the quick tests, on PostgreSQL with the slow ones.

    A browser is slow, and so are models that are trained and converted first; the demo's, which are there, are not.
    """
    for item in items:
        if item.get_closest_marker("browser") or "tiny_models" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("slow_on_postgres") and item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.slow)
