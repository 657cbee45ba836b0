"""A new index beside the old one: searches never fail, what is interrupted is cleared away, nothing is left over."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from resound.errors import StoreError
from resound.index.base import IndexDocument
from resound.index.elastic import ElasticIndex
from resound.index.elastic_client import ElasticAddress, connect
from resound.index.elastic_indices import Indices, read_template
from resound.query import Document, parse
from tests.resound.index.elastic.conftest import QUICK

pytestmark = pytest.mark.elastic


def document(key: str, seq: int = 1, title: str = "waste") -> IndexDocument:
    return IndexDocument(key, seq, Document(title=title), seq)


def names(address: ElasticAddress) -> dict[str, list[str]]:
    """Each items index with its aliases."""
    client = connect(address)
    found = client.indices.get_alias(index=f"{address.prefix}-items-0*").body
    client.close()
    return {name: sorted(one["aliases"]) for name, one in found.items()}


def ids(index: ElasticIndex, text: str = "waste OR new") -> list[str]:
    return [hit.id for hit in index.search(parse(text)).hits]


def test_a_rebuild_takes_the_place_and_nothing_stays(elastic: ElasticIndex, address: ElasticAddress) -> None:
    elastic.write([document("a"), document("b")], [], cursor=5)
    old = names(address)

    new = elastic.begin_rebuild()
    assert (new.cursor(), new.count()) == (0, 0)
    new.write([document("c", title="new")], [], cursor=6)
    assert (ids(elastic), elastic.cursor()) == (["a", "b"], 5), "the old one goes on"
    elastic.write([document("d", 6)], [], cursor=6)
    assert (ids(elastic)[0], new.count()) == ("d", 1)
    new.close()
    elastic.finish_rebuild()

    assert (ids(elastic), elastic.cursor(), elastic.count()) == (["c"], 6, 1)
    now = names(address)
    assert list(now.values()) == [[f"{address.prefix}-items", f"{address.prefix}-items-write"]]
    assert not set(now) & set(old)
    client = connect(address)
    client.indices.refresh(index=f"{address.prefix}-state")
    assert client.count(index=f"{address.prefix}-state")["count"] == 1, "the old one's cursor is gone with it"
    client.close()


def test_searches_never_fail_while_indexes_are_swapped(elastic: ElasticIndex) -> None:
    elastic.write([document(f"d{n}") for n in range(50)], [], cursor=1)
    wrong: list[object] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            try:
                first = elastic.search(parse("waste"), limit=20)
                second = elastic.search(parse("waste"), limit=20, after=first.next)
                third = elastic.search(parse("waste"), limit=20, after=second.next)
                found = [hit.id for one in (first, second, third) for hit in one.hits]
                if sorted(found) != sorted({f"d{n}" for n in range(50)}) or first.trouble:
                    wrong.append((found, first.trouble))
            except Exception as err:
                wrong.append(err)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        new = elastic.begin_rebuild()
        new.write([document(f"d{n}") for n in range(50)], [], cursor=1)
        new.close()
        elastic.finish_rebuild()
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_an_interrupted_rebuild_left_is_cleared_away_and_whoever_is_still_at_it_takes_nothing_else(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    elastic.write([document("a")], [], cursor=9)
    first = elastic.begin_rebuild()
    first.write([document("a"), document("b")], [], cursor=4)

    other = ElasticIndex(address, patience=QUICK)
    again = other.begin_rebuild()
    assert (again.cursor(), again.count()) == (0, 0)
    with pytest.raises(StoreError, match="taken away"):
        first.write([document("b")], [], cursor=5)
    elastic.abandon_rebuild()
    with pytest.raises(StoreError, match="begin with"):
        elastic.finish_rebuild()
    again.write([document("c")], [], cursor=9)
    again.finish_rebuild()
    again.finish_rebuild()  # done already
    other.abandon_rebuild()  # as after an error behind the swap

    assert ids(elastic) == ["c"]
    assert (elastic.cursor(), len(names(address))) == (9, 1)
    for one in (first, again, other):
        one.close()


def test_an_index_of_another_version_is_refused_and_rebuilt(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    elastic.write([document("a")], [], cursor=1)
    client = connect(address)
    client.indices.put_mapping(index=f"{address.prefix}-items", meta={"made_by": "mapping 0, analysis none"})
    client.close()
    other = ElasticIndex(address)
    for call in (other.cursor, other.count, lambda: ids(other), lambda: other.write([], [], cursor=2)):
        with pytest.raises(StoreError, match=r"another version of Resound.*reindex"):
            call()

    new = other.begin_rebuild()
    new.write([document("n", title="new")], [], cursor=1)
    new.close()
    other.finish_rebuild()

    assert ids(other) == ["n"]
    other.close()


def test_who_read_the_cursor_of_the_old_index_does_not_write_into_the_new_one(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    """It would move the new one's cursor over changes that it has not seen."""
    elastic.write([document("a")], [], cursor=8)
    other = ElasticIndex(address, patience=QUICK)
    assert other.cursor() == 8
    new = elastic.begin_rebuild()
    new.write([document("a")], [], cursor=5)
    new.close()
    elastic.finish_rebuild()

    with pytest.raises(StoreError, match="built anew"):
        other.write([document("b")], [], cursor=9)
    assert other.cursor() == 5
    other.write([document("b")], [], cursor=9)
    assert ids(other) == ["a", "b"]
    other.close()


def test_an_index_that_somebody_deleted_is_filled_again(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    elastic.write([document("a")], [], cursor=3)
    client = connect(address)
    client.indices.delete(index=next(iter(names(address))))
    client.close()
    assert ids(elastic) == []
    assert elastic.cursor() == 0, "the store's changes come again from the first"
    elastic.write([document("a")], [], cursor=3)
    assert ids(elastic) == ["a"]


def test_several_that_begin_at_once_make_one_index(address: ElasticAddress) -> None:
    found = [ElasticIndex(address) for _ in range(4)]
    threads = [
        threading.Thread(target=one.write, args=([document(f"d{n}")], []), kwargs={"cursor": 1})
        for n, one in enumerate(found)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(address)) == 1
    assert found[0].count() == 4


@pytest.mark.parametrize("step", ["install_templates", "next_name", "create"])
def test_who_is_overtaken_while_making_the_first_index_takes_the_others(
    elastic: ElasticIndex, address: ElasticAddress, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Paused before each step on the way, for so long that another process makes the index."""
    quicker = ElasticIndex(address, patience=QUICK)
    original = getattr(Indices, step)
    paused = []

    def pause(self: Indices, *arguments: Any) -> Any:
        if not paused:
            paused.append(step)
            quicker.write([document("a")], [], cursor=3)
        return original(self, *arguments)

    monkeypatch.setattr(Indices, step, pause)

    assert elastic.cursor() == 3
    assert paused == [step]
    assert (ids(elastic), len(names(address))) == (["a"], 1)
    quicker.close()


def test_an_alias_that_was_removed_is_given_back_and_no_second_index_made(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    elastic.write([document("a")], [], cursor=3)
    before = names(address)
    client = connect(address)
    for alias in (f"{address.prefix}-items-write", f"{address.prefix}-items"):
        client.indices.delete_alias(index=next(iter(before)), name=alias)
        fresh = ElasticIndex(address, patience=QUICK)
        assert (fresh.search(parse("waste")).total, fresh.cursor()) == (1, 3)
        fresh.close()
        assert names(address) == before
    client.close()


def test_two_indexes_in_one_place_are_refused_and_a_rebuild_mends_it(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    elastic.write([document("a")], [], cursor=3)
    read, write = f"{address.prefix}-items", f"{address.prefix}-items-write"
    client = connect(address)
    for number, aliases in enumerate(({read: {}, write: {}}, {read: {}}), 7):
        client.indices.create(index=f"{read}-{number:06}", aliases=aliases)
        fresh = ElasticIndex(address, patience=QUICK)
        for call in (fresh.cursor, fresh.count, elastic.cursor, elastic.count):
            with pytest.raises(StoreError, match=r"leads to .*-000001, .*`resound reindex` mends it"):
                call()
        new = fresh.begin_rebuild()
        new.write([document("a")], [], cursor=3)
        new.close()
        fresh.finish_rebuild()
        assert (ids(elastic), fresh.cursor(), len(names(address))) == (["a"], 3, 1)
        fresh.close()
        if number == 7:  # begin again where it began
            elastic.clear()
            for name in names(address):
                client.indices.delete(index=name)
            elastic.write([document("a")], [], cursor=3)
    client.close()


def test_prefixes_part_installations(elastic: ElasticIndex, address: ElasticAddress) -> None:
    other = ElasticIndex(replace(address, prefix=f"{address.prefix}-b"))
    elastic.write([document("a")], [], cursor=1)
    other.write([document("b")], [], cursor=2)
    assert (ids(elastic), ids(other), elastic.cursor()) == (["a"], ["b"], 1)
    other.close()


@pytest.mark.parametrize("name", ["settings", "mappings", "items", "state"])
def test_templates_are_taken_as_they_are(cluster: object, address: ElasticAddress, name: str) -> None:
    """What is sent to Elasticsearch is the file, but for the prefix: no plugin, no script, no lifecycle policy."""
    shipped = read_template(name, "resound")
    assert shipped["version"] >= 1
    assert not [word for word in ("script", "painless", "lifecycle", "plugin") if f'"{word}"' in str(shipped)]
    if name == "mappings":
        assert shipped["template"]["mappings"]["dynamic"] == "strict"
    if name == "items":
        assert shipped["composed_of"] == ["resound-settings", "resound-mappings"]
