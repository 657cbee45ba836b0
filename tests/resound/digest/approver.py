"""A process that approves an issue, to be killed at any moment."""

from __future__ import annotations

from datetime import UTC, datetime
from multiprocessing.synchronize import Event

from resound.digest.approving import approve_issue
from resound.mail import MailServer
from resound.store import open_store
from tests.resound.digest.week import PUBLIC


def approve_one(address: str, week: str, begun: Event) -> None:
    """Approve, having rung."""
    server = MailServer("127.0.0.1", 9, "none", "press@cpc.example", "Resound <press@cpc.example>")
    store = open_store(address)
    begun.set()
    approve_issue(store, "managers", week, server=server, public_url=PUBLIC, who="lin", now=datetime.now(UTC))
    store.close()
