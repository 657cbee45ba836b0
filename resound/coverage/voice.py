"""Share of voice: which stored articles tell of what a campaign is set beside.

Both sides are the machine's word alone, over the same outlets and the same days: independent outlets that are read by
machine. Clips that people brought, the campaign's own channels and outlets found by its searches would weigh one side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, wait
from threading import Lock, Thread

from sqlalchemy import Connection, select

from resound.coverage.breakdown import Split, share_of_voice
from resound.coverage.comparators import Comparators
from resound.coverage.figures import facts_of
from resound.coverage.model import Figures, ItemFacts
from resound.source import Source
from resound.store import Store
from resound.store.database import in_parts
from resound.store.grouping import load_groupings
from resound.store.registry import load_campaign, load_sources
from resound.store.tables import clip, page


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
