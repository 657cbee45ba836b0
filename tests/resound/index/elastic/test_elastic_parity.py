"""Three evaluators, one answer: the matcher, SQLite and Elasticsearch, on generated documents and queries.

Elasticsearch and SQLite must also agree on both orders, pages, facets, dates, stories, outlets and collapsed results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from resound.index.base import FACETS, IndexDocument, Order, Period, SearchIndex
from resound.index.elastic import ElasticIndex
from resound.index.elastic_client import ElasticAddress
from resound.index.sqlite import SqliteIndex
from resound.query import Document, Query, analyse_document, evaluate, expand, parse
from tests.resound.query.generated import GLOSSARY, WORDS, documents, queries

pytestmark = pytest.mark.elastic

DOCUMENTS = 12
QUERIES = 12
PERIODS: tuple[Period, ...] = ("day", "month", "year")
ORDERS: tuple[Order, ...] = ("newest", "relevance")


@pytest.fixture(scope="module")
def both(
    module_address: ElasticAddress, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SearchIndex, SearchIndex]]:
    elastic = ElasticIndex(module_address)
    sqlite = SqliteIndex(tmp_path_factory.mktemp("parity") / "index.sqlite")
    yield elastic, sqlite
    elastic.close()
    sqlite.close()


def rows_of(found: Sequence[Document]) -> list[IndexDocument]:
    """Some of one story, some of none, some of one moment."""
    return [
        IndexDocument(f"d{number:02}", number, one, number % 3, f"s{number % 4}" if number % 4 else "")
        for number, one in enumerate(found)
    ]


def all_hits(
    index: SearchIndex, query: Query, order: Order, *, collapse: bool, limit: int
) -> list[tuple[str, int]]:
    """(id, more) of the hits of all pages."""
    hits: list[tuple[str, int]] = []
    after = None
    while True:
        result = index.search(query, order=order, limit=limit, after=after, collapse=collapse)
        assert result.trouble == ""
        hits += [(hit.id, hit.more) for hit in result.hits]
        after = result.next
        if after is None:
            return hits


def compare(
    both: tuple[SearchIndex, SearchIndex], found: Sequence[Document], asked: Sequence[tuple[str, bool]]
) -> Counter[str]:
    """Every query on every document, in all three. How many pairs were compared, and how many held."""
    elastic, sqlite = both
    rows = rows_of(found)
    for index in both:
        index.clear()
        assert index.write(rows, [], cursor=1) == ()
    assert elastic.content_hash() == sqlite.content_hash()
    analysed = [analyse_document(one) for one in found]
    counted: Counter[str] = Counter()
    for number, (text, is_expanded) in enumerate(asked):
        query = parse(text)
        if is_expanded:
            query, _ = expand(query, GLOSSARY)
        held = [row for row, one in zip(rows, analysed, strict=True) if evaluate(query, one)]
        expected = sorted(held, key=lambda row: (-row.published, row.id))
        result, other = (
            index.search(query, limit=100, facets=FACETS, histogram=PERIODS[number % 3]) for index in both
        )
        assert [hit.id for hit in result.hits] == [row.id for row in expected], (text, str(query))
        assert [hit.document for hit in result.hits] == [row.document for row in expected]
        assert result == other
        order = ORDERS[number % 2]
        limit = 2 + number % 4
        assert all_hits(elastic, query, "relevance", collapse=False, limit=100) == all_hits(
            sqlite, query, "relevance", collapse=False, limit=100
        ), (text, str(query))
        assert all_hits(elastic, query, order, collapse=True, limit=limit) == all_hits(
            sqlite, query, order, collapse=True, limit=limit
        ), (text, str(query), order, limit)
        counted["pairs"] += len(rows)
        counted["held"] += len(held)
    return counted


def run(both: tuple[SearchIndex, SearchIndex], asked: st.SearchStrategy[str], examples: int) -> Counter[str]:
    """Hypothesis over `compare`. What shrinking and replaying add is not counted: the sum is at least this."""
    counted: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(documents(), min_size=DOCUMENTS, max_size=DOCUMENTS),
        st.lists(st.tuples(asked, st.booleans()), min_size=QUERIES, max_size=QUERIES),
    )
    def agree(found: list[Document], written: list[tuple[str, bool]]) -> None:
        counted.update(compare(both, found, written))

    agree()
    print(
        f"{counted['pairs']:,} pairs of document and query compared, {counted['held']:,} held, 0 differences"
    )
    return counted


def quoted_nears() -> st.SearchStrategy[str]:
    """NEAR with a quoted operand, alone and in groups: it then reads exact forms in all its operands."""
    words = [one for one in (*WORDS[0], *WORDS[1], *WORDS[2]) if one.isalnum()]
    word = st.sampled_from(words)
    phrase = st.lists(word, min_size=1, max_size=3).map(" ".join)
    quoted = st.tuples(phrase, st.sampled_from(("", "", "*"))).map(
        lambda made: f'"{made[0]}"' + (made[1] if made[0].isascii() and len(made[0].split()[-1]) > 2 else "")
    )
    plain = st.one_of(word, quoted)
    group = st.lists(plain, min_size=2, max_size=3).map(lambda found: f"({' OR '.join(found)})")
    sides = st.tuples(quoted, st.integers(0, 20), st.one_of(plain, plain, group), st.booleans())
    near = sides.map(
        lambda made: (
            f"{made[2]} NEAR/{made[1]} {made[0]}" if made[3] else f"{made[0]} NEAR/{made[1]} {made[2]}"
        )
    )
    return st.one_of(near, near, near.map(lambda one: f"title:({one})"), near.map(lambda one: f"NOT ({one})"))


@pytest.mark.timeout(900)
def test_the_three_agree(both: tuple[SearchIndex, SearchIndex]) -> None:
    counted = run(both, queries(), 20)

    assert counted["pairs"] >= 2_000
    assert counted["held"] >= 300


@pytest.mark.timeout(900)
def test_the_three_agree_on_near_with_quotes(both: tuple[SearchIndex, SearchIndex]) -> None:
    counted = run(both, quoted_nears(), 15)

    assert counted["pairs"] >= 2_000
    assert counted["held"] >= 100


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_three_agree_on_many(both: tuple[SearchIndex, SearchIndex]) -> None:
    counted = run(both, st.one_of(queries(), queries(), quoted_nears()), 150)

    assert counted["pairs"] >= 20_000


def test_phrases_of_one_word_twice_and_near_itself(
    both: tuple[SearchIndex, SearchIndex], tmp_path: Path
) -> None:
    """Where an unordered NEAR of overlapping operands could be measured otherwise."""
    texts = [
        "a a",
        "a",
        "a b a",
        "b a",
        "a b",
        "a x x b",
        "b x a x b",
        "a b a b",
        "b b a a",
        "x a b x",
        "綠 綠耕",
        "綠耕綠",
    ]
    found = [Document(title=text, body=f"{text}\n{text}") for text in texts]
    asked = [
        f"{one} NEAR/{distance} {other}"
        for one in ("a", '"a"', '"a a"', '"a b"', "(a OR b)", '("a b" OR a)', '"綠"', "綠耕")
        for other in ("a", '"b a"', "(a OR x)", '("a b a" OR b)', '"綠耕"')
        for distance in (0, 1, 3)
    ]
    counted = compare(both, found, [(text, False) for text in asked])
    assert counted["held"] > 300
