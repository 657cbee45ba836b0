"""A campaign's values out of the store, as they stand: everything that a report will say, and nothing that may change.

Texts, translations and evidence are kept of accepted items only: of the others a report says how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from sqlalchemy import Connection, func, select

from resound import __version__
from resound.article import Basis
from resound.campaign import Campaign
from resound.coding.item import load_coded, quote_items
from resound.coverage.breakdown import Reading, Split
from resound.coverage.campaign import Coverage, read_tones, read_topics
from resound.coverage.coded import Carried, Coded
from resound.coverage.comparators import Comparators
from resound.coverage.figures import campaign_figures, facts_of
from resound.coverage.model import Figures
from resound.coverage.voice import measure_voice
from resound.errors import NotFoundError
from resound.snapshots.model import FORMAT, Clip, Evidence, QuotedItem, Snapshot, Translation, VoiceItem, Word
from resound.snapshots.opened import coverage_of, write_figures
from resound.snapshots.proofs import first_records, gather_evidence
from resound.snapshots.watched import watch_sources
from resound.source import Source
from resound.store.articles import StoredArticle, load_articles
from resound.store.database import in_parts
from resound.store.decisions import Decision, overlays, standing_decisions
from resound.store.enrichments import (
    StoredTranslation,
    joined,
    load_translations,
    said_by,
)
from resound.store.grouping import twins_of
from resound.store.registry import current_definition, load_campaign, load_sources
from resound.store.tables import version
from resound.text import analysis_fingerprint
from resound.texts import N_
from resound.told import Told


def take_snapshot(
    connection: Connection, campaign_id: str, *, evidence: Path, comparators: Comparators, now: datetime
) -> Snapshot:
    """Everything that is known of a campaign, of the one state that the connection sees, as of now.

    The same store, evidence and moment give the same snapshot.

    Args:
        evidence: the folder; every piece is read and hashed again.
        comparators: what the share of voice is measured with.

    Raises:
        NotFoundError: there is no such campaign.
    """
    now = now.astimezone(UTC)
    campaign, sources = load_campaign(connection, campaign_id), load_sources(connection)
    defined = current_definition(connection, "campaign", campaign_id)
    if defined is None:
        raise NotFoundError(Told(N_("There is no campaign %(id)s."), id=repr(campaign_id)))
    figures = campaign_figures(connection, campaign_id, now=now)
    outlets = {one.outlet for one, _ in figures.items.values()}
    outlets |= {one.source for one in figures.watch} | {one.outlet for one in figures.leads}
    voice = measure_voice(connection, figures, comparators) if campaign.comparators else None
    taken = Snapshot(
        format=FORMAT,
        product=f"Resound {__version__}",
        analysis=analysis_fingerprint(),
        as_of=now,
        campaign=campaign,
        definition=(defined.version, defined.sha256),
        sources={key: sources[key] for key in sorted(outlets & set(sources))},
        clips=_clips(connection, campaign, figures, sources, evidence),
        leads=figures.leads,
        watch=watch_sources(connection, figures.watch, campaign.window, sources),
        messages={},
        spokespersons={},
        voice=voice,
        figures={},
        voice_items=() if voice is None else _voice_items(connection, campaign.id, voice, sources),
    )
    coverage = coverage_of(taken)
    return replace(
        taken,
        messages=_quoted(connection, coverage, "messages", coverage.coding.messages),
        spokespersons=_quoted(connection, coverage, "people", coverage.coding.spokespersons),
        figures=write_figures(replace(coverage, figures=figures)),
    )


def _clips(
    connection: Connection,
    campaign: Campaign,
    figures: Figures,
    sources: Mapping[str, Source],
    evidence: Path,
) -> tuple[Clip, ...]:
    """In the order of day and address: the order in which figures list items."""
    twins = {
        item: tuple(one.article for one in some) for item, some in twins_of(connection, figures.items).items()
    }
    counted = figures.lists["counted"]
    accepted = [key for key, (one, _) in figures.items.items() if one.review == "accepted"]
    numbers = {
        key: number
        for number, key in enumerate(dict.fromkeys([*counted, *accepted]), start=1)  # each once
    }
    heads = load_articles(connection, [key for key in figures.items if key not in numbers], with_text=False)
    heads |= load_articles(connection, accepted)
    versions = [heads[key].version for key in accepted]
    translations = load_translations(connection, versions)
    tones = read_tones(connection, campaign.id, versions)
    topics = read_topics(connection, versions)
    coded = load_coded(connection, campaign, accepted)
    item_of = {article: item for item, some in twins.items() for article in some}
    proofs = gather_evidence(
        connection, {key: item for key, item in item_of.items() if item in numbers}, folder=evidence
    )
    said = _words(connection, campaign.id, item_of)
    wordings = _count_versions(connection, accepted)
    clips = []
    for key, (facts, place) in figures.items.items():
        source = sources.get(facts.outlet)
        bare = Clip(
            number=0,
            facts=facts,
            standing=place.kind,
            outlet_names=source.names if source is not None else None,
            first_seen=heads[key].first_seen,
            said=said.get(key, ()),
            gone_at=heads[key].gone_at,
            twins=tuple(one for one in twins[key] if one != key),
        )
        if key in numbers:
            bare = _with_texts(
                replace(bare, number=numbers[key], versions=wordings[key]),
                heads[key],
                translations=translations.get(facts.version, {}),
                coded=coded.get(key, Coded()),
                tone=tones.get(facts.version),
                topics=topics.get(facts.version),
                evidence=proofs.get(key, ()),
            )
        clips.append(bare)
    return tuple(clips)


def _with_texts(
    clip: Clip,
    stored: StoredArticle,
    *,
    translations: Mapping[str, StoredTranslation],
    coded: Coded,
    tone: Reading | None,
    topics: Reading | None,
    evidence: tuple[Evidence, ...],
) -> Clip:
    read = stored.article
    return replace(
        clip,
        byline=read.byline,
        lead=read.lead,
        paragraphs=read.paragraphs,
        translations={key: _translation(one) for key, one in translations.items()},
        coded=coded,
        proposed_tone=tone,
        topics=topics,
        evidence=evidence,
    )


def _translation(stored: StoredTranslation) -> Translation:
    """As running text; whose work it is names each model that it went through."""
    models = dict.fromkeys(str(one["model"]) for one in stored.made_by)
    label = str(stored.made_by[-1]["label"]) if stored.made_by else ""
    return Translation(
        tag=stored.target,
        title=joined(stored.title, stored.target),
        lead=tuple(joined(one, stored.target) for one in stored.lead),
        paragraphs=tuple(joined(one, stored.target) for one in stored.paragraphs),
        made_by=said_by(label, " → ".join(models)),
    )


def _words(connection: Connection, campaign: str, item_of: Mapping[str, str]) -> dict[str, tuple[Word, ...]]:
    """item → what people said of it that holds for this campaign, in order; merges and splits of either side."""
    made = standing_decisions(connection, articles=item_of)
    said = overlays((one for one in made if one.article in item_of), item_of)
    found: dict[str, list[Word]] = {
        item: [_word(one) for one in overlay.words.values() if one.campaign in (None, campaign)]
        for item, overlay in said.items()
    }
    for one in made:
        if one.kind in ("merge", "split"):
            for side, other in ((one.article, one.value), (one.value, one.article)):
                if side is not None and side in item_of:
                    word = replace(_word(one), value=None if other is None else item_of.get(other, other))
                    found.setdefault(item_of[side], []).append(word)
    return {item: tuple(sorted(words, key=lambda one: one.id)) for item, words in found.items()}


def _word(one: Decision) -> Word:
    basis = cast("Basis | None", one.basis)  # checked when it was written
    return Word(one.id, one.kind, one.value, one.why, one.who, one.at, basis, one.round)


def _count_versions(connection: Connection, articles: Iterable[str]) -> dict[str, int]:
    return {
        row[0]: row[1]
        for part in in_parts(articles)
        for row in connection.execute(
            select(version.c.article, func.count())
            .where(version.c.article.in_(part))
            .group_by(version.c.article)
        )
    }


def _voice_items(
    connection: Connection, campaign: str, voice: Split, sources: Mapping[str, Source]
) -> tuple[VoiceItem, ...]:
    """In the order of day and address."""
    among = {item for part in voice.parts for item in part.members}
    twins = twins_of(connection, among)
    records = first_records(connection, {one.article: item for item in twins for one in twins[item]})
    facts = (one for one in facts_of(connection, campaign, among) if one.item in among)
    return tuple(
        VoiceItem(
            item=one.item,
            url=one.url,
            title=one.title,
            tag=one.tag,
            outlet_name=one.outlet_name,
            outlet_names=sources[one.outlet].names if one.outlet in sources else None,
            day=one.day,
            sha256=records.get(one.item, ""),
        )
        for one in sorted(facts, key=lambda one: (str(one.day or "9999"), one.url, one.item))
    )


def _quoted(
    connection: Connection, coverage: Coverage, kind: Literal["messages", "people"], carried: Carried
) -> dict[str, tuple[QuotedItem, ...]]:
    """In the order of the counted items; an item that only a person saw it in has no passage."""
    order = {key: at for at, key in enumerate(coverage.figures.lists["counted"])}
    wanted: dict[str, Sequence[str]] = {
        row.id: sorted((*row.confirmed, *row.proposed), key=order.__getitem__) for row in carried.rows
    }
    passages = quote_items(connection, coverage.campaign.id, kind, wanted)
    return {
        which: tuple(QuotedItem(item, passages.get((which, item), ())) for item in items)
        for which, items in wanted.items()
    }
