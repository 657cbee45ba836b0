"""`resound ready`: whether this installation can work now, for people, containers and monitoring."""

from __future__ import annotations

from typing import Annotated

import typer

from resound.cli.office import Office, say_json, screen


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command(epilog="Examples: `resound ready` · `resound ready --json`")(ready)


def ready(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Check store, evidence folder, disk, index, models and the public address. Ends with 0 where everything that is needed holds, else 1."""
    from resound.watching.readiness import check_readiness, is_ready

    office: Office = context.obj
    checks = check_readiness(
        office.settings,
        open_index=lambda: office.index,
        models_in_use=lambda: office.models_in_use,
        is_demo=office.is_demo,
    )
    if as_json:
        say_json({"ready": is_ready(checks), "checks": [one.to_json() for one in checks]})
    else:
        for one in checks:
            word = "ok" if one.is_ok else "fails" if one.is_needed else "degraded"
            screen().print(f"{one.name}: {word}. {one.sentence}", markup=False, soft_wrap=True)
    if not is_ready(checks):
        raise typer.Exit(1)
