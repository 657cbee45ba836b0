"""An article beside those of other languages: vectors first, sentences where headlines are alike, evidence last.

The models are asked outside any transaction. Vectors are stored before the neighbours are read: of two batches that are
compared at once, one at least sees the other's articles, so that no pair is missed. What is returned writes the links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from nlp.aligning import align, shared_numbers
from nlp.embedding import head_of, vector_to_bytes, vectors_from_bytes
from nlp.sentences import split_sentences
from resound.article import Article
from resound.coding.origin_evidence import credited_by
from resound.grouping.items import regroup
from resound.grouping.linking import MOST_DAYS, Likeness, Link, Telling, judge_pair, may_be_one_text
from resound.processing.facts import lay_over
from resound.processing.modelling import ModelWorker, embed_task
from resound.source import Source
from resound.store import Store
from resound.store.articles import StoredArticle, load_articles
from resound.store.decisions import Overlay, overlays, standing_decisions
from resound.store.enrichments import MadeBy, load_vectors, made_by, set_vector
from resound.store.grouping import list_neighbours
from resound.store.links import StoredLink, list_links, set_links
from resound.store.matches import list_matches
from resound.store.registry import load_sources

if TYPE_CHECKING:
    from nlp.engines import Vectors
    from nlp.profiles import Thresholds

MOST_CANDIDATES = 20
"""Articles of other languages whose sentences are compared, the most alike first."""
Write = Callable[[Connection], None]
LoadVectors = Callable[[Connection], list[tuple[str, str, str, bytes]]]


@dataclass(frozen=True, slots=True)
class _Known:
    """An article as the comparison sees it."""

    stored: StoredArticle
    telling: Telling
    text: str
    sentences: tuple[str, ...]


def compare_languages(
    store: Store, models: ModelWorker, articles: Sequence[StoredArticle], *, now: datetime
) -> list[tuple[Write, bool]]:
    """For each article what is to be written, and whether a joined link is among it.

    Raises:
        ModelError: no vectors could be made.
    """
    heads, identity, thresholds = models.ask(
        embed_task, [head_of(one.article) for one in articles], texts=len(articles)
    )
    by = made_by(identity, now)
    rows = [vector_to_bytes(one) for one in heads]
    with store.write() as connection:
        own = _load(connection, articles)
        for one, row in zip(articles, rows, strict=True):
            set_vector(
                connection,
                version=one.version,
                article=one.id,
                language=one.article.language.tag,
                day=own[one.id].telling.day,
                vector_bytes=row,
                made_by=by,
            )
    with store.read() as connection:
        days = [one.telling.day for one in own.values()]
        reach = timedelta(days=MOST_DAYS)
        load_around = partial(
            load_vectors,
            model=identity.model,
            revision=identity.revision,
            days=(min(days) - reach, max(days) + reach),
        )
        around = {key: row for key, _, _, row in load_around(connection)} | {
            one.id: row for one, row in zip(articles, rows, strict=True)
        }
        others = _load(
            connection, load_articles(connection, [key for key in around if key not in own]).values()
        )
    known = own | others
    keys = [key for key in around if key in known]
    vectors = vectors_from_bytes([around[key] for key in keys])
    pairs = _likely(own, known, keys, vectors, candidate=thresholds.candidate)
    found = _judge(models, known, pairs, thresholds)
    sources = _sources(store)
    return [
        (
            _write(one, found.get(one.id, []), frozenset(around), load_around, by, sources),
            any(link.is_joined for link in found.get(one.id, [])),
        )
        for one in articles
    ]


def _likely(
    own: Mapping[str, _Known],
    known: Mapping[str, _Known],
    keys: Sequence[str],
    vectors: Vectors,
    *,
    candidate: float,
) -> dict[tuple[str, str], float]:
    """Pairs that are worth a look, with the cosine of their headlines and leads."""
    place = {key: at for at, key in enumerate(keys)}
    found: dict[tuple[str, str], float] = {}
    for key, one in own.items():
        cosines = vectors @ vectors[place[key]]
        near = [
            (round(float(cosines[at]), 4), other)
            for at, other in enumerate(keys)
            if may_be_one_text(one.telling, known[other].telling, float(cosines[at]), candidate=candidate)
        ]
        for cosine, other in sorted(near, reverse=True)[:MOST_CANDIDATES]:
            first, second = sorted((key, other))
            found[first, second] = cosine
    return found


def _judge(
    models: ModelWorker,
    known: Mapping[str, _Known],
    pairs: Mapping[tuple[str, str], float],
    thresholds: Thresholds,
) -> dict[str, list[Link]]:
    """article → its links and proposals."""
    asked = sorted({key for pair in pairs for key in pair})
    sentences = [sentence for key in asked for sentence in known[key].sentences]
    if not sentences:
        return {}
    vectors, _, _ = models.ask(embed_task, sentences, texts=len(asked))
    places: dict[str, Vectors] = {}
    at = 0
    for key in asked:
        places[key] = vectors[at : at + len(known[key].sentences)]
        at += len(known[key].sentences)
    found: dict[str, list[Link]] = {}
    for (a, b), cosine in sorted(pairs.items()):
        aligned = align(places[a], places[b], threshold=thresholds.sentence)
        likeness = Likeness(
            cosine,
            len(aligned.pairs),
            aligned.share,
            round(aligned.score, 4),
            shared_numbers(known[a].text, known[b].text),
        )
        link = judge_pair(known[a].telling, known[b].telling, likeness)
        if link is not None:
            found.setdefault(a, []).append(link)
            found.setdefault(b, []).append(link)
    return found


def _write(
    stored: StoredArticle,
    links: Sequence[Link],
    seen: frozenset[str],
    load_around: LoadVectors,
    by: MadeBy,
    sources: Mapping[str, Source],
) -> Write:
    def write(connection: Connection) -> None:
        before = list_neighbours(connection, stored.id)
        rows = [
            StoredLink(one.a, one.b, one.method, one.score, one.evidence, one.is_joined, by) for one in links
        ]
        unseen = [one for one in list_links(connection, [stored.id]) if not {one.a, one.b} <= seen]
        if unseen:
            # What came while the models thought has compared itself with this article: its word stands.
            there = {stored.id, *(key for key, *_ in load_around(connection))}
            rows += [one for one in unseen if {one.a, one.b} <= there]
        set_links(connection, stored.id, rows)
        regroup(connection, [stored.id, *before], sources=sources)

    return write


def _load(connection: Connection, articles: Iterable[StoredArticle]) -> dict[str, _Known]:
    found = list(articles)
    sources = load_sources(connection)
    keys = [one.id for one in found]
    said = overlays(standing_decisions(connection, articles=keys))
    named: dict[str, set[str]] = {}
    for match in list_matches(connection, articles=keys):
        if match.matched:
            named.setdefault(match.article, set()).update(match.detail.get("named", ()))
    known = {}
    for one in found:
        facts = lay_over(one, said.get(one.id, Overlay()), sources)
        credited = credited_by(one.article, sources, besides=facts.outlet)
        telling = Telling(
            article=one.id,
            outlet=facts.outlet,
            language=one.article.language.tag,
            day=facts.day or one.first_seen.date(),
            names=frozenset(named.get(one.id, ())),
            credits={publisher.id: passage for publisher, passage in credited},
        )
        known[one.id] = _Known(
            one, telling, f"{one.article.title}\n{one.article.text}", _sentences(one.article)
        )
    return known


def _sources(store: Store) -> Mapping[str, Source]:
    with store.read() as connection:
        return load_sources(connection)


def _sentences(article: Article) -> tuple[str, ...]:
    return tuple(
        paragraph[start:end] for paragraph in article.paragraphs for start, end in split_sentences(paragraph)
    )
