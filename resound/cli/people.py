"""`resound user` and `resound key`: who may sign in, and programs that ask in their name.

Passwords and keys never stand on the command line, where other people of the machine could read them: a password is
asked for, or chosen by its owner through a one-time link.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, now, say_json, screen, table

if TYPE_CHECKING:
    from resound.people.accounts import Link
    from resound.people.roles import Role

user = typer.Typer(help="People: who may sign in to the pages, and what each may do.", no_args_is_help=True)
key = typer.Typer(help="API keys: for programs that read or code in somebody's name.", no_args_is_help=True)


class RoleName(StrEnum):
    """What somebody may do; each includes the ones before it."""

    NONE = "none"
    READER = "reader"
    CODER = "coder"
    EDITOR = "editor"
    ADMIN = "admin"


class ScopeName(StrEnum):
    """What a key is good for, at most what its owner may."""

    READ = "read"
    CODE = "code"
    EDIT = "edit"


Login = Annotated[str, typer.Argument(help="The login: small letters, or an e-mail address.")]
Who = Annotated[
    str | None, typer.Option(help="Who does this, for the audit. [default: RESOUND_CODER or the login name]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    user.command(
        epilog="""Examples: `resound user add lin --name 'Lin Chih-ching' --role admin` (asks for a password) ·
`resound user add thi-my@cpc.example --name 'Nguyễn Thị Thanh Mỹ' --role coder --link` (prints a link to send to her)"""
    )(add)
    user.command("list", epilog="Examples: `resound user list` · `resound user list --json`")(list_people)
    user.command(
        epilog="""Examples: `resound user role thi-my editor` ·
`resound user role thi-my coder --campaign apo-coe-gp-vietnam-2014` · `resound user role thi-my none`"""
    )(role)
    user.command(epilog="Example: `resound user disable thi-my` (what she decided stays)")(disable)
    user.command(epilog="Example: `resound user enable thi-my`")(enable)
    user.command(epilog="Example: `resound user link thi-my` (the link holds for seven days, and once)")(link)
    user.command(epilog="Example: `resound user password lin` (asks for it, twice)")(password)
    app.add_typer(user, name="user")
    key.command(
        "add",
        epilog="""Examples: `resound key add lin --name dashboard` · `resound key add lin --name import --scope code`""",
    )(add_key)
    key.command("list", epilog="Examples: `resound key list` · `resound key list lin --json`")(list_keys)
    key.command(epilog="Example: `resound key revoke 3` (3: the number that `resound key list` shows)")(
        revoke
    )
    app.add_typer(key, name="key")


def add(
    context: typer.Context,
    login: Login,
    name: Annotated[str, typer.Option(help="The name as people write it. [default: the login]")] = "",
    role: Annotated[RoleName, typer.Option(help="For all campaigns.")] = RoleName.READER,
    is_linked: Annotated[
        bool, typer.Option("--link", help="Print a one-time link instead of asking for a password.")
    ] = False,
    who: Who = None,
) -> None:
    """Make an account. The first one must be an administrator's."""
    from resound.people import accounts
    from resound.people.roles import read_login

    office: Office = context.obj
    login = read_login(login)
    made = None if is_linked else _ask_password(login)
    by = who or office.settings.coder
    with office.store.write() as connection:
        person = accounts.add_person(
            connection, login=login, name=name or login, role=_role(role), who=by, now=now()
        )
        invited = accounts.invite(connection, login, who=by, now=now()) if made is None else None
        if made is not None:
            accounts.give_password(connection, login, made, who=by, now=now())
    screen().print(f"{person.name} ({person.login}) is {_name(person.role)}.", markup=False)
    if invited is not None:
        _print_link(office, invited)


def list_people(context: typer.Context, as_json: AsJson = False) -> None:
    """Show who has an account and what each may do."""
    from resound.store.people import list_accounts

    office: Office = context.obj
    with office.store.read() as connection:
        found = list_accounts(connection, now=now())
    if as_json:
        say_json(
            [
                {
                    "login": one.person.login,
                    "name": one.person.name,
                    "role": one.person.role,
                    "campaigns": dict(one.person.campaigns),
                    "is_active": one.person.is_active,
                    "has_password": one.has_password,
                    "signs_in_elsewhere": one.signs_in_elsewhere,
                    "seen_at": one.seen_at,
                    "invited_until": one.invited_until,
                }
                for one in found
            ]
        )
        return
    if not found:
        screen().print(
            "Nobody has an account: whoever sits at this machine may do everything (single-user mode). The first one: "
            "resound user add LOGIN --role admin",
            markup=False,
        )
        return
    columns = {"login": "left", "name": "left", "role": "left", "for single campaigns": "left", "": "left"}
    rows = [
        (
            one.person.login,
            one.person.name,
            one.person.role,
            ", ".join(f"{campaign}: {given}" for campaign, given in one.person.campaigns.items()),
            _state(is_active=one.person.is_active, can_enter=one.has_password or one.signs_in_elsewhere),
        )
        for one in found
    ]
    screen().print(table("", columns, rows))


def role(
    context: typer.Context,
    login: Login,
    role: Annotated[RoleName, typer.Argument(help="The new role.")],
    campaign: Annotated[
        str | None, typer.Option(help="For this campaign only. [default: for all campaigns]")
    ] = None,
    who: Who = None,
) -> None:
    """Give somebody a role, for all campaigns or for one. They sign in again afterwards."""
    from resound.people.accounts import give_role

    office: Office = context.obj
    with office.store.write() as connection:
        person = give_role(
            connection,
            login,
            _role(role),
            campaign=campaign,
            who=who or office.settings.coder,
            now=now(),
        )
    where = "for all campaigns" if campaign is None else f"for {campaign}"
    screen().print(f"{person.name} ({person.login}) is {_name(_role(role))} {where}.", markup=False)


def disable(context: typer.Context, login: Login, who: Who = None) -> None:
    """Let somebody in no more, and end their sessions and keys. What they decided stays."""
    from resound.people.accounts import shut_out

    office: Office = context.obj
    with office.store.write() as connection:
        person = shut_out(connection, login, who=who or office.settings.coder, now=now())
    screen().print(f"{person.name} ({person.login}) is shut out.", markup=False)


def enable(context: typer.Context, login: Login, who: Who = None) -> None:
    """Let somebody in again who was shut out."""
    from resound.people.accounts import let_in

    office: Office = context.obj
    with office.store.write() as connection:
        person = let_in(connection, login, who=who or office.settings.coder, now=now())
    screen().print(f"{person.name} ({person.login}) may sign in again.", markup=False)


def link(context: typer.Context, login: Login, who: Who = None) -> None:
    """Print a one-time link by which somebody chooses a (new) password. Earlier links are worth nothing."""
    from resound.people.accounts import invite

    office: Office = context.obj
    with office.store.write() as connection:
        made = invite(connection, login, who=who or office.settings.coder, now=now())
    _print_link(office, made)


def password(context: typer.Context, login: Login, who: Who = None) -> None:
    """Set somebody's password and end their sessions. It is asked for, never given on the command line."""
    from resound.people.accounts import give_password
    from resound.store.people import load_person

    office: Office = context.obj
    with office.store.read() as connection:
        person = load_person(connection, login)
    made = _ask_password(person.login)
    with office.store.write() as connection:
        give_password(connection, person.login, made, who=who or office.settings.coder, now=now())
    screen().print(f"{person.name} ({person.login}) has a new password.", markup=False)


def add_key(
    context: typer.Context,
    login: Login,
    name: Annotated[str, typer.Option(help="What it is for, so that it can be told from others.")],
    scopes: Annotated[
        list[ScopeName] | None, typer.Option("--scope", help="What it is good for. [default: read]")
    ] = None,
    who: Who = None,
) -> None:
    """Make an API key and print it, this once. It can do no more than its owner, and never what administrators do."""
    from resound.people import accounts
    from resound.people.roles import read_scopes
    from resound.store.people import load_person

    office: Office = context.obj
    wanted = read_scopes([one.value for one in scopes or [ScopeName.READ]])
    with office.store.write() as connection:
        made = accounts.add_key(
            connection,
            load_person(connection, login),
            name=name,
            scopes=wanted,
            who=who or office.settings.coder,
            now=now(),
        )
    typer.echo(made)
    typer.echo(
        "Keep it now: nobody can be shown it again. Programs send it as `Authorization: Bearer …`.", err=True
    )


def list_keys(
    context: typer.Context,
    login: Annotated[str | None, typer.Argument(help="Whose. [default: everybody's]")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which keys there are: never the keys themselves."""
    from resound.store.keys import list_keys as find_keys

    office: Office = context.obj
    with office.store.read() as connection:
        found = find_keys(connection, login=login)
    if as_json:
        say_json([{name: getattr(one, name) for name in one.__slots__} for one in found])
        return
    columns = {"number": "right", "login": "left", "name": "left", "good for": "left", "last used": "left"}
    rows = [
        (
            one.id,
            one.login,
            one.name,
            ", ".join(one.scopes),
            "revoked" if one.revoked_at else (f"{one.used_at:%Y-%m-%d}" if one.used_at else "never"),
        )
        for one in found
    ]
    screen().print(table("", columns, rows))


def revoke(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="The key's number.")],
    who: Who = None,
) -> None:
    """Make a key worthless, from now on."""
    from resound.people.accounts import take_key

    office: Office = context.obj
    with office.store.write() as connection:
        take_key(connection, number, who=who or office.settings.coder, now=now())
    screen().print(f"Key {number} is revoked.", markup=False)


def _ask_password(login: str) -> str:
    """The hash of a password that is typed twice and not shown."""
    from resound.people.accounts import hash_checked

    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt="The same again")
    return hash_checked(typed, login=login)


def _print_link(office: Office, made: Link) -> None:
    """On a line of its own, so that it can be taken whole."""
    from resound.people.accounts import link_address

    screen().print(
        f"A link to choose a password. It holds until {made.ends_at:%Y-%m-%d %H:%M} UTC, and once; whoever has it can sign in:",
        markup=False,
    )
    typer.echo(link_address(made, office.settings.public_url))


def _role(given: RoleName) -> Role:
    from resound.people.roles import read_role

    return read_role(given.value)


def _name(role: Role) -> str:
    names: dict[Role, str] = {
        "none": "without a role",
        "reader": "a reader",
        "coder": "a coder",
        "editor": "an editor",
        "admin": "an administrator",
    }
    return names[role]


def _state(*, is_active: bool, can_enter: bool) -> str:
    if not is_active:
        return "shut out"
    return "" if can_enter else "has no password yet"
