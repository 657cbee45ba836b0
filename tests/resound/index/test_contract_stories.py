"""Unique stories and outlets, lists collapsed by story, and likeness: the same promises of every index."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resound.index.base import EXACT_UNIQUES, IndexDocument, Order, SearchIndex
from resound.query import Document, parse
from tests.resound.index.conftest import MakeIndex
from tests.resound.index.material import article, ids, numbers_of, vector

MANY = settings(
    max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
ORDERS: tuple[Order, ...] = ("newest", "relevance")


def of(
    story: str, key: str, title: str = "waste", body: str = "", published: int = 0, **more: str
) -> IndexDocument:
    return replace(article(key, title, body, published=published, **more), story=story)


def collapsed_pages(index: SearchIndex, text: str, limit: int, order: Order) -> list[tuple[str, str, int]]:
    """(story, id, more) of all pages."""
    found: list[tuple[str, str, int]] = []
    after = None
    while True:
        result = index.search(parse(text), order=order, limit=limit, after=after, collapse=True)
        assert len(result.hits) == limit or result.next is None, "only the last page may be short"
        found += [(hit.story, hit.id, hit.more) for hit in result.hits]
        after = result.next
        if after is None:
            return found


def test_stories_and_outlets_are_counted_over_all_pages(index: SearchIndex) -> None:
    index.write(
        [
            of("s1", "a", outlet="cna"),
            of("s1", "b", outlet="vov"),
            of("s2", "c", outlet="vov"),
            of("s3", "d", "water", outlet="apo"),
            of("s4", "e"),
        ],
        [],
        cursor=1,
    )

    result = index.search(parse("waste"), limit=1)

    assert (result.total, result.stories, result.outlets, result.uniques_are_exact) == (4, 3, 2, True)
    nothing = index.search(parse("nowhere"))
    assert (nothing.total, nothing.stories, nothing.outlets) == (0, 0, 0)
    assert result.trouble == ""


def test_what_is_replaced_or_taken_out_is_no_longer_counted(index: SearchIndex) -> None:
    index.write([of("s1", "a", outlet="cna"), of("s2", "b", outlet="vov")], [], cursor=1)
    assert index.search(parse("waste")).stories == 2
    index.write([of("s1", "b", outlet="cna")], [], cursor=2)
    result = index.search(parse("waste"))
    assert (result.total, result.stories, result.outlets) == (2, 1, 1)
    index.write([], ["a", "b"], cursor=3)
    assert index.search(parse("waste")).stories == 0


@pytest.mark.parametrize("order", ORDERS)
def test_a_collapsed_list_shows_each_story_by_its_first(index: SearchIndex, order: Order) -> None:
    index.write(
        [
            of("s1", "old", published=1, lang="vi"),
            of("s1", "new", published=5, lang="en"),
            of("s1", "elsewhere", "water", published=9),
            of("s2", "only", published=3, lang="vi"),
        ],
        [],
        cursor=1,
    )

    result = index.search(parse("waste"), order=order, collapse=True, facets=("lang",))

    assert [(hit.id, hit.story, hit.more) for hit in result.hits] == [("new", "s1", 1), ("only", "s2", 0)]
    assert (result.total, result.stories) == (3, 2), "counts are of every item"
    assert result.facets["lang"] == (("vi", 2), ("en", 1))
    assert [hit.more for hit in index.search(parse("waste"), order=order).hits] == [0, 0, 0]


def test_in_relevance_a_story_stands_where_its_best_stands(index: SearchIndex) -> None:
    index.write(
        [
            of("s1", "newer-body", "x", "waste", published=9),
            of("s1", "older-title", "waste", published=1),
            of("s2", "title", "waste", published=2),
        ],
        [],
        cursor=1,
    )

    relevant = index.search(parse("waste"), order="relevance", collapse=True)
    newest = index.search(parse("waste"), collapse=True)

    assert [hit.id for hit in relevant.hits] == ["title", "older-title"]
    assert [hit.id for hit in newest.hits] == ["newer-body", "title"]


@pytest.mark.parametrize("order", ORDERS)
def test_what_has_no_story_stands_for_itself(index: SearchIndex, order: Order) -> None:
    index.write([of("", "a"), of("", "b"), of("s", "c"), of("s", "d")], [], cursor=1)

    result = index.search(parse("waste"), order=order, collapse=True)

    assert [(hit.id, hit.story, hit.more) for hit in result.hits] == [
        ("a", "", 0),
        ("b", "", 0),
        ("c", "s", 1),
    ]
    assert result.stories == 3


@st.composite
def story_documents(draw: st.DrawFn) -> list[IndexDocument]:
    number = draw(st.integers(0, 18))
    return [
        of(
            draw(st.sampled_from(["s1", "s2", "s3", "s4", ""])),
            f"d{n:02}",
            draw(st.sampled_from(["rác", "rac", "nước"])),
            draw(st.sampled_from(["rác", "rac", "nước"])),
            published=draw(st.integers(0, 3)),
            outlet=draw(st.sampled_from(["cna", "vov", "apo"])),
        )
        for n in range(number)
    ]


def test_collapsed_pages_cover_each_story_once_and_uniques_are_set_sizes(
    make_module_index: MakeIndex,
) -> None:
    index = make_module_index("stories")

    @MANY
    @given(story_documents(), st.integers(1, 4), st.sampled_from(ORDERS))
    def hold(documents: list[IndexDocument], limit: int, order: Order) -> None:
        index.clear()
        index.write(documents, [], cursor=1)
        every = index.search(parse("rác"), order=order, limit=100)
        names = [hit.story or f"\0{hit.id}" for hit in every.hits]
        counted = Counter(names)
        first = {name: hit.id for name, hit in reversed(list(zip(names, every.hits, strict=True)))}

        pages = collapsed_pages(index, "rác", limit, order)

        assert [one for _, one, _ in pages] == [first[name] for name in dict.fromkeys(names)]
        assert [more for _, _, more in pages] == [counted[name] - 1 for name in dict.fromkeys(names)]
        assert every.stories == len(counted)
        outlets = {value for hit in every.hits for value in hit.document.keywords["outlet"]}
        assert every.outlets == len(outlets)

    hold()


@pytest.mark.slow
def test_uniques_are_exact_up_to_what_is_promised(index: SearchIndex) -> None:
    number = EXACT_UNIQUES
    for start in range(0, number, 1000):
        index.write([of(f"s{n}", f"d{n}") for n in range(start, start + 1000)], [], cursor=start + 1)

    result = index.search(parse("waste"))

    assert (result.total, result.stories, result.uniques_are_exact) == (number, number, True)


def test_the_most_alike_come_first_and_then_by_id(index: SearchIndex) -> None:
    near = vector(0.8, 0.6)
    index.write(
        [
            replace(article("a", "one"), vector=vector(1, 0)),
            replace(article("d", "tied"), vector=near),
            replace(article("c", "tied, too"), vector=near),
            replace(article("far", "across"), vector=vector(0, 1)),
            replace(article("back", "against"), vector=vector(-1, 0)),
            replace(article("other", "model"), vector=vector(1, 0, model="other@1")),
            article("none", "no vector"),
        ],
        [],
        cursor=1,
    )

    found = index.similar("a")

    assert [hit.id for hit, _ in found] == ["c", "d", "far", "back"]
    assert [score for _, score in found] == pytest.approx([0.8, 0.8, 0.0, -1.0], abs=1e-3)
    assert found[0][0].document.title == "tied, too"
    assert [hit.id for hit, _ in index.similar("a", limit=1)] == ["c"]
    assert index.similar("none") == ()
    assert index.similar("nowhere") == ()
    assert index.similar("other") == ()


def test_likeness_follows_what_is_written(index: SearchIndex) -> None:
    index.write([replace(article(key), vector=vector(1, 0)) for key in ("a", "b", "c")], [], cursor=1)
    assert [hit.id for hit, _ in index.similar("a")] == ["b", "c"]
    index.write([article("b"), replace(article("d"), vector=vector(0.6, 0.8))], ["c"], cursor=2)
    assert [hit.id for hit, _ in index.similar("a")] == ["d"]
    index.write(
        [replace(article("a"), vector=vector(0, 1)), replace(article("b"), vector=vector(0, 1))], [], cursor=3
    )
    assert [(hit.id, round(score, 2)) for hit, score in index.similar("a")] == [("b", 1.0), ("d", 0.8)]
    index.clear()
    assert index.similar("a") == ()


def cosine(one: list[float], other: list[float]) -> float:
    length = math.sqrt(math.fsum(x * x for x in one)) * math.sqrt(math.fsum(x * x for x in other))
    return math.fsum(x * y for x, y in zip(one, other, strict=True)) / length


def test_likeness_is_what_plain_arithmetic_says(make_module_index: MakeIndex) -> None:
    index = make_module_index("likeness")
    numbers = st.floats(-1, 1, width=16).filter(lambda one: abs(one) > 0.01)
    rows = st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=2, max_size=25)

    @MANY
    @given(rows, st.integers(1, 30))
    def hold(found: list[list[float]], limit: int) -> None:
        documents = [
            replace(article(f"d{n:02}"), vector=vector(*row)) for n, row in enumerate([*found, found[0]])
        ]
        index.clear()
        index.write(documents, [], cursor=1)
        stored = {one.id: numbers_of(one.vector) for one in documents if one.vector is not None}
        expected = {key: cosine(stored["d00"], row) for key, row in stored.items() if key != "d00"}

        near = index.similar("d00", limit=limit)

        assert len(near) == min(limit, len(expected))
        for hit, score in near:
            assert score == pytest.approx(expected[hit.id], abs=2e-6)
        assert [(hit.id, score) for hit, score in near] == sorted(
            ((hit.id, score) for hit, score in near), key=lambda one: (-one[1], one[0])
        )
        left_out = expected.keys() - {hit.id for hit, _ in near}
        assert all(expected[key] <= near[-1][1] + 2e-6 for key in left_out)

    hold()


def test_a_document_that_is_refused_is_named_and_stops_no_other(index: SearchIndex) -> None:
    index.write([replace(article("a", "waste"), vector=vector(1, 0))], [], cursor=1)
    odd = replace(article("b", "waste"), vector=vector(1, 0, 0))

    refused = index.write([odd, article("c", "waste")], [], cursor=2)

    assert [one.id for one in refused] == ["b"]
    assert refused[0].reason
    assert ids(index, "waste") == ["a", "c"]
    assert index.cursor() == 2
    refused = index.write([replace(odd, id="a"), article("d", "waste")], [], cursor=3)
    assert [one.id for one in refused] == ["a"]
    assert ids(index, "waste") == ["a", "c", "d"], "what was there before stays"
    assert [hit.id for hit, _ in index.similar("a")] == []
    assert index.write([replace(odd, vector=vector(0, 1))], [], cursor=3) == ()
    assert [hit.id for hit, _ in index.similar("a")] == ["b"]


def test_a_hit_in_a_collapsed_list_is_whole(index: SearchIndex) -> None:
    document = Document("Rác", "Lead", "Body", keywords={"lang": frozenset({"vi"})})
    index.write([IndexDocument("a", 1, document, 7, "s", {"url": "u"})], [], cursor=1)
    (hit,) = index.search(parse("rác"), collapse=True).hits
    assert (hit.document, hit.shown, hit.published) == (document, {"url": "u"}, 7)
