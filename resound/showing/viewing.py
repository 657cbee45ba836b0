"""One article as a person reads it: its text beside its translation, what is marked in it, and what is said of it.

Marks come from the matchers' spans and, where the reader came from a search, from the query, both on the text itself.
A mark whose words are no longer there (the text was edited since it was matched) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from nlp.topics import load_topics as shipped_topics
from resound.article import FoundDate, LanguageGuess, field_parts, text_fields
from resound.campaign import Campaign
from resound.errors import NotFoundError, QuerySyntaxError
from resound.outcome import MODEL_STAGES, Stage
from resound.people.sight import EVERYTHING, Sight
from resound.processing.facts import Facts, edition_of, lay_over
from resound.query import Document, Expansion, analyse_document, expand, parse, spans
from resound.searching.documents import build_documents, outlet_name
from resound.searching.search import glossary_forms
from resound.showing.bilingual import Rendering, Row, list_rows, tell_rendering, translated_lines
from resound.showing.marking import Mark, MarkKind, place, stretches
from resound.showing.matched import InCampaign, SpanMark, campaign_marks, in_campaigns
from resound.showing.relating import Relations, relations_of
from resound.source import Source
from resound.store import work
from resound.store.articles import StoredArticle, find_article, list_aliases, load_articles
from resound.store.decisions import Decision, all_decisions
from resound.store.enrichments import (
    StoredTopics,
    StoredTranslation,
    load_topics,
    load_translations,
)
from resound.store.grouping import load_groupings, load_overlay, twins_of
from resound.store.matches import StoredMatch, list_matches
from resound.store.registry import load_campaigns, load_sources
from resound.store.work import WorkState
from resound.told import Told


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article stands. `owner` and `country` are empty for an outlet that nobody has named yet."""

    outlet: str
    name: str
    edition: str
    edition_language: str
    country: str
    owner: str
    medium: str
    is_provisional: bool
    is_copy: bool
    zone: str


@dataclass(frozen=True, slots=True)
class Dates:
    """`day` is in the outlet's own calendar. `doubt` says why a person must look; `decided` is who said the day."""

    day: date | None
    doubt: str
    published: FoundDate | None
    updated: FoundDate | None
    first_seen: datetime
    last_seen: datetime
    gone_at: datetime | None
    decided: Decision | None


@dataclass(frozen=True, slots=True)
class Said:
    """A decision, and the one that took it back. `about`: what its value names, in words."""

    decision: Decision
    undone_by: Decision | None
    about: str
    campaign: str


@dataclass(frozen=True, slots=True)
class ReaderWords:
    """The search that the reader came from. `trouble`: why its words cannot be marked."""

    query: str = ""
    expansions: tuple[Expansion, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ArticleView:
    """Everything that the page of one article shows but its evidence and versions."""

    id: str
    item: str
    version: str
    url: str
    other_urls: tuple[str, ...]
    title: str
    byline: str
    section: str
    language: LanguageGuess
    extractor: str
    notes: tuple[str, ...]
    place: Place
    dates: Dates
    rows: tuple[Row, ...]
    renderings: tuple[Rendering, ...]
    kinds: tuple[MarkKind, ...]
    """Which kinds of marks there are, for the legend."""
    reader: ReaderWords
    campaigns: tuple[InCampaign, ...]
    topics: StoredTopics | None
    topic_labels: Mapping[str, str]
    topics_state: WorkState | None
    relations: Relations
    said: tuple[Said, ...]


def view_article(
    connection: Connection,
    item: str,
    *,
    query: str = "",
    language: str = "en",
    sight: Sight = EVERYTHING,
) -> ArticleView:
    """The article that a URL (any of its addresses) or an id names, as far as it is in `sight`.

    Args:
        query: what the reader searched for; its words are marked, too.
        language: in which names are told where they have one in it: `en`, `zh-Hant`, `vi`.

    Raises:
        NotFoundError: nothing of this address is stored, or nothing that is in sight.
    """
    key = find_article(connection, item)
    if key is None or key not in sight.seen(connection, [key]):
        raise NotFoundError(
            Told(
                "There is no such article here. It may not have been collected yet, or the address is cut off."
            )
        )
    sources, campaigns = load_sources(connection), sight.of(load_campaigns(connection))
    stored = load_articles(connection, [key])[key]
    grouping = load_groupings(connection, [key]).get(key)
    item_id = grouping.item if grouping is not None else key
    twins = [one.article for one in twins_of(connection, [item_id]).get(item_id, [])] or [key]
    overlay = load_overlay(connection, key)
    facts = lay_over(stored, overlay, sources)
    article = stored.article
    translations = load_translations(connection, [stored.version]).get(stored.version, {})
    states = work.load_states(connection, key, MODEL_STAGES)
    matches = {one.campaign: one for one in list_matches(connection, articles=[key])}
    marked = list(campaign_marks(stored, matches.values(), campaigns, language))
    text, lines = translated_lines(article, translations)
    reader, searched = _search_marks(connection, stored, item_id, text, query, campaigns.values())
    parts = {name: stretches(found) for name, found in field_parts(article).items()}
    names = {term.id: term.best(language) for one in campaigns.values() for term in one.terms}
    return ArticleView(
        id=key,
        item=item_id,
        version=stored.version,
        url=article.canonical_url,
        other_urls=tuple(list_aliases(connection, key)),
        title=article.title,
        byline=article.byline,
        section=article.section,
        language=article.language,
        extractor=article.extractor,
        notes=article.notes,
        place=_place(facts, language),
        dates=Dates(
            day=facts.day,
            doubt=facts.doubt or "",
            published=article.published,
            updated=article.updated,
            first_seen=stored.first_seen,
            last_seen=stored.last_seen,
            gone_at=stored.gone_at,
            decided=overlay.dated,
        ),
        rows=list_rows(
            article,
            translations,
            marks=place(parts, [*marked, *searched]),
            found=place({"translation": lines}, searched),
            names=names,
        ),
        renderings=_renderings(article.language.tag, translations, states, matches.values(), campaigns),
        kinds=tuple(sorted({mark.kind for *_, mark in (*marked, *searched)})),
        reader=reader,
        campaigns=tuple(in_campaigns(connection, stored, item_id, matches, campaigns, states, language)),
        topics=load_topics(connection, [stored.version]).get(stored.version),
        topic_labels={one.id: one.label.get(language, one.label["en"]) for one in shipped_topics()},  # type: ignore[call-overload]
        topics_state=states.get("topics"),
        relations=relations_of(connection, key, sources, language=language, sight=sight),
        said=_decisions(connection, twins, campaigns, sources, language, sight),
    )


def _place(facts: Facts, language: str) -> Place:
    source: Source | None = facts.source
    edition = edition_of(source, facts.edition) if source is not None else None
    return Place(
        outlet=facts.outlet,
        name=outlet_name(facts.outlet, source, language=language),
        edition=facts.edition,
        edition_language=edition.language if edition is not None else "",
        country=source.country if source is not None else "",
        owner=source.owner.name if source is not None else "",
        medium=facts.medium,
        is_provisional=facts.is_provisional,
        is_copy=facts.stored.placement.kind == "copy",
        zone=str(facts.zone),
    )


def _search_marks(
    connection: Connection,
    stored: StoredArticle,
    item: str,
    translation: str,
    query: str,
    campaigns: Iterable[Campaign],
) -> tuple[ReaderWords, list[SpanMark]]:
    """Where the reader's words stand in this article and in its translations."""
    if not query.strip():
        return ReaderWords(), []
    try:
        asked, expansions = expand(parse(query), glossary_forms(campaigns))
    except QuerySyntaxError as err:
        return ReaderWords(query, (), str(err)), []
    # The item's facts as the index holds them, so that `lang:` and `date:` mean here what they meant in the search.
    known = build_documents(connection, [item], seq=0)
    document = known[0].document if known else Document()
    fields = text_fields(stored.article)
    document = replace(
        document,
        title=fields["title"],
        lead=fields["lead"],
        body=fields["body"],
        caption=fields["caption"],
        translation=translation,
    )
    mark = Mark("search")
    found = [(one.field, one.start, one.end, mark) for one in spans(asked, analyse_document(document))]
    return ReaderWords(query, expansions), found


def _renderings(
    tag: str,
    translations: Mapping[str, StoredTranslation],
    states: Mapping[Stage, WorkState],
    matches: Iterable[StoredMatch],
    campaigns: Mapping[str, Campaign],
) -> tuple[Rendering, ...]:
    """English always; another language where it is there or a campaign asks for it."""
    asked = [
        target
        for one in matches
        if one.matched and one.campaign in campaigns
        for target in campaigns[one.campaign].translate_to
    ]
    targets = dict.fromkeys(["en", *asked, *sorted(translations)])
    return tuple(tell_rendering(one, tag, translations.get(one), states) for one in targets)


def _decisions(
    connection: Connection,
    twins: list[str],
    campaigns: Mapping[str, Campaign],
    sources: Mapping[str, Source],
    language: str,
    sight: Sight,
) -> tuple[Said, ...]:
    """Every decision about the item that is in sight, the newest first; those that take others back stand beside them."""
    made = {one.id: one for twin in twins for one in all_decisions(connection, article=twin)}
    undone = {one.undoes: one for one in made.values() if one.undoes is not None}
    named = {
        other
        for one in made.values()
        if one.kind in ("merge", "split")
        for other in (one.article, one.value)
        if other
    }
    others = load_articles(connection, sight.seen(connection, named))
    told = []
    for number in sorted(made, reverse=True):
        one = made[number]
        if one.kind == "undo" or not _is_seen(one, sight, others):
            continue
        campaign = campaigns.get(one.campaign) if one.campaign is not None else None
        about = one.value or ""
        if one.kind in ("merge", "split") and one.value is not None:
            other = one.article if one.value in twins else one.value
            if other in others:
                about = others[other].article.title or others[other].article.canonical_url
        elif one.kind == "outlet":
            about = outlet_name(about, sources.get(about), language=language)
        elif campaign is not None:
            called = {said.id: said.text.best(language) for said in campaign.messages}
            called |= {person.id: person.best(language) for person in campaign.people}
            about = called.get(about, about)
        name = campaign.name.best(language) if campaign is not None else one.campaign or ""
        told.append(Said(one, undone.get(number), about, name))
    return tuple(told)


def _is_seen(one: Decision, sight: Sight, others: Mapping[str, StoredArticle]) -> bool:
    """Whether a decision is for a campaign in sight and names no article that is out of it."""
    if not sight.is_limited:
        return True
    if one.kind in ("merge", "split"):
        return all(side is None or side in others for side in (one.article, one.value))
    return one.campaign is None or sight.sees(one.campaign)
