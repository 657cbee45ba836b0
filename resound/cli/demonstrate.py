"""`resound demo`: an invented newsroom, crawled and counted on this machine."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from resound.cli.office import Office, progress_bar, say_json, screen


def register(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command(
        epilog="""Examples: `resound demo` · `resound demo --json` (again on the same folder: adds nothing) ·
`resound --data demo-data demo`

Afterwards: `resound search 綠耕隊` · `resound counts apo-coe-gp-vietnam-2014 --by outlet --lists` · `resound digest preview managers`
(the draft of a weekly digest) · `resound status`"""
    )(demo)


def demo(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Crawl the demo newsroom (invented outlets, served on this machine only) and print the four counts."""
    from demo.run import load_gold, run_demo

    office: Office = context.obj

    def say(sentence: str) -> None:
        if not as_json:
            screen().print(sentence, style="dim", markup=False)

    with progress_bar() as bar:
        task = bar.add_task("models", total=None)
        ran = run_demo(
            office.settings.data,
            office.store,
            office.index,
            office.evidence,
            models=office.models,
            workers=os.cpu_count() or 1,
            say=say,
            progress=lambda stage, count: bar.update(task, description=stage, advance=count),
        )
    counted = ran.figures.to_json()
    if as_json:
        say_json({name: counted[name] for name in ("counts", "by_language")})
        return
    from resound.cli.say_figures import print_figures

    print_figures(ran.figures)
    gold = load_gold()
    agrees = gold["counts"] == counted["counts"] and gold["by_language"] == counted["by_language"]
    console = screen()
    told = "the same as" if agrees else "NOT the same as"
    console.print(f"These counts are {told} what was counted by hand (demo/gold.json).", markup=False)
    news = f"{ran.added} articles, versions, clips and decisions" if ran.added else "Nothing"
    console.print(f"{news} were added by this run." if ran.added else "Nothing was added by this run.")
    if any(ran.enriched.values()):
        console.print(
            f"Machine work (demo model): {ran.enriched['translate']} texts translated, "
            f"{ran.enriched['tone']} with a tone, {ran.enriched['topics']} with topics, "
            f"{ran.enriched['link']} compared across languages.",
            markup=False,
        )
    files = sorted(office.evidence.glob("*.warc.gz"))
    console.print(
        f"Evidence: {len(files)} WARC files in {office.evidence} (`resound evidence verify` hashes them again).",
        markup=False,
    )
    console.print("Go on with: resound search 綠耕隊 · resound digest preview managers", markup=False)
    if not agrees:
        raise typer.Exit(1)
