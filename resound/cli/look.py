"""`resound search`, `counts`, `export`, `explain`, `status`: what people ask."""

from __future__ import annotations

import csv
import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resound.cli.office import Office, now, say_json, screen, table
from resound.errors import ResoundError

if TYPE_CHECKING:
    from rich.text import Text

    from resound.search import Results, Snippet


class Order(StrEnum):
    """How hits are sorted."""

    newest = "newest"
    relevance = "relevance"


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command(
        epilog="""Examples: `resound search 綠耕隊` · `resound search 'rac thai dien tu'` ·
`resound search '"Ngô Quý Việt" NEAR/5 STAMEQ'` · `resound search 'title:APO lang:vi date:2014-09-01..2014-12-31'`

Words, "phrases", AND OR NOT, parentheses, NEAR/n, a trailing \\*, and the fields
title: lang: country: outlet: group: type: campaign: topic: tone: origin: date:"""
    )(search)
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


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    order: Annotated[Order, typer.Option(help="newest or relevance.")] = Order.newest,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Hits on one page.")] = 20,
    after: Annotated[str | None, typer.Option(help="Where the last page ended (its `next`).")] = None,
    expansion: Annotated[
        bool,
        typer.Option(
            "--expand/--no-expand", help="Let a name or theme find all its forms in every language."
        ),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Search everything that is stored, with facets and highlighted passages."""
    from resound.indexing import update_index
    from resound.search import search as run
    from resound.store.registry import load_campaigns

    office: Office = context.obj
    with office.store.read() as connection:
        campaigns = load_campaigns(connection)
    update_index(office.store, office.index)
    results = run(
        office.index,
        query,
        campaigns=campaigns.values() if expansion else (),
        order=order.value,
        limit=limit,
        after=after,
    )
    if as_json:
        say_json(_results_json(results))
        return
    _print_results(results)


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
    from resound.figures import campaign_figures

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
    from resound.exporting import export_definitions, item_rows

    office: Office = context.obj
    if (folder is None) == (csv_path is None):
        raise ResoundError("Name a folder for the definitions, or --csv FILE for a campaign's items.")
    if folder is not None:
        with office.store.read() as connection:
            written = export_definitions(connection, folder)
        screen().print(f"Wrote {len(written)} files to {folder}.", markup=False)
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
        screen().print(f"Wrote {len(rows) - 1} items to {csv_path}.", markup=False)


def explain(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="URL (any address of the article) or id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Everything that happened to one article, and why it is or is not counted."""
    from resound.explaining import explain as tell

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
    from resound.health import overall_status

    office: Office = context.obj
    with office.store.read() as connection:
        found = overall_status(connection, now=now())
    from resound.indexing import lag

    behind = lag(office.store, office.index)
    if as_json:
        say_json({**found.to_json(), "index_behind": behind})
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
    screen().print("The index is up to date." if not behind else f"The index is {behind} articles behind.")


def _results_json(results: Results) -> dict[str, Any]:
    return {
        "query": results.query,
        "expansions": [{"term": one.term, "forms": list(one.forms)} for one in results.expansions],
        "total": results.total,
        "hits": [
            {
                "id": hit.id,
                "story": hit.story,
                "title": hit.title,
                **hit.shown,
                "snippets": [
                    {"field": one.field, "text": one.text, "marks": [list(mark) for mark in one.marks]}
                    for one in hit.snippets
                ],
            }
            for hit in results.hits
        ],
        "facets": {name: dict(values) for name, values in results.facets.items()},
        "next": results.next,
    }


def _print_results(results: Results) -> None:
    console = screen()
    for one in results.expansions:
        console.print(
            f"“{one.term}” also finds: {', '.join(one.forms)}  (--no-expand searches it alone)", markup=False
        )
    if not results.total:
        console.print(
            "Nothing found. Fewer words, another spelling or a wider date may help; `resound search --help` shows the language."
        )
        return
    console.print(f"{results.total} item{'' if results.total == 1 else 's'}", style="bold")
    for hit in results.hits:
        console.print()
        console.print(hit.title or hit.shown["url"], style="bold", markup=False)
        if hit.shown.get("translated_title"):
            console.print(
                f"{hit.shown['translated_title']}  [machine translation: {hit.shown['translated_by']}]",
                style="italic",
                markup=False,
            )
        told = [hit.shown["outlet_name"], hit.shown["day"] or "no date", hit.shown["language"], hit.id]
        console.print(" · ".join(told), style="cyan", markup=False)
        for snippet in hit.snippets:
            console.print(_highlighted(snippet))
        console.print(hit.shown["url"], style="dim", markup=False)
    console.print()
    for name, values in results.facets.items():
        if values:
            console.print(
                f"{name}: " + " · ".join(f"{value} {count}" for value, count in values[:8]), markup=False
            )
    if results.next:
        console.print(f"More: add --after {results.next}", markup=False)


def _highlighted(snippet: Snippet) -> Text:
    from rich.text import Text

    before = "… " if snippet.marks else ""
    made = Text(f"{before}{snippet.text} …" if snippet.marks else snippet.text)
    for start, end in snippet.marks:
        made.stylize("bold yellow", start + len(before), end + len(before))
    if snippet.field == "translation":
        made.append("  [machine translation]", style="italic")
    return made
