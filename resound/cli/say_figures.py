"""A campaign's figures for people: four counts together, what stands beside them, and how well we watched."""

from __future__ import annotations

from resound.cli.office import four_counts, screen, table
from resound.coverage.model import STANDINGS, Figures, FourCounts, Table

_BESIDE = (
    ("unreviewed", "match, and wait for a person"),
    ("owned", "owned or a partner's, not earned"),
    ("paid", "paid for, not earned"),
    ("release-verbatim", "a release word for word, not earned"),
    ("provisional", "of outlets without name, owner and country"),
    ("waits-for-date", "accepted, but without a date that holds"),
    ("outside-window", "published outside the campaign's window"),
    ("rejected", "rejected by a person"),
    ("leads", "known of, not readable"),
    ("no-longer-matching", "counted, though the campaign no longer matches them"),
)


def print_figures(figures: Figures, *, with_lists: bool = False) -> None:
    """Print to the terminal."""
    console = screen()
    at_least = "at least " if figures.at_least else ""
    console.print()
    console.print(
        f"Coverage of {figures.campaign}, as of {figures.as_of:%Y-%m-%d %H:%M} UTC",
        style="bold",
        markup=False,
    )
    if not figures.items and not figures.leads:
        console.print(
            "Nothing has been found for it yet. `resound crawl` collects, `resound status` says how far it is."
        )
        return
    console.print(f"{at_least}{_sentence(figures.counts)}", style="bold green", markup=False)
    for one in figures.tables.values():
        console.print(_table(one, at_least=figures.at_least))
        if one.do_not_add:
            names = ", ".join(one.do_not_add)
            console.print(f"Do not add up: {names} (they overlap between rows).", style="dim")
    beside = [(figures.beside[name], name, told) for name, told in _BESIDE if figures.beside.get(name)]
    if beside:
        console.print(
            table("Beside the counts, never added", {"": "right", "what": "left", "meaning": "left"}, beside)
        )
    days = sum(one.days_in_window for one in figures.watch)
    if days:
        read = sum(one.days_read for one in figures.watch)
        console.print(
            f"Watched: {read} of {days} source-days of the window were really read ({len(figures.watch)} sources)."
        )
    for note in figures.notes:
        console.print(f"Note: {note}", markup=False)
    if with_lists:
        _print_lists(figures)
    else:
        console.print("`--lists` names every item behind these figures; `--json` gives them to programs.")


def _sentence(counts: FourCounts) -> str:
    return four_counts(counts.items, counts.stories, counts.outlets, counts.groups)


def _table(one: Table, *, at_least: bool) -> object:
    columns = {"": "left"}
    for name in ("items", "stories", "outlets", "groups"):
        columns[name] = "right"
    rows: list[tuple[object, ...]] = [
        (
            f"{row.label}{' (at least)' if row.at_least else ''}",
            row.counts.items,
            row.counts.stories,
            row.counts.outlets,
            row.counts.groups,
        )
        for row in one.rows
    ]
    total = one.total
    rows.append(
        (
            f"distinct total{' (at least)' if at_least else ''}",
            total.items,
            total.stories,
            total.outlets,
            total.groups,
        )
    )
    return table(f"By {one.dimension}", columns, rows)


def _print_lists(figures: Figures) -> None:
    console = screen()
    for kind in STANDINGS:
        members = figures.lists.get(kind, ())
        if not members:
            continue
        console.print()
        console.print(f"{kind}: {len(members)}", style="bold")
        for key in members:
            facts, place = figures.items[key]
            told = [str(facts.day or "no date"), facts.outlet_name, facts.tag, facts.title or facts.url]
            console.print(f"  {' · '.join(told)}", markup=False)
            console.print(f"    {facts.url or facts.item}  {place.why}", style="dim", markup=False)
    if figures.leads:
        console.print()
        console.print(f"leads: {len(figures.leads)}", style="bold")
        for number, lead in enumerate(figures.leads, start=1):
            console.print(
                f"  {number}. {lead.title or lead.url} ({lead.reason}, {lead.outlet})", markup=False
            )
