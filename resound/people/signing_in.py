"""Who somebody is: by password, one-time link or API key; and the session that remembers it.

A session is a random token in a cookie. Another one begins at every sign-in and whenever what its owner may do or how
they sign in changes, so that a token from before is worth nothing afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from resound.errors import ResoundError, SignInError, TooManyAttemptsError
from resound.people.openid import Claims, is_allowed
from resound.people.passwords import check_password, hash_password, is_outdated, is_password
from resound.people.roles import Person, Role, limit_scopes, read_login, read_name
from resound.people.throttling import address_mark, login_mark, wait_before
from resound.people.tokens import KEY_PREFIX, derive, digest, is_same, new_salt, new_token
from resound.settings import UiLanguage
from resound.store import Store
from resound.store.keys import find_key, is_use_due, touch_key
from resound.store.people import (
    find_person,
    find_subject,
    has_people,
    insert_person,
    person_of,
    record_account_change,
    set_person,
    set_subject,
    stored_password,
)
from resound.store.sessions import (
    OpenSession,
    end_session,
    end_sessions,
    find_invitation,
    find_session,
    insert_attempt,
    insert_session,
    is_touch_due,
    recent_attempts,
    remove_ended,
    settle_attempt,
    touch_session,
    use_invitation,
    withdraw_invitations,
)
from resound.texts import N_

WRONG = N_("Login and password do not fit together, or this account may not sign in.")
WRONG_PASSWORD = N_("This is not your present password.")
TOO_OFTEN = N_("Passwords were tried too often. Wait a while, then try again.")
LINK_ENDED = N_("This link has been used or has ended. Ask an administrator for a new one.")
NOT_KNOWN_HERE = N_("Nobody has made an account here for this address. Ask an administrator for one.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun. `token` is for the cookie and is stored nowhere."""

    token: str
    person: Person


def sign_in(
    store: Store, login: str, password: str, *, address: str, now: datetime, before: str | None = None
) -> SignedIn:
    """Let somebody in by login and password.

    Args:
        address: where the request comes from.
        before: the token that the visitor came with; it is worth nothing afterwards.

    Raises:
        SignInError: the same for an unknown login and a wrong password, in the same time.
        TooManyAttemptsError: nothing was looked at.
    """
    try:
        wanted = read_login(login)
    except ResoundError:
        wanted = ""  # nobody has it; the rest goes on as for any unknown login
    attempt = _begin_attempt(store, login, address=address, now=now)
    with store.read() as connection:
        found = find_person(connection, wanted)
        stored = None if found is None else stored_password(connection, found.id)
    if not is_password(password, stored) or found is None or stored is None:
        raise SignInError(WRONG)
    renewed = hash_password(password) if is_outdated(stored) else None
    with store.write() as connection:
        if stored_password(connection, found.id) != stored:  # changed or shut out while the hash was made
            raise SignInError(WRONG)
        settle_attempt(connection, attempt)
        if renewed is not None:
            set_person(connection, found.id, password=renewed)
        remove_ended(connection, now=now)
        return begin_session(connection, found, now=now, before=before)


def confirm_password(store: Store, person: Person, password: str, *, address: str, now: datetime) -> None:
    """Have somebody who is signed in say their password again. It is throttled as signing in is.

    Raises:
        SignInError: it is another one.
        TooManyAttemptsError: it was not looked at.
    """
    attempt = _begin_attempt(store, person.login, address=address, now=now)
    with store.read() as connection:
        stored = stored_password(connection, person.id)
    if not is_password(password, stored):
        raise SignInError(WRONG_PASSWORD)
    with store.write() as connection:
        settle_attempt(connection, attempt)


def _begin_attempt(store: Store, login: str, *, address: str, now: datetime) -> int:
    marks = {"login": login_mark(login), "address": address_mark(address)}
    with store.write() as connection:
        attempts = recent_attempts(connection, **marks, now=now)
        wait = wait_before(attempts, **marks, now=now)
        if wait:
            raise TooManyAttemptsError(TOO_OFTEN, seconds=math.ceil(wait.total_seconds()))
        return insert_attempt(connection, **marks, now=now)


def begin_session(
    connection: Connection, person: Person, *, now: datetime, before: str | None = None
) -> SignedIn:
    """Begin a session and end the one that the visitor came with."""
    if before is not None:
        end_session(connection, digest(before))
    token = new_token()
    insert_session(connection, digest(token), person.id, csrf=new_token(), now=now)
    return SignedIn(token, person)


def sign_in_elsewhere(
    store: Store,
    claims: Claims,
    *,
    allow: Collection[str],
    role: Role,
    now: datetime,
    before: str | None = None,
) -> SignedIn:
    """Let somebody in for whom an OpenID provider vouches.

    At the first time they are found by their e-mail address: it is the login of an account that waits for them, or it is
    allowed, and an account is made. From then on the provider's own name for them counts, whatever their address.

    Args:
        allow: e-mail addresses, and domains of them, whose owners get an account by themselves.
        role: the role that such an account has.

    Raises:
        SignInError: nobody expects this person here, or they are shut out.
    """
    with store.write() as connection:
        found = find_subject(connection, claims.subject)
        if found is None and claims.email is not None:
            found = find_person(connection, claims.email)
            if found is not None and not set_subject(connection, found.id, claims.subject):
                raise SignInError(NOT_KNOWN_HERE)  # the account is somebody else's at the provider
            if found is None and is_allowed(claims.email, allow) and has_people(connection):
                found = insert_person(
                    connection,
                    login=claims.email,
                    name=claims.name,
                    role=role,
                    subject=claims.subject,
                    now=now,
                )
                record_account_change(connection, found.login, "added", role, who=found.login, now=now)
            if found is not None:
                record_account_change(connection, found.login, "provider", who=found.login, now=now)
        if found is None or not found.is_active:
            raise SignInError(NOT_KNOWN_HERE)
        remove_ended(connection, now=now)
        return begin_session(connection, found, now=now, before=before)


def sign_out(store: Store, token: str) -> None:
    """End the session of a cookie."""
    with store.write() as connection:
        end_session(connection, digest(token))


def sign_out_everywhere(store: Store, person: Person, *, now: datetime) -> SignedIn:
    """End every session of a person but the one that asks, which goes on under another token."""
    with store.write() as connection:
        end_sessions(connection, person.id)
        return begin_session(connection, person, now=now)


def recognise(store: Store, token: str, *, now: datetime) -> OpenSession | None:
    """Whose session a cookie holds; None where it has ended."""
    with store.read() as connection:
        found = find_session(connection, digest(token), now=now)
    if found is not None and is_touch_due(found, now=now):
        with store.write() as connection:
            touch_session(connection, found.id, now=now)
    return found


def recognise_key(store: Store, key: str, *, now: datetime) -> Person | None:
    """Whose API key it is, with no more rights than the key has; None where it is none or no longer holds."""
    if not key.startswith(KEY_PREFIX):
        return None
    with store.read() as connection:
        found = find_key(connection, digest(key))
        owner = None if found is None else person_of(connection, found.person)
    if found is None or owner is None or not owner.is_active:
        return None
    if is_use_due(found, now=now):
        with store.write() as connection:
            touch_key(connection, found.id, now=now)
    return limit_scopes(owner, found.scopes)


def form_token(secret: str) -> str:
    """What a visitor's forms carry, so that no other site can send one (CSRF). Another one each time.

    An answer is packed after it was written, and its length would tell a value that stays the same (BREACH).
    """
    return _salted(secret, new_salt())


def is_form_token(given: str, secret: str) -> bool:
    """Whether a form came from a page that this visitor was shown."""
    return is_same(given, _salted(secret, given.partition(".")[0]))


def _salted(secret: str, salt: str) -> str:
    return f"{salt}.{derive(secret, salt)}"


def change_password(store: Store, person: Person, password: str, *, now: datetime) -> SignedIn:
    """Give a person the password that they chose, and end all their sessions but this one.

    Raises:
        ResoundError: the password is refused; nothing was changed.
    """
    check_password(password, login=person.login)
    made = hash_password(password)
    with store.write() as connection:
        _set_password(connection, person, made)
        record_account_change(connection, person.login, "password", who=person.login, now=now)
        return begin_session(connection, person, now=now)


def accept_invitation(
    store: Store, link: str, password: str, *, now: datetime, before: str | None = None
) -> SignedIn:
    """Let a person in by a one-time link, with the password that they choose.

    Raises:
        SignInError: the link was used or has ended.
        ResoundError: the password is refused; the link may be used again.
    """
    with store.read() as connection:
        found = find_invitation(connection, digest(link), now=now)
    if found is None or found.person is None:
        raise SignInError(LINK_ENDED)
    check_password(password, login=found.person.login)
    made = hash_password(password)
    with store.write() as connection:
        if not use_invitation(connection, found.id, now=now):
            raise SignInError(LINK_ENDED)
        _set_password(connection, found.person, made)
        record_account_change(connection, found.person.login, "password", who=found.person.login, now=now)
        return begin_session(connection, found.person, now=now, before=before)


def set_up(
    store: Store,
    link: str,
    *,
    login: str,
    name: str,
    password: str,
    language: UiLanguage | None = None,
    now: datetime,
    before: str | None = None,
) -> SignedIn:
    """Make the first administrator by the one-time link that `resound serve` printed.

    Raises:
        SignInError: the link was used or has ended, or somebody has an account by now.
        ResoundError: login, name or password are refused; the link may be used again.
    """
    wanted, called = read_login(login), read_name(name)
    check_password(password, login=wanted)
    made = hash_password(password)
    with store.write() as connection:
        found = find_invitation(connection, digest(link), now=now)
        if found is None or found.person is not None or has_people(connection):
            raise SignInError(LINK_ENDED)
        use_invitation(connection, found.id, now=now)
        first = insert_person(
            connection, login=wanted, name=called, role="admin", password=made, language=language, now=now
        )
        record_account_change(connection, wanted, "added", "admin", who=wanted, now=now)
        return begin_session(connection, first, now=now, before=before)


def _set_password(connection: Connection, person: Person, made: str) -> None:
    set_person(connection, person.id, password=made)
    end_sessions(connection, person.id)
    withdraw_invitations(connection, person.id)
