"""One clip as it is shown to people: what is known of it, what it says, and what proves it; for the PDF and for its own page.

Where somebody brought a picture of it, that is shown; otherwise our own rendering of the stored text, which says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resound.coverage.counting import DOUBTS
from resound.report.content.named import (
    BASES,
    EVIDENCE_KINDS,
    EVIDENCE_STATES,
    MEDIA,
    ORIGINS,
    PROMINENCES,
    STANDINGS,
    TONES,
    name_of,
)
from resound.report.excerpts import Excerpts
from resound.report.foreign import MOST_IN_A_HEADLINE, followable, settable, shortened
from resound.report.tables import Quote, Report
from resound.snapshots.model import Clip, Evidence, Translation
from resound.words import Words, words

MOST_IN_A_NAME = 80
_FIELDS = {"title": "headline", "lead": "lead", "body": "body", "caption": "caption"}


@dataclass(frozen=True, slots=True)
class Passage:
    """Text in one language, ready to be set. `cut_from`: how long it was where it was cut, else 0."""

    text: str
    tag: str
    cut_from: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence, in words. `address` is empty where there is none that may be followed."""

    kind: str
    name: str
    at: str
    who: str
    state: str
    is_kept: bool
    size: str
    sha256: str
    payload_sha256: str
    address: str
    status: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One clip in one report's language.

    `facts`: (name, value). `text`: paragraphs, or passages where the whole text may not be handed out; `is_beginning`: there is
    more of it. `translated` is empty where no machine translated it or
    it needs no translation. `pieces`: the evidence, `pictures` those pieces of it that can be shown.
    """

    number: int
    anchor: str
    headline: Passage
    translated_headline: Passage | None
    translated_by: str
    outlet: Passage
    day: str
    byline: Passage
    facts: tuple[tuple[str, str], ...]
    address: str
    follows: str
    text: tuple[Passage, ...]
    is_beginning: bool
    translated: tuple[Passage, ...]
    quotes: tuple[tuple[str, Quote], ...]
    pieces: tuple[Piece, ...]
    pictures: tuple[Evidence, ...]


def make_sheet(
    clip: Clip, report: Report, *, anchor: str, excerpts: Excerpts | None = None, most: int | None = None
) -> Sheet:
    """A clip for people who read the report's language.

    Args:
        excerpts: where given, these passages are shown in place of the text, and no translation of it.
        most: characters of the text (Han count double, they say more) after which no further paragraph begins.
    """
    say = words(report.language)
    facts = clip.facts
    translation = _translation_for(clip, report)
    whole = clip.paragraphs or ((clip.lead,) if clip.lead else ())
    shown = whole if excerpts is None else excerpts.get(clip.number, ())
    if most is not None:
        shown = _beginning(shown, most)
    whole_translation: Sequence[str] = ()
    if translation is not None and excerpts is None:
        whole_translation = translation.paragraphs or translation.lead
    return Sheet(
        number=clip.number,
        anchor=anchor,
        headline=_headline(facts.title, facts.tag, say),
        translated_headline=None
        if translation is None or not translation.title
        else _headline(translation.title, translation.tag, say),
        translated_by="" if translation is None else settable(translation.made_by),
        outlet=Passage(_short(clip.outlet_name(report.language)), report.language),
        day=_day(clip, say),
        byline=Passage(shortened(settable(clip.byline), 200)[0], facts.tag),
        facts=tuple(_facts(clip, say)),
        # What people brought without an address has one of ours: `clip:cf5b138d17d7ae0`.
        address=""
        if facts.url.startswith("clip:")
        else shortened(settable(facts.url), MOST_IN_A_HEADLINE)[0],
        follows=followable(facts.url),
        text=tuple(Passage(settable(one), facts.tag) for one in shown if settable(one)),
        is_beginning=excerpts is None and shown != whole,
        translated=tuple(
            Passage(settable(one), translation.tag)
            for one in (whole_translation if most is None else _beginning(whole_translation, most))
            if translation is not None and settable(one)
        ),
        quotes=tuple(
            (heading, quote)
            for section in report.sections
            for heading, quotes in section.quotes
            for quote in quotes
            if quote.clip == clip.number
        ),
        pieces=tuple(_piece(one, say) for one in clip.evidence),
        pictures=tuple(
            one
            for one in clip.evidence
            if one.kind == "file" and one.media_type.startswith("image/") and one.state == "kept"
        ),
    )


def _translation_for(clip: Clip, report: Report) -> Translation | None:
    """Into the reader's language, else into English; none where the clip is in that language already."""
    tag = clip.facts.tag
    if tag == report.language or tag.partition("-")[0] == report.language:
        return None
    found = clip.translations.get(report.language)
    if found is None and tag.partition("-")[0] not in ("en", report.language.partition("-")[0]):
        found = clip.translations.get("en")
    return found


def _headline(title: str, tag: str, say: Words) -> Passage:
    text, cut_from = shortened(settable(title), MOST_IN_A_HEADLINE)
    if not text:
        return Passage(say.gettext("(no headline)"), say.language)
    return Passage(text, tag, cut_from)


def _short(name: str) -> str:
    return shortened(settable(name), MOST_IN_A_NAME)[0]


def _day(clip: Clip, say: Words) -> str:
    if clip.facts.day is not None:
        return say.day(clip.facts.day)
    doubt = DOUBTS.get(clip.facts.window_reason)
    return say.gettext("no date was found") if doubt is None else say.told(doubt)


def _facts(clip: Clip, say: Words) -> list[tuple[str, str]]:
    facts = clip.facts
    found = [
        (say.gettext("Publisher group"), _short(facts.group_name)),
        (say.gettext("Country"), say.country_name(facts.country) if facts.country else ""),
        (say.gettext("Language"), say.language_name(facts.tag)),
        (say.gettext("Medium"), name_of(facts.medium, MEDIA, say)),
        (
            say.gettext("Prominence"),
            name_of(_FIELDS.get(facts.prominence or "", "not-named"), PROMINENCES, say),
        ),
        (say.gettext("Tone"), _tone(clip, say)),
        (say.gettext("Origin"), name_of(facts.origin or "not-coded", ORIGINS, say)),
        (say.gettext("Standing"), name_of(clip.standing, STANDINGS, say)),
    ]
    if facts.re_run:
        found.append((say.gettext("Re-run"), say.gettext("yes, of an earlier item of this outlet")))
    if facts.seen_at:
        found.append(
            (
                say.gettext("Also seen at"),
                shortened(settable(", ".join(facts.seen_at)), MOST_IN_A_HEADLINE)[0],
            )
        )
    if clip.versions > 1:
        found.append((say.gettext("Wordings seen"), say.number(clip.versions)))
    if clip.gone_at is not None:
        found.append((say.gettext("Gone since"), say.day(clip.gone_at.date())))
    found.append((say.gettext("First seen"), say.moment(clip.first_seen)))
    return [(name, value) for name, value in found if value]


def _tone(clip: Clip, say: Words) -> str:
    """What a person says, with what was read; else that nobody did, and what a machine proposes."""
    if clip.coded.tone is not None:
        tone = name_of(clip.coded.tone, TONES, say)
        if clip.coded.basis is None:
            return tone
        return f"{tone} ({name_of(clip.coded.basis, BASES, say)})"
    proposed = clip.proposed_tone
    if proposed is None or not proposed.values:
        return say.gettext("not coded")
    return say.gettext("not coded; a machine proposes %(tone)s", tone=name_of(proposed.values[0], TONES, say))


def _piece(one: Evidence, say: Words) -> Piece:
    return Piece(
        kind=name_of(one.kind, EVIDENCE_KINDS, say),
        name=settable(one.name),
        at=say.moment(one.at),
        who=settable(one.who),
        state=name_of(one.state, EVIDENCE_STATES, say),
        is_kept=one.state == "kept",
        size="" if one.size is None else say.size(one.size),
        sha256=one.sha256,
        payload_sha256=one.payload_sha256,
        address=settable(one.url),
        status="" if one.status is None else str(one.status),
    )


def _beginning(paragraphs: Sequence[str], most: int) -> tuple[str, ...]:
    """The first paragraphs, until so much is shown; one that alone is longer is cut."""
    found: list[str] = []
    for paragraph in paragraphs:
        if most <= 0:
            break
        weight = _weight(paragraph)
        if weight > most * 2:
            paragraph = shortened(paragraph, max(1, len(paragraph) * most // weight))[0]
        found.append(paragraph)
        most -= weight
    return tuple(found)


def _weight(text: str) -> int:
    return sum(2 if char > "\u2e80" else 1 for char in text)
