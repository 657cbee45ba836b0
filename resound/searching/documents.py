"""What the search index holds: one document for each item (not its twins, not copies on aggregators)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection

from resound.article import Article, Tone, text_fields
from resound.index.base import IndexDocument, Vector
from resound.processing.facts import Facts, lay_over
from resound.query import Document
from resound.source import Source
from resound.store.articles import load_articles
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
    vectors_of,
)
from resound.store.grouping import Grouping, load_groupings, twins_of
from resound.store.matches import StoredMatch, list_matches
from resound.store.registry import load_sources


def build_documents(connection: Connection, keys: Iterable[str], *, seq: int) -> list[IndexDocument]:
    """The index documents of the items that these articles are or belong to, by id: whatever changes at a twin, the item's changes.

    `seq` is the store's change number that the connection sees.
    """
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
    articles = dict(sorted(load_articles(connection, twins).items()))
    versions = [one.version for one in articles.values()]
    translations = load_translations(connection, versions)
    tones, topics = load_tones(connection, versions), load_topics(connection, versions)
    vectors = vectors_of(connection, versions)
    for key, stored in articles.items():
        if stored.placement.kind == "copy":
            continue
        grouping = next(one for one in twins[key] if one.article == key)
        overlay = said.get(key, Overlay())
        facts = lay_over(stored, overlay, sources)
        judged = _Judged(
            translations.get(stored.version, {}),
            tones.get(stored.version, {}),
            topics.get(stored.version),
            vectors.get(stored.version),
        )
        documents.append(_document(facts, overlay, grouping, matches.get(key, []), judged, seq))
    return documents


def document_of(article: Article) -> Document:
    """What matching reads: the four text fields, and no facts beside them."""
    fields = text_fields(article)
    return Document(
        title=fields["title"],
        lead=fields["lead"],
        body=fields["body"],
        caption=fields["caption"],
        keywords={"lang": frozenset({article.language.language, article.language.tag})},
        date=None,
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What models said of the current version."""

    translations: Mapping[str, StoredTranslation]
    tones: Mapping[str, StoredTone]
    topics: StoredTopics | None
    vector: tuple[str, bytes] | None


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
        vector=None if judged.vector is None else Vector(*judged.vector),
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
        "tone": frozenset(_tones(overlay, judged)),
    }


def _tones(overlay: Overlay, judged: _Judged) -> Iterator[str]:
    """For each campaign a person's word, else the machine's."""
    found = {campaign: one.tone for campaign, one in judged.tones.items()}
    for asked, said in overlay.words.items():
        if asked.about == "tone" and asked.round == 1 and asked.campaign is not None:
            found[asked.campaign] = cast("Tone", said.value)  # checked when it was written
    yield from (tone for tone in found.values() if tone is not None)


def outlet_name(outlet: str, source: Source | None, *, language: str = "en") -> str:
    """What people call an outlet, in `language` where it has such a name; the bare host of one that has no name yet."""
    return source.names.best(language) if source is not None else outlet.partition(":")[2] or outlet
