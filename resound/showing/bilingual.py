"""An article's text beside its machine translations, paragraph by paragraph.

What is not translated says so and why; nothing blank stands in a translation's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from nlp.translation import needs_translation
from resound.article import Article
from resound.outcome import Stage
from resound.showing.marking import Block, Piece, Placed, Stretch, cut
from resound.store.enrichments import Paragraph, StoredTranslation
from resound.store.work import WorkState

DoubtKind = Literal[
    "copied",
    "cut-into-parts",
    "shortened",
    "loops",
    "empty",
    "name-missing",
    "number-lost",
    "number-new",
    "other",
]
State = Literal["whole", "headline", "same-language", "unknown-language", "not-asked", "waits", "failed"]
"""`headline`: only the headline and the lead are translated. `not-asked`: it matches no campaign that asks for it."""
Line = tuple[str, str, int, int]
"""One translated sentence: (target, `title`, `lead` or `paragraph`, which one, which sentence)."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a person should look at a translated sentence; `detail` is the name or number that it is about."""

    kind: DoubtKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RenderedSentence:
    """A translated sentence. `source` is what was translated, so that a doubt can be followed."""

    source: str
    pieces: tuple[Piece, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A paragraph's translation; `is_partial`: only its beginning, the lead, is translated."""

    sentences: tuple[RenderedSentence, ...]
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A paragraph of the original, and what it is in each target; a target that has nothing for it is missing."""

    part: Literal["title", "lead", "paragraph", "caption"]
    number: int
    pieces: tuple[Piece, ...]
    rendered: Mapping[str, Rendered]


@dataclass(frozen=True, slots=True)
class Rendering:
    """One target language. `made_by`: each model that it went through; `reason` and `detail` say why there is no more."""

    target: str
    state: State
    made_by: tuple[Mapping[str, str], ...] = ()
    at: datetime | None = None
    reason: str = ""
    detail: str = ""

    @property
    def has_text(self) -> bool:
        """Whether anything is translated."""
        return self.state in ("whole", "headline")


def list_rows(
    article: Article,
    translations: Mapping[str, StoredTranslation],
    *,
    marks: Mapping[Block, Iterable[Placed]],
    found: Mapping[Line, Iterable[Placed]],
    names: Mapping[str, str],
) -> tuple[Row, ...]:
    """The article from its headline to its captions.

    Args:
        marks: what is marked in the original.
        found: what is marked in the translations (the reader's search words).
        names: how a name that a translation lost is called, by its id.
    """
    rows = []
    for part, number, text in _blocks(article):
        rendered = {}
        for target, translation in sorted(translations.items()):
            paragraph, is_partial = _paragraph(article, translation, part, number)
            if paragraph:
                sentences = tuple(
                    _sentence(one, found.get((target, part, number, at), ()), names)
                    for at, one in enumerate(paragraph)
                )
                rendered[target] = Rendered(sentences, is_partial)
        rows.append(Row(part, number, cut(text, marks.get((part, number), ())), rendered))
    return tuple(rows)


def translated_lines(
    article: Article, translations: Mapping[str, StoredTranslation]
) -> tuple[str, list[Stretch[Line]]]:
    """What can be searched of the translations (a line for each paragraph), and where each sentence stands in it."""
    text = ""
    where: list[Stretch[Line]] = []
    for target, translation in sorted(translations.items()):
        for part, number, _ in _blocks(article):
            paragraph, _ = _paragraph(article, translation, part, number)
            for at, one in enumerate(paragraph):
                written = str(one["text"]).replace("\n", " ")
                where.append(Stretch(len(text), len(written), (target, part, number, at), 0))
                text += written + ("" if target.startswith("zh") else " ")
            text += "\n"
    return text, where


def tell_rendering(
    target: str, tag: str, translation: StoredTranslation | None, states: Mapping[Stage, WorkState]
) -> Rendering:
    """How far the translation into one language is, and why there is not more.

    Args:
        tag: the article's language.
        states: how far the work of `headline` and `translate` is.
    """
    if translation is not None and translation.part == "whole":
        return Rendering(target, "whole", tuple(translation.made_by), translation.at)
    later = _why_not(target, tag, states)
    if translation is None:
        return later
    made_by = tuple(translation.made_by)
    return Rendering(target, "headline", made_by, translation.at, later.reason or later.state, later.detail)


def _why_not(target: str, tag: str, states: Mapping[Stage, WorkState]) -> Rendering:
    if tag == "und":
        return Rendering(target, "unknown-language")
    if not needs_translation(tag, target):
        return Rendering(target, "same-language")
    known = states.get("translate") or states.get("headline")
    if known is None:
        return Rendering(target, "not-asked")
    if not known.is_finished:
        return Rendering(target, "waits", reason=known.reason, detail=known.detail)
    if known.outcome == "quarantined":
        return Rendering(target, "failed", reason=known.reason, detail=known.detail)
    return Rendering(target, "not-asked")


def _blocks(article: Article) -> Iterator[tuple[Literal["title", "lead", "paragraph", "caption"], int, str]]:
    yield "title", 0, article.title
    if article.lead and not (article.paragraphs and article.paragraphs[0].startswith(article.lead)):
        yield "lead", 0, article.lead
    for number, text in enumerate(article.paragraphs):
        yield "paragraph", number, text
    for number, text in enumerate(article.captions):
        yield "caption", number, text


def _paragraph(
    article: Article, translation: StoredTranslation, part: str, number: int
) -> tuple[Paragraph, bool]:
    """What a block became, sentence by sentence, and whether that is its beginning only. Nothing for captions."""
    if part == "title":
        return translation.title, False
    lead = translation.lead[0] if translation.lead else []
    if part == "lead":
        return lead, False
    if part == "paragraph" and len(translation.paragraphs) == len(article.paragraphs):
        return translation.paragraphs[number], False
    if part == "paragraph" and number == 0 and article.paragraphs[0].startswith(article.lead):
        written = article.lead or article.paragraphs[0]
        return lead, written != article.paragraphs[0]
    return [], False


def _sentence(
    one: Mapping[str, object], placed: Iterable[Placed], names: Mapping[str, str]
) -> RenderedSentence:
    text = str(one["text"]).replace("\n", " ")
    flags = one["flags"]
    doubts = [_doubt(str(flag), names) for flag in flags] if isinstance(flags, Sequence) else []
    if not text.strip():
        doubts.append(Doubt("empty"))
    return RenderedSentence(str(one["source"]), cut(text, placed), tuple(doubts))


def _doubt(flag: str, names: Mapping[str, str]) -> Doubt:
    """`name-missing:green-team`, `number-lost:35`, `loops`; a flag of a later version is told as it is."""
    kind, _, detail = flag.partition(":")
    known: dict[str, DoubtKind] = {one: one for one in get_args(DoubtKind)}
    return Doubt(known[kind], names.get(detail, detail)) if kind in known else Doubt("other", flag)
