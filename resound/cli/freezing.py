"""`resound freeze` and `resound snapshots`: counts that stay as they were reported, and what became of them since."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resound.cli.office import Office, four_counts, now, printable, say_json, screen, table
from resound.errors import ResoundError

if TYPE_CHECKING:
    from resound.snapshots.reconciling import Reconciliation
    from resound.store.snapshots import SnapshotRow


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command(
        epilog="""Examples: `resound freeze apo-coe-gp-vietnam-2014` ·
`resound freeze apo-coe-gp-vietnam-2014 --why 'final report to the APO'`"""
    )(freeze)
    app.command(
        epilog="""Examples: `resound snapshots apo-coe-gp-vietnam-2014` · `resound snapshots apo-coe-gp-vietnam-2014 --show 1` ·
`resound snapshots apo-coe-gp-vietnam-2014 --compare 1 2`"""
    )(snapshots)


Campaign = Annotated[str, typer.Argument(help="The campaign's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def freeze(
    context: typer.Context,
    campaign: Campaign,
    why: Annotated[str, typer.Option(help="What it is frozen for; printed beside it.")] = "",
    who: Annotated[
        str | None, typer.Option(help="Who freezes. [default: RESOUND_CODER or the login name]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Freeze a campaign's counts as of now, with everything that they rest on; says what is different from the last time.

    Reports are made from frozen counts only. What is decided or collected later changes nothing in them.
    """
    from resound.coverage.comparators import Comparators
    from resound.snapshots.freezing import freeze_campaign, open_snapshot
    from resound.snapshots.reconciling import reconcile

    office: Office = context.obj
    made = freeze_campaign(
        office.store,
        campaign,
        evidence=office.evidence,
        comparators=Comparators(),
        who=who or office.settings.coder,
        why=why,
        now=now(),
    )
    since: Reconciliation | None = None
    if made.number > 1:
        with office.store.read() as connection:
            earlier = open_snapshot(connection, campaign, made.number - 1)[1]
            since = reconcile(earlier, open_snapshot(connection, campaign, made.number)[1])
    if as_json:
        say_json({**_row_json(made), "since": None if since is None else since.to_json()})
        return
    console = screen()
    console.print(f"Frozen as snapshot {made.number} of {campaign}, as of {_moment(made)}.", markup=False)
    _print_counts(made)
    if since is None:
        console.print("It is the campaign's first: there is nothing to compare it with yet.")
    else:
        _print_changes(since, made.number - 1, made.number)


def snapshots(
    context: typer.Context,
    campaign: Campaign,
    show: Annotated[int | None, typer.Option(help="Print what this one holds.", min=1)] = None,
    compare: Annotated[
        tuple[int, int] | None, typer.Option(help="Print what is different between these two, and why.")
    ] = None,
    lists: Annotated[
        bool, typer.Option("--lists", help="With --show: print the items behind every figure.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List a campaign's frozen counts, print one of them, or what is different between two and why."""
    from resound.coverage.model import COLUMNS
    from resound.snapshots.freezing import open_snapshot
    from resound.snapshots.reconciling import reconcile
    from resound.store.registry import load_campaign
    from resound.store.snapshots import list_snapshots

    office: Office = context.obj
    if show is not None and compare is not None:
        raise ResoundError("Either --show one of them, or --compare two.")
    if compare is not None and compare[0] == compare[1]:
        raise ResoundError("--compare takes two different snapshots: the earlier one, then the later one.")
    with office.store.read() as connection:
        load_campaign(connection, campaign)
        if compare is not None:
            first, second = sorted(compare)
            found = reconcile(
                open_snapshot(connection, campaign, first)[1], open_snapshot(connection, campaign, second)[1]
            )
            if as_json:
                say_json(found.to_json())
            else:
                _print_changes(found, first, second)
            return
        if show is not None:
            row, shown = open_snapshot(connection, campaign, show)
            if as_json:
                say_json({**_row_json(row), "product": shown.product, "figures": shown.figures})
                return
            from resound.cli.say_figures import print_figures
            from resound.snapshots.opened import coverage_of

            screen().print(f"Snapshot {row.number}, frozen by {row.who} with {shown.product}.", markup=False)
            _print_counts(row)
            print_figures(coverage_of(shown).figures, with_lists=lists)
            return
        rows = list_snapshots(connection, campaign)
    if as_json:
        say_json([_row_json(one) for one in rows])
        return
    if not rows:
        screen().print(f"Nothing is frozen yet. `resound freeze {campaign}` freezes the counts as of now.")
        return
    columns = {"": "right", "as of (UTC)": "left", "by": "left", "what for": "left"}
    columns |= dict.fromkeys(COLUMNS, "right")
    screen().print(
        table(
            f"Frozen counts of {campaign}",
            {**columns, "SHA-256": "left"},
            [
                (
                    one.number,
                    f"{one.as_of:%Y-%m-%d %H:%M}",
                    one.who,
                    one.why,
                    *(one.counts[name] for name in COLUMNS),
                    one.sha256[:12],
                )
                for one in rows
            ],
        )
    )


def _row_json(row: SnapshotRow) -> dict[str, Any]:
    return {**asdict(row), "as_of": row.as_of.isoformat()}


def _moment(row: SnapshotRow) -> str:
    return f"{row.as_of:%Y-%m-%d %H:%M:%S} UTC"


def _print_counts(row: SnapshotRow) -> None:
    counts = row.counts
    least = "At least: " if counts.get("at_least") else ""
    four = four_counts(counts["items"], counts["stories"], counts["outlets"], counts["groups"])
    screen().print(f"{least}{four}", style="bold green")
    screen().print(f"SHA-256 {row.sha256}", markup=False)


def _print_changes(found: Reconciliation, first: int, second: int) -> None:
    from resound.snapshots.telling import say_field, say_moved
    from resound.words import words

    console, spoken = screen(), words("en")
    before, after = ("≥ " if one else "" for one in (found.before_at_least, found.after_at_least))
    rows = [
        (name, f"{before}{flow.before}", f"+{flow.added}", f"−{flow.removed}", f"{after}{flow.after}")
        for name, flow in found.flows.items()
    ]
    columns = {"": "left", f"snapshot {first}": "right", "added": "right", "removed": "right"}
    console.print()
    console.print(
        table(f"From snapshot {first} to {second}", {**columns, f"snapshot {second}": "right"}, rows)
    )
    if found.is_empty:
        console.print("Every counted item is there in both and told alike.")
    for heading, changes in (
        ("Added", found.added),
        ("Removed", found.removed),
        ("Changed", found.changed),
    ):
        if changes:
            console.print()
            console.print(f"{heading}: {len(changes)}", style="bold")
        for one in changes:
            facts = one.clip.facts
            told = [str(facts.day or "no date"), facts.outlet_name, facts.title or facts.url]
            console.print(printable(f"  {' · '.join(told)}"), markup=False)
            for moved in one.moved:
                before, after = say_moved(one, moved, spoken)
                said = f"    {say_field(moved.field, spoken)}: {before} → {after}"
                console.print(printable(said), markup=False)
            for why in one.why:
                console.print(printable(f"    {why}"), style="dim", markup=False)
    if found.around or found.definition:
        console.print()
        console.print("Around the items", style="bold")
    for sentence in (*found.around, *found.definition):
        console.print(printable(f"  {sentence}"), markup=False)
