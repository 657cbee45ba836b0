"""The queue: one row for each piece of work, claimed with a lease, ended with exactly one outcome.

Claims are made in `Store.lease()` (or in a write that also does the work), everything else in `Store.write()`.

`due` tells everything: 0 is ready, a future second is leased or planned, NULL is finished. A lease ends when its
holder finishes, when its time is over, or when its holder is known to be dead (`release_dead`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select, update

from resound.outcome import STAGES, Outcome, Stage
from resound.store.database import insert_new
from resound.store.holder import is_dead, me, name_holder
from resound.store.tables import work

LEASE_SECONDS = 600.0
MAX_ATTEMPTS = 50
"""Work that was begun this often and never ended (it takes the process with it) is quarantined as `gave-up`.

Many, because whatever else was in hand is counted as well: killing Resound over and over must not give up good work.
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on one piece of work; `due` is its end (epoch seconds) and proves that the lease is still ours."""

    id: int
    stage: Stage
    subject: str
    attempts: int
    due: float


@dataclass(frozen=True, slots=True)
class Tally:
    """How many pieces of work of one stage ended one way; `outcome` is `waiting`, `leased` or `planned` where unfinished."""

    stage: str
    outcome: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class WorkState:
    """How far one piece of work is. While it waits, `reason` and `detail` say why, where something stands in its way."""

    is_finished: bool
    outcome: str
    reason: str
    detail: str


def enqueue(connection: Connection, stage: Stage, subjects: Iterable[str], *, due: float = 0.0) -> None:
    """Add work that is not there yet; what was done or waits already stays as it is."""
    insert_new(
        connection, work, [{"stage": stage, "subject": s, "due": due, "attempts": 0} for s in subjects]
    )


def reopen(connection: Connection, stage: Stage, subjects: Iterable[str], *, due: float = 0.0) -> None:
    """Have work done (again). A holder that is at it now will find its lease gone, and the work is done once more."""
    wanted = list(subjects)
    enqueue(connection, stage, wanted, due=due)
    for start in range(0, len(wanted), 500):
        connection.execute(
            update(work)
            .where(work.c.stage == stage, work.c.subject.in_(wanted[start : start + 500]))
            .values(due=due, attempts=0, holder=None, reason=None, detail=None)
        )


def claim(
    connection: Connection, stage: Stage, *, limit: int, now: datetime, lease: float = LEASE_SECONDS
) -> list[Claim]:
    """Lease up to `limit` pieces of ready work, oldest first. What failed to end too often is quarantined instead."""
    moment = now.timestamp()
    ready = (
        select(work.c.id)
        .where(work.c.stage == stage, work.c.due <= moment)
        .order_by(work.c.due, work.c.id)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        # MATERIALIZED: as a plain subquery it may be run once for each row of the join, and lock more than `limit`.
        cte = ready.with_for_update(skip_locked=True).cte("ready").prefix_with("MATERIALIZED")
        ready = select(cte.c.id)
    rows = connection.execute(
        update(work)
        .where(work.c.id.in_(ready.scalar_subquery()))
        .values(due=moment + lease, attempts=work.c.attempts + 1, holder=me())
        .returning(work.c.id, work.c.stage, work.c.subject, work.c.attempts, work.c.due)
    ).all()
    claims = [Claim(row.id, row.stage, row.subject, row.attempts, row.due) for row in sorted(rows)]
    given_up = [one for one in claims if one.attempts > MAX_ATTEMPTS]
    detail = f"Begun {MAX_ATTEMPTS} times and never ended; the process stopped each time."
    for one in given_up:
        finish(connection, one, Outcome.quarantined("gave-up", detail), now=now)
    return [one for one in claims if one.attempts <= MAX_ATTEMPTS]


def is_finished(connection: Connection, stage: Stage, subject: str) -> bool:
    """Whether this work was ended and nobody asked for it again."""
    statement = select(work.c.id).where(
        work.c.stage == stage, work.c.subject == subject, work.c.due.is_(None)
    )
    return connection.execute(statement).first() is not None


def load_states(connection: Connection, subject: str, stages: Sequence[Stage]) -> dict[Stage, WorkState]:
    """How far the work on one subject is; without the stages that it was never given to."""
    rows = connection.execute(select(work).where(work.c.subject == subject, work.c.stage.in_(stages)))
    return {
        row.stage: WorkState(row.due is None, row.outcome or "", row.reason or "", row.detail or "")
        for row in rows
    }


def finish(connection: Connection, claim: Claim, outcome: Outcome, *, now: datetime) -> bool:
    """End work with its outcome. False where the lease was lost meanwhile: somebody else will end it."""
    ended = connection.execute(
        update(work)
        .where(work.c.id == claim.id, work.c.due == claim.due)
        .values(
            due=None,
            holder=None,
            outcome=outcome.kind,
            reason=outcome.reason,
            detail=outcome.detail[:2000],
            finished_at=now,
        )
    )
    return ended.rowcount == 1


def end_unclaimed(
    connection: Connection, stage: Stage, outcomes: Mapping[str, Outcome], *, now: datetime
) -> None:
    """Write how work ended that nobody had to claim: subject → outcome. Open work of this name is ended with it."""
    enqueue(connection, stage, outcomes)
    for subject, outcome in outcomes.items():
        connection.execute(
            update(work)
            .where(work.c.stage == stage, work.c.subject == subject)
            .values(
                due=None,
                holder=None,
                outcome=outcome.kind,
                reason=outcome.reason,
                detail=outcome.detail[:2000],
                finished_at=now,
            )
        )


def list_quarantined(connection: Connection, stage: Stage) -> dict[str, str]:
    """subject → why, of what waits in a stage's quarantine."""
    statement = select(work.c.subject, work.c.detail).where(
        work.c.stage == stage, work.c.outcome == "quarantined", work.c.due.is_(None)
    )
    return {row.subject: row.detail or "" for row in connection.execute(statement)}


def postpone(connection: Connection, claim: Claim, *, until: datetime, reason: str, detail: str) -> None:
    """Give a lease back to be tried again later, and remember why. The attempt stays counted."""
    connection.execute(
        update(work)
        .where(work.c.id == claim.id, work.c.due == claim.due)
        .values(due=until.timestamp(), holder=None, reason=reason, detail=detail[:2000])
    )


def release(connection: Connection, claims: Sequence[Claim]) -> None:
    """Give leases back untouched: the attempt does not count."""
    for one in claims:
        connection.execute(
            update(work)
            .where(work.c.id == one.id, work.c.due == one.due)
            .values(due=0.0, holder=None, attempts=work.c.attempts - 1)
        )


def leave(connection: Connection, claim: Claim, *, reason: str, detail: str) -> None:
    """Give a lease back as ready, and say why it was not done. The attempt does not count."""
    connection.execute(
        update(work)
        .where(work.c.id == claim.id, work.c.due == claim.due)
        .values(due=0.0, holder=None, attempts=work.c.attempts - 1, reason=reason, detail=detail[:2000])
    )


def explain_waiting(connection: Connection, stage: Stage, *, reason: str, detail: str) -> int:
    """Say of everything that is ready in a stage why nobody does it. Returns how many pieces wait."""
    ready = (work.c.stage == stage, work.c.due == 0)
    connection.execute(
        update(work)
        .where(*ready, func.coalesce(work.c.detail, "") != detail[:2000])
        .values(reason=reason, detail=detail[:2000])
    )
    return connection.execute(select(func.count()).select_from(work).where(*ready)).scalar_one()


def wake(connection: Connection, stages: Sequence[Stage]) -> int:
    """Make ready what was put off with a reason: what stood in its way may be gone. Returns how many pieces."""
    off = (work.c.stage.in_(stages), work.c.due > 0, work.c.holder.is_(None), work.c.reason.is_not(None))
    return connection.execute(update(work).where(*off).values(due=0.0, attempts=0)).rowcount


def waiting_reasons(connection: Connection, stages: Sequence[Stage]) -> list[tuple[Stage, str, str, int]]:
    """(stage, reason, detail, how many) of unfinished work that says why it waits; most first within a stage."""
    rows = connection.execute(
        select(work.c.stage, work.c.reason, work.c.detail, func.count())
        .where(work.c.stage.in_(stages), work.c.due >= 0, work.c.reason.is_not(None))
        .group_by(work.c.stage, work.c.reason, work.c.detail)
    ).all()
    found = [(row[0], str(row[1]), str(row[2] or ""), int(row[3])) for row in rows]
    return sorted(found, key=lambda one: (STAGES.index(one[0]), -one[3], one[1:3]))


def release_dead(connection: Connection) -> int:
    """Give back at once what processes of this machine held when they died. Returns how many pieces."""
    holders = (
        connection.execute(select(work.c.holder).where(work.c.holder.is_not(None)).distinct()).scalars().all()
    )
    dead = [holder for holder in holders if is_dead(holder)]
    if not dead:
        return 0
    return connection.execute(
        update(work).where(work.c.holder.in_(dead)).values(due=0.0, holder=None)
    ).rowcount


def live_holders(connection: Connection, *, now: datetime) -> dict[str, int]:
    """`host, process id` → how many leases it holds that have not run out, of processes that may be alive."""
    rows = connection.execute(
        select(work.c.holder, func.count())
        .where(work.c.holder.is_not(None), work.c.due > now.timestamp())
        .group_by(work.c.holder)
    ).all()
    return {name_holder(holder): count for holder, count in rows if not is_dead(holder)}


def requeue(
    connection: Connection,
    *,
    stage: Stage | None = None,
    outcome: str = "quarantined",
    reason: str | None = None,
    only: Sequence[int] | None = None,
) -> int:
    """Open finished work again (by default everything in quarantine; with `only`, these pieces). Returns how many."""
    wanted = [work.c.due.is_(None), work.c.outcome == outcome]
    if stage is not None:
        wanted.append(work.c.stage == stage)
    if reason is not None:
        wanted.append(work.c.reason == reason)
    if only is not None:
        wanted.append(work.c.id.in_(list(only)))
    opened = {"due": 0.0, "attempts": 0, "outcome": None, "reason": None, "detail": None}
    return connection.execute(update(work).where(*wanted).values(**opened)).rowcount


def tallies(connection: Connection, *, now: datetime) -> list[Tally]:
    """Every stage's outcomes and what is still open, in the order of the stages.

    Of finished work there may be a million rows: all are counted by the index on (stage, outcome, reason) alone, and
    the unfinished ones, which the index on (stage, due) finds and which may keep an earlier outcome, are taken off.
    """
    groups = (work.c.stage, work.c.outcome, work.c.reason)
    ended: Counter[tuple[str, str, str]] = Counter()
    for stage, outcome, reason, count in connection.execute(select(*groups, func.count()).group_by(*groups)):
        ended[stage, outcome or "", reason or ""] += count
    standing = case(
        (work.c.due <= now.timestamp(), "waiting"), (work.c.holder.is_not(None), "leased"), else_="planned"
    )
    # `coalesce`: for plain columns SQLite would walk their index, in the order that grouping asks for, through everything.
    parts = (work.c.stage, func.coalesce(work.c.outcome, ""), func.coalesce(work.c.reason, ""), standing)
    unfinished: Counter[tuple[str, str, str]] = Counter()
    for stage, outcome, reason, label, count in connection.execute(
        select(*parts, func.count()).where(work.c.stage.in_(STAGES), work.c.due >= 0).group_by(*parts)
    ):
        ended[stage, outcome, reason] -= count
        unfinished[stage, label, reason] += count
    found = [Tally(*key, count) for key, count in (ended + unfinished).items()]  # `+` leaves out what is 0
    return sorted(found, key=lambda one: (STAGES.index(one.stage), one.outcome, one.reason))


def count_open(connection: Connection, stage: Stage) -> int:
    """How many pieces of work of a stage are not finished."""
    statement = select(func.count()).select_from(work).where(work.c.stage == stage, work.c.due.is_not(None))
    return int(connection.execute(statement).scalar_one())


def is_idle(connection: Connection, stage: Stage, *, now: datetime) -> bool:
    """Whether nothing of this stage is ready."""
    ready = select(work.c.id).where(work.c.stage == stage, work.c.due <= now.timestamp()).limit(1)
    return connection.execute(ready).first() is None
