"""A process that sends what is in the outbox, to be killed at any moment."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from resound.sending.mail import MailServer
from resound.sending.outbox import Backoff, send_waiting
from resound.store import open_store
from resound.store.outbox import count_states

SOON = Backoff(first=timedelta(milliseconds=20), longest=timedelta(milliseconds=200))


def now() -> datetime:
    return datetime.now(UTC)


def send_all(address: str, port: int, *, seconds: float = 60) -> None:
    """Send until nothing waits."""
    server = MailServer(
        "127.0.0.1", port, "none", "press@cpc.example", "Resound <press@cpc.example>", timeout=10
    )
    store = open_store(address)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        send_waiting(store, server, clock=now, backoff=SOON)
        with store.read() as connection:
            waiting = count_states(connection)
        if not waiting.get("queued") and not waiting.get("sending"):
            break
        time.sleep(0.02)
    store.close()
