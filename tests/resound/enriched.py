"""A store with articles of taught sentences, and the tiny models' process: for tests of the models' stages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from resound.article import Article, LanguageGuess
from resound.definitions.applying import apply_definitions
from resound.definitions.written import load_path
from resound.errors import ModelError
from resound.pipeline import process_pending
from resound.processing.modelling import ModelSetup, ModelWorker
from resound.processing.reading import PageReader
from resound.store import Store, open_store, work
from resound.store.articles import Placement, store_article
from tests.nlp.tiny import PAIRS

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CAMPAIGN = """
id: tiny
name: { en: Tiny }
window: { first: 2014-09-01, last: 2014-12-31 }
names:
  - id: green-team
    forms: { zh-Hant: [綠耕隊], en: [The green team] }
"""


def open_office(tmp_path: Path, address: str | None = None) -> Iterator[Store]:
    """A store that knows a campaign whose name is 綠耕隊."""
    (tmp_path / "tiny.yml").write_text(CAMPAIGN, encoding="utf-8")
    made = open_store(address or f"sqlite:///{tmp_path}/resound.sqlite")
    apply_definitions(made, load_path(tmp_path / "tiny.yml"), who="test", now=NOW)
    yield made
    made.close()


def put(
    store: Store,
    number: int,
    *,
    tag: str = "zh-Hant",
    body: tuple[str, ...] | None = None,
    title: str | None = None,
    seen: datetime = NOW,
) -> str:
    """An article of taught sentences; the first one names the campaign."""
    start = (number * 4) % 16
    paragraphs = body if body is not None else tuple(zh for zh, _ in PAIRS[start : start + 3])
    base = tag.split("-")[0]
    article = Article(
        url=f"https://news.example/{number}",
        canonical_url=f"https://news.example/{number}",
        title=title or PAIRS[start][0].rstrip("。") + "。",
        paragraphs=paragraphs,
        lead=paragraphs[0] if paragraphs else "",
        language=LanguageGuess(
            base if base in ("zh", "en", "vi") else "other", "Hant" if base == "zh" else None, tag, 1.0
        ),  # type: ignore[arg-type]
    )
    with store.write() as connection:
        stored = store_article(
            connection, article, Placement("item", "host:news.example", tag, "online"), seen=seen
        )
        work.reopen(connection, "match", [stored.article])
        work.reopen(connection, "group", [stored.article])
    return stored.article


def run(store: Store, models: ModelWorker | ModelError, tmp_path: Path, *, at: datetime = NOW) -> None:
    with PageReader(tmp_path, workers=1) as reader:
        process_pending(store, reader, models=models, clock=lambda: at)


def worker(
    tmp_path: Path, folder: Path, *, profile: str = "tiny", seconds: float = 60, address: str | None = None
) -> ModelWorker:
    address = address or f"sqlite:///{tmp_path}/resound.sqlite"
    setup = ModelSetup(profile, folder, "auto", 1, address, is_demo=False)
    return ModelWorker(setup, seconds=seconds)
