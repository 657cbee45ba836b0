"""What may be handed out of a text whose whole belongs to others: headlines, and the passages that a figure rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nlp.tone import find_passages
from resound.article import split_fields
from resound.processing.matching import CampaignMatcher
from resound.query import Document, analyse_document
from resound.report.tables import Quote, Report
from resound.snapshots.model import Clip, QuotedItem, Snapshot

Excerpts = Mapping[int, tuple[str, ...]]
"""Number of a clip → its passages in the order of the text; a clip without any has none."""


MOST_SHARE = 1 / 3
"""Of a text's characters: many sentences of a text about the campaign name it, and all of them are the text. One passage
is always shown."""


def find_excerpts(snapshot: Snapshot) -> Excerpts:
    """The sentences quoted for the campaign's messages and spokespersons, then those that name it, up to `MOST_SHARE`."""
    matcher = CampaignMatcher(snapshot.campaign)
    quoted: dict[str, list[str]] = {}
    for kept in (*snapshot.messages.values(), *snapshot.spokespersons.values()):
        for one in kept:
            quoted.setdefault(one.item, []).extend(
                passage.text.strip() for passage in one.passages if passage.field != "title"
            )
    return {
        clip.number: _chosen((*quoted.get(clip.facts.item, ()), *_naming(matcher, clip)), clip)
        for clip in snapshot.clips
        if clip.number
    }


def keep_excerpts(report: Report, excerpts: Excerpts) -> Report:
    """The report, of its quoted passages only those that may be handed out."""

    def may(quote: Quote) -> bool:
        text = "".join(piece for piece, _ in quote.parts)
        return _may_be_shown(text, titles.get(quote.clip, ""), excerpts.get(quote.clip, ()))

    titles = {clip.number: clip.facts.title for clip in report.clips}
    sections = (
        replace(one, quotes=tuple((heading, tuple(filter(may, quotes))) for heading, quotes in one.quotes))
        for one in report.sections
    )
    return replace(report, sections=tuple(sections))


def without_texts(snapshot: Snapshot, excerpts: Excerpts) -> Snapshot:
    """The snapshot, of each clip the headlines and those of its quoted passages that may be handed out. Its hash is another one."""
    titles = {clip.facts.item: clip.facts.title for clip in snapshot.clips}
    shown = {clip.facts.item: excerpts.get(clip.number, ()) for clip in snapshot.clips}

    def quoted(found: Mapping[str, tuple[QuotedItem, ...]]) -> dict[str, tuple[QuotedItem, ...]]:
        return {
            which: tuple(
                replace(
                    one,
                    passages=tuple(
                        passage
                        for passage in one.passages
                        if _may_be_shown(passage.text, titles.get(one.item, ""), shown.get(one.item, ()))
                    ),
                )
                for one in some
            )
            for which, some in found.items()
        }

    return replace(
        snapshot,
        messages=quoted(snapshot.messages),
        spokespersons=quoted(snapshot.spokespersons),
        clips=tuple(
            replace(
                clip,
                lead="",
                paragraphs=(),
                translations={
                    target: replace(one, lead=(), paragraphs=()) for target, one in clip.translations.items()
                },
            )
            for clip in snapshot.clips
        ),
    )


def _may_be_shown(passage: str, title: str, excerpts: Iterable[str]) -> bool:
    text = passage.strip()
    return text in title or any(text in one for one in excerpts)


def _naming(matcher: CampaignMatcher, clip: Clip) -> Iterable[str]:
    texts = split_fields(clip.facts.title, clip.lead, clip.paragraphs, ())
    match = matcher.match(
        analyse_document(
            Document(
                title=texts["title"],
                lead=texts["lead"],
                body=texts["body"],
                keywords={"lang": frozenset({clip.facts.language, clip.facts.tag})},
            )
        )
    )
    if match is None:
        return ()
    # What only a query has is every word of it: too much to say what the clip is about.
    named = [one for one in match.spans if not one.term.startswith("query ")] or match.spans[:1]
    del texts["title"]
    spans = [(one.field, one.start, one.end) for one in named]
    return tuple(one.text.strip() for one in find_passages(texts, spans, around=0))


def _chosen(passages: Iterable[str], clip: Clip) -> tuple[str, ...]:
    """The first of them up to the share, each once, as they follow each other in the text."""
    text = "\n".join(clip.paragraphs or (clip.lead,))
    room = len(text) * MOST_SHARE
    found: list[str] = []
    for passage in dict.fromkeys(one for one in passages if one):
        if any(passage in one for one in found) or (found and len(passage) > room):
            continue
        found.append(passage)
        room -= len(passage)
    return tuple(sorted(found, key=lambda one: (text.find(one), one)))
