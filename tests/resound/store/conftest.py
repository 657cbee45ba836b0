"""A store of its own for each test: a real SQLite file."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resound.article import Article, LanguageGuess
from resound.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
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
