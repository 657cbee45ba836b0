"""Keeping the index level with the store: a cursor over the change feed, at least once, idempotent.

The index is disposable. It holds one document for each item (not its twins, not copies on aggregators).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from resound.article import text_fields
from resound.facts import Facts, lay_over
from resound.index.base import IndexDocument, SearchIndex
from resound.query import Document
from resound.source import Source
from resound.store import Store
from resound.store.articles import list_changes, load_articles
from resound.store.decisions import Overlay, overlays, standing_decisions
from resound.store.enrichments import (
    StoredTone,
    StoredTopics,
    StoredTranslation,
    joined,
    load_tones,
    load_topics,
    load_translations,
    said_by,
)
from resound.store.grouping import Grouping, load_groupings, twins_of
from resound.store.matches import StoredMatch, list_matches
from resound.store.registry import load_sources

BATCH = 500


def update_index(store: Store, index: SearchIndex, *, progress: Callable[[int], None] | None = None) -> int:
    """Bring the index up to the store's last change. Returns how many articles were looked at."""
    looked_at = 0
    while True:
        cursor = index.cursor()
        with store.read() as connection:
            changed, newest = list_changes(connection, after=cursor, limit=BATCH)
            if newest == cursor:
                return looked_at
            documents = build_documents(connection, changed, seq=newest)
        kept = {one.id for one in documents}
        index.write(documents, [key for key in changed if key not in kept], cursor=newest)
        looked_at += len(changed)
        if progress is not None:
            progress(looked_at)


def lag(store: Store, index: SearchIndex) -> int:
    """How many articles have changed since the index was last brought up."""
    with store.read() as connection:
        return len(list_changes(connection, after=index.cursor(), limit=100_000)[0])


def rebuild_index(store: Store, path: Path, *, progress: Callable[[int], None] | None = None) -> int:
    """Build the embedded index beside the old one, then put it in its place. Returns how many items it holds.

    Searches go on in the old one meanwhile; what was interrupted is begun again.
    """
    from resound.index.sqlite import SqliteIndex

    beside = path.with_name(f"{path.name}.new")
    _remove(beside)
    index = SqliteIndex(beside)
    try:
        update_index(store, index, progress=progress)
        held = index.count()
    finally:
        index.close()
    for name in _companions(path):
        name.unlink(missing_ok=True)
    beside.replace(path)
    _remove(beside)
    return held


def _companions(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}{tail}") for tail in ("-wal", "-shm")]


def _remove(path: Path) -> None:
    for name in (path, *_companions(path)):
        name.unlink(missing_ok=True)


def build_documents(connection: Connection, keys: Iterable[str], *, seq: int) -> list[IndexDocument]:
    """The index documents of the items that these articles are or belong to: whatever changes at a twin, the item's changes."""
    sources = load_sources(connection)
    touched = {one.item for one in load_groupings(connection, keys).values()}
    twins = twins_of(connection, touched)
    item_of = {twin.article: twin.item for members in twins.values() for twin in members}
    decisions = (one for one in standing_decisions(connection, articles=item_of) if one.article in item_of)
    said = overlays(decisions, item_of)
    matches: dict[str, list[StoredMatch]] = {}
    for one in list_matches(connection, articles=item_of):
        matches.setdefault(item_of[one.article], []).append(one)
    documents = []
    articles = load_articles(connection, twins)
    versions = [one.version for one in articles.values()]
    translations = load_translations(connection, versions)
    tones, topics = load_tones(connection, versions), load_topics(connection, versions)
    for key, stored in articles.items():
        if stored.placement.kind == "copy":
            continue
        grouping = next(one for one in twins[key] if one.article == key)
        overlay = said.get(key, Overlay())
        facts = lay_over(stored, overlay, sources)
        judged = _Judged(
            translations.get(stored.version, {}), tones.get(stored.version, {}), topics.get(stored.version)
        )
        documents.append(_document(facts, overlay, grouping, matches.get(key, []), judged, seq))
    return documents


@dataclass(frozen=True, slots=True)
class _Judged:
    """What models said of the current version."""

    translations: Mapping[str, StoredTranslation]
    tones: Mapping[str, StoredTone]
    topics: StoredTopics | None


def _document(
    facts: Facts,
    overlay: Overlay,
    grouping: Grouping,
    matches: Iterable[StoredMatch],
    judged: _Judged,
    seq: int,
) -> IndexDocument:
    article = facts.stored.article
    fields = text_fields(article)
    return IndexDocument(
        id=facts.stored.id,
        seq=seq,
        document=Document(
            title=fields["title"],
            lead=fields["lead"],
            body=fields["body"],
            caption=fields["caption"],
            translation="\n".join(
                text for target in sorted(judged.translations) for text in _lines(judged.translations[target])
            ),
            keywords=_keywords(facts, overlay, matches, judged),
            date=facts.day,
        ),
        published=int(facts.order[0].timestamp()) if facts.day is not None else 0,
        story=grouping.story,
        shown={
            "url": article.canonical_url,
            "outlet": facts.outlet,
            "outlet_name": outlet_name(facts.outlet, facts.source),
            "language": article.language.tag,
            "day": facts.day.isoformat() if facts.day is not None else "",
            "doubt": facts.doubt or "",
            "medium": facts.medium,
            **_translated_title(judged.translations),
        },
    )


def _lines(one: StoredTranslation) -> Iterator[str]:
    """A translation's title and paragraphs; its lead stands in for them while only the headline is translated."""
    for paragraph in (one.title, *(one.paragraphs or one.lead)):
        if text := joined(paragraph, one.target).replace("\n", " "):
            yield text


def _translated_title(translations: Mapping[str, StoredTranslation]) -> Mapping[str, str]:
    """The English headline for people who cannot read the original, and whose work it is: never shown without."""
    found = translations.get("en")
    if found is None:
        return {}
    by = found.made_by[-1]
    return {
        "translated_title": joined(found.title, "en"),
        "translated_by": said_by(by["label"], by["model"]),
    }


def _keywords(
    facts: Facts, overlay: Overlay, matches: Iterable[StoredMatch], judged: _Judged
) -> Mapping[str, frozenset[str]]:
    language = facts.stored.article.language
    source: Source | None = facts.source
    said = {campaign: decision.kind for campaign, decision in overlay.review.items()}
    campaigns = {one.campaign for one in matches if one.matched and said.get(one.campaign) != "reject"}
    campaigns |= {campaign for campaign, kind in said.items() if kind == "accept"}
    origin = overlay.origin.value if overlay.origin is not None else None
    if origin is None and source is not None and source.relation != "independent":
        origin = "paid" if source.relation == "paid" else "owned"
    return {
        "lang": frozenset({language.language, language.tag}),
        "country": frozenset({source.country} if source is not None else ()),
        "outlet": frozenset({facts.outlet}),
        "group": frozenset({source.owner.id} if source is not None else ()),
        "type": frozenset({facts.medium}),
        "campaign": frozenset(campaigns),
        "origin": frozenset({origin} if origin is not None else ()),
        "topic": frozenset(topic for topic, _ in judged.topics.found) if judged.topics else frozenset(),
        "tone": frozenset(one.tone for one in judged.tones.values() if one.tone is not None),
    }


def outlet_name(outlet: str, source: Source | None) -> str:
    """What people call an outlet; the bare host of one that has no name yet."""
    return source.names.best() if source is not None else outlet.partition(":")[2] or outlet
