"""What may be handed out of a text whose whole belongs to others: headlines, and the passages that a figure rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nlp.tone import find_passages
from resound.article import split_fields
from resound.matching import CampaignMatcher
from resound.query import Document, analyse_document
from resound.snapshots.model import Clip, Snapshot

Excerpts = Mapping[int, tuple[str, ...]]
"""Number of a clip → its passages in the order of the text; a clip without any has none."""


def find_excerpts(snapshot: Snapshot) -> Excerpts:
    """The sentences that name the campaign, and those quoted for its messages and spokespersons."""
    matcher = CampaignMatcher(snapshot.campaign)
    quoted: dict[str, list[str]] = {}
    for kept in (*snapshot.messages.values(), *snapshot.spokespersons.values()):
        for one in kept:
            quoted.setdefault(one.item, []).extend(
                passage.text for passage in one.passages if passage.field != "title"
            )
    return {
        clip.number: _in_order((*_naming(matcher, clip), *quoted.get(clip.facts.item, ())), clip)
        for clip in snapshot.clips
        if clip.number
    }


def without_texts(snapshot: Snapshot) -> Snapshot:
    """The snapshot, of each clip the headlines only. Its hash is another one."""
    return replace(
        snapshot,
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
    spans = [(one.field, one.start, one.end) for one in match.spans]
    del texts["title"]
    return tuple(one.text.strip() for one in find_passages(texts, spans, around=0))


def _in_order(passages: Iterable[str], clip: Clip) -> tuple[str, ...]:
    """Each once, as they follow each other in the text; one that stands inside another is not told twice."""
    text = "\n".join((clip.lead, *clip.paragraphs))
    found = sorted({one for one in passages if one}, key=lambda one: (text.find(one), one))
    return tuple(one for one in found if not any(one != other and one in other for other in found))
