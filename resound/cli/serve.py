"""`resound serve`: the pages."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, now, screen, warn
from resound.errors import ResoundError

if TYPE_CHECKING:
    import socket

    from resound.people.accounts import Link


def register(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command(
        epilog="""Examples: `resound serve` (for this machine only) · `resound serve --port 8080` ·
`resound serve --host 0.0.0.0` (for others: needs accounts, see `resound user add --help`)"""
    )(serve)


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
) -> None:
    """Serve the pages and the API: search, campaigns, review, clips, sources."""
    try:
        import uvicorn

        from api.app import create_app
        from api.safety import is_loopback
    except ModuleNotFoundError as err:
        raise ResoundError(
            f'The pages need packages that are not installed ({err.name}): pip install "resound[web]"'
        ) from err
    office: Office = context.obj
    if office.settings.oidc_issuer is not None and find_spec("authlib") is None:
        raise ResoundError(
            'RESOUND_OIDC_ISSUER is set, but what it needs is not installed: pip install "resound[oidc]"'
        )
    is_local = is_loopback(host) and office.settings.public_url is None and not office.settings.proxies
    link = _first_link(office, is_local=is_local)
    listener = _listen(host, port)
    app = create_app(office.settings, is_local=is_local)
    address = _address(listener, host)
    screen().print(f"Resound is at {address} (Ctrl+C ends it)", markup=False)
    _say_who_may_enter(office, host, address, link)
    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(office.settings.proxies),
        forwarded_allow_ips=list(office.settings.proxies),
        timeout_keep_alive=30,
        timeout_graceful_shutdown=20,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _first_link(office: Office, *, is_local: bool) -> Link | None:
    """The one-time link of the first administrator; None where somebody has an account.

    Raises:
        ResoundError: nobody has an account, and others could reach the pages.
    """
    from resound.people.accounts import invite_first

    with office.store.write() as connection:
        link = invite_first(connection, now=now())
    if link is not None and not is_local:
        raise ResoundError(
            "Nobody has an account yet, and other people could reach these pages. Make the first one, then serve again: "
            "resound user add LOGIN --role admin"
        )
    return link


def _say_who_may_enter(office: Office, host: str, address: str, link: Link | None) -> None:
    from api.cookies import is_https
    from api.safety import is_loopback
    from resound.people.accounts import link_address

    if link is not None:
        screen().print(
            "Nobody has an account: whoever sits at this machine may do everything, without a password. To have people sign "
            f"in, open this link and make the first account (once, until {link.ends_at:%Y-%m-%d %H:%M} UTC):",
            markup=False,
        )
        typer.echo(link_address(link, address.rstrip("/")))
    elif not is_loopback(host) and not is_https(office.settings):
        warn(
            "Passwords travel as they are typed: put these pages behind a proxy with https, and set RESOUND_PUBLIC_URL to its "
            "address (docs/people.md)."
        )


def _listen(host: str, port: int) -> socket.socket:
    """Bound at once: the address that is printed is the one that answers."""
    import socket

    bare = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as err:
        raise ResoundError(
            f"Nothing can listen at {host}, port {port}: {err.strerror or err}. Choose another: --port 8080"
        ) from err
    return listener


def _address(listener: socket.socket, host: str) -> str:
    shown = host if ":" not in host else f"[{host.strip('[]')}]"
    return f"http://{shown}:{listener.getsockname()[1]}/"
