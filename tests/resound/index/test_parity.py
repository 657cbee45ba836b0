"""The matcher and the index give the same answer: documents and queries are generated, failures shrunk."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from resound.index.base import FACETS, IndexDocument, SearchIndex
from resound.query import Document, analyse_document, evaluate, expand, parse, spans
from tests.resound.index.conftest import MakeIndex
from tests.resound.query.generated import GLOSSARY, WORDS, documents, queries

DOCUMENTS = 8
QUERIES = 5


@pytest.fixture(scope="module")
def index(make_module_index: MakeIndex) -> SearchIndex:
    return make_module_index("parity")


def compare(index: SearchIndex, found: list[Document], asked: list[tuple[str, bool]]) -> Counter[str]:
    """Every query on every document, in both. Returns how many pairs were compared and how many of them held."""
    rows = [
        IndexDocument(f"d{number}", number, one, published=number % 3) for number, one in enumerate(found)
    ]
    index.clear()
    index.write(rows, [], cursor=1)
    analysed = [analyse_document(one) for one in found]
    counted: Counter[str] = Counter()
    for text, is_expanded in asked:
        query = parse(text)
        if is_expanded:
            query, _ = expand(query, GLOSSARY)
        held = [row for row, one in zip(rows, analysed, strict=True) if evaluate(query, one)]
        expected = sorted(held, key=lambda row: (-row.published, row.id))
        result = index.search(query, limit=100, facets=FACETS)
        assert [hit.id for hit in result.hits] == [row.id for row in expected], (text, str(query))
        assert [hit.document for hit in result.hits] == [row.document for row in expected]
        assert result.total == len(held)
        values = Counter(
            (name, value)
            for row in held
            for name, values in row.document.keywords.items()
            for value in values
        )
        assert values == {(name, value): n for name, some in result.facets.items() for value, n in some}
        ranked = index.search(query, order="relevance", limit=100)
        assert {hit.id for hit in ranked.hits} == {row.id for row in held}, (text, str(query))
        for row, one in zip(rows, analysed, strict=True):
            for field, start, end in spans(query, one):
                assert row in held
                assert row.document.text(field)[start:end].strip()
        counted["pairs"] += len(rows)
        counted["held"] += len(held)
    return counted


def run(index: SearchIndex, examples: int) -> Counter[str]:
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
        st.lists(st.tuples(queries(), st.booleans()), min_size=QUERIES, max_size=QUERIES),
    )
    def agree(found: list[Document], asked: list[tuple[str, bool]]) -> None:
        counted.update(compare(index, found, asked))

    agree()
    print(
        f"{counted['pairs']:,} pairs of document and query compared, {counted['held']:,} held, 0 differences"
    )
    return counted


def test_matcher_and_index_agree(index: SearchIndex) -> None:
    counted = run(index, 70)

    assert counted["pairs"] >= 2_000
    assert counted["held"] >= 300


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_matcher_and_index_agree_on_many(index: SearchIndex) -> None:
    counted = run(index, 700)

    assert counted["pairs"] >= 20_000


@pytest.mark.slow
def test_a_difference_is_found_and_shrunk(index: SearchIndex) -> None:
    """The test itself: with a matcher that is wrong about one word it fails, and on the smallest pair."""
    smallest: list[tuple[list[Document], str]] = []

    @settings(max_examples=2000, deadline=None, database=None, derandomize=True)
    @given(
        st.lists(documents(), min_size=1, max_size=2),
        st.sampled_from(WORDS[1]).map("title:{0} OR {0}".format),
    )
    def agree(found: list[Document], asked: str) -> None:
        query = parse(asked)
        rows = [IndexDocument(f"d{number}", number, one) for number, one in enumerate(found)]
        index.clear()
        index.write(rows, [], cursor=1)
        wrong = {
            row.id
            for row in rows
            if evaluate(query, analyse_document(row.document)) and "Việt" not in row.document.body
        }
        if {hit.id for hit in index.search(query).hits} != wrong:
            smallest.append((found, asked))
            raise AssertionError("they differ")

    with pytest.raises(AssertionError, match="they differ"):
        agree()
    found, asked = smallest[-1]
    assert len(found) == 1
    assert found[0].title == "", "Hypothesis took away what does not matter"
    assert len(asked) < 40
