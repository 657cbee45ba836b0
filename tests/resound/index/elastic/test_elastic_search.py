"""What only Elasticsearch has: points in time, aggregations with limits, vectors in fields, bounded queries."""

from __future__ import annotations

import math
import random
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from resound.errors import StoreError
from resound.index import elastic_counts, elastic_paging
from resound.index.base import FACETS, IndexDocument, Order, SearchIndex, Vector
from resound.index.elastic import ElasticIndex
from resound.index.elastic_client import ElasticAddress, connect
from resound.index.elastic_paging import read_place, write_place
from resound.index.sqlite import SqliteIndex
from resound.query import Document, Query, expand, parse
from resound.query.tree import MAX_EXPANDED_LEAVES, MAX_LEAVES

pytestmark = pytest.mark.elastic

WASTE = parse("waste")


def document(number: int, *, published: int | None = None, **keywords: str) -> IndexDocument:
    values = {name: frozenset({value}) for name, value in keywords.items()}
    moment = number % 7 if published is None else published
    return IndexDocument(
        f"d{number:04}", 1, Document(title="waste", keywords=values), moment, f"s{number % 5}"
    )


def pages(index: SearchIndex, query: Query, limit: int, **more: object) -> Iterator[list[str]]:
    after = None
    while True:
        result = index.search(query, limit=limit, after=after, **more)  # type: ignore[arg-type]
        yield [hit.id for hit in result.hits]
        after = result.next
        if after is None:
            return


def test_later_pages_are_of_one_moment_whatever_is_written(elastic: ElasticIndex) -> None:
    elastic.write([document(n, published=n) for n in range(20)], [], cursor=1)
    second = elastic.search(WASTE, limit=5, after=elastic.search(WASTE, limit=5).next)
    assert [hit.id for hit in second.hits] == ["d0014", "d0013", "d0012", "d0011", "d0010"]

    moved = [replace(document(n, published=100 - n), seq=2) for n in range(20)]
    elastic.write(moved[3:], ["d0000", "d0001", "d0002"], cursor=2)

    third = elastic.search(WASTE, limit=5, after=second.next)
    fourth = elastic.search(WASTE, limit=5, after=third.next)
    assert [hit.id for one in (third, fourth) for hit in one.hits] == [f"d{n:04}" for n in range(9, -1, -1)]
    assert (third.total, fourth.total, fourth.next) == (20, 20, None)


def test_paging_while_another_thread_writes_gives_every_document_once(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    elastic.write([document(n) for n in range(60)], [], cursor=1)
    done = threading.Event()

    def write() -> None:
        other = ElasticIndex(address)
        number = 0
        while not done.is_set():
            number += 1
            other.write([document(1_000 + number, published=50 + number)], [], cursor=1 + number)
        other.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for order in ("newest", "relevance"):
            for collapse in (False, True):
                found = Counter(
                    key for page in pages(elastic, WASTE, 7, order=order, collapse=collapse) for key in page
                )
                assert set(found.values()) == {1}
                if not collapse:
                    assert {f"d{n:04}" for n in range(60)} <= set(found)
    finally:
        done.set()
        writer.join()


@pytest.mark.parametrize("collapse", [False, True])
def test_an_expired_view_is_opened_again_at_the_same_place(elastic: ElasticIndex, collapse: bool) -> None:
    elastic.write([replace(document(n), story=f"s{n // 2}") for n in range(30)], [], cursor=1)
    expected = list(pages(elastic, WASTE, 4, collapse=collapse))
    first = elastic.search(WASTE, limit=4, collapse=collapse)
    second = elastic.search(WASTE, limit=4, after=first.next, collapse=collapse)
    place = read_place(second.next, "newest")
    assert place is not None
    assert place.view
    client = elastic._connected()
    client.close_point_in_time(id=place.view)
    for view in (place.view, "nonsense", "A" * 40):
        again = elastic.search(
            WASTE, limit=4, after=write_place("newest", place._replace(view=view)), collapse=collapse
        )
        assert [hit.id for hit in again.hits] == expected[2]


def test_no_view_stays_open(elastic: ElasticIndex) -> None:
    """They hold on to files: those of first pages and of lists that were read to the end are closed at once."""
    elastic.write([document(n) for n in range(30)], [], cursor=1)
    client = elastic._connected()

    def open_views() -> int:
        nodes = client.nodes.stats(metric="indices", index_metric="search")["nodes"].values()
        return sum(int(node["indices"]["search"]["open_contexts"]) for node in nodes)

    before = open_views()
    for collapse in (False, True):
        elastic.search(WASTE, limit=3, collapse=collapse)
        list(pages(elastic, WASTE, 3, collapse=collapse))
    elastic.content_hash()
    assert open_views() == before


@pytest.mark.parametrize("order", ["newest", "relevance"])
@pytest.mark.parametrize("limit", [1, 3, 10])
def test_collapsed_pages_are_those_of_sqlite(
    elastic: ElasticIndex, tmp_path: Path, order: Order, limit: int
) -> None:
    chance = random.Random(5)
    words = ("rác thải", "rac thai", "rác", "other")
    rows = [
        IndexDocument(
            f"d{n:02}",
            1,
            Document(title=chance.choice(words), lead=chance.choice(words), body=chance.choice(words)),
            chance.randrange(6),
            f"s{chance.randrange(9)}" if chance.random() < 0.8 else "",
        )
        for n in range(40)
    ]
    sqlite = SqliteIndex(tmp_path / "i")
    for index in (elastic, sqlite):
        index.write(rows, [], cursor=1)
    after_one = after_other = None
    while True:
        one = elastic.search(parse("rác OR thải"), order=order, limit=limit, after=after_one, collapse=True)
        other = sqlite.search(
            parse("rác OR thải"), order=order, limit=limit, after=after_other, collapse=True
        )
        assert replace(one, next=None) == replace(other, next=None)
        assert (one.next is None) == (other.next is None)
        after_one, after_other = one.next, other.next
        if one.next is None:
            break
    sqlite.close()


def test_facets_beyond_one_answer_and_uniques_beyond_their_limit(
    elastic: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        replace(document(n, outlet=f"o{n % 40}", topic=f"t{n % 3}"), story=f"s{n % 50}" if n % 10 else "")
        for n in range(400)
    ]
    elastic.write(rows, [], cursor=1)
    exact = elastic.search(WASTE, facets=FACETS)
    assert (exact.stories, exact.outlets, exact.uniques_are_exact) == (45 + 40, 40, True)
    assert exact.facets["topic"] == (("t0", 134), ("t1", 133), ("t2", 133))
    assert exact.facets["outlet"] == tuple((f"o{n}", 10) for n in sorted(range(40), key=str))

    monkeypatch.setattr(elastic_counts, "FACET_SIZE", 7)
    assert elastic.search(WASTE, facets=FACETS).facets == exact.facets

    monkeypatch.setattr(elastic_counts, "EXACT_UNIQUES", 30)
    beyond = elastic.search(WASTE)
    assert not beyond.uniques_are_exact
    assert beyond.stories == pytest.approx(85, abs=2)
    assert beyond.outlets == pytest.approx(40, abs=2)


def test_days_beyond_one_answer(elastic: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [date(1969, 12, 25) + timedelta(days=n) for n in range(20)]
    undated = [document(n) for n in range(21)]
    rows = [
        replace(one, document=replace(one.document, date=day))
        for one, day in zip(undated, days, strict=False)
    ]
    elastic.write([*rows, undated[-1]], [], cursor=1)
    monkeypatch.setattr(elastic_counts, "FACET_SIZE", 7)

    found = elastic.search(WASTE, limit=0, histogram="day")

    assert (found.dates, found.undated) == (tuple((day, 1) for day in days), 1)


def test_a_page_longer_than_elasticsearch_gives(
    elastic: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    elastic.write([document(n) for n in range(9)], [], cursor=1)
    assert len(elastic.search(WASTE, limit=1_000_000).hits) == 9
    nothing = elastic.search(WASTE, limit=0)
    assert (nothing.total, nothing.hits, nothing.next) == (9, (), None)
    assert elastic_paging.MAX_HITS < 10_000


def vector(numbers: list[float], model: str = "m") -> Vector:
    length = math.sqrt(sum(one * one for one in numbers))
    return Vector(model, struct.pack(f"<{len(numbers)}e", *(one / length for one in numbers)))


def test_the_most_similar_are_those_of_brute_force(elastic: ElasticIndex, tmp_path: Path) -> None:
    chance = random.Random(7)
    rows = []
    for number in range(120):
        row = [chance.gauss(0, 1) for _ in range(16)]
        rows.append(replace(document(number), vector=vector(row)))
    # An agency's text in many papers: equally near, more of them than are asked for.
    rows += [replace(document(200 + n), vector=rows[3].vector) for n in range(60)]
    rows += [replace(document(300 + n), vector=vector([1.0] * 16, "other model")) for n in range(3)]
    rows += [replace(document(400 + n), vector=vector([float(n + 1), 1.0, 1.0], "short")) for n in range(3)]
    rows.append(document(500))
    chance.shuffle(rows)
    sqlite = SqliteIndex(tmp_path / "i")
    for index in (elastic, sqlite):
        assert index.write(rows, [], cursor=1) == ()
    for key in ("d0003", "d0017", "d0205", "d0300", "d0401", "d0500", "unknown"):
        for limit in (1, 5, 10, 100):
            one, other = elastic.similar(key, limit=limit), sqlite.similar(key, limit=limit)
            assert [hit for hit, _ in one] == [hit for hit, _ in other], (key, limit)
            # The last place may be rounded otherwise: the one computes in single precision for a while.
            assert [score for _, score in one] == pytest.approx([score for _, score in other], abs=1.5e-6)
    assert [hit.id for hit, _ in elastic.similar("d0003", limit=3)] == ["d0200", "d0201", "d0202"]
    assert len(elastic.similar("d0300")) == 2
    sqlite.close()


def test_the_largest_queries_are_answered_or_refused_with_a_sentence(elastic: ElasticIndex) -> None:
    elastic.write([document(n) for n in range(3)], [], cursor=1)
    forms = tuple(f"form{n} of waste" for n in range(700)) + tuple(f"w{n}" for n in range(700)) + ("waste",)
    expanded, _ = expand(parse("waste"), [forms])
    assert len(forms) < MAX_EXPANDED_LEAVES
    beginnings = " ".join(f"ab{n:x}*" for n in range(MAX_LEAVES - 2))
    words = " ".join(f"{n:x}w" for n in range(MAX_LEAVES - 2))
    said = []
    for query in (expanded, parse(f"({beginnings}) OR waste"), parse(f"({words}) OR waste")):
        try:
            assert elastic.search(query, order="relevance", facets=FACETS).total == 3
        except StoreError as err:
            assert "too large" in str(err)  # noqa: PT017 (either is right: it depends on the node's memory)
            said.append(str(err))
    print(len(said), "of 3 refused")


def test_a_prefix_of_very_many_words_is_whole(elastic: ElasticIndex) -> None:
    """`match_phrase_prefix` would look at 50 of them, and intervals without `index_prefixes` fail above 8,192."""
    rows = [
        IndexDocument(
            f"d{n}", 1, Document(title=" ".join(f"ab{n:02}{m:04}c" for m in range(500)), body=f"xx abzz{n}q")
        )
        for n in range(20)
    ]
    rows.append(IndexDocument("two letters", 1, Document(title="ab", body="xx ab")))
    elastic.write(rows, [], cursor=1)
    for text in ("ab*", '"xx ab"*', "xx NEAR/3 ab*"):
        assert elastic.search(parse(text)).total == 21, text
    for text in ("ab0* OR ab1*", "abzz*", '"xx abz"*', '"xx abzz"*', "xx NEAR/3 abzz*", "xx NEAR/3 abz*"):
        assert elastic.search(parse(text)).total == 20, text
    assert elastic.search(parse("ab190499*")).total == 1


def test_what_administrators_see(elastic: ElasticIndex, address: ElasticAddress) -> None:
    elastic.write([document(n) for n in range(3)], [], cursor=1)
    assert elastic.name == f"elasticsearch {address.prefix}"
    said = elastic.describe()
    assert said.startswith("Elasticsearch 9.")
    assert f"{address.prefix}-items-000001, 3 items" in said
    client = connect(address)
    (mapping,) = client.indices.get_mapping(index=f"{address.prefix}-items").body.values()
    assert mapping["mappings"]["dynamic"] == "strict"
    source = client.search(index=f"{address.prefix}-items", size=1)["hits"]["hits"][0]["_source"]
    assert "title" not in source
    assert source["shown"]["fields"]["title"] == "waste"
    client.close()
