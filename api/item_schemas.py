"""What the API answers of single items, and the decisions that it takes about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Answer
from resound.article import Article, Basis, DateOrigin, Language, Medium, Origin, Script, Tone
from resound.article import Field as TextField
from resound.coverage.model import Review as Reviewed
from resound.coverage.model import StandingKind
from resound.showing.matched import InCampaign
from resound.showing.proving import Proof
from resound.showing.viewing import ArticleView
from resound.store.enrichments import StoredTranslation, joined


class Maker(Answer):
    """Who made a machine's result. `label` must be said beside it."""

    model: str
    revision: str
    engine: str
    label: str


class DateFound(Answer):
    """A date and where it was read: a moment, or a day without a time. `suspect`: why a person should look."""

    origin: DateOrigin
    raw: str
    at: datetime | None
    day: date | None
    suspect: str | None


class Published(Answer):
    """Where it was published. An outlet that nobody has named yet is provisional."""

    outlet: str
    name: str
    edition: str
    country: str
    owner: str
    medium: Medium
    is_provisional: bool
    is_copy: bool = Field(description="On an aggregator: never an item.")
    zone: str


class Dates(Answer):
    """`day` is in the outlet's own calendar; `doubt` says why a person must look."""

    day: date | None
    doubt: str
    published: DateFound | None
    updated: DateFound | None
    first_seen: datetime
    last_seen: datetime
    gone_at: datetime | None


class Translated(Answer):
    """A machine translation. `headline`: only title and lead are translated yet."""

    target: str
    part: Literal["headline", "whole"]
    title: str
    lead: list[str]
    paragraphs: list[str]
    made_by: list[Maker]
    at: datetime


class Sign(Answer):
    """A name, message or person that stands in the article, and the passages that show it."""

    id: str
    label: str
    passages: list[str]


class MachineTone(Answer):
    """How a machine finds that the passages sound which name the campaign: a proposal, never counted."""

    tone: Tone | None
    scores: dict[str, float]
    is_uncertain: bool
    made_by: Maker


class ItemCampaign(Answer):
    """What the item is to one campaign."""

    campaign: str
    name: str
    matches: bool
    standing: StandingKind | None
    why: str | None
    review: Reviewed | None
    prominence: TextField | None
    names: list[Sign]
    queries: list[str] = Field(description="In which languages a query of the campaign holds.")
    messages: list[Sign]
    people: list[Sign]
    tone: MachineTone | None


class TopicScore(Answer):
    """One theme that a machine finds."""

    topic: str
    score: float


class Topics(Answer):
    """What a machine says the text is about."""

    found: list[TopicScore]
    made_by: Maker


class Record(Answer):
    """A response as it was received, and where its WARC record lies. After `expired_at` only its hashes are left."""

    url: str
    final_url: str
    status: int
    fetched_at: datetime
    file: str
    offset: int
    length: int
    sha256: str = Field(description="Of the record as stored.")
    payload_sha256: str = Field(description="Of the body as it was read.")
    version: str | None
    expired_at: datetime | None


class BroughtFile(Answer):
    """A file that a person brought for a clip."""

    sha256: str
    name: str
    who: str
    at: datetime


class Wording(Answer):
    """A version of the text."""

    id: str
    number: int
    content_hash: str
    title: str
    first_seen: datetime
    last_seen: datetime
    is_current: bool


class Decision(Answer):
    """A decision as it was written down. It is never changed; another one undoes it."""

    id: int
    kind: str
    article: str | None
    campaign: str | None
    value: str | None
    basis: Basis | None
    round: int
    why: str
    who: str
    at: datetime
    undoes: int | None


class StandingDecision(Answer):
    """A decision, and the number of the one that took it back."""

    decision: Decision
    undone_by: int | None


class Item(Answer):
    """Everything that is kept of one article. `item` is the article that stands for the item; its other addresses are twins."""

    id: str
    item: str
    story: str
    url: str
    other_urls: list[str]
    title: str
    lead: str
    paragraphs: list[str]
    captions: list[str]
    byline: str
    section: str
    language: Language
    script: Script | None
    tag: str
    extractor: str
    notes: list[str]
    place: Published
    dates: Dates
    translations: list[Translated]
    campaigns: list[ItemCampaign]
    topics: Topics | None
    decisions: list[StandingDecision]
    wordings: list[Wording]
    records: list[Record]
    files: list[BroughtFile]
    explanation: dict[str, list[str]] | None = Field(
        default=None, description="With `explain`: everything that happened to it, in sentences by heading."
    )


def describe_item(
    view: ArticleView,
    article: Article,
    translations: dict[str, StoredTranslation],
    proof: Proof,
    explanation: dict[str, list[str]] | None,
) -> Item:
    """An item as the API answers it."""
    return Item(
        id=view.id,
        item=view.item,
        story=view.relations.story,
        url=view.url,
        other_urls=list(view.other_urls),
        title=article.title,
        lead=article.lead,
        paragraphs=list(article.paragraphs),
        captions=list(article.captions),
        byline=article.byline,
        section=article.section,
        language=article.language.language,
        script=article.language.script,
        tag=article.language.tag,
        extractor=article.extractor,
        notes=list(article.notes),
        place=Published.model_validate(view.place),
        dates=Dates.model_validate(view.dates),
        translations=[_translated(translations[target]) for target in sorted(translations)],
        campaigns=[_campaign(one) for one in view.campaigns],
        topics=None
        if view.topics is None
        else Topics(
            found=[TopicScore(topic=name, score=score) for name, score in view.topics.found],
            made_by=Maker.model_validate(view.topics.made_by),
        ),
        decisions=[
            StandingDecision(
                decision=Decision.model_validate(one.decision),
                undone_by=one.undone_by.id if one.undone_by is not None else None,
            )
            for one in view.said
        ],
        wordings=[
            Wording(
                id=one.stored.id,
                number=one.number,
                content_hash=one.stored.content_hash,
                title=one.stored.article.title,
                first_seen=one.stored.first_seen,
                last_seen=one.stored.last_seen,
                is_current=one.is_current,
            )
            for one in proof.versions
        ],
        records=[Record.model_validate(one.capture) for one in proof.fetched],
        files=[BroughtFile.model_validate(one) for one in proof.brought],
        explanation=explanation,
    )


def _translated(one: StoredTranslation) -> Translated:
    return Translated.model_validate(
        {
            "target": one.target,
            "part": one.part,
            "title": joined(one.title, one.target),
            "lead": [joined(paragraph, one.target) for paragraph in one.lead],
            "paragraphs": [joined(paragraph, one.target) for paragraph in one.paragraphs],
            "made_by": one.made_by,
            "at": one.at,
        }
    )


def _campaign(one: InCampaign) -> ItemCampaign:
    return ItemCampaign.model_validate(
        {
            "campaign": one.campaign.id,
            "name": one.name,
            "matches": one.matches,
            "standing": one.standing.kind if one.standing is not None else None,
            "why": str(one.standing.why) if one.standing is not None else None,
            "review": one.facts.review if one.facts is not None else None,
            "prominence": one.prominence,
            "names": one.names,
            "queries": one.queries,
            "messages": one.messages,
            "people": one.people,
            "tone": one.tone,
        }
    )


class _Deciding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: Annotated[
        str, Field(min_length=1, max_length=2000, pattern=r"\S", description="The reason, in a sentence.")
    ]


class _Coding(_Deciding):
    campaign: Annotated[str, Field(min_length=1, max_length=80)]


ItemName = Annotated[
    str, Field(min_length=1, max_length=4000, description="An item's id, or any of its addresses.")
]
Second = Annotated[
    bool, Field(description="A second coder's, by somebody else: only the agreement reads it.")
]


class Review(_Coding):
    """Whether the item is coverage of a campaign."""

    kind: Literal["accept", "reject"]


class ToneDecision(_Coding):
    """How its target reader would feel about the named entity. `basis`: what the coder read."""

    kind: Literal["tone"]
    value: Tone
    basis: Basis
    is_second: Second = False


class ProminenceDecision(_Coding):
    """The highest place in which the campaign is named."""

    kind: Literal["prominence"]
    value: Literal["headline", "lead", "body", "caption"]
    is_second: Second = False


class CarriedDecision(_Coding):
    """Whether it carries a key message, or quotes a spokesperson."""

    kind: Literal["message", "no-message", "quote", "no-quote"]
    value: Annotated[str, Field(min_length=1, max_length=80, description="The message's or the person's id.")]


class OriginDecision(_Deciding):
    """Where the text comes from; only `original` and `agency-pick-up` are earned."""

    kind: Literal["origin"]
    value: Origin


class OutletDecision(_Deciding):
    """Which outlet published it."""

    kind: Literal["outlet"]
    value: Annotated[str, Field(min_length=1, max_length=80, description="A source's id.")]


class DateDecision(_Deciding):
    """On which day, in the outlet's own calendar."""

    kind: Literal["date"]
    value: date


class Merging(_Deciding):
    """It tells the same text as another item."""

    kind: Literal["merge"]
    value: ItemName


class Parting(_Deciding):
    """It does not tell the same text as another item or, where none is named, as the rest of its story."""

    kind: Literal["split"]
    value: ItemName | None = None


class Undoing(_Deciding):
    """Takes an earlier decision about the item back."""

    kind: Literal["undo"]
    undoes: Annotated[int, Field(ge=1, le=2**53, description="The decision's number.")]


NewDecision = Annotated[
    Review
    | ToneDecision
    | ProminenceDecision
    | CarriedDecision
    | OriginDecision
    | OutletDecision
    | DateDecision
    | Merging
    | Parting
    | Undoing,
    Field(discriminator="kind"),
]
