"""People with accounts, what each may do, and who changed that. Nobody is ever removed: decisions name them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from resound.definitions.written import EDITED
from resound.errors import ConflictError, NotFoundError
from resound.people.roles import Person, Role
from resound.settings import UiLanguage
from resound.store.database import upsert
from resound.store.tables import campaign_role, definition, invitation, person, session
from resound.texts import N_
from resound.told import Told

LOGIN_TAKEN = N_("Somebody has this login already. Choose another one.")
ACCOUNT = "account"
"""The kind of the definitions that say who changed whose account: a version for each change, by login."""


Change = Literal["added", "role", "shut out", "let in", "link", "password", "provider", "key", "key revoked"]
"""What can happen to an account. `provider`: somebody signed in through OpenID Connect for the first time."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person as those who look after accounts see them."""

    person: Person
    at: datetime
    has_password: bool
    signs_in_elsewhere: bool
    """Through OpenID Connect."""
    seen_at: datetime | None
    """When a session of theirs that has not ended was last used."""
    invited_until: datetime | None
    """The end of a one-time link that nobody has used yet."""


@dataclass(frozen=True, slots=True)
class AccountChange:
    """Who did what with whose account."""

    login: str
    campaign: str | None
    what: Change
    detail: str
    who: str
    at: datetime


def insert_person(
    connection: Connection,
    *,
    login: str,
    name: str,
    role: Role,
    password: str | None = None,
    subject: str | None = None,
    language: UiLanguage | None = None,
    now: datetime,
) -> Person:
    """Store a new person; `password` is a hash.

    Raises:
        ConflictError: somebody has this login.
    """
    if find_person(connection, login) is not None:
        raise ConflictError(LOGIN_TAKEN)
    number = connection.execute(
        person.insert()
        .values(
            login=login,
            name=name,
            role=role,
            password=password,
            subject=subject,
            language=language,
            is_active=True,
            at=now,
        )
        .returning(person.c.id)
    ).scalar_one()
    return Person(number, login, name, role, {}, language)


def has_people(connection: Connection) -> bool:
    """Whether anybody has an account: then everybody signs in."""
    return connection.execute(select(person.c.id).limit(1)).first() is not None


def has_other_admin(connection: Connection, number: int) -> bool:
    """Whether anybody but this person can sign in and look after the others."""
    statement = select(person.c.id).where(
        person.c.id != number,
        person.c.role == "admin",
        person.c.is_active,
        or_(person.c.password.is_not(None), person.c.subject.is_not(None)),
    )
    return connection.execute(statement.limit(1)).first() is not None


def find_person(connection: Connection, login: str) -> Person | None:
    """Somebody by login."""
    return _one(connection, person.c.login == login)


def find_subject(connection: Connection, subject: str) -> Person | None:
    """Somebody by what an OpenID provider calls them."""
    return _one(connection, person.c.subject == subject)


def load_person(connection: Connection, login: str) -> Person:
    """Somebody by login.

    Raises:
        NotFoundError: nobody has it.
    """
    found = find_person(connection, login)
    if found is None:
        raise NotFoundError(
            Told(N_("Nobody has the login %(login)s."), login=repr(login)),
            hint="`resound user list` shows who there is.",
        )
    return found


def person_of(connection: Connection, number: int) -> Person:
    """The person that a row of the store belongs to."""
    found = _one(connection, person.c.id == number)
    if found is None:
        raise NotFoundError(Told(N_("This person has no account any more.")))
    return found


def stored_password(connection: Connection, number: int) -> str | None:
    """The hash of somebody's password. None: they have none, or are not let in."""
    statement = select(person.c.password).where(person.c.id == number, person.c.is_active)
    return connection.execute(statement).scalar()


def list_accounts(connection: Connection, *, now: datetime) -> list[Account]:
    """Everybody, by login."""
    seen = _by_person(
        connection.execute(
            select(session.c.person, func.max(session.c.seen_at)).group_by(session.c.person)
        ).all()
    )
    invited = _by_person(
        connection.execute(
            select(invitation.c.person, func.max(invitation.c.ends_at))
            .where(invitation.c.used_at.is_(None), invitation.c.ends_at > now)
            .group_by(invitation.c.person)
        ).all()
    )
    roles = _campaign_roles(connection)
    return [
        Account(
            _person(row, roles[row.id]),
            row.at,
            row.password is not None,
            row.subject is not None,
            seen.get(row.id),
            invited.get(row.id),
        )
        for row in connection.execute(select(person).order_by(person.c.login))
    ]


def set_person(connection: Connection, number: int, **values: Any) -> None:
    """Set columns of a person: name, role, language, password (a hash), subject, is_active."""
    connection.execute(update(person).where(person.c.id == number).values(**values))


def set_subject(connection: Connection, number: int, subject: str) -> bool:
    """Have an account be signed in to through OpenID Connect; False where it is somebody else's there already."""
    statement = update(person).where(person.c.id == number, person.c.subject.is_(None))
    return connection.execute(statement.values(subject=subject)).rowcount == 1


def set_campaign_role(connection: Connection, number: int, campaign: str, role: Role) -> None:
    """Give somebody a role for one campaign; `none` takes it away."""
    if role == "none":
        connection.execute(
            delete(campaign_role).where(
                campaign_role.c.person == number, campaign_role.c.campaign == campaign
            )
        )
    else:
        upsert(connection, campaign_role, [{"person": number, "campaign": campaign, "role": role}])


def record_account_change(
    connection: Connection,
    login: str,
    what: Change,
    detail: str = "",
    *,
    campaign: str | None = None,
    who: str,
    now: datetime,
) -> None:
    """Write down who did what with an account, where every version of every definition is: for ever, never changed."""
    body = {"what": what, "detail": detail, "campaign": campaign}
    earlier = connection.execute(
        select(func.max(definition.c.version)).where(definition.c.kind == ACCOUNT, definition.c.key == login)
    ).scalar()
    connection.execute(
        definition.insert().values(
            kind=ACCOUNT,
            key=login,
            version=(earlier or 0) + 1,
            body=body,
            sha256=sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(),
            came_from=EDITED,
            who=who,
            at=now,
        )
    )


def list_account_changes(
    connection: Connection, *, login: str | None = None, limit: int = 100
) -> list[AccountChange]:
    """Who did what with accounts, the latest first."""
    statement = (
        select(definition).where(definition.c.kind == ACCOUNT).order_by(definition.c.id.desc()).limit(limit)
    )
    if login is not None:
        statement = statement.where(definition.c.key == login)
    return [
        AccountChange(row.key, row.body["campaign"], row.body["what"], row.body["detail"], row.who, row.at)
        for row in connection.execute(statement)
    ]


def _one(connection: Connection, condition: ColumnElement[bool]) -> Person | None:
    row = connection.execute(select(person).where(condition)).first()
    return None if row is None else _person(row, _campaign_roles(connection, row.id)[row.id])


def _campaign_roles(connection: Connection, number: int | None = None) -> dict[int, dict[str, Role]]:
    statement = select(campaign_role).order_by(campaign_role.c.campaign)
    if number is not None:
        statement = statement.where(campaign_role.c.person == number)
    found: dict[int, dict[str, Role]] = defaultdict(dict)
    for row in connection.execute(statement):
        found[row.person][row.campaign] = row.role
    return found


def _person(row: Any, campaigns: Mapping[str, Role]) -> Person:
    return Person(row.id, row.login, row.name, row.role, campaigns, row.language, row.is_active)


def _by_person(rows: Any) -> dict[int, datetime]:
    return {row[0]: row[1] for row in rows}
