"""The campaign pages: its coverage in figures and pictures, the items behind every figure, how well we watched."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.access import Visitor, requires
from api.conditional import tag_by_store
from api.desk import AtDesk, Desk
from api.downloads import download_headers
from api.pages import language_of, render, words_of
from api.routes.search import in_chunks
from api.safety import limited
from nlp.topics import load_topics
from resound import __version__
from resound.coverage.breakdown import Split
from resound.coverage.campaign import (
    Coverage,
    headlines,
    quote_messages,
    quote_spokespersons,
    select_items,
)
from resound.coverage.charts import (
    Chart,
    Look,
    chart_countries,
    chart_outlets,
    chart_series,
    chart_tone,
    chart_topics,
    chart_voice,
    to_svg,
)
from resound.coverage.figures import facts_of
from resound.coverage.model import ItemFacts
from resound.errors import NotFoundError
from resound.report.items_file import items_csv
from resound.settings import UiLanguage
from resound.store.registry import load_campaigns, load_sources
from resound.texts import N_
from resound.told import Told
from resound.value_names import ValueNames
from resound.words import Words, words

router = APIRouter(include_in_schema=False)
CampaignId = Annotated[str, Path(max_length=80)]
Reader = Annotated[Visitor, requires("reader", campaign="campaign")]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
ChartName = Literal["series", "outlets", "countries", "tone", "topics", "voice"]

ITEMS_AT_ONCE = 50
STORIES_AT_ONCE = 50
STORIES_FIRST = 10
SECONDS = 2.0
"""How long a page waits for the share of voice before it says that it is being measured."""
LOOKS = {"wide": 680, "narrow": 330}


@router.get("/campaigns")
def campaigns_page(request: Request, desk: AtDesk, visitor: Annotated[Visitor, requires("none")]) -> Response:
    """The campaigns that the visitor may read; where it is one only, that one."""
    with desk.store.read() as connection:
        found = [one for key, one in load_campaigns(connection).items() if visitor.may("reader", key)]
        if len(found) == 1:
            return RedirectResponse(f"/campaigns/{found[0].id}", 303)
        shown = [_coverage(desk, connection, one.id) for one in found]
    return render(request, "campaigns.html", coverages=shown)


@router.get("/campaigns/{campaign}", dependencies=[limited("search")])
def campaign_page(request: Request, desk: AtDesk, visitor: Reader, campaign: CampaignId) -> Response:
    """The four counts, what stands beside them, and the counted items broken down."""
    language, tagged = language_of(request), Response()
    with desk.store.read() as connection:
        tag_by_store(request, tagged, connection, language, visitor, now=desk.now())
        coverage = _coverage(desk, connection, campaign)
        stories = coverage.stories[:STORIES_FIRST]
        page = render(
            request,
            "campaign.html",
            **_frame(coverage, words_of(request)),
            charts=_charts(coverage, words_of(request), Look()),
            stories=stories,
            translated=headlines(connection, (one for story in stories for one in story.items), language),
            messages=quote_messages(connection, coverage, language),
            spokespersons=quote_spokespersons(connection, coverage, language),
        )
    page.headers["etag"] = tagged.headers["etag"]
    return page


@router.get("/campaigns/{campaign}/items", dependencies=[limited("search")])
def campaign_items_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
    by: Annotated[str, Query(max_length=40)] = "standing",
    value: Annotated[str, Query(max_length=300)] = "counted",
    page: PageNumber = 1,
) -> Response:
    """The items behind a figure."""
    with desk.store.read() as connection:
        coverage = _coverage(desk, connection, campaign)
        if by == "voice":
            items = _compared(connection, coverage, _voice(desk, coverage), value)
        else:
            items = [coverage.item(key) for key in select_items(coverage, by, value)]
        shown = items[(page - 1) * ITEMS_AT_ONCE : page * ITEMS_AT_ONCE]
        return render(
            request,
            "campaign_items.html",
            **_frame(coverage, words_of(request)),
            by=by,
            value=value,
            items=shown,
            total=len(items),
            first=(page - 1) * ITEMS_AT_ONCE + 1,
            page=page,
            pages=max(1, -(-len(items) // ITEMS_AT_ONCE)),
            translated=headlines(connection, shown, language_of(request)),
        )


@router.get("/campaigns/{campaign}/items.csv", dependencies=[limited("export")])
def campaign_items_csv(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
) -> Response:
    """Every item, counted or not and why, for spreadsheets and in the reader's words."""
    spoken = words_of(request)
    with desk.store.read() as connection:
        coverage = _coverage(desk, connection, campaign)
        names = ValueNames(spoken, sources=load_sources(connection), campaigns={campaign: coverage.campaign})
        data = b"".join(in_chunks(items_csv(connection, coverage, names)))
    name = f"{coverage.campaign.name.best(spoken.language)} {desk.now():%Y-%m-%d}.csv"
    return Response(data, media_type="text/csv; charset=utf-8", headers=download_headers(name))


@router.get("/campaigns/{campaign}/stories", dependencies=[limited("search")])
def campaign_stories_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
    page: PageNumber = 1,
) -> Response:
    """Every story with its items, those with most items first."""
    with desk.store.read() as connection:
        coverage = _coverage(desk, connection, campaign)
        shown = coverage.stories[(page - 1) * STORIES_AT_ONCE : page * STORIES_AT_ONCE]
        return render(
            request,
            "campaign_stories.html",
            **_frame(coverage, words_of(request)),
            stories=shown,
            page=page,
            pages=max(1, -(-len(coverage.stories) // STORIES_AT_ONCE)),
            translated=headlines(
                connection, (one for story in shown for one in story.items), language_of(request)
            ),
        )


@router.get("/campaigns/{campaign}/watch")
def campaign_watch_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
) -> Response:
    """On which days each source was read, what was not, and what is known of and could not be read."""
    with desk.store.read() as connection:
        coverage = _coverage(desk, connection, campaign)
    return render(request, "campaign_watch.html", **_frame(coverage, words_of(request)))


@router.get("/campaigns/{campaign}/voice", dependencies=[limited("search")])
def campaign_voice_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
) -> Response:
    """The share of voice: a part of the campaign's page that comes when it is measured, or a page of its own."""
    with desk.store.read() as connection:
        coverage = _coverage(desk, connection, campaign)
    split = _voice(desk, coverage)
    spoken = words_of(request)
    is_part = request.headers.get("hx-request") == "true"
    return render(
        request,
        "_campaign_voice.html" if is_part else "campaign_voice.html",
        **_frame(coverage, spoken),
        voice=split,
        chart=None if split is None else chart_voice(split, _subjects(coverage, spoken), spoken, Look()),
    )


@router.get("/campaigns/{campaign}/charts/{name}.svg")
def campaign_chart(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
    name: ChartName,
    width: Literal["wide", "narrow"] = "wide",
    scheme: Literal["light", "dark"] = "light",
    language: UiLanguage | None = None,
    v: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """A chart as a picture. An address that names language and state (`v`) may be kept by the browser for ever."""
    spoken = words(language or language_of(request))
    coverage, chart = _chart(desk, campaign, name, spoken, Look(LOOKS[width], scheme == "dark"))
    may_keep = language is not None and v == _state(coverage)
    kept = "private, max-age=31536000, immutable" if may_keep else "private, no-cache"
    return Response(to_svg(chart.spec), media_type="image/svg+xml", headers={"cache-control": kept})


@router.get("/campaigns/{campaign}/charts/{name}.json")
def campaign_chart_spec(
    request: Request,
    desk: AtDesk,
    visitor: Reader,  # noqa: ARG001 (asked for its role)
    campaign: CampaignId,
    name: ChartName,
) -> Response:
    """The same as a Vega-Lite specification, for other programs."""
    _, chart = _chart(desk, campaign, name, words_of(request), Look())
    return JSONResponse(chart.spec, headers={"content-disposition": f'attachment; filename="{name}.vl.json"'})


def _coverage(desk: Desk, connection: Connection, campaign: str) -> Coverage:
    return desk.coverages.get(connection, campaign, desk.figures, now=desk.now())


def _chart(desk: Desk, campaign: str, name: ChartName, spoken: Words, look: Look) -> tuple[Coverage, Chart]:
    with desk.store.read() as connection:
        coverage = _coverage(desk, connection, campaign)
    if name != "voice":
        return coverage, _charts(coverage, spoken, look)[name]
    split = _voice(desk, coverage)
    if split is None:
        raise NotFoundError(Told(N_("The share of voice is still being measured. Try again in a minute.")))
    return coverage, chart_voice(split, _subjects(coverage, spoken), spoken, look)


def _charts(coverage: Coverage, spoken: Words, look: Look) -> dict[str, Chart]:
    """Every chart that the campaign's page shows at once."""
    names = {key: one.best(spoken.language) for key, one in coverage.outlet_names.items()}
    return {
        "series": chart_series(coverage.series, spoken, look),
        "outlets": chart_outlets(coverage.outlets, names, spoken, look),
        "countries": chart_countries(coverage.figures.tables["country"], spoken, look),
        "tone": chart_tone(coverage.tone, spoken, look),
        "topics": chart_topics(coverage.topics, _topic_names(spoken.language), spoken, look),
    }


def _frame(coverage: Coverage, spoken: Words) -> dict[str, Any]:
    """What every page of the room shows."""
    campaign = coverage.campaign
    language = spoken.language
    people = {one.id: one for one in campaign.people}
    return {
        "coverage": coverage,
        "figures": coverage.figures,
        "campaign": campaign,
        "campaign_name": campaign.name.best(language),
        "state": _state(coverage),
        "topic_names": _topic_names(language),
        "message_names": {one.id: one.text.best(language) for one in campaign.messages},
        "person_names": {
            key: _person_name(one.all_forms, one.forms, language) for key, one in people.items()
        },
        "subject_names": _subjects(coverage, spoken),
        "outlet_name": partial(coverage.outlet_name, language),
    }


def _person_name(forms: tuple[str, ...], by_language: Any, language: UiLanguage) -> str:
    """As the reader writes it: the first form in their language, in English, or whichever there is."""
    return next((by_language[one][0] for one in (language, "en", "any") if by_language.get(one)), forms[0])


def _topic_names(language: UiLanguage) -> dict[str, str]:
    return {one.id: one.label[language] for one in load_topics()}


def _subjects(coverage: Coverage, spoken: Words) -> dict[str, str]:
    """The campaign and what it is set beside."""
    campaign = coverage.campaign
    named = {one.id: one.name.best(spoken.language) for one in campaign.comparators}
    return {**named, campaign.id: campaign.name.best(spoken.language)}


def _voice(desk: Desk, coverage: Coverage) -> Split | None:
    return desk.voice.ask(desk.store, coverage.figures, coverage.mark, seconds=SECONDS)


def _compared(connection: Connection, coverage: Coverage, split: Split | None, value: str) -> list[ItemFacts]:
    """The items of one side of the share of voice, by day."""
    part = None if split is None else next((one for one in split.parts if one.value == value), None)
    if part is None:
        raise NotFoundError(
            Told(N_("There is no such figure, or it is still being measured. Try again in a minute."))
        )
    found = facts_of(connection, coverage.campaign.id, part.members)
    return sorted(found, key=lambda one: (str(one.day or "9999"), one.url))


def _state(coverage: Coverage) -> str:
    """Another one as soon as a picture may be another one: the store's mark without the moment, and the last day shown."""
    shown = (__version__, *coverage.mark[:-1], str(coverage.series.periods[-1].last))
    return sha256("\n".join(shown).encode()).hexdigest()[:16]
