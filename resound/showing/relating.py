"""What else is told of one publication: its other addresses, its copies, the item it repeats, the story it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection

from resound.people.sight import EVERYTHING, Sight
from resound.processing.facts import Facts, lay_over
from resound.searching.documents import outlet_name
from resound.source import Source
from resound.store.articles import load_articles
from resound.store.decisions import Decision, Overlay, overlays, standing_decisions
from resound.store.grouping import (
    Grouping,
    StoredEdge,
    load_component,
    load_groupings,
    story_members,
    twins_of,
)
from resound.store.headlines import Title, titles_in

MOST_MATES = 100
"""More members of a story are numbered, not listed."""


@dataclass(frozen=True, slots=True)
class Card:
    """An article as it stands in a list. `translated_title` is machine made, by `translated_by`, in the language `translated_tag`."""

    id: str
    url: str
    title: str
    tag: str
    outlet: str
    outlet_name: str
    day: date | None
    medium: str
    translated_title: str = ""
    translated_by: str = ""
    translated_tag: str = ""


@dataclass(frozen=True, slots=True)
class Mate:
    """Another item of the story. `how` it is joined to this one; `score` 0 … 1 where two texts were compared."""

    card: Card
    how: Literal["near-duplicate", "other-language", "merged", "through-others"]
    score: float | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class Relations:
    """`stands_for`: the article that stands for the item, where that is another one. `mates`: other items of the story.

    `twins` are other addresses of this publication, `copies` what aggregators show of it ("also seen at"). All empty
    where the article was not grouped yet (`is_grouped`).
    """

    is_grouped: bool
    story: str = ""
    stands_for: Card | None = None
    re_run_of: Card | None = None
    twins: tuple[Card, ...] = ()
    copies: tuple[Card, ...] = ()
    mates: tuple[Mate, ...] = ()
    more_mates: int = 0


def relations_of(
    connection: Connection,
    key: str,
    sources: Mapping[str, Source],
    *,
    language: str = "en",
    sight: Sight = EVERYTHING,
) -> Relations:
    """Everything that is one with an article or near to it, as far as it is in `sight`.

    Names of outlets are in `language` where they have one.
    """
    own = load_groupings(connection, [key]).get(key)
    if own is None:
        return Relations(is_grouped=False)
    in_story = sight.seen(connection, [*story_members(connection, own.story), key])
    members = load_groupings(connection, in_story)
    copies = _copies(connection, members)
    heads = sorted({one.item for one in members.values()} - {own.item} - copies)
    twins = sorted({one.article for one in members.values() if one.item == own.item} - {key} - copies)
    _, edges, decisions = load_component(connection, [key])
    beside = {
        other
        for edge in edges
        for one, other in ((edge.a, edge.b), (edge.b, edge.a))
        if one in (key, own.item, *twins)
    }
    seen_at = sorted(copies & beside - {key})
    near = {members[one].item for one in beside if one in members}
    shown = sorted(heads, key=lambda one: one not in near)[:MOST_MATES]
    wanted = [*shown, *twins, *seen_at, own.item, *([own.re_run_of] if own.re_run_of else [])]
    cards = load_cards(connection, sight.seen(connection, wanted), sources, language=language)
    mates = [_mate(cards[one], key, own.item, members, edges, decisions) for one in shown if one in cards]
    mates.sort(key=lambda one: (one.card.day or date.max, one.card.url))
    return Relations(
        is_grouped=True,
        story=own.story,
        stands_for=cards.get(own.item) if own.item != key else None,
        re_run_of=cards.get(own.re_run_of) if own.re_run_of else None,
        twins=tuple(cards[one] for one in twins if one in cards),
        copies=tuple(cards[one] for one in seen_at if one in cards),
        mates=tuple(mates),
        more_mates=len(heads) - len(shown),
    )


def load_cards(
    connection: Connection, keys: Iterable[str], sources: Mapping[str, Source], *, language: str = "en"
) -> dict[str, Card]:
    """Articles for a list, people's decisions laid over; those that are not stored are left out."""
    articles = load_articles(connection, set(keys))
    groupings = load_groupings(connection, articles)
    items = twins_of(connection, {one.item for one in groupings.values()})
    item_of = {twin.article: twin.item for twins in items.values() for twin in twins}
    said = overlays(
        (
            one
            for one in standing_decisions(connection, articles=item_of or articles)
            if one.article in item_of
        ),
        item_of,
    )
    titles = titles_in(connection, articles, language)
    return {
        key: make_card(
            lay_over(stored, said.get(item_of.get(key, key), Overlay()), sources),
            titles.get(key),
            language=language,
        )
        for key, stored in articles.items()
    }


def make_card(facts: Facts, translated: Title | None, *, language: str = "en") -> Card:
    """An article for a list."""
    article = facts.stored.article
    return Card(
        id=facts.stored.id,
        url=article.canonical_url,
        title=article.title,
        tag=article.language.tag,
        outlet=facts.outlet,
        outlet_name=outlet_name(facts.outlet, facts.source, language=language),
        day=facts.day,
        medium=facts.medium,
        translated_title=translated.text if translated is not None else "",
        translated_by=translated.made_by if translated is not None else "",
        translated_tag=translated.tag if translated is not None else "",
    )


def _copies(connection: Connection, members: Mapping[str, Grouping]) -> set[str]:
    articles = load_articles(connection, members)
    return {key for key, one in articles.items() if one.placement.kind == "copy"}


def _mate(
    card: Card,
    key: str,
    item: str,
    members: Mapping[str, Grouping],
    edges: Sequence[StoredEdge],
    decisions: Sequence[Decision],
) -> Mate:
    """How an item is joined to this one: by a person, by their texts, or through a third."""
    here = {one.article for one in members.values() if one.item == item} | {key}
    there = {one.article for one in members.values() if one.item == card.id} | {card.id}

    def joins(a: str | None, b: str | None) -> bool:
        return (a in here and b in there) or (a in there and b in here)

    if any(one.kind == "merge" and joins(one.article, one.value) for one in decisions):
        return Mate(card, "merged")
    between = [one for one in edges if joins(one.a, one.b)]
    if not between:
        return Mate(card, "through-others")
    best = max(between, key=lambda one: one.score)
    return Mate(card, "other-language" if best.is_across else "near-duplicate", best.score, best.method)
