"""`resound serve`: the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, screen
from resound.errors import ResoundError

if TYPE_CHECKING:
    import socket


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
    listener = _listen(host, port)
    app = create_app(office.settings, is_local=is_loopback(host))
    screen().print(f"Resound is at {_address(listener, host)} (Ctrl+C ends it)", markup=False)
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
    except OSError as err:
        raise ResoundError(
            f"Nothing can listen at {host}, port {port}: {err.strerror or err}. Choose another: --port 8080"
        ) from err
    return listener


def _address(listener: socket.socket, host: str) -> str:
    shown = host if ":" not in host else f"[{host.strip('[]')}]"
    return f"http://{shown}:{listener.getsockname()[1]}/"
