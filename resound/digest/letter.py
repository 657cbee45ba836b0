"""An edition as mail: multipart text and HTML, in the reader's language, under 100 kB whatever stands in it.

Charts are bars of HTML with their numbers beside them: nothing is attached or fetched, and they follow the reader's dark mode.
A mail that would be too large is shortened from its end: "and n more stories on the page".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from email.headerregistry import Address
from email.message import EmailMessage
from functools import cache

from jinja2 import Environment

from resound.digest.model import Edition, LateWeek, Section
from resound.digest.plain import write_plain
from resound.digest.wording import Wording
from resound.errors import MailError
from resound.lines import one_line, text_body
from resound.sending.addresses import domain_of
from resound.sending.mail import MailServer, render_message
from resound.sending.subscribing import link_token
from resound.settings import UiLanguage, is_safe_address
from resound.store.lists import MailingList, Subscription
from resound.templating import template_environment
from resound.texts import N_
from resound.told import Told
from resound.words import words

LARGEST = 100_000
"""Bytes of a whole mail: more, and Gmail cuts it off."""
_ROOM = 4_000
"""Of it for the headers, and for a name and an address that are longer than in the mail that was measured."""
LONGEST_NOTE = 4_000


@dataclass(frozen=True, slots=True)
class Composed:
    """A digest in one language, without what differs from reader to reader: `mark` stands for the link that unsubscribes."""

    language: UiLanguage
    subject: str
    text: str
    html: str
    hidden: int
    mark: str


def render_html(
    edition: Edition,
    language: UiLanguage,
    *,
    list_name: str = "",
    list_id: str = "",
    public_url: str | None,
    unsubscribe: str | None = None,
    most: int | None = None,
) -> str:
    """The digest as one HTML page that fetches nothing and runs nothing.

    Args:
        list_name, list_id: of the list that it is sent to.
        unsubscribe: the link that ends the reader's subscription.
        most: so many stories at most; what more there is, is told as a number.
    """
    say, shown, hidden = _prepare(edition, language, list_name, list_id, public_url, most)
    return (
        _environment(language)
        .get_template("digest.html")
        .render(say=say, edition=shown, note=_note(edition), hidden=hidden, unsubscribe=unsubscribe)
    )


def render_text(
    edition: Edition,
    language: UiLanguage,
    *,
    list_name: str = "",
    list_id: str = "",
    public_url: str | None,
    unsubscribe: str | None = None,
    most: int | None = None,
) -> str:
    """The same as plain text. Arguments as for `render_html`."""
    say, shown, hidden = _prepare(edition, language, list_name, list_id, public_url, most)
    return write_plain(say, shown, note=_note(edition), hidden=hidden, unsubscribe=unsubscribe)


def compose(edition: Edition, language: UiLanguage, of: MailingList, *, public_url: str) -> Composed:
    """The digest in one language, as short as it must be.

    Raises:
        MailError: it cannot be made short enough.
    """
    mark = secrets.token_hex(20)  # as long as a token; nobody who writes headlines can know it
    unsubscribe = unsubscribe_link(public_url, mark)
    total = _count_stories(edition)
    most = total
    while True:
        more = {
            "list_name": of.name,
            "list_id": of.id,
            "public_url": public_url,
            "unsubscribe": unsubscribe,
            "most": most,
        }
        made = Composed(
            language,
            Wording(
                edition, words(language), list_name=of.name, list_id=of.id, public_url=public_url
            ).subject,
            render_text(edition, language, **more),  # type: ignore[arg-type]
            render_html(edition, language, **more),  # type: ignore[arg-type]
            total - most,
            mark,
        )
        size = len(render_message(_body(made, made.text, made.html)))
        if size <= LARGEST - _ROOM:
            return made
        if most == 0:
            raise MailError(Told(N_("The digest cannot be made short enough for a mail. Shorten its note.")))
        most = min(most - 1, int(most * (LARGEST - _ROOM) / size))


def write_letter(
    edition: Edition | Composed,
    reader: Subscription,
    of: MailingList,
    *,
    public_url: str | None,
    server: MailServer,
) -> EmailMessage:
    """One reader's mail. Give an edition, or what `compose` made of it in the reader's language, which saves time for many.

    Date and Message-ID are set by the outbox.

    Raises:
        MailError: without `public_url` there is no link that unsubscribes, and such a mail is never sent to a list.
    """
    if public_url is None:
        raise MailError(NO_PUBLIC_URL)
    made = (
        edition
        if isinstance(edition, Composed)
        else compose(edition, reader.language, of, public_url=public_url)
    )
    token = link_token(reader, "unsubscribe")
    link = unsubscribe_link(public_url, token)
    message = _body(made, made.text.replace(made.mark, token), made.html.replace(made.mark, token))
    message["From"] = server.from_
    message["To"] = str(Address(display_name=one_line(reader.name, most=120), addr_spec=reader.address))
    message["List-Id"] = f"<{of.id}.{domain_of(server.sender)}>"
    message["List-Unsubscribe"] = f"<{link}>"
    if is_safe_address(public_url):  # RFC 8058 asks for https
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message["Precedence"] = "bulk"
    message["X-Auto-Response-Suppress"] = "All"
    return message


NO_PUBLIC_URL = (
    "A digest cannot be sent to a list: RESOUND_PUBLIC_URL is not set, so that nobody could unsubscribe. For example: "
    "RESOUND_PUBLIC_URL=https://resound.example.org"
)


def unsubscribe_link(public_url: str, token: str) -> str:
    """Where a reader ends the subscription."""
    return f"{public_url.rstrip('/')}/u/{token}"


def confirm_link(public_url: str, token: str) -> str:
    """Where a reader confirms it."""
    return f"{public_url.rstrip('/')}/s/{token}"


def limit_stories(edition: Edition, most: int) -> Edition:
    """The edition with its first `most` stories: the top ones, by theme, then late finds."""
    top = edition.top[:most]
    left = most - len(top)
    sections: list[Section] = []
    for section in edition.sections:
        kept = section.stories[: max(0, left)]
        left -= len(kept)
        if kept:
            sections.append(replace(section, stories=kept))
    late: list[LateWeek] = []
    for week in edition.late:
        some = week.stories[: max(0, left)]
        left -= len(some)
        if some:
            late.append(replace(week, stories=some))
    return replace(edition, top=top, sections=tuple(sections), late=tuple(late))


def _count_stories(edition: Edition) -> int:
    return len(edition.stories) + sum(len(week.stories) for week in edition.late)


def _prepare(
    edition: Edition,
    language: UiLanguage,
    list_name: str,
    list_id: str,
    public_url: str | None,
    most: int | None,
) -> tuple[Wording, Edition, int]:
    total = _count_stories(edition)
    shown = edition if most is None or most >= total else limit_stories(edition, most)
    say = Wording(edition, words(language), list_name=list_name, list_id=list_id, public_url=public_url)
    return say, shown, total - _count_stories(shown)


def _note(edition: Edition) -> str:
    return "" if edition.note is None else text_body(edition.note.text).strip()


def _body(made: Composed, text: str, html: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = one_line(made.subject, most=200)
    message.set_content(text, cte="base64")
    message.add_alternative(html, subtype="html", cte="base64")
    message["Content-Language"] = (
        made.language
    )  # last: what begins with Content- goes into the first part otherwise
    return message


@cache
def _environment(language: UiLanguage) -> Environment:
    return template_environment("resound.digest", words(language))
