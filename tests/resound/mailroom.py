"""A real mail server on loopback that can be told to misbehave, and that keeps its own record of what it accepted."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as SMTP_POLICY
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from resound.sending.mail import MailServer

Step = Literal["mail", "rcpt", "data", "text", "answer"]
"""MAIL · RCPT · the word DATA · the message is there, not yet accepted · it is accepted, the answer not yet given"""


@dataclass
class MailRoom:
    """`answer` is asked at each step: "" goes on, "drop" breaks the connection, anything else is the answer."""

    answer: Callable[[Step, str], str] = lambda _step, _recipient: ""
    delay: float = 0.0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    steps: list[tuple[Step, str]] = field(default_factory=list)
    connections: int = 0
    logins: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def server(self) -> MailServer:
        return MailServer(
            "127.0.0.1", self.port, "none", "press@cpc.example", "Resound <press@cpc.example>", timeout=5
        )

    def counts(self) -> Counter[str]:
        """recipient → how many mails were accepted for them."""
        return Counter(recipient for recipient, _ in self.accepted)

    def read(self, at: int = -1) -> EmailMessage:
        return BytesParser(policy=SMTP_POLICY).parsebytes(self.accepted[at][1])  # type: ignore[return-value]

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's names)
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        return await self._say("mail", "", server) or "250 OK"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's names)
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        said = await self._say("rcpt", address, server)
        if not said:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        said = await self._say("text", recipient, server)
        if said:
            return said
        self.accepted.append((recipient, bytes(envelope.content or b"")))
        return await self._say("answer", recipient, server) or "250 kept"

    async def _say(self, step: Step, recipient: str, server: Any) -> str:
        self.steps.append((step, recipient))
        if self.delay:
            await asyncio.sleep(self.delay)
        said = self.answer(step, recipient)
        if said == "drop":
            server.transport.abort()
            return "421 gone"
        return said


class _Line(SMTP):
    """Also asks before the word DATA is answered."""

    room: MailRoom

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        (recipient,) = self.envelope.rcpt_tos or [""]
        said = await self.room._say("data", recipient, self)
        if said:
            if self.transport is not None and not self.transport.is_closing():
                await self.push(said)
            return
        await super().smtp_DATA(arg)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.room.connections += 1
        super().connection_made(transport)


@contextmanager
def open_mailroom(**options: Any) -> Iterator[MailRoom]:
    """Serve until the block ends. `options` go to aiosmtpd (`tls_context`, `authenticator` …)."""
    room = MailRoom()

    def authenticate(
        _server: Any, _session: Session, _envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        room.logins.append(data.password)
        return AuthResult(success=data.login == b"resound" and data.password == b"s3cret", handled=False)

    if options.pop("has_login", False):
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    implicit_tls = options.pop("implicit_tls", None)

    def line() -> _Line:
        made = _Line(room, hostname="mail.cpc.example", loop=loop, **options)
        made.room = room
        return made

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def open_door() -> (
        asyncio.Server
    ):  # in its own thread: the caller's may have a loop that runs (a browser's)
        return await loop.create_server(line, "127.0.0.1", 0, ssl=implicit_tls)

    serving = asyncio.run_coroutine_threadsafe(open_door(), loop).result(10)
    room.port = serving.sockets[0].getsockname()[1]
    try:
        yield room
    finally:

        def end() -> None:
            serving.close()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.call_soon(loop.stop)

        loop.call_soon_threadsafe(end)
        thread.join(10)
        loop.close()
