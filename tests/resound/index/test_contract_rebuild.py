"""Hashes that are the same wherever they are made, a rebuild beside the index in use, and several writers at once."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resound.errors import StoreError
from resound.index.base import IndexDocument, SearchIndex
from resound.index.hashing import hash_all, hash_document
from resound.query import parse
from tests.resound.index.conftest import MakeIndex
from tests.resound.index.material import article, ids, vector


def test_hashes_are_those_of_what_was_written_in_the_order_of_ids(index: SearchIndex) -> None:
    documents = [
        replace(article("b", "綠", published=4, lang="zh|zh-Hant"), vector=vector(1, 0)),
        article("a", "rác"),
        article("ab", "x"),
        article("B", "x"),
        article("é", "x"),
    ]
    index.write(documents, [], cursor=1)

    expected = sorted((one.id, hash_document(one)) for one in documents)

    assert list(index.hashes()) == expected
    assert index.content_hash() == hash_all(expected)


@pytest.mark.parametrize(
    "changed",
    [
        {"published": 8},
        {"story": "other"},
        {"shown": {"url": "other"}},
        {"vector": vector(0, 1)},
        {"vector": vector(1, 0, model="m@2")},
        {"vector": None},
    ],
    ids=str,
)
def test_everything_but_the_change_number_is_in_the_hash(
    index: SearchIndex, changed: dict[str, object]
) -> None:
    one = replace(article("a", "rác", published=4), vector=vector(1, 0))
    index.write([one], [], cursor=1)
    before = index.content_hash()
    index.write([replace(one, seq=99)], [], cursor=2)
    assert index.content_hash() == before
    index.write([replace(one, seq=100, **changed)], [], cursor=3)  # type: ignore[arg-type]
    assert index.content_hash() != before


def test_hashes_are_of_one_moment_and_disturb_nobody(index: SearchIndex) -> None:
    index.write([article("a", "waste"), article("b", "waste")], [], cursor=1)
    walk = index.hashes()
    first = next(walk)
    index.write([article("c", "waste")], [], cursor=2)
    assert index.count() == 3
    assert first[0] == "a"
    assert [key for key, _ in walk] in (["b"], ["b", "c"])


def test_a_rebuild_stands_beside_until_it_is_finished(make_index: MakeIndex) -> None:
    index, elsewhere = make_index("index"), make_index("index")
    index.write([article("old", "waste")], [], cursor=7)
    assert ids(elsewhere, "waste") == ["old"]

    new = index.begin_rebuild()
    assert (new.cursor(), new.count()) == (0, 0)
    new.write([article("a", "waste")], [], cursor=0)
    new.write([article("b", "waste", lang="vi")], [], cursor=0)
    index.write([article("late", "waste")], [], cursor=8)
    assert sorted(ids(index, "waste")) == ["late", "old"]
    assert ids(new, "waste") == ["a", "b"]
    assert new.cursor() == 0
    new.write([], [], cursor=9)
    new.close()
    index.finish_rebuild()

    for one in (index, elsewhere, make_index("index")):
        result = one.search(parse("waste"), facets=("lang",))
        assert [hit.id for hit in result.hits] == ["a", "b"]
        assert result.facets["lang"] == (("vi", 1),)
        assert (one.cursor(), one.count()) == (9, 2)
    elsewhere.write([article("c", "waste")], [], cursor=10)
    assert ids(index, "waste") == ["a", "b", "c"]


def test_an_abandoned_rebuild_leaves_everything_as_it_was(make_index: MakeIndex) -> None:
    index = make_index("index")
    index.abandon_rebuild()
    index.write([article("old", "waste")], [], cursor=7)
    before = index.content_hash()
    new = index.begin_rebuild()
    new.write([article("a", "waste")], [], cursor=0)
    new.close()

    index.abandon_rebuild()

    assert (index.content_hash(), index.cursor()) == (before, 7)
    again = index.begin_rebuild()
    assert again.count() == 0
    again.close()
    index.abandon_rebuild()


def test_searches_never_fail_while_indexes_are_swapped(make_index: MakeIndex) -> None:
    index, elsewhere = make_index("index"), make_index("index")
    index.write([article("a", "waste 0"), article("b", "waste 0")], [], cursor=1)
    wrong: list[object] = []
    done = threading.Event()
    searched = 0

    def search() -> None:
        nonlocal searched
        while not done.is_set():
            try:
                result = elsewhere.search(parse("waste"))
                said = {hit.document.title for hit in result.hits}
                if result.total != 2 or len(said) != 1:
                    wrong.append(result)
                searched += 1
            except Exception as err:
                wrong.append(err)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 13):
        new = index.begin_rebuild()
        new.write([article(key, f"waste {number}") for key in "ab"], [], cursor=number)
        new.close()
        index.finish_rebuild()
    done.set()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert searched > 0


def test_several_writers_leave_what_the_last_change_says(make_index: MakeIndex) -> None:
    """Each reads the cursor and writes what follows, as processes do that bring an index up at once."""
    feed = [article(f"d{n % 7}", f"waste {n}", published=n) for n in range(60)]
    one = make_index("index")
    failed: list[BaseException] = []

    def follow(index: SearchIndex, step: int) -> None:
        try:
            while (cursor := index.cursor()) < len(feed):
                upto = min(cursor + step, len(feed))
                latest = {document.id: replace(document, seq=upto) for document in feed[cursor:upto]}
                index.write(list(latest.values()), [], cursor=upto)
        except BaseException as err:
            failed.append(err)

    threads = [threading.Thread(target=follow, args=(make_index("index"), step)) for step in (3, 4, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert one.cursor() == len(feed)
    expected = {document.id: hash_document(document) for document in feed}
    assert dict(one.hashes()) == expected


def test_any_way_of_writing_comes_to_the_same_hash(make_module_index: MakeIndex) -> None:
    one, other = make_module_index("one"), make_module_index("other")
    write = st.tuples(
        st.integers(0, 6),
        st.sampled_from(["rác", "綠", "waste", None]),
        st.sampled_from([None, (1, 0), (0, 1)]),
    )

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(write, max_size=20))
    def hold(writes: list[tuple[int, str | None, tuple[int, int] | None]]) -> None:
        one.clear()
        other.clear()
        final: dict[str, IndexDocument] = {}
        for number, (key, title, numbers) in enumerate(writes, 1):
            if title is None:
                final.pop(f"d{key}", None)
                one.write([], [f"d{key}"], cursor=number)
                continue
            document = replace(
                article(f"d{key}", title), vector=vector(*numbers) if numbers else None, seq=number
            )
            final[document.id] = document
            one.write([document], [], cursor=number)
        other.write(list(final.values()), [], cursor=len(writes))
        assert one.content_hash() == other.content_hash()
        assert one.count() == len(final)

    hold()


def test_it_says_what_it_is(index: SearchIndex) -> None:
    index.write([article("a")], [], cursor=1)
    assert index.name
    assert "\n" not in index.describe()
    assert "1" in index.describe()


def test_an_index_is_of_the_store_that_first_wrote_to_it(make_index: MakeIndex) -> None:
    mine, other = make_index("index", store="mine"), make_index("index", store="other")
    mine.write([article("a", "waste")], [], cursor=7)

    for call in (
        other.cursor,
        other.count,
        other.clear,
        other.content_hash,
        other.begin_rebuild,
        lambda: ids(other, "waste"),
        lambda: other.similar("a"),
        lambda: other.write([article("b", "waste")], [], cursor=8),
    ):
        with pytest.raises(StoreError, match=r"another store's articles.*reindex --take-over"):
            call()

    assert (ids(mine, "waste"), mine.cursor()) == (["a"], 7)
    again = make_index("index", store="mine")
    new = again.begin_rebuild()
    new.write([article("c", "waste")], [], cursor=8)
    new.close()
    again.finish_rebuild()
    with pytest.raises(StoreError, match="another store"):
        other.cursor()
    assert (ids(mine, "waste"), mine.cursor()) == (["c"], 8)


def test_an_index_is_taken_over_where_that_is_said(make_index: MakeIndex) -> None:
    mine, other = make_index("index", store="mine"), make_index("index", store="other")
    mine.write([article("a", "waste")], [], cursor=7)

    new = other.begin_rebuild(take_over=True)
    new.write([article("b", "waste")], [], cursor=3)
    new.close()
    other.finish_rebuild()

    assert (ids(other, "waste"), other.cursor()) == (["b"], 3)
    with pytest.raises(StoreError, match="another store"):
        mine.cursor()
    with pytest.raises(StoreError, match="another store"):
        ids(mine, "waste")


def test_an_index_without_an_owner_is_of_the_first_that_writes(make_index: MakeIndex) -> None:
    """As an earlier Resound made it."""
    make_index("index").write([article("a", "waste")], [], cursor=7)
    mine, other = make_index("index", store="mine"), make_index("index", store="other")
    assert (mine.cursor(), other.cursor(), ids(other, "waste")) == (7, 7, ["a"])

    mine.write([], [], cursor=7)

    assert ids(mine, "waste") == ["a"]
    with pytest.raises(StoreError, match="another store"):
        other.write([], [], cursor=8)
