"""What mail that a page causes needs: a mail server, and the address that its links lead to."""

from __future__ import annotations

from dataclasses import dataclass

from resound.errors import MailError, ResoundError
from resound.sending.mail import MailServer, mail_server
from resound.settings import Settings
from resound.texts import N_
from resound.told import Told


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Both of them."""

    server: MailServer
    public_url: str


def open_letterbox(settings: Settings) -> Letterbox:
    """Where mail goes out.

    Raises:
        MailError: no mail can be sent; the sentence says what is missing, in words of every language.
    """
    if settings.smtp_url is None or settings.mail_from is None:
        raise MailError(
            Told(
                N_(
                    "No mail can be sent yet. Whoever runs this installation sets RESOUND_SMTP_URL (through which server) "
                    "and RESOUND_MAIL_FROM (from whom); `resound mail test` tries them."
                )
            )
        )
    if settings.public_url is None:
        raise MailError(
            Told(
                N_(
                    "The links in the mail would lead nowhere. Whoever runs this installation sets RESOUND_PUBLIC_URL to the "
                    "address under which readers reach these pages."
                )
            )
        )
    return Letterbox(mail_server(settings), settings.public_url)


def words_in(error: ResoundError) -> str:
    """An error's sentence, with what it was made of where it remembers that."""
    return next((one for one in error.args if isinstance(one, Told)), str(error))


def why_no_mail(settings: Settings) -> str:
    """Why no mail can be sent; empty where it can."""
    try:
        open_letterbox(settings)
    except ResoundError as err:
        return words_in(err)
    return ""
