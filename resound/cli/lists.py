"""`resound lists` and `resound subscribers`: who gets a campaign's digest, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, now, say_json, screen, table
from resound.errors import MailError, NotFoundError, ResoundError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from resound.store.lists import Subscription

lists = typer.Typer(
    help="Mailing lists: a campaign's digest, its readers and its hour.", no_args_is_help=True
)
subscribers = typer.Typer(help="Who reads a list.", no_args_is_help=True)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ListId = Annotated[str, typer.Argument(metavar="LIST", help="The list's id.")]
Address = Annotated[str, typer.Argument(help="Their mail address.")]


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    lists.command(
        epilog="""Examples: `resound lists add managers --campaign apo-coe-gp-vietnam-2014 --zone Asia/Taipei --weekday mon
--time 08:00 --approver lin@example.org` (who is told of each draft) · with `--automatic` its issues need nobody's approval"""
    )(add)
    lists.command(
        epilog="""Examples: `resound lists approvers managers lin@example.org tran@example.org` · `resound lists approvers managers`
(nobody is told any more)"""
    )(approvers)
    lists.command("show", epilog="Examples: `resound lists show` · `resound lists show --json`")(show_lists)
    lists.command(epilog="Example: `resound lists stop managers`")(stop)
    lists.command(
        epilog="Example: `resound lists resume managers` (weeks that passed meanwhile have no issue)"
    )(resume)
    app.add_typer(lists, name="lists")
    subscribers.command(
        "add",
        epilog="""Examples: `resound subscribers add managers lin@example.org --language zh-Hant --consent "asked for it in the
meeting of 12 January"` · without `--consent` it waits until they confirm""",
    )(subscribe_one)
    subscribers.command("show", epilog="Example: `resound subscribers show managers`")(show_subscribers)
    subscribers.command(
        epilog="""Examples: `resound subscribers end managers lin@example.org --by bounced --why "550 no such user"` · by
bounced, complained, unsubscribed or removed"""
    )(end)
    app.add_typer(subscribers, name="subscribers")


def add(
    context: typer.Context,
    list_id: Annotated[str, typer.Argument(metavar="LIST", help="A new id: small letters, digits, hyphens.")],
    campaign: Annotated[str, typer.Option(help="Whose digest it is.")],
    zone: Annotated[str, typer.Option(help="The zone of its calendar and clock.")],
    weekday: Annotated[str, typer.Option(help=f"The day of the cut-off: {', '.join(WEEKDAYS)}.")] = "mon",
    time: Annotated[str, typer.Option(help="The hour of the cut-off.")] = "08:00",
    name: Annotated[str, typer.Option(help="What people call it. [default: the id]")] = "",
    automatic: Annotated[bool, typer.Option("--automatic", help="Issues are sent without approval.")] = False,
    approver: Annotated[
        list[str] | None,
        typer.Option(help="Address that is told of each draft, and reminded of it. Can be given again."),
    ] = None,
) -> None:
    """Make a list; its first issue is that of its next cut-off."""
    import re

    from resound.sending.list_form import RESERVED
    from resound.sending.weeks import WeeklyTime
    from resound.store.lists import MailingList, add_list
    from resound.store.registry import load_campaigns

    office: Office = context.obj
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", list_id) or len(list_id) > 80:
        raise ResoundError(
            f"{list_id!r} is no id: small letters, digits and hyphens, such as managers-hanoi."
        )
    if list_id in RESERVED:
        raise ResoundError(
            f"No list can have the id {list_id!r}: a page of Resound has that address. Choose another one."
        )
    if weekday not in WEEKDAYS:
        raise ResoundError(f"{weekday!r} is no weekday. One of: {', '.join(WEEKDAYS)}.")
    try:
        plan = WeeklyTime(WEEKDAYS.index(weekday) + 1, time, zone)
    except ValueError as err:
        raise ResoundError(f"The list has no such hour: {err}.") from err
    with office.store.write() as connection:
        known = load_campaigns(connection)
        if campaign not in known:
            raise NotFoundError(f"There is no campaign {campaign!r}. Known: {', '.join(known) or 'none'}.")
        new = MailingList(
            list_id, campaign, name or list_id, plan, automatic, approvers=_addresses(approver or ())
        )
        add_list(connection, new, now=now())
    screen().print(
        f"The list {list_id} is there. Next: resound subscribers add {list_id} ADDRESS", markup=False
    )


def show_lists(context: typer.Context, as_json: Json = False) -> None:
    """Every list, and how many read it."""
    from resound.store.lists import count_readers, load_lists

    office: Office = context.obj
    with office.store.read() as connection:
        found, readers = load_lists(connection), count_readers(connection)
    if as_json:
        say_json([{**asdict(one), "readers": readers.get(one.id, 0)} for one in found])
        return
    if not found:
        screen().print("There are no lists yet: resound lists add --help")
        return
    columns = {"list": "left", "campaign": "left", "cut-off": "left", "sent": "left", "readers": "right"}
    rows = [
        (
            one.id,
            one.campaign,
            f"{WEEKDAYS[one.plan.weekday - 1]} {one.plan.time} {one.plan.zone}",
            ("by itself" if one.is_automatic else "when approved") if one.is_active else "stopped",
            readers.get(one.id, 0),
        )
        for one in found
    ]
    screen().print(table("", columns, rows))


def approvers(
    context: typer.Context,
    list_id: ListId,
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Their mail addresses, in the place of those before.")
    ] = None,
) -> None:
    """Say who is told of a list's drafts at the cut-off, and reminded after one and after three days."""
    from resound.store.lists import set_approvers

    office: Office = context.obj
    given = _addresses(addresses or ())
    with office.store.write() as connection:
        set_approvers(connection, list_id, given)
    told = f"{', '.join(given)} will be told" if given else "Nobody is told"
    screen().print(f"{told} of the drafts of {list_id}.", markup=False)


def stop(context: typer.Context, list_id: ListId) -> None:
    """Make no more issues for a list."""
    _set_active(context.obj, list_id, False)
    screen().print(f"The list {list_id} is stopped.", markup=False)


def resume(context: typer.Context, list_id: ListId) -> None:
    """Make issues again, from the next cut-off on."""
    _set_active(context.obj, list_id, True)
    screen().print(f"The list {list_id} goes on.", markup=False)


def subscribe_one(
    context: typer.Context,
    list_id: ListId,
    address: Address,
    language: Annotated[str, typer.Option(help="Of their mail: zh-Hant, en or vi.")],
    name: Annotated[str, typer.Option(help="Their name.")] = "",
    consent: Annotated[
        str,
        typer.Option(help="How you know that they want it; without this it waits for their confirmation."),
    ] = "",
) -> None:
    """Put somebody on a list."""
    from resound.sending.subscribing import subscribe
    from resound.settings import UI_LANGUAGES

    office: Office = context.obj
    chosen = next((one for one in UI_LANGUAGES if one == language), None)
    if chosen is None:
        raise ResoundError(f"{language!r} is none of {', '.join(UI_LANGUAGES)}.")
    with office.store.write() as connection:
        made = subscribe(
            connection,
            list_id,
            address,
            name=name,
            language=chosen,
            who=office.settings.coder,
            why=consent,
            is_confirmed=bool(consent),
            now=now(),
        )
        trouble = "" if made.is_read else _ask(office, connection, made)
    waits = "" if made.is_read else " once they have confirmed it"
    screen().print(f"{made.address} reads the list {list_id}{waits}.", markup=False)
    if not made.is_read:
        screen().print(
            trouble or f"A mail that asks {made.address} to confirm is in the outbox.",
            markup=False,
            soft_wrap=True,
        )


def _ask(office: Office, connection: Connection, made: Subscription) -> str:
    """Queue the mail that asks for confirmation. Why it could not be; empty where it could."""
    from resound.digest.telling import queue_confirmation
    from resound.sending.mail import mail_server

    settings = office.settings
    try:
        server = mail_server(settings)
        queue_confirmation(connection, made, server=server, public_url=settings.public_url, now=made.asked_at)
    except MailError as err:
        return f"They cannot be asked yet: {err} Then run this command again."
    return ""


def show_subscribers(context: typer.Context, list_id: ListId, as_json: Json = False) -> None:
    """Everybody who is or was on a list."""
    from resound.store.lists import find_list, list_subscriptions

    office: Office = context.obj
    with office.store.read() as connection:
        if find_list(connection, list_id) is None:
            raise NotFoundError(f"There is no list {list_id!r}. `resound lists show` names all.")
        found = list_subscriptions(connection, list_id)
    if as_json:
        say_json([{key: value for key, value in asdict(one).items() if key != "key"} for one in found])
        return
    columns = {"address": "left", "name": "left", "language": "left", "state": "left", "why": "left"}
    screen().print(
        table("", columns, [(one.address, one.name, one.language, _state(one), one.why) for one in found])
    )


def end(
    context: typer.Context,
    list_id: ListId,
    address: Address,
    by: Annotated[str, typer.Option(help="bounced, complained, unsubscribed or removed.")] = "removed",
    why: Annotated[str, typer.Option(help="What the mail server or the person said.")] = "",
) -> None:
    """Write down that mail to somebody came back, that they complained or want no more: nothing is sent to them again."""
    from resound.sending.subscribing import end as finish
    from resound.store.lists import ENDINGS, find_subscription

    office: Office = context.obj
    ending = next((one for one in ENDINGS if one == by), None)
    if ending is None:
        raise ResoundError(f"{by!r} is none of {', '.join(ENDINGS)}.")
    with office.store.write() as connection:
        found = find_subscription(connection, list_id, address.strip().lower())
        if found is None:
            raise NotFoundError(f"{address} is not on the list {list_id!r}.")
        finish(connection, found, ending, who=office.settings.coder, why=why, now=now())
    screen().print(f"{found.address} gets no more mail of the list {list_id}.", markup=False)


def _addresses(given: Sequence[str]) -> tuple[str, ...]:
    from resound.sending.addresses import read_address

    try:
        return tuple(dict.fromkeys(map(read_address, given)))
    except ValueError as err:
        raise ResoundError(f"{str(err)[0].upper()}{str(err)[1:]}.") from err


def _set_active(office: Office, list_id: str, is_active: bool) -> None:
    from resound.store.lists import set_active

    with office.store.write() as connection:
        set_active(connection, list_id, is_active)


def _state(of: Subscription) -> str:
    if of.ended_by is not None and not of.is_read:
        return of.ended_by
    return "reads it" if of.is_read else "waits for confirmation"
