"""`resound mail test` and `resound outbox`: whether mail goes out, what became of each, and what a person decides."""

from __future__ import annotations

from dataclasses import asdict
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, now, say_json, screen, table
from resound.errors import MailError, ResoundError

if TYPE_CHECKING:
    from resound.store.outbox import State

mail = typer.Typer(help="Mail: whether it can be sent.", no_args_is_help=True)
outbox = typer.Typer(help="What was mailed to whom, and what became of it.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Numbers = Annotated[list[int] | None, typer.Argument(help="Their numbers in `resound outbox list`.")]
OfOccasion = Annotated[
    str | None, typer.Option("--of", help="All of one occasion instead, such as issue/managers/2026-W03.")
]
Why = Annotated[str, typer.Option(help="Why; it stays with the mail.")]


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    mail.command("test", epilog="Example: `resound mail test press@example.org`")(send_test)
    app.add_typer(mail, name="mail")
    outbox.command(
        "list",
        epilog="Examples: `resound outbox list` · `resound outbox list --state unknown --state failed`",
    )(show)
    outbox.command(
        epilog="Example: `resound outbox send` (what waits, now; `resound run` does it by itself)"
    )(send)
    outbox.command(
        epilog="""Examples: `resound outbox resend 17 --why "the server was being moved"` ·
`resound outbox resend --of issue/managers/2026-W03 --why "they say it never came"`"""
    )(resend)
    outbox.command(epilog="""Example: `resound outbox drop 17 --why "it is old news by now"`""")(drop)
    app.add_typer(outbox, name="outbox")


def send_test(
    context: typer.Context, address: Annotated[str, typer.Argument(help="Who gets it: yourself, say.")]
) -> None:
    """Send one short message at once, and say what the mail server answered."""
    from resound.sending.addresses import domain_of, read_address
    from resound.sending.mail import MailConnection, mail_server, render_message

    office: Office = context.obj
    server = mail_server(office.settings)
    try:
        to = read_address(address)
    except ValueError as err:
        raise MailError(f"{str(err)[0].upper()}{str(err)[1:]}.") from err
    message = EmailMessage()
    message["From"] = server.from_
    message["To"] = to
    message["Subject"] = "Resound can send mail"
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=domain_of(server.sender))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"Somebody tried whether Resound can send mail through {server.place}. It can.\n")
    with MailConnection(server) as line:
        delivery = line.deliver(to, render_message(message))
    if delivery.kind != "sent":
        raise MailError(f"{server.place} did not take the mail to {to}: {delivery.reason}")
    screen().print(f"{server.place} took the mail to {to}: {delivery.reason}", markup=False)


def show(
    context: typer.Context,
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these: queued, sending, sent, failed, unknown, dropped. [default: all but sent]"
        ),
    ] = None,
    of: OfOccasion = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
    as_json: Json = False,
) -> None:
    """What waits, what failed, and of what nobody knows whether it arrived."""
    from resound.store.outbox import STATES, count_states, list_posted

    office: Office = context.obj
    wanted: list[State] = (
        [one for one in STATES if one in state] if state else [one for one in STATES if one != "sent"]
    )
    odd = sorted(set(state or ()) - set(STATES))
    if odd:
        raise ResoundError(f"{odd[0]!r} is no state. One of: {', '.join(STATES)}.")
    with office.store.read() as connection:
        found = list_posted(connection, states=wanted, occasion=of, limit=limit)
        counts = count_states(connection, occasion=of)
    if as_json:
        say_json({"counts": counts, "mails": [asdict(one) for one in found]})
        return
    if found:
        columns = {
            "no.": "right",
            "of": "left",
            "to": "left",
            "state": "left",
            "tries": "right",
            "why": "left",
        }
        rows = [(one.id, one.occasion, one.address, one.state, one.attempts, one.reason) for one in found]
        screen().print(table("", columns, rows))
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    screen().print(f"In all: {told or 'nothing was ever mailed'}.")
    if counts.get("unknown"):
        screen().print(
            "Nobody knows whether the unknown ones arrived: ask the recipient or the mail server's log (by Message-ID, see "
            "--json), then: resound outbox resend or drop",
            markup=False,
        )


def send(context: typer.Context, as_json: Json = False) -> None:
    """Send what waits, now. Ends with 75 where the mail server could not be used."""
    from resound.errors import MailServerError
    from resound.sending.mail import mail_server
    from resound.sending.outbox import send_waiting

    office: Office = context.obj
    sending = send_waiting(office.store, mail_server(office.settings), clock=now)
    if as_json:
        say_json({"ended": sending.ended, "taken_over": sending.taken_over, "trouble": sending.trouble})
    else:
        told = ", ".join(f"{count} {name}" for name, count in sending.ended.items())
        screen().print(f"{told[0].upper()}{told[1:]}." if told else "Nothing was ready to be sent.")
    if sending.trouble:
        raise MailServerError(sending.trouble)


def resend(context: typer.Context, why: Why, number: Numbers = None, of: OfOccasion = None) -> None:
    """Have failed or unknown mails sent again. An unknown one may then arrive twice: that is yours to decide."""
    from resound.store.outbox import resend as again

    office: Office = context.obj
    ids = _chosen(office, number, of, ["failed", "unknown"])
    with office.store.write() as connection:
        done = again(connection, ids, who=office.settings.coder, why=why, now=now())
    _say_done(ids, done, "queued again", "Only failed and unknown mails can be sent again.")


def drop(context: typer.Context, why: Why, number: Numbers = None, of: OfOccasion = None) -> None:
    """Give up mails that wait, failed or are unknown: they are not sent any more."""
    from resound.store.outbox import drop as give_up

    office: Office = context.obj
    ids = _chosen(office, number, of, ["queued", "failed", "unknown"])
    with office.store.write() as connection:
        done = give_up(connection, ids, who=office.settings.coder, why=why, now=now())
    _say_done(ids, done, "dropped", "What was sent, or is being sent now, cannot be dropped.")


def _chosen(office: Office, numbers: list[int] | None, of: str | None, states: list[State]) -> list[int]:
    from resound.store.outbox import list_posted

    if bool(numbers) == (of is not None):
        raise ResoundError("Say which: numbers of `resound outbox list`, or --of an occasion.")
    if numbers:
        return sorted(set(numbers))
    with office.store.read() as connection:
        return sorted(one.id for one in list_posted(connection, states=states, occasion=of))


def _say_done(ids: list[int], done: list[int], what: str, otherwise: str) -> None:
    left = sorted(set(ids) - set(done))
    screen().print(f"{len(done)} {what}.")
    if left:
        raise ResoundError(f"Left as they are: {', '.join(map(str, left))}. {otherwise}")
