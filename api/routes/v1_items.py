"""The API: single items, and decisions about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.access import NotAllowedError, Visitor, needs_role, requires
from api.conditional import tag_by_content
from api.desk import AtDesk
from api.item_schemas import Decision, Item, NewDecision, Undoing, describe_item
from api.openapi import PREFIX, TAGGED, name_operation, problems
from api.pages import language_of
from resound.coding.deciding import decide, item_key, take_back
from resound.errors import NotFoundError
from resound.showing.explaining import explain as tell
from resound.showing.proving import prove
from resound.showing.viewing import view_article
from resound.store.articles import load_articles
from resound.store.decisions import find_decision
from resound.store.enrichments import load_translations

router = APIRouter(prefix=f"{PREFIX}/items", tags=["items"], generate_unique_id_function=name_operation)
Reader = Annotated[Visitor, requires("reader", somewhere=True)]
"""Who reads one campaign only is shown what it matches."""
ItemId = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{16}$",
        description="An article's id; any of an item's articles will do.",
        examples=["33c030fd07550316"],
    ),
]
CODING: list[dict[str, list[str]]] = [{"key": ["code"]}, {"session": []}]


@router.get(
    "/{item}",
    summary="Everything that is kept of one item",
    response_description="The item.",
    responses={**TAGGED, **problems(404, 422)},
)
def show_item(
    request: Request,
    response: Response,
    desk: AtDesk,
    visitor: Reader,
    item: ItemId,
    explain: Annotated[
        bool, Query(description="Tell everything that happened to it, and why it is or is not counted.")
    ] = False,
) -> Item:
    """Its text and machine translations, what it is to each campaign, decisions, versions, and the evidence's hashes.

    Whoever has a role for single campaigns is shown what these match, and nothing of others; `explain`, which tells of
    all, is for readers of everything.
    """
    language = language_of(request)
    if explain and visitor.sight.is_limited:
        raise NotAllowedError(
            "`explain` tells of every campaign: it needs the role 'reader' for all of them."
        )
    with desk.store.read() as connection:
        view = view_article(connection, item, language=language, sight=visitor.sight)
        found = describe_item(
            view,
            load_articles(connection, [view.id])[view.id].article,
            load_translations(connection, [view.version]).get(view.version, {}),
            prove(connection, view.id, view.version, evidence=desk.evidence),
            dict(tell(connection, view.id).sections) if explain else None,
        )
    tag_by_content(request, response, found.model_dump_json().encode())
    response.headers["vary"] = "Accept-Language, Cookie, Authorization"
    return found


@router.post(
    "/{item}/decisions",
    status_code=201,
    summary="Decide something about an item",
    response_description="The decision, as it was written down.",
    responses=problems(400, 404, 409, 413, 422),
    openapi_extra={"security": CODING},
)
def decide_item(
    desk: AtDesk, item: ItemId, body: NewDecision, visitor: Annotated[Visitor, requires("none")]
) -> Decision:
    """Needs the role of a coder (a key: the scope `code`): for the campaign that is named, else for all.

    A decision that stands already is answered as it is, so that sending it twice does no harm. Nothing is ever changed
    or removed: `undo` takes a decision back by another one.
    """
    with desk.store.write() as connection:
        if isinstance(body, Undoing):
            earlier = find_decision(connection, body.undoes)
            if earlier.article is None or item_key(connection, item) != item_key(connection, earlier.article):
                raise NotFoundError(f"Decision {body.undoes} is not about this item.")
            _ask_for_coder(visitor, earlier.campaign)
            made = take_back(connection, body.undoes, why=body.why, who=visitor.who, now=desk.now())
        else:
            campaign, value = getattr(body, "campaign", None), getattr(body, "value", None)
            _ask_for_coder(visitor, campaign)
            made = decide(
                connection,
                item,
                body.kind,
                value=None if value is None else str(value),
                campaign=campaign,
                basis=getattr(body, "basis", None),
                is_second=getattr(body, "is_second", False),
                why=body.why,
                who=visitor.who,
                now=desk.now(),
                sight=visitor.sight,
            )
    return Decision.model_validate(made)


def _ask_for_coder(visitor: Visitor, campaign: str | None) -> None:
    if not visitor.may("coder", campaign):
        raise NotAllowedError(needs_role("coder"))
