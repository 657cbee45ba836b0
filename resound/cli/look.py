"""`resound counts`, `export`, `explain`, `status`: what people ask."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from resound.cli.office import Office, counted, now, say_json, screen, table
from resound.errors import ResoundError


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command(
        epilog="""Examples: `resound counts apo-coe-gp-vietnam-2014` · `resound counts apo-coe-gp-vietnam-2014 --by outlet,month` ·
`resound counts apo-coe-gp-vietnam-2014 --json`"""
    )(counts)
    app.command(
        epilog="""Examples: `resound export definitions/` (sources and campaigns as YAML) ·
`resound export --csv coverage.csv --campaign apo-coe-gp-vietnam-2014` · `resound export --csv -` (to standard output)"""
    )(export)
    app.command(epilog="Example: `resound explain https://news.example/2014/10/02/1`")(explain)
    app.command(epilog="Examples: `resound status` · `resound status --json`")(status)


def counts(
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's id.")],
    by: Annotated[
        str,
        typer.Option(help="Rows: language, outlet, country, medium, origin, group, month; parted by commas."),
    ] = "language",
    lists: Annotated[bool, typer.Option("--lists", help="Print the items behind every figure.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with all lists.")] = False,
) -> None:
    """The four counts of counted items (items, stories, outlets, publisher groups), and what stands beside them."""
    from resound.coverage.figures import campaign_figures

    office: Office = context.obj
    dimensions = [one.strip() for one in by.split(",") if one.strip()]
    with office.store.read() as connection:
        figures = campaign_figures(connection, campaign, by=dimensions, now=now())
    if as_json:
        say_json(figures.to_json())
        return
    from resound.cli.say_figures import print_figures

    print_figures(figures, with_lists=lists)


def export(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Folder for the YAML files of sources and campaigns.")
    ] = None,
    csv_path: Annotated[
        Path | None, typer.Option("--csv", help="Write a campaign's items as CSV; - is standard output.")
    ] = None,
    campaign: Annotated[str | None, typer.Option(help="Which campaign. [default: the only one]")] = None,
) -> None:
    """Write definitions as YAML, or a campaign's items (counted or not, and why) as CSV."""
    from resound.keeping.exporting import export_definitions, item_rows

    office: Office = context.obj
    if (folder is None) == (csv_path is None):
        raise ResoundError("Name a folder for the definitions, or --csv FILE for a campaign's items.")
    if folder is not None:
        with office.store.read() as connection:
            written = export_definitions(connection, folder)
        screen().print(f"Wrote {counted(len(written), 'file', 'files')} to {folder}.", markup=False)
        return
    from resound.store.registry import load_campaigns

    with office.store.read() as connection:
        if campaign is None:
            known = list(load_campaigns(connection))
            if len(known) != 1:
                raise ResoundError(f"Say which campaign: --campaign ID. Known: {', '.join(known) or 'none'}.")
            campaign = known[0]
        rows = list(item_rows(connection, campaign, now=now()))
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerows(rows)
    # A byte-order mark: without it spreadsheets read Chinese and Vietnamese wrongly.
    data = made.getvalue().encode("utf-8-sig")
    if str(csv_path) == "-":
        sys.stdout.buffer.write(data)
    elif csv_path is not None:
        csv_path.write_bytes(data)
        screen().print(f"Wrote {counted(len(rows) - 1, 'item', 'items')} to {csv_path}.", markup=False)


def explain(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="URL (any address of the article) or id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Everything that happened to one article, and why it is or is not counted."""
    from resound.showing.explaining import explain as tell

    office: Office = context.obj
    with office.store.read() as connection:
        story = tell(connection, item)
    if as_json:
        say_json(story.to_json())
        return
    for heading, lines in story.sections:
        screen().print(f"[bold]{heading}[/bold]")
        for line in lines:
            screen().print(f"  {line}", markup=False)


def status(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """How the work stands: outcomes of every stage, what waits, sources in trouble, leads, the index."""
    from resound.watching.health import overall_status

    office: Office = context.obj
    with office.store.read() as connection:
        found = overall_status(connection, now=now())
    from resound.searching.indexing import index_standing

    index = index_standing(office.store, office.index)
    if as_json:
        say_json({**found.to_json(), "index_behind": index.behind, "index": asdict(index)})
        return
    if not found.tallies:
        screen().print(
            "Nothing has been collected yet. Begin with `resound demo`, or: resound apply --shipped, then resound crawl"
        )
        return
    columns = {"stage": "left", "outcome": "left", "reason": "left", "count": "right"}
    screen().print(
        table("Work", columns, [(one.stage, one.outcome, one.reason, one.count) for one in found.tallies])
    )
    for sentence in found.sentences:
        screen().print(sentence, markup=False)
    for sentence in index.sentences:
        screen().print(sentence, markup=False)
