"""What a snapshot holds: values as they stood, not references to what may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from resound.article import Basis
from resound.campaign import Campaign
from resound.coding.item import Quoted
from resound.coverage.breakdown import Reading, Split
from resound.coverage.coded import Coded
from resound.coverage.lower_bounds import LowerBounds
from resound.coverage.model import ItemFacts, Lead, StandingKind, Watch
from resound.settings import UiLanguage
from resound.source import Names, Source

FORMAT = 2
"""Raised when a snapshot is written otherwise than before; older ones stay readable."""
EvidenceKind = Literal["record", "file", "row"]
EvidenceState = Literal["kept", "missing", "expired"]


@dataclass(frozen=True, slots=True)
class Translation:
    """A machine's translation of a clip. `paragraphs` is empty where only the headline and the lead were translated."""

    tag: str
    title: str
    lead: tuple[str, ...]
    paragraphs: tuple[str, ...]
    made_by: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of what shows that a clip was there.

    `record`: a WARC record, `sha256` of it as stored. `file`: what came with a clip. `row`: the row of cells that a clip
    was. `name`: how it is called when it is handed out. `at`: when it was fetched or brought, by `who` (empty: by a
    crawler). `url`, `status`: of a record's response. `media_type` is empty where it is none that is known. `missing`: it
    is not there, or it is not what it was. `file`, `offset`: the WARC file that a record stands in, and its first byte
    there (`size` is its length); `payload_sha256`: of the page's body.
    """

    kind: EvidenceKind
    sha256: str
    name: str
    at: datetime
    who: str
    state: EvidenceState
    size: int | None
    media_type: str = ""
    url: str = ""
    status: int | None = None
    file: str = ""
    offset: int | None = None
    payload_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A decision about a clip that holds, as `resound.store.decisions.Decision` has it: the last word on its question.

    Of a merge or a split, `value` is the other item.
    """

    id: int
    kind: str
    value: str | None
    why: str
    who: str
    at: datetime
    basis: Basis | None = None
    round: int = 1


@dataclass(frozen=True, slots=True)
class Clip:
    """One item of the campaign as it stood, people's decisions laid over.

    `number`: its number in the clip book (1, 2, …: counted items in the order of day and address, then what else is
    accepted in the same order); 0 for what is not accepted, of which no text, translation or evidence is kept.
    `standing`: why it counts or not. `proposed_tone`, `topics`: a model's word; None where no model has read it.
    `versions`: wordings that were seen; `gone_at`: since when the page answers that it is gone. `twins`: the other articles
    that are this one publication.
    """

    number: int
    facts: ItemFacts
    standing: StandingKind
    outlet_names: Names | None
    first_seen: datetime
    byline: str = ""
    lead: str = ""
    paragraphs: tuple[str, ...] = ()
    translations: Mapping[str, Translation] = field(default_factory=dict)
    """Target (`en`, `zh-Hant`) → the translation."""
    coded: Coded = field(default_factory=Coded)
    proposed_tone: Reading | None = None
    topics: Reading | None = None
    evidence: tuple[Evidence, ...] = ()
    said: tuple[Word, ...] = ()
    versions: int = 1
    gone_at: datetime | None = None
    twins: tuple[str, ...] = ()

    def outlet_name(self, language: UiLanguage) -> str:
        """Its outlet as it was called in a language; what is known of it otherwise."""
        return self.facts.outlet_name if self.outlet_names is None else self.outlet_names.best(language)


@dataclass(frozen=True, slots=True)
class QuotedItem:
    """The passages of one item for one message or spokesperson, in the order of the text."""

    item: str
    passages: tuple[Quoted, ...]


@dataclass(frozen=True, slots=True)
class VoiceItem:
    """One item that the share of voice was measured with, as it stood: of most of them nothing else is kept.

    `outlet_names` is None where `outlet_name` is all that is known. `sha256`: of the first record that was fetched of it, as
    it was written down then; empty where there is none.
    """

    item: str
    url: str
    title: str
    tag: str
    outlet_name: str
    outlet_names: Names | None
    day: date | None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class SourceWatch:
    """How well one source was read in the window: days and gaps (`watch`), what was refused, how far back we could read.

    `blocked`: reason (`robots`, `paywall`, `status-403` …) → pages that could not be read for it. `stopped`: reasons why
    channels of it are not read any more. `reach`: the earliest day of which a channel of it told us everything.
    """

    watch: Watch
    names: Names
    blocked: Mapping[str, int] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()
    reach: date | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A campaign's counts as of one moment, and everything that they rest on.

    `product`: the program and its version; `analysis`: the fingerprint of the text analysis that matched. `definition`:
    number and SHA-256 of the campaign's version. `sources`: the outlets of the clips and those that were watched, as they
    were defined. `clips`: every item that the campaign had to do with, counted or not. `messages`, `spokespersons`: id →
    the items that carry it, confirmed or proposed. `voice`: None where the campaign has no comparators. `figures`: the
    counts and every split as they were counted then (`resound.snapshots.opened.write_figures`), which a recount must give
    again. `voice_items`: what `voice` was measured with, in the order of day and address; empty in format 1.
    """

    format: int
    product: str
    analysis: str
    as_of: datetime
    campaign: Campaign
    definition: tuple[int, str]
    sources: Mapping[str, Source]
    clips: tuple[Clip, ...]
    leads: tuple[Lead, ...]
    watch: tuple[SourceWatch, ...]
    messages: Mapping[str, tuple[QuotedItem, ...]]
    spokespersons: Mapping[str, tuple[QuotedItem, ...]]
    voice: Split | None
    figures: Mapping[str, Any]
    voice_items: tuple[VoiceItem, ...] = ()

    @property
    def is_at_least(self) -> bool:
        """Whether there may be more than was counted (`resound.coverage.lower_bounds`)."""
        counted = (one.facts for one in self.clips if one.standing == "counted")
        return LowerBounds(one.watch for one in self.watch).is_one(counted)
