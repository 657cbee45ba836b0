"""Dated rules for single sites: where the body is, what stands in it that is no text. Tried before everything else.

A rule names the design it was written for (`since`); a new design gets a new rule in front of the old one, for pages of
the archive keep theirs. A rule whose selectors find nothing is passed over, and the generic reading serves.
To add one: save a page, write the rule, add both to the tests (with an invented page of the same design).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class SiteRule:
    """CSS selectors of one design. `site` is the registered site; `since` the month that the design was first seen."""

    site: str
    since: str
    body: str
    title: str = ""
    lead: str = ""
    byline: str = ""
    date: str = ""
    drop: str = ""

    @property
    def name(self) -> str:
        return f"site:{self.site}/{self.since}"


def find_rules(site: str) -> Iterator[SiteRule]:
    """The rules for a registered site, newest design first."""
    yield from _by_site().get(site, ())


@cache
def _by_site() -> dict[str, tuple[SiteRule, ...]]:
    from crawlers.extract.sites import taiwan, vietnam

    found: dict[str, tuple[SiteRule, ...]] = {}
    for rule in sorted((*taiwan.RULES, *vietnam.RULES), key=lambda one: one.since, reverse=True):
        found[rule.site] = (*found.get(rule.site, ()), rule)
    return found
