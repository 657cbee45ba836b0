"""`resound reindex` and `resound index verify`: the derived search index made anew, and held against the store."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from resound.cli.office import Office, counted, now, progress_bar, say_json, screen, warn

app = typer.Typer(help="The search index, derived from the store.", no_args_is_help=True)


def register(root: typer.Typer) -> None:
    """Put these commands on the command line."""
    root.command(
        epilog="""Examples: `resound reindex` · `resound reindex --json`

Searches go on in the old index until the new one is whole and equal to the store. Interrupted, it changes nothing."""
    )(reindex)
    app.command(epilog="Examples: `resound index verify` · `resound index verify --json`")(verify)
    root.add_typer(app, name="index")


def reindex(
    context: typer.Context,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over", help="Also where the index is another store's, which then has none there."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Build the search index anew from the store. It is derived: nothing is lost."""
    from resound.searching.reindexing import rebuild_index

    office: Office = context.obj
    with progress_bar() as bar:
        task = bar.add_task("index", total=None)
        built = rebuild_index(
            office.store,
            office.index,
            take_over=take_over,
            clock=now,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        say_json({"index": office.index.name, **asdict(built)})
        return
    screen().print(
        f"The index holds {counted(built.items, 'item', 'items')}, as the store says (content hash {built.content_hash[:16]})."
    )
    if built.refused:
        warn(
            f"It refused {len(built.refused)}, which are in quarantine. The first: {built.refused[0].id}, {built.refused[0].reason}"
        )


def verify(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Compare every item of the index with the store: counts, content hash, and which are missing, too many or different."""
    from resound.searching.reindexing import verify_index

    office: Office = context.obj
    with progress_bar() as bar:
        task = bar.add_task("items", total=None)
        found = verify_index(
            office.store,
            office.index,
            clock=now,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        say_json({"index": office.index.name, "is_equal": found.is_equal, **asdict(found)})
    else:
        for sentence in found.sentences:
            screen().print(sentence, markup=False)
        if not found.is_equal and not found.behind:
            screen().print("`resound reindex` builds the index anew.")
    if not found.is_equal:
        raise typer.Exit(1)
