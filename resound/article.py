"""What a page becomes: RawPage → Article → (matched) item. Frozen; change with `dataclasses.replace`.

Datetimes are aware and UTC. Text is Unicode as the outlet wrote it; nothing here is folded or translated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

Language = Literal["zh", "en", "vi", "other"]
Script = Literal["Hant", "Hans"]
DateOrigin = Literal["json-ld", "meta", "time-tag", "url", "feed", "sitemap", "text", "import", "decision"]
Medium = Literal["online", "print", "tv", "radio", "agency"]
Origin = Literal["original", "agency-pick-up", "release-verbatim", "owned", "paid"]
"""Only `original` and `agency-pick-up` are earned."""
Field = Literal["title", "lead", "body", "caption", "translation"]
PROMINENCES: Mapping[str, Field] = {"headline": "title", "lead": "lead", "body": "body", "caption": "caption"}
"""As people say it → the field, highest first."""
Tone = Literal["positive", "neutral", "negative"]
"""How the target reader would feel about the named entity."""
Basis = Literal["original", "translation"]
"""What a coder read: the text itself, or a machine translation of it."""


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """`tag` is BCP-47 (`zh-Hant`, `en`, `vi`, `th`, `und`); `language` is its counted class."""

    language: Language
    script: Script | None
    tag: str
    confidence: float


DetectLanguage = Callable[[str, str | None], LanguageGuess]
"""(text, prior language of the outlet's edition or None) → guess. Never raises; `und` where there is nothing to read."""


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date and where it was read.

    Exactly one of `at` (a moment, aware UTC) and `day` (a calendar day, no time was given) is set.
    `raw` is the text as found. `suspect` is None, or why a person should look (`future`, `before-1990`,
    `disagrees`, `ambiguous`, `search-engine`): a suspect date never decides whether an item is inside a window.
    """

    origin: DateOrigin
    raw: str
    at: datetime | None = None
    day: date | None = None
    suspect: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed, sitemap or listing said of one URL: plain text only, no markup."""

    url: str
    title: str = ""
    summary: str = ""
    byline: str = ""
    published: FoundDate | None = None
    updated: FoundDate | None = None
    source_url: str | None = None
    """The publisher that the entry itself names (RSS `source`), where it does."""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class RawPage:
    """A response as received, before anything read it. `body` is decompressed, at most 10 MB."""

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """The text of one page. `paragraphs` hold the whole body with the lead as their first (or first few)."""

    url: str
    canonical_url: str
    title: str
    paragraphs: tuple[str, ...]
    language: LanguageGuess
    lead: str = ""
    byline: str = ""
    captions: tuple[str, ...] = ()
    section: str = ""
    published: FoundDate | None = None
    updated: FoundDate | None = None
    extractor: str = ""
    """Which rule read it, with its date (`site:ltn/2024-01`, `json-ld`, `generic/1`)."""
    notes: tuple[str, ...] = field(default=())
    """Odd things that a person may want to know (`paywall`, `charset guessed`)."""

    @property
    def text(self) -> str:
        """The whole body, paragraphs parted by newlines, without the title."""
        return "\n".join(self.paragraphs)


class Part(NamedTuple):
    """A stretch of an article as it is read: the `number`-th paragraph (or caption …) from character `start` on."""

    of: Literal["title", "lead", "paragraph", "caption"]
    number: int
    start: int
    text: str


def field_parts(article: Article) -> dict[Field, tuple[Part, ...]]:
    """Where each field of the original stands in the article. A lead that begins the first paragraph is part of it."""
    return _split(article.title, article.lead, article.paragraphs, article.captions)


def text_fields(article: Article) -> dict[Field, str]:
    """The four fields of the original, which are matched and indexed. `body` is what follows the lead; paragraphs are parted by newlines."""
    return split_fields(article.title, article.lead, article.paragraphs, article.captions)


def split_fields(
    title: str, lead: str, paragraphs: Sequence[str], captions: Sequence[str]
) -> dict[Field, str]:
    """The same of an article's parts."""
    parts = _split(title, lead, paragraphs, captions)
    return {name: "\n".join(part.text for part in found) for name, found in parts.items()}


def _split(
    title: str, lead: str, paragraphs: Sequence[str], captions: Sequence[str]
) -> dict[Field, tuple[Part, ...]]:
    rest = [Part("paragraph", at, 0, text) for at, text in enumerate(paragraphs)]
    leading = Part("lead", 0, 0, lead)
    if lead and rest and rest[0].text.startswith(lead):
        leading = Part("paragraph", 0, 0, lead)
        after = rest[0].text[len(lead) :]
        rest[0] = Part("paragraph", 0, len(rest[0].text) - len(after.lstrip()), after.strip())
        rest = [part for part in rest if part.text]
    return {
        "title": (Part("title", 0, 0, title),),
        "lead": (leading,),
        "body": tuple(rest),
        "caption": tuple(Part("caption", at, 0, text) for at, text in enumerate(captions)),
    }


def date_to_json(found: FoundDate | None) -> dict[str, str] | None:
    """For storing; without what is empty. `at` is ISO 8601 in UTC, `day` YYYY-MM-DD."""
    if found is None:
        return None
    written = {"origin": found.origin, "raw": found.raw}
    if found.at is not None:
        written["at"] = found.at.astimezone(UTC).isoformat()
    if found.day is not None:
        written["day"] = found.day.isoformat()
    if found.suspect is not None:
        written["suspect"] = found.suspect
    return written


def date_from_json(written: Mapping[str, Any] | None) -> FoundDate | None:
    """The inverse of `date_to_json`."""
    if written is None:
        return None
    return FoundDate(
        origin=written["origin"],
        raw=written["raw"],
        at=datetime.fromisoformat(written["at"]) if "at" in written else None,
        day=date.fromisoformat(written["day"]) if "day" in written else None,
        suspect=written.get("suspect"),
    )


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """For storing and for the evidence; without what is empty."""
    written = {
        name: value for name, value in asdict(entry).items() if value and name not in ("published", "updated")
    }
    for name, found in (("published", entry.published), ("updated", entry.updated)):
        if found is not None:
            written[name] = date_to_json(found)
    return written


def entry_from_json(written: Mapping[str, Any]) -> Entry:
    """The inverse of `entry_to_json`."""
    dates = {name: date_from_json(written[name]) for name in ("published", "updated") if name in written}
    return Entry(**{**written, **dates})
