"""What people decided. A decision is never changed or removed; another one undoes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, NamedTuple, get_args

from sqlalchemy import Connection, select

from resound.article import Basis
from resound.errors import ConflictError, NotFoundError, ResoundError
from resound.store.database import in_parts
from resound.store.tables import decision
from resound.texts import N_
from resound.told import Told

NO_DECISION = N_("There is no decision %(number)s.")

DecisionKind = Literal[
    "accept",
    "reject",
    "origin",
    "outlet",
    "date",
    "tone",
    "prominence",
    "message",
    "no-message",
    "quote",
    "no-quote",
    "merge",
    "split",
    "undo",
]
DECISION_KINDS: tuple[DecisionKind, ...] = get_args(DecisionKind)
_ABOUT: dict[str, str] = {
    "accept": "review",
    "reject": "review",
    "no-message": "message",
    "no-quote": "quote",
}


class Question(NamedTuple):
    """What a decision answers; the latest standing answer holds. `which`: the key message or the spokesperson."""

    about: str
    campaign: str | None = None
    which: str | None = None
    round: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """`campaign` is set for what is decided per campaign (all but origin, outlet, date, merge and split).

    `value` holds the origin, outlet, day (ISO), tone, prominence, key message, spokesperson or other article.
    """

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

    @property
    def question(self) -> Question | None:
        """None for merge, split and undo, which answer no question about one article."""
        if self.kind in ("merge", "split", "undo"):
            return None
        about = _ABOUT.get(self.kind, self.kind)
        return Question(
            about, self.campaign, self.value if about in ("message", "quote") else None, self.round
        )


@dataclass(frozen=True, slots=True)
class Overlay:
    """What people said about one article: the latest standing word on each question."""

    words: Mapping[Question, Decision] = field(default_factory=dict)

    def word(
        self, about: str, campaign: str | None = None, which: str | None = None, *, is_second: bool = False
    ) -> Decision | None:
        """The word that holds, by the first coder or the second."""
        return self.words.get(Question(about, campaign, which, 2 if is_second else 1))

    @property
    def review(self) -> dict[str, Decision]:
        """campaign → the accept or reject that holds."""
        return {
            asked.campaign: one
            for asked, one in self.words.items()
            if asked.about == "review" and asked.campaign is not None
        }

    @property
    def origin(self) -> Decision | None:
        """Where the text comes from."""
        return self.word("origin")

    @property
    def outlet(self) -> Decision | None:
        """Who published it."""
        return self.word("outlet")

    @property
    def dated(self) -> Decision | None:
        """When it was published."""
        return self.word("date")

    @property
    def day(self) -> date | None:
        """The day of publication in the outlet's own calendar, where a person set it."""
        dated = self.dated
        return None if dated is None or dated.value is None else date.fromisoformat(dated.value)


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
    basis: Basis | None = None,
    is_second: bool = False,
) -> Decision:
    """Write a decision down. The very same decision standing already is returned as it is (a second run adds nothing)."""
    if not why.strip():
        raise ResoundError(
            Told(N_("A decision needs a reason.")),
            hint="Give it as --why 'read the article; it is about the visit'.",
        )
    made = Decision(0, kind, article, campaign, value, why, who, now, undoes, basis, 2 if is_second else 1)
    if kind != "undo":
        about = [key for key in (article, value if kind in ("merge", "split") else None) if key is not None]
        standing = _repeated(made, standing_decisions(connection, articles=about or None))
        if standing is not None:
            return standing
    written = {name: getattr(made, name) for name in Decision.__slots__ if name != "id"}
    number = connection.execute(decision.insert().values(**written).returning(decision.c.id)).scalar_one()
    return replace(made, id=number)


def _repeated(made: Decision, standing: Sequence[Decision]) -> Decision | None:
    """The decision that says the same and still has the last word: accept, reject, accept are three decisions."""
    asked = made.question
    sides = {made.article, made.value} - {None}
    for one in reversed(standing):
        if asked is None:
            if (one.kind, one.article, one.value) == (made.kind, made.article, made.value):
                return one
            if {one.kind, made.kind} == {"merge", "split"} and sides & {one.article, one.value}:
                return None  # what was parted since must be merged anew, and the other way round
        elif one.question == asked:
            same = (one.kind, one.value, one.basis) == (made.kind, made.value, made.basis)
            return one if same else None
    return None


def undo_decision(connection: Connection, number: int, *, why: str, who: str, now: datetime) -> Decision:
    """Take a decision back by another one.

    Raises:
        NotFoundError: there is no such decision.
        ConflictError: it was undone already.
        ResoundError: it is itself an undoing.
    """
    row = connection.execute(select(decision).where(decision.c.id == number)).first()
    if row is None:
        raise NotFoundError(
            Told(NO_DECISION, number=number), hint="`resound explain URL` lists an article's decisions."
        )
    if row.kind == "undo":
        raise ResoundError(
            Told(
                N_("Decision %(number)s undid another one; decide anew instead of undoing it."), number=number
            )
        )
    earlier = connection.execute(select(decision).where(decision.c.undoes == number)).first()
    if earlier is not None:
        raise ConflictError(
            Told(
                N_("Decision %(number)s was undone already, by %(who)s (%(at)s UTC)."),
                number=number,
                who=earlier.who,
                at=f"{earlier.at:%Y-%m-%d %H:%M}",
            )
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
            Told(NO_DECISION, number=number), hint="`resound explain URL` lists an article's decisions."
        )
    return Decision(**row._mapping)


def last_decision(connection: Connection, who: str, campaign: str) -> Decision | None:
    """The newest standing decision of one person that is about this campaign, or about no campaign alone."""
    undone = select(decision.c.undoes).where(decision.c.undoes.is_not(None))
    row = connection.execute(
        select(decision)
        .where(
            decision.c.who == who,
            decision.c.kind != "undo",
            decision.c.id.not_in(undone),
            decision.c.campaign.is_(None) | (decision.c.campaign == campaign),
        )
        .order_by(decision.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else Decision(**row._mapping)


def all_decisions(connection: Connection, *, article: str | None = None) -> list[Decision]:
    """Every decision ever made, in order, with those that were undone."""
    statement = select(decision).order_by(decision.c.id)
    if article is not None:
        statement = statement.where((decision.c.article == article) | (decision.c.value == article))
    return [Decision(**row._mapping) for row in connection.execute(statement)]


def standing_decisions(
    connection: Connection, *, articles: Iterable[str] | None = None, campaign: str | None = None
) -> list[Decision]:
    """Decisions that nobody undid, in order.

    With `articles`, those about them (merges and splits name either side); with `campaign`, those for it.
    """
    undone = select(decision.c.undoes).where(decision.c.undoes.is_not(None))
    columns = [decision.c[name] for name in Decision.__slots__]
    statement = select(*columns).where(decision.c.kind != "undo", decision.c.id.not_in(undone))
    if campaign is not None:
        statement = statement.where(decision.c.campaign == campaign)
    statements = (
        [statement]
        if articles is None
        else [
            statement.where(decision.c.article.in_(part) | decision.c.value.in_(part))
            for part in in_parts(articles)
        ]
    )
    found = {row.id: row for one in statements for row in connection.execute(one)}
    return [Decision(*found[number]) for number in sorted(found)]


def overlays(decisions: Iterable[Decision], item_of: Mapping[str, str] | None = None) -> dict[str, Overlay]:
    """article → the latest standing word on each question. Merges and splits are the stories' matter.

    With `item_of` (article → the article that stands for its item) the keys are items, and what was said of any twin
    was said of the item.
    """
    words: dict[str, dict[Question, Decision]] = {}
    for one in decisions:
        if one.article is not None and one.question is not None:
            words.setdefault((item_of or {}).get(one.article, one.article), {})[one.question] = one
    return {key: Overlay(said) for key, said in words.items()}
