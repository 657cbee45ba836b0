"""`resound proposals`: articles in two languages that may tell one story, for a person to decide."""

from __future__ import annotations

from typing import Annotated

import typer

from resound.cli.office import Office, say_json, screen


def register(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command(epilog="Examples: `resound proposals` · `resound proposals --json`")(proposals)


def proposals(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Pairs of articles in different languages that are alike, without evidence that they are one text."""
    from resound.coding.proposing import open_proposals

    office: Office = context.obj
    with office.store.read() as connection:
        found = open_proposals(connection)
    if as_json:
        say_json([one.to_json() for one in found])
        return
    if not found:
        screen().print(
            "There is nothing to decide: no two articles are alike without being known to be one story, or not."
        )
        return
    for one in found:
        screen().print()
        for side in (one.a, one.b):
            screen().print(f"{side.title}  ({side.language}, {side.day}, {side.id})", markup=False)
            screen().print(f"  {side.url}", style="dim", markup=False)
        told = ", ".join(f"{name} {value}" for name, value in one.evidence.items() if value not in ("", []))
        screen().print(f"  likeness {one.score:.2f}: {told} – by {one.model}", markup=False)
        screen().print(f"  one story:   resound decide {one.a.id} merge {one.b.id} --why …", markup=False)
        screen().print(f"  two stories: resound decide {one.a.id} split {one.b.id} --why …", markup=False)
