"""What somebody with a role for single campaigns may see: what these match, and nothing else. Held to here, on our side.

A search is narrowed after it was read, so that no query reaches beyond; an article that belongs to none of the campaigns
is answered like one that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Connection

from resound.people.roles import Person, may
from resound.query.tree import And, Keyword, Node, Not, Or, Query, all_of, any_of, negate
from resound.store.decisions import standing_decisions
from resound.store.grouping import load_groupings, twins_of
from resound.store.matches import list_matches
from resound.text import fold_keyword

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sight:
    """The campaigns whose articles are seen; None: everything that is stored is."""

    campaigns: frozenset[str] | None = None

    @property
    def is_limited(self) -> bool:
        """Whether anything is out of sight."""
        return self.campaigns is not None

    def sees(self, campaign: str) -> bool:
        """Whether a campaign is in sight."""
        return self.campaigns is None or campaign in self.campaigns

    def of(self, campaigns: Mapping[str, T]) -> dict[str, T]:
        """Those of some campaigns, by their ids, that are seen."""
        return {key: one for key, one in campaigns.items() if self.sees(key)}

    def narrow(self, query: Query) -> Query:
        """The query among what is seen. Another campaign, named in it, is one that nothing belongs to.

        To be called on what is really asked, after its names were widened.
        """
        if self.campaigns is None:
            return query
        own = {fold_keyword(one): one for one in sorted(self.campaigns)}
        if not own:  # nobody is asked for by this: such a person is let into no search
            return replace(query, tree=all_of([query.tree, negate(And(()))]))
        among = any_of([Keyword("campaign", name, folded) for folded, name in own.items()])
        return replace(query, tree=all_of([_without_others(query.tree, among, own), among]))

    def facets(
        self, found: Mapping[str, tuple[tuple[str, int], ...]]
    ) -> dict[str, tuple[tuple[str, int], ...]]:
        """Facets without the names of campaigns that are not seen; an article may belong to those, too."""
        return {
            name: tuple(one for one in values if name != "campaign" or self.sees(one[0]))
            for name, values in found.items()
        }

    def seen(self, connection: Connection, articles: Iterable[str]) -> set[str]:
        """Those of some articles that are seen.

        Of a publication with several addresses all are, where one of them matches a campaign (or did once) or a
        person decided something for it: what the campaign's own pages list.
        """
        wanted = set(articles)
        if self.campaigns is None or not wanted:
            return wanted
        item_of = {key: one.item for key, one in load_groupings(connection, wanted).items()}
        twins = twins_of(connection, set(item_of.values()))
        head_of = {one.article: item for item, members in twins.items() for one in members}
        near = wanted | set(head_of)
        found = {
            one.article
            for one in list_matches(connection, articles=near, with_detail=False)
            if one.campaign in self.campaigns
        }
        found |= {
            one.article
            for one in standing_decisions(connection, articles=near)
            if one.article is not None and one.campaign in self.campaigns
        }
        items = {head_of[one] for one in found if one in head_of}
        return {one for one in wanted if one in found or item_of.get(one) in items}


EVERYTHING = Sight()


def sight_of(person: Person | None) -> Sight:
    """Everything for a reader; else the campaigns for which the person has a role."""
    if may(person, "reader"):
        return EVERYTHING
    own = () if person is None else person.campaigns
    return Sight(frozenset(one for one in own if may(person, "reader", one)))


def _without_others(node: Node, among: Node, own: Mapping[str, str]) -> Node:
    """A tree in which a campaign that is not seen holds for nothing that is: NOT `among`, which is asked for beside it."""
    match node:
        case Keyword("campaign", folded=folded) if folded not in own:
            return negate(among)
        case And(children):
            return all_of([_without_others(child, among, own) for child in children])
        case Or(children):
            return any_of([_without_others(child, among, own) for child in children])
        case Not(child):
            return negate(_without_others(child, among, own))
        case _:
            return node
