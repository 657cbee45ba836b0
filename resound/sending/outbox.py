"""Mail that is sent once: queued with everything else that a decision writes, then sent from the store, one by one.

`queue_mail` belongs to the transaction that decides (an issue is approved, an alert is due); `send_waiting` is called again and
again, by as many processes as there are. `resound.store.outbox` says why nobody gets two and nobody is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from resound.errors import MailError, MailServerError, StoreError
from resound.sending.addresses import domain_of, read_address
from resound.sending.mail import Delivery, DeliveryKind, MailConnection, MailServer, render_message
from resound.store import Store
from resound.store.outbox import (
    Claimed,
    Letter,
    State,
    add_letters,
    begin_data,
    claim,
    make_letter,
    put_back,
    record,
    settle_broken,
)

Clock = Callable[[], datetime]
_STATES: Mapping[DeliveryKind, State] = {
    "sent": "sent",
    "refused": "failed",
    "unknown": "unknown",
    "later": "queued",
}


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a mail waits after it was not taken for now: `first`, then twice as long each time, at most `longest`."""

    first: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(hours=4)

    def after(self, attempts: int) -> timedelta:
        """The wait after so many attempts (1, 2, …)."""
        return min(self.first * (1 << min(attempts - 1, 30)), self.longest)


BACKOFF = Backoff()


@dataclass(slots=True)
class Sending:
    """What one round did: state → how many mails came to it. `trouble`: why the round ended before its time; else empty."""

    ended: dict[State, int] = field(default_factory=dict)
    taken_over: int = 0
    trouble: str = ""

    def count(self, state: State, number: int = 1) -> None:
        """Add to a state."""
        if number:
            self.ended[state] = self.ended.get(state, 0) + number


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished message for one recipient; `subscription` where it is read by subscription, and ends with it."""

    address: str
    message: EmailMessage
    subscription: int | None = None


class _LeaseLostError(Exception):
    """Another process has this mail in hand."""


def queue_mail(
    connection: Connection, occasion: str, mails: Iterable[Mail], *, server: MailServer, now: datetime
) -> int:
    """Put mails into the outbox, in the caller's transaction; who has one of this occasion already gets no other.

    Date and Message-ID are set here; the latter is the same whenever this occasion is queued for this address.

    Args:
        occasion: what they are sent for (`issue/12`): one mail a recipient, for ever.

    Returns:
        how many are new.

    Raises:
        MailError: a message cannot be sent as it is; nothing of the caller's transaction should stay.
    """
    return add_letters(connection, occasion, write_letters(occasion, mails, server=server, now=now), now=now)


def write_letters(
    occasion: str, mails: Iterable[Mail], *, server: MailServer, now: datetime
) -> Iterator[Letter]:
    """What `queue_mail` puts into the outbox, for `add_letters`: writing many takes seconds, in which no write need wait.

    Raises:
        MailError: as for `queue_mail`.
    """
    return (_letter(occasion, one, server, now) for one in mails)


def message_id(occasion: str, address: str, *, sender: str) -> str:
    """The Message-ID of one occasion's mail to one address: always the same, and nothing can be read out of it."""
    told = sha256(f"{occasion}\n{address}".encode()).hexdigest()[:40]
    return f"<{told}@{domain_of(sender)}>"


def send_waiting(
    store: Store,
    server: MailServer,
    *,
    clock: Clock,
    backoff: Backoff = BACKOFF,
    should_stop: Callable[[], bool] = lambda: False,
) -> Sending:
    """Send what waits, one after another, until nothing is ready. Safe in several processes at once.

    A server that cannot be used, or that breaks connections which have carried nothing, ends the round: what waits goes on
    waiting. `should_stop` is asked between two mails.
    """
    round_ = Sending()
    with store.write() as connection:
        queued, unknown = settle_broken(connection, now=clock())
    round_.taken_over = queued
    round_.count("unknown", unknown)
    with MailConnection(server) as line:
        while not should_stop():
            with store.lease() as connection:
                claimed = claim(connection, now=clock())
            if claimed is None:
                break
            try:
                _send(store, line, claimed, round_, clock, backoff)
            except MailServerError as err:
                with store.lease() as connection:
                    put_back(connection, claimed, str(err))
                round_.trouble = str(err)
                break
            except (StoreError, OperationalError):
                # The mark before DATA could not be written: nothing was sent. (Where DATA had begun, this changes nothing.)
                with suppress(StoreError, OperationalError), store.lease() as connection:
                    put_back(connection, claimed, "The store was busy.")
                raise
            if line.is_failing:
                round_.trouble = f"The mail server {server.place} breaks connections; the rest waits."
                break
    return round_


def _letter(occasion: str, mail: Mail, server: MailServer, now: datetime) -> Letter:
    try:
        address = read_address(mail.address)
    except ValueError as err:
        raise MailError(f"A mail cannot be queued: {err}.") from err
    message = mail.message
    if message["To"] is None or message["From"] is None or message["Subject"] is None:
        raise MailError("A mail needs To, From and Subject.")
    made = message_id(occasion, address, sender=server.sender)
    for name in ("Message-ID", "Date"):
        del message[name]
    message["Message-ID"] = made
    message["Date"] = format_datetime(now)
    return make_letter(address, made, render_message(message), subscription=mail.subscription)


def _send(
    store: Store, line: MailConnection, claimed: Claimed, round_: Sending, clock: Clock, backoff: Backoff
) -> None:
    begun = claimed

    def mark() -> None:
        nonlocal begun
        with store.lease() as connection:
            marked = begin_data(connection, claimed, now=clock())
        if marked is None:
            raise _LeaseLostError
        begun = marked

    try:
        delivery = line.deliver(claimed.address, claimed.data, before_data=mark)
    except _LeaseLostError:
        return  # whoever has it now will say what became of it
    _record(store, begun, delivery, clock, backoff)
    round_.count(_STATES[delivery.kind])


def _record(store: Store, claimed: Claimed, delivery: Delivery, clock: Clock, backoff: Backoff) -> None:
    """Write the answer down. A store that is busy or away is asked again: an answer that is lost makes a mail unknown."""
    due = clock() + backoff.after(claimed.attempts) if delivery.kind == "later" else None
    for attempt in Retrying(
        retry=retry_if_exception_type((StoreError, OperationalError)),
        wait=wait_exponential(multiplier=0.5, max=20),
        stop=stop_after_delay(300),
        reraise=True,
    ):
        with attempt, store.lease() as connection:
            record(connection, claimed, _STATES[delivery.kind], delivery.reason, now=clock(), due=due)
