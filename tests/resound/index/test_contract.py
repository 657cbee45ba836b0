"""What every index promises (`resound.index.base`), on each of them."""

from __future__ import annotations

import base64
import json
import math
import random
import struct
import threading
from dataclasses import replace
from datetime import date
from operator import mul

import pytest

from resound.index.base import IndexDocument, Order, SearchIndex, Vector
from resound.query import Document, parse
from tests.resound.index.conftest import MakeIndex
from tests.resound.index.material import all_pages, article, ids


def test_an_empty_index(index: SearchIndex) -> None:
    assert (index.cursor(), index.count()) == (0, 0)
    result = index.search(parse("NOT 綠"), facets=("lang",))
    assert (result.total, result.hits, result.facets, result.next) == (0, (), {"lang": ()}, None)


def test_a_hit_holds_everything_that_was_written(index: SearchIndex) -> None:
    document = Document(
        "Đội xanh",
        "Lead",
        "Một\nHai \ud800 🌿",
        "Caption",
        "A team",
        {"lang": frozenset({"vi"})},
        date(2014, 10, 2),
    )
    written = IndexDocument("a1", 7, document, 1_412_208_000, "story", {"url": "https://a.example/1"})

    index.write([written], [], cursor=7)

    (hit,) = index.search(parse("xanh")).hits
    assert (hit.id, hit.published, hit.story, hit.shown) == ("a1", 1_412_208_000, "story", written.shown)
    assert hit.document == document


def test_writing_again_changes_nothing_and_replacing_leaves_nothing_behind(index: SearchIndex) -> None:
    index.write([article("a", "rác thải"), article("b", "綠耕隊")], [], cursor=3)
    once = index.content_hash()
    index.write([article("a", "rác thải"), article("b", "綠耕隊")], [], cursor=3)
    assert index.content_hash() == once
    assert index.count() == 2

    index.write([article("a", "nước sạch", lang="vi")], ["unknown"], cursor=4)

    assert ids(index, "rac OR thai") == []
    assert ids(index, '"rác thải"') == []
    assert ids(index, "nước lang:vi") == ["a"]
    assert ids(index, "NOT 綠耕隊") == ["a"]
    assert index.cursor() == 4


def test_an_id_in_both_is_put_in(index: SearchIndex) -> None:
    index.write([article("a", "old")], [], cursor=1)
    index.write([article("a", "new")], ["a"], cursor=2)
    assert (ids(index, "new"), ids(index, "old"), index.count()) == (["a"], [], 1)


def test_the_content_hash_does_not_depend_on_the_order_of_writing(make_index: MakeIndex) -> None:
    documents = [article(f"d{n}", f"title {n}", "綠", lang="zh|zh-Hant", published=n) for n in range(6)]
    one, other = make_index("one"), make_index("other")
    one.write(documents, [], cursor=9)
    other.write([replace(documents[3], story="another")], [], cursor=1)
    for document in reversed(documents):
        other.write([document], [], cursor=9)

    assert one.content_hash() == other.content_hash()
    other.write([replace(documents[0], story="another")], [], cursor=10)
    assert one.content_hash() != other.content_hash()


def test_facets_are_exact_over_all_pages_and_in_order(index: SearchIndex) -> None:
    index.write(
        [
            article("a", "waste", outlet="cna", lang="zh|zh-Hant"),
            article("b", "waste", outlet="vov", lang="vi"),
            article("c", "waste", outlet="vov", lang="vi"),
            article("d", "waste", outlet="báo", lang="vi"),
            article("e", "water", outlet="vov", lang="en"),
        ],
        [],
        cursor=1,
    )

    result = index.search(parse("waste"), limit=1, facets=("outlet", "lang", "tone"))

    assert result.total == 4
    assert result.facets == {
        "outlet": (("vov", 2), ("báo", 1), ("cna", 1)),
        "lang": (("vi", 3), ("zh", 1), ("zh-Hant", 1)),
        "tone": (),
    }
    assert ids(index, "lang:zh") == ["a"]
    assert ids(index, "outlet:BAO") == ["d"], "keywords are compared without case and marks"


def test_a_language_finds_its_scripts(index: SearchIndex) -> None:
    index.write(
        [article("a", lang="zh-Hant"), article("b", lang="zh-Hans"), article("c", lang="zha")], [], cursor=1
    )
    assert ids(index, "lang:zh") == ["a", "b"]
    assert ids(index, "lang:zh-hant") == ["a"]
    assert ids(index, "NOT lang:zh") == ["c"]


@pytest.mark.parametrize("order", ["newest", "relevance"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_are_whole_and_never_repeat(index: SearchIndex, order: str, limit: int) -> None:
    documents = [
        article(f"d{n:02}", "rác" if n % 3 else "khác", "rac" if n % 2 else "rác", published=(n * 7) % 5)
        for n in range(24)
    ]
    index.write(documents, [], cursor=1)

    pages = all_pages(index, "rác", limit, order)

    found = [key for page in pages for key in page]
    assert sorted(found) == sorted(one.id for one in documents)
    assert all(len(page) == limit for page in pages[:-1])
    assert found == all_pages(index, "rác", 100, order)[0]
    if order == "newest":
        assert found == [one.id for one in sorted(documents, key=lambda one: (-one.published, one.id))]


def test_a_page_repeats_nothing_whatever_is_written_in_between(index: SearchIndex) -> None:
    index.write([article(f"d{n}", "waste", published=n) for n in range(6)], [], cursor=1)
    first = index.search(parse("waste"), limit=2)

    index.write(
        [article("new", "waste", published=99), article("old", "waste", published=-5)], ["d1"], cursor=2
    )

    second = index.search(parse("waste"), limit=10, after=first.next)
    assert [hit.id for hit in first.hits] == ["d5", "d4"]
    assert [hit.id for hit in second.hits] == ["d3", "d2", "d0", "old"]


def test_relevance_puts_exact_marks_first_then_the_title_then_newness(index: SearchIndex) -> None:
    index.write(
        [
            article("loose-title", "rac thai", "x", published=9),
            article("exact-body", "x", "rác thải", published=1),
            article("exact-title", "rác thải", "x", published=0),
            article("loose-body", "x", "rac thai", published=10),
            article("exact-body-newer", "x", "rác thải", published=2),
        ],
        [],
        cursor=1,
    )

    assert ids(index, "rác thải", order="relevance") == [
        "exact-title",
        "exact-body-newer",
        "exact-body",
        "loose-title",
        "loose-body",
    ]
    assert ids(index, "rác thải")[:2] == ["loose-body", "loose-title"]


@pytest.mark.parametrize("after", ["", "x", "=", "bm8=", "WzFd", "綠", "W10="])
def test_a_place_that_is_none_is_refused(index: SearchIndex, after: str) -> None:
    with pytest.raises(ValueError, match="place"):
        index.search(parse("a"), after=after)


def test_a_place_of_another_order_and_an_unknown_facet_are_refused(index: SearchIndex) -> None:
    index.write([article(f"d{n}", "waste") for n in range(3)], [], cursor=1)
    place = index.search(parse("waste"), limit=1).next
    with pytest.raises(ValueError, match="another order"):
        index.search(parse("waste"), order="relevance", after=place)
    with pytest.raises(ValueError, match="facet"):
        index.search(parse("waste"), facets=("url",))


def test_clear(index: SearchIndex) -> None:
    index.write([article("a", "waste", lang="en")], [], cursor=5)
    index.search(parse("waste"), facets=("lang",))
    index.clear()
    assert (index.cursor(), index.count(), ids(index, "waste")) == (0, 0, [])
    index.write([article("b", "waste", lang="vi")], [], cursor=1)
    assert index.search(parse("waste"), facets=("lang",)).facets == {"lang": (("vi", 1),)}


def test_it_outlives_closing(make_index: MakeIndex) -> None:
    one = make_index("index")
    one.write([article("a", "綠耕隊")], [], cursor=5)
    one.close()
    again = make_index("index")
    assert (again.cursor(), ids(again, "绿耕队")) == (5, ["a"])


def test_threads_search_while_another_writes_and_see_whole_writes(index: SearchIndex) -> None:
    pair = [article("a", "waste 0", lang="vi"), article("b", "waste 0", lang="vi")]
    index.write(pair, [], cursor=1)
    wrong: list[object] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            result = index.search(parse("waste"), facets=("lang",))
            said = {hit.document.title for hit in result.hits}
            if result.total != 2 or len(said) != 1 or result.facets["lang"] != (("vi", 2),):
                wrong.append(result)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 40):
        index.write([article(key, f"waste {number}", lang="vi") for key in "ab"], [], cursor=number + 1)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_likeness_is_right_to_its_last_place(index: SearchIndex) -> None:
    """As Python's own arithmetic has it: single precision would be off in the last of six places now and then."""
    chance = random.Random(8)
    rows = [
        struct.pack("<384e", *(number / math.sqrt(384) for number in map(chance.gauss, [0] * 384, [1] * 384)))
        for _ in range(40)
    ]
    written = [replace(article(f"d{n:02}"), vector=Vector("m", row)) for n, row in enumerate(rows)]
    index.write(written, [], cursor=1)

    def expected(one: bytes, other: bytes) -> float:
        a, b = struct.unpack("<384e", one), struct.unpack("<384e", other)
        product, *squares = (math.fsum(map(mul, *two)) for two in ((a, b), (a, a), (b, b)))
        return round(product / math.sqrt(squares[0] * squares[1]), 6)

    for n in range(0, 40, 4):
        for hit, score in index.similar(f"d{n:02}", limit=39):
            assert score == expected(rows[n], rows[int(hit.id[1:])])


@pytest.mark.parametrize("order", ["newest", "relevance"])
@pytest.mark.parametrize("collapse", [False, True])
def test_a_place_with_absurd_numbers_is_none(index: SearchIndex, order: Order, collapse: bool) -> None:
    index.write([article("a", "waste"), article("b", "waste")], [], cursor=1)
    place = index.search(parse("waste"), order=order, limit=1, collapse=collapse).next
    assert place is not None
    said, rank, published, *rest = json.loads(base64.urlsafe_b64decode(place))

    def ask(text: str) -> None:
        after = base64.urlsafe_b64encode(text.encode()).decode()
        index.search(parse("waste"), order=order, limit=1, after=after, collapse=collapse)

    for absurd in (10**400, -(10**400), 2**63, -(2**63) - 1):
        for changed in ((absurd, published), (rank, absurd)):
            with pytest.raises(ValueError, match="no place"):
                ask(json.dumps([said, *changed, *rest]))
    for odd in ("[" * 100_000, "[]", "{}", "7", json.dumps([said, rank, published])):
        with pytest.raises(ValueError, match="no place"):
            ask(odd)
    ask(json.dumps([said, 2**31, -(2**53), *rest]))
    ask(json.dumps([said, -(2**31), 2**53, *rest]))
