"""What people decided. A decision is never changed or removed; another one undoes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, select

from resound.errors import NotFoundError, ResoundError
from resound.store.database import in_parts
from resound.store.tables import decision

DecisionKind = Literal["accept", "reject", "origin", "outlet", "date", "merge", "split", "undo"]
DECISION_KINDS: tuple[DecisionKind, ...] = (
    "accept",
    "reject",
    "origin",
    "outlet",
    "date",
    "merge",
    "split",
    "undo",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """`campaign` is set for accept and reject; `value` holds the origin, outlet, day (ISO) or other article of the rest."""

    id: int
    kind: DecisionKind
    article: str | None
    campaign: str | None
    value: str | None
    why: str
    who: str
    at: datetime
    undoes: int | None
    basis: str | None = None
    """`original` or `translation`: what the coder read, where it matters."""
    round: int = 1
    """2: a second coder's, for the agreement; figures use the first."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What people said about one article, the latest word on each question."""

    review: dict[str, Decision] = field(default_factory=dict)
    """campaign → the accept or reject that holds."""
    origin: Decision | None = None
    outlet: Decision | None = None
    dated: Decision | None = None

    @property
    def day(self) -> date | None:
        """The day of publication in the outlet's own calendar, where a person set it."""
        return (
            None if self.dated is None or self.dated.value is None else date.fromisoformat(self.dated.value)
        )


def add_decision(
    connection: Connection,
    kind: DecisionKind,
    *,
    article: str | None,
    campaign: str | None = None,
    value: str | None = None,
    why: str,
    who: str,
    now: datetime,
    undoes: int | None = None,
) -> Decision:
    """Write a decision down. The very same decision standing already is returned as it is (a second run adds nothing)."""
    if not why.strip():
        raise ResoundError("A decision needs a reason: --why 'read the article; it is about the visit'.")
    if kind != "undo":
        for standing in reversed(standing_decisions(connection, articles=[article] if article else None)):
            if (standing.campaign, _question(standing.kind)) != (campaign, _question(kind)):
                continue
            if (standing.kind, standing.value) == (kind, value):
                return standing
            if kind not in ("merge", "split"):
                break  # only the latest word on a question can be repeated; accept, reject, accept are three decisions
    number = connection.execute(
        decision.insert()
        .values(
            kind=kind,
            article=article,
            campaign=campaign,
            value=value,
            why=why,
            who=who,
            at=now,
            undoes=undoes,
        )
        .returning(decision.c.id)
    ).scalar_one()
    return Decision(number, kind, article, campaign, value, why, who, now, undoes)


def undo_decision(connection: Connection, number: int, *, why: str, who: str, now: datetime) -> Decision:
    """Take a decision back by another one.

    Raises:
        NotFoundError: there is no such decision.
        ResoundError: it was undone already, or is itself an undoing.
    """
    row = connection.execute(select(decision).where(decision.c.id == number)).first()
    if row is None:
        raise NotFoundError(
            f"There is no decision {number}. `resound explain URL` lists an article's decisions."
        )
    if row.kind == "undo":
        raise ResoundError(f"Decision {number} undid another one; decide anew instead of undoing it.")
    earlier = connection.execute(select(decision).where(decision.c.undoes == number)).first()
    if earlier is not None:
        raise ResoundError(
            f"Decision {number} was undone already, by {earlier.who} ({earlier.at:%Y-%m-%d %H:%M} UTC)."
        )
    return add_decision(
        connection,
        "undo",
        article=row.article,
        campaign=row.campaign,
        why=why,
        who=who,
        now=now,
        undoes=number,
    )


def find_decision(connection: Connection, number: int) -> Decision:
    """One decision by its number.

    Raises:
        NotFoundError: there is none.
    """
    row = connection.execute(select(decision).where(decision.c.id == number)).first()
    if row is None:
        raise NotFoundError(
            f"There is no decision {number}. `resound explain URL` lists an article's decisions."
        )
    return Decision(**row._mapping)


def all_decisions(connection: Connection, *, article: str | None = None) -> list[Decision]:
    """Every decision ever made, in order, with those that were undone."""
    statement = select(decision).order_by(decision.c.id)
    if article is not None:
        statement = statement.where((decision.c.article == article) | (decision.c.value == article))
    return [Decision(**row._mapping) for row in connection.execute(statement)]


def standing_decisions(connection: Connection, *, articles: Iterable[str] | None = None) -> list[Decision]:
    """Decisions that nobody undid, in order. With `articles`, those about them (merges and splits name either side)."""
    undone = select(decision.c.undoes).where(decision.c.undoes.is_not(None))
    statement = select(decision).where(decision.c.kind != "undo", decision.c.id.not_in(undone))
    statements = (
        [statement]
        if articles is None
        else [
            statement.where(decision.c.article.in_(part) | decision.c.value.in_(part))
            for part in in_parts(articles)
        ]
    )
    found = {row.id: row for one in statements for row in connection.execute(one)}
    return [Decision(**found[number]._mapping) for number in sorted(found)]


def overlays(decisions: Iterable[Decision], item_of: Mapping[str, str] | None = None) -> dict[str, Overlay]:
    """article → the latest standing word on each question. Merges and splits are the stories' matter.

    With `item_of` (article → the article that stands for its item) the keys are items, and what was said of any twin
    was said of the item.
    """
    found: dict[str, Overlay] = {}
    for one in decisions:
        if one.article is None:
            continue
        key = (item_of or {}).get(one.article, one.article)
        before = found.get(key, Overlay())
        review = dict(before.review)
        if one.kind in ("accept", "reject") and one.campaign is not None:
            review[one.campaign] = one
        found[key] = Overlay(
            review=review,
            origin=one if one.kind == "origin" else before.origin,
            outlet=one if one.kind == "outlet" else before.outlet,
            dated=one if one.kind == "date" else before.dated,
        )
    return found


def _question(kind: str) -> str:
    return {"accept": "review", "reject": "review"}.get(kind, kind)
