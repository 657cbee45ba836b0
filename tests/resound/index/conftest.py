"""Every kind of index, for tests that hold each of them to the contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from resound.index.base import SearchIndex
from resound.index.sqlite import SqliteIndex


class MakeIndex(Protocol):
    """Opens the index of a name: a new one the first time, the same one afterwards. All are closed at the end.

    `store`: the identity of the store that it is to be of; empty: nobody says.
    """

    def __call__(self, name: str, *, store: str = "") -> SearchIndex: ...


KINDS = [pytest.param("sqlite", id="sqlite")]


@contextmanager
def opened(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[MakeIndex]:
    """Makes indexes of one kind, which live in the folder or under names that are as new."""
    made: list[SearchIndex] = []

    def make(name: str, *, store: str = "") -> SearchIndex:
        if kind == "sqlite":
            made.append(SqliteIndex(folder / name, store=(lambda: store) if store else None))
        else:
            raise ValueError(f"{kind} is no kind of index")
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session", params=KINDS)
def index_kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def make_index(index_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeIndex]:
    """For one test."""
    with opened(index_kind, tmp_path, request) as make:
        yield make


@pytest.fixture(scope="module")
def make_module_index(
    index_kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[MakeIndex]:
    """For all tests of a module."""
    with opened(index_kind, tmp_path_factory.mktemp("index"), request) as make:
        yield make


@pytest.fixture
def index(make_index: MakeIndex) -> SearchIndex:
    """An empty one."""
    return make_index("index")
