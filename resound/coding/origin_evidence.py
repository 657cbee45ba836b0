"""The evidence for where an item's text comes from, gathered from the store: what its outlet is, whom it credits, whose text it repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from nlp.agencies import AGENCIES, agency_named
from nlp.credits import find_agencies, find_credits
from resound.article import Article
from resound.campaign import Campaign
from resound.coding.origin import Copy, OriginProposal, Publisher, Repeated, propose_origin
from resound.grouping.dedupe import CONTAINMENT, longest_shared, share_within, shares_within
from resound.people.sight import EVERYTHING, Sight
from resound.processing.facts import Facts, lay_over
from resound.searching.documents import outlet_name
from resound.source import Source
from resound.store.articles import find_article, load_articles
from resound.store.decisions import Overlay, overlays, standing_decisions
from resound.store.grouping import list_edges
from resound.store.matches import list_matches

MOST_PASSAGE = 240
"""Characters of a passage that is shown."""


def trace_origin(
    connection: Connection,
    facts: Facts,
    keys: Sequence[str],
    campaign: Campaign,
    sources: Mapping[str, Source],
    *,
    sight: Sight = EVERYTHING,
) -> OriginProposal:
    """What the evidence says of an item's text.

    Args:
        keys: the articles that are this item, its own among them.
        sight: only what is in it can be evidence.
    """
    return propose_origin(
        _publisher(facts.source, facts.outlet),
        _copies(connection, facts, keys, campaign.id, sources, sight),
        credited_by(facts.stored.article, sources, besides=facts.outlet),
        campaign=Publisher(campaign.id, campaign.name.best(), "owned", "online", campaign.name),
        releases=_releases(connection, facts, keys, campaign),
    )


def _releases(
    connection: Connection, facts: Facts, keys: Sequence[str], campaign: Campaign
) -> list[tuple[Repeated, str]]:
    """The campaign's releases that were out when the item was published, and have much of its text."""
    holds = facts.day is not None and facts.doubt is None
    day = facts.day if facts.day is not None and holds else facts.stored.first_seen.date()
    known = []
    for one in campaign.releases:
        key = find_article(connection, one.url) if one.url is not None else None
        text = one.text
        if not text and key is not None:
            text = load_articles(connection, [key])[key].article.text
        if one.day <= day and text and key not in keys:
            known.append((one, key or "", text))
    own = facts.stored.article.text
    shares = shares_within(own, [text for _, _, text in known])
    return [
        (
            Repeated(one.id, one.title, one.language, one.day, round(share, 4), key, one.url or ""),
            _shortened(longest_shared(own, text)),
        )
        for (one, key, text), share in zip(known, shares, strict=True)
        if share >= CONTAINMENT
    ]


def credited_by(
    article: Article, sources: Mapping[str, Source], *, besides: str
) -> list[tuple[Publisher, str]]:
    """(who is credited, the passage that says so): sources of the installation, and agencies that are none of it.

    `besides`: the article's own outlet.
    """
    known = {
        found.id: one
        for one in sources.values()
        if one.medium == "agency" and (found := agency_named(one.names.written)) is not None
    }
    called = {one.id: one for one in AGENCIES}
    credited: dict[str, tuple[Publisher, str]] = {}
    for one in find_agencies(article.byline, article.paragraphs):
        publisher = (
            _publisher(known[one.source], one.source)
            if one.source in known
            else Publisher(f"agency:{one.source}", called[one.source].name, "independent", "agency")
        )
        credited.setdefault(publisher.id, (publisher, one.passage))
    known_as = {source.id: {*called[key].acronyms} for key, source in known.items()}
    others = {
        # What an agency's letters stand for is weighed above.
        key: [name for name in one.names.written if name not in known_as.get(key, ())]
        for key, one in sources.items()
    }
    for one in find_credits(article.byline, article.paragraphs, others):
        credited.setdefault(one.source, (_publisher(sources[one.source], one.source), one.passage))
    return [some for key, some in credited.items() if key != besides]


def _shortened(passage: str) -> str:
    """At most MOST_PASSAGE characters, and no half word at the end."""
    if len(passage) <= MOST_PASSAGE:
        return passage
    kept = passage[: MOST_PASSAGE - 1]
    return f"{kept.rpartition(' ')[0] if ' ' in kept[-30:] else kept}…"


def _copies(
    connection: Connection,
    facts: Facts,
    keys: Sequence[str],
    campaign: str,
    sources: Mapping[str, Source],
    sight: Sight,
) -> list[Copy]:
    """Near-duplicates at outlets that may be where the text comes from."""
    near = {key for edge in list_edges(connection, keys) for key in (edge.a, edge.b)} - set(keys)
    near = sight.seen(connection, near)
    said = overlays(standing_decisions(connection, articles=near)) if near else {}
    matched = {
        one.article
        for one in (list_matches(connection, articles=near, campaign=campaign) if near else ())
        if one.matched
    }
    found = []
    for key, stored in sorted(load_articles(connection, near).items()):
        overlay = said.get(key, Overlay())
        other = lay_over(stored, overlay, sources)
        publisher = _publisher(other.source, other.outlet)
        if stored.placement.kind == "copy" or other.outlet == facts.outlet:
            continue
        if publisher.relation == "independent" and publisher.medium != "agency":
            continue
        review = overlay.word("review", campaign)
        found.append(
            Copy(
                article=key,
                url=stored.article.canonical_url,
                title=stored.article.title,
                tag=stored.article.language.tag,
                day=other.day.isoformat() if other.day is not None else "",
                publisher=publisher,
                share=round(share_within(facts.stored.article.text, stored.article.text), 4),
                is_earlier=_is_earlier(other, facts),
                is_of_campaign=key in matched or (review is not None and review.kind == "accept"),
            )
        )
    return found


def _is_earlier(other: Facts, than: Facts) -> bool:
    """Days are compared where both hold: the hour of a release is rarely the hour at which it went out."""
    if other.day is not None and than.day is not None and other.doubt is None and than.doubt is None:
        return other.day <= than.day
    return other.order <= than.order


def _publisher(source: Source | None, outlet: str) -> Publisher:
    if source is None:
        return Publisher(outlet, outlet_name(outlet, None), "independent", "online")
    return Publisher(source.id, source.names.best(), source.relation, source.medium, source.names)
