"""A process that approves an issue, to be killed at any moment."""

from __future__ import annotations

from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from typing import Any

from resound.digest import approving
from resound.sending.mail import MailServer
from resound.store import open_store
from resound.store.outbox import add_letters
from tests.resound.digest.week import PUBLIC


def approve_one(address: str, week: str, begun: Event) -> None:
    """Approve; ring when the write has begun, so that a kill falls into it or a little behind it."""

    def ring_and_add(*given: Any, **named: Any) -> int:
        begun.set()
        return add_letters(*given, **named)

    approving.add_letters = ring_and_add  # type: ignore[attr-defined]
    server = MailServer("127.0.0.1", 9, "none", "press@cpc.example", "Resound <press@cpc.example>")
    store = open_store(address)
    approving.approve_issue(
        store, "managers", week, server=server, public_url=PUBLIC, who="lin", now=datetime.now(UTC)
    )
    store.close()
