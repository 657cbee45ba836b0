"""Sending one message through a mail server, and saying exactly what became of it. Messages are made elsewhere.

What matters is where a conversation breaks. Before DATA nothing can have arrived: the message may be tried again. From
DATA on, an answer decides; without one nobody knows, and only a person may say that it is sent again.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address, UnstructuredHeader
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP, EmailPolicy
from email.utils import parseaddr
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from resound.errors import MailError, MailServerError
from resound.lines import one_line
from resound.sending.addresses import read_address

if TYPE_CHECKING:
    from resound.settings import Settings


class _WirePolicy(EmailPolicy):
    """The standard one, but for titles: Python 3.11 loses spaces where it folds a long one that is not all ASCII.

    Links of a list stay on their header's own line: not every reader of mail looks for them on the next one.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        text = str(value)
        if name.lower().startswith("list-") and text.isascii() and len(text) < 900:
            return f"{name}: {text}{self.linesep}".encode("ascii")
        if isinstance(value, UnstructuredHeader) and (not text.isascii() or "=?" in text):
            coded = Header(text, "utf-8", maxlinelen=76, header_name=name).encode(linesep=self.linesep)
            return f"{name}: {coded}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


# 7 bits: no server has to know 8BITMIME, and no line of text is longer than one may be
POLICY = _WirePolicy(linesep="\r\n", cte_type="7bit", max_line_length=78)
MOST_AT_ONCE = 100
"""Messages on one connection: many servers end it after about so many."""
DeliveryKind = Literal["sent", "later", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes, and who it is from. `sender` is the address alone, `from_` as people read it."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    from_: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout: float = 30.0

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message, and what the server said.

    `sent`: it answered for it · `later`: nothing arrived, it may be tried again · `refused`: it will never take it ·
    `unknown`: it may have arrived.
    """

    kind: DeliveryKind
    reason: str


def mail_server(settings: Settings) -> MailServer:
    """The mail server of the settings.

    Raises:
        MailError: none is set up; the sentence says what is missing.
    """
    missing = [
        name
        for name, value in (
            ("RESOUND_SMTP_URL", settings.smtp_url),
            ("RESOUND_MAIL_FROM", settings.mail_from),
        )
        if value is None
    ]
    if settings.smtp_url is None or settings.mail_from is None:
        raise MailError(
            f"No mail can be sent: {' and '.join(missing)} {'are' if missing[1:] else 'is'} not set. For example: "
            "RESOUND_SMTP_URL=smtp://resound@mail.example.org:587, RESOUND_SMTP_PASSWORD_FILE=/etc/resound/smtp, "
            "RESOUND_MAIL_FROM='Resound <press@example.org>'"
        )
    parts = urlsplit(settings.smtp_url)
    is_tls = parts.scheme == "smtps"
    security: Literal["starttls", "tls", "none"] = "tls" if is_tls else "starttls"
    if parts.query == "starttls=no":
        security = "none"
    name, address = parseaddr(settings.mail_from) if "<" in settings.mail_from else ("", settings.mail_from)
    sender = read_address(address)
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or (465 if is_tls else 587),
        security=security,
        sender=sender,
        from_=str(Address(display_name=one_line(name), addr_spec=sender)),
        user=settings.smtp_user,
        password=settings.smtp_secret,
        ca_file=settings.smtp_ca_file,
        timeout=settings.smtp_timeout,
    )


def render_message(message: EmailMessage) -> bytes:
    """A message as it goes over the wire: lines of 7 bits that end in CR LF. The same message gives the same bytes.

    Raises:
        MailError: a header would not be what was meant by it (a line end in it), or a part cannot be written.
    """
    for part in message.walk():
        for name, value in part.raw_items():
            if any(char in str(value) for char in "\r\n\0"):
                raise MailError(f"The mail's header {name} holds a line end; it is not sent.")
    try:
        data = message.as_bytes(policy=POLICY)
    except (MessageError, ValueError, LookupError) as err:
        raise MailError(f"The mail cannot be written: {err}.") from err
    # What was written is read again: Python before 3.11.10 writes some line ends that it would refuse to be given.
    written = BytesHeaderParser(policy=SMTP).parsebytes(data)
    if [one.lower() for one in written] != [one.lower() for one in message]:
        raise MailError("The mail's headers would not arrive as they were meant; it is not sent.")
    if re.search(rb"\r(?!\n)|(?<!\r)\n|[\x80-\xff\x00]", data):
        raise MailError("The mail holds line ends or bytes that mail must not hold; it is not sent.")
    return data


class MailConnection:
    """One connection to a mail server: made for the first message, kept for the next, made anew where it broke.

    Use as a context manager, from one thread. `is_failing`: the last connection broke before it carried anything, so that
    another try at once would be no better.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None
        self._asked = 0
        self._carried = 0
        self.is_failing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye, where somebody listens."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def deliver(
        self, recipient: str, data: bytes, *, before_data: Callable[[], None] = lambda: None
    ) -> Delivery:
        """Hand one rendered message to the server, for one recipient.

        Args:
            before_data: called when everything but the text itself was agreed to, right before DATA. What it raises
                is raised here, and nothing was sent.

        Raises:
            MailServerError: the server cannot be reached, does not let us in, or takes no mail from us at all. Nothing
                was sent.
        """
        is_kept = self._smtp is not None and self._asked < MOST_AT_ONCE
        try:
            try:
                refusal = self._introduce(recipient, len(data))
            except (smtplib.SMTPException, OSError):
                self._drop()
                if not is_kept:
                    raise
                refusal = self._introduce(
                    recipient, len(data)
                )  # the server had ended a connection that was idle
        except (smtplib.SMTPException, OSError) as err:
            self._drop()
            return Delivery("later", f"The connection was lost before the message: {_said(err)}")
        if refusal is not None:
            return refusal
        try:
            before_data()
        except BaseException:
            self._reset()
            raise
        return self._hand_over(data)

    def _introduce(self, recipient: str, size: int) -> Delivery | None:
        """MAIL and RCPT. None where the server takes them."""
        smtp = self._opened()
        self._asked += 1
        code, text = smtp.mail(self._server.sender, [f"size={size}"] if smtp.has_extn("size") else [])
        # A sender that is not welcome is no fault of this recipient; 552 is about this message: it is too large.
        if code >= 500 and code != 552:
            self._drop()
            raise MailServerError(
                f"The mail server {self._server.place} takes no mail from {self._server.sender}: {_answer(code, text)}"
            )
        if code // 100 == 2:
            code, text = smtp.rcpt(recipient)
        if code // 100 == 2:
            return None
        return self._refused(code, text)

    def _hand_over(self, data: bytes) -> Delivery:
        """DATA, on the connection that has agreed to this message."""
        if self._smtp is None:
            raise RuntimeError("nothing was agreed to")
        try:
            code, text = self._smtp.data(data)
        except (
            smtplib.SMTPDataError
        ) as err:  # the answer to the word DATA alone: no byte of the message was sent
            return self._refused(err.smtp_code, err.smtp_error)
        except (smtplib.SMTPException, OSError) as err:
            self._drop()
            return Delivery("unknown", f"The connection was lost after DATA: {_said(err)}")
        if code // 100 == 2:
            self._carried += 1
            self.is_failing = False
            return Delivery("sent", _answer(code, text))
        if code // 100 in (4, 5):
            return self._refused(code, text)
        self._drop()
        return Delivery("unknown", f"The answer to the message means nothing: {_answer(code, text)}")

    def _refused(self, code: int, text: bytes | str) -> Delivery:
        """5xx for good, everything else for now; the connection is made ready for the next message."""
        if code == 421:  # it is closing the connection
            self._drop()
        else:
            self._reset()
        return Delivery("refused" if code // 100 == 5 else "later", _answer(code, text))

    def _opened(self) -> smtplib.SMTP:
        if self._smtp is not None and self._asked >= MOST_AT_ONCE:
            self.close()
        if self._smtp is None:
            self._smtp, self._asked, self._carried = self._connect(), 0, 0
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        """Reach the server, encrypt and sign in, as far as is set."""
        server = self._server
        smtp: smtplib.SMTP | None = None
        try:
            if server.security == "tls":
                smtp = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=server.timeout, context=self._trust()
                )
            else:
                smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
            if server.security == "starttls":
                smtp.starttls(context=self._trust())
            smtp.ehlo_or_helo_if_needed()
            if server.user is not None:
                smtp.login(server.user, server.password or "")
        except (OSError, smtplib.SMTPException) as err:
            if smtp is not None:
                smtp.close()
            raise MailServerError(f"The mail server {server.place} cannot be used: {_said(err)}") from err
        return smtp

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.ca_file)

    def _reset(self) -> None:
        """Forget what was agreed to; a server that cannot is left."""
        if self._smtp is None:
            return
        try:
            code, _ = self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            code = 0
        if code // 100 != 2:
            self._drop()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()
            self.is_failing = self._carried == 0


def _answer(code: int, text: bytes | str) -> str:
    """`550 No such user` of what a server said, which may be anything."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"{code} {words}", most=300)


def _said(error: Exception) -> str:
    """An error of the connection, in a sentence's second half."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error) + "."
    if isinstance(error, TimeoutError):
        return "it does not answer in time."
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return one_line(words or type(error).__name__, most=300).rstrip(".") + "."
