"""Looking after people: adding them, what they may do, shutting them out, their links and keys.

Every change is written down with who made it, and ends the sessions of whoever it is about: what was allowed before is
not carried on. There is always an administrator who can sign in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from resound.errors import ConflictError, ResoundError
from resound.people.passwords import check_password, hash_password
from resound.people.roles import Person, Role, Scope, read_login, read_name
from resound.people.tokens import digest, new_key, new_token
from resound.settings import UiLanguage
from resound.store.keys import insert_key, load_key, revoke_key
from resound.store.people import (
    has_other_admin,
    has_people,
    insert_person,
    load_person,
    record_account_change,
    set_campaign_role,
    set_person,
)
from resound.store.registry import load_campaign
from resound.store.sessions import end_sessions, insert_invitation, withdraw_invitations
from resound.texts import N_

REVOKED = N_("This key was revoked already.")
LAST_ADMIN = N_("At least one administrator must remain. Make somebody else one first.")
FIRST_IS_ADMIN = N_("The first account must be an administrator's: who else could look after the others?")
NOT_INVITED = N_("This person is shut out. Let them in again first.")


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link's token, which is stored nowhere, and until when it holds."""

    token: str
    person: Person | None
    ends_at: datetime


def add_person(
    connection: Connection,
    *,
    login: str,
    name: str,
    role: Role,
    language: UiLanguage | None = None,
    who: str,
    now: datetime,
) -> Person:
    """Make an account, without a password yet: `invite` makes the link by which one is chosen.

    Raises:
        ConflictError: somebody has the login, or it would be the first account and no administrator's.
        ResoundError: login or name are refused.
    """
    wanted, called = read_login(login), read_name(name)
    if role != "admin" and not has_people(connection):
        raise ConflictError(FIRST_IS_ADMIN)
    made = insert_person(connection, login=wanted, name=called, role=role, language=language, now=now)
    withdraw_invitations(connection, None)  # the first administrator's link has had its time
    record_account_change(connection, wanted, "added", role, who=who, now=now)
    return made


def give_role(
    connection: Connection, login: str, role: Role, *, campaign: str | None = None, who: str, now: datetime
) -> Person:
    """Give somebody a role, for all campaigns or for one (`none` takes it away).

    Raises:
        NotFoundError: no such person or campaign.
        ConflictError: nobody else is an administrator.
    """
    person = load_person(connection, login)
    if campaign is None:
        if person.role == role:
            return person
        if role != "admin":
            _leave_an_admin(connection, person)
        set_person(connection, person.id, role=role)
    else:
        if role == "admin":
            raise ResoundError("Nobody is an administrator for one campaign only.")
        if role != "none":
            load_campaign(connection, campaign)
        if person.campaigns.get(campaign, "none") == role:
            return person
        set_campaign_role(connection, person.id, campaign, role)
    end_sessions(connection, person.id)
    record_account_change(connection, login, "role", role, campaign=campaign, who=who, now=now)
    return load_person(connection, login)


def shut_out(connection: Connection, login: str, *, who: str, now: datetime) -> Person:
    """Let somebody in no more: not by password, link or key. What they decided stays.

    Raises:
        NotFoundError: nobody has the login.
        ConflictError: nobody else is an administrator.
    """
    person = load_person(connection, login)
    if person.is_active:
        _leave_an_admin(connection, person)
        set_person(connection, person.id, is_active=False)
        end_sessions(connection, person.id)
        withdraw_invitations(connection, person.id)
        record_account_change(connection, login, "shut out", who=who, now=now)
    return load_person(connection, login)


def let_in(connection: Connection, login: str, *, who: str, now: datetime) -> Person:
    """Let somebody in again who was shut out. Raises NotFoundError where nobody has the login."""
    person = load_person(connection, login)
    if not person.is_active:
        set_person(connection, person.id, is_active=True)
        record_account_change(connection, login, "let in", who=who, now=now)
    return load_person(connection, login)


def invite(connection: Connection, login: str, *, who: str, now: datetime) -> Link:
    """Make the one-time link by which somebody chooses a password; earlier ones are worth nothing.

    Raises:
        NotFoundError: nobody has the login.
        ConflictError: they are shut out.
    """
    person = load_person(connection, login)
    if not person.is_active:
        raise ConflictError(NOT_INVITED)
    token = new_token()
    ends_at = insert_invitation(connection, digest(token), person.id, now=now)
    record_account_change(connection, login, "link", who=who, now=now)
    return Link(token, person, ends_at)


def invite_first(connection: Connection, *, now: datetime) -> Link | None:
    """Make the one-time link of the first administrator; None where somebody has an account."""
    if has_people(connection):
        return None
    token = new_token()
    return Link(token, None, insert_invitation(connection, digest(token), None, now=now))


def link_address(link: Link, base: str | None) -> str:
    """Where a one-time link leads. `base`: the address of the pages; None: those that this machine serves to itself."""
    return f"{base or 'http://127.0.0.1:8000'}/welcome/{link.token}"


def hash_checked(password: str, *, login: str) -> str:
    """The hash of a password that somebody chose. It takes a while: before the transaction, not in it.

    Raises:
        ResoundError: the password is refused.
    """
    check_password(password, login=login)
    return hash_password(password)


def give_password(connection: Connection, login: str, made: str, *, who: str, now: datetime) -> None:
    """Set somebody's password, as `hash_checked` made it, and end their sessions and links."""
    person = load_person(connection, login)
    set_person(connection, person.id, password=made)
    end_sessions(connection, person.id)
    withdraw_invitations(connection, person.id)
    record_account_change(connection, login, "password", who=who, now=now)


def add_key(
    connection: Connection, person: Person, *, name: str, scopes: Sequence[Scope], who: str, now: datetime
) -> str:
    """Make an API key of a person: the key itself, which nobody can be shown again."""
    called = read_name(name)
    key = new_key()
    insert_key(connection, digest(key), number=person.id, name=called, scopes=scopes, now=now)
    detail = f"{called} ({', '.join(scopes)})"
    record_account_change(connection, person.login, "key", detail, who=who, now=now)
    return key


def take_key(connection: Connection, key: int, *, who: str, now: datetime) -> None:
    """Revoke an API key.

    Raises:
        NotFoundError: there is no such key.
        ConflictError: it was revoked already.
    """
    found = load_key(connection, key)
    if not revoke_key(connection, key, now=now):
        raise ConflictError(REVOKED)
    record_account_change(connection, found.login, "key revoked", found.name, who=who, now=now)


def _leave_an_admin(connection: Connection, person: Person) -> None:
    if person.role == "admin" and person.is_active and not has_other_admin(connection, person.id):
        raise ConflictError(LAST_ADMIN)
