"""Mail around an issue: those who approve are told of a draft, and reminded; whoever asked for a list is asked to confirm."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage

from sqlalchemy import Connection

from resound.digest.approving import known_list, preview
from resound.digest.letter import confirm_link
from resound.digest.model import Edition
from resound.digest.wording import Wording
from resound.errors import MailError, ResoundError
from resound.lines import one_line
from resound.sending.mail import MailServer
from resound.sending.outbox import Mail, queue_mail
from resound.sending.subscribing import CONFIRM_WITHIN, link_token
from resound.store import Store
from resound.store.lists import Issue, MailingList, Subscription, list_issues
from resound.store.outbox import count_states
from resound.words import Words, words

REMIND_AFTER = (timedelta(hours=24), timedelta(hours=72))
"""After the draft was made, while nobody has decided."""


def tell_approvers(
    store: Store, *, server: MailServer, public_url: str | None, words: Words, now: datetime
) -> list[str]:
    """Write to the approvers of every draft that they have not been told of, or are to be reminded of. The occasions.

    Each of them gets each mail once, whatever happens; of several schedulers one says it. One notice at a time: where several
    reminders were missed, the last one is sent alone.

    Raises:
        MailError: a notice could not be made; all others are.
    """
    with store.read() as connection:
        due = [
            (issue, of, occasion)
            for issue in list_issues(connection, states=["draft"])
            if (of := known_list(connection, issue.list)).approvers and not of.is_automatic
            for occasion in [_due(connection, issue, now)]
            if occasion
        ]
    said, troubles = [], []
    for issue, of, occasion in due:
        try:
            with store.read() as connection:
                edition = preview(connection, issue, now=now)
            mails = [
                Mail(one, _notice(edition, issue, of, one, server, public_url, words, occasion))
                for one in of.approvers
            ]
            with store.write() as connection:
                is_draft = any(
                    one.id == issue.id for one in list_issues(connection, list_id=of.id, states=["draft"])
                )
                if is_draft and queue_mail(connection, occasion, mails, server=server, now=now):
                    said.append(occasion)
        except ResoundError as err:  # of this issue: the others' approvers are told
            troubles.append(f"{occasion}: {err}")
    if troubles:
        raise MailError(" ".join(troubles))
    return said


def _due(connection: Connection, issue: Issue, now: datetime) -> str:
    """The occasion of the notice that is due and was not queued yet; empty: none."""
    about = f"{issue.list}/{issue.week}"
    notices = [
        f"approve/{about}",
        *(
            f"remind/{about}/{number}"
            for number, after in enumerate(REMIND_AFTER, 1)
            if now - issue.at >= after
        ),
    ]
    if not count_states(connection, occasion=notices[0]):
        return notices[0]
    return notices[-1] if not count_states(connection, occasion=notices[-1]) else ""


def _notice(
    edition: Edition,
    issue: Issue,
    of: MailingList,
    to: str,
    server: MailServer,
    public_url: str | None,
    words: Words,
    occasion: str,
) -> EmailMessage:
    say = Wording(edition, words, list_name=of.name, list_id=of.id, public_url=public_url)
    is_reminder = occasion.startswith("remind/")
    subject = (
        words.gettext(
            "Still waits for approval: %(campaign)s, %(days)s", campaign=say.campaign, days=say.days
        )
        if is_reminder
        else words.gettext("To approve: %(campaign)s, %(days)s", campaign=say.campaign, days=say.days)
    )
    lines = [
        words.gettext("The digest for the list “%(list)s” waits for approval.", list=say.list_name),
        "\n".join([say.summary, *say.counted.beside]),
        "\n".join(f"{number}. {say.title(one.head)}" for number, one in enumerate(edition.top, 1)),
        say.page
        or words.gettext(
            "Look at it with: %(command)s", command=f"resound digest preview {of.id} --week {issue.week}"
        ),
        words.gettext("Nothing is sent to its readers before somebody has approved it."),
    ]
    message = EmailMessage()
    message["From"] = server.from_
    message["To"] = to
    message["Subject"] = one_line(subject, most=200)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(line for line in lines if line) + "\n", cte="base64")
    return message


def queue_confirmation(
    connection: Connection,
    reader: Subscription,
    *,
    server: MailServer,
    public_url: str | None,
    now: datetime,
) -> bool:
    """Ask whoever is behind an address whether they want the list, in the write that made the request. False: asked already.

    Raises:
        MailError: without `public_url` there is no link that they could follow.
        NotFoundError: the list is gone.
    """
    if public_url is None:
        raise MailError(
            "Nobody can confirm a subscription: RESOUND_PUBLIC_URL is not set, so that the mail could hold no link."
        )
    of = known_list(connection, reader.list)
    spoken = words(reader.language)
    name = one_line(of.name, most=120)
    lines = [
        spoken.gettext("Somebody, probably you, asked for the digest “%(list)s” at this address.", list=name),
        spoken.gettext("To get it, open this page and confirm:"),
        confirm_link(public_url, link_token(reader, "confirm")),
        spoken.gettext(
            "The link holds for %(days)s days. If it was not you, do nothing: you get no more mail.",
            days=spoken.number(CONFIRM_WITHIN.days),
        ),
    ]
    message = EmailMessage()
    message["From"] = server.from_
    message["To"] = reader.address
    message["Subject"] = spoken.gettext("Do you want the digest “%(list)s”?", list=name)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(lines) + "\n", cte="base64")
    message["Content-Language"] = reader.language
    # One mail a request. It belongs to no subscription yet: the outbox drops what is for those who do not read a list.
    occasion = f"confirm/{reader.list}/{reader.asked_at.isoformat()}"
    return queue_mail(connection, occasion, [Mail(reader.address, message)], server=server, now=now) == 1
