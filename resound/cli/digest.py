"""`resound digest`: look at a week's digest, change it, approve it, skip it, open it again, send it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli import mails
from resound.cli.office import Office, counted, now, say_json, screen, table, warn
from resound.errors import NotFoundError, ResoundError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from resound.digest.editing import Change
    from resound.digest.model import Edition, Kind
    from resound.settings import UiLanguage

digest = typer.Typer(help="The weekly digest: look, change, approve, send.", no_args_is_help=True)

ListId = Annotated[str, typer.Argument(metavar="LIST", help="The list's id: `resound lists show`.")]
Week = Annotated[
    str | None,
    typer.Option(help="Its name, such as 2026-W03. [default: the newest draft, else the week that is due]"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    digest.command(
        epilog="""Examples: `resound digest preview managers` (as text) · `resound digest preview managers --lang vi --html week.html` ·
`resound digest preview managers --week 2014-W41` (any week, due or not: the seven days before its cut-off) ·
`resound digest preview managers --ids` (what `resound digest edit` calls its stories)"""
    )(preview)
    digest.command(
        epilog="""Examples: `resound digest edit managers --drop c95b138d17af7ae0 --why "only a photo"` ·
`resound digest edit managers --drop-story c95b138d17af7ae0 --why "an old case"` · `--restore c95b138d17af7ae0` ·
`resound digest edit managers --first 200cf6… --first 33a9a4…` (these stories first, in this order) ·
`resound digest edit managers --note "The MOU was signed on Thursday."` · `--no-note`"""
    )(edit)
    digest.command(
        epilog="Example: `resound digest approve managers --week 2026-W03` (each reader gets one mail, once)"
    )(approve)
    digest.command(epilog="""Example: `resound digest skip managers --why "a holiday: nothing to tell"`""")(
        skip
    )
    digest.command(
        "open",
        epilog="Example: `resound digest open managers --week 2025-W50` (a week that was missed, or skipped, becomes a draft)",
    )(open_week)
    digest.command("list", epilog="Examples: `resound digest list` · `resound digest list managers --json`")(
        list_all
    )
    digest.command(
        epilog="Example: `resound digest send` (what was approved and waits, now; `resound run` does it by itself)"
    )(send)
    app.add_typer(digest, name="digest")


def preview(
    context: typer.Context,
    list_id: ListId,
    week: Week = None,
    html: Annotated[Path | None, typer.Option(help="Write it as an HTML page to this file.")] = None,
    text: Annotated[bool, typer.Option("--text", help="Print it as plain text (the default).")] = False,
    lang: Annotated[str | None, typer.Option(help="en, zh-Hant or vi. [default: RESOUND_LANGUAGE]")] = None,
    ids: Annotated[bool, typer.Option("--ids", help="Name the id of each story instead.")] = False,
    as_json: Json = False,
) -> None:
    """Show a digest as it would be sent now; one that was approved as it was sent."""
    from resound.digest.approving import choose_week, known_list, preview_week
    from resound.digest.letter import render_html, render_text
    from resound.digest.written import edition_json

    office: Office = context.obj
    language = _language(office, lang)
    moment = now()
    with office.store.read() as connection:
        of = known_list(connection, list_id)
        edition = preview_week(connection, of, week or choose_week(connection, of, now=moment), now=moment)
        state = _state(connection, list_id, edition.week)
    public_url = office.settings.public_url
    if as_json:
        say_json(edition_json(edition))
    elif ids:
        _print_ids(edition)
    else:
        if html is not None:
            page = render_html(edition, language, list_name=of.name, list_id=of.id, public_url=public_url)
            html.write_text(page, encoding="utf-8")
            screen().print(f"Written to {html}.", markup=False)
        if html is None or text:
            sys.stdout.write(
                render_text(edition, language, list_name=of.name, list_id=of.id, public_url=public_url)
            )
    for lost in edition.lost_edits:
        warn(
            f"A change finds nothing to change any more: {lost.what} {lost.id} ({lost.who}). {lost.why}".strip()
        )
    week_option = f"{list_id} --week {edition.week}"
    if state == "draft":
        warn(f"A draft. Next: resound digest edit {week_option} … or resound digest approve {week_option}")
    elif not state:
        warn(f"This week has no issue. To send it: resound digest open {week_option}")


def edit(
    context: typer.Context,
    list_id: ListId,
    week: Week = None,
    drop: Annotated[list[str] | None, typer.Option(help="Do not show this item (id or address).")] = None,
    drop_story: Annotated[list[str] | None, typer.Option(help="Do not show the story of this item.")] = None,
    why: Annotated[str, typer.Option(help="Why it is dropped; it stays with the issue.")] = "",
    restore: Annotated[list[str] | None, typer.Option(help="Show it again.")] = None,
    first: Annotated[
        list[str] | None, typer.Option(help="The stories that come first, in this order.")
    ] = None,
    by_rule: Annotated[bool, typer.Option("--by-rule", help="The rule's order again.")] = False,
    note: Annotated[str | None, typer.Option(help="Words at its head, plain text.")] = None,
    no_note: Annotated[bool, typer.Option("--no-note", help="Take the note away.")] = False,
) -> None:
    """Change a draft. What is dropped stays in the counts, and the digest says that it is not shown."""
    from resound.digest.approving import edit_issue
    from resound.digest.editing import BringBack, PutFirst, SetNote, TakeOut

    office: Office = context.obj
    with office.store.read() as connection:
        chosen = _draft(connection, list_id, week)

        def known(asked: list[str] | None) -> Iterator[str]:
            from resound.coding.deciding import item_key

            return (item_key(connection, one) for one in asked or ())

        changes: list[Change] = [TakeOut("item", one, why) for one in known(drop)]
        changes += [TakeOut("story", one, why) for one in known(drop_story)]
        changes += [BringBack(_dropped_as(connection, list_id, chosen, one), one) for one in known(restore)]
        if first or by_rule:
            changes.append(PutFirst(tuple(known(first))))
    if note is not None or no_note:
        changes.append(SetNote("" if no_note else note or ""))
    if not changes:
        raise ResoundError("Say what is to be changed: resound digest edit --help shows how.")
    for change in changes:
        edit_issue(office.store, list_id, chosen, change, who=office.settings.coder, now=now())
    screen().print(
        f"Changed. Look at it with: resound digest preview {list_id} --week {chosen}", markup=False
    )


def approve(context: typer.Context, list_id: ListId, week: Week = None) -> None:
    """Freeze a draft and put a mail for each reader into the outbox, in the reader's language."""
    from resound.digest.approving import approve_issue
    from resound.sending.mail import mail_server

    office: Office = context.obj
    server = mail_server(office.settings)
    with office.store.read() as connection:
        chosen = _draft(connection, list_id, week)
    done = approve_issue(
        office.store,
        list_id,
        chosen,
        server=server,
        public_url=office.settings.public_url,
        who=office.settings.coder,
        now=now(),
    )
    screen().print(
        f"Approved: {counted(done.mails, 'mail is', 'mails are')} in the outbox. `resound run` sends "
        f"{'it' if done.mails == 1 else 'them'}; now: resound digest send",
        markup=False,
    )


def skip(
    context: typer.Context,
    list_id: ListId,
    why: Annotated[str, typer.Option(help="Why; it stays with the issue.")],
    week: Week = None,
) -> None:
    """Send nothing for a week. What was published in it stands in the next issue, as late finds."""
    from resound.digest.approving import skip_issue

    office: Office = context.obj
    with office.store.read() as connection:
        chosen = _draft(connection, list_id, week)
    skip_issue(office.store, list_id, chosen, who=office.settings.coder, why=why, now=now())
    screen().print(
        f"The digest of {chosen} is skipped. If that was a mistake: resound digest open {list_id} --week {chosen}",
        markup=False,
    )


def open_week(
    context: typer.Context,
    list_id: ListId,
    week: Annotated[str, typer.Option(help="Its name, such as 2026-W03.")],
) -> None:
    """Make a draft of any week: one that was missed or skipped, or one that is not due yet."""
    from resound.digest.approving import known_list, reopen_issue
    from resound.sending.weeks import issue_of
    from resound.store.lists import find_issue, open_issue

    office: Office = context.obj
    with office.store.write() as connection:
        of = known_list(connection, list_id)
        try:
            due = issue_of(of.plan, week)
        except ValueError as err:
            raise NotFoundError(f"{str(err)[0].upper()}{str(err)[1:]}.") from err
        is_skipped = _state(connection, list_id, week) == "skipped"
        if not is_skipped:
            open_issue(connection, of, due, now=now())
        first, last = find_issue(connection, list_id, week).days
    if is_skipped:
        reopen_issue(office.store, list_id, week, who=office.settings.coder, now=now())
    screen().print(
        f"A draft about {first} to {last}. Next: resound digest preview {list_id} --week {week}",
        markup=False,
    )


def list_all(
    context: typer.Context,
    list_id: Annotated[str | None, typer.Argument(metavar="[LIST]", help="Of one list only.")] = None,
    as_json: Json = False,
) -> None:
    """Every issue, and how its sending goes."""
    from resound.digest.approving import known_list
    from resound.store.lists import list_issues, load_lists
    from resound.store.outbox import count_states

    office: Office = context.obj
    with office.store.read() as connection:
        if list_id is not None:
            known_list(connection, list_id)
        lists = load_lists(connection)
        found = list_issues(connection, list_id=list_id)
        sent = {one.id: count_states(connection, occasion=one.occasion) for one in found}
    if as_json:
        say_json(
            [
                {
                    "list": one.list,
                    "week": one.week,
                    "first": one.days[0],
                    "last": one.days[1],
                    "state": one.state,
                    "cut_off": one.cut_off,
                    "decided_at": one.decided_at,
                    "who": one.who,
                    "why": one.why,
                    "mails": sent[one.id],
                }
                for one in found
            ]
        )
        return
    if not lists:
        screen().print("There are no lists yet: resound lists add --help")
        return
    if not found:
        screen().print(
            "No issue was due yet: `resound run` makes them at each list's hour. Any week can be looked at: "
            f"resound digest preview {list_id or lists[0].id}",
            markup=False,
        )
        return
    columns = {"list": "left", "week": "left", "days": "left", "state": "left", "by": "left", "mails": "left"}
    rows = [
        (
            one.list,
            one.week,
            f"{one.days[0]} to {one.days[1]}",
            one.state,
            one.who,
            ", ".join(f"{count} {name}" for name, count in sent[one.id].items()),
        )
        for one in found
    ]
    screen().print(table("", columns, rows))


def send(context: typer.Context, as_json: Json = False) -> None:
    """Send what waits in the outbox, now: approved digests, and whatever else is there. Ends with 75 where that fails."""
    mails.send(context, as_json)


def _language(office: Office, asked: str | None) -> UiLanguage:
    from resound.settings import UI_LANGUAGES

    if asked is None:
        return office.settings.language
    found = next((one for one in UI_LANGUAGES if one == asked), None)
    if found is None:
        raise ResoundError(f"{asked!r} is none of {', '.join(UI_LANGUAGES)}.")
    return found


def _draft(connection: Connection, list_id: str, week: str | None) -> str:
    """The week that is meant; a helpful sentence where it has no issue."""
    from resound.digest.approving import choose_week, known_list

    of = known_list(connection, list_id)
    chosen = week or choose_week(connection, of, now=now())
    if not _state(connection, list_id, chosen):
        raise NotFoundError(
            f"The list {list_id!r} has no issue of {chosen}. `resound run` makes it when it is due; now: "
            f"resound digest open {list_id} --week {chosen}"
        )
    return chosen


def _state(connection: Connection, list_id: str, week: str) -> str:
    from resound.store.lists import list_issues

    return next((one.state for one in list_issues(connection, list_id=list_id) if one.week == week), "")


def _dropped_as(connection: Connection, list_id: str, week: str, item: str) -> Kind:
    from resound.digest.written import read_edits
    from resound.store.lists import find_issue

    edits = read_edits(find_issue(connection, list_id, week).edits)
    return next((one.kind for one in edits.drops if one.id == item), "item")


def _print_ids(edition: Edition) -> None:
    rows = [
        (where, one.id, f"{one.outlets}", one.head.title)
        for where, stories in (
            ("top", edition.top),
            *((section.topic or "other", section.stories) for section in edition.sections),
            *((f"late {week.week}".strip(), week.stories) for week in edition.late),
        )
        for one in stories
    ]
    rows += [("dropped", one.id, "", one.title) for one in edition.dropped]
    screen().print(table("", {"where": "left", "id": "left", "outlets": "right", "headline": "left"}, rows))
