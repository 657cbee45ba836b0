"""Who reads a list: asked, confirmed, ended. Links are signed; following one needs no account.

A link's token is the subscription's number and a signature by the subscription's own key, for one purpose: it tells
nothing, cannot be made up, and is the same in every mail, so that an old mail's link still ends the subscription.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection

from resound.errors import ConflictError, NotFoundError, ResoundError
from resound.sending.addresses import read_address
from resound.store.lists import (
    LISTS_HINT,
    NO_LIST,
    Ending,
    Subscription,
    find_list,
    find_subscription,
    load_subscription,
    save_subscription,
)
from resound.texts import N_
from resound.told import Told

if TYPE_CHECKING:
    from resound.settings import UiLanguage

Purpose = Literal["confirm", "unsubscribe"]
CONFIRM_WITHIN = timedelta(days=14)
"""A request that nobody confirmed for so long is void."""
_NUMBER = 6
_SIGNATURE = 24


def subscribe(
    connection: Connection,
    list_id: str,
    address: str,
    *,
    name: str = "",
    language: UiLanguage,
    who: str,
    why: str = "",
    is_confirmed: bool = False,
    now: datetime,
) -> Subscription:
    """Ask for a subscription; it is read once its owner confirms it (`link_token(…, "confirm")`, in a mail to the address).

    Args:
        who: who wrote it down; empty where the owner asked.
        is_confirmed: the owner's consent is known otherwise, and `why` says how.

    Raises:
        NotFoundError: there is no such list.
        ConflictError: this address reads the list already.
        ResoundError: it is no address; or somebody who complained or left is to be put back without asking.
    """
    if find_list(connection, list_id) is None:
        raise NotFoundError(Told(NO_LIST, id=repr(list_id)), hint=LISTS_HINT)
    try:
        address = read_address(address)
    except ValueError as err:
        raise ResoundError(
            Told(N_("%(text)s is no mail address such as press@example.org."), text=repr(address[:100]))
        ) from err
    if is_confirmed and not why:
        raise ResoundError(Told(N_("Say how their consent is known: it stays with the subscription.")))
    known = find_subscription(connection, list_id, address)
    if known is not None and known.is_read:
        raise ConflictError(
            Told(N_("%(address)s reads the list %(list)s already."), address=address, list=list_id)
        )
    if is_confirmed and known is not None and known.ended_by in ("complained", "unsubscribed"):
        raise ResoundError(
            Told(
                N_("%(address)s left the list %(list)s: only they can come back, by confirming a request."),
                address=address,
                list=list_id,
            )
        )
    # How an earlier one ended stays until its owner comes back: a stranger's request must not wipe out a complaint.
    ended_at, ended_by = (None, None) if known is None or is_confirmed else (known.ended_at, known.ended_by)
    return save_subscription(
        connection,
        Subscription(
            id=0 if known is None else known.id,
            list=list_id,
            address=address,
            name=name,
            language=language,
            key=secrets.token_urlsafe(32) if known is None else known.key,
            asked_at=now,
            confirmed_at=now if is_confirmed else None,
            ended_at=ended_at,
            ended_by=ended_by,
            who=who,
            why=why,
        ),
    )


def link_token(of: Subscription, purpose: Purpose) -> str:
    """What stands in a link, 40 characters."""
    signed = hmac.new(of.key.encode(), f"{purpose}\n{_round(of, purpose)}".encode(), sha256).digest()
    return urlsafe_b64encode(of.id.to_bytes(_NUMBER) + signed[:_SIGNATURE]).decode()


def read_token(connection: Connection, token: str, purpose: Purpose) -> Subscription:
    """Whose link it is. Raises NotFoundError for a token that we did not make, or not for this."""
    nobody = NotFoundError(
        Told(N_("This link is not valid (any more). Look for the link in the newest mail."))
    )
    try:
        raw = urlsafe_b64decode(token.encode())
    except (Base64Error, ValueError) as err:
        raise nobody from err
    number = int.from_bytes(raw[:_NUMBER])
    is_possible = len(raw) == _NUMBER + _SIGNATURE and number < 2**31  # what a database's integer holds
    found = load_subscription(connection, number) if is_possible else None
    if found is None or not hmac.compare_digest(link_token(found, purpose).encode(), token.encode()):
        raise nobody
    return found


def find_request(connection: Connection, token: str, *, now: datetime) -> Subscription:
    """What a link would confirm, or has confirmed already. Changes nothing.

    Raises:
        NotFoundError: the link is not valid, or was made too long ago, or the subscription has ended since.
    """
    found = read_token(connection, token, "confirm")
    has_ended_since = found.ended_at is not None and found.ended_at >= found.asked_at
    if not found.is_read and (has_ended_since or now - found.asked_at > CONFIRM_WITHIN):
        raise NotFoundError(
            Told(N_("This link has run out. Ask for the digest again; a new one comes by mail."))
        )
    return found


def confirm(connection: Connection, token: str, *, now: datetime) -> Subscription:
    """The owner says yes. Twice is once. Raises NotFoundError as `find_request` does."""
    found = find_request(connection, token, now=now)
    if found.is_read:
        return found
    return save_subscription(connection, replace(found, confirmed_at=now, ended_at=None, ended_by=None))


def end(
    connection: Connection, of: Subscription, by: Ending, *, who: str, why: str = "", now: datetime
) -> Subscription:
    """No more mail. What ended it first stays, unless it is a complaint that comes."""
    if of.ended_at is not None and of.ended_at >= of.asked_at and by != "complained":
        return of
    return save_subscription(connection, replace(of, ended_at=now, ended_by=by, who=who, why=why))


def unsubscribe(connection: Connection, token: str, *, now: datetime) -> Subscription:
    """The owner's one click (RFC 8058). Twice is once. Raises NotFoundError for a link that is not valid."""
    return end(connection, read_token(connection, token, "unsubscribe"), "unsubscribed", who="", now=now)


def _round(of: Subscription, purpose: Purpose) -> str:
    """A link that confirms is for one request only; one that unsubscribes is for ever."""
    return of.asked_at.isoformat() if purpose == "confirm" else ""
