"""The outbox: one row for each mail to each recipient, and how far it came.

queued → sending → sent | failed | unknown | dropped. Two marks are durable before anything irrevocable happens: `sending` when
a process takes the row, `data_at` right before the message itself goes over the wire. Whoever finds a row whose holder is
gone knows by them: without `data_at` nothing was sent, and it is queued again; with it nobody knows, and it is *unknown*
until a person says.

`due` is as in `work`: 0 ready, a future second is leased or put off, NULL is finished. It also proves that a lease is
still ours. A transaction here changes one row that it holds, so `claim`, `begin_data`, `record` and `put_back` are made in
`Store.lease()`, which waits for no writer; the rest in `Store.write()`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, func, or_, select, update

from resound.store.database import insert_new
from resound.store.holder import is_dead, me, name_holder
from resound.store.tables import outbox, subscription

State = Literal["queued", "sending", "sent", "failed", "unknown", "dropped"]
STATES: tuple[State, ...] = ("queued", "sending", "sent", "failed", "unknown", "dropped")
LEASE_SECONDS = 900.0
"""Longer than the slowest conversation with a mail server."""
GIVE_UP = timedelta(days=3)
"""A mail that was not taken for so long is failed: its news is old."""
_BATCH = 100
_NO_MORE_READ = "They no longer read this list."


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be queued, as it will go over the wire: packed, and its SHA-256 before it was packed."""

    address: str
    message_id: str
    packed: bytes
    sha256: str
    subscription: int | None = None


def make_letter(address: str, message_id: str, data: bytes, *, subscription: int | None = None) -> Letter:
    """Pack a message as it will go over the wire."""
    return Letter(address, message_id, zlib.compress(data), sha256(data).hexdigest(), subscription)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A lease on one mail. `due` proves it; `data_at` is set by `begin_data`."""

    id: int
    address: str
    data: bytes
    attempts: int
    due: float
    data_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A row, for people. `at`: when it was queued; `next_at` (epoch seconds): when it is tried again."""

    id: int
    occasion: str
    address: str
    message_id: str
    state: State
    attempts: int
    next_at: float | None
    reason: str
    who: str
    at: datetime
    ended_at: datetime | None


def add_letters(connection: Connection, occasion: str, letters: Iterable[Letter], *, now: datetime) -> int:
    """Queue mails; a recipient who has one of this occasion already, whatever became of it, gets no other. How many were new."""
    before = _count(connection, occasion)
    rest = iter(letters)
    while batch := list(islice(rest, _BATCH)):
        rows = [
            {
                "occasion": occasion,
                "address": one.address,
                "subscription": one.subscription,
                "message_id": one.message_id,
                "sha256": one.sha256,
                "message": one.packed,
                "state": "queued",
                "due": 0.0,
                "attempts": 0,
                "reason": "",
                "who": "",
                "at": now,
            }
            for one in batch
        ]
        insert_new(connection, outbox, rows)
    return _count(connection, occasion) - before


def claim(connection: Connection, *, now: datetime) -> Claimed | None:
    """Lease the mail that waits longest. What is too old is failed, and who no longer reads the list gets none."""
    moment = now.timestamp()
    while True:
        ready = (
            select(outbox.c.id)
            .where(outbox.c.state == "queued", outbox.c.due <= moment)
            .order_by(outbox.c.due, outbox.c.id)
            .limit(1)
        )
        if connection.dialect.name == "postgresql":
            # MATERIALIZED: as a plain subquery it may be run once for each row of the join, and lock more than one.
            cte = ready.with_for_update(skip_locked=True).cte("ready").prefix_with("MATERIALIZED")
            ready = select(cte.c.id)
        row = connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(ready.scalar_subquery()))
            .values(
                state="sending",
                due=moment + LEASE_SECONDS,
                holder=me(),
                attempts=outbox.c.attempts + 1,
                data_at=None,
            )
            .returning(outbox)
        ).first()
        if row is None:
            return None
        if _has_ended(connection, row.subscription):
            _end(connection, row.id, "dropped", _NO_MORE_READ, now)
        elif now - row.at > GIVE_UP:
            _end(
                connection, row.id, "failed", f"Given up after {GIVE_UP.days} days. {row.reason}".strip(), now
            )
        else:
            return Claimed(row.id, row.address, zlib.decompress(row.message), row.attempts, row.due)


def begin_data(connection: Connection, claimed: Claimed, *, now: datetime) -> Claimed | None:
    """Mark that the message itself goes over the wire next. None where the lease was lost: then it must not."""
    due = now.timestamp() + LEASE_SECONDS
    marked = connection.execute(update(outbox).where(*_held(claimed)).values(data_at=now, due=due))
    if marked.rowcount != 1:
        return None
    return Claimed(claimed.id, claimed.address, claimed.data, claimed.attempts, due, now)


def record(
    connection: Connection,
    claimed: Claimed,
    state: State,
    reason: str,
    *,
    now: datetime,
    due: datetime | None = None,
) -> bool:
    """Write what became of a mail; `due` says when one that is queued is tried again. False where it is no longer ours.

    An answer that comes after the lease has ended is still the truth about a mail that was meanwhile called unknown.
    """
    ours = [outbox.c.id == claimed.id]
    if claimed.data_at is None:
        ours += _held(claimed)
    else:
        ours += [outbox.c.data_at == claimed.data_at, outbox.c.state.in_(("sending", "unknown"))]
    is_over = state != "queued"
    values: dict[str, Any] = {
        "state": state,
        "reason": reason,
        "holder": None,
        "due": None if is_over else (due or now).timestamp(),
        "ended_at": now if is_over else None,
    }
    if state == "sent":
        values["message"] = None
    if state != "unknown":
        values["data_at"] = None
    return connection.execute(update(outbox).where(*ours).values(**values)).rowcount == 1


def put_back(connection: Connection, claimed: Claimed, reason: str) -> None:
    """Give a lease back untouched: the server could not be used, which is no fault of this mail."""
    connection.execute(
        update(outbox)
        .where(*_held(claimed))
        .values(
            state="queued", due=0.0, holder=None, data_at=None, attempts=outbox.c.attempts - 1, reason=reason
        )
    )


def settle_broken(connection: Connection, *, now: datetime) -> tuple[int, int]:
    """Take over what processes left that are gone or whose lease has ended: (how many are queued again, how many unknown)."""
    holders = connection.execute(
        select(outbox.c.holder).where(outbox.c.state == "sending", outbox.c.holder.is_not(None)).distinct()
    ).scalars()
    gone = [one for one in holders if is_dead(one)]
    left = (
        outbox.c.state == "sending",
        or_(outbox.c.due <= now.timestamp(), outbox.c.holder.in_(gone), outbox.c.holder.is_(None)),
    )
    unknown = connection.execute(
        update(outbox)
        .where(*left, outbox.c.data_at.is_not(None))
        .values(
            state="unknown",
            due=None,
            holder=None,
            ended_at=now,
            reason="The process that sent it ended before the server's answer was written down.",
        )
    ).rowcount
    queued = connection.execute(
        update(outbox).where(*left, outbox.c.data_at.is_(None)).values(state="queued", due=0.0, holder=None)
    ).rowcount
    return queued, unknown


def resend(connection: Connection, ids: Sequence[int], *, who: str, why: str, now: datetime) -> list[int]:
    """Queue mails again that failed or are unknown; a person takes it upon them that one may arrive twice. Which were."""
    return _decide(
        connection, ids, ("failed", "unknown"), who, why,
        {"state": "queued", "due": 0.0, "attempts": 0, "data_at": None, "ended_at": None, "at": now},
    )  # fmt: skip


def drop(connection: Connection, ids: Sequence[int], *, who: str, why: str, now: datetime) -> list[int]:
    """Give mails up that are not on their way and were not sent. Which were."""
    return _decide(
        connection, ids, ("queued", "failed", "unknown"), who, why,
        {"state": "dropped", "due": None, "holder": None, "message": None, "ended_at": now},
    )  # fmt: skip


def doubt_all(connection: Connection, *, reason: str) -> None:
    """Call everything unknown that was not yet ended: in a copy of a store, whose original may have sent it meanwhile."""
    connection.execute(
        update(outbox)
        .where(outbox.c.state.in_(("queued", "sending")))
        .values(state="unknown", due=None, holder=None, ended_at=outbox.c.at, reason=reason)
    )


def list_posted(
    connection: Connection,
    *,
    states: Sequence[State] = STATES,
    occasion: str | None = None,
    limit: int | None = None,
) -> list[Posted]:
    """Rows, newest first."""
    columns = [
        one for one in outbox.c if one.name not in ("message", "sha256", "subscription", "holder", "data_at")
    ]
    statement = select(*columns).where(outbox.c.state.in_(list(states))).order_by(outbox.c.id.desc())
    if occasion is not None:
        statement = statement.where(outbox.c.occasion == occasion)
    return [
        Posted(
            row.id, row.occasion, row.address, row.message_id, row.state, row.attempts,
            row.due if row.state == "queued" else None, row.reason, row.who, row.at, row.ended_at,
        )
        for row in connection.execute(statement.limit(limit))
    ]  # fmt: skip


def count_states(connection: Connection, *, occasion: str | None = None) -> dict[State, int]:
    """state → how many, of everything or of one occasion."""
    statement = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    if occasion is not None:
        statement = statement.where(outbox.c.occasion == occasion)
    found: Mapping[State, int] = {row[0]: int(row[1]) for row in connection.execute(statement)}
    return {state: found[state] for state in STATES if state in found}


def count_queued(connection: Connection, address: str, *, about: str, since: datetime) -> int:
    """How many mails to an address, of occasions that begin so, were queued since then, whatever became of them."""
    statement = (
        select(func.count())
        .select_from(outbox)
        .where(
            outbox.c.address == address,
            outbox.c.occasion.startswith(about, autoescape=True),
            outbox.c.at >= since,
        )
    )
    return int(connection.execute(statement).scalar_one())


def count_ended_badly(connection: Connection, *, since: datetime) -> dict[State, int]:
    """state → how many became failed or unknown since then and still are."""
    statement = (
        select(outbox.c.state, func.count())
        .where(outbox.c.state.in_(("failed", "unknown")), outbox.c.ended_at >= since)
        .group_by(outbox.c.state)
    )
    return {row[0]: int(row[1]) for row in connection.execute(statement)}


def live_holders(connection: Connection, *, now: datetime) -> dict[str, int]:
    """`host, process id` → how many mails it is sending, of processes that may be alive."""
    rows = connection.execute(
        select(outbox.c.holder, func.count())
        .where(outbox.c.state == "sending", outbox.c.holder.is_not(None), outbox.c.due > now.timestamp())
        .group_by(outbox.c.holder)
    )
    return {name_holder(row[0]): int(row[1]) for row in rows if not is_dead(row[0])}


def _held(claimed: Claimed) -> list[Any]:
    """The row as it was leased. A clock that was set back may give two leases one end; the attempt tells them apart."""
    return [
        outbox.c.id == claimed.id,
        outbox.c.state == "sending",
        outbox.c.due == claimed.due,
        outbox.c.attempts == claimed.attempts,
        outbox.c.data_at.is_(None),
    ]


def _has_ended(connection: Connection, subscription_id: int | None) -> bool:
    if subscription_id is None:
        return False
    statement = select(subscription.c.ended_at).where(subscription.c.id == subscription_id)
    return connection.execute(statement).scalar() is not None


def _end(connection: Connection, row_id: int, state: State, reason: str, now: datetime) -> None:
    values: dict[str, Any] = {"state": state, "due": None, "holder": None, "reason": reason, "ended_at": now}
    if state == "dropped":
        values["message"] = None
    connection.execute(update(outbox).where(outbox.c.id == row_id).values(**values))


def _decide(
    connection: Connection,
    ids: Sequence[int],
    states: Sequence[State],
    who: str,
    why: str,
    values: Mapping[str, Any],
) -> list[int]:
    rows = connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(list(ids)), outbox.c.state.in_(list(states)))
        .values(**values, who=who, reason=why)
        .returning(outbox.c.id)
    )
    return sorted(row.id for row in rows)


def _count(connection: Connection, occasion: str) -> int:
    statement = select(func.count()).select_from(outbox).where(outbox.c.occasion == occasion)
    return connection.execute(statement).scalar_one()
