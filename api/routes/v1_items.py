"""The API: single items, and decisions about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.access import NotAllowedError, Visitor, requires
from api.desk import AtDesk
from api.openapi import PREFIX, problems
from api.schemas import Decision, NewDecision
from resound.deciding import decide, item_key, take_back
from resound.errors import NotFoundError, ResoundError
from resound.store.decisions import find_decision

router = APIRouter(prefix=f"{PREFIX}/items", tags=["items"])
ItemId = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{16}$",
        description="An article's id; any of an item's articles will do.",
        examples=["33c030fd07550316"],
    ),
]
CODING: list[dict[str, list[str]]] = [{"key": ["code"]}, {"session": []}]


@router.post(
    "/{item}/decisions",
    status_code=201,
    summary="Decide something about an item",
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
        if body.kind == "undo":
            if body.undoes is None:
                raise ResoundError("undo needs the number of the decision that it takes back: undoes.")
            earlier = find_decision(connection, body.undoes)
            if earlier.article is None or item_key(connection, item) != item_key(connection, earlier.article):
                raise NotFoundError(f"Decision {body.undoes} is not about this item.")
            _ask_for_coder(visitor, earlier.campaign)
            made = take_back(connection, body.undoes, why=body.why, who=visitor.who, now=desk.now())
        else:
            _ask_for_coder(visitor, body.campaign)
            made = decide(
                connection,
                item,
                body.kind,
                value=body.value,
                campaign=body.campaign,
                why=body.why,
                who=visitor.who,
                now=desk.now(),
            )
    return Decision.model_validate(made)


def _ask_for_coder(visitor: Visitor, campaign: str | None) -> None:
    if not visitor.may("coder", campaign):
        raise NotAllowedError("This needs the role 'coder'.")
