"""Share of voice: which stored articles tell of what a campaign is set beside.

Both sides are the machine's word alone, over the same outlets and the same days: independent outlets that are read by
machine. Clips that people brought, the campaign's own channels and outlets found by its searches would weigh one side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock, Thread

from sqlalchemy import Connection, or_, select

from resound.breakdown import Split, share_of_voice
from resound.campaign import Campaign, Window
from resound.counting import Figures, ItemFacts
from resound.documents import document_of
from resound.figures import facts_of
from resound.matching import CampaignMatcher
from resound.query import Glance, Query, analyse_document, evaluate, may_hold
from resound.source import Source
from resound.store import Store
from resound.store.articles import load_articles, load_texts
from resound.store.database import in_parts
from resound.store.feed import list_changed, newest_change
from resound.store.grouping import load_groupings
from resound.store.registry import load_campaign, load_sources
from resound.store.tables import article, clip, decision, page, version
from resound.text import analysis_fingerprint

_BATCH = 500
_ZONES = timedelta(days=2)
"""A moment in UTC and the outlet's calendar day differ by less; so do twins."""


@dataclass(slots=True)
class _Kept:
    """What one campaign's comparators match: article → ids, of every article of the window's days up to `cursor`."""

    asked: str
    cursor: int = 0
    found: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Comparators:
    """Which stored articles the comparators of campaigns match. Kept in memory; only what changed is read again.

    The first question about a campaign reads every article of its window (about 0.5 ms each). Share one between threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}

    def find(self, connection: Connection, campaign: Campaign) -> Mapping[str, tuple[str, ...]]:
        """article → the comparators that it matches, for those that match one."""
        queries = CampaignMatcher(campaign).comparators
        written = [f"{key} {query}" for key, query in queries]
        asked = "\n".join([analysis_fingerprint(), str(campaign.window), *written])
        with self._lock:
            kept = self._kept.get(campaign.id)
            if kept is None or kept.asked != asked:
                kept = _Kept(asked)
            newest = newest_change(connection)
            if newest != kept.cursor:
                # Written to a copy: whoever was handed the last one goes on reading it.
                changed = None if kept.cursor == 0 else set(list_changed(connection, after=kept.cursor))
                found = {
                    key: some
                    for key, some in kept.found.items()
                    if changed is not None and key not in changed
                }
                found |= _match(connection, queries, _of_days(connection, campaign.window, changed))
                kept = self._kept[campaign.id] = _Kept(asked, newest, found)
            return kept.found


class VoiceMeter:
    """Measures in threads of its own, so that nobody's page waits for it. Share one between threads."""

    def __init__(self) -> None:
        self._comparators = Comparators()
        self._lock = Lock()
        self._asked: dict[str, tuple[tuple[str, ...], Future[Split]]] = {}

    def ask(self, store: Store, figures: Figures, mark: tuple[str, ...], *, seconds: float) -> Split | None:
        """The share of voice beside these figures; None while it is still being measured after `seconds`.

        What was measured for an earlier `mark` of the store is never shown beside these figures.
        """
        with self._lock:
            known = self._asked.get(figures.campaign)
            if known is None or (known[1].done() and (known[0] != mark or known[1].exception() is not None)):
                known = (mark, Future())
                self._asked[figures.campaign] = known
                # A daemon: whoever ends the server does not wait for it, and there is nothing that it could lose.
                Thread(target=self._measure, args=(store, figures, known[1]), daemon=True).start()
        wait([known[1]], timeout=seconds)
        return known[1].result() if known[1].done() and known[0] == mark else None

    def _measure(self, store: Store, figures: Figures, answer: Future[Split]) -> None:
        try:
            with store.read() as connection:
                answer.set_result(measure_voice(connection, figures, self._comparators))
        except BaseException as err:  # noqa: BLE001 (handed to whoever asks; a lost answer would be waited for)
            answer.set_exception(err)


def measure_voice(connection: Connection, figures: Figures, comparators: Comparators) -> Split:
    """The campaign's share of voice; no parts where it has no comparators.

    The shares are of `of` items, which match the campaign or a comparator in the window.
    """
    campaign = load_campaign(connection, figures.campaign)
    if not campaign.comparators:
        return Split((), 0, overlaps=True)
    sources = load_sources(connection)
    found = comparators.find(connection, campaign)
    groupings = load_groupings(connection, found)
    own = [one for one, _ in figures.items.values() if one.still_matches]
    others = facts_of(connection, campaign.id, groupings)
    compared = _compared([*own, *others], sources)
    compared -= _brought_by_hand(connection, compared)
    items: dict[str, set[str]] = {campaign.id: {one.item for one in own if one.item in compared}}
    items |= {one.id: set() for one in campaign.comparators}
    for key, ids in found.items():
        if key in groupings and groupings[key].item in compared:
            for one in ids:
                items[one].add(groupings[key].item)
    return share_of_voice(campaign.id, items)


def _compared(facts: Iterable[ItemFacts], sources: Mapping[str, Source]) -> set[str]:
    """Those in the window, of outlets that both sides were looked for in."""
    watched = {
        key
        for key, one in sources.items()
        if one.type == "outlet"
        and one.relation == "independent"
        and (one.feeds or one.sitemaps or one.listings)
    }
    return {one.item for one in facts if one.in_window and one.outlet in watched}


def _brought_by_hand(connection: Connection, items: Iterable[str]) -> set[str]:
    """Those of these items that nobody has crawled: people bring clips of the campaign only."""
    crawled = select(page.c.article).where(page.c.article.is_not(None))
    return {
        key
        for part in in_parts(items)
        for key in connection.execute(
            select(clip.c.article).where(clip.c.article.in_(part), clip.c.article.not_in(crawled))
        ).scalars()
    }


def _of_days(connection: Connection, window: Window, among: set[str] | None) -> list[str]:
    """Articles that may lie in the window: by their own date, or because a person said something of their date."""
    first, last = (window.first - _ZONES).isoformat(), (window.last + _ZONES).isoformat()
    moment, day = version.c.published["at"].as_string(), version.c.published["day"].as_string()
    statement = (
        select(article.c.id)
        .join(version, version.c.id == article.c.current)
        .where(
            article.c.kind == "item",
            or_(
                moment.between(first, last),
                day.between(first, last),
                article.c.id.in_(select(decision.c.article).where(decision.c.kind == "date")),
            ),
        )
    )
    statements = (
        [statement]
        if among is None
        else [statement.where(article.c.id.in_(part)) for part in in_parts(among)]
    )
    return sorted(key for one in statements for key in connection.execute(one).scalars())


def _match(
    connection: Connection, queries: Sequence[tuple[str, Query]], keys: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Nearly every article is about something else, which a glance at its words shows: the rest is read in full."""
    found: dict[str, tuple[str, ...]] = {}
    asked = [may_hold(query.tree) for _, query in queries]
    for start in range(0, len(keys), _BATCH):
        texts = load_texts(connection, keys[start : start + _BATCH])
        glances = {key: Glance(fields.values()) for key, fields in texts.items()}
        near = [key for key, glance in glances.items() if any(may(glance) for may in asked)]
        for key, stored in load_articles(connection, near).items():
            analysed = analyse_document(document_of(stored.article))
            ids = tuple(one for one, query in queries if evaluate(query, analysed))
            if ids:
                found[key] = ids
    return found
