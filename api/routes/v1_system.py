"""The API: sources, and how the work stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from api.access import Visitor, requires
from api.conditional import tag_by_content
from api.desk import AtDesk
from api.openapi import PREFIX, TAGGED, name_operation, problems
from api.pages import language_of
from api.schemas import IndexStanding, Sources, SourceStanding, Status, Work
from resound import __version__
from resound.searching.indexing import index_standing
from resound.store.registry import load_sources
from resound.watching.health import overall_status, source_health

router = APIRouter(prefix=PREFIX, tags=["system"], generate_unique_id_function=name_operation)


@router.get(
    "/sources",
    summary="Every source, and how reading it goes",
    response_description="The sources.",
    responses={**TAGGED, **problems()},
    dependencies=[requires("reader")],
)
def list_sources(request: Request, response: Response, desk: AtDesk) -> Sources:
    """By id: outlets, aggregators and search feeds. The name is in the language that was asked for, where there is one."""
    language = language_of(request)
    with desk.store.read() as connection:
        sources = load_sources(connection)
        health = source_health(connection, now=desk.now())
    found = Sources(
        sources=[
            SourceStanding(
                id=one.source,
                name=source.names.best(language),
                type=source.type,
                country=source.country,
                group=source.owner.id,
                medium=source.medium,
                relation=source.relation,
                tier=source.tier,
                languages=list(dict.fromkeys(edition.language for edition in source.editions)),
                state=one.state,
                sentence=one.sentence,
                channels=one.channels,
                pages=one.pages,
                newest=one.newest,
                last_read=one.last_read,
            )
            for one in health
            for source in (sources[one.source],)
        ]
    )
    tag_by_content(request, response, found.model_dump_json().encode())
    response.headers["vary"] = "Accept-Language, Cookie, Authorization"
    return found


@router.get(
    "/status", summary="How the work stands", response_description="How it stands.", responses=problems()
)
def show_status(desk: AtDesk, visitor: Annotated[Visitor, requires("reader")]) -> Status:
    """Outcomes of every stage, what waits, the index. Only administrators are told sentences that may name addresses."""
    with desk.store.read() as connection:
        found = overall_status(connection, now=desk.now())
    index = index_standing(desk.store, desk.index)
    return Status(
        version=__version__,
        articles=found.articles,
        work=[Work.model_validate(one) for one in found.tallies],
        index=IndexStanding.model_validate(index),
        sentences=[*found.sentences, *index.sentences] if visitor.may("admin") else [],
    )
