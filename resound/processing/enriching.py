"""What language models add to articles: translation, tone, topics. Their absence stops nothing else.

Each stage claims a batch, asks the models outside any transaction, and stores results, outcomes and the index's change
in one. What a model cannot do now is left in the queue with the reason: nothing is guessed, nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from nlp.tone import Passage, ToneResult, find_passages
from nlp.topics import passages_of
from nlp.translation import needs_translation
from resound.article import text_fields
from resound.campaign import Campaign, Term
from resound.errors import ModelError
from resound.grouping.comparing import compare_languages
from resound.outcome import MODEL_STAGES, Outcome, Stage
from resound.processing.modelling import ModelWorker, TranslationJob, tone_task, topics_task
from resound.store import Store, work
from resound.store.articles import StoredArticle, load_articles, record_change
from resound.store.enrichments import (
    MadeBy,
    StoredTone,
    StoredTopics,
    StoredTranslation,
    load_translations,
    made_by,
    set_tone,
    set_topics,
    set_translation,
)
from resound.store.matches import StoredMatch, list_matches
from resound.store.work import Claim

if TYPE_CHECKING:
    from nlp.topics import TopicScore
    from nlp.translation import TranslatedSentence, TranslatedText

BATCHES: Mapping[Stage, int] = {"headline": 64, "tone": 64, "topics": 64, "link": 32, "translate": 16}
WHOLESALE = frozenset(
    ["no-profile", "missing", "wrong-hash", "unsafe", "engine-missing", "not-for-this-folder"]
)
"""Reasons that hold for every article: nobody is asked again in this run, and the work stays ready."""
FIRST_PAUSE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)

Clock = Callable[[], datetime]
Ended = Callable[[Stage, Outcome], None]
Write = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Enriched:
    """What came of one article: what to store (also beside a failure: one target may have worked), and why not more."""

    writes: tuple[Write, ...]
    outcome: Outcome | ModelError


@dataclass(frozen=True, slots=True)
class Subject:
    """An article with the campaigns that it matches now."""

    stored: StoredArticle
    matches: tuple[StoredMatch, ...]
    campaigns: tuple[Campaign, ...]
    translations: Mapping[str, StoredTranslation]

    @property
    def targets(self) -> list[str]:
        """English always, and what a campaign asks for; without what the text is in already."""
        wanted = dict.fromkeys(["en", *(target for one in self.campaigns for target in one.translate_to)])
        return [one for one in wanted if needs_translation(self.stored.article.language.tag, one)]

    @property
    def terms(self) -> tuple[Term, ...]:
        """What must be called right: the campaigns' names, people and glossary."""
        return tuple(term for one in self.campaigns for term in one.terms)


def enrich_pending(
    store: Store,
    models: ModelWorker | ModelError,
    campaigns: Mapping[str, Campaign],
    *,
    clock: Clock,
    ended: Ended,
    progress: Callable[[Stage, int], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Take what waits through the models' stages, headlines first, until `should_stop` says so between two batches.

    Safe to run in several processes at once.
    """
    stages: dict[Stage, Callable[[ModelWorker, Sequence[Subject], datetime], list[Enriched]]] = {
        "headline": _headlines,
        "tone": _tones,
        "topics": _topics,
        "link": partial(_links, store),
        "translate": _whole_texts,
    }
    for stage, run in stages.items():
        trouble = models if isinstance(models, ModelError) else None
        while trouble is None and isinstance(models, ModelWorker) and not should_stop():
            with store.lease() as connection:
                claims = work.claim(connection, stage, limit=BATCHES[stage], now=clock())
                subjects = load_subjects(connection, [one.subject for one in claims], campaigns)
            if not claims:
                break
            results = _ask(run, models, [subjects[one.subject] for one in claims], clock())
            trouble = _store(store, stage, claims, results, clock=clock, ended=ended)
            if progress is not None:
                progress(stage, len(claims))
        if trouble is not None:
            with store.write() as connection:
                work.explain_waiting(connection, stage, reason=trouble.reason, detail=str(trouble))


def load_subjects(
    connection: Connection, keys: Sequence[str], campaigns: Mapping[str, Campaign]
) -> dict[str, Subject]:
    """Articles with their campaigns and what is translated of their current version."""
    articles = load_articles(connection, keys)
    translations = load_translations(connection, [one.version for one in articles.values()])
    matches: dict[str, list[StoredMatch]] = {}
    for one in list_matches(connection, articles=keys):
        if one.matched and one.campaign in campaigns:
            matches.setdefault(one.article, []).append(one)
    return {
        key: Subject(
            stored,
            tuple(matches.get(key, ())),
            tuple(campaigns[one.campaign] for one in matches.get(key, ())),
            translations.get(stored.version, {}),
        )
        for key, stored in articles.items()
    }


def _ask(
    run: Callable[[ModelWorker, Sequence[Subject], datetime], list[Enriched]],
    models: ModelWorker,
    subjects: Sequence[Subject],
    now: datetime,
) -> list[Enriched]:
    """A batch that fails is asked one by one, so that an article that hangs a model keeps only itself from it."""
    try:
        return run(models, subjects, now)
    except ModelError as err:
        if err.reason in WHOLESALE or len(subjects) == 1:
            return [Enriched((), err) for _ in subjects]
    return [one for subject in subjects for one in _ask(run, models, [subject], now)]


def _store(
    store: Store,
    stage: Stage,
    claims: Sequence[Claim],
    results: Sequence[Enriched],
    *,
    clock: Clock,
    ended: Ended,
) -> ModelError | None:
    """Write a batch. Returns the error that holds for everything else, too, where there is one."""
    wholesale: ModelError | None = None
    with store.write() as connection:
        for claim, result in zip(claims, results, strict=True):
            for write in result.writes:
                write(connection)
            if result.writes:
                record_change(connection, [claim.subject])
            if isinstance(result.outcome, Outcome):
                work.finish(connection, claim, result.outcome, now=clock())
                ended(stage, result.outcome)
            elif result.outcome.reason in WHOLESALE:
                wholesale = result.outcome
                work.leave(connection, claim, reason=wholesale.reason, detail=str(wholesale))
            else:
                pause = min(FIRST_PAUSE * 2 ** min(claim.attempts - 1, 10), LONGEST_PAUSE)
                work.postpone(
                    connection,
                    claim,
                    until=clock() + pause,
                    reason=result.outcome.reason,
                    detail=str(result.outcome),
                )
    return wholesale


def _headlines(models: ModelWorker, subjects: Sequence[Subject], now: datetime) -> list[Enriched]:
    return _translated(models, subjects, now, is_whole=False)


def _whole_texts(models: ModelWorker, subjects: Sequence[Subject], now: datetime) -> list[Enriched]:
    return _translated(models, subjects, now, is_whole=True)


def _translated(
    models: ModelWorker, subjects: Sequence[Subject], now: datetime, *, is_whole: bool
) -> list[Enriched]:
    """Articles of one language, target and set of names go to the model together."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[int]] = {}
    for at, one in enumerate(subjects):
        for target in one.targets:
            known = one.translations.get(target)
            if not is_whole and known is not None and known.part == "whole":
                continue
            key = (one.stored.article.language.tag, target, tuple(campaign.id for campaign in one.campaigns))
            groups.setdefault(key, []).append(at)
    writes: list[list[Write]] = [[] for _ in subjects]
    errors: list[ModelError | None] = [None for _ in subjects]
    for (tag, target, _), members in groups.items():
        texts = tuple(_paragraphs(subjects[at].stored, is_whole=is_whole) for at in members)
        job = TranslationJob(texts, tag, target, subjects[members[0]].terms)
        try:
            found = models.translate(job)
        except ModelError as err:
            if err.reason != "no-route" and (err.reason in WHOLESALE or len(subjects) > 1):
                raise
            for at in members:
                errors[at] = errors[at] or err  # of several targets the first says enough
            continue
        for at, text in zip(members, found, strict=True):
            writes[at].append(_write_translation(subjects[at].stored.version, text, now, is_whole=is_whole))
    return [
        Enriched(tuple(written), error or Outcome.done("" if one.targets else "nothing-to-translate"))
        for one, written, error in zip(subjects, writes, errors, strict=True)
    ]


def _paragraphs(stored: StoredArticle, *, is_whole: bool) -> tuple[str, ...]:
    article = stored.article
    lead = article.lead or (article.paragraphs[0] if article.paragraphs else "")
    return (article.title, lead, *(article.paragraphs if is_whole else ()))


def _write_translation(version: str, found: TranslatedText, now: datetime, *, is_whole: bool) -> Write:
    title, lead, *paragraphs = [[_sentence(one) for one in paragraph] for paragraph in found.paragraphs]
    row = StoredTranslation(
        version=version,
        target=found.target,
        part="whole" if is_whole else "headline",
        title=title,
        lead=[lead],
        paragraphs=paragraphs,
        flags=list(found.flags),
        made_by=[asdict(one) for one in found.identities],
        at=now,
    )
    return lambda connection: set_translation(connection, row)


def _sentence(one: TranslatedSentence) -> dict[str, Any]:
    return {"source": one.source, "text": one.text, "flags": list(one.flags)}


def _tones(models: ModelWorker, subjects: Sequence[Subject], now: datetime) -> list[Enriched]:
    jobs: list[list[Passage]] = []
    owners: list[tuple[int, str]] = []
    for at, one in enumerate(subjects):
        texts = text_fields(one.stored.article)
        for match in one.matches:
            spans = [(span["field"], span["start"], span["end"]) for span in match.detail["spans"]]
            jobs.append(find_passages(texts, spans))
            owners.append((at, match.campaign))
    found = models.ask(tone_task, jobs, texts=len(jobs)) if jobs else []
    writes: list[list[Write]] = [[] for _ in subjects]
    for (at, campaign), result in zip(owners, found, strict=True):
        writes[at].append(_write_tone(subjects[at].stored.version, campaign, result, now))
    return [Enriched(tuple(written), Outcome.done("" if written else "no-campaign")) for written in writes]


def _write_tone(version: str, campaign: str, found: ToneResult, now: datetime) -> Write:
    passages = [
        {
            "field": one.passage.field,
            "start": one.passage.start,
            "end": one.passage.end,
            "scores": dict(one.scores),
        }
        for one in found.passages
    ]
    row = StoredTone(
        version,
        campaign,
        found.label,
        {str(tone): score for tone, score in found.scores.items()},
        found.spread,
        found.is_uncertain,
        passages,
        made_by(found.identity, now),
    )
    return lambda connection: set_tone(connection, row)


def _topics(models: ModelWorker, subjects: Sequence[Subject], now: datetime) -> list[Enriched]:
    texts = []
    for one in subjects:
        article = one.stored.article
        texts.append(passages_of(article.title, article.lead, article.paragraphs))
    found, identity = models.ask(topics_task, texts, texts=len(texts))
    return [
        Enriched((_write_topics(one.stored.version, scores, made_by(identity, now)),), Outcome.done())
        for one, scores in zip(subjects, found, strict=True)
    ]


def _write_topics(version: str, found: Sequence[TopicScore], by: MadeBy) -> Write:
    row = StoredTopics(version, tuple((one.topic, one.score) for one in found), by)
    return lambda connection: set_topics(connection, row)


def _links(store: Store, models: ModelWorker, subjects: Sequence[Subject], now: datetime) -> list[Enriched]:
    found = compare_languages(store, models, [one.stored for one in subjects], now=now)
    return [Enriched((write,), Outcome.done("linked" if linked else "")) for write, linked in found]


def open_model_work(connection: Connection, articles: Sequence[str]) -> None:
    """Have the models look at articles (again): they match a campaign now, or their text is another one."""
    for stage in MODEL_STAGES:
        work.reopen(connection, stage, articles)
