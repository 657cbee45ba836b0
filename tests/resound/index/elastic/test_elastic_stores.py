"""Two stores with one prefix: the second is told so by everything that it asks, and neither sees the other's articles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from resound.errors import SearchUnavailableError, StoreError
from resound.index.elastic import ElasticIndex
from resound.index.elastic_client import ElasticAddress
from resound.searching import reindexing
from resound.searching.indexing import index_standing, try_to_update_index, update_index
from resound.searching.reindexing import rebuild_index, verify_index
from resound.searching.search import search
from resound.store import Store
from resound.store.identity import identify_store
from resound.told import Told
from resound.watching.kept_sentences import tell_again
from resound.watching.readiness import judge_index
from tests.resound.index.elastic.conftest import QUICK
from tests.resound.searching.test_indexing import open_with_sources, process, put

pytestmark = pytest.mark.elastic
OTHERS = r"another store's articles.*RESOUND_ELASTICSEARCH_PREFIX.*`resound reindex --take-over`"


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[list[Store]]:
    """The second has more changes than the first: its number alone would not tell."""
    made = []
    for count, name in enumerate(("demo", "our-data"), 1):
        folder = tmp_path / name
        folder.mkdir()
        made.append(open_with_sources(folder))
        for number in range(count):
            put(made[-1], "one", 10 * count + number, number)
        process(made[-1], folder)
    yield made
    for one in made:
        one.close()


def open_index(address: ElasticAddress, store: Store) -> ElasticIndex:
    return ElasticIndex(address, store=lambda: identify_store(store), patience=QUICK)


def test_the_second_store_is_refused_by_everything_and_may_take_over(
    stores: list[Store], address: ElasticAddress
) -> None:
    first, second = (open_index(address, one) for one in stores)
    assert update_index(stores[0], first).behind == 0

    with pytest.raises(StoreError, match=OTHERS) as told:
        update_index(stores[1], second)
    with pytest.raises(SearchUnavailableError, match=OTHERS):
        search(second, "green OR reporter")
    assert isinstance(tell_again(str(told.value)), Told)
    assert "another store's articles" in try_to_update_index(stores[1], second).sentence
    standing = index_standing(stores[1], second)
    assert (standing.answers, standing.behind) == (False, 2)
    check = judge_index(standing)
    assert not check.is_ok
    assert "another store's articles" in check.sentence
    with pytest.raises(StoreError, match=OTHERS):
        rebuild_index(stores[1], second)
    assert search(first, "green OR reporter").total == 1
    assert verify_index(stores[0], first).is_equal

    assert rebuild_index(stores[1], second, take_over=True).items == 2
    assert verify_index(stores[1], second).is_equal
    with pytest.raises(StoreError, match=OTHERS):
        update_index(stores[0], first)
    with pytest.raises(SearchUnavailableError, match=OTHERS):
        search(first, "green OR reporter")
    for one in (first, second):
        one.close()


def test_a_rebuild_that_was_killed_when_it_had_filled_is_begun_anew(
    stores: list[Store], address: ElasticAddress, tmp_path: Path
) -> None:
    store = stores[0]
    index = open_index(address, store)
    update_index(store, index)
    left = index.begin_rebuild()
    reindexing._fill(store, left, {}, progress=None)
    put(store, "two", 40, 1)
    process(store, tmp_path)

    again = open_index(address, store)
    assert rebuild_index(store, again).items == 2
    assert verify_index(store, again).is_equal
    for one in (left, index, again):
        one.close()


def test_two_rebuilds_at_once_are_one(stores: list[Store], address: ElasticAddress) -> None:
    store = stores[0]
    index, other = open_index(address, store), open_index(address, store)
    refused: list[str] = []

    def begin_another(done: int, total: int) -> None:
        with pytest.raises(StoreError, match="Another process is building the index anew") as told:
            rebuild_index(store, other)
        refused.append(str(told.value))

    assert rebuild_index(store, index, progress=begin_another).items == 1
    assert len(refused) == 1
    assert verify_index(store, index).is_equal
    assert rebuild_index(store, other).items == 1, "the lease was given back"
    for one in (index, other):
        one.close()
