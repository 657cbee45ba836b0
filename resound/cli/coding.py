"""`resound coding`: what people coded of a campaign's counted items, and how far two coders agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, counted, now, say_json, screen, table

if TYPE_CHECKING:
    from resound.coverage.agreement import Agreement
    from resound.coverage.coded import Carried, CodingFigures

_AGREEMENT = {
    "tone": "tone",
    "tone-ordinal": "tone, near misses weighing less",
    "prominence": "prominence",
}


def register(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command(
        epilog="""Examples: `resound coding apo-coe-gp-vietnam-2014` · `resound coding apo-coe-gp-vietnam-2014 --json`

`resound decide` codes an item; the pages have a queue of what waits."""
    )(coding)


def coding(
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's id.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, with the items behind every figure.")
    ] = False,
) -> None:
    """Tone, prominence, key messages and spokespersons of the counted items, and Krippendorff's alpha."""
    from resound.coding.item import coding_figures
    from resound.coverage.figures import campaign_figures

    office: Office = context.obj
    with office.store.read() as connection:
        found = coding_figures(connection, campaign_figures(connection, campaign, by=(), now=now()))
    if as_json:
        say_json({"campaign": campaign, **found.to_json()})
        return
    _print(campaign, found)


def _print(campaign: str, found: CodingFigures) -> None:
    console = screen()
    console.print(f"Coding of {campaign}: {found.items} counted items", style="bold", markup=False)
    tones = [(one.value, one.items, one.original, one.translation) for one in found.tone]
    columns = {
        "tone": "left",
        "items": "right",
        "read in the original": "right",
        "read in translation": "right",
    }
    console.print(table("Tone, as people coded it", columns, tones))
    places = [(one.value, one.items, one.decided) for one in found.prominence]
    console.print(
        table("Prominence", {"named in": "left", "items": "right", "decided by a person": "right"}, places)
    )
    for title, part in (("Key messages", found.messages), ("Spokespersons", found.spokespersons)):
        if part.rows:
            console.print(_carried(title, part))
            console.print(f"At least one: {_share(part)}", markup=False)
    for name, one in found.agreement.items():
        console.print(f"Agreement on {_AGREEMENT[name]}: {_alpha(one)}", markup=False)


def _carried(title: str, part: Carried) -> object:
    rows = [(one.id, len(one.confirmed), len(one.proposed), len(one.refused)) for one in part.rows]
    return table(
        title,
        {"": "left", "confirmed": "right", "only proposed": "right", "refused by a person": "right"},
        rows,
    )


def _share(part: Carried) -> str:
    if part.share is None or part.share_with_proposed is None:
        return "no items are counted."
    return (
        f"{len(part.confirmed)} of {counted(part.items, 'item', 'items')} confirmed ({part.share:.0%}); with what is only proposed "
        f"{part.share_with_proposed:.0%}."
    )


def _alpha(one: Agreement) -> str:
    if one.alpha is None:
        why = "one coder" if one.reason == "one-coder" else "everybody always said the same"
        return f"not available ({why})."
    return f"Krippendorff's alpha {one.alpha:.2f}, {counted(one.units, 'item', 'items')} coded twice, {one.agreed} of them alike."
