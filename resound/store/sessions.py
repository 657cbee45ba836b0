"""Sessions, one-time links, and sign-ins that were tried. Of every secret only the SHA-256 comes here.

Nothing of this is in a backup (`resound.store.portable`), and rows that no longer mean anything are removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from resound.people.roles import Person
from resound.people.throttling import REMEMBERED, Attempt
from resound.store.people import person_of
from resound.store.tables import invitation, session, sign_in

IDLE = timedelta(hours=12)
"""A session that nobody used for so long has ended."""
LONGEST = timedelta(days=14)
"""However much it is used, a session ends so long after the sign-in."""
INVITATION_LASTS = timedelta(days=7)
_TOUCHED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that holds now. `csrf` is what its forms' secret is derived with, and tells nothing by itself."""

    id: str
    person: Person
    csrf: str
    at: datetime
    seen_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time link that may be used. `person` None: whoever opens it becomes the first administrator."""

    id: str
    person: Person | None
    ends_at: datetime


def insert_session(connection: Connection, id_: str, number: int, *, csrf: str, now: datetime) -> None:
    """Begin a session of a person."""
    connection.execute(
        session.insert().values(id=id_, person=number, csrf=csrf, at=now, seen_at=now, ends_at=now + LONGEST)
    )


def find_session(connection: Connection, id_: str, *, now: datetime) -> OpenSession | None:
    """A session that has not ended, of somebody who is let in."""
    row = connection.execute(
        select(session).where(session.c.id == id_, session.c.ends_at > now, session.c.seen_at > now - IDLE)
    ).first()
    if row is None:
        return None
    owner = person_of(connection, row.person)
    if not owner.is_active:
        return None
    return OpenSession(row.id, owner, row.csrf, row.at, row.seen_at, row.ends_at)


def is_touch_due(found: OpenSession, *, now: datetime) -> bool:
    """Whether it is time to write down that a session is in use: not at every request, each would wait for a writer."""
    return now - found.seen_at >= _TOUCHED_EVERY


def touch_session(connection: Connection, id_: str, *, now: datetime) -> None:
    """A session is in use."""
    connection.execute(update(session).where(session.c.id == id_).values(seen_at=now))


def list_sessions(connection: Connection, number: int, *, now: datetime) -> list[OpenSession]:
    """Somebody's sessions that have not ended, the last used first."""
    rows = connection.execute(
        select(session.c.id).where(session.c.person == number).order_by(session.c.seen_at.desc())
    )
    found = (find_session(connection, row.id, now=now) for row in rows.all())
    return [one for one in found if one is not None]


def end_session(connection: Connection, id_: str) -> None:
    """End one session."""
    connection.execute(delete(session).where(session.c.id == id_))


def end_sessions(connection: Connection, number: int) -> int:
    """End all sessions of a person; how many there were."""
    return connection.execute(delete(session).where(session.c.person == number)).rowcount


def insert_invitation(connection: Connection, id_: str, number: int | None, *, now: datetime) -> datetime:
    """Make a one-time link the only one of a person (None: of the first administrator); when it ends."""
    withdraw_invitations(connection, number)
    ends_at = now + INVITATION_LASTS
    connection.execute(invitation.insert().values(id=id_, person=number, at=now, ends_at=ends_at))
    return ends_at


def find_invitation(connection: Connection, id_: str, *, now: datetime) -> Invitation | None:
    """A one-time link that nobody has used and that has not ended."""
    row = connection.execute(select(invitation).where(invitation.c.id == id_, *_usable(now))).first()
    if row is None:
        return None
    owner = None if row.person is None else person_of(connection, row.person)
    if owner is not None and not owner.is_active:
        return None
    return Invitation(row.id, owner, row.ends_at)


def use_invitation(connection: Connection, id_: str, *, now: datetime) -> bool:
    """Use a one-time link; False where somebody was faster. Of any number at once, one gets True."""
    statement = update(invitation).where(invitation.c.id == id_, *_usable(now)).values(used_at=now)
    return connection.execute(statement).rowcount == 1


def withdraw_invitations(connection: Connection, number: int | None) -> None:
    """Make a person's one-time links worthless (None: those of the first administrator)."""
    connection.execute(
        delete(invitation).where(
            invitation.c.person == number if number is not None else invitation.c.person.is_(None),
            invitation.c.used_at.is_(None),
        )
    )


def _usable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (invitation.c.used_at.is_(None), invitation.c.ends_at > now)


def recent_attempts(connection: Connection, *, login: str, address: str, now: datetime) -> list[Attempt]:
    """Sign-ins that were tried with a login or from an address (marks of `resound.people.throttling`)."""
    rows = connection.execute(
        select(sign_in).where(
            or_(sign_in.c.login == login, sign_in.c.address == address), sign_in.c.at > now - REMEMBERED
        )
    )
    return [Attempt(row.login, row.address, row.ok, row.at) for row in rows]


def insert_attempt(connection: Connection, *, login: str, address: str, now: datetime) -> int:
    """Write down that a sign-in is tried, as failed until `settle_attempt`: of many at once each counts at once."""
    made: int = connection.execute(
        sign_in.insert().values(login=login, address=address, ok=False, at=now).returning(sign_in.c.id)
    ).scalar_one()
    return made


def settle_attempt(connection: Connection, number: int) -> None:
    """It was the right password."""
    connection.execute(update(sign_in).where(sign_in.c.id == number).values(ok=True))


def remove_ended(connection: Connection, *, now: datetime) -> None:
    """Remove sessions and links that have ended, and attempts that count no more."""
    connection.execute(delete(session).where(or_(session.c.ends_at <= now, session.c.seen_at <= now - IDLE)))
    connection.execute(delete(invitation).where(invitation.c.ends_at <= now))
    connection.execute(delete(sign_in).where(sign_in.c.at <= now - REMEMBERED))
