"""The API: campaigns, their figures, items and stories."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from api.access import Visitor, requires
from api.conditional import tag_by_store
from api.cursors import Cursor, Limit, cut_page
from api.desk import AtDesk, Desk
from api.openapi import PREFIX, TAGGED, name_operation, problems
from api.pages import language_of
from api.safety import limited
from api.schemas import (
    CampaignItem,
    CampaignItems,
    CampaignList,
    CampaignSummary,
    Counts,
    Definition,
    Stories,
    Story,
)
from resound.campaign import Campaign
from resound.coverage.breakdown import Story as GatheredStory
from resound.coverage.breakdown import gather_stories
from resound.coverage.model import DIMENSIONS, Dimension, ItemFacts, Standing, StandingKind
from resound.keeping.exporting import item_rows
from resound.settings import UiLanguage
from resound.store import registry
from resound.store.feed import newest_change

router = APIRouter(
    prefix=f"{PREFIX}/campaigns", tags=["campaigns"], generate_unique_id_function=name_operation
)
CampaignId = Annotated[
    str, Path(max_length=80, description="A campaign's id.", examples=["apo-coe-gp-vietnam-2014"])
]
ROWS_AT_ONCE = 200


@router.get(
    "",
    summary="The campaigns that you may read",
    response_description="The campaigns.",
    responses={**TAGGED, **problems()},
)
def list_campaigns(
    request: Request, response: Response, desk: AtDesk, visitor: Annotated[Visitor, requires("none")]
) -> CampaignList:
    """By id. Somebody with a role for single campaigns sees those."""
    language = language_of(request)
    with desk.store.read() as connection:
        found = [
            one
            for one in registry.current_definitions(connection, "campaign")
            if visitor.may("reader", one.key)
        ]
        tag_by_store(request, response, connection, language, [one.key for one in found], now=desk.now())
    response.headers["vary"] = "Accept-Language, Cookie, Authorization"
    return CampaignList(campaigns=[_summary(one, language) for one in found])


@router.get(
    "/{campaign}",
    summary="One campaign and its definition",
    response_description="The campaign.",
    responses={**TAGGED, **problems(404, 422)},
    dependencies=[requires("reader", campaign="campaign")],
)
def show_campaign(request: Request, response: Response, desk: AtDesk, campaign: CampaignId) -> Definition:
    """The definition is that of its YAML file, as its newest version says it."""
    language = language_of(request)
    with desk.store.read() as connection:
        registry.load_campaign(connection, campaign)
        tag_by_store(request, response, connection, language, now=desk.now())
        found = registry.current_definition(connection, "campaign", campaign)
    assert found is not None, "it was loaded a moment ago"
    response.headers["vary"] = "Accept-Language, Cookie, Authorization"
    return Definition(
        campaign=_summary(found, language),
        definition=dict(found.body),
        changed_at=found.at,
        changed_by=found.who,
    )


@router.get(
    "/{campaign}/counts",
    summary="A campaign's figures",
    response_description="The figures.",
    responses={**TAGGED, **problems(404, 422, 429)},
    dependencies=[requires("reader", campaign="campaign"), limited("search")],
)
def count_campaign(
    request: Request,
    response: Response,
    desk: AtDesk,
    campaign: CampaignId,
    by: Annotated[
        list[Dimension],
        Query(description="By what the tables are; may be given several times. Default: all.", max_length=20),
    ] = list(DIMENSIONS),  # noqa: B006 (FastAPI copies it)
) -> Counts:
    """The four counts, tables with the items behind each row, what stands beside them, and how well the sources were read.

    Accepted, earned items are counted. `Accept` decisions make them; see the notes that must stand beside the figures.
    """
    now = desk.now()
    with desk.store.read() as connection:
        registry.load_campaign(connection, campaign)
        tag_by_store(request, response, connection, now=now)
        figures = desk.figures.count(connection, campaign, now=now)
        change = newest_change(connection)
    return Counts.model_validate(
        {
            "campaign": figures.campaign,
            "as_of": now.date(),
            "change": change,
            "review": figures.review,
            "counts": figures.counts,
            "at_least": figures.at_least,
            "tables": {name: figures.tables[name] for name in by},
            "beside": figures.beside,
            "leads": figures.leads,
            "watch": figures.watch,
            "notes": figures.notes,
        }
    )


@router.get(
    "/{campaign}/items",
    summary="A campaign's items, counted or not, and why",
    response_description="A page of items.",
    responses={**TAGGED, **problems(400, 404, 422, 429)},
    dependencies=[requires("reader", campaign="campaign"), limited("search")],
)
def list_items(
    request: Request,
    response: Response,
    desk: AtDesk,
    campaign: CampaignId,
    standing: Annotated[
        StandingKind | None, Query(description="Only those that stand there, such as `counted`.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CampaignItems:
    """By the day of publication and the address; those without a day come last."""
    with desk.store.read() as connection:
        registry.load_campaign(connection, campaign)
        tag_by_store(request, response, connection, now=desk.now())
        figures = desk.figures.count(connection, campaign, now=desk.now())
    found = [one for one in figures.items.values() if standing in (None, one[1].kind)]
    page, further = cut_page(
        found, of=f"items {campaign} {standing}", place=_place_of_item, after=cursor, limit=limit
    )
    return CampaignItems(
        items=[
            CampaignItem.model_validate({**_values(facts), "standing": place.kind, "why": place.why})
            for facts, place in page
        ],
        total=len(found),
        next=further,
    )


@router.get(
    "/{campaign}/items.csv",
    summary="The same as a table",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "CSV in UTF-8, safe for spreadsheets.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
        **problems(404, 422, 429),
    },
    dependencies=[requires("reader", campaign="campaign"), limited("export")],
)
def download_items(desk: AtDesk, campaign: CampaignId) -> StreamingResponse:
    """Every item with its standing, its evidence's hash and the moment of the table, then the leads."""
    with desk.store.read() as connection:
        registry.load_campaign(connection, campaign)
    return StreamingResponse(
        _write_csv(desk, campaign),
        media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{campaign}.csv"',
            "cache-control": "private, no-store",
        },
    )


@router.get(
    "/{campaign}/stories",
    summary="A campaign's stories",
    response_description="A page of stories.",
    responses={**TAGGED, **problems(400, 404, 422, 429)},
    dependencies=[requires("reader", campaign="campaign"), limited("search")],
)
def list_stories(
    request: Request,
    response: Response,
    desk: AtDesk,
    campaign: CampaignId,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Stories:
    """The counted items by the text that they come from, translations included; the story with most items first."""
    with desk.store.read() as connection:
        registry.load_campaign(connection, campaign)
        tag_by_store(request, response, connection, now=desk.now())
        figures = desk.figures.count(connection, campaign, now=desk.now())
    found = gather_stories(figures.items[key][0] for key in figures.lists["counted"])
    page, further = cut_page(
        found, of=f"stories {campaign}", place=_place_of_story, after=cursor, limit=limit
    )
    return Stories(stories=[_story(one) for one in page], total=len(found), next=further)


def _summary(one: registry.Definition, language: UiLanguage) -> CampaignSummary:
    campaign = Campaign.model_validate(one.body)
    names = {"zh-Hant": campaign.name.zh_hant, "en": campaign.name.en, "vi": campaign.name.vi}
    return CampaignSummary(
        id=campaign.id,
        name=campaign.name.best(language),
        names={tag: name for tag, name in names.items() if name},
        first=campaign.window.first,
        last=campaign.window.last,
        countries=list(campaign.countries),
        review=campaign.review,
        version=one.version,
    )


def _values(facts: ItemFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in CampaignItem.model_fields if hasattr(facts, name)}


def _place_of_item(one: tuple[ItemFacts, Standing]) -> tuple[str, str, str]:
    facts, _ = one
    return ((facts.day or date.max).isoformat(), facts.url, facts.item)


def _place_of_story(one: GatheredStory) -> tuple[int, int, str, str, str]:
    head = one.items[0]
    return (-len(one.items), -one.outlets, (head.day or date.max).isoformat(), head.url, one.story)


def _story(one: GatheredStory) -> Story:
    days = [facts.day for facts in one.items if facts.day is not None]
    head = one.items[0]
    return Story(
        story=one.story,
        title=head.title,
        tag=head.tag,
        first=min(days, default=None),
        last=max(days, default=None),
        outlets=one.outlets,
        languages=list(one.languages),
        items=[facts.item for facts in one.items],
    )


def _write_csv(desk: Desk, campaign: str) -> Iterator[bytes]:
    """A byte-order mark first: without it spreadsheets read Chinese and Vietnamese wrongly."""
    made = io.StringIO()
    writer = csv.writer(made)
    made.write("\ufeff")
    with desk.store.read() as connection:
        for number, row in enumerate(item_rows(connection, campaign, now=desk.now()), 1):
            writer.writerow(row)
            if number % ROWS_AT_ONCE == 0:
                yield _taken(made)
    yield _taken(made)


def _taken(made: io.StringIO) -> bytes:
    text = made.getvalue()
    made.seek(0)
    made.truncate()
    return text.encode()
