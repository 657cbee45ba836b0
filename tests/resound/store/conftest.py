"""A store of its own for each test, on each of the databases: a real SQLite file, a real PostgreSQL database."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from resound.article import Article, LanguageGuess
from resound.store import Store, open_store


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 1, 15, 8, tzinfo=UTC)


@pytest.fixture
def article() -> Article:
    return Article(
        url="https://news.example/2014/10/02/story-10001.html",
        canonical_url="https://news.example/2014/10/02/story-10001.html",
        title="Green team visits Ho Chi Minh City",
        paragraphs=("The green team met the city.", "It signed a memorandum."),
        language=LanguageGuess("en", None, "en", 0.99),
        lead="The green team met the city.",
    )
