"""The order of the stages: what was fetched is read, matched, grouped and indexed.

Fetching is `crawlers.run.crawl`; it leaves captures behind, and everything from there on happens here. Each batch is
one transaction that holds the results, the outcomes and the work that follows from them, so a killed process loses
nothing and repeats nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal

from sqlalchemy import Connection, select, update

from resound.article import Article, Entry
from resound.campaign import Campaign
from resound.coverage.comparators import bring_up
from resound.errors import ModelError
from resound.grouping.items import join_article
from resound.outcome import Outcome, Stage
from resound.processing.enriching import enrich_pending, open_model_work
from resound.processing.facts import place_page
from resound.processing.matching import CampaignMatcher, Match, match_to_json
from resound.processing.modelling import ModelWorker
from resound.processing.reading import PageReader, Reading
from resound.query import AnalysedDocument, Document, Glance, analyse_document
from resound.searching.documents import document_of
from resound.source import Source
from resound.store import Store, work
from resound.store.articles import Stored, load_articles, record_change, store_article
from resound.store.captures import Capture, load_captures
from resound.store.frontier import plan_recheck
from resound.store.leads import LEAD_REASONS, add_leads, set_matches, untried_leads
from resound.store.matches import record_matches
from resound.store.registry import load_campaigns, load_sources, newest_definition
from resound.store.tables import capture, page
from resound.store.work import Claim

NO_PROFILE = ModelError(
    "No language models are chosen: `resound models list` shows what there is.", reason="no-profile"
)
READ_BATCH = 100
MATCH_BATCH = 200
GROUP_BATCH = 50

Clock = Callable[[], datetime]
Progress = Callable[[Stage, int], None]
"""(stage, how many more pieces of work ended)"""


@dataclass(slots=True)
class Processed:
    """How many pieces of work ended in this run, by (stage, outcome kind, reason)."""

    ended: dict[tuple[Stage, str, str], int] = field(default_factory=dict)

    def add(self, stage: Stage, outcome: Outcome) -> None:
        """Count one ending."""
        key = (stage, outcome.kind, outcome.reason)
        self.ended[key] = self.ended.get(key, 0) + 1

    def total(self, stage: Stage | None = None) -> int:
        """All endings, or those of a stage."""
        return sum(count for key, count in self.ended.items() if stage in (None, key[0]))


def process_pending(
    store: Store,
    reader: PageReader,
    *,
    models: ModelWorker | ModelError = NO_PROFILE,
    enrich: Literal["matched", "all"] = "matched",
    clock: Clock,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Processed:
    """Take everything that waits through all stages, until nothing waits. Safe to run in several processes at once.

    Args:
        models: a profile's models, or why there are none: their work then waits, and everything else goes on.
        enrich: whether models look at what matches a campaign, or at every article.
        should_stop: asked between batches; once it says yes, what is in hand is ended and the rest waits.
    """
    done = Processed()
    with store.write() as connection:
        work.release_dead(connection)
    with store.read() as connection:
        sources = load_sources(connection)
        matchers = _Matchers(connection)
    moved = 1
    while moved and not should_stop():
        moved = _read_batch(store, reader, sources, done, clock)
        _report(progress, "extract", moved)
        matched = _match_batch(store, matchers, done, clock, enrich)
        _report(progress, "match", matched)
        grouped = _group_batch(store, sources, done, clock)
        _report(progress, "group", grouped)
        moved += matched + grouped
    _match_leads(store, matchers)
    bring_up(store, matchers.campaigns.values(), should_stop=should_stop)
    enrich_pending(
        store,
        models,
        matchers.campaigns,
        clock=clock,
        ended=done.add,
        progress=progress,
        should_stop=should_stop,
    )
    return done


def settle(
    store: Store,
    articles: Iterable[str],
    *,
    enrich: Literal["matched", "all"] = "matched",
    clock: Clock,
    seconds: float = 10.0,
) -> bool:
    """Match and group these articles now, with whatever waits before them: a person waits for the answer.

    Returns whether it is done; where it takes longer, the worker goes on with it. Models' work always waits for that.
    """
    begun = time.monotonic()
    with store.read() as connection:
        sources = load_sources(connection)
        matchers = _Matchers(connection)
    done = Processed()
    left = list(articles)
    while left and time.monotonic() - begun < seconds:
        moved = _match_batch(store, matchers, done, clock, enrich) + _group_batch(store, sources, done, clock)
        with store.read() as connection:
            left = [
                one
                for one in left
                if not all(work.is_finished(connection, stage, one) for stage in ("match", "group"))
            ]
        if not moved:
            break
    return not left


def match_waiting(
    store: Store,
    *,
    enrich: Literal["matched", "all"] = "matched",
    clock: Clock,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Match whatever waits for it, and what comparators match: a campaign was changed. Returns how many articles were looked at."""
    with store.read() as connection:
        matchers = _Matchers(connection)
    done, total = Processed(), 0
    while not should_stop() and (moved := _match_batch(store, matchers, done, clock, enrich)):
        total += moved
        _report(progress, "match", moved)
    _match_leads(store, matchers)
    bring_up(store, matchers.campaigns.values(), should_stop=should_stop)
    return total


class _Matchers:
    """The campaigns as they are now, each with its matcher: made anew where somebody saves one while work goes on."""

    def __init__(self, connection: Connection) -> None:
        self.campaigns: Mapping[str, Campaign] = {}
        self.by_campaign: dict[str, CampaignMatcher] = {}
        self._newest = -1
        self.refresh(connection)

    def refresh(self, connection: Connection) -> None:
        """What was claimed on this connection is matched by what it sees: a saved campaign opens the work anew."""
        newest = newest_definition(connection, "campaign")
        if newest != self._newest:
            self.campaigns, self._newest = load_campaigns(connection), newest
            self.by_campaign = {key: CampaignMatcher(one) for key, one in self.campaigns.items()}

    def analyse(self, article: Article) -> AnalysedDocument | None:
        """An article for the matchers; None where a quick look says that none of them finds anything."""
        document = document_of(article)
        glance = Glance((document.title, document.lead, document.body, document.caption))
        if any(one.may_match(glance) for one in self.by_campaign.values()):
            return analyse_document(document)
        return None


def _read_batch(
    store: Store, reader: PageReader, sources: Mapping[str, Source], done: Processed, clock: Clock
) -> int:
    with store.lease() as connection:
        claims = work.claim(connection, "extract", limit=READ_BATCH, now=clock())
        captures = load_captures(connection, [int(one.subject) for one in claims])
    if not claims:
        return 0
    asked = [(one, captures[int(one.subject)]) for one in claims]
    readings = reader.read([seen for _, seen in asked], sources)
    with store.write() as connection:
        for (claim, seen), reading in zip(asked, readings, strict=True):
            outcome = _store_reading(connection, seen, reading, sources, clock)
            work.finish(connection, claim, outcome, now=clock())
            done.add("extract", outcome)
    return len(claims)


def _store_reading(
    connection: Connection, seen: Capture, reading: Reading, sources: Mapping[str, Source], clock: Clock
) -> Outcome:
    if isinstance(reading, Outcome):
        if reading.reason in LEAD_REASONS:
            entry = Entry(url=seen.final_url, title=_entry_title(connection, seen))
            add_leads(
                connection, source=seen.source, entries=[entry], reason=reading.reason, now=seen.fetched_at
            )
        return reading
    place = place_page(seen.final_url, reading.language.tag, sources)
    stored = store_article(connection, reading, place, seen=seen.fetched_at)
    connection.execute(update(capture).where(capture.c.id == seen.id).values(version=stored.version))
    connection.execute(update(page).where(page.c.id == seen.page).values(article=stored.article))
    plan_recheck(connection, seen.page, now=clock())
    return _follow(connection, stored)


def _follow(connection: Connection, stored: Stored) -> Outcome:
    """Open the stages that a changed text needs, and name what reading it came to."""
    if stored.is_moved:
        work.reopen(connection, "match", [stored.article])
        work.reopen(connection, "group", [stored.article])
    if stored.result == "unchanged":
        return Outcome.duplicate("unchanged", f"The text of {stored.article} is stored already.")
    return Outcome.done(stored.result)


def _entry_title(connection: Connection, seen: Capture) -> str:
    entry = connection.execute(select(page.c.entry).where(page.c.id == seen.page)).scalar()
    return str((entry or {}).get("title", ""))


def _match_batch(store: Store, matchers: _Matchers, done: Processed, clock: Clock, enrich: str) -> int:
    with store.lease() as connection:
        claims = work.claim(connection, "match", limit=MATCH_BATCH, now=clock())
        articles = load_articles(connection, [one.subject for one in claims])
        matchers.refresh(connection)
    if not claims:
        return 0
    analysed = {key: matchers.analyse(one.article) for key, one in articles.items()}
    with store.write() as connection:
        for claim in claims:
            stored = articles[claim.subject]
            if stored.placement.kind == "copy":
                outcome = Outcome.rejected(
                    "aggregator-copy", "A copy on an aggregator is also-seen-at, never an item."
                )
            else:
                outcome, is_changed = _match(
                    connection, claim, stored.version, analysed[claim.subject], matchers.by_campaign, clock()
                )
                if is_changed or enrich == "all":
                    open_model_work(connection, [claim.subject])
            work.finish(connection, claim, outcome, now=clock())
            done.add("match", outcome)
    return len(claims)


def _match(
    connection: Connection,
    claim: Claim,
    version: str,
    analysed: AnalysedDocument | None,
    matchers: Mapping[str, CampaignMatcher],
    now: datetime,
) -> tuple[Outcome, bool]:
    """The outcome, and whether the article matches otherwise than before."""
    found: dict[str, Match] = {}
    if analysed is not None:
        found = {
            key: one for key, matcher in matchers.items() if (one := matcher.match(analysed)) is not None
        }
    is_changed = record_matches(
        connection,
        claim.subject,
        version,
        tried={key: matcher.fingerprint for key, matcher in matchers.items()},
        found={key: (one.prominence, match_to_json(one)) for key, one in found.items()},
        now=now,
    )
    if is_changed:
        record_change(connection, [claim.subject])
    if not found:
        return Outcome.rejected("no-campaign", "No campaign's names or queries stand in it."), False
    if (
        is_changed
    ):  # a page is matched for the first time, or differently: its first re-reading may have to be planned
        pages = connection.execute(select(page.c.id).where(page.c.article == claim.subject)).scalars().all()
        for one in pages:
            plan_recheck(connection, one, now=now)
    return Outcome.done("matched", ", ".join(sorted(found))), is_changed


def _group_batch(store: Store, sources: Mapping[str, Source], done: Processed, clock: Clock) -> int:
    with store.write() as connection:
        claims = work.claim(connection, "group", limit=GROUP_BATCH, now=clock())
        for claim in claims:
            grouping = join_article(connection, claim.subject, sources=sources)
            record_change(connection, [claim.subject])
            if grouping.item == claim.subject:
                outcome = Outcome.done("re-run" if grouping.re_run_of else "")
            else:
                outcome = Outcome.duplicate("same-item", f"The same publication as {grouping.item}.")
            work.finish(connection, claim, outcome, now=clock())
            done.add("group", outcome)
    return len(claims)


def _match_leads(store: Store, current: _Matchers) -> None:
    """Leads are matched on what is known of them: title and summary."""
    with store.write() as connection:
        current.refresh(connection)
        matchers = current.by_campaign
        tried = sha256("".join(sorted(one.fingerprint for one in matchers.values())).encode()).hexdigest()
        for lead in untried_leads(connection, tried=tried):
            document = Document(title=lead.title, lead=lead.summary)
            analysed = analyse_document(document)
            found = [key for key, matcher in matchers.items() if matcher.match(analysed) is not None]
            set_matches(connection, lead.id, found, tried=tried)


def _report(progress: Progress | None, stage: Stage, moved: int) -> None:
    if progress is not None and moved:
        progress(stage, moved)
