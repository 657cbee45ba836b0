"""Which articles a campaign can match at all, by the search index: the rest need not be looked at."""

from __future__ import annotations

from sqlalchemy import Connection, select

from resound.errors import StoreError
from resound.index.base import SearchIndex
from resound.processing.matching import CampaignMatcher
from resound.store import work
from resound.store.feed import newest_change
from resound.store.tables import grouping

PAGE = 500
"""Documents of one answer: they come with their texts."""


def can_match(connection: Connection, index: SearchIndex, matcher: CampaignMatcher) -> frozenset[str] | None:
    """The articles that the campaign may match; every one that it does match is among them.

    None where the index cannot say: it is behind what the connection sees, does not answer or only in part, or the
    campaign asks for what an index cannot narrow down. Twins of items and refused documents are not in an index, so
    they are always among the answer.
    """
    queries = matcher.wider_queries()
    if queries is None:
        return None
    level = newest_change(connection)
    found: set[str] = set()
    try:
        if index.cursor() != level:
            return None
        for query in queries:
            after: str | None = None
            while True:
                page = index.search(query, limit=PAGE, after=after)
                if page.trouble:
                    return None
                found.update(hit.id for hit in page.hits)
                after = page.next
                if after is None:
                    break
        if index.cursor() != level:  # it went on meanwhile: what it found may be of another text
            return None
    except StoreError:
        return None
    twins = select(grouping.c.article).where(grouping.c.article != grouping.c.item)
    found.update(connection.execute(twins).scalars())
    found.update(work.list_quarantined(connection, "index"))
    return frozenset(found)
