"""Seconds to queue and send a digest to 1,000 recipients, with a real mail server on loopback.

    .venv/bin/python benchmarks/bench_sending.py [--recipients 1000] [--kilobytes 60]

Each recipient has a message of their own. The server is in this process; the store is SQLite on this disk, every step of every
mail durable (leased, about to be sent, sent): a killed process loses none and repeats none.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from resound.sending.outbox import Mail, queue_mail, send_waiting
from resound.store import open_store
from tests.resound.mailroom import open_mailroom

WORDS = [f"word{number}" for number in range(4_000)] + list("綠耕隊赴胡志明市舉辦社會工作坊資源循環")


def make_mails(count: int, kilobytes: int) -> Iterator[Mail]:
    """Messages of text and HTML, of about that size as they are sent."""
    dice = random.Random(1)
    for number in range(count):
        text = " ".join(dice.choices(WORDS, k=kilobytes * 55))
        message = EmailMessage()
        message["From"] = "Resound <press@cpc.example>"
        message["To"] = f"reader{number}@reader.example"
        message["Subject"] = "本週報導 · Tuần này"
        message.set_content(text)
        message.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
        yield Mail(f"reader{number}@reader.example", message)


def main() -> None:
    """Queue, send, and print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=1000)
    parser.add_argument("--kilobytes", type=int, default=60)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_mailroom() as room:
        store = open_store(f"sqlite:///{folder}/resound.sqlite")
        begun = time.monotonic()
        with store.write() as connection:
            mails = make_mails(asked.recipients, asked.kilobytes)
            queue_mail(connection, "issue/bench/2026-W03", mails, server=room.server, now=datetime.now(UTC))
        queued = time.monotonic()
        sent = send_waiting(store, room.server, clock=lambda: datetime.now(UTC))
        ended = time.monotonic()
        size = sum(len(data) for _, data in room.accepted) / max(1, len(room.accepted))
        store.close()
    print(
        f"{asked.recipients} mails of {size / 1000:.0f} kB: {dict(sent.ended)}, {room.connections} connections"
    )
    print(
        f"made and queued in {queued - begun:.1f} s, sent in {ended - queued:.1f} s ({asked.recipients / (ended - queued):.0f} a second)"
    )


if __name__ == "__main__":
    main()
