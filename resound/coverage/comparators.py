"""What campaigns are set beside: which stored articles their comparators match.

The worker keeps it in the store (`bring_up`): a cursor over the change feed, at least once, idempotent, so that a restart
reads nothing anew. Whoever asks (`Comparators`) takes what is stored, reads what has changed since, and writes nothing:
a question never fails because somebody else is writing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock

from sqlalchemy import Connection, or_, select

from resound.campaign import Campaign, Window
from resound.processing.matching import CampaignMatcher
from resound.query import Glance, Query, analyse_document, evaluate, may_hold
from resound.searching.documents import document_of
from resound.store import Store
from resound.store.articles import load_articles, load_texts
from resound.store.compared import (
    Compared,
    begin_anew,
    forget_found,
    list_last_changes,
    load_compared,
    load_found,
    record_found,
)
from resound.store.database import in_parts
from resound.store.feed import list_changed, newest_change
from resound.store.tables import article, decision, version
from resound.text import analysis_fingerprint

BATCH = 500
SPAN = 200_000
"""So many changes are looked through at a time: an article that changed often among them is read once."""
_ZONES = timedelta(days=2)
"""A moment in UTC and the outlet's calendar day differ by less; so do twins."""

Found = Mapping[str, tuple[str, ...]]
"""article → the ids of the comparators that it matches, for those that match one."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked for. `fingerprint`: other than before as soon as an article could match otherwise."""

    campaign: str
    window: Window
    queries: Sequence[tuple[str, Query]]
    fingerprint: str


def bring_up(
    store: Store, campaigns: Iterable[Campaign], *, should_stop: Callable[[], bool] = lambda: False
) -> int:
    """Look at everything that has changed for every campaign that has comparators; returns how many articles were read.

    Each batch is one transaction, so a killed process loses nothing; of two at once, one does the work.
    """
    return sum(_bring_up(store, one, should_stop) for one in campaigns)


def _bring_up(store: Store, campaign: Campaign, should_stop: Callable[[], bool]) -> int:
    with store.read() as connection:
        known = load_compared(connection, campaign.id)
        newest = newest_change(connection)
    if not campaign.comparators:
        if known is not None:
            with store.write() as connection:
                forget_found(connection, campaign.id)
        return 0
    asked = _ask(campaign)
    if known is None or known.asked != asked.fingerprint:
        with store.write() as connection:
            if load_compared(connection, campaign.id) != known:
                return 0  # another process is at it
            known = Compared(campaign.id, asked.fingerprint, 0)
            begin_anew(connection, known)
    read = 0
    while known.cursor < newest and not should_stop():
        until = min(newest, known.cursor + SPAN)
        with store.read() as connection:
            changed = list_last_changes(connection, after=known.cursor, until=until)
        for start in range(0, len(changed), BATCH):
            batch = changed[start : start + BATCH]
            is_last = start + BATCH >= len(changed)
            following = replace(known, cursor=until if is_last else batch[-1][1])
            keys = [key for key, _ in batch]
            with store.read() as connection:
                inside = _of_days(connection, asked.window, set(keys))
                found = _match(connection, asked.queries, inside)
            with store.write() as connection:
                if load_compared(connection, campaign.id) != known:
                    return read  # another process is at it, or the campaign was saved
                record_found(connection, following, keys, found)
            known, read = following, read + len(inside)
            if should_stop():
                return read
        if not changed:
            with store.write() as connection:
                if load_compared(connection, campaign.id) != known:
                    return read
                known = replace(known, cursor=until)
                record_found(connection, known, (), {})
    return read


@dataclass(slots=True)
class _Kept:
    """What one campaign's comparators match: of every article of the window's days, up to the change `cursor`."""

    asked: str
    cursor: int = 0
    found: Found = field(default_factory=dict)


class Comparators:
    """Which stored articles the comparators of campaigns match. Only what changed since is read. Share one between threads.

    Where the worker has never been, the first question reads every article of the window (about 0.5 ms each).
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}

    def find(self, connection: Connection, campaign: Campaign) -> Found:
        """article → the comparators that it matches, for those that match one."""
        asked = _ask(campaign)
        with self._lock:
            kept = self._kept.get(campaign.id)
            if kept is None or kept.asked != asked.fingerprint:
                kept = _Kept(asked.fingerprint)
            newest = newest_change(connection)
            if newest != kept.cursor:
                kept = self._kept[campaign.id] = _level(connection, asked, kept, newest)
            return kept.found


def _level(connection: Connection, asked: _Asked, kept: _Kept, newest: int) -> _Kept:
    """What is known, in memory or in the store, and on top of it what has changed since."""
    stored = load_compared(connection, asked.campaign)
    if stored is not None and stored.asked == asked.fingerprint and stored.cursor > kept.cursor:
        kept = _Kept(asked.fingerprint, stored.cursor, load_found(connection, asked.campaign))
    changed = None if kept.cursor == 0 else set(list_changed(connection, after=kept.cursor))
    # Written to a copy: whoever was handed the last one goes on reading it.
    found = {key: some for key, some in kept.found.items() if changed is not None and key not in changed}
    found |= _match(connection, asked.queries, _of_days(connection, asked.window, changed))
    return _Kept(asked.fingerprint, newest, found)


def _ask(campaign: Campaign) -> _Asked:
    queries = CampaignMatcher(campaign).comparators
    written = [f"{key} {query}" for key, query in queries]
    whole = "\n".join([analysis_fingerprint(), str(campaign.window), *written])
    return _Asked(campaign.id, campaign.window, queries, hashlib.sha256(whole.encode()).hexdigest())


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
    for start in range(0, len(keys), BATCH):
        texts = load_texts(connection, keys[start : start + BATCH])
        glances = {key: Glance(fields.values()) for key, fields in texts.items()}
        near = [key for key, glance in glances.items() if any(may(glance) for may in asked)]
        for key, stored in load_articles(connection, near).items():
            analysed = analyse_document(document_of(stored.article))
            ids = tuple(one for one, query in queries if evaluate(query, analysed))
            if ids:
                found[key] = ids
    return found
